// What an instance tells its host after each step, and what the host may do to it. Sealed.
// T1: a step runs until every coroutine waits; it never awaits and never calls the host but through InstanceHost.
// T2: answers, messages and cancellations resume coroutines in the order in which they are given.
// T3: when main returns, the instance is done: its other coroutines end and what is outstanding is withdrawn.
// T4: a step may pause before that; what comes meanwhile is only put into the queue, until `goOn`.
import type { Command } from '../core/command.js';
import type { Data } from '../core/data.js';
import type { ErrorData } from '../core/error-data.js';
import type { LuaFrame } from './engine.js';
import type { Message } from './instance-context.js';
import type { Answer, Pause } from './suspend.js';
import type { LuaFunction, LuaValue } from './values.js';

/** What a program's main ended with. `values` are the returned values; a second value that is a string or an error object makes it an error. */
export type Outcome =
  { readonly ok: true; readonly values: readonly Data[] } | { readonly ok: false; readonly error: ErrorData };

export interface Outstanding {
  /** Unique in the instance, counted from 1. */
  readonly id: number;
  readonly command: Command;
  /** A cancellation of the run does not reach it. */
  readonly shielded?: boolean;
  /** Where in Lua it was issued, innermost first; of a host that traces commands only. */
  readonly frames?: readonly LuaFrame[];
}

export interface Step {
  /** Commands issued in this step, in order. */
  readonly commands: readonly Outstanding[];
  /** Ids of commands that are no longer wanted. */
  readonly withdrawn: readonly number[];
  /** Ids of commands that are to be cancelled and are still to be answered: with how they ended. */
  readonly canceled?: readonly number[];
  /** Set once main has ended. */
  readonly outcome?: Outcome;
  /** Set when the step has paused: it gives up the turn, or its budget is used up and somebody is to let it go on. */
  readonly paused?: Pause;
}

/** One coroutine for people: `waits` says on what, e.g. `time.sleep 1h`, `channel receive`. */
export interface CoroutineState {
  readonly name: string;
  readonly waits: string;
  readonly frames: readonly LuaFrame[];
}

export interface Instance {
  start(args: readonly Data[]): Step;
  answer(id: number, answer: Answer): Step;
  deliver(message: Message): Step;
  /** Asks main to end: a CANCEL event on process.events(). */
  cancel(reason: string): Step;
  /** Whether something listens to `topic` (InstanceContext.listen): `@events` when the program can take events. */
  listens(topic: string): boolean;
  /** Messages of which no coroutine has received all payloads, with those that are left, in the order of arrival. */
  unread(): readonly Message[];
  /** How many those are, or a few more where some have several payloads; at the cost of looking at each listener. */
  readonly unreadCount: number;
  /**
   * Runs a Lua handler (query, update) as a coroutine of its own; `ended` is called in this or a later step. `holdsMain`: the
   * outcome of main is held until it has ended; default true.
   */
  invoke(
    fn: LuaFunction,
    args: readonly Data[],
    ended: (outcome: Outcome) => void,
    holdsMain?: boolean,
  ): Step;
  /**
   * Runs a Lua function that only looks (a query, the validator of an update), to its end, also after the instance has ended.
   * What would wait, ask the host, start a coroutine or touch a channel is an Invalid error in it.
   */
  consult(fn: LuaFunction, args: readonly Data[]): Outcome;
  /** Goes on with what other code of the host changed in the meantime (state, channels). */
  turn(): Step;
  /** Goes on with a step that has paused; one whose budget is used up gets a new one. */
  goOn(): Step;
  /** Whether a coroutine is where no cancellation of the run may reach it. */
  readonly isShielded: boolean;
  coroutines(): readonly CoroutineState[];
  /** State of a module in this instance, as InstanceContext.state. */
  state<T extends object>(key: object, make: () => T): T;
  /** Ends everything at once; later calls return an empty step. */
  close(): void;
}

/** Values of Lua to plain data and back; the rules are those of core/data.ts. */
export type ToData = (value: LuaValue) => Data;
