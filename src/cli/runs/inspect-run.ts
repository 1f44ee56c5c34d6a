// `moontide inspect`: what one run is, where its Lua is, and what it waits for.
// I1: the run itself is asked where somebody serves it; else its history is replayed here, which gives the same but for
//     messages and timers.
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { formatDuration } from '../../core/durations.js';
import { toBytes, toTextLossy } from '../../core/text.js';
import type { LuaFrame } from '../../lua/engine.js';
import { formatFrame } from '../../lua/instance/traceback.js';
import type { CoroutineState } from '../../lua/step.js';
import { hasPoller } from '../../services/temporal/pollers.js';
import { describeRun, lastFailedTask } from '../../services/temporal/run-facts.js';
import type { FailedTask, PendingActivity, RunFacts } from '../../services/temporal/run-facts.js';
import { queryRun, RunError } from '../../temporal/client.js';
import type { RunState } from '../../temporal/contracts.js';
import { programOfHistory } from '../../temporal/history-steps.js';
import { RESUME, STATE_QUERY } from '../../temporal/names.js';
import { replayRuns } from '../../temporal/replay.js';
import type { Globals } from '../globals.js';
import { jsonText, say } from '../output.js';
import { checkWorkflowId } from '../workflow-id.js';
import { withRuns } from './open.js';
import type { AppRuns } from './open.js';
import { fetchRun, frameDocument, missingProgram } from './replay-history.js';

/** A run that can answer does so within milliseconds; more is for one that has to be replayed first. */
const ANSWER_MS = 5000;

/** Texts are texts, no byte strings. */
interface SeenState {
  /** How it is known. */
  readonly from: 'the run' | 'a replay';
  readonly state: RunState;
}

interface Inspected {
  readonly facts: RunFacts;
  /** Whether the newest version has another program for the run's entry; undefined when it has none, or none is pinned. */
  readonly newest: { readonly version: number; readonly isOwn: boolean } | undefined;
  /** Or why it is not known. */
  readonly seen: SeenState | string;
  readonly failedTask: FailedTask | undefined;
  readonly isServed: boolean;
}

export async function inspectRun(
  globals: Globals,
  { id, runId }: { readonly id: string; readonly runId: string | undefined },
): Promise<number> {
  checkWorkflowId('the workflow id', id);
  return withRuns(globals, async (runs) => {
    const inspected = await look(runs, id, runId);
    if (globals.json) say(jsonText(documentOf(inspected), false));
    else for (const line of linesOf(inspected, Date.now())) say(line);
    return 0;
  });
}

async function look(runs: AppRuns, id: string, runId: string | undefined): Promise<Inspected> {
  const connection = await runs.connection();
  const facts = await describeRun(connection, id, runId);
  const isServed = await hasPoller(connection, facts.taskQueue, 'workflows');
  const isFailing = (facts.task?.attempt ?? 1) > 1;
  const hash =
    facts.program === undefined ? undefined : runs.registry.current.programHash(facts.program.entry);
  return {
    facts,
    isServed,
    newest:
      hash === undefined
        ? undefined
        : { version: runs.registry.current.version.number, isOwn: hash === facts.program?.hash },
    failedTask: isFailing ? await lastFailedTask(connection, facts) : undefined,
    seen: await stateOf(runs, facts, isServed && !isFailing),
  };
}

async function stateOf(runs: AppRuns, facts: RunFacts, canAsk: boolean): Promise<SeenState | string> {
  const { workflowId, runId } = facts;
  if (facts.closed !== undefined) return 'it has ended';
  if (canAsk)
    try {
      const { client, connection } = await runs.connection();
      // A node that was killed is listed as a poller for a while.
      const [state] = await connection.withDeadline(Date.now() + ANSWER_MS, () =>
        queryRun(client, { workflowId, runId }, STATE_QUERY, []),
      );
      return { from: 'the run', state: asText(state ?? null) as RunState };
    } catch (error) {
      if (!(error instanceof RunError)) throw error; // the replay says more
    }
  return replayedState(runs, facts);
}

/** I1 */
async function replayedState(runs: AppRuns, { workflowId, runId }: RunFacts): Promise<SeenState | string> {
  const recorded = await fetchRun(await runs.client(), workflowId, runId);
  const reference = programOfHistory(recorded.history);
  if (reference === undefined) return 'its first task is not done';
  const missing = await missingProgram(runs, reference, false);
  if (missing !== undefined) return missing;
  for await (const { outcome } of replayRuns([recorded], await runs.replaying())) {
    if (outcome.is === 'broken') return outcome.reason;
    if (outcome.is === 'diverged')
      return `its program goes another way; see \`moontide replay ${workflowId}\``;
    const { coroutines } = outcome.trace.state;
    return { from: 'a replay', state: { coroutines, pending: [], unread: [], queries: [], updates: [] } };
  }
  return 'it cannot be replayed';
}

/** Byte strings as text, all the way down. */
function asText(data: Data): unknown {
  if (typeof data === 'string') return toTextLossy(data);
  if (Array.isArray(data)) return data.map(asText);
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, asText(value as Data)]));
}

// --- for people -----------------------------------------------------------------------------------------------------

function linesOf({ facts, newest, seen, failedTask, isServed }: Inspected, now: number): string[] {
  const { program, closed } = facts;
  const lived = spanText((closed?.getTime() ?? now) - facts.started.getTime());
  const lines = [
    `${facts.workflowId}: ${program?.entry ?? facts.type}, ${facts.status} ${closed === undefined ? 'for' : 'after'} ${lived}`,
  ];
  if (program !== undefined) {
    const other = newest?.isOwn === false ? `; version ${newest.version} has another one` : '';
    lines.push(`  program   ${program.hash.slice(0, 12)} of registry version ${program.version}${other}`);
  }
  lines.push(
    `  run       ${facts.runId}, ${facts.events} events, ${facts.bytes} bytes, task queue ${facts.taskQueue}`,
  );
  if (facts.parent !== undefined) lines.push(`  parent    ${facts.parent}`);
  if (facts.task !== undefined && facts.task.attempt > 1)
    lines.push(
      `  FAILING   its task fails, attempt ${facts.task.attempt}: ${failedTask?.message ?? 'unknown why'}`,
    );
  if (closed === undefined && !isServed)
    lines.push(`  UNSERVED  no node serves its task queue; \`moontide run\` starts one`);
  lines.push(
    ...section(
      'activities',
      facts.activities.map((activity) => activityLine(activity, now)),
    ),
  );
  lines.push(
    ...section(
      'children',
      facts.children.map(({ workflowId, type }) => `${workflowId} (${type})`),
    ),
  );
  if (typeof seen === 'string')
    return facts.closed === undefined ? [...lines, `  where it is cannot be told: ${seen}`] : lines;
  const { coroutines, pending, unread, queries, updates, parked, queued = [], details } = seen.state;
  if (details !== undefined) lines.push(...section('says', details.split('\n')));
  if (parked !== undefined)
    lines.push(`  PARKED    ${parked}; \`moontide update ${facts.workflowId} ${RESUME}\` lets it go on`);
  const timers = pending.flatMap(({ what, due }) =>
    due === undefined ? [] : [`${what} fires in ${spanText(due - now)}`],
  );
  lines.push(...section('timers', timers));
  lines.push(
    ...section(
      'wait for a place',
      queued.map(
        ({ kind, waiting, limit }) => `${waiting} ${kind}: the server takes ${limit} of a run at once`,
      ),
    ),
  );
  lines.push(...section('not received yet', unreadLines(unread)));
  lines.push(...section('coroutines', coroutines.flatMap(coroutineLines)));
  if (queries.length > 0) lines.push(`  queries   ${queries.join(', ')}`);
  if (updates.length > 0) lines.push(`  updates   ${updates.join(', ')}`);
  if (seen.from === 'a replay')
    lines.push('  (as its history says, replayed here: the run itself could not be asked)');
  return lines;
}

const section = (title: string, items: readonly string[]): string[] =>
  items.length === 0 ? [] : [`  ${title}:`, ...items.map((item) => `    ${item}`)];

export function activityLine(
  { type, attempt, maximumAttempts, state, nextAttempt, lastFailure }: PendingActivity,
  now: number,
): string {
  const of = maximumAttempts === 0 ? '' : ` of ${maximumAttempts}`;
  const next =
    nextAttempt === undefined || nextAttempt.getTime() <= now
      ? ''
      : `, tried again in ${spanText(nextAttempt.getTime() - now)}`;
  const last = lastFailure === undefined ? '' : `; last failure: ${lastFailure}`;
  return `${type} ${state}, attempt ${attempt}${of}${next}${last}`;
}

const coroutineLines = ({ name, waits, frames }: CoroutineState): string[] => [
  `${name} waits for ${waits}`,
  ...frames.map((frame) => `  at ${formatFrame(frame)}`),
];

function unreadLines(unread: RunState['unread']): string[] {
  const counts = new Map<string, number>();
  for (const { topic } of unread) counts.set(topic, (counts.get(topic) ?? 0) + 1);
  return [...counts].map(
    ([topic, count]) => `${count} ${count === 1 ? 'message' : 'messages'} on '${topic}'`,
  );
}

const SECOND_MS = 1000;

/** Whole seconds from ten on, else milliseconds; never negative. */
export function spanText(ms: number): string {
  const shown = ms >= 10 * SECOND_MS ? Math.round(ms / SECOND_MS) * SECOND_MS : Math.max(0, Math.round(ms));
  return formatDuration(shown * 1_000_000);
}

// --- for programs ---------------------------------------------------------------------------------------------------

const text = (value: string | undefined): Data => (value === undefined ? null : toBytes(value));
const time = (date: Date | undefined): Data => date?.toISOString() ?? null;

function documentOf({ facts, newest, seen, failedTask, isServed }: Inspected): DataObject {
  const { program, task } = facts;
  return dataObject({
    workflow_id: toBytes(facts.workflowId),
    run_id: facts.runId,
    type: toBytes(facts.type),
    status: facts.status,
    started: time(facts.started),
    closed: time(facts.closed),
    task_queue: toBytes(facts.taskQueue),
    served: isServed,
    events: facts.events,
    bytes: facts.bytes,
    parent: text(facts.parent),
    program:
      program === undefined
        ? null
        : dataObject({
            entry: toBytes(program.entry),
            hash: program.hash,
            registry_version: program.version,
            newest: newest?.isOwn ?? null,
          }),
    task:
      task === undefined
        ? null
        : dataObject({
            attempt: task.attempt,
            scheduled: time(task.scheduled),
            failure: text(failedTask?.message),
          }),
    activities: facts.activities.map((activity) =>
      dataObject({
        id: toBytes(activity.id),
        type: toBytes(activity.type),
        state: activity.state,
        attempt: activity.attempt,
        maximum_attempts: activity.maximumAttempts,
        scheduled: time(activity.scheduled),
        last_heartbeat: time(activity.lastHeartbeat),
        next_attempt: time(activity.nextAttempt),
        worker: toBytes(activity.worker),
        last_failure: text(activity.lastFailure),
      }),
    ),
    children: facts.children.map(({ workflowId, type }) =>
      dataObject({ workflow_id: toBytes(workflowId), type: toBytes(type) }),
    ),
    ...(typeof seen === 'string'
      ? { state: null, why_no_state: toBytes(seen) }
      : { state: stateDocument(seen) }),
  });
}

function stateDocument({ from, state }: SeenState): DataObject {
  const { coroutines, pending, unread, queries, updates, parked, queued = [], details } = state;
  return dataObject({
    from,
    coroutines: coroutines.map(({ name, waits, frames }) =>
      dataObject({
        name: toBytes(name),
        waits_for: toBytes(waits),
        stack: frames.map((frame: LuaFrame) => frameDocument(frame)),
      }),
    ),
    pending: pending.map(({ what, since, due }) =>
      dataObject({
        what: toBytes(what),
        since: new Date(since).toISOString(),
        ...(due === undefined ? {} : { due: new Date(due).toISOString() }),
      }),
    ),
    unread: unread.map(({ topic, from: sender }) =>
      dataObject({ topic: toBytes(topic), from: text(sender) }),
    ),
    queries: queries.map(toBytes),
    updates: updates.map(toBytes),
    parked: text(parked),
    details: text(details),
    queued: queued.map((one) => dataObject({ ...one })),
  });
}
