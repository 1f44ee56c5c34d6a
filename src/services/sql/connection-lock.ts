// Who may use a connection that all share: one at a time, in the order in which they came.
// L1: a statement on its own holds it for the time it runs, a transaction until it ends.
// L2: who waits too long is told who holds it, and since when.
import { PlatformError } from '../../core/errors.js';

class DatabaseBusyError extends PlatformError {
  override readonly name = 'DatabaseBusyError';
  readonly code = 'DATABASE_BUSY';
  override readonly kind = 'Timeout';
  override readonly retryable = true;
  constructor(database: string, waitedMs: number, holder: Holder | undefined, asker: string) {
    const since = holder === undefined ? 0 : Math.round((performance.now() - holder.since) / 1000);
    const hint =
      holder?.name === asker
        ? 'the transaction is its own: use tx:query and tx:execute, or end it first'
        : 'end transactions sooner';
    super(
      `'${database}' was not free within ${waitedMs} ms: ${holder?.name ?? 'somebody'} holds a transaction since ${since} s; ${hint}`,
    );
  }
}

class DatabaseWaitEndedError extends PlatformError {
  override readonly name = 'DatabaseWaitEndedError';
  readonly code = 'DATABASE_WAIT_ENDED';
  override readonly kind = 'Canceled';
  constructor(database: string) {
    super(`nobody waits for '${database}' any more: the call was withdrawn`);
  }
}

interface Holder {
  readonly name: string;
  readonly since: number;
}
interface Waiter {
  readonly name: string;
  readonly go: () => void;
}

export class ConnectionLock {
  readonly #database: string;
  readonly #waitMs: number;
  readonly #waiters: Waiter[] = [];
  #holder: Holder | undefined;
  #waits = 0;
  #waitedMs = 0;

  /** `waitMs`: how long anybody waits for the connection. Milliseconds. */
  constructor(database: string, waitMs: number) {
    this.#database = database;
    this.#waitMs = waitMs;
  }

  get held(): boolean {
    return this.#holder !== undefined;
  }
  /** How often, and how long in all, somebody had to wait. */
  get waits(): { readonly count: number; readonly milliseconds: number } {
    return { count: this.#waits, milliseconds: this.#waitedMs };
  }

  /** Gives how to let go; calling it twice does nothing. `signal` is asked for only when there is a wait. */
  async take(name: string, signal: () => AbortSignal): Promise<() => void> {
    if (this.#holder !== undefined) await this.#wait(name, signal());
    const holder = { name, since: performance.now() };
    this.#holder = holder;
    return () => {
      if (this.#holder !== holder) return;
      this.#holder = undefined;
      this.#waiters.shift()?.go();
    };
  }

  #wait(name: string, signal: AbortSignal): Promise<void> {
    const started = performance.now();
    this.#waits += 1;
    return new Promise((resolve, reject) => {
      const ended = (error: PlatformError): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        settle();
        reject(error);
      };
      const aborted = (): void => ended(new DatabaseWaitEndedError(this.#database));
      const timer = setTimeout(
        () => ended(new DatabaseBusyError(this.#database, this.#waitMs, this.#holder, name)),
        this.#waitMs,
      );
      const settle = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', aborted);
        this.#waitedMs += performance.now() - started;
      };
      const waiter: Waiter = {
        name,
        go: () => {
          settle();
          // Taken at once, so that nobody who comes in between is served first.
          this.#holder = { name, since: performance.now() };
          resolve();
        },
      };
      this.#waiters.push(waiter);
      if (signal.aborted) aborted();
      else signal.addEventListener('abort', aborted, { once: true });
    });
  }
}
