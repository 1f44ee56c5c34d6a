// One scheduled coroutine: main, a spawned one, or a handler. Sealed.
import type { LuaFrame, VmThread } from '../engine.js';
import type { Outcome } from '../step.js';
import type { SuspendRequest } from '../suspend.js';
import type { HostResult, LuaValue } from '../values.js';

/** How a coroutine goes on. `make` is run when its turn comes. */
export type Resumption =
  | { readonly with: 'values'; readonly values: readonly LuaValue[] }
  | { readonly with: 'error'; readonly error: LuaValue }
  | { readonly with: 'make'; readonly make: () => HostResult };

export type CallRequest = Extract<SuspendRequest, { on: 'call' }>;

/** What a coroutine waits for; replaced by undefined when it is woken. */
export interface Waiting {
  readonly describe: string;
  /** Takes the wait back (a command is withdrawn, a channel forgets it). */
  readonly withdraw: () => void;
}

export type Role =
  | { readonly is: 'main' }
  | { readonly is: 'spawned' }
  | { readonly is: 'handler'; readonly ended: (outcome: Outcome) => void };

export class Coroutine {
  readonly name: string;
  readonly role: Role;
  /** Innermost last: more than one while an engine that does not call Lua by itself has a `call` request open. */
  readonly threads: { readonly thread: VmThread; readonly request: CallRequest | undefined }[];
  waiting: Waiting | undefined;

  constructor(name: string, role: Role, thread: VmThread) {
    this.name = name;
    this.role = role;
    this.threads = [{ thread, request: undefined }];
  }

  frames(): readonly LuaFrame[] {
    return this.threads.toReversed().flatMap(({ thread }) => thread.frames());
  }
}
