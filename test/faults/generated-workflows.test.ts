// Generated workflows on a real server, evicted at every task and replayed from their histories: none goes another way.
// The short form runs 8, the whole 300; a program is made again by its seed, which its name ends with.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { RunError, resultOf, signalRun, updateRun } from '../../src/temporal/client.js';
import { describeStep } from '../../src/temporal/divergence.js';
import { stepsOfHistory, typeOfHistory } from '../../src/temporal/history-steps.js';
import { replayRuns } from '../../src/temporal/replay.js';
import type { RecordedRun } from '../../src/temporal/replay.js';
import { testBundle } from '../support/lua-app.js';
import type { LuaApp } from '../support/lua-app.js';
import { fn, luaSuite, workflow } from '../support/lua-suite.js';
import { figure, seed, times } from './scale.js';
import { generateProgram } from './workflow-programs.js';
import type { GeneratedProgram } from './workflow-programs.js';

const COUNT = times(8, 300);
/** Driven side by side. */
const AT_ONCE = 4;
const PARTNERS = {
  'app:echo': fn('return function(n) return n end'),
  'app:fail': fn(
    'return function(n) return nil, errors.new({ kind = errors.INVALID, message = "no " .. n, retryable = false }) end',
  ),
  'app:flaky': fn(
    'return function(n) return nil, errors.new({ kind = errors.UNAVAILABLE, message = "away", retryable = true }) end',
  ),
  'app:slow': fn('local time = require("time") return function() time.sleep("200ms") end'),
  'app:child': workflow(
    'local time = require("time") return function(n) time.sleep(n .. "ms") return n * 2 end',
  ),
  'app:broken': workflow('return function(n) error("child " .. n) end'),
  'app:actor': workflow(
    'return function(n) for m in function() return process.inbox():receive() end do if m:topic() == "stop" then return n end n = n + 1 end end',
  ),
};

describe('generated workflows', () => {
  const { app, start } = luaSuite();

  const drive = async (it: LuaApp, program: GeneratedProgram): Promise<string> => {
    const ref = await start(it, program.name);
    const handle = it.client.workflow.getHandle(ref.workflowId);
    const outside = async (): Promise<void> => {
      for (let tick = 0; tick < program.ticks; tick++) {
        await signalRun(it.client, { workflowId: ref.workflowId }, 'tick', [tick]);
        if (tick === 1) await updateRun(it.client, { workflowId: ref.workflowId }, 'poke', [tick]);
      }
      if (program.cancelAfterMs === undefined) return;
      await sleep(program.cancelAfterMs);
      await handle.cancel();
    };
    // It may be over before everything has come.
    await Promise.all([outside().catch(() => undefined), resultOf(it.client, ref).catch(ended)]);
    return ref.workflowId;
  };
  /** A run may fail or be cancelled, as its program says; anything else is none of its ends. */
  const ended = (error: unknown): void => {
    if (!(error instanceof RunError)) throw error;
  };

  /** The runs of one workflow, the first to the last, and those of its children. */
  const historiesOf = async (it: LuaApp, workflowId: string): Promise<RecordedRun[]> => {
    const runs: RecordedRun[] = [];
    let history = await it.client.workflow.getHandle(workflowId).fetchHistory();
    for (;;) {
      runs.unshift({ workflowId, history });
      const before =
        history.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId ?? '';
      if (before === '') break;
      history = await it.client.workflow.getHandle(workflowId, before).fetchHistory();
    }
    const children = runs.flatMap(({ history: { events } }) =>
      (events ?? []).flatMap((event) => {
        const id = event.childWorkflowExecutionStartedEventAttributes?.workflowExecution?.workflowId;
        return id == null ? [] : [id];
      }),
    );
    for (const child of children)
      runs.push({ workflowId: child, history: await it.client.workflow.getHandle(child).fetchHistory() });
    return runs;
  };
  /** Something that came while a task wanted to end the run is no fault: the server has it looked at first. */
  const failedTasks = (history: History): string[] =>
    (history.events ?? []).flatMap(({ workflowTaskFailedEventAttributes: failed }) =>
      failed == null || failed.failure?.message === 'UnhandledCommand'
        ? []
        : [`${typeOfHistory(history)}: ${failed.failure?.message ?? ''}`],
    );

  it(
    `are evicted at every task and replayed without another way: ${COUNT} of them`,
    { timeout: 60_000 + COUNT * 10_000 },
    async () => {
      const programs = Array.from({ length: COUNT }, (_none, at) => generateProgram(seed * 1000 + at));
      const it = await app(
        { ...PARTNERS, ...Object.fromEntries(programs.map(({ name, source }) => [name, workflow(source)])) },
        { worker: { overrides: { maxCachedWorkflows: 0 } } },
      );
      const ids: string[] = [];
      for (let at = 0; at < COUNT; at += AT_ONCE)
        ids.push(
          ...(await Promise.all(programs.slice(at, at + AT_ONCE).map((program) => drive(it, program)))),
        );
      const runs: RecordedRun[] = [];
      for (const id of ids) runs.push(...(await historiesOf(it, id)));
      expect(runs.flatMap(({ history }) => failedTasks(history))).toEqual([]);

      const options = { bundle: { code: await testBundle() }, artifacts: it.artifacts };
      const kinds = new Map<string, number>();
      const others: unknown[] = [];
      for await (const { run, outcome } of replayRuns(runs, options)) {
        const recorded = stepsOfHistory(run.history).filter(({ kind }) => kind !== 'local');
        for (const { kind } of recorded) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        if (outcome.is !== 'same') {
          others.push({ program: typeOfHistory(run.history), outcome });
          continue;
        }
        const made = outcome.trace.steps.filter(({ kind }) => kind !== 'local');
        const [wanted, got] = [recorded.map(describeStep), made.map(describeStep)];
        // What a run that still goes on does at the end of its history is not recorded yet.
        if (JSON.stringify(got.slice(0, wanted.length)) !== JSON.stringify(wanted))
          others.push({ program: typeOfHistory(run.history), wanted, got });
      }
      expect(others).toEqual([]);
      figure('generated workflows', {
        programs: COUNT,
        runs: runs.length,
        events: runs.reduce((sum, { history }) => sum + (history.events?.length ?? 0), 0),
        ...Object.fromEntries(kinds),
      });
    },
  );
});
