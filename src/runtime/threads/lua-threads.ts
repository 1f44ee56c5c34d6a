// The Lua threads of one process host. Its processes keep their runners, names, bonds and handlers in the main thread.
// H1: starts wait in one queue. A thread is given as many as its own queue holds; one that has nothing to run gets half of what
//     another has not begun.
// H2: a process that has begun stays where it is. When its thread dies, it ends with an error; what had not begun begins elsewhere.
// H3: a thread that died is replaced, but for one that never came up: then its starts fail, and the next start tries anew.
import { Worker } from 'node:worker_threads';
import type { ErrorData } from '../../core/error-data.js';
import type { Artifact, LoadedProgram } from '../../lua/engine.js';
import { Claim, claim } from './protocol.js';
import type { FromThread, ThreadData, ToThread } from './protocol.js';
import { ThreadInstance } from './thread-instance.js';
import type { Listener, Owner, Told } from './thread-instance.js';
import { postAll, unpack } from './transfer.js';

export interface ThreadSettings {
  readonly host: string;
  readonly workers: number;
  /** Starts that one thread may have and not have begun. */
  readonly localQueue: number;
}

export interface ThreadSurroundings {
  /** What a thread runs; it calls runLuaThread. */
  readonly script: URL;
  /** What the script needs to know. */
  readonly data: unknown;
  /** What a thread loads a program from. */
  readonly artifactOf: (loaded: LoadedProgram) => Artifact;
  readonly print: (line: string) => void;
  readonly failed: (error: unknown) => void;
}

export class LuaThreads implements AsyncDisposable {
  readonly #settings: ThreadSettings;
  readonly #surroundings: ThreadSurroundings;
  readonly #threads = new Set<HostThread>();
  readonly #waiting = new Set<ThreadInstance>();
  #isStopping = false;
  #isRetired = false;

  constructor(settings: ThreadSettings, surroundings: ThreadSurroundings) {
    this.#settings = settings;
    this.#surroundings = surroundings;
  }

  /** A process of this host; it begins when a thread gets to it. */
  instance(loaded: LoadedProgram, owner: Owner): ThreadInstance {
    return new ThreadInstance({
      owner,
      loaded,
      artifactOf: this.#surroundings.artifactOf,
      ready: (instance) => {
        this.#waiting.add(instance);
        this.#feed();
      },
      closed: (instance) => {
        this.#waiting.delete(instance);
        for (const thread of this.#threads) thread.forget(instance);
        this.#endIfRetired();
      },
    });
  }

  /** Nothing more starts here: the threads end with their last process. */
  retire(): void {
    this.#isRetired = true;
    this.#endIfRetired();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    await this.#stopThreads();
  }

  async #stopThreads(): Promise<void> {
    const threads = [...this.#threads];
    this.#threads.clear();
    await Promise.all(threads.map((thread) => thread.stop()));
  }

  #endIfRetired(): void {
    if (!this.#isRetired || this.#waiting.size > 0) return;
    for (const thread of this.#threads) if (!thread.isEmpty) return;
    this.#stopThreads().catch(this.#surroundings.failed);
  }

  #feed(): void {
    while (!this.#isStopping && this.#threads.size < this.#settings.workers && this.#waiting.size > 0)
      this.#threads.add(new HostThread(this.#surroundings, this.#settings.localQueue, this.#events));
    for (const instance of this.#waiting) {
      const thread = this.#leastBusy();
      if (thread === undefined) return;
      this.#waiting.delete(instance);
      thread.take(instance);
    }
  }

  /** Of those that have room. */
  #leastBusy(): HostThread | undefined {
    let least: HostThread | undefined;
    for (const thread of this.#threads)
      if (thread.hasRoom && (least === undefined || thread.isLessBusyThan(least))) least = thread;
    return least;
  }

  readonly #events: ThreadEvents = {
    began: () => this.#feed(),
    ended: () => this.#endIfRetired(),
    quiet: (thread) => {
      if (this.#waiting.size > 0 || thread.unstarted > 0) return;
      let fullest: HostThread | undefined;
      for (const other of this.#threads) if (other.unstarted > (fullest?.unstarted ?? 0)) fullest = other;
      for (const instance of fullest?.giveHalf() ?? [])
        if (thread.hasRoom) thread.take(instance);
        else this.#waiting.add(instance);
    },
    died: (thread, reason) => {
      if (!this.#threads.delete(thread) || this.#isStopping) return;
      const error: ErrorData = {
        kind: 'Internal',
        message: `the thread of host '${this.#settings.host}' that ran it has died: ${reason}`,
        retryable: true,
      };
      const unstarted = thread.lose(error);
      if (thread.isUp) for (const instance of unstarted) this.#waiting.add(instance);
      else {
        for (const instance of unstarted) instance.lost(error); // H3
        if (this.#threads.size > 0) return;
        for (const instance of this.#waiting) instance.lost(error);
        this.#waiting.clear();
      }
      this.#feed();
      this.#endIfRetired();
    },
  };
}

interface ThreadEvents {
  /** A start has begun or was skipped: there is room. */
  began(): void;
  ended(): void;
  quiet(thread: HostThread): void;
  died(thread: HostThread, reason: string): void;
}

/** Programs that a thread knows at once; the next is the first anew. */
const MOST_PROGRAMS = 500;

class HostThread implements Listener {
  readonly #worker: Worker;
  readonly #surroundings: ThreadSurroundings;
  readonly #events: ThreadEvents;
  /** Of every start that it has not answered for, and the places that are free. */
  readonly #claims: Int32Array;
  readonly #free: number[];
  /** With the places of their claims, the oldest first. */
  readonly #unstarted = new Map<ThreadInstance, number>();
  readonly #begun = new Map<string, ThreadInstance>();
  #programs = new Map<Artifact, number>();
  #outgoing: ToThread[] = [];
  #reason = 'it ended';
  /** The place of the start that is about to be told. */
  #taking = 0;
  isUp = false;

  constructor(surroundings: ThreadSurroundings, localQueue: number, events: ThreadEvents) {
    const { script, data } = surroundings;
    this.#surroundings = surroundings;
    this.#events = events;
    const places = Math.max(1, localQueue);
    this.#claims = new Int32Array(new SharedArrayBuffer(places * Int32Array.BYTES_PER_ELEMENT));
    this.#free = Array.from(this.#claims.keys());
    const workerData: ThreadData = { claims: this.#claims, data };
    this.#worker = new Worker(script, { workerData, name: 'moontide-lua' });
    this.#worker.on('message', (said: readonly unknown[]) => {
      this.isUp = true;
      for (const one of said) this.#hear(unpack(one) as FromThread);
    });
    this.#worker.on('error', (error: unknown) => {
      this.#reason = error instanceof Error ? error.message : String(error);
    });
    this.#worker.on('exit', () => this.#events.died(this, this.#reason));
  }

  /** Starts that it has and has not begun. */
  get unstarted(): number {
    return this.#unstarted.size;
  }

  get hasRoom(): boolean {
    return this.#free.length > 0;
  }

  get isEmpty(): boolean {
    return this.#unstarted.size + this.#begun.size === 0;
  }

  isLessBusyThan(other: HostThread): boolean {
    return this.#unstarted.size === other.#unstarted.size
      ? this.#begun.size < other.#begun.size
      : this.#unstarted.size < other.#unstarted.size;
  }

  /** Only where it has room. */
  take(instance: ThreadInstance): void {
    const place = this.#free.pop();
    if (place === undefined) throw new TypeError('the thread has no room');
    Atomics.store(this.#claims, place, Claim.WAITS);
    this.#unstarted.set(instance, place);
    this.#taking = place;
    instance.moveTo(this); // which tells the start first
  }

  tell(told: Told): void {
    if (!('artifact' in told)) return this.#post(told);
    const { artifact, ...rest } = told;
    const program = this.#numberOf(artifact);
    this.#post(rest.is === 'start' ? { ...rest, program, place: this.#taking } : { ...rest, program });
  }

  /** It has ended, or it is not to begin. */
  forget(instance: ThreadInstance): void {
    this.#takeAway(instance);
    this.#unstarted.delete(instance);
    this.#begun.delete(instance.pid);
  }

  /** The newer half of what it has not begun; it need not be asked, so it may be in the middle of a long turn. */
  giveHalf(): readonly ThreadInstance[] {
    return [...this.#unstarted.keys()]
      .slice(this.#unstarted.size >> 1)
      .filter((instance) => this.#takeAway(instance));
  }

  #takeAway(instance: ThreadInstance): boolean {
    const place = this.#unstarted.get(instance);
    if (place === undefined || !claim(this.#claims, place, Claim.TAKEN_AWAY)) return false;
    this.#unstarted.delete(instance);
    instance.leave();
    return true;
  }

  /** It has died: ends what it ran, and gives what it had not begun. */
  lose(error: ErrorData): readonly ThreadInstance[] {
    const unstarted = [...this.#unstarted.keys()].filter((instance) => this.#takeAway(instance));
    const begun = [...this.#begun.values(), ...this.#unstarted.keys()];
    this.#begun.clear();
    this.#unstarted.clear();
    for (const instance of begun) instance.lost(error);
    return unstarted;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #numberOf(artifact: Artifact): number {
    const known = this.#programs.get(artifact);
    if (known !== undefined) return known;
    if (this.#programs.size >= MOST_PROGRAMS) this.#programs = new Map();
    const number = this.#programs.size;
    this.#programs.set(artifact, number);
    this.#post({ is: 'program', number, artifact, isFirst: number === 0 });
    return number;
  }

  #post(told: ToThread): void {
    this.#outgoing.push(told);
    if (this.#outgoing.length === 1) queueMicrotask(this.#flush);
  }

  readonly #flush = (): void => {
    const told = this.#outgoing;
    this.#outgoing = [];
    postAll(this.#worker, told, this.#refused);
  };

  /** What holds something that cannot go to another thread is an error of who was to get it. */
  readonly #refused = (told: ToThread, message: string): void => {
    if (told.is === 'program') throw new TypeError(`a program cannot go to a thread: ${message}`);
    const error: ErrorData = { kind: 'Internal', message, retryable: false };
    if (told.is === 'answer') return this.#post({ ...told, answer: { ok: false, error } });
    if (told.is === 'start') this.#free.push(told.place); // which the thread does not know of
    (this.#begun.get(told.pid) ?? this.#instanceOf(told.pid))?.refused(error);
  };

  #hear(said: FromThread): void {
    switch (said.is) {
      case 'began':
        this.#began(said.pid);
        this.#free.push(said.place);
        return this.#events.began();
      case 'skipped':
        this.#free.push(said.place);
        return this.#events.began();
      case 'quiet':
        return this.#events.quiet(this);
      case 'print':
        return this.#surroundings.print(said.line);
      case 'failed':
        return this.#surroundings.failed(new Error(said.message));
      case 'ended': {
        const instance = this.#begun.get(said.pid);
        this.#begun.delete(said.pid);
        instance?.heard(said);
        return this.#events.ended();
      }
      default:
        this.#begun.get(said.pid)?.heard(said);
    }
  }

  #began(pid: string): void {
    const instance = this.#instanceOf(pid);
    if (instance === undefined) return; // it was closed meanwhile, and the thread is told
    this.#unstarted.delete(instance);
    this.#begun.set(pid, instance);
    instance.began();
  }

  #instanceOf(pid: string): ThreadInstance | undefined {
    for (const instance of this.#unstarted.keys()) if (instance.pid === pid) return instance; // one of the oldest
    return undefined;
  }
}
