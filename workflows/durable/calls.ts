// Calls of functions from a workflow: `funcs.call` { target, args, context?, options? } -> list of all returned values. Sealed.
// C1: a call is an activity named after the function, on the queue of the function's worker.
// C2: a function that says `local: true` is a local activity: bounded to two seconds, and what it cannot honour is INVALID.
// C3: with `activity.task_queue` the target may be any activity type of any worker; those are not expected to heartbeat.
import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/workflow';
import { dataObject } from '../../src/core/data.js';
import type { Data, DataObject } from '../../src/core/data.js';
import { PlatformError } from '../../src/core/errors.js';
import { nameSecrets } from '../../src/core/secret.js';
import { field } from '../../src/core/optional-field.js';
import { toTextLossy } from '../../src/core/text.js';
import { priorityOf } from '../../src/temporal/priority.js';
import type { Route } from '../../src/temporal/contracts.js';
import { HEARTBEAT_TIMEOUT_MS } from '../../src/temporal/names.js';
import { toResults } from '../../src/temporal/payload-converter.js';
import type { Outgoing } from './context.js';
import type { Headers } from './headers.js';
import {
  asObject,
  DEFAULT_RETRY,
  flagOption,
  numberOption,
  optionsOf,
  retryPolicy,
  textOption,
} from './options.js';
import type { Options } from './options.js';
import type { Routes } from './routes.js';
import { endOrCancelled } from './open-calls.js';
import { later } from './run.js';
import type { DurableHandlers, Run } from './run.js';
import { callSummary } from './summary.js';

class LocalOptionError extends PlatformError {
  override readonly name = 'LocalOptionError';
  readonly code = 'LOCAL_ACTIVITY_OPTION';
  override readonly kind = 'Invalid' as const;
  constructor(target: string, why: string) {
    super(`'${target}' is a local activity, ${why}; drop the option or \`local: true\``);
  }
}

const START_TO_CLOSE_MS = 600_000;
const LOCAL_MS = 2000;
const LOCAL_ATTEMPTS = 3;
const NOT_FOR_LOCAL = [
  'activity.heartbeat_timeout',
  'activity.id',
  'activity.task_queue',
  'activity.priority',
  'activity.fairness_key',
  'activity.fairness_weight',
  'priority',
];

type Activities = Record<string, (...args: Data[]) => Promise<unknown>>;

export interface CallOptions {
  readonly outgoing: Outgoing;
  readonly routes: Routes;
  /** Context values of the run. */
  readonly values: Readonly<DataObject>;
}

export const callHandlers = ({ outgoing, routes, values }: CallOptions): DurableHandlers => ({
  'funcs.call': ({ command, run }) => {
    const { target } = command;
    const { data: args, places: secrets } = nameSecrets(command['args'] ?? null);
    if (typeof target !== 'string' || !Array.isArray(args))
      throw new TypeError("'funcs.call' needs a target and args");
    const given = optionsOf(command['options']);
    const added = asObject(command['context']);
    const headers = (options: Options): Headers =>
      outgoing.headers({
        secrets,
        ...(added === undefined ? {} : { values: dataObject({ ...values, ...added }) }),
        ...('activity.retry_policy' in options ? { call: { retry: true } } : {}),
      });
    return later(async (scoped) => {
      const known = routes.known(target);
      const foreign = known === undefined && 'activity.task_queue' in given;
      // No await for what is known: the call leaves in the task that made it, in the order of the program.
      const route = known ?? (foreign ? {} : await routes.find(target));
      const options = route.options === undefined ? given : dataObject({ ...route.options, ...given });
      const named = textOption(options, 'activity.task_queue');
      const queue = named === undefined ? toTextLossy(route.queue ?? '') : routes.queueNamed(named);
      const call = { target, args, options, route, queue, headers: headers(options), outgoing, run };
      const result = scoped(() => (route.local === true ? callLocal(call) : callRemote(call, foreign)));
      return [...toResults(await result)];
    });
  },
});

interface Call {
  readonly target: string;
  readonly args: readonly Data[];
  readonly options: Options;
  readonly route: Route;
  /** Empty: the run's own. */
  readonly queue: string;
  readonly headers: Headers;
  readonly outgoing: Outgoing;
  readonly run: Run;
}

function callRemote(
  { target, args, options, route, queue, headers, outgoing, run: { open } }: Call,
  foreign: boolean,
): Promise<unknown> {
  const timeout = numberOption(options, 'timeout');
  const heartbeat =
    numberOption(options, 'activity.heartbeat_timeout') ?? (foreign ? undefined : HEARTBEAT_TIMEOUT_MS);
  const priority = priorityOf(options, 'activity.', options['priority']);
  const waits = flagOption(options, 'activity.wait_for_cancellation');
  const activityOptions: ActivityOptions = {
    startToCloseTimeout: numberOption(options, 'activity.start_to_close_timeout') ?? START_TO_CLOSE_MS,
    ...field(
      'scheduleToCloseTimeout',
      numberOption(options, 'activity.schedule_to_close_timeout') ?? timeout,
    ),
    ...field('scheduleToStartTimeout', numberOption(options, 'activity.schedule_to_start_timeout')),
    ...field('heartbeatTimeout', heartbeat),
    ...field('activityId', textOption(options, 'activity.id')),
    ...field('taskQueue', queue === '' ? undefined : queue),
    ...field('priority', priority),
    cancellationType: cancellationType(waits || open.activities.isCounted),
    allowEagerDispatch: !flagOption(options, 'activity.disable_eager_execution'),
    retry: retryPolicy(options['activity.retry_policy']) ?? DEFAULT_RETRY,
    ...field('summary', summaryOf(options) ?? callSummary(route.summary, args)),
  };
  const name = toTextLossy(target);
  const run = proxyActivities<Activities>(activityOptions)[name] as Activities[string];
  const result = open.activities.make(() => outgoing.send(headers, () => run(...args)));
  return !waits && open.activities.isCounted ? endOrCancelled(result, `activity '${name}'`) : result;
}

function callLocal({ target, args, options, route, headers, outgoing }: Call): Promise<unknown> {
  for (const name of NOT_FOR_LOCAL)
    if (name in options) throw new LocalOptionError(target, `which has no '${name}'`);
  const limit =
    numberOption(options, 'activity.schedule_to_close_timeout') ??
    numberOption(options, 'timeout') ??
    LOCAL_MS;
  const each = numberOption(options, 'activity.start_to_close_timeout');
  if (limit > LOCAL_MS || (each ?? 0) > LOCAL_MS)
    throw new LocalOptionError(target, `which may take ${LOCAL_MS} ms at most`);
  const activities = proxyLocalActivities<Activities>({
    scheduleToCloseTimeout: limit,
    ...field('startToCloseTimeout', each),
    cancellationType: cancellationType(flagOption(options, 'activity.wait_for_cancellation')),
    retry: {
      maximumAttempts: LOCAL_ATTEMPTS,
      ...(retryPolicy(options['activity.retry_policy']) ?? DEFAULT_RETRY),
    },
    ...field('summary', summaryOf(options) ?? callSummary(route.summary, args)),
  });
  const run = activities[toTextLossy(target)] as Activities[string];
  return outgoing.send(headers, () => run(...args));
}

/** Passes the payload converter: a byte string. */
function summaryOf(options: Options): string | undefined {
  const summary = options['activity.summary'];
  return typeof summary === 'string' ? summary : undefined;
}

const cancellationType = (waits: boolean): ActivityCancellationType =>
  waits ? ActivityCancellationType.WAIT_CANCELLATION_COMPLETED : ActivityCancellationType.TRY_CANCEL;
