// Operations of Nexus services, called by a workflow: `nexus.call` { endpoint, service, operation, input, options? } -> list of
// results. Sealed.
// X1: context, actor and secrets do not cross: the endpoint may lead to another app.
// X2: the server forgets a cancellation that it has not delivered when the caller ends: a run ends only when it is delivered.
import { createNexusServiceClient } from '@temporalio/workflow';
import type { NexusServiceClient, StartNexusOperationOptions } from '@temporalio/workflow';
import type { Data } from '../../src/core/data.js';
import { PlatformError } from '../../src/core/errors.js';
import { nameSecrets } from '../../src/core/secret.js';
import { field } from '../../src/core/optional-field.js';
import { toTextLossy } from '../../src/core/text.js';
import { toResults } from '../../src/temporal/payload-converter.js';
import { numberOption, optionsOf, textOption } from './options.js';
import type { Routes } from './routes.js';
import { later } from './run.js';
import type { DurableHandlers, Run } from './run.js';
import { callSummary } from './summary.js';

type Cancellation = NonNullable<StartNexusOperationOptions['cancellationType']>;

class SecretStaysError extends PlatformError {
  override readonly name = 'SecretStaysError';
  readonly code = 'NEXUS_SECRET';
  override readonly kind = 'Invalid' as const;
  constructor(operation: string) {
    super(
      `the input of operation '${operation}' has a secret, which stays with its app; have the service read its own`,
    );
  }
}

export const nexusHandlers = (routes: Routes): DurableHandlers => ({
  'nexus.call': ({ command, run }) => {
    const { endpoint, service, operation } = command;
    if (typeof endpoint !== 'string' || typeof service !== 'string' || typeof operation !== 'string')
      throw new TypeError("'nexus.call' needs an endpoint, a service and an operation");
    const name = toTextLossy(operation);
    const { data: input, places: secrets } = nameSecrets(command['input'] ?? null);
    if (secrets.length > 0) throw new SecretStaysError(name);
    const options = optionsOf(command['options']);
    const client = createNexusServiceClient({
      endpoint: routes.endpointNamed(toTextLossy(endpoint)),
      service: { name: toTextLossy(service), operations: {} },
    });
    const cancellation = textOption(options, 'cancellation_type')?.toUpperCase() as Cancellation | undefined;
    const timeout = numberOption(options, 'schedule_to_close_timeout') ?? numberOption(options, 'timeout');
    return later(() => {
      const results = start(run, client, name, input, {
        ...field('scheduleToCloseTimeout', timeout),
        ...field('scheduleToStartTimeout', numberOption(options, 'schedule_to_start_timeout')),
        ...field('startToCloseTimeout', numberOption(options, 'start_to_close_timeout')),
        cancellationType: cancellation ?? 'WAIT_CANCELLATION_REQUESTED',
        ...field('summary', textOption(options, 'summary') ?? callSummary(undefined, [input])),
      });
      run.keep(results, () => undefined); // X2; how it ends is told to Lua
      return results;
    });
  },
});

async function start(
  { open }: Run,
  client: NexusServiceClient<never>,
  name: string,
  input: Data,
  options: Partial<StartNexusOperationOptions>,
): Promise<Data> {
  const operation = await open.operations.make(
    () => client.startOperation({ name } as never, input as never, options),
    (started) => started.result(),
  );
  return [...toResults(await operation.result())];
}
