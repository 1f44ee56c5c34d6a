// store.memory: values in the memory of this node, gone with it.
// M1: what has expired is not there for anybody, also before it is swept.
// M2: a full store takes no new key; one that it has may be written anew.
// M3: a write that comes again under its key (a workflow's activity that is tried again) gets the answer of the first time.
import type { Data } from '../../core/data.js';
import { StoreCallError } from '../../modules/store/host.js';
import type {
  KeyValueStore,
  Page,
  PutOptions,
  StoreCaller,
  StoreCapabilities,
  StoredValue,
} from '../../modules/store/host.js';

interface Held {
  readonly stored: StoredValue;
  /** Unix time, milliseconds; undefined: never. */
  readonly expiresAt: number | undefined;
}

export interface MemoryStoreOptions {
  /** Entry id, for messages. */
  readonly entry: string;
  readonly maxSize: number;
  /** How often what has expired is swept. Milliseconds; 0: never by itself. */
  readonly cleanupMs: number;
  /** Unix time, milliseconds. */
  readonly now?: () => number;
}

/** Answers of writes that are kept (M3): more than one node's workflows have under way. */
const ANSWERS_KEPT = 10_000;

export class MemoryStore implements KeyValueStore, AsyncDisposable {
  readonly capabilities: StoreCapabilities = {
    backend: 'memory',
    consistency: 'local',
    durable: false,
    list: true,
    versioned: true,
    conditional_put: true,
    ttl: true,
  };
  readonly #options: MemoryStoreOptions;
  readonly #held = new Map<string, Held>();
  readonly #answers = new Map<string, StoredValue | boolean>();
  readonly #sweeper: NodeJS.Timeout | undefined;
  /** Keys in order; undefined after a key came or went. */
  #sorted: readonly string[] | undefined;
  #version = 0;

  constructor(options: MemoryStoreOptions) {
    this.#options = options;
    if (options.cleanupMs > 0) {
      this.#sweeper = setInterval(() => this.#sweep(), Math.min(options.cleanupMs, 2 ** 31 - 1));
      this.#sweeper.unref();
    }
  }

  async get(key: string): Promise<StoredValue | undefined> {
    return this.#find(key)?.stored;
  }

  async put(
    key: string,
    value: Data,
    options: PutOptions,
    { key: effect }: StoreCaller,
  ): Promise<StoredValue> {
    return this.#once(effect, () => this.#put(key, value, options));
  }

  async delete(key: string, { key: effect }: StoreCaller): Promise<boolean> {
    return this.#once(effect, () => {
      const there = this.#find(key) !== undefined;
      if (this.#held.delete(key)) this.#sorted = undefined;
      return there;
    });
  }

  async list({
    prefix,
    after,
    limit,
  }: {
    readonly prefix: string;
    readonly after: string | undefined;
    readonly limit: number;
  }): Promise<Page> {
    this.#sorted ??= [...this.#held.keys()].sort();
    const items: StoredValue[] = [];
    for (let index = firstFrom(this.#sorted, prefix, after); index < this.#sorted.length; index++) {
      const key = this.#sorted[index] ?? '';
      if (!key.startsWith(prefix)) break;
      const found = this.#find(key);
      if (found === undefined) continue;
      if (items.length === limit) return { items, hasMore: true };
      items.push(found.stored);
    }
    return { items, hasMore: false };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweeper);
    this.#held.clear();
  }

  #put(key: string, value: Data, { ttlMs, onlyIfAbsent, ifVersion }: PutOptions): StoredValue {
    const { entry, maxSize } = this.#options;
    const known = this.#find(key);
    if (onlyIfAbsent === true && known !== undefined)
      throw new StoreCallError('AlreadyExists', `the key '${key}' is there already`);
    if (ifVersion !== undefined && known?.stored.version !== ifVersion)
      throw new StoreCallError(
        'Conflict',
        known === undefined
          ? `the key '${key}' is not there any more`
          : `the key '${key}' was written by somebody else meanwhile; read it again`,
        true,
      );
    if (!this.#held.has(key)) {
      if (this.#held.size >= maxSize) this.#sweep();
      if (this.#held.size >= maxSize)
        throw new StoreCallError(
          'RateLimited',
          `the store '${entry}' is full: it takes ${maxSize} keys (max_size)`,
        );
      this.#sorted = undefined;
    }
    this.#version += 1;
    const stored: StoredValue = { key, value, version: String(this.#version) };
    this.#held.set(key, { stored, expiresAt: ttlMs === undefined ? undefined : this.#now() + ttlMs });
    return stored;
  }

  #once<T extends StoredValue | boolean>(effect: string | undefined, work: () => T): T {
    if (effect === undefined) return work();
    const known = this.#answers.get(effect);
    if (known !== undefined) return known as T; // the same command, so the same kind of answer
    const answer = work();
    this.#answers.set(effect, answer);
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= ANSWERS_KEPT) break;
      this.#answers.delete(oldest);
    }
    return answer;
  }

  #find(key: string): Held | undefined {
    const held = this.#held.get(key);
    return held?.expiresAt !== undefined && held.expiresAt <= this.#now() ? undefined : held;
  }

  #sweep(): void {
    const now = this.#now();
    for (const [key, { expiresAt }] of this.#held)
      if (expiresAt !== undefined && expiresAt <= now) {
        this.#held.delete(key);
        this.#sorted = undefined;
      }
  }

  #now(): number {
    return this.#options.now?.() ?? Date.now();
  }
}

/** Index of the first key that a page begins with. */
function firstFrom(sorted: readonly string[], prefix: string, after: string | undefined): number {
  const isBefore = (key: string): boolean => key < prefix || (after !== undefined && key <= after);
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(sorted[middle] ?? '')) low = middle + 1;
    else high = middle;
  }
  return low;
}
