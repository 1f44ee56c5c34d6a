// Parts of a program that are cancelled by themselves, and parts that no cancellation reaches. Sealed.
// C1: a scope is inside the one in which it was made; cancelling one cancels all inside of it, but not past a shield.
// C2: a scope that is cancelled stays so: what is asked for in it is answered with Canceled.
import type { ErrorData } from '../../core/error-data.js';

export class CancelScope {
  readonly parent: CancelScope | undefined;
  /** Whether cancellations from around it stop here. */
  readonly shields: boolean;
  /** Whether a cancellation of the run stops here or further out. */
  readonly isShielded: boolean;
  /** Whether this scope or one around it can be cancelled by itself. */
  readonly isOwn: boolean;
  #error: ErrorData | undefined;

  constructor(parent: CancelScope | undefined, kind: 'shield' | 'cancellable') {
    this.parent = parent;
    this.shields = kind === 'shield';
    this.isShielded = this.shields || parent?.isShielded === true;
    this.isOwn = !this.shields || parent?.isOwn === true;
  }

  /** What is asked for in it is answered with this error; undefined: it goes to the host. */
  get canceled(): ErrorData | undefined {
    return this.shields ? undefined : (this.#error ?? this.parent?.canceled);
  }

  /** Whether it was cancelled itself. */
  get isCanceled(): boolean {
    return this.#error !== undefined;
  }

  /** InstanceContext.cancelScope does this, and tells who waits in it. */
  mark(error: ErrorData): void {
    this.#error ??= error;
  }
}
