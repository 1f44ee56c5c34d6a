// `moontide replay`: histories again on their programs, or on the newest, and where one goes another way.
// P1: a run whose first task is not done has nothing to replay; that is no failure.
import { open, url, waitForDebugger } from 'node:inspector';
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import type { Client } from '@temporalio/client';
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { toBytes } from '../../core/text.js';
import type { LuaFrame } from '../../lua/engine.js';
import { formatFrame } from '../../lua/instance/traceback.js';
import { asRunError, RunError } from '../../temporal/client.js';
import type { ProgramReference, RunStep } from '../../temporal/contracts.js';
import { describeStep, placeOf } from '../../temporal/divergence.js';
import type { Divergence } from '../../temporal/divergence.js';
import { GRPC, grpcCode } from '../../temporal/grpc.js';
import { historyFromJson } from '../../temporal/history-json.js';
import { programOfHistory, typeOfHistory } from '../../temporal/history-steps.js';
import { isSystemWorkflow } from '../../temporal/names.js';
import { replayRuns } from '../../temporal/replay.js';
import type { RecordedRun, ReplayOutcome } from '../../temporal/replay.js';
import type { Globals } from '../globals.js';
import { jsonText, say, tell } from '../output.js';
import { UsageError } from '../usage-error.js';
import { checkWorkflowId } from '../workflow-id.js';
import { withRuns } from './open.js';
import type { AppRuns } from './open.js';

export interface ReplayWishes {
  /** Id of a workflow, or a file with a history; absent with `all`. */
  readonly what: string | undefined;
  readonly runId: string | undefined;
  readonly all: boolean;
  readonly newest: boolean;
  readonly inspect: boolean;
}

/** A history that can be replayed. */
export interface PinnedHistory extends RecordedRun {
  readonly reference: ProgramReference;
}

/** What a replay of one run came to, for people and for programs. */
export interface Verdict {
  readonly workflowId: string;
  readonly entry: string;
  readonly events: number;
  readonly outcome: ReplayOutcome | { readonly is: 'nothing' };
}

export async function replayHistories(globals: Globals, wishes: ReplayWishes): Promise<number> {
  checkWishes(wishes);
  if (wishes.inspect) awaitDebugger();
  return withRuns(globals, async (runs) => {
    const tally = { same: 0, nothing: 0, other: 0 };
    const told: Verdict[] = [];
    for await (const verdict of verdicts(runs, histories(runs, wishes), wishes)) {
      const { is } = verdict.outcome;
      tally[is === 'same' || is === 'nothing' ? is : 'other'] += 1;
      const isTold = !wishes.all || (is !== 'same' && is !== 'nothing');
      if (isTold) told.push(verdict);
      if (isTold && !globals.json) for (const line of verdictLines(verdict, wishes.newest)) say(line);
    }
    const replayed = tally.same + tally.other;
    if (globals.json)
      say(
        jsonText(
          dataObject({
            ok: tally.other === 0,
            replayed,
            same: tally.same,
            not_begun: tally.nothing,
            runs: told.map(verdictDocument),
          }),
          false,
        ),
      );
    else if (wishes.all) {
      const begun = tally.nothing === 0 ? '' : `, ${tally.nothing} not begun`;
      say(`${replayed} runs replayed: ${tally.same} as recorded, ${tally.other} not${begun}`);
    }
    return tally.other === 0 ? 0 : 1;
  });
}

function checkWishes({ what, runId, all, inspect }: ReplayWishes): void {
  if (all === (what !== undefined))
    throw new UsageError(
      what === undefined
        ? 'say what to replay: a workflow id, a file with a history, or --all'
        : '--all replays every run of the app; leave the workflow id out',
    );
  if (inspect && all) throw new UsageError('--inspect looks at one run; give its workflow id');
  if (runId !== undefined && all) throw new UsageError('--run-id names one run; give its workflow id');
  if (what !== undefined) checkWorkflowId('the workflow id', what);
}

const INSPECTOR_PORT = 9229;

/** Goes on when a debugger has come (docs/debugging.md). */
function awaitDebugger(): void {
  if (url() === undefined) open(INSPECTOR_PORT, '127.0.0.1');
  tell(
    `the replay waits for a debugger at ${url() ?? 'no address'}; open chrome://inspect, or attach an editor`,
  );
  waitForDebugger();
}

async function* histories(runs: AppRuns, { what, runId, all }: ReplayWishes): AsyncGenerator<RecordedRun> {
  if (!all) {
    yield existsSync(what ?? '')
      ? readHistory(what ?? '')
      : await fetchRun(await runs.client(), what ?? '', runId);
    return;
  }
  const client = await runs.client();
  for await (const info of client.workflow.list({ query: queueQuery(runs) }))
    if (!isSystemWorkflow(info.type)) yield await fetchRun(client, info.workflowId, info.runId);
}

/** Runs on the queues of the app. */
export function queueQuery({ plan }: Pick<AppRuns, 'plan'>, more = ''): string {
  const queues = plan.workers.filter(({ client }) => client === undefined).map(({ taskQueue }) => taskQueue);
  const named = [...new Set([plan.defaultQueue, ...queues])].map(
    (queue) => `'${queue.replaceAll("'", "''")}'`,
  );
  return `TaskQueue IN (${named.join(', ')})${more === '' ? '' : ` AND ${more}`}`;
}

export async function fetchRun(client: Client, workflowId: string, runId?: string): Promise<RecordedRun> {
  try {
    return { workflowId, history: await client.workflow.getHandle(workflowId, runId).fetchHistory() };
  } catch (error) {
    if (grpcCode(error) !== GRPC.NOT_FOUND) throw asRunError(error);
    throw new RunError(
      {
        kind: 'NotFound',
        message: toBytes(
          `Temporal has no run of a workflow '${workflowId}'; closed ones go when their retention is over`,
        ),
        retryable: false,
      },
      { cause: error },
    );
  }
}

/** As the UI and `temporal workflow show --output json` export it. */
function readHistory(path: string): RecordedRun {
  let history: History;
  try {
    history = historyFromJson(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new UsageError(
      `'${path}' is no history: ${cause instanceof Error ? cause.message : String(cause)}; \`temporal workflow show --workflow-id ID --output json\` writes one`,
      { cause },
    );
  }
  const started = history.events?.[0]?.workflowExecutionStartedEventAttributes;
  const id = started?.workflowId ?? '';
  return { workflowId: id === '' ? basename(path, '.json') : id, history };
}

async function* verdicts(
  runs: AppRuns,
  recorded: AsyncIterable<RecordedRun>,
  { newest, inspect }: Pick<ReplayWishes, 'newest' | 'inspect'>,
): AsyncGenerator<Verdict> {
  const aside: Verdict[] = [];
  const replayable = async function* (): AsyncGenerator<PinnedHistory> {
    for await (const run of recorded) {
      const reference = programOfHistory(run.history);
      const missing = reference === undefined ? undefined : await missingProgram(runs, reference, newest);
      if (reference !== undefined && missing === undefined)
        yield { ...run, reference, ...(newest ? { instead: await runs.newest(reference) } : {}) };
      else
        aside.push({
          ...seen(run, reference),
          outcome: missing === undefined ? { is: 'nothing' } : { is: 'broken', reason: missing },
        });
    }
  };
  const options = await runs.replaying();
  const tracing = inspect ? ({ tracing: 'debugger' } as const) : {};
  for await (const { run, outcome } of replayRuns(replayable(), { ...options, ...tracing })) {
    yield* aside.splice(0);
    yield { ...seen(run, run.reference), outcome };
  }
  yield* aside;
}

const seen = ({ workflowId, history }: RecordedRun, reference: ProgramReference | undefined) => ({
  workflowId,
  entry: reference?.entry ?? typeOfHistory(history),
  events: history.events?.length ?? 0,
});

/** Why a run cannot be replayed on what is asked for; undefined when it can. */
export async function missingProgram(
  { registry }: Pick<AppRuns, 'registry'>,
  { entry, program }: ProgramReference,
  newest: boolean,
): Promise<string | undefined> {
  if (newest) {
    if (registry.current.programHash(entry) !== undefined) return undefined;
    return `PROGRAM_MISSING: there is no workflow '${entry}' in registry version ${registry.current.version.number}`;
  }
  if ((await registry.program(program)) !== undefined) return undefined;
  return `PROGRAM_MISSING: program ${program} of '${entry}' is not stored in this registry; bring back the one that has it`;
}

// --- what is told ---------------------------------------------------------------------------------------------------

function verdictLines({ workflowId, entry, events, outcome }: Verdict, newest: boolean): string[] {
  const head = `${workflowId} (${entry}, ${events} events)`;
  const on = newest ? 'the newest program' : 'its program';
  switch (outcome.is) {
    case 'same':
      return [`${head}: replays on ${on} as recorded`];
    case 'nothing':
      return [`${head}: nothing to replay yet, its first task is not done`];
    case 'broken':
      return [`${head}: cannot be replayed on ${on}: ${outcome.reason}`];
    case 'diverged':
      return [`${head}: ${on} goes another way`, ...divergenceLines(outcome.divergence)];
  }
}

/** For people, indented. */
export function divergenceLines({ expected, found, frames, reason }: Divergence): string[] {
  const place = placeOf(frames);
  const at = place === '' ? '' : `${place}: `;
  const recorded =
    expected === undefined ? 'nothing more' : `${describeStep(expected)}, event ${expected.eventId}`;
  return [
    `  recorded: ${recorded}`,
    `  program:  ${at}${found === undefined ? 'does nothing, it waits' : describeStep(found)}`,
    ...frames.map((frame) => `    at ${formatFrame(frame)}`),
    `  (${reason})`,
  ];
}

function verdictDocument({ workflowId, entry, events, outcome }: Verdict): DataObject {
  return dataObject({
    workflow_id: toBytes(workflowId),
    entry: toBytes(entry),
    events,
    result: outcome.is === 'nothing' ? 'not_begun' : outcome.is,
    ...(outcome.is === 'broken' ? { reason: toBytes(outcome.reason) } : {}),
    ...(outcome.is === 'diverged' ? { divergence: divergenceDocument(outcome.divergence) } : {}),
  });
}

export function divergenceDocument({ expected, found, frames, reason }: Divergence): DataObject {
  const step = (one: RunStep | undefined): Data =>
    one === undefined
      ? null
      : dataObject({
          kind: one.kind,
          name: toBytes(one.name),
          summary: toBytes(one.summary),
          words: toBytes(describeStep(one)),
        });
  return dataObject({
    at: toBytes(placeOf(frames)),
    expected: step(expected),
    event_id: expected?.eventId ?? null,
    found: step(found),
    stack: frames.map(frameDocument),
    reason: toBytes(reason),
  });
}

export const frameDocument = ({ chunk, line, name }: LuaFrame): DataObject =>
  dataObject({ chunk: toBytes(chunk), line, name: toBytes(name) });
