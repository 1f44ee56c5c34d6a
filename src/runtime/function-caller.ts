// Calls that Lua makes of functions: in this process, or durably as a standalone activity.
import { randomUUID } from 'node:crypto';
import type { Data } from '../core/data.js';
import type { IdentitySeal } from '../core/identity-host.js';
import { toTextLossy } from '../core/text.js';
import type { CallFunction } from '../modules/funcs/host.js';
import type { RegistryService } from '../registry/model/registry.js';
import { activityOptions } from './call-options.js';
import { NodeContext, outermostFor } from './command-context.js';
import { EntryKindError, EntryUnknownError } from './errors.js';
import type { FunctionPool } from './function-pool.js';
import { nearest } from './nearest.js';
import { throwOutcome } from './processes.js';
import type { SecretGuard } from './secret-guard.js';
import { HEARTBEAT_TIMEOUT_MS } from '../temporal/names.js';
import { clientOfQueue, queueNamed } from './temporal-access.js';
import type { TemporalAccess } from './temporal-access.js';

export interface CallerOptions {
  readonly functions: () => FunctionPool;
  readonly registry: () => RegistryService;
  readonly temporal: TemporalAccess;
  readonly guard: SecretGuard;
  readonly seal: IdentitySeal;
}

const textOf = (value: Data | undefined): string | undefined =>
  typeof value === 'string' ? toTextLossy(value) : undefined;

export function functionCaller({ functions, registry, temporal, guard, seal }: CallerOptions): CallFunction {
  return async ({ target, args, values, options }, context) => {
    const named = textOf(options['activity.task_queue']);
    const queue = named === undefined ? undefined : queueNamed(temporal.routes(), named);
    if (options['durable'] === true || queue !== undefined) {
      guard.check([...args], `an argument of the durable call of '${target}'`);
      guard.check(values, `the context of the durable call of '${target}'`);
      guard.check(options, `an option of the durable call of '${target}'`); // activity.id
      const taskQueue = queue ?? queueOf(target, registry(), temporal);
      const { executeActivity } = await import('../temporal/client.js');
      const client = await temporal.client(clientOfQueue(temporal.routes(), taskQueue));
      return client.withAbortSignal(context.signal, () =>
        executeActivity(client, {
          type: target,
          taskQueue,
          args,
          activityId: textOf(options['activity.id']) ?? `${target}-${randomUUID()}`,
          headers: {
            values,
            ...(context.pid === undefined ? {} : { from: context.pid }),
            ...(context.identity === undefined ? {} : { identity: seal.seal(context.identity) }),
          },
          options: {
            // An activity of somebody else's worker need not heartbeat.
            ...(queue === undefined ? { heartbeatTimeout: HEARTBEAT_TIMEOUT_MS } : {}),
            ...activityOptions(options),
          },
        }),
      );
    }
    const { timeout } = options;
    const outcome = await functions().call({
      entry: target,
      args,
      values,
      frame: context instanceof NodeContext ? context.frame : outermostFor(context.identity),
      caller: context,
      ...(typeof timeout === 'number' ? { timeoutMs: timeout } : {}),
    });
    return throwOutcome(outcome);
  };
}

/** The task queue of a function of the app. */
export function queueOf(target: string, registry: RegistryService, temporal: TemporalAccess): string {
  const view = registry.current;
  const entry = view.get(target);
  if (entry === undefined)
    throw new EntryUnknownError(
      target,
      nearest(
        target,
        [...view.all()].map(({ id }) => id),
      ),
    );
  const found = temporal.routes().queueOf.get(entry.id);
  if (found === undefined || entry.kind === 'workflow.lua')
    throw new EntryKindError(target, entry.kind, 'only a function.lua can be called');
  return found;
}
