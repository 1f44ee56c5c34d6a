// Who is asked before a version is taken on this node, and told after.
// L1: each listener accepts each change in order, or rejects the version by throwing; it has `acceptTimeoutMs` for each.
// L2: after a rejection every listener that had accepted a change is given its inverse, last first.
// L3: of a version that was decided elsewhere a listener is asked the same; its rejection keeps the node on its version.
import type { Logger } from '../core/logger.js';
import { type ErrorKind, PlatformError } from '../core/errors.js';
import { type Change, changedId, invertChanges } from './model/changes.js';
import type { RegistryView } from './model/registry.js';
import { StoreUnavailableError } from './store/registry-store.js';

export interface ChangeListener {
  /** For messages and logs. */
  readonly name: string;
  /** Prepares for a change; `next` is the version it belongs to. What it throws rejects the whole version. */
  accept?(change: Change, next: RegistryView): void | Promise<void>;
  /** Of a version that was decided elsewhere: whether this node can take it at all. What it throws rejects it. */
  check?(changes: readonly Change[], next: RegistryView): Promise<void>;
  /** Of a version that was decided elsewhere, before it is live here: fetches what it needs. Errors are logged. */
  prepare?(changes: readonly Change[], next: RegistryView): Promise<void>;
  /** The version is live; `apply` returns when this has settled. Errors are logged: the version stays. */
  committed?(current: RegistryView, changes: readonly Change[]): void | Promise<void>;
}

/** Hears what all listeners together say to a change. */
export interface ChangeAnswers {
  accepted(change: Change): void;
  rejected(change: Change): void;
}

export class RegistryRejectedError extends PlatformError {
  override readonly name = 'RegistryRejectedError';
  readonly code = 'REGISTRY_REJECTED';
  override readonly kind: ErrorKind;
  readonly entry: string;
  readonly listener: string;
  override readonly retryable: boolean;
  /** `change` undefined: the version as a whole. */
  constructor(change: Change | undefined, listener: string, cause: unknown) {
    const entry = change === undefined ? '' : changedId(change);
    const what = change === undefined ? 'the version' : `the ${change.op} of '${entry}'`;
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`${listener} rejected ${what}: ${why}; nothing was changed`, { cause });
    this.kind = cause instanceof PlatformError ? cause.kind : 'Conflict';
    this.retryable = cause instanceof PlatformError && cause.retryable;
    this.entry = entry;
    this.listener = listener;
  }
}

class AcceptTimeoutError extends PlatformError {
  override readonly name = 'AcceptTimeoutError';
  readonly code = 'REGISTRY_ACCEPT_TIMEOUT';
  override readonly kind = 'Timeout';
  override readonly retryable = true;
}

export class ChangeListeners {
  readonly #listeners = new Set<ChangeListener>();
  readonly #timeoutMs: number;
  readonly #log: Logger;

  constructor(timeoutMs: number, log: Logger) {
    this.#timeoutMs = timeoutMs;
    this.#log = log;
  }

  add(listener: ChangeListener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Asks everybody; gives what takes all acceptances back. Throws RegistryRejectedError after having done so itself. */
  async accept(
    changes: readonly Change[],
    next: RegistryView,
    current: RegistryView,
    tell: ChangeAnswers,
  ): Promise<() => Promise<void>> {
    const accepted: [ChangeListener, Change][] = [];
    const undo = async (): Promise<void> => {
      for (const [listener, change] of accepted.splice(0).reverse())
        for (const inverse of invertChanges([change])) await this.#tryAccept(listener, inverse, current);
    };
    for (const change of changes) {
      for (const listener of this.#listeners) {
        try {
          await this.#accept(listener, change, next);
        } catch (cause) {
          tell.rejected(change);
          await undo();
          throw new RegistryRejectedError(change, listener.name, cause);
        }
        accepted.push([listener, change]);
      }
      tell.accepted(change);
    }
    return undo;
  }

  /** Of a version that was decided elsewhere (L3). Throws RegistryRejectedError, or StoreUnavailableError when it cannot be known. */
  async follow(
    changes: readonly Change[],
    next: RegistryView,
    current: RegistryView,
    tell: ChangeAnswers,
  ): Promise<void> {
    for (const listener of this.#listeners)
      try {
        await listener.check?.(changes, next);
      } catch (cause) {
        if (cause instanceof StoreUnavailableError) throw cause;
        throw new RegistryRejectedError(undefined, listener.name, cause);
      }
    for (const listener of this.#listeners)
      try {
        await listener.prepare?.(changes, next);
      } catch (error) {
        this.#log.error('a listener could not prepare for a version', { listener: listener.name, error });
      }
    await this.accept(changes, next, current, tell);
  }

  async committed(current: RegistryView, changes: readonly Change[]): Promise<void> {
    for (const listener of this.#listeners) {
      try {
        await listener.committed?.(current, changes);
      } catch (error) {
        this.#log.error('a listener failed after the registry changed', { listener: listener.name, error });
      }
    }
  }

  async #tryAccept(listener: ChangeListener, change: Change, view: RegistryView): Promise<void> {
    try {
      await this.#accept(listener, change, view);
    } catch (error) {
      this.#log.error('a listener failed on a change that it cannot reject', {
        listener: listener.name,
        entry: changedId(change),
        operation: change.op,
        error,
      });
    }
  }

  async #accept(listener: ChangeListener, change: Change, view: RegistryView): Promise<void> {
    const answer = listener.accept?.(change, view);
    if (answer === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new AcceptTimeoutError(`no answer within ${this.#timeoutMs} ms`));
      }, this.#timeoutMs);
    });
    try {
      await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
