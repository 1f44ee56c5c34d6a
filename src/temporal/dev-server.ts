// The embedded Temporal server of an app, under its state folder: started by its first user, ended by its last. Host only.
// D1: starting, joining, reviving and ending happen under `temporal-start.lock`; every user holds `temporal-users.lock` in
//     common. Both are the operating system's: a process that is killed lets go of them, and no process id decides anything.
// D2: who leaves looks, under the first lock, whether the second is free: then it was the last user and ends the server.
// D3: a server whose users were all killed is found by the next one, who adopts it, or ends it when it does not answer.
// D4: before one is started, every process that still has the database file is ended: never two servers on one file.
// D5: a server that is gone while it has users is started again by one of them, on the same file and, if they are free, the
//     same ports; the others follow `temporal.json`.
// D6: a server that others use is never ended for being slow.
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryLock } from '../core/process-lock-host.js';
import type { Release } from '../core/process-lock-host.js';
import { NotReadyError, isOpen, launchServer, makeReady, portOf } from './dev-server-launch.js';
import { endProcesses, isServerOf, processMark, serversOf, signal } from './dev-server-process.js';
import { readServerState, removeServerState, writeServerState } from './dev-server-state.js';
import type { ServerState } from './dev-server-state.js';
import { DevServerError } from './errors.js';
import { DEFAULT_PORT } from './loopback.js';

export interface JoinOptions {
  /** The app's state folder (`.moontide`), made if it is missing. */
  readonly stateFolder: string;
  /** How long the server may take to answer. Milliseconds; default 30 000. */
  readonly startTimeoutMs?: number;
  /** How long closed runs are kept. Days; default 30. */
  readonly retentionDays?: number;
  /** Ends a start that is under way. */
  readonly signal?: AbortSignal;
  /** Told when the server went and when one runs again. */
  readonly changed?: (change: ServerChange) => void;
}

export interface DevServerOptions extends JoinOptions {
  /** Path of the Temporal CLI; asked only when a server has to be started. */
  readonly binary: () => Promise<string>;
  /** Default true: the UI is served. */
  readonly ui?: boolean;
  /** Ports to take when they are free. Default 7233 and 8233; 0: any. */
  readonly port?: number;
  readonly uiPort?: number;
  /** The server outlives its users: whoever asks for that ends it with stopDevServer. Default false. */
  readonly keepRunning?: boolean;
}

export type ServerChange =
  | { readonly what: 'gone'; readonly address: string }
  /** `by`: whether this process started it again or another one did; `moved`: it has another address than before. */
  | {
      readonly what: 'back';
      readonly address: string;
      readonly by: 'us' | 'another';
      readonly moved: boolean;
    }
  /** It could not be started again; that is tried for as long as there are users. */
  | { readonly what: 'failed'; readonly error: unknown };

export interface DevServer extends AsyncDisposable {
  readonly address: string;
  /** Where the UI is, e.g. `http://127.0.0.1:8233`. */
  readonly ui: string | undefined;
  readonly pid: number;
  /** `joined`: others use it too; `adopted`: it was there, but nobody used it. */
  readonly role: 'started' | 'adopted' | 'joined';
  /** Leaves the server; the last one to leave ends it. */
  stop(): Promise<void>;
}

const DATABASE = 'temporal.db';
const POLL_MS = 50;
const START_TIMEOUT_MS = 30_000;
/** An orphan that does not answer for so long is ended. Milliseconds. */
const ORPHAN_TIMEOUT_MS = 10_000;
/** How often a user looks whether the server lives. Milliseconds. */
const WATCH_MS = 250;
/** How long leaving waits for others that start or leave. Milliseconds. */
const LEAVE_TIMEOUT_MS = 20_000;
const LEAVE_AT_EXIT_MS = 500;
const RETRY_MS = 1000;
const LONGEST_RETRY_MS = 10_000;
const DEFAULT_UI_PORT = 8233;

/** Starts the folder's server or joins the one that runs. */
export async function startOrJoinDevServer(options: DevServerOptions): Promise<DevServer> {
  const user = new ServerUser(options, options);
  await user.enter();
  return user;
}

/** Joins the folder's server, also one that is just being started; undefined when there is none. Never starts one. */
export async function joinDevServer(options: JoinOptions): Promise<DevServer | undefined> {
  // Where no server ever was, nothing is made.
  if (!existsSync(startLock(options.stateFolder))) return undefined;
  const user = new ServerUser(options, undefined);
  return (await user.enter()) ? user : undefined;
}

/** Ends a server that was started with `keepRunning`, if it still runs. */
export async function stopDevServer(stateFolder: string): Promise<void> {
  const folder = openFolder(stateFolder);
  const unlock = await lockStart(folder, Date.now() + LEAVE_TIMEOUT_MS);
  try {
    await endServers(folder);
  } finally {
    unlock();
  }
}

function openFolder(path: string): string {
  mkdirSync(path, { recursive: true });
  return realpathSync(resolve(path)); // the one name that every process gives to the database
}

const startLock = (folder: string): string => join(folder, 'temporal-start.lock');
const usersLock = (folder: string): string => join(folder, 'temporal-users.lock');

async function lockStart(folder: string, deadline: number, signal?: AbortSignal): Promise<Release> {
  for (;;) {
    signal?.throwIfAborted();
    const release = tryLock(startLock(folder), 'exclusive');
    if (release !== undefined) return release;
    if (Date.now() > deadline)
      throw new DevServerError(
        `another process has been starting or ending Temporal in '${folder}' for too long; look for a hanging moontide`,
      );
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** Whether nobody uses the server. Under the start lock, which new users need, the answer stays true. */
function isUnused(folder: string): boolean {
  const release = tryLock(usersLock(folder), 'exclusive');
  release?.();
  return release !== undefined;
}

/** D4. Under the start lock. */
async function endServers(folder: string): Promise<void> {
  const database = join(folder, DATABASE);
  const state = readServerState(folder);
  if (state !== undefined && state.state !== 'stopping')
    writeServerState(folder, { ...state, state: 'stopping' });
  const recorded = state !== undefined && (await isServerOf(state.pid, database)) ? [state.pid] : [];
  await endProcesses([...new Set([...recorded, ...(await serversOf(database))])]);
  removeServerState(folder);
}

/** One user's part in the server: its lock, its watch, and its leaving. */
class ServerUser implements DevServer {
  readonly #folder: string;
  readonly #database: string;
  readonly #options: JoinOptions;
  /** Undefined: this user never starts a server. */
  readonly #starting: DevServerOptions | undefined;
  readonly #ending = new AbortController();
  #state: ServerState | undefined;
  #mark: string | undefined;
  #role: DevServer['role'] = 'joined';
  #hold: Release | undefined;
  #watch: NodeJS.Timeout | undefined;
  #reviving: Promise<void> | undefined;
  #leaving: Promise<void> | undefined;
  /** The start lock, while this user leaves. */
  #leavingLock: Release | undefined;

  constructor(options: JoinOptions, starting: DevServerOptions | undefined) {
    this.#folder = openFolder(options.stateFolder);
    this.#database = join(this.#folder, DATABASE);
    this.#options = options;
    this.#starting = starting;
  }

  get address(): string {
    return this.#known().address;
  }
  get ui(): string | undefined {
    return this.#known().ui;
  }
  get pid(): number {
    return this.#known().pid;
  }
  get role(): DevServer['role'] {
    return this.#role;
  }

  #known(): ServerState {
    if (this.#state === undefined) throw new DevServerError('the embedded Temporal was not joined');
    return this.#state;
  }

  /** False: there is no server, and this user starts none. */
  async enter(): Promise<boolean> {
    const asked = this.#options.signal;
    const abort = (): void => this.#ending.abort(asked?.reason);
    asked?.addEventListener('abort', abort, { once: true });
    if (asked?.aborted === true) abort();
    process.on('exit', this.#leaveAtExit);
    try {
      const deadline = Date.now() + this.#timeoutMs;
      for (;;) {
        const entered = await this.#tryEnter(deadline);
        if (entered !== 'later') {
          if (!entered) process.off('exit', this.#leaveAtExit);
          else this.#watch = setInterval(this.#look, WATCH_MS).unref();
          return entered;
        }
        if (Date.now() > deadline) return false;
        await sleep(POLL_MS, undefined, { signal: this.#ending.signal });
      }
    } catch (error) {
      process.off('exit', this.#leaveAtExit);
      throw error;
    } finally {
      asked?.removeEventListener('abort', abort);
    }
  }

  /** 'later': others use a server that is not there at the moment, and will be. */
  async #tryEnter(deadline: number): Promise<boolean | 'later'> {
    const folder = this.#folder;
    const unlock = await lockStart(folder, deadline + LEAVE_TIMEOUT_MS, this.#ending.signal);
    try {
      const unused = isUnused(folder);
      const found = await this.#findRunning(unused);
      if (found !== undefined) {
        this.#role = unused ? 'adopted' : 'joined';
        this.#take(found);
        return true;
      }
      if (this.#starting === undefined) return unused ? false : 'later';
      const state = await this.#start(this.#starting);
      this.#role = 'started';
      this.#take(state);
      return true;
    } finally {
      unlock();
    }
  }

  get #timeoutMs(): number {
    return this.#options.startTimeoutMs ?? START_TIMEOUT_MS;
  }

  /** The server that runs, made ready if it is still starting. Under the start lock. */
  async #findRunning(unused: boolean): Promise<ServerState | undefined> {
    const state = readServerState(this.#folder);
    if (state === undefined || state.state === 'stopping') return undefined;
    if (!(await isServerOf(state.pid, this.#database))) return undefined;
    // One in use was seen to answer; a connection tells more than we could find out here.
    if (!unused && state.state === 'ready' && (await isOpen(state.address))) return state;
    const { retentionDays = 30 } = this.#options;
    const timeoutMs = unused && state.state === 'ready' ? ORPHAN_TIMEOUT_MS : this.#timeoutMs;
    try {
      return await makeReady(this.#folder, state, { retentionDays, timeoutMs, signal: this.#ending.signal });
    } catch (error) {
      if (!(error instanceof NotReadyError)) throw error;
      if (unused || processMark(state.pid) === undefined) return undefined; // D3
      throw new DevServerError(
        `the embedded Temporal of '${this.#folder}' does not answer at ${state.address}: ${error.message}; end process ${state.pid} to have it started again`,
      ); // D6
    }
  }

  async #start(options: DevServerOptions): Promise<ServerState> {
    const binary = await options.binary();
    await endServers(this.#folder);
    const before = this.#state;
    const uiBefore = before?.ui === undefined ? undefined : Number(new URL(before.ui).port);
    const withUi = options.ui !== false;
    return launchServer({
      folder: this.#folder,
      database: this.#database,
      binary,
      port: before === undefined ? (options.port ?? DEFAULT_PORT) : portOf(before.address),
      uiPort: withUi ? (uiBefore ?? options.uiPort ?? DEFAULT_UI_PORT) : undefined,
      kept: options.keepRunning ?? false,
      retentionDays: options.retentionDays ?? 30,
      timeoutMs: this.#timeoutMs,
      signal: this.#ending.signal,
      // Until there is a user's lock, only the exit handler knows of it.
      spawned: ({ pid }) => (this.#spawned = pid),
    });
  }
  #spawned: number | undefined;

  /** Becomes a user of that server. Under the start lock, so that only somebody's last look can be in the way. */
  #take(state: ServerState): void {
    this.#hold?.();
    this.#hold = tryLock(usersLock(this.#folder), 'shared');
    if (this.#hold === undefined)
      throw new DevServerError(`cannot become a user of the embedded Temporal in '${this.#folder}'`);
    this.#state = state;
    this.#mark = processMark(state.pid);
    this.#spawned = undefined;
  }

  // --- the watch (D5) ---

  readonly #look = (): void => {
    const { pid } = this.#known();
    if (this.#reviving !== undefined || this.#ending.signal.aborted) return;
    if (this.#mark !== undefined && processMark(pid) === this.#mark) return;
    this.#reviving = this.#revive()
      .catch((error: unknown) => {
        if (!this.#ending.signal.aborted) this.#tell({ what: 'failed', error });
      })
      .finally(() => {
        this.#reviving = undefined;
      });
  };

  async #revive(): Promise<void> {
    const { signal } = this.#ending;
    const before = this.#known();
    this.#tell({ what: 'gone', address: before.address });
    for (let delayMs = RETRY_MS; ; delayMs = Math.min(LONGEST_RETRY_MS, delayMs * 2)) {
      try {
        const by = await this.#tryRevive(before);
        if (by !== undefined) {
          const { address } = this.#known();
          this.#tell({ what: 'back', address, by, moved: address !== before.address });
          return;
        }
        delayMs = POLL_MS;
      } catch (error) {
        if (signal.aborted) return;
        this.#tell({ what: 'failed', error });
      }
      await sleep(delayMs, undefined, { signal });
    }
  }

  /** Undefined: no server yet, and this user starts none. */
  async #tryRevive(before: ServerState): Promise<'us' | 'another' | undefined> {
    const folder = openFolder(this.#folder); // somebody may have removed it
    const unlock = await lockStart(folder, Date.now() + this.#timeoutMs, this.#ending.signal);
    try {
      const found = await this.#findRunning(false);
      if (found !== undefined && found.pid !== before.pid) {
        this.#take(found);
        return 'another';
      }
      if (this.#starting === undefined) return undefined;
      this.#take(await this.#start({ ...this.#starting, keepRunning: before.kept }));
      return 'us';
    } finally {
      unlock();
    }
  }

  #tell(change: ServerChange): void {
    this.#options.changed?.(change);
  }

  // --- leaving (D2) ---

  stop(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #leave(): Promise<void> {
    clearInterval(this.#watch);
    this.#ending.abort();
    await this.#reviving;
    try {
      if (!existsSync(this.#folder)) return await this.#endOrphan();
      this.#leavingLock = await lockStart(this.#folder, Date.now() + LEAVE_TIMEOUT_MS);
      this.#hold?.();
      if (this.#mayEnd()) await endServers(this.#folder);
    } finally {
      this.#hold?.();
      this.#leavingLock?.();
      process.off('exit', this.#leaveAtExit);
    }
  }

  /** The folder was removed, and with it the locks that would tell of other users: who started the server ends it. */
  async #endOrphan(): Promise<void> {
    const { pid } = this.#known();
    if (this.#role !== 'joined' && processMark(pid) === this.#mark) await endProcesses([pid]);
  }

  /** Whether the server is nobody's any more. Under the start lock, and without our own hold. */
  #mayEnd(): boolean {
    return readServerState(this.#folder)?.kept !== true && isUnused(this.#folder);
  }

  /** The process ends without `stop`, or in the middle of it (process.exit in other code, a second signal): the server must not outlive its last user. */
  readonly #leaveAtExit = (): void => {
    if (this.#spawned !== undefined) signal(this.#spawned, 'SIGTERM'); // nobody else knows of it: we hold the start lock
    if (this.#hold === undefined) return;
    this.#hold();
    const deadline = Date.now() + LEAVE_AT_EXIT_MS;
    let unlock = this.#leavingLock ?? tryLock(startLock(this.#folder), 'exclusive');
    while (unlock === undefined && Date.now() < deadline) {
      pause(POLL_MS);
      unlock = tryLock(startLock(this.#folder), 'exclusive');
    }
    if (unlock === undefined) return; // who holds it is a user, or the next start cleans up
    const state = readServerState(this.#folder);
    if (state !== undefined && this.#mayEnd()) {
      writeServerState(this.#folder, { ...state, state: 'stopping' });
      if (processMark(state.pid) === this.#mark) signal(state.pid, 'SIGTERM');
    }
    unlock();
  };
}

const pause = (milliseconds: number): void =>
  void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
