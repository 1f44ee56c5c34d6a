// What the benchmarks of workflows share: a server, a Lua node and a TypeScript worker beside each other, and replays of what ran there.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { ReplayWorkerOptions } from '@temporalio/worker';
import { findTemporalBinary } from '../../src/temporal/binary.js';
import { readWorkflowBundle } from '../../src/temporal/bundle.js';
import { workerDataConverter } from '../../src/temporal/data-converter.js';
import { UntimedWorker } from '../../src/temporal/worker.js';
import { startOrJoinDevServer } from '../../src/temporal/dev-server.js';
import { median } from '../machine.js';
import { artifactsOf } from './artifacts.js';
import { LUA_QUEUE, luaApp } from './lua-app.js';

const PEER_QUEUE = 'bench-typescript';
const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../../..');

export const order = {
  id: 'o-1',
  lines: [
    { sku: 'mug', quantity: 2, price: 1250 },
    { sku: 'lamp', quantity: 1, price: 4900 },
    { sku: 'moon', quantity: 1, price: 99900 },
  ],
};

export interface Side {
  readonly name: 'lua' | 'typescript';
  readonly queue: string;
  readonly process: ChildProcess;
}

export const say = (text: string): void => void process.stderr.write(`${text}\n`);

export function option(args: readonly string[], name: string, fallback: number): number {
  const at = args.indexOf(`--${name}`);
  return at < 0 ? fallback : Number(args[at + 1]);
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

export interface Sides extends AsyncDisposable {
  readonly client: Client;
  readonly lua: Side;
  readonly peer: Side;
  readonly appFolder: string;
}

/** Both sides, polling. `nodeOptions` go to both processes, which have a channel for messages then. */
export async function startSides(nodeOptions: readonly string[] = []): Promise<Sides> {
  const endings: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of endings.splice(0).reverse()) await end();
  };
  try {
    return { ...(await start(nodeOptions, endings)), [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** `endings` gets what has to be ended, in the order in which it began. */
async function start(
  nodeOptions: readonly string[],
  endings: (() => unknown)[],
): Promise<Omit<Sides, typeof Symbol.asyncDispose>> {
  const folder = mkdtempSync(join(tmpdir(), 'moontide-bench-'));
  endings.push(() => rmSync(folder, { recursive: true, force: true }));
  const appFolder = join(folder, 'app');
  for (const [file, text] of Object.entries(luaApp)) {
    mkdirSync(dirname(join(appFolder, file)), { recursive: true });
    writeFileSync(join(appFolder, file), text);
  }
  Runtime.install({ logger: new DefaultLogger('WARN') });
  say('starting the Temporal dev server');
  const server = await startOrJoinDevServer({
    stateFolder: join(folder, 'server'),
    binary: async () => (await findTemporalBinary()).path,
    port: 0,
    uiPort: 0,
  });
  endings.push(() => server[Symbol.asyncDispose]());
  const connection = await Connection.connect({ address: server.address });
  endings.push(() => connection.close());
  const client = new Client({ connection });
  const spawned = (name: Side['name'], queue: string, file: string, words: readonly string[]): Side => {
    const child = spawn(process.execPath, [...nodeOptions, file, ...words], {
      stdio: ['ignore', 'ignore', 'inherit', ...(nodeOptions.length > 0 ? (['ipc'] as const) : [])],
    });
    endings.push(async () => {
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    });
    return { name, queue, process: child };
  };
  const node = ['run', '--app', appFolder, '--address', server.address, '--log-level', 'warn'];
  const lua = spawned('lua', LUA_QUEUE, join(root, 'bin/moontide.js'), node);
  const peer = spawned('typescript', PEER_QUEUE, join(here, 'peer-worker.js'), [server.address, PEER_QUEUE]);
  await Promise.all([polled(client, lua.queue), polled(client, peer.queue)]);
  return { client, lua, peer, appFolder };
}

type Histories = readonly { readonly workflowId: string; readonly history: { events?: unknown[] | null } }[];

interface Replayed {
  /** Milliseconds until the first history is replayed: of the worker, its thread and its bundle. */
  readonly startMs: number;
  /** Events a second of all other histories. */
  readonly speed: number;
}

async function replayed(
  worker: Pick<typeof Worker, 'runReplayHistories'>,
  options: ReplayWorkerOptions,
  histories: Histories,
): Promise<Replayed> {
  const events = histories.slice(1).reduce((sum, { history }) => sum + (history.events?.length ?? 0), 0);
  const started = performance.now();
  let first: number | undefined;
  for await (const replay of worker.runReplayHistories(options, histories)) {
    if (replay.error !== undefined) throw replay.error;
    first ??= performance.now();
  }
  first ??= performance.now();
  return { startMs: first - started, speed: events / ((performance.now() - first) / 1000) };
}

/** How often each of the ten histories is replayed in a round. */
const REPEATED = 4;

/** Medians of replayed events a second, of histories of 30 activities each, and of what comes before the first of them. */
export async function replaySpeeds(
  { client, lua, peer, appFolder }: Sides,
  rounds: number,
): Promise<Readonly<Record<Side['name'], Replayed>>> {
  say('replaying histories of 30 activities');
  const histories: Record<Side['name'], { workflowId: string; history: { events?: unknown[] | null } }[]> = {
    lua: [],
    typescript: [],
  };
  for (const side of [lua, peer])
    for (let at = 0; at < 10; at++) {
      const workflowId = `replay-${side.name}-${at}`;
      await client.workflow.execute('manySteps', { workflowId, taskQueue: side.queue, args: [order] });
      const history = await client.workflow.getHandle(workflowId).fetchHistory();
      histories[side.name].push({ workflowId, history });
    }
  const options: Record<Side['name'], ReplayWorkerOptions> = {
    lua: {
      workflowBundle: await readWorkflowBundle(),
      dataConverter: workerDataConverter(artifactsOf(appFolder)),
      replayName: 'lua',
    },
    typescript: {
      workflowBundle: await bundleWorkflowCode({ workflowsPath: join(here, 'peer-workflows.js') }),
      replayName: 'typescript',
    },
  };
  // Each side as it is in use: Lua by the worker of `moontide replay`.
  const workers = { lua: UntimedWorker, typescript: Worker };
  const all: Record<Side['name'], Replayed[]> = { lua: [], typescript: [] };
  for (let each = 0; each <= rounds; each++)
    for (const name of each % 2 === 0 ? (['lua', 'typescript'] as const) : (['typescript', 'lua'] as const)) {
      const many = Array.from({ length: REPEATED }, (_, at) =>
        histories[name].map((one) => ({ ...one, workflowId: `${one.workflowId}-${at}` })),
      ).flat();
      const figures = await replayed(workers[name], options[name], many);
      if (each > 0) all[name].push(figures);
    }
  const medians = (of: readonly Replayed[]): Replayed => ({
    startMs: median(of.map(({ startMs }) => startMs)),
    speed: median(of.map(({ speed }) => speed)),
  });
  return { lua: medians(all.lua), typescript: medians(all.typescript) };
}
