// What waits to be sent to one node: packets in their order, in batches.
// O1: one batch is on its way at a time, so that batches are stored in the order of their numbers; what comes meanwhile is the next.
// O2: a batch that could not be stored is tried again with the same number: stored twice it is taken once.
import { setTimeout as pause } from 'node:timers/promises';
import { encodeBatch } from './packets.js';

/** Stores a batch; false: the node is not there any more. Rejects when that cannot be known now. */
export type StoreBatch = (number: number, body: string) => Promise<boolean>;

/** Characters of a batch, unless one packet alone has more. */
const BATCH = 1_000_000;
const RETRY_MS = 100;
const LONGEST_RETRY_MS = 1_000;

export class Outbox {
  readonly #store: StoreBatch;
  readonly #gone: () => void;
  readonly #end = new AbortController();
  #waiting: string[] = [];
  #running: Promise<void> | undefined;
  #number = 0;

  /** `gone` hears that the node is not there. */
  constructor(store: StoreBatch, gone: () => void) {
    this.#store = store;
    this.#gone = gone;
  }

  get length(): number {
    return this.#waiting.length;
  }

  put(packet: string): void {
    if (this.#end.signal.aborted) return;
    this.#waiting.push(packet);
    // In a job of its own, so that what one step sends goes as one batch.
    this.#running ??= Promise.resolve().then(() => this.#run());
  }

  /** Resolves when nothing waits any more. */
  async flush(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Sends no more. */
  close(): void {
    this.#waiting = [];
    this.#end.abort();
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) await this.#send(this.#takeBatch());
    this.#running = undefined;
  }

  #takeBatch(): string {
    let count = 0;
    let size = 0;
    while (count < this.#waiting.length && (count === 0 || size + this.#waiting[count]!.length <= BATCH)) {
      size += this.#waiting[count]!.length;
      count += 1;
    }
    const batch = encodeBatch(this.#waiting.slice(0, count));
    this.#waiting = this.#waiting.slice(count);
    return batch;
  }

  async #send(body: string): Promise<void> {
    const number = (this.#number += 1);
    for (let wait = RETRY_MS; !this.#end.signal.aborted; wait = Math.min(wait * 2, LONGEST_RETRY_MS))
      try {
        if (!(await this.#store(number, body))) this.#gone();
        return;
      } catch {
        // The store is away: who asked is told when their time is up, and what is sent then does no harm (O2).
        await pause(wait, undefined, { signal: this.#end.signal }).catch(() => undefined);
      }
  }
}
