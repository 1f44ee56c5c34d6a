// Calls of functions in this process: each call is a fresh instance of the entry's program, inside the limits of its pool.
// F1: a call that starts takes the newest program; a call that runs keeps the one it started with.
// F2: a call chain that already holds a place in a pool does not wait for a second one, so that recursion cannot lock itself out.
// F3: a call ends with its caller: at once, or after a CANCEL and some grace when its program takes events.
// F4: what only calls that wait need (promises, timers, listeners) is made when one waits: most answers of HTTP come in one turn.
import type { Data, DataObject } from '../core/data.js';
import type { CommandContext } from '../core/handler.js';
import { dataObject } from '../core/data.js';
import type { ErrorData } from '../core/error-data.js';
import type { LoadedProgram } from '../lua/engine.js';
import type { Entry } from '../registry/model/entry.js';
import type { RegistryService, RegistryView } from '../registry/model/registry.js';
import type { Outcome } from '../lua/step.js';
import type { CallFrame } from './command-context.js';
import { innerFrame, outermost } from './command-context.js';
import {
  CallDepthError,
  EntryIdleError,
  EntryKindError,
  EntryUnknownError,
  FunctionBusyError,
  NodeStoppedError,
} from './errors.js';
import type { Factory } from './factory.js';
import type { InstanceRunner } from './instance-runner.js';
import { nearest } from './nearest.js';
import { Places, poolSettings } from './pool-places.js';
import type { ProgramCache } from './program-cache.js';

export interface FunctionCall {
  /** Entry id. */
  readonly entry: string;
  readonly args: readonly Data[];
  /** Context values that the call inherits, already merged. */
  readonly values?: Readonly<DataObject>;
  readonly frame?: CallFrame;
  /** How long the call may take, its wait for a place included. Milliseconds; absent or 0: for ever. */
  readonly timeoutMs?: number;
  /** Aborted when the caller gives up. */
  readonly signal?: AbortSignal;
  /** In its place, for callers that there are many of: its signal is made only where it must be. */
  readonly caller?: Caller;
  /** Hears the PID once the call runs. */
  readonly started?: (runner: InstanceRunner) => void;
}

/** Who may give up. */
export type Caller = Pick<CommandContext, 'aborted' | 'signal' | 'onAbort'>;

export interface FunctionPoolOptions {
  readonly registry: RegistryService;
  readonly programs: ProgramCache;
  readonly factory: Factory;
  readonly toErrorData: (error: unknown) => ErrorData;
  /** Milliseconds that only grow. */
  readonly clock: () => number;
  /** What stands in the place of functions. Default: nothing. */
  readonly mocks?: { answer(call: FunctionCall): Promise<Outcome> | undefined } | undefined;
  /** How long a cancelled call may go on cleaning up. Milliseconds. Default 2 000. */
  readonly cancelGraceMs?: number;
}

/** The host part of a function call's PID. */
export const FUNCTION_HOST = 'functions';
const MAX_DEPTH = 200;
const CALLABLE: ReadonlySet<string> = new Set(['function.lua', 'process.lua']);

export class FunctionPool {
  readonly #options: FunctionPoolOptions;
  readonly #pools = new Map<string, Pool>();
  readonly #running = new Set<Promise<unknown>>();
  #stopping = false;

  constructor(options: FunctionPoolOptions) {
    this.#options = options;
  }

  /** Calls now running or waiting. */
  get busy(): number {
    return this.#running.size;
  }

  /** Never rejects: an error is an outcome. */
  async call(call: FunctionCall): Promise<Outcome> {
    return this.callAtOnce(call, false);
  }

  /** As `call`; from outside of all turns, a call that ends without waiting for anything has ended when this returns (F4). */
  callAtOnce(call: FunctionCall, atOnce = true): Outcome | Promise<Outcome> {
    let reached: Outcome | Promise<Outcome>;
    try {
      reached = this.#call(call, atOnce);
    } catch (error) {
      return this.#failed(error);
    }
    if (!(reached instanceof Promise)) return reached;
    const outcome = reached.catch((error: unknown) => this.#failed(error));
    this.#running.add(outcome);
    void outcome.then(() => this.#running.delete(outcome));
    return outcome;
  }

  #failed(error: unknown): Outcome {
    return { ok: false, error: this.#options.toErrorData(error) };
  }

  /** Refuses new calls from outside, waits for those that run up to `graceMs`, then ends them. */
  async drain(graceMs: number): Promise<void> {
    this.#stopping = true;
    if (this.#running.size === 0) return;
    const all = Promise.allSettled(this.#running);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([all, late]);
    clearTimeout(timer);
    this.#options.factory.terminateAll({ kind: 'Canceled', message: 'the node is stopping' });
    await all;
  }

  #call(call: FunctionCall, atOnce: boolean): Outcome | Promise<Outcome> {
    const frame = call.frame ?? outermost;
    const depth = frame.depth + 1;
    if (this.#stopping && frame.depth === 0) throw new NodeStoppedError(`cannot call '${call.entry}'`);
    if (depth > MAX_DEPTH) throw new CallDepthError(call.entry, depth);
    const mocked = this.#options.mocks?.answer(call);
    if (mocked !== undefined) return withinLimits(mocked, call);
    const entry = callableEntry(this.#options.registry.current, call.entry);
    const pool = this.#pool(entry);
    const holdsAlready = frame.holds.has(entry.id);
    const inner = innerFrame(
      frame,
      depth,
      holdsAlready ? frame.holds : frame.holds.size === 0 ? pool.itself : both(frame.holds, entry.id),
    );
    if (call.caller?.aborted === true || call.signal?.aborted === true) {
      return { ok: false, error: gaveUp(call.entry) };
    }
    if (!holdsAlready && !pool.places.tryEnter()) return this.#queued(entry, call, inner, pool);
    let leaves = true;
    try {
      const loaded = this.#program(entry);
      const outcome =
        loaded instanceof Promise
          ? this.#whenLoaded(loaded, entry, call, inner)
          : this.#run(loaded, entry, call, inner, atOnce);
      if (holdsAlready || !(outcome instanceof Promise)) return outcome;
      leaves = false;
      return outcome.finally(() => pool.places.leave());
    } finally {
      if (!holdsAlready && leaves) pool.places.leave();
    }
  }

  /** When its turn for a place comes. */
  async #queued(entry: Entry, call: FunctionCall, frame: CallFrame, { places }: Pool): Promise<Outcome> {
    const limits = new Limits(call);
    try {
      const refused = await enter(places, entry.id, limits);
      if (refused !== undefined) return { ok: false, error: refused };
      try {
        return await this.#run(await this.#program(entry), entry, call, frame, false, limits);
      } finally {
        places.leave();
      }
    } finally {
      limits.clear();
    }
  }

  async #whenLoaded(
    loaded: Promise<LoadedProgram>,
    entry: Entry,
    call: FunctionCall,
    frame: CallFrame,
  ): Promise<Outcome> {
    const limits = new Limits(call);
    try {
      return await this.#run(await loaded, entry, call, frame, false, limits);
    } finally {
      limits.clear();
    }
  }

  /** F1 */
  #program(entry: Entry): LoadedProgram | Promise<LoadedProgram> {
    const hash = this.#options.registry.current.programHash(entry.id);
    if (hash === undefined) throw new EntryIdleError(entry.id, entry.kind);
    return this.#options.programs.get(hash, entry.id);
  }

  /** `known`: the call's limits where it has waited already, to be cleared by who has made them. */
  #run(
    loaded: LoadedProgram,
    entry: Entry,
    call: FunctionCall,
    frame: CallFrame,
    atOnce: boolean,
    known?: Limits,
  ): Outcome | Promise<Outcome> {
    const runner = this.#options.factory.create({
      loaded,
      entry: entry.id,
      host: FUNCTION_HOST,
      values: call.values ?? NO_VALUES,
      frame,
    });
    const forget = known === undefined ? undefined : this.#endWith(runner, known);
    runner.start(call.args, atOnce);
    call.started?.(runner);
    if (runner.outcome !== undefined) {
      forget?.();
      return runner.outcome;
    }
    const limits = known ?? new Limits(call);
    const stop = forget ?? this.#endWith(runner, limits);
    return runner.ended.then((outcome) => {
      stop();
      if (known === undefined) limits.clear();
      return outcome;
    });
  }

  /** F3 */
  #endWith(runner: InstanceRunner, limits: Limits): () => void {
    return limits.onEnd((error) => {
      if (error.kind === 'Timeout') runner.terminate(error);
      else runner.withdraw(error, this.#options.cancelGraceMs ?? 2000);
    });
  }

  #pool(entry: Entry): Pool {
    const known = this.#pools.get(entry.id);
    if (known !== undefined) {
      if (known.entry !== entry) {
        known.entry = entry;
        known.places.resize(settingsOf(entry));
      }
      return known;
    }
    const places = new Places(settingsOf(entry), this.#options.clock);
    const pool: Pool = { entry, places, itself: new Set([entry.id]) };
    this.#pools.set(entry.id, pool);
    return pool;
  }
}

interface Pool {
  entry: Entry;
  readonly places: Places;
  /** What a chain holds that has called nothing else. */
  readonly itself: ReadonlySet<string>;
}

const NO_VALUES = Object.freeze(dataObject());
const both = (holds: ReadonlySet<string>, id: string): ReadonlySet<string> => new Set([...holds, id]);
const gaveUp = (entry: string): ErrorData => ({
  kind: 'Canceled',
  message: `the caller of '${entry}' gave up`,
});

/** The entry of a function. Throws EntryUnknownError or EntryKindError. */
export function callableEntry(view: RegistryView, id: string): Entry {
  const entry = view.get(id);
  if (entry === undefined) {
    const functions = [...view.all()].filter(({ kind }) => CALLABLE.has(kind)).map((one) => one.id);
    throw new EntryUnknownError(id, nearest(id, functions));
  }
  if (!CALLABLE.has(entry.kind)) throw new EntryKindError(id, entry.kind, callHint(entry.kind));
  return entry;
}

function settingsOf(entry: Entry): ReturnType<typeof poolSettings> {
  const pool = entry.data['pool'];
  const declared = typeof pool === 'object' && pool !== null && !Array.isArray(pool) && !('n' in pool);
  return poolSettings(declared ? pool : undefined);
}

const callHint = (kind: string): string =>
  kind === 'workflow.lua'
    ? 'start it as a workflow (process.spawn, workflow.exec, `moontide start`)'
    : 'only a function.lua can be called';

/** Waits for a place; an error when the queue is full or the caller gave up before its turn came. */
function enter(pool: Places, entry: string, limits: Limits): Promise<ErrorData | undefined> {
  return new Promise((resolve, reject) => {
    let forget = (): void => undefined;
    const queued = pool.queue(() => {
      forget();
      resolve(undefined);
    });
    if (queued === undefined) {
      reject(new FunctionBusyError(entry, pool.running, pool.waiting));
      return;
    }
    forget = limits.onEnd((error) => {
      if (queued.withdraw()) resolve(error);
    });
  });
}

/** The outcome, or how the call ends from outside before there is one. */
function withinLimits(outcome: Promise<Outcome>, call: FunctionCall): Promise<Outcome> {
  const limits = new Limits(call);
  const late = new Promise<Outcome>((resolve) => {
    limits.onEnd((error) => resolve({ ok: false, error }));
  });
  return Promise.race([outcome, late]).finally(() => limits.clear());
}

/** The two ends that a call can come to from outside: its time is up, or its caller gave up. */
class Limits {
  #timer: NodeJS.Timeout | undefined;
  #ended: ErrorData | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #listeners = new Set<(error: ErrorData) => void>();
  readonly #aborted: () => void;

  constructor({ entry, timeoutMs, signal, caller }: FunctionCall) {
    this.#signal = signal;
    this.#aborted = () => this.#end(gaveUp(entry));
    if (signal?.aborted === true) this.#aborted();
    else signal?.addEventListener('abort', this.#aborted, { once: true });
    caller?.onAbort(this.#aborted);
    if (timeoutMs !== undefined && timeoutMs > 0)
      this.#timer = setTimeout(
        () => this.#end({ kind: 'Timeout', message: `'${entry}' did not end within ${timeoutMs} ms` }),
        Math.min(timeoutMs, 2 ** 31 - 1),
      );
  }

  /** Calls `listener` once, at once if it is over already; returns how to stop. */
  onEnd(listener: (error: ErrorData) => void): () => void {
    if (this.#ended !== undefined) {
      listener(this.#ended);
      return () => undefined;
    }
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#aborted);
    this.#listeners.clear();
  }

  #end(error: ErrorData): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    for (const listener of this.#listeners) listener(error);
    this.#listeners.clear();
  }
}
