// What a temporal.schedule entry says, as the SDK's schedule client takes it.
import { createHash } from 'node:crypto';
import type { ScheduleOptions, ScheduleOverlapPolicy } from '@temporalio/client';
import { dataObject, LuaFloat } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { isMap, mapIn } from '../../core/data-values.js';
import { entryMilliseconds } from '../../core/durations.js';
import { field } from '../../core/optional-field.js';
import { textDataToBytes, toBytes } from '../../core/text.js';
import { encodeWire } from '../../core/wire.js';
import type { Entry } from '../../registry/model/entry.js';

/** Memo of a schedule and of the runs that it starts: which app's it is, and which entry's. */
export const SCHEDULE_MEMO = 'moontide_schedule';

export interface DesiredSchedule {
  readonly entry: string;
  /** Id of the schedule on the server. */
  readonly id: string;
  /** Of everything that the entry says and of where its workflow runs; equal: nothing to do. */
  readonly hash: string;
  /** Undefined: the entry leaves it to the server. */
  readonly paused: boolean | undefined;
  readonly options: ScheduleOptions;
}

export const scheduleId = (app: string, entry: string): string => `${app}/${entry}`;

/** `fill` fills the placeholders of a text. */
export function desiredSchedule(
  app: string,
  entry: Entry,
  target: { readonly type: string; readonly taskQueue: string },
  fill: (text: string) => string,
): DesiredSchedule {
  const data = filled(entry.data, fill);
  const id = scheduleId(app, entry.id);
  const hash = createHash('sha256')
    .update(encodeWire(textDataToBytes(dataObject({ data, type: target.type, queue: target.taskQueue }))))
    .digest('hex')
    .slice(0, 16);
  const { paused } = data;
  return {
    entry: entry.id,
    id,
    hash,
    paused: typeof paused === 'boolean' ? paused : undefined,
    options: optionsOf({ app, id, hash, entry, data }, target),
  };
}

interface Said {
  readonly app: string;
  readonly id: string;
  readonly hash: string;
  readonly entry: Entry;
  readonly data: DataObject;
}

function optionsOf(
  { app, id, hash, entry, data }: Said,
  { type, taskQueue }: { readonly type: string; readonly taskQueue: string },
): ScheduleOptions {
  const { cron, every, options } = data;
  const wishes = mapIn(options);
  const memo = mapIn(wishes['memo']);
  const mark = dataObject({ app: toBytes(app), entry: toBytes(entry.id), definition: hash });
  const zone = text(data['time_zone']);
  const [overlap, catchup] = [text(data['overlap']), entryMilliseconds(data['catchup_window'])];
  const retry = mapIn(wishes['retry_policy']);
  const attempts = number(retry['maximum_attempts']);
  const limit = number(data['limit']);
  const note = text(entry.meta['comment']);
  const [startAt, endAt] = [moment(data['start_at']), moment(data['end_at'])];
  return {
    scheduleId: id,
    spec: {
      ...(cron === undefined ? {} : { cronExpressions: (Array.isArray(cron) ? cron : [cron]).map(String) }),
      ...(every === undefined ? {} : { intervals: [interval(every)] }),
      ...(zone === undefined ? {} : { timezone: zone }),
      ...field('jitter', entryMilliseconds(data['jitter'])),
      ...(startAt === undefined ? {} : { startAt }),
      ...(endAt === undefined ? {} : { endAt }),
    },
    action: {
      type: 'startWorkflow',
      workflowType: type,
      taskQueue,
      workflowId: text(data['workflow_id']) ?? id,
      args: (Array.isArray(data['args']) ? data['args'] : []).map(textDataToBytes),
      memo: { ...(textDataToBytes(memo) as DataObject), [SCHEDULE_MEMO]: mark },
      ...field('workflowExecutionTimeout', entryMilliseconds(wishes['execution_timeout'])),
      ...field('workflowRunTimeout', entryMilliseconds(wishes['run_timeout'])),
      ...field('workflowTaskTimeout', entryMilliseconds(wishes['task_timeout'])),
      ...(wishes['retry_policy'] === undefined
        ? {}
        : {
            retry: {
              ...field('initialInterval', entryMilliseconds(retry['initial_interval'])),
              ...field('backoffCoefficient', number(retry['backoff_coefficient'])),
              ...field('maximumInterval', entryMilliseconds(retry['maximum_interval'])),
              ...field('maximumAttempts', attempts === 0 ? Infinity : attempts),
            },
          }),
    },
    policies: {
      overlap: overlapOf(overlap ?? 'skip'),
      ...field('catchupWindow', catchup),
      pauseOnFailure: data['pause_on_failure'] === true,
    },
    memo: { [SCHEDULE_MEMO]: dataObject({ app: toBytes(app), entry: toBytes(entry.id) }) },
    state: {
      paused: data['paused'] === true,
      ...(note === undefined ? {} : { note }),
      ...(limit === undefined ? {} : { remainingActions: limit }),
    },
  };
}

export const overlapOf = (name: string): ScheduleOverlapPolicy => name.toUpperCase() as ScheduleOverlapPolicy;

function interval(every: Data): { readonly every: number; readonly offset?: number } {
  if (!isMap(every)) return { every: entryMilliseconds(every) ?? 0 };
  return {
    every: entryMilliseconds(every['interval']) ?? 0,
    ...field('offset', entryMilliseconds(every['offset'])),
  };
}

const text = (value: Data | undefined): string | undefined => (typeof value === 'string' ? value : undefined);
const number = (value: Data | undefined): number | undefined =>
  typeof value === 'number' ? value : value instanceof LuaFloat ? value.n : undefined;
const moment = (value: Data | undefined): Date | undefined =>
  typeof value === 'string' ? new Date(value) : undefined;

/** All but what enters histories: a placeholder may stand for a secret. */
const AS_WRITTEN: ReadonlySet<string> = new Set(['args', 'memo']);

function filled(data: Readonly<DataObject>, fill: (text: string) => string): DataObject {
  const one = (value: Data): Data => {
    if (typeof value === 'string') return fill(value);
    if (Array.isArray(value)) return value.map(one);
    return isMap(value) ? filled(value, fill) : value;
  };
  return dataObject(
    Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, AS_WRITTEN.has(key) ? value : one(value)]),
    ),
  );
}
