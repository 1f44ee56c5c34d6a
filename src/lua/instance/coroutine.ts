// One scheduled coroutine: main, a spawned one, or a handler. Sealed.
import type { LuaFrame, VmThread } from '../engine.js';
import type { Outcome } from '../step.js';
import type { SuspendRequest } from '../suspend.js';
import type { HostResult, LuaValue } from '../values.js';
import type { CancelScope } from './cancel-scope.js';

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
  withdraw(): void;
}

export type Role =
  | { readonly is: 'main' }
  | { readonly is: 'spawned' }
  | { readonly is: 'handler'; readonly ended: (outcome: Outcome) => void; readonly holdsMain: boolean }
  /** It may look and not act: whatever would wait is an error in it. */
  | { readonly is: 'reader'; readonly ended: (outcome: Outcome) => void };

export class Coroutine {
  readonly name: string;
  readonly role: Role;
  waiting: Waiting | undefined;
  /** The innermost scope around what it does now (InstanceContext.enter). */
  scope: CancelScope | undefined;
  readonly #thread: VmThread;
  /** Open calls, the outermost first: there are any only in an engine that does not call Lua by itself. */
  #calls: { readonly thread: VmThread; readonly request: CallRequest }[] | undefined;

  constructor(name: string, role: Role, thread: VmThread) {
    this.name = name;
    this.role = role;
    this.waiting = undefined;
    this.scope = undefined;
    this.#thread = thread;
  }

  /** What runs in it. */
  get thread(): VmThread {
    return this.#calls?.at(-1)?.thread ?? this.#thread;
  }

  /** Why `thread` runs; undefined: it is the coroutine's own function. */
  get request(): CallRequest | undefined {
    return this.#calls?.at(-1)?.request;
  }

  enterCall(thread: VmThread, request: CallRequest): void {
    (this.#calls ??= []).push({ thread, request });
  }

  leaveCall(): void {
    if (this.#calls?.pop() === undefined) throw new TypeError('no call is open');
  }

  frames(): readonly LuaFrame[] {
    const calls = (this.#calls ?? []).map(({ thread }) => thread);
    return [this.#thread, ...calls].reverse().flatMap((thread) => thread.frames());
  }
}
