// The one machine of a realm, and the frames that suspended Lua is kept in; the convention is in protocol.ts. Sealed.
import type { LuaFloat } from '../../core/data.js';
import type { LuaThread, LuaUserdata } from '../values.js';
import type { I64 } from './int64.js';
import type { Table } from './table.js';

// A name of the global object is looked up slowly in a workflow's sandbox.
const { isArray } = Array;

/** A value inside this engine: as lua/values.ts, but integers beyond 2^53 are I64. */
export type Value =
  undefined | boolean | number | string | LuaFloat | I64 | Table | Callable | LuaThread | LuaUserdata;

/** What a Lua function returns (P1). */
export type Result = Value | Value[];
export type Callable = (...args: Value[]) => Result;

/** The result of a call that suspended (P2). Compared by identity, never read. */
export const S: Value[] = [];
/** No results. */
export const EMPTY: Value[] = [];

/** The first value of a result that is not S. */
export function first(result: Result): Value {
  return isArray(result) ? result[0] : result;
}

/** All values of a result that is not S. */
export function all(result: Result): Value[] {
  return isArray(result) ? result : [result];
}

/** A result of these values; the array must not be used afterwards. */
export function results(values: Value[]): Result {
  return values.length === 1 ? values[0] : values;
}

/** A suspended activation. Subclasses keep what they need to go on. */
export abstract class Frame {
  next: Frame | null = null;
  /** Goes on with the result of the call that suspended (P3). */
  abstract resume(value: Result): Result;
  /** Frames that catch errors of what they called have this. */
  raise?(error: Error): Result;
  /** It has to-be-closed variables: it also sees the end of a coroutine that is closed. */
  declare readonly closes?: boolean;
  /** The coroutine that suspends through this frame. */
  declare readonly inner?: FrameStack;
  /** The builtin that it goes on with: it counts as a level, as where that is on the JavaScript stack. */
  declare readonly native?: string | undefined;
  /** A host function waits in it: who called it as its last act is told in tracebacks all the same. */
  declare readonly isHost?: boolean;
  /** For tracebacks: title, chunk and line where a compiled function waits. */
  describe?(): { readonly chunk: string; readonly line: number; readonly title: string };
}

/** A list of suspended frames that a run loop works off. */
export interface FrameStack {
  top: Frame | null;
  /** The one that was running when this one was entered. */
  outer: FrameStack | null;
  /** It is a coroutine's own: levels are counted up to its bottom. */
  readonly isCoroutine?: boolean;
}

class ListHead extends Frame {
  override resume(): Result {
    return EMPTY;
  }
}

/** The message handler of a protected call: it sees an error where it is raised, before anything unwinds. */
export interface MessageHandler {
  /** What becomes of the error's value. */
  handle(value: Value): Value;
  /** The next error is that of a stack which has overflown. */
  overflows: boolean;
}

/** Why frames are being collected. */
export type Reason = 'yield' | 'host' | 'spill';

/** Estimated bytes of JavaScript stack beyond which frames move to the heap. */
export const SOFT = 200_000;

/** What runs, one per realm: only one Lua function runs at a time. */
class Machine {
  /** Estimated bytes of JavaScript stack under way, counted by our own weights so that limits are deterministic. */
  depth = 0;
  /** Where `depth` makes frames move to the heap. */
  limit = SOFT;
  /** Calls from native code to Lua that cannot suspend, in the current coroutine. */
  barrier = 0;
  /** Nested native levels over all coroutines (sort in gsub in resume ...). */
  levels = 0;
  /** Of the innermost protected call of the current coroutine, if it has one. */
  handler: MessageHandler | undefined = undefined;
  /** What the innermost run loop works off. */
  running: FrameStack | null = null;
  /** `depth` where the innermost run loop began. */
  base = 0;
  /** What the step may still do, less what units have taken in advance (budget.ts). */
  budget = Infinity;
  budgetPerStep = Infinity;
  /** Below this the step is stopped: 0, or less where it may overdraw until it can park. */
  floor = 0;
  /** Below this the step pauses, at the next place where it can (turn.ts). */
  turnEnd = 0;
  /** Below this builtins look whether the step is to be stopped, or units are to look: `floor`, or more (budget.ts B5). */
  watch = 0;
  /** What runs: gives back what its units have taken of the budget in advance. */
  taker: { giveBack(): number } | undefined = undefined;
  /** Instructions that a unit takes at a time. */
  slice = 5000;
  /** A function was left at its entry to pause: its call is to be made again. */
  pausedEntry = false;
  /** Such a call is being made again: it does not pause there once more. */
  entersAgain = false;
  /** Bytes that the step may still allocate; below 0 it is stopped at the next look. */
  memory = 2 ** 30;
  /** More of it, for when `memory` is used up. */
  reserve = Infinity;
  memoryPerStep = Infinity;
  /** What was left of `memory` and `reserve` when the collection last heard of what the step takes (collection.ts). */
  heardOf = Infinity;
  /** The last step has paused, and not ended. */
  hasPaused = false;
  /** What may be taken beyond that, once, by a step that then parks. */
  overdraft = 0;
  /** The last frame pushed since `suspend`. */
  tail: Frame = new ListHead();
  readonly head: Frame = this.tail;
  reason: Reason = 'yield';
  /** What the suspension hands to whoever takes it: the yielded values, or the host's request. */
  payload: unknown = undefined;
  /** The error that a frame with to-be-closed variables is resumed with. */
  raised: Error | undefined = undefined;
}
export let machine!: Machine;

/**
 * Makes the machine, once. Not at load: Temporal's worker freezes all that its shared modules export by then, and the
 * machine changes with every call.
 */
export function startMachine(): void {
  machine ??= new Machine();
}

/** Begins a suspension; the caller pushes its frame if it has one, and returns S. */
export function suspend(reason: Reason, payload: unknown): Value[] {
  machine.head.next = null;
  machine.tail = machine.head;
  machine.reason = reason;
  machine.payload = payload;
  return S;
}

/** Adds the frame of a function that got S from a call (P2). */
export function push(frame: Frame): Value[] {
  frame.next = null;
  machine.tail.next = frame;
  machine.tail = frame;
  return S;
}

/** Gives a builtin the name that tracebacks show. */
export function builtin<F extends (...args: never[]) => unknown>(name: string, run: F): F {
  Object.defineProperty(run, 'name', { value: `[C]:${name}` });
  return Object.freeze(run);
}
