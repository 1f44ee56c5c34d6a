// The embedded Temporal server of an app: started under its state folder, or joined when another node runs it. Host only.
// D1: one server for one state folder: who starts holds `temporal.lock` until `temporal.json` says where the server is.
// D2: the starter owns the server: it stops it when it stops. Who joins only connects.
// D3: a server whose starter was killed is found by the state file and adopted by the next node, which owns it from then on.
// D4: a state file counts only while its process is alive, runs on our database file and answers.
// D5: the server has a process group of its own, so that Ctrl-C reaches the node, which drains before the server goes.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { isAlive, isServerOf, processExit, signal } from './dev-server-process.js';
import { DevServerError } from './errors.js';

export interface DevServerOptions {
  /** The app's state folder (`.moontide`), made if it is missing. */
  readonly stateFolder: string;
  /** Path of the Temporal CLI; asked only when a server has to be started. */
  readonly binary: () => Promise<string>;
  /** Default true: the UI is served. */
  readonly ui?: boolean;
  /** Ports to take when they are free. Default 7233 and 8233; 0: any. */
  readonly port?: number;
  readonly uiPort?: number;
  /** How long closed runs are kept. Days; default 30. */
  readonly retentionDays?: number;
  /** How long the server may take to answer. Milliseconds; default 30 000. */
  readonly startTimeoutMs?: number;
  /** The server outlives this process: whoever asks for that ends it with stopDevServer. Default false. */
  readonly keepRunning?: boolean;
}

export interface DevServer extends AsyncDisposable {
  readonly address: string;
  /** Where the UI is, e.g. `http://127.0.0.1:8233`. */
  readonly ui: string | undefined;
  readonly pid: number;
  /** `started` and `adopted` servers are ours to stop; `joined` ones are not. */
  readonly role: 'started' | 'adopted' | 'joined';
  /** Stops the server when it is ours. */
  stop(): Promise<void>;
}

interface State {
  readonly pid: number;
  /** The node that owns the server; NOBODY for one that is kept running. */
  readonly owner: number;
  readonly address: string;
  readonly ui: string | undefined;
  readonly started: string;
}

const HOST = '127.0.0.1';
const NOBODY = 0;
const DATABASE = 'temporal.db';
const POLL_MS = 50;
/** A lock older than this belongs to a process that hangs or whose id was taken by another. */
const LOCK_STALE_MS = 60_000;
const STOP_GRACE_MS = 5000;
const START_TRIES = 3;

/** Settings of the server beside its ports: timers of 10 ms resolution, and time skipping for tests. */
const DYNAMIC_CONFIG = [
  'history.timerProcessorMaxTimeShift="10ms"',
  'frontend.WorkflowTimeSkippingEnabled=true',
];

export async function startOrJoinDevServer(options: DevServerOptions): Promise<DevServer> {
  const folder = resolve(options.stateFolder);
  await mkdir(folder, { recursive: true });
  const deadline = Date.now() + (options.startTimeoutMs ?? 30_000);
  for (;;) {
    const found = await findRunning(folder, false);
    if (found !== undefined) return found;
    const unlock = await tryLock(join(folder, 'temporal.lock'));
    if (unlock !== undefined) {
      try {
        // Between our look and the lock another node may have finished its start.
        return (await findRunning(folder, true)) ?? (await start(folder, options));
      } finally {
        await unlock();
      }
    }
    if (Date.now() > deadline)
      throw new DevServerError(
        `another process is starting Temporal in '${folder}' and does not finish; remove temporal.lock if there is none`,
      );
    await sleep(POLL_MS);
  }
}

const statePath = (folder: string): string => join(folder, 'temporal.json');

async function readState(folder: string): Promise<State | undefined> {
  let text: string;
  try {
    text = await readFile(statePath(folder), 'utf8');
  } catch {
    return undefined; // no file: nobody runs a server here
  }
  try {
    const state = JSON.parse(text) as Partial<State>;
    if (typeof state.pid !== 'number' || typeof state.owner !== 'number') return undefined;
    if (typeof state.address !== 'string') return undefined;
    return { ...state, started: state.started ?? '', ui: state.ui } as State;
  } catch {
    return undefined; // half a file of a process that died while writing: as good as none
  }
}

async function writeState(folder: string, state: State): Promise<void> {
  const partial = `${statePath(folder)}.${process.pid}`;
  await writeFile(partial, `${JSON.stringify(state, undefined, 2)}\n`);
  await rename(partial, statePath(folder));
}

/** Folders whose server this process owns. */
const owned = new Set<string>();

/** The running server of this folder (D4). `locked`: we may adopt it, and clean up after one that is gone. */
async function findRunning(folder: string, locked: boolean): Promise<DevServer | undefined> {
  const state = await readState(folder);
  if (state === undefined) return undefined;
  const ours = isAlive(state.pid) && (await isServerOf(state.pid, join(folder, DATABASE)));
  if (ours && (await answers(state.address))) {
    const kept = state.owner === NOBODY;
    const another = state.owner === process.pid ? owned.has(folder) : isAlive(state.owner);
    if (kept || another) return server(folder, state, 'joined');
    if (!locked) return undefined;
    const adopted = { ...state, owner: process.pid };
    await writeState(folder, adopted);
    return server(folder, adopted, 'adopted'); // D3
  }
  if (!locked) return undefined;
  // A server that is ours but does not answer would keep the database locked.
  if (ours) await kill(state.pid);
  await rm(statePath(folder), { force: true });
  return undefined;
}

/** Undefined when another living process holds the lock. */
async function tryLock(path: string): Promise<(() => Promise<void>) | undefined> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(String(process.pid));
    await file.close();
    return () => rm(path, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new DevServerError(`cannot write '${path}': ${(error as Error).message}`, { cause: error });
  }
  const holder = Number(await readFile(path, 'utf8').catch(() => '')); // it may have gone meanwhile
  const fresh = await isFresh(path);
  if (fresh && (holder === 0 || Number.isNaN(holder) || isAlive(holder))) return undefined;
  await rm(path, { force: true });
  return undefined;
}

async function isFresh(path: string): Promise<boolean> {
  try {
    const file = await open(path);
    try {
      return Date.now() - (await file.stat()).mtimeMs < LOCK_STALE_MS;
    } finally {
      await file.close();
    }
  } catch {
    return false; // gone
  }
}

async function start(folder: string, options: DevServerOptions): Promise<DevServer> {
  const binary = await options.binary();
  for (let attempt = 1; ; attempt++) {
    // A port that was free may be taken by the time the server binds it.
    const first = attempt === 1;
    const port = await freePort(first ? (options.port ?? 7233) : 0);
    const uiPort =
      options.ui === false ? undefined : await freePort(first ? (options.uiPort ?? 8233) : 0, port);
    const logPath = join(folder, 'temporal.log');
    const child = spawnServer(binary, folder, logPath, port, uiPort);
    const address = `${HOST}:${port}`;
    const failure = await waitUntilReady(child, address, options.startTimeoutMs ?? 30_000);
    if (failure === undefined && child.pid !== undefined) {
      const ui = uiPort === undefined ? undefined : `http://${HOST}:${uiPort}`;
      const owner = options.keepRunning === true ? NOBODY : process.pid;
      const state = { pid: child.pid, owner, address, ui, started: new Date().toISOString() };
      await raiseRetention(address, options.retentionDays ?? 30);
      await writeState(folder, state);
      return server(folder, state, owner === NOBODY ? 'joined' : 'started');
    }
    if (child.pid !== undefined) await kill(child.pid);
    const log = (await readFile(logPath, 'utf8').catch(() => '')).trim().split('\n').slice(-3).join('\n'); // no log: nothing to quote
    if (attempt === START_TRIES || !/address already in use|bind/i.test(log))
      throw new DevServerError(
        `Temporal did not start: ${failure ?? 'no process'}; see '${logPath}'${log === '' ? '' : `:\n${log}`}`,
      );
  }
}

function spawnServer(
  binary: string,
  folder: string,
  logPath: string,
  port: number,
  uiPort: number | undefined,
): ChildProcess {
  const log = openSync(logPath, 'w');
  try {
    const child = spawn(
      binary,
      [
        ...['server', 'start-dev', '--ip', HOST, '--port', String(port)],
        ...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort)]),
        ...['--db-filename', join(folder, DATABASE), '--log-level', 'error', '--namespace', 'default'],
        ...DYNAMIC_CONFIG.flatMap((setting) => ['--dynamic-config-value', setting]),
      ],
      { detached: true, stdio: ['ignore', log, log] }, // D5
    );
    child.unref();
    child.on('error', () => undefined); // told by waitUntilReady through the missing pid
    return child;
  } finally {
    closeSync(log);
  }
}

/** Undefined once the server answers; else why it does not. */
async function waitUntilReady(
  child: ChildProcess,
  address: string,
  timeoutMs: number,
): Promise<string | undefined> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    if (child.pid === undefined) return 'the binary cannot be run';
    if (child.exitCode !== null) return `it exited with code ${child.exitCode}`;
    if (child.signalCode !== null) return `it was ended by ${child.signalCode}`;
    if ((await isOpen(address)) && (await answers(address))) return undefined;
    await sleep(POLL_MS);
  }
  return `no answer within ${timeoutMs} ms`;
}

/** Whether anything listens there: cheaper than a gRPC connection, which waits a second between its tries. */
function isOpen(address: string): Promise<boolean> {
  return new Promise((resolveOpen) => {
    const port = Number(address.slice(address.lastIndexOf(':') + 1));
    const socket = connect(port, HOST, () => {
      socket.destroy();
      resolveOpen(true);
    });
    socket.once('error', () => resolveOpen(false));
  });
}

/** Whether a server answers there and its default namespace is there. */
async function answers(address: string): Promise<boolean> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: 2000, interceptors: [] });
    try {
      await connection.withDeadline(Date.now() + 2000, () =>
        connection.workflowService.describeNamespace({ namespace: 'default' }),
      );
      return true;
    } finally {
      await connection.close();
    }
  } catch {
    return false; // not yet, or not any more: the caller decides what that means
  }
}

async function raiseRetention(address: string, days: number): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.updateNamespace({
      namespace: 'default',
      config: { workflowExecutionRetentionTtl: msToTs(days * 86_400_000) },
    });
  } finally {
    await connection.close();
  }
}

async function freePort(preferred: number, not?: number): Promise<number> {
  for (const port of preferred === 0 ? [0, 0] : [preferred, 0, 0]) {
    const taken = await listenOnce(port);
    if (taken !== undefined && taken !== not) return taken;
  }
  throw new DevServerError('there is no free port on this machine');
}

function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolvePort) => {
    const probe = createServer();
    probe.unref();
    probe.once('error', () => resolvePort(undefined));
    probe.listen(port, HOST, () => {
      const address = probe.address();
      const taken = typeof address === 'object' && address !== null ? address.port : undefined;
      probe.close(() => resolvePort(taken));
    });
  });
}

async function kill(pid: number): Promise<void> {
  signal(pid, 'SIGTERM');
  if (await processExit(pid, STOP_GRACE_MS)) return;
  signal(pid, 'SIGKILL');
  await processExit(pid, STOP_GRACE_MS);
}

/** Ends a server that was started with `keepRunning`, if it still runs. */
export async function stopDevServer(stateFolder: string): Promise<void> {
  const folder = resolve(stateFolder);
  const state = await readState(folder);
  if (state === undefined) return;
  if (isAlive(state.pid) && (await isServerOf(state.pid, join(folder, DATABASE)))) await kill(state.pid);
  await rm(statePath(folder), { force: true });
}

function server(folder: string, state: State, role: DevServer['role']): DevServer {
  const killAtExit = (): void => {
    // The process ends without `stop` (process.exit in other code): the server must not outlive it.
    signal(state.pid, 'SIGTERM');
  };
  if (role !== 'joined') {
    process.once('exit', killAtExit);
    owned.add(folder);
  }
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    if (role === 'joined') return;
    process.off('exit', killAtExit);
    owned.delete(folder);
    await kill(state.pid);
    await rm(statePath(folder), { force: true });
  };
  const once = (): Promise<void> => (stopping ??= stop());
  return {
    address: state.address,
    ui: state.ui,
    pid: state.pid,
    role,
    stop: once,
    [Symbol.asyncDispose]: once,
  };
}
