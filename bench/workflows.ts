// `npm run bench -- workflows`: the same workflow as Lua and as hand-written TypeScript, on one server, in one run.
// Rounds are interleaved, figures are medians. CPU is that of the worker's whole process, read from /proc.
// Arguments: `--rounds N` (default 7), `--runs N` a round (default 60).
import { readFileSync } from 'node:fs';
import type { Client } from '@temporalio/client';
import { median, result, round } from './machine.js';
import type { BenchOptions, BenchResult } from './machine.js';
import { option, order, replaySpeeds, say, startSides } from './workflows/sides.js';
import type { Side } from './workflows/sides.js';

const CONCURRENCY = 20;

interface Round {
  readonly perSecond: number;
  readonly cpuMs: number;
}

/** User and system time of a process so far, in milliseconds (proc(5): fields 14 and 15, in ticks of 10 ms). */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function runs(client: Client, side: Side, type: string, count: number, label: string): Promise<Round> {
  const cpu = cpuMs(side.process.pid!);
  const started = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const workflowId = `${label}-${side.name}-${type}-${next++}`;
      await client.workflow.execute(type, { workflowId, taskQueue: side.queue, args: [order] });
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  const seconds = (performance.now() - started) / 1000;
  return { perSecond: count / seconds, cpuMs: (cpuMs(side.process.pid!) - cpu) / count };
}

export async function bench({ args }: BenchOptions): Promise<BenchResult> {
  const rounds = option(args, 'rounds', 7);
  const count = option(args, 'runs', 60);
  await using sides = await startSides();
  const { client, lua, peer } = sides;
  const figures: Record<string, number> = {};
  for (const type of ['noActivity', 'oneActivity']) {
    const taken: Record<Side['name'], Round[]> = { lua: [], typescript: [] };
    // Who goes first alternates: the server slows down as its database grows.
    for (let each = 0; each <= rounds; each++) {
      for (const side of each % 2 === 0 ? [lua, peer] : [peer, lua]) {
        const round = await runs(client, side, type, each === 0 ? 20 : count, `r${each}`);
        if (each > 0) taken[side.name].push(round);
      }
      if (each > 0)
        say(
          `${type} round ${each} of ${rounds}: Lua ${taken.lua.at(-1)!.perSecond.toFixed(1)}/s, TypeScript ${taken.typescript.at(-1)!.perSecond.toFixed(1)}/s`,
        );
    }
    const of = (side: Side['name'], key: keyof Round): number => median(taken[side].map((each) => each[key]));
    figures[`${type} runs/s lua`] = round(of('lua', 'perSecond'));
    figures[`${type} runs/s typescript`] = round(of('typescript', 'perSecond'));
    figures[`${type} ratio`] = round(
      median(taken.lua.map((each, at) => each.perSecond / taken.typescript[at]!.perSecond)),
    );
    figures[`${type} CPU ms a run lua`] = round(of('lua', 'cpuMs'));
    figures[`${type} CPU ms a run typescript`] = round(of('typescript', 'cpuMs'));
    figures[`${type} CPU ratio`] = round(
      median(taken.lua.map((each, at) => each.cpuMs / taken.typescript[at]!.cpuMs)),
    );
  }

  const speeds = await replaySpeeds(sides, rounds);
  figures['replayed events/s lua'] = round(speeds.lua.speed);
  figures['replayed events/s typescript'] = round(speeds.typescript.speed);
  figures['replay start ms lua'] = round(speeds.lua.startMs);
  figures['replay start ms typescript'] = round(speeds.typescript.startMs);
  figures['replay ratio'] = round(speeds.lua.speed / speeds.typescript.speed);
  return result('workflows', figures, {
    'noActivity ratio': '>= 0.9',
    'oneActivity ratio': '>= 0.9',
    'noActivity CPU ratio': '<= 1.2',
    'oneActivity CPU ratio': '<= 1.2',
  });
}
