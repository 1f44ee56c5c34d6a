// What a host function hands back when its answer is not there yet. Sealed.
import type { Command } from '../core/command.js';
import type { HostCall } from './instance-context.js';
import type { HostResult, LuaFunction, LuaValue } from './values.js';

/** Wakes the coroutine that waits, once; what comes after does nothing. `fail` raises a Lua error in it. */
export interface Wake {
  done(values: readonly LuaValue[]): void;
  fail(error: LuaValue): void;
}

/** A wait that has begun. */
export interface Wait {
  /** Takes it back. */
  withdraw(): void;
}

/** The answer to a command: what its handler gave, or the error it failed with. */
export type Answer =
  | { readonly ok: true; readonly value: import('../core/data.js').Data }
  | { readonly ok: false; readonly error: import('../core/error-data.js').ErrorData };

/** Code that has done enough for now: it goes on where it was. */
export type Pause =
  /** It gives up its turn. */
  | { readonly on: 'pause'; readonly why: 'turn' }
  /** Its budget is used up; `message` says where and which. */
  | { readonly on: 'pause'; readonly why: 'budget'; readonly message: string };

export type SuspendRequest =
  /** Ask the host; `then` turns the answer into results. `always`: also in a scope that is cancelled. */
  | {
      readonly on: 'command';
      readonly command: Command;
      readonly then: (answer: Answer) => HostResult;
      readonly always?: boolean;
    }
  /** Wait inside the instance (a channel). */
  | { readonly on: 'wait'; readonly begin: (wake: Wake) => Wait; readonly describe: string }
  /** Call Lua and go on with what it returns; errors pass through unless `caught` takes them. */
  | {
      readonly on: 'call';
      readonly fn: LuaFunction;
      readonly args: readonly LuaValue[];
      readonly then: (results: readonly LuaValue[]) => HostResult;
      readonly caught?: (error: LuaValue) => HostResult;
    };

/** The `then` of a call whose results are the host function's own: nothing has to come back to it. */
export const AS_THEY_ARE = (results: readonly LuaValue[]): HostResult => results;

/** A host function returns one of these to suspend the calling coroutine, from any depth. */
export class Suspend {
  readonly request: SuspendRequest;
  constructor(request: SuspendRequest) {
    this.request = request;
  }
}

export const command = (command: Command, then: (answer: Answer) => HostResult): Suspend =>
  new Suspend({ on: 'command', command, then });
/** The same for a command that most hosts answer at once: nobody waits then. */
export const promptCommand = (
  call: HostCall,
  asked: Command,
  then: (answer: Answer) => HostResult,
): HostResult => {
  const answer = call.answerAtOnce(asked);
  return answer === undefined ? command(asked, then) : then(answer);
};
/** A decision about the run itself, which no cancellation takes away. */
export const decision = (command: Command, then: (answer: Answer) => HostResult): Suspend =>
  new Suspend({ on: 'command', command, then, always: true });
export const wait = (describe: string, begin: (wake: Wake) => Wait): Suspend =>
  new Suspend({ on: 'wait', describe, begin });
export const callLua = (
  fn: LuaFunction,
  args: readonly LuaValue[],
  then: (results: readonly LuaValue[]) => HostResult,
): Suspend => new Suspend({ on: 'call', fn, args, then });
