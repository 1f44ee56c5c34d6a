// The dynamic activity for functions: runs the function.lua that the activity type names.
// F1: what Lua returned is the result; an error that it returned or raised is a failure of that kind (failures.ts).
// F2: a cancelled activity whose function ended by it is cancelled, not failed.
// F3: a crash (an error nobody returned) is final, as the docs promise; a returned error says itself whether it is retryable.
// F4: a result that cannot be recorded (too large) is final: tried again it would be the same.
import { CancelledFailure, Context } from '@temporalio/activity';
import type { Data } from '../src/core/data.js';
import type { ErrorData } from '../src/core/error-data.js';
import { toBytes, toTextLossy } from '../src/core/text.js';
import type { ActivityFacts, CallOutcome, FunctionRunner } from '../src/temporal/contracts.js';
import { errorToErrorData, toFailure } from '../src/temporal/failures.js';
import { encodedResults, toDataOrThrow } from '../src/temporal/payload-converter.js';
import { callContext, withHeartbeats } from './call-context.js';

export interface FunctionDependencies {
  readonly functions: FunctionRunner;
}

export const functionActivity =
  ({ functions }: FunctionDependencies) =>
  async (...args: unknown[]): Promise<unknown> => {
    const context = Context.current();
    const { info } = context;
    const call = callContext(context);
    const execution = info.workflowExecution;
    let outcome: CallOutcome;
    try {
      const data = args.map(toDataOrThrow);
      outcome = await withHeartbeats(context, call, () =>
        functions.run({
          entry: info.activityType,
          args: data,
          values: call.values,
          identity: call.identity,
          from: call.from,
          idempotencyKey: call.idempotencyKey,
          secrets: call.secrets,
          activity: factsOf(context, call.heartbeatDetails),
          workflow:
            execution === undefined
              ? undefined
              : { id: execution.workflowId, runId: execution.runId, type: info.workflowType ?? '' },
          signal: call.signal,
          heartbeat: call.heartbeat,
        }),
      );
    } catch (error) {
      outcome = { ok: false, error: errorToErrorData(error) };
    }
    try {
      if (outcome.ok) return encodedResults(outcome.values);
    } catch (error) {
      outcome = { ok: false, error: resultError(error, info.activityType) }; // F4
    }
    throw failureOf(outcome.error, context, call.options.retry === true);
  };

function factsOf({ info }: Context, heartbeatDetails: Data): ActivityFacts {
  const { startToCloseTimeoutMs: limit } = info;
  return {
    id: info.activityId,
    type: info.activityType,
    taskQueue: info.taskQueue,
    attempt: info.attempt,
    local: info.isLocal,
    heartbeatDetails,
    scheduledAt: info.scheduledTimestampMs,
    deadline: limit > 0 ? Date.now() + limit : undefined,
  };
}

/** Why a result cannot be recorded. */
export function resultError(error: unknown, what: string): ErrorData {
  const data = errorToErrorData(error);
  return { ...data, message: toBytes(`the result of '${what}': ${toTextLossy(data.message)}`) };
}

/** The failure that an activity ends with. */
export function failureOf(error: ErrorData, context: Context, retryUnsaid: boolean): Error {
  if (error.kind === 'Canceled' && context.cancellationSignal.aborted)
    return new CancelledFailure(error.message); // F2
  const said = error.kind === 'Internal' && error.retryable === undefined;
  return toFailure(said ? { ...error, retryable: false } : error, { retryUnsaid }); // F3
}
