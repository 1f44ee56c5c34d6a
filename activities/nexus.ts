// Nexus services of a worker: operations answered by functions of this node, or by runs of workflows.
// N1: an operation by a function is done when its answer is there; one by a workflow lasts as long as the run, and its cancellation
//     asks the run to cancel. A start that the server tries again joins the run that the first try made.
// N2: an error that is final is the operation's failure, whole (failures.ts); of one that may pass the server tries again.
// N3: no context, actor or secret crosses: the caller may be of another app.
import { startWorkflow, WorkflowRunOperationHandler } from '@temporalio/nexus';
import * as nexus from 'nexus-rpc';
import { isMap } from '../src/core/data-values.js';
import { dataObject } from '../src/core/data.js';
import type { Data } from '../src/core/data.js';
import type { ErrorData } from '../src/core/error-data.js';
import { bytesDataToText, toTextLossy } from '../src/core/text.js';
import type { ActivityFacts, CallOutcome, FunctionRunner } from '../src/temporal/contracts.js';
import { errorToErrorData, HANDLER_ERROR_OF, isRetryable, toFailure } from '../src/temporal/failures.js';
import { encodedResults, toDataOrThrow } from '../src/temporal/payload-converter.js';
import { resultError } from './function.js';

/** A service by the plan of the registry's newest version. */
export interface NexusServicePlan {
  /** As callers name it. */
  readonly service: string;
  readonly operations: ReadonlyMap<string, NexusOperationPlan>;
}
export type NexusOperationPlan =
  | { readonly function: string }
  | {
      readonly workflow: string;
      /** Workflow type and task queue. */
      readonly type: string;
      readonly taskQueue: string;
      /** With `{field}` for fields of the input; absent: one for each operation. */
      readonly workflowId: string | undefined;
    };

export interface NexusDependencies {
  readonly functions: FunctionRunner;
  /** How an operation is done now; undefined: not any more. */
  readonly find: (service: string, operation: string) => NexusOperationPlan | undefined;
}

/** Handlers for what the services offer; how each operation is done is looked up when it is called. */
export function nexusServices(
  services: readonly NexusServicePlan[],
  dependencies: NexusDependencies,
): nexus.ServiceHandler[] {
  return services.map(({ service, operations }) => {
    const names = [...operations.keys()];
    return nexus.serviceHandler(
      nexus.service(
        service,
        Object.fromEntries(names.map((name) => [name, nexus.operation<unknown, unknown>({ name })])),
      ),
      Object.fromEntries(names.map((name) => [name, new Operation(service, name, dependencies)])),
    );
  });
}

class Operation implements nexus.OperationHandler<unknown, unknown> {
  readonly #service: string;
  readonly #name: string;
  readonly #dependencies: NexusDependencies;

  constructor(service: string, name: string, dependencies: NexusDependencies) {
    this.#service = service;
    this.#name = name;
    this.#dependencies = dependencies;
  }

  async start(
    context: nexus.StartOperationContext,
    given: unknown,
  ): Promise<nexus.HandlerStartOperationResult> {
    const plan = this.#dependencies.find(this.#service, this.#name);
    if (plan === undefined)
      throw new nexus.HandlerError(
        'NOT_FOUND',
        `the service '${this.#service}' has no operation '${this.#name}' any more`,
      );
    const input = inputOf(given);
    if ('function' in plan)
      return nexus.HandlerStartOperationResult.sync(await this.#call(plan.function, input, context));
    return new WorkflowRunOperationHandler<Data, unknown>((_context, value) =>
      startWorkflow(context, plan.type, {
        workflowId:
          plan.workflowId === undefined
            ? `${this.#service}/${this.#name}/${context.requestId}`
            : filledId(plan.workflowId, value),
        taskQueue: plan.taskQueue,
        args: [value],
        workflowIdConflictPolicy: 'USE_EXISTING',
      }),
    ).start(context, input);
  }

  /** Operations by functions are over when they have begun. */
  cancel(context: nexus.CancelOperationContext, token: string): Promise<void> {
    return new WorkflowRunOperationHandler<unknown, unknown>(() => {
      throw new nexus.HandlerError('NOT_IMPLEMENTED', 'an operation is not started by its cancellation');
    }).cancel(context, token);
  }

  async #call(entry: string, input: Data, context: nexus.StartOperationContext): Promise<unknown> {
    let outcome: CallOutcome;
    try {
      outcome = await this.#dependencies.functions.run({
        entry,
        args: [input],
        values: dataObject(),
        identity: undefined,
        from: undefined,
        idempotencyKey: context.requestId,
        secrets: [],
        activity: factsOf(entry, context),
        workflow: undefined,
        signal: context.abortSignal,
        heartbeat: () => undefined,
      });
    } catch (error) {
      outcome = { ok: false, error: errorToErrorData(error) };
    }
    try {
      if (outcome.ok) return encodedResults(outcome.values);
    } catch (error) {
      outcome = { ok: false, error: resultError(error, entry) };
    }
    throw failed(outcome.error);
  }
}

/** What of an activity a call has here: the operation's request. */
const factsOf = (
  entry: string,
  { requestId, requestDeadline }: nexus.StartOperationContext,
): ActivityFacts => ({
  id: requestId,
  type: entry,
  taskQueue: '',
  attempt: 1,
  local: false,
  heartbeatDetails: null,
  scheduledAt: Date.now(),
  deadline: requestDeadline?.getTime(),
});

function inputOf(given: unknown): Data {
  try {
    return given === undefined ? null : toDataOrThrow(given);
  } catch (error) {
    throw new nexus.HandlerError('BAD_REQUEST', toTextLossy(errorToErrorData(error).message), {
      cause: error,
    });
  }
}

/** N2 */
function failed(error: ErrorData): Error {
  const failure = toFailure(error);
  if (!isRetryable(error)) return new nexus.OperationError('failed', failure.message, { cause: failure });
  return new nexus.HandlerError(HANDLER_ERROR_OF[error.kind] ?? 'INTERNAL', failure.message, {
    cause: failure,
    retryableOverride: true,
  });
}

const FIELD = /\{([^{}]+)\}/g;

/** An id with the input's fields; a field that is not there is the caller's mistake. */
function filledId(pattern: string, input: Data): string {
  const fields = isMap(input) ? (bytesDataToText(input) as Readonly<Record<string, Data>>) : {};
  return pattern.replaceAll(FIELD, (_whole, name: string) => {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number' || typeof value === 'bigint') return String(value);
    throw new nexus.HandlerError(
      'BAD_REQUEST',
      `the input has no text or whole number '${name}', which the id of the workflow is made of ('${pattern}')`,
    );
  });
}
