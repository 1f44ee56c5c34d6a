// What the commands of `moontide schedule` do: each talks to the server, none needs a node.
import { ScheduleNotFoundError } from '@temporalio/client';
import type { ScheduleDescription, ScheduleHandle } from '@temporalio/client';
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';
import { textDataToBytes } from '../../core/text.js';
import { OVERLAPS } from '../../registry/kinds/schedule-kind.js';
import type { Entry } from '../../registry/model/entry.js';
import { EntryKindError, EntryUnknownError } from '../../runtime/errors.js';
import { nearest } from '../../runtime/nearest.js';
import { clientOfQueue } from '../../runtime/temporal-access.js';
import { overlapOf, scheduleId } from '../../services/temporal/schedule-options.js';
import { targetOf } from '../../services/temporal/schedules.js';
import { asRunError } from '../../temporal/client.js';
import { connectApp } from '../connect-app.js';
import type { ConnectedApp } from '../connect-app.js';
import type { Globals } from '../globals.js';
import { jsonText, say } from '../output.js';
import { columns } from '../columns.js';
import { UsageError } from '../usage-error.js';

/** An entry that no node has set on the server yet. */
class ScheduleUnsetError extends PlatformError {
  override readonly name = 'ScheduleUnsetError';
  readonly code = 'SCHEDULE_UNSET';
  override readonly kind = 'NotFound' as const;
  constructor(entry: string) {
    super(
      `the schedule '${entry}' is not on the server; a node of the app sets it (\`moontide dev\`, \`moontide run\`)`,
    );
  }
}

const KIND = 'temporal.schedule';

export async function listSchedules(globals: Globals): Promise<number> {
  await using connected = await connectApp(globals, { runtime: true });
  const rows = await Promise.all(
    schedulesOf(connected).map(async (entry) => ({ entry, known: await described(connected, entry) })),
  );
  if (globals.json) {
    say(
      jsonText(
        rows.map(({ entry, known }) => scheduleDocument(entry, known)),
        false,
      ),
    );
    return 0;
  }
  if (rows.length === 0) {
    say(`there are no entries of the kind ${KIND}`);
    return 0;
  }
  const table = rows.map(({ entry, known }) => [
    entry.id,
    stateOf(known),
    timeText(known?.info.nextActionTimes[0], known),
    timeText(known?.info.recentActions.at(-1)?.takenAt, undefined),
    String(known?.info.numActionsTaken ?? 0),
    text(entry.data['workflow']),
  ]);
  for (const line of columns([
    ['schedule', 'state', 'next start', 'last start', 'starts', 'workflow'],
    ...table,
  ]))
    say(line);
  return 0;
}

export const triggerSchedule = (globals: Globals, id: string, overlap: string | undefined): Promise<number> =>
  steer(globals, id, 'started', async (handle) => handle.trigger(policy(overlap)));

export const pauseSchedule = (globals: Globals, id: string, note: string | undefined): Promise<number> =>
  steer(globals, id, 'paused', async (handle) => handle.pause(note ?? 'paused by `moontide schedule pause`'));

export const resumeSchedule = (globals: Globals, id: string, note: string | undefined): Promise<number> =>
  steer(globals, id, 'resumed', async (handle) =>
    handle.unpause(note ?? 'resumed by `moontide schedule resume`'),
  );

export function backfillSchedule(
  globals: Globals,
  id: string,
  {
    from,
    to,
    overlap,
  }: {
    readonly from?: string | undefined;
    readonly to?: string | undefined;
    readonly overlap?: string | undefined;
  },
): Promise<number> {
  const [start, end] = [moment('--from', from), moment('--to', to)];
  if (end <= start) throw new UsageError('--to is not after --from');
  return steer(globals, id, 'told to make up for that time', async (handle) =>
    handle.backfill({ start, end, overlap: policy(overlap) ?? 'BUFFER_ALL' }),
  );
}

async function steer(
  globals: Globals,
  id: string,
  done: string,
  work: (handle: ScheduleHandle) => Promise<void>,
): Promise<number> {
  await using connected = await connectApp(globals, { runtime: true });
  const entry = scheduleOf(connected, id);
  await asked(entry, async () => work(await handleOf(connected, entry)));
  if (globals.json) say(jsonText(textDataToBytes(dataObject({ ok: true, schedule: entry.id })), false));
  else say(`${entry.id} is ${done}`);
  return 0;
}

async function asked<T>(entry: Entry, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) throw new ScheduleUnsetError(entry.id);
    throw asRunError(error);
  }
}

async function handleOf({ temporal, plan, app }: ConnectedApp, entry: Entry): Promise<ScheduleHandle> {
  const target = targetOf(plan, entry.data['workflow']);
  const client = await temporal.client(
    target === undefined ? undefined : clientOfQueue(plan, target.taskQueue),
  );
  return client.schedule.getHandle(scheduleId(app.name, entry.id));
}

async function described(connected: ConnectedApp, entry: Entry): Promise<ScheduleDescription | undefined> {
  try {
    return await asked(entry, async () => (await handleOf(connected, entry)).describe());
  } catch (error) {
    if (error instanceof ScheduleUnsetError) return undefined;
    throw error;
  }
}

const schedulesOf = ({ app }: ConnectedApp): Entry[] => app.entries.filter(({ kind }) => kind === KIND);

function scheduleOf(connected: ConnectedApp, id: string): Entry {
  const entry = connected.app.entries.find((each) => each.id === id);
  if (entry === undefined)
    throw new EntryUnknownError(
      id,
      nearest(
        id,
        schedulesOf(connected).map((each) => each.id),
      ),
    );
  if (entry.kind !== KIND) throw new EntryKindError(id, entry.kind, `only a ${KIND} has set times`);
  return entry;
}

function policy(overlap: string | undefined): ReturnType<typeof overlapOf> | undefined {
  if (overlap === undefined) return undefined;
  if (!OVERLAPS.some((each) => each === overlap))
    throw new UsageError(`--overlap must be one of ${OVERLAPS.join(', ')}, got '${overlap}'`);
  return overlapOf(overlap);
}

function moment(option: string, given: string | undefined): Date {
  if (given === undefined)
    throw new UsageError(`${option} is missing; give a time such as '2026-11-01T00:00:00Z'`);
  const time = /^\d{4}-\d\d-\d\d/.test(given) ? new Date(given) : new Date(Number.NaN);
  if (Number.isNaN(time.getTime()))
    throw new UsageError(
      `${option} is no time: '${given}'; write it like '2026-11-01T00:00:00Z' or '2026-11-01'`,
    );
  return time;
}

const text = (value: Data | undefined): string => (typeof value === 'string' ? value : '');

function stateOf(known: ScheduleDescription | undefined): string {
  if (known === undefined) return 'not set';
  if (known.state.paused) return 'paused';
  return known.state.remainingActions === 0 ? 'over' : 'active';
}

function timeText(time: Date | undefined, known: ScheduleDescription | undefined): string {
  return time === undefined || known?.state.paused === true
    ? '-'
    : time.toISOString().replace(/\.\d+Z$/, 'Z');
}

function scheduleDocument({ id, data }: Entry, known: ScheduleDescription | undefined): DataObject {
  const times = (list: readonly Date[]): string[] => list.map((time) => time.toISOString());
  return textDataToBytes(
    dataObject({
      schedule: id,
      workflow: data['workflow'] ?? null,
      state: stateOf(known),
      ...(known === undefined
        ? {}
        : {
            schedule_id: known.scheduleId,
            ...((known.state.note ?? '') === '' ? {} : { note: known.state.note ?? '' }),
            next: times(known.info.nextActionTimes),
            starts: known.info.numActionsTaken,
            skipped: known.info.numActionsSkippedOverlap,
            missed: known.info.numActionsMissedCatchupWindow,
            recent: known.info.recentActions.map(({ scheduledAt, takenAt, action: { workflow } }) =>
              dataObject({
                scheduled: scheduledAt.toISOString(),
                started: takenAt.toISOString(),
                workflow_id: workflow.workflowId,
                run_id: workflow.firstExecutionRunId,
              }),
            ),
          }),
    }),
  ) as DataObject;
}
