// What a handler may use of the instance (or of the workflow's command) that asks.
// H2 of core/handler.ts: what a handler opens is closed with its owner, last opened first.
import type { DataObject } from '../core/data.js';
import type { ActivityAccess, CommandContext } from '../core/handler.js';
import type { HttpBody, HttpExchange } from '../core/http-exchange.js';
import type { Identity } from '../core/identity.js';
import { manyListeners } from './abortable.js';
import { HandleClosedError } from './errors.js';
import type { ResourceUser, Resources } from './resources.js';

/** Where a call stands in its chain of callers. */
export interface CallFrame {
  /** 1 for a call from outside. */
  readonly depth: number;
  /** Entry ids of the pools in which this chain already holds a place. */
  readonly holds: ReadonlySet<string>;
  /** Whom the chain acts for. */
  readonly identity?: Identity | undefined;
  /** That which made the chain's first call. */
  readonly activity?: ActivityAccess | undefined;
  /** The HTTP request that the chain answers. */
  readonly http?: (HttpExchange & HttpBody) | undefined;
}
export const outermost: CallFrame = Object.freeze({ depth: 0, holds: new Set<string>() });

/** Where something begins that somebody acts for; undefined: nobody. */
export const outermostFor = (identity: Identity | undefined): CallFrame =>
  identity === undefined ? outermost : { ...outermost, identity };

/** The frame of a call in `frame`. Its fields are named, which costs less than a spread; the type refuses a forgotten one. */
export function innerFrame(
  { identity, activity, http }: CallFrame,
  depth: number,
  holds: ReadonlySet<string>,
): { readonly [Field in keyof Required<CallFrame>]: CallFrame[Field] } {
  return { depth, holds, identity, activity, http };
}

/** What one owner holds open: handles and resources. */
export class Holdings implements AsyncDisposable {
  readonly #handles = new Map<number, AsyncDisposable>();
  readonly #user: ResourceUser;
  #next = 1;
  #closed = false;

  readonly #failed: (error: unknown) => void;

  /** `failed` hears of a handle that came too late to be kept and could not be closed. */
  constructor(resources: Pick<Resources, 'user'>, failed: (error: unknown) => void) {
    this.#user = resources.user();
    this.#failed = failed;
  }

  use<T extends object>(entry: string, kind: string): Promise<T> {
    return this.#user.use<T>(entry, kind);
  }

  own(handle: AsyncDisposable): number {
    const number = this.#next;
    this.#next += 1;
    if (this.#closed) handle[Symbol.asyncDispose]().then(undefined, this.#failed);
    else this.#handles.set(number, handle);
    return number;
  }

  owned<T extends AsyncDisposable>(number: number): T {
    const handle = this.#handles.get(number);
    if (handle === undefined) throw new HandleClosedError(number);
    return handle as T;
  }

  async release(number: number): Promise<void> {
    const handle = this.#handles.get(number);
    if (handle === undefined) return;
    this.#handles.delete(number);
    await handle[Symbol.asyncDispose]();
  }

  /** True when there is nothing to wait for. */
  get empty(): boolean {
    return this.#handles.size === 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const errors: unknown[] = [];
    for (const handle of [...this.#handles.values()].reverse()) {
      try {
        await handle[Symbol.asyncDispose]();
      } catch (error) {
        errors.push(error);
      }
    }
    this.#handles.clear();
    try {
      await this.#user[Symbol.asyncDispose]();
    } catch (error) {
      errors.push(error);
    }
    if (errors.length > 0) throw new AggregateError(errors, 'some handles could not be closed');
  }
}

/** Whose commands they are: an instance, or an activity that carries one of a workflow. */
export interface ContextOwner {
  readonly pid: string | undefined;
  readonly asker: string | undefined;
  readonly entry: string;
  readonly values: Readonly<DataObject>;
  readonly idempotencyKey: string | undefined;
  readonly holdings: Holdings;
  readonly frame: CallFrame;
}

export class NodeContext implements CommandContext {
  readonly #owner: ContextOwner;
  /** Made at first use: most commands are never aborted. */
  #abort: AbortController | undefined;
  #aborted = false;
  #onAbort: (() => void) | undefined;

  constructor(owner: ContextOwner) {
    this.#owner = owner;
  }

  get pid(): string | undefined {
    return this.#owner.pid;
  }

  get asker(): string | undefined {
    return this.#owner.asker;
  }

  get entry(): string {
    return this.#owner.entry;
  }

  get values(): Readonly<DataObject> {
    return this.#owner.values;
  }

  get idempotencyKey(): string | undefined {
    return this.#owner.idempotencyKey;
  }

  get frame(): CallFrame {
    return this.#owner.frame;
  }

  get identity(): Identity | undefined {
    return this.frame.identity;
  }

  get activity(): ActivityAccess | undefined {
    return this.frame.activity;
  }

  get http(): HttpBody | undefined {
    return this.frame.http;
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = manyListeners();
      if (this.#aborted) this.#abort.abort();
    }
    return this.#abort.signal;
  }

  onAbort(listener: () => void): void {
    if (this.#onAbort !== undefined) throw new TypeError('onAbort takes one listener; use the signal');
    if (this.#aborted) listener();
    else this.#onAbort = listener;
  }

  abort(): void {
    this.#aborted = true;
    this.#abort?.abort();
    this.#onAbort?.();
    this.#onAbort = undefined;
  }

  resource<T extends object>(entry: string, kind: string): Promise<T> {
    return this.#owner.holdings.use<T>(entry, kind);
  }
  own(handle: AsyncDisposable): number {
    return this.#owner.holdings.own(handle);
  }
  owned<T extends AsyncDisposable>(handle: number): T {
    return this.#owner.holdings.owned<T>(handle);
  }
  release(handle: number): Promise<void> {
    return this.#owner.holdings.release(handle);
  }
}
