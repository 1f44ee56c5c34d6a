// Coroutines: lists of frames on the heap, and the loop that works them off. Sealed.
// C1: a suspended stack is a list, innermost first; resuming runs `top` and hands each result to the next frame outwards.
//     If that suspends again only its new frames are linked before the rest, so a switch costs nothing by depth.
// C2: 'yield' ends at the coroutine's own run loop; 'host' goes through all coroutines to the thread's; 'spill' ends at the
//     innermost loop that has room, and goes on at once from the heap. That makes deep recursion possible on a small stack.
// C3: the depth at which Lua's "stack overflow" is raised is counted by us, never by the JavaScript engine.
import { LuaThread } from '../values.js';
import type { LuaError } from '../values.js';
import { chargeMemory, COROUTINE_BYTES, FRAME_BYTES, lookSoon } from './budget.js';
import { newError, raise, raiseHere, toLuaError } from './errors.js';
import { RUN } from './positions.js';
import { SOFT } from './machine.js';
import { EMPTY, Frame, machine, push, S, suspend } from './protocol.js';
import type { MessageHandler } from './machine.js';
import type { Callable, FrameStack, Result, Value } from './protocol.js';

// A name of the global object is looked up slowly in a workflow's sandbox.
const { isArray } = Array;
const { max, floor } = Math;

/** Estimated bytes of JavaScript stack for native code, whose frames cannot move to the heap; see SOFT for those that can. */
const HARD = 440_000;
/** Moving less than this is not worth it: then it is an overflow of native calls. */
const WORTH_SPILLING = 40_000;
/** Spills after which a stack is counted, and the frames at which it has overflown. */
const MAX_FRAMES = 200_000;
/** Nested calls from native code (LUAI_MAXCCALLS of PUC). */
export const MAX_LEVELS = 200;
/** What a run loop and the native code around it take of the stack. */
const LOOP_WEIGHT = 1200;

/** Calls a function; the first frame of a coroutine, and of what was about to be called when frames moved to the heap. */
export class CallFrame extends Frame {
  readonly #callee: Callable;
  readonly #values: Value[] | undefined;
  readonly #levels = machine.levels;
  constructor(callee: Callable, values?: Value[]) {
    super();
    this.#callee = callee;
    this.#values = values;
  }
  override resume(value: Result): Result {
    if (this.#values !== undefined) {
      machine.levels = this.#levels; // protected calls below count on
      return this.#callee(...this.#values);
    }
    return isArray(value) ? this.#callee(...value) : this.#callee(value);
  }
}

/** A call that paused at the entry of what it calls. */
class EntryFrame extends CallFrame {
  override resume(value: Result): Result {
    machine.entersAgain = true;
    return super.resume(value);
  }
}

/** Stands for a frame that catches an error which came from what it called. */
class RaiseFrame extends Frame {
  readonly #catcher: Frame;
  readonly #error: LuaError | Kill;
  constructor(catcher: Frame, error: LuaError | Kill) {
    super();
    this.#catcher = catcher;
    this.#error = error;
    this.next = catcher.next;
  }
  override resume(): Result {
    return this.#catcher.raise?.(this.#error);
  }
}

/** Comes first in a suspended stack that stands in a protected call with a message handler. */
class HandlerFrame extends Frame {
  readonly #handler: MessageHandler;
  constructor(handler: MessageHandler, next: Frame | null) {
    super();
    this.#handler = handler;
    this.next = next;
  }
  override resume(value: Result): Result {
    machine.handler = this.#handler;
    return value;
  }
}

/** Works a stack off, beginning by handing `value` to its innermost frame; S when it suspends beyond this loop. */
export function run(stack: FrameStack, value: Result): Result {
  const { depth, base, limit, barrier, levels, running } = machine;
  machine.base = machine.depth = depth + LOOP_WEIGHT;
  if (machine.depth > SOFT / 2) machine.limit = HARD;
  const ownLimit = machine.limit;
  machine.running = stack;
  stack.outer = running;
  let frame = stack.top;
  for (;;) {
    try {
      while (frame !== null) {
        const rest: Frame | null = frame.next;
        stack.top = rest;
        value = frame.resume(value);
        if (value !== S) {
          frame = rest;
          continue;
        }
        machine.tail.next = rest;
        frame = stack.top = machine.head.next;
        if (machine.reason !== 'spill' || (machine.base > SOFT / 2 && barrier === 0 && running !== null))
          break;
        machine.depth = machine.base;
        chargeFrames(frame, rest);
        value = EMPTY;
      }
      break;
    } catch (thrown) {
      frame = catcherOf(stack, thrown);
      if (frame === null) {
        machine.base = base;
        machine.limit = limit;
        machine.running = running;
        throw toLuaError(thrown) ?? thrown;
      }
      machine.depth = machine.base = depth + LOOP_WEIGHT;
      machine.limit = ownLimit;
      machine.barrier = barrier;
      machine.levels = levels;
      machine.running = stack;
    }
  }
  machine.depth = depth;
  machine.base = base;
  machine.limit = limit;
  machine.running = running;
  return value;
}
Object.defineProperty(run, 'name', { value: RUN });

/** Counts the frames that a spill has moved to the heap. */
function chargeFrames(first: Frame | null, rest: Frame | null): void {
  let frames = 0;
  for (let frame = first; frame !== null && frame !== rest; frame = frame.next) frames++;
  chargeMemory(FRAME_BYTES * frames);
}

/** The frame that goes on after an error; null when nothing in the stack may catch it. */
function catcherOf(stack: FrameStack, thrown: unknown): Frame | null {
  let catcher = stack.top;
  if (thrown === KILL) {
    while (catcher !== null && catcher.closes !== true) catcher = catcher.next;
    return catcher === null ? null : new RaiseFrame(catcher, KILL);
  }
  while (catcher !== null && catcher.raise === undefined) catcher = catcher.next;
  if (catcher === null) return null;
  const error = toLuaError(thrown);
  return error === undefined ? null : new RaiseFrame(catcher, error);
}

/**
 * What a function does whose entry passes machine.limit: its call moves to the heap with all frames below it. Or it pauses
 * there (turn.ts): its call is made again when it goes on.
 */
export function overflow(callee: Callable, values: Value[], weight: number): Result {
  machine.depth -= weight;
  if (machine.pausedEntry) {
    machine.pausedEntry = false;
    return push(new EntryFrame(callee, values));
  }
  const { barrier, base, levels } = machine;
  const bottom = barrier > 0 ? max(base, nativeDepths[levels - 1] ?? 0) : base;
  if (machine.depth - bottom >= WORTH_SPILLING) {
    countSpill();
    suspend('spill', undefined);
    return push(new CallFrame(callee, values));
  }
  if (machine.limit >= HARD) overflown();
  machine.limit = HARD; // native code that cannot move is below: it may use what is left
  return callee(...values);
}

const spills = new WeakMap<FrameStack, { since: number; next: number }>();

/** Raises Lua's stack overflow when the running stack has grown too deep. Counting is spread: its cost doubles with the depth. */
function countSpill(): void {
  const { running } = machine;
  if (running === null) return;
  let count = spills.get(running);
  if (count === undefined) spills.set(running, (count = { since: 0, next: 8 }));
  if (++count.since < count.next) return;
  let frames = 0;
  for (let frame = running.top; frame !== null; frame = frame.next) frames++;
  count.since = 0;
  count.next = max(8, floor(frames / 10_000));
  if (frames > MAX_FRAMES) overflown();
}

function overflown(): never {
  if (machine.handler !== undefined) machine.handler.overflows = true;
  raiseHere('stack overflow');
}

/** machine.depth and machine.limit where each native level was entered. */
const nativeDepths: number[] = [];
const nativeLimits: number[] = [];

/** Enters a call from native code that cannot suspend; `leaveNative` undoes it (not needed on errors, protocol.ts P6). */
export function enterNative(most = MAX_LEVELS): void {
  if (machine.levels >= most) raise('C stack overflow', 1);
  nativeDepths[machine.levels] = machine.depth;
  nativeLimits[machine.levels] = machine.limit;
  machine.levels++;
  machine.barrier++;
  machine.depth += LOOP_WEIGHT;
}

export function leaveNative(): void {
  machine.levels--;
  machine.barrier--;
  machine.depth = nativeDepths[machine.levels] ?? 0;
  machine.limit = nativeLimits[machine.levels] ?? SOFT;
  // What it called could not pause: its callers can.
  if (machine.budget < machine.watch && machine.barrier === 0) lookSoon();
}

/** Finishes what a native caller got S from: only a spill can be the reason. */
export function finishSpill(): Result {
  machine.depth = (nativeDepths[machine.levels - 1] ?? 0) + LOOP_WEIGHT;
  return run({ top: machine.head.next, outer: null }, EMPTY);
}

export class Coroutine extends LuaThread implements FrameStack {
  override status: 'suspended' | 'running' | 'normal' | 'dead' = 'suspended';
  top: Frame | null;
  outer: FrameStack | null = null;
  /** Who resumed it. */
  parent: Coroutine | null = null;
  /** machine.barrier of this coroutine while another one runs. */
  barrier = 0;
  /** What it died of. */
  failure: LuaError | undefined = undefined;

  constructor(callee: Callable) {
    super();
    machine.memory -= COROUTINE_BYTES;
    this.top = new CallFrame(callee);
  }

  get isCoroutine(): boolean {
    return true;
  }

  /** A thread of the instance: its suspensions are the host's, and it cannot yield. */
  get isRoot(): boolean {
    return false;
  }

  /** Ends a suspended coroutine: its to-be-closed variables are closed. What `coroutine.close` returns. */
  close(): Result {
    const { top, failure } = this;
    this.status = 'dead';
    this.failure = undefined;
    this.top = null;
    if (top === null || failure !== undefined)
      return failure === undefined ? true : [false, failure.value as Value];
    const { depth, barrier, levels, handler } = machine;
    enterNative();
    machine.handler = undefined;
    try {
      const frame = new KillFrame();
      frame.next = top;
      run({ top: frame, outer: null }, EMPTY);
    } catch (thrown) {
      Object.assign(machine, { depth, barrier, levels, handler });
      if (thrown === KILL) return true;
      const error = toLuaError(thrown);
      if (error === undefined) throw thrown;
      return [false, error.value as Value];
    }
    leaveNative();
    machine.handler = handler;
    return true;
  }
}

/** Thrown through a coroutine that is closed: only frames with to-be-closed variables see it. */
export class Kill extends Error {
  override readonly name = 'Kill';
}
export const KILL: Kill = Object.freeze(new Kill());

class KillFrame extends Frame {
  override resume(): Result {
    throw KILL;
  }
}

/** Instructions of an error that goes through a coroutine. */
const DEATH_COST = 300;

/** The coroutine that runs; undefined between steps. */
let current: Coroutine | undefined;
export const currentCoroutine = (): Coroutine | undefined => current;

/** Goes on with a coroutine. Its results or what it yielded; S when the host or a spill goes through it (push a frame then). */
export function enter(coroutine: Coroutine, value: Result): Result {
  const parent = current;
  const { barrier, depth, levels, handler } = machine;
  if (levels >= MAX_LEVELS) throw newError('C stack overflow');
  if (parent !== undefined) {
    parent.status = 'normal';
    parent.barrier = barrier;
    coroutine.parent = parent;
  }
  coroutine.status = 'running';
  current = coroutine;
  machine.barrier = 0;
  machine.levels = levels + 1;
  machine.handler = undefined;
  let result: Result;
  try {
    result = run(coroutine, value);
  } catch (thrown) {
    machine.budget -= DEATH_COST;
    coroutine.status = 'dead'; // its frames stay, for the traceback
    coroutine.failure = toLuaError(thrown);
    machine.handler = handler;
    leave(parent, barrier, depth, levels);
    throw thrown;
  }
  if (machine.handler !== undefined) coroutine.top = new HandlerFrame(machine.handler, coroutine.top);
  machine.handler = handler;
  leave(parent, barrier, depth, levels);
  if (result !== S) coroutine.status = 'dead';
  else if (machine.reason === 'yield') {
    coroutine.status = 'suspended';
    return machine.payload as Result;
  } else {
    coroutine.status = 'normal';
    machine.head.next = null; // the new frames are the coroutine's; what follows are its resumer's
    machine.tail = machine.head;
  }
  return result;
}

function leave(parent: Coroutine | undefined, barrier: number, depth: number, levels: number): void {
  current = parent;
  if (parent !== undefined) parent.status = 'running';
  machine.barrier = barrier;
  machine.depth = depth;
  machine.levels = levels;
}

/** Suspends the running coroutine with these values; its resumer gets them. */
export function yieldValues(values: Result): Value[] {
  if (current === undefined || current.isRoot) raise('attempt to yield from outside a coroutine', 0);
  if (machine.barrier > 0) raise('attempt to yield across a C-call boundary', 0);
  // What its frames take on the heap: about half of what they took of the stack.
  machine.memory -= (machine.depth - machine.base) >> 1;
  return suspend('yield', values);
}

/** Whether the host may suspend here: no native call that cannot wait is in the way, in any coroutine. */
export function canSuspendToHost(): boolean {
  if (machine.barrier > 0) return false;
  for (let outer = current?.parent; outer != null; outer = outer.parent) if (outer.barrier > 0) return false;
  return true;
}
