// How many calls of a kind a run has open with the server, which fails the task of a run that asks for more, for ever. Sealed.
// O1: below the limit a call leaves in the step that makes it; above it calls wait, and go in their order as others end.
// O2: a call is open until the server has closed it: the program is told at once that it is cancelled, its place is free later.
// O3: histories that were recorded before there were limits name none: their calls leave at once, as they did then.
import { CancellationScope, CancelledFailure } from '@temporalio/workflow';
import type { OpenLimits, QueuedState } from '../../src/temporal/contracts.js';
import { within } from '../../src/temporal/sdk-internals.js';

type Kind = keyof OpenLimits;

/** The calls of one kind. */
export class OpenCalls {
  readonly #kind: Kind;
  /** Undefined: without one (O3). */
  readonly #limit: number | undefined;
  readonly #waiting = new Set<() => void>();
  #open = 0;

  constructor(kind: Kind, limit: number | undefined) {
    this.#kind = kind;
    this.#limit = limit;
  }

  /** Whether a cancelled call is to be heard of until the server has closed it (O2). */
  get isCounted(): boolean {
    return this.#limit !== undefined;
  }

  get queued(): QueuedState | undefined {
    return this.#limit === undefined || this.#waiting.size === 0
      ? undefined
      : { kind: this.#kind, waiting: this.#waiting.size, limit: this.#limit };
  }

  /**
   * Makes a call, now or once there is a place, in the cancellation scope in which this is called. `closed` tells of what the call
   * gave when the server has closed it. Default: the call's own end.
   */
  make<T>(call: () => Promise<T>, closed?: (value: T) => Promise<unknown>): Promise<T> {
    if (this.#limit === undefined) return call();
    if (this.#open < this.#limit && this.#waiting.size === 0) return this.#begin(call, closed);
    const scope = CancellationScope.current();
    return new Promise<T>((resolve, reject) => {
      const go = (): void => {
        this.#waiting.delete(go);
        resolve(within(scope, () => this.#begin(call, closed)));
      };
      this.#waiting.add(go);
      scope.cancelRequested.catch(() => {
        this.#waiting.delete(go);
        reject(new CancelledFailure('the call was cancelled before it left'));
      });
    });
  }

  #begin<T>(call: () => Promise<T>, closed: ((value: T) => Promise<unknown>) | undefined): Promise<T> {
    this.#open += 1;
    const made = call();
    const end = closed === undefined ? made : made.then(closed);
    const free = (): void => this.#free();
    end.then(free, free);
    return made;
  }

  #free(): void {
    this.#open -= 1;
    const [next] = this.#waiting;
    next?.();
  }
}

export type AllOpenCalls = Readonly<Record<Kind, OpenCalls>>;

export const openCalls = (limits: OpenLimits | undefined): AllOpenCalls => ({
  activities: new OpenCalls('activities', limits?.activities),
  children: new OpenCalls('children', limits?.children),
  signals: new OpenCalls('signals', limits?.signals),
  cancels: new OpenCalls('cancels', limits?.cancels),
  operations: new OpenCalls('operations', limits?.operations),
});

/** The call's end, or Canceled as soon as the scope in which this is called is cancelled (O2). `what` it was, as text. */
export function endOrCancelled<T>(call: Promise<T>, what: string): Promise<T> {
  const { cancelRequested } = CancellationScope.current();
  return new Promise<T>((resolve, reject) => {
    call.then(resolve, reject);
    cancelRequested.catch(() => reject(new CancelledFailure(`${what} was cancelled`)));
  });
}
