// `npm run bench -- durable`: what waiting runs hold in memory, how fast histories are replayed, and what a call of a function costs, each
// beside the same in hand-written TypeScript, on one server, in one run.
// Heap is that of the threads that run workflows, after a collection (durable/heap-probe.ts). A call is (time of a run of STEPS calls - time
// of a run without) / STEPS; a function of Lua as a local activity against an activity of TypeScript, rounds interleaved, medians.
// Replayed events count from the end of the first history on: what comes before it (a worker, its thread, its bundle) is a figure of its own.
// Arguments: `--waiting N` (default 1000), `--rounds N` (default 7).
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { median, result, round } from './machine.js';
import type { BenchOptions, BenchResult } from './machine.js';
import { option, order, replaySpeeds, say, startSides } from './workflows/sides.js';
import type { Side, Sides } from './workflows/sides.js';

const here = dirname(fileURLToPath(import.meta.url));
const STEPS = 20;
const AT_ONCE = 20;
/** Runs that are there before the first look: what all runs share is not counted. */
const WARM = 20;

interface Heap {
  readonly bytes?: number;
  readonly threads?: number;
  readonly error?: string;
}

async function heapOf({ process: child }: Side): Promise<number> {
  const answered = new Promise<Heap>((resolve) =>
    child.once('message', (message) => resolve(message as Heap)),
  );
  child.send('heap');
  const { bytes, threads, error } = await answered;
  if (bytes === undefined || threads === undefined || threads === 0)
    throw new Error(`the heap of the worker's threads cannot be read: ${error ?? 'there are none'}`);
  return bytes;
}

/** Starts runs that wait, and waits until each has done its first task. */
async function startWaiting(
  { client }: Sides,
  { name, queue }: Side,
  from: number,
  to: number,
): Promise<void> {
  let next = from;
  const lane = async (): Promise<void> => {
    while (next < to) {
      const workflowId = `waits-${name}-${next++}`;
      const handle = await client.workflow.start('waits', { workflowId, taskQueue: queue, args: [order] });
      // It has come to its wait once its first task is done and no other is under way.
      for (;;) {
        const { raw } = await handle.describe();
        const { pendingWorkflowTask, workflowExecutionInfo } = raw;
        if (raw.workflowExecutionInfo?.closeTime != null)
          throw new Error(`the run '${workflowId}' ended instead of waiting`);
        if (pendingWorkflowTask == null && Number(workflowExecutionInfo?.historyLength ?? 0) >= 4) break;
        await new Promise((wake) => setTimeout(wake, 50));
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

async function callMs({ client }: Sides, { name, queue }: Side, each: number): Promise<number> {
  const timed = async (steps: number): Promise<number> => {
    const workflowId = `steps-${name}-${each}-${steps}`;
    const started = performance.now();
    await client.workflow.execute('timedSteps', { workflowId, taskQueue: queue, args: [order, steps] });
    return performance.now() - started;
  };
  const [without, all] = [await timed(0), await timed(STEPS)];
  return (all - without) / STEPS;
}

export async function bench({ args }: BenchOptions): Promise<BenchResult> {
  const rounds = option(args, 'rounds', 7);
  const waiting = option(args, 'waiting', 1000);
  await using sides = await startSides(['--import', pathToFileURL(join(here, 'durable/heap-probe.js')).href]);
  const { lua, peer } = sides;
  const figures: Record<string, number> = {};

  const calls: Record<Side['name'], number[]> = { lua: [], typescript: [] };
  for (let each = 0; each <= rounds; each++)
    for (const side of each % 2 === 0 ? [lua, peer] : [peer, lua]) {
      const ms = await callMs(sides, side, each);
      if (each > 0) calls[side.name].push(ms);
    }
  figures['local call ms lua'] = round(median(calls.lua));
  figures['activity call ms typescript'] = round(median(calls.typescript));
  figures['call ratio'] = round(median(calls.lua.map((ms, at) => ms / calls.typescript[at]!)));

  const speeds = await replaySpeeds(sides, rounds);
  figures['replayed events/s lua'] = round(speeds.lua.speed);
  figures['replayed events/s typescript'] = round(speeds.typescript.speed);
  figures['replay start ms lua'] = round(speeds.lua.startMs);
  figures['replay start ms typescript'] = round(speeds.typescript.startMs);
  figures['replay ratio'] = round(speeds.lua.speed / speeds.typescript.speed);

  const heaps: Record<Side['name'], number> = { lua: 0, typescript: 0 };
  for (const side of [lua, peer]) {
    say(`${waiting} runs of ${side.name} begin to wait`);
    await startWaiting(sides, side, 0, WARM);
    const before = await heapOf(side);
    await startWaiting(sides, side, WARM, WARM + waiting);
    heaps[side.name] = ((await heapOf(side)) - before) / waiting;
  }
  figures['heap KB a waiting run lua'] = round(heaps.lua / 1024);
  figures['heap KB a waiting run typescript'] = round(heaps.typescript / 1024);
  figures['heap ratio'] = round(heaps.lua / heaps.typescript);
  return result('durable', figures, {
    'heap ratio': '<= 1.3',
    'replay ratio': '>= 0.8',
    'call ratio': '<= 0.6',
  });
}
