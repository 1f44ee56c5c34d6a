// Starts a Temporal dev server on a database file and waits until it answers. Host only.
// L1: nobody else starts one on the same file meanwhile: the caller holds the folder's lock and has looked for others.
// L2: the server has a process group of its own, so that Ctrl-C reaches the node, which drains before the server goes.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, renameSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { endProcesses, isAlive, listensOn } from './dev-server-process.js';
import { removeServerState, writeServerState } from './dev-server-state.js';
import type { ServerState } from './dev-server-state.js';
import { DevServerError } from './errors.js';
import { channelArgs } from './loopback.js';
import { prepareSdk } from './sdk-code.js';

export const HOST = '127.0.0.1';

export interface LaunchOptions {
  readonly folder: string;
  readonly database: string;
  readonly binary: string;
  /** Wanted ports; 0 is any. */
  readonly port: number;
  /** Undefined: no UI. */
  readonly uiPort: number | undefined;
  readonly kept: boolean;
  readonly retentionDays: number;
  /** How long it may take to answer. Milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Told of each process that was spawned, at once. */
  readonly spawned: (state: ServerState) => void;
}

const POLL_MS = 25;
const START_TRIES = 3;
const LOG_LINES = 3;

/** Settings of the server beside its ports: timers of 10 ms resolution, and time skipping for tests. */
const DYNAMIC_CONFIG = [
  'history.timerProcessorMaxTimeShift="10ms"',
  'frontend.WorkflowTimeSkippingEnabled=true',
];

/** The state that it returns is written, and so is each one on the way there. */
export async function launchServer(options: LaunchOptions): Promise<ServerState> {
  const { folder, kept, signal, spawned } = options;
  const log = join(folder, 'temporal.log');
  for (let attempt = 1; ; attempt++) {
    // A port that was free may be taken by the time the server binds it.
    const first = attempt === 1;
    const port = await freePort(first ? options.port : 0);
    const uiPort =
      options.uiPort === undefined ? undefined : await freePort(first ? options.uiPort : 0, port);
    signal.throwIfAborted();
    const child = spawnServer(options, log, port, uiPort);
    let failure = 'the binary cannot be run';
    if (child.pid !== undefined) {
      const starting: ServerState = {
        pid: child.pid,
        state: 'starting',
        address: `${HOST}:${port}`,
        ui: uiPort === undefined ? undefined : `http://${HOST}:${uiPort}`,
        kept,
        started: new Date().toISOString(),
      };
      // In the same turn as the spawn: only a kill between two instructions could leave a server nobody knows of.
      writeServerState(folder, starting);
      spawned(starting);
      try {
        return await makeReady(folder, starting, options, () => endOf(child));
      } catch (error) {
        await endProcesses([child.pid]);
        removeServerState(folder);
        if (!(error instanceof NotReadyError)) throw error;
        failure = error.message;
      }
    }
    const logged = await readFile(log, 'utf8').catch(() => ''); // no log: nothing to quote
    const said = logged.trim().split('\n').slice(-LOG_LINES).join('\n');
    // A server that does not get its port says so, and then fails with a long trace of its own.
    if (attempt === START_TRIES || !/address already in use|bind/i.test(logged))
      throw new DevServerError(
        `Temporal did not start: ${failure}; see '${log}'${said === '' ? '' : `:\n${said}`}`,
      );
  }
}

/** Why a server is not ready. Never leaves the dev server's files. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
}

/** Waits until a server that was spawned, by whomever, answers, and writes so. Throws NotReadyError. */
export async function makeReady(
  folder: string,
  state: ServerState,
  options: Pick<LaunchOptions, 'retentionDays' | 'timeoutMs' | 'signal'>,
  ended: () => string | undefined = () => (isAlive(state.pid) ? undefined : 'its process has ended'),
): Promise<ServerState> {
  const { timeoutMs, retentionDays, signal } = options;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const end = ended();
    if (end !== undefined) throw new NotReadyError(end);
    // Of two servers that are started at once one gets the port; what answers there may be the other.
    if (
      (await isOpen(state.address)) &&
      (await listensOn(state.pid, portOf(state.address))) !== false &&
      (await answers(state.address, retentionDays))
    )
      break;
    if (Date.now() > deadline) throw new NotReadyError(`no answer within ${timeoutMs} ms`);
    await sleep(POLL_MS, undefined, { signal });
  }
  const ready: ServerState = { ...state, state: 'ready' };
  writeServerState(folder, ready);
  return ready;
}

function endOf({ exitCode, signalCode }: ChildProcess): string | undefined {
  if (exitCode !== null) return `it exited with code ${exitCode}`;
  return signalCode === null ? undefined : `it was ended by ${signalCode}`;
}

function spawnServer(
  { database, binary }: LaunchOptions,
  logPath: string,
  port: number,
  uiPort: number | undefined,
): ChildProcess {
  // What the one before said last may be why it is gone.
  if ((statSync(logPath, { throwIfNoEntry: false })?.size ?? 0) > 0) renameSync(logPath, `${logPath}.1`);
  const log = openSync(logPath, 'w');
  try {
    const child = spawn(
      binary,
      [
        ...['server', 'start-dev', '--ip', HOST, '--port', String(port)],
        ...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort)]),
        ...['--db-filename', database, '--log-level', 'error', '--namespace', 'default'],
        ...DYNAMIC_CONFIG.flatMap((setting) => ['--dynamic-config-value', setting]),
      ],
      { detached: true, stdio: ['ignore', log, log] }, // L2
    );
    child.unref();
    child.on('error', () => undefined); // told by the missing pid
    return child;
  } finally {
    closeSync(log);
  }
}

export const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1));

/** Whether anything listens there: cheaper than a gRPC connection, which waits a second between its tries. */
export function isOpen(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(portOf(address), HOST, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

const ANSWER_MS = 2000;

/** Whether a server answers there and its default namespace is there, which then keeps closed runs as long as wanted. */
async function answers(address: string, retentionDays: number): Promise<boolean> {
  try {
    prepareSdk();
    const connection = await Connection.connect({
      address,
      channelArgs: channelArgs(address),
      connectTimeout: ANSWER_MS,
      interceptors: [],
    });
    try {
      await connection.withDeadline(Date.now() + ANSWER_MS, () => keepClosedRuns(connection, retentionDays));
      return true;
    } finally {
      await connection.close();
    }
  } catch {
    return false; // not yet, or not any more: the caller decides what that means
  }
}

const DAY_S = 86_400;

async function keepClosedRuns({ workflowService }: Connection, days: number): Promise<void> {
  const { config } = await workflowService.describeNamespace({ namespace: 'default' });
  if (config?.workflowExecutionRetentionTtl?.seconds?.toNumber() === days * DAY_S) return;
  await workflowService.updateNamespace({
    namespace: 'default',
    config: { workflowExecutionRetentionTtl: msToTs(days * DAY_S * 1000) },
  });
}

async function freePort(preferred: number, not?: number): Promise<number> {
  for (const port of preferred === 0 ? [0, 0] : [preferred, 0, 0]) {
    const taken = await listenOnce(port);
    if (taken !== undefined && taken !== not) return taken;
  }
  throw new DevServerError('there is no free port on this machine');
}

function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.unref();
    probe.once('error', () => resolve(undefined));
    probe.listen(port, HOST, () => {
      const address = probe.address();
      const taken = typeof address === 'object' && address !== null ? address.port : undefined;
      probe.close(() => resolve(taken));
    });
  });
}
