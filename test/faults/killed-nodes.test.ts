// Nodes are killed with SIGKILL while runs leave effects that must be there once each. The whole form has 100 runs of each
// way and 20 kills, which take one of two nodes, or both; the short one 5 of each on the same nodes, all of which are killed
// once. A kill comes at a random point of the work (so many effects done, and a moment more), whatever the speed of the machine.
// K1: every run ends with its result, and no task of it fails: those of a killed node time out, which is no failure.
// K2: every effect is there once. Some attempts or tasks were cut off: the kills came in between.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestFolders, buildOnce } from '../e2e/cli-process.js';
import { Random } from '../lua-fuzz/random.js';
import { serversOn } from '../support/server-user.js';
import { EffectsApp, QUEUE, STEPS } from './effects-app.js';
import type { Way } from './effects-app.js';
import { readyNode } from './nodes-app.js';
import { figure, seed, times, whole } from './scale.js';

/** Of each way. */
const RUNS = times(5, 100);
const KILLS = times(1, 20);
/** Most of what a moment more is. Milliseconds. */
const MOMENT_MS = 150;
// A step that was cut off is tried again after its 5 s, a task after its 10; the rest is for slow machines.
const PROGRESS_MS = 180_000;

const folders = new TestFolders();
beforeAll(buildOnce);
afterAll(() => folders.clean());

interface Told {
  readonly failedTasks: readonly string[];
  readonly timedOutTasks: number;
  /** Activities that were not done at their first attempt. */
  readonly triedAgain: number;
}

/** False when no effect more has come for so long: how fast they come is the machine's. */
async function untilRows(app: EffectsApp, rows: number, quietMs: number): Promise<boolean> {
  let [last, since] = [app.rows(), performance.now()];
  while (last < rows) {
    await sleep(5);
    const now = app.rows();
    if (now !== last) [last, since] = [now, performance.now()];
    else if (performance.now() - since > quietMs) return false;
  }
  return true;
}

/** What the history of a run tells of kills. */
async function toldBy(client: Client, workflowId: string): Promise<Told> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const all = events ?? [];
  return {
    failedTasks: all.flatMap(({ workflowTaskFailedEventAttributes: failed }) =>
      failed == null ? [] : [failed.failure?.message ?? 'unknown'],
    ),
    timedOutTasks: all.filter(({ workflowTaskTimedOutEventAttributes: out }) => out != null).length,
    triedAgain: all.filter(({ activityTaskStartedEventAttributes: started }) => (started?.attempt ?? 1) > 1)
      .length,
  };
}

const NAMES: Readonly<Record<Way, string>> = {
  by_function: 'functions that use their key',
  by_command: 'statements and stores of the workflow itself',
};
const FORMS: readonly (readonly Way[])[] = whole
  ? [['by_function'], ['by_command']]
  : [['by_function', 'by_command']];

describe.skipIf(process.platform === 'win32')(`${RUNS} runs of ${STEPS} steps, and ${KILLS} kills`, () => {
  it.each(FORMS.map((ways) => ({ through: ways.map((way) => NAMES[way]).join(', and through '), ways })))(
    'complete with each effect once, through $through',
    { timeout: times(300_000, 1_500_000) },
    async ({ ways }) => {
      const random = new Random(seed + ways.join().length);
      const runsOf = (way: Way): string[] =>
        ways.includes(way) ? Array.from({ length: RUNS }, (_none, at) => `${way}-${at}`) : [];
      const [functionRuns, commandRuns] = [runsOf('by_function'), runsOf('by_command')];
      const runs = [...functionRuns, ...commandRuns];
      const app = new EffectsApp(folders, commandRuns);
      const total = runs.length * STEPS;
      const points = Array.from({ length: KILLS }, () => random.below(Math.floor(total * 0.95))).sort(
        (a, b) => a - b,
      );
      const waits: number[] = [];
      const boots: number[] = [];
      let [killed, attemptsAtMost] = [0, total];
      try {
        await Promise.all([app.startNode(), app.startNode()].map(readyNode));
        const { address } = JSON.parse(readFileSync(join(app.folder, '.moontide/temporal.json'), 'utf8')) as {
          address: string;
        };
        const connection = await Connection.connect({ address });
        try {
          const client = new Client({ connection });
          await Promise.all(
            ways.flatMap((way) =>
              runsOf(way).map((run) =>
                client.workflow.start(`app:${way}`, {
                  taskQueue: QUEUE,
                  workflowId: run,
                  args: [run, STEPS],
                }),
              ),
            ),
          );
          const results = Promise.all(
            runs.map((run) => client.workflow.getHandle(run).result() as Promise<unknown>),
          );
          for (const point of points) {
            const isThere = untilRows(app, point, PROGRESS_MS);
            expect(
              await Promise.race([isThere, results.then(() => true)]), // a run that fails says more
              `effect ${point} of ${app.rows()}, none more for ${PROGRESS_MS} ms, seed ${seed}`,
            ).toBe(true);
            await sleep(random.below(MOMENT_MS));
            const victims = !whole || random.chance(30) ? app.nodes : [random.pick(app.nodes)];
            for (const node of victims) node.signal('SIGKILL');
            await Promise.all(victims.map(({ ended }) => ended));
            killed += victims.length;
            attemptsAtMost += runs.length;
            const fresh = victims.map(() => app.startNode());
            const began = performance.now();
            if (app.nodes.length === fresh.length) {
              await Promise.any(fresh.map(readyNode));
              boots.push(Math.round(performance.now() - began));
            }
            if (app.rows() === total) continue;
            const waited = await app.untilProgress(PROGRESS_MS);
            expect(waited, `progress after the kill at ${point}, seed ${seed}`).toBeDefined();
            waits.push(waited ?? Infinity);
          }
          expect(await results, `seed ${seed}`).toEqual(runs); // K1
          const told = await Promise.all(runs.map((run) => toldBy(client, run)));
          const sum = (of: (one: Told) => number): number => told.reduce((all, one) => all + of(one), 0);
          expect(told.flatMap(({ failedTasks }) => failedTasks)).toEqual([]);
          // K2
          expect(app.count('effects'), `seed ${seed}`).toBe(total);
          expect(app.count("(select distinct run, step from effects where typeof(step) = 'integer')")).toBe(
            total,
          );
          const triedAgain = sum((one) => one.triedAgain);
          const timedOutTasks = sum((one) => one.timedOutTasks);
          expect(triedAgain + timedOutTasks, `what the kills cut off, seed ${seed}`).toBeGreaterThan(0);
          if (functionRuns.length > 0) {
            expect(app.count('attempts')).toBeGreaterThanOrEqual(functionRuns.length * STEPS);
            expect(app.count('attempts')).toBeLessThanOrEqual(attemptsAtMost);
            expect(app.count('effects', 'distinct key')).toBe(functionRuns.length * STEPS);
          }
          if (commandRuns.length > 0) {
            expect(app.read('select min(n) as low, max(n) as high from counters')).toEqual({
              low: STEPS,
              high: STEPS,
            });
            expect(app.count('kept')).toBe(0);
          }
          waits.sort((a, b) => a - b);
          figure(`kill -9, ${ways.join()}`, {
            runs: runs.length,
            effects: app.count('effects'),
            killed,
            attempts: functionRuns.length > 0 ? app.count('attempts') : undefined,
            triedAgain,
            timedOutTasks,
            progressMedianMs: waits[Math.floor(waits.length / 2)],
            progressMostMs: waits.at(-1),
            bootMostMs: Math.max(0, ...boots),
          });
        } finally {
          await connection.close();
        }
        await app.end('SIGTERM');
      } finally {
        await app.end('SIGKILL');
        // What was killed leaves its server to the next node, and there is none.
        for (const pid of serversOn(join(app.folder, '.moontide'))) process.kill(pid, 'SIGKILL');
      }
    },
  );
});
