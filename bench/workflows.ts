// `npm run bench -- workflows`: the same workflow as Lua and as hand-written TypeScript, on one server, in one run.
// Rounds are interleaved, figures are medians. CPU is that of the worker's whole process, read from /proc.
// Arguments: `--rounds N` (default 7), `--runs N` a round (default 60).
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { ReplayWorkerOptions } from '@temporalio/worker';
import { findTemporalBinary } from '../src/temporal/binary.js';
import { readWorkflowBundle } from '../src/temporal/bundle.js';
import { workerDataConverter } from '../src/temporal/data-converter.js';
import { startOrJoinDevServer } from '../src/temporal/dev-server.js';
import { median, result, round } from './machine.js';
import type { BenchOptions, BenchResult } from './machine.js';
import { artifactsOf } from './workflows/artifacts.js';
import { LUA_QUEUE, luaApp } from './workflows/lua-app.js';

const PEER_QUEUE = 'bench-typescript';
const CONCURRENCY = 20;
const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');

const order = {
  id: 'o-1',
  lines: [
    { sku: 'mug', quantity: 2, price: 1250 },
    { sku: 'lamp', quantity: 1, price: 4900 },
    { sku: 'moon', quantity: 1, price: 99900 },
  ],
};

interface Side {
  readonly name: 'lua' | 'typescript';
  readonly queue: string;
  readonly process: ChildProcess;
}
interface Round {
  readonly perSecond: number;
  readonly cpuMs: number;
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

function option(args: readonly string[], name: string, fallback: number): number {
  const at = args.indexOf(`--${name}`);
  return at < 0 ? fallback : Number(args[at + 1]);
}

/** User and system time of a process so far, in milliseconds (proc(5): fields 14 and 15, in ticks of 10 ms). */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function polled(client: Client, queue: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const { pollers } = await client.workflowService.describeTaskQueue({
      namespace: 'default',
      taskQueue: { name: queue },
      taskQueueType: 1,
    });
    if (pollers.length > 0) return;
    await new Promise((wake) => setTimeout(wake, 100));
  }
  throw new Error(`nobody polls the task queue '${queue}' after 30 s`);
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

async function replayed(
  options: ReplayWorkerOptions,
  histories: readonly { readonly workflowId: string; readonly history: { events?: unknown[] | null } }[],
): Promise<number> {
  const events = histories.reduce((sum, { history }) => sum + (history.events?.length ?? 0), 0);
  const started = performance.now();
  for await (const replay of Worker.runReplayHistories(options, histories))
    if (replay.error !== undefined) throw replay.error;
  return events / ((performance.now() - started) / 1000);
}

export async function bench({ args }: BenchOptions): Promise<BenchResult> {
  const rounds = option(args, 'rounds', 7);
  const count = option(args, 'runs', 60);
  const folder = mkdtempSync(join(tmpdir(), 'moontide-bench-'));
  const appFolder = join(folder, 'app');
  for (const [file, text] of Object.entries(luaApp)) {
    mkdirSync(dirname(join(appFolder, file)), { recursive: true });
    writeFileSync(join(appFolder, file), text);
  }
  Runtime.install({ logger: new DefaultLogger('WARN') });
  say('starting the Temporal dev server');
  // Gone after the server, which ends later than everything below.
  using _folder = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
  await using server = await startOrJoinDevServer({
    stateFolder: join(folder, 'server'),
    binary: async () => (await findTemporalBinary()).path,
    port: 0,
    uiPort: 0,
  });
  const connection = await Connection.connect({ address: server.address });
  const client = new Client({ connection });

  const start = (name: Side['name'], queue: string, file: string, words: readonly string[]): Side => ({
    name,
    queue,
    process: spawn(process.execPath, [file, ...words], { stdio: ['ignore', 'ignore', 'inherit'] }),
  });
  const lua = start('lua', LUA_QUEUE, join(root, 'bin/moontide.js'), [
    'run',
    '--app',
    appFolder,
    '--address',
    server.address,
    '--log-level',
    'warn',
  ]);
  const peer = start('typescript', PEER_QUEUE, join(here, 'workflows/peer-worker.js'), [
    server.address,
    PEER_QUEUE,
  ]);
  try {
    await Promise.all([polled(client, lua.queue), polled(client, peer.queue)]);
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
      const of = (side: Side['name'], key: keyof Round): number =>
        median(taken[side].map((each) => each[key]));
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

    say('replaying histories of 30 activities');
    const histories: Record<Side['name'], { workflowId: string; history: { events?: unknown[] | null } }[]> =
      {
        lua: [],
        typescript: [],
      };
    for (const side of [lua, peer]) {
      await runs(client, side, 'manySteps', 10, 'replay');
      for (let at = 0; at < 10; at++) {
        const workflowId = `replay-${side.name}-manySteps-${at}`;
        histories[side.name].push({
          workflowId,
          history: await client.workflow.getHandle(workflowId).fetchHistory(),
        });
      }
    }
    const options: Record<Side['name'], ReplayWorkerOptions> = {
      lua: {
        workflowBundle: await readWorkflowBundle(),
        dataConverter: workerDataConverter(artifactsOf(appFolder)),
        replayName: 'lua',
      },
      typescript: {
        workflowBundle: await bundleWorkflowCode({
          workflowsPath: join(here, 'workflows/peer-workflows.js'),
        }),
        replayName: 'typescript',
      },
    };
    const speeds: Record<Side['name'], number[]> = { lua: [], typescript: [] };
    for (let each = 0; each <= rounds; each++)
      for (const side of each % 2 === 0
        ? (['lua', 'typescript'] as const)
        : (['typescript', 'lua'] as const)) {
        const speed = await replayed(options[side], histories[side]);
        if (each > 0) speeds[side].push(speed);
      }
    figures['replayed events/s lua'] = round(median(speeds.lua));
    figures['replayed events/s typescript'] = round(median(speeds.typescript));
    figures['replay ratio'] = round(median(speeds.lua) / median(speeds.typescript));
    return result('workflows', figures, {
      'noActivity ratio': '>= 0.9',
      'oneActivity ratio': '>= 0.9',
      'noActivity CPU ratio': '<= 1.2',
      'oneActivity CPU ratio': '<= 1.2',
    });
  } finally {
    lua.process.kill('SIGTERM');
    peer.process.kill('SIGTERM');
    await Promise.all([lua, peer].map((side) => new Promise((ended) => side.process.once('exit', ended))));
    await connection.close();
  }
}
