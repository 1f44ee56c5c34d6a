// Token buckets by key: each fills by `requests` a `window` and holds at most `burst` beside it.
// Source of the rule: https://en.wikipedia.org/wiki/Token_bucket
// B1: at most `maxEntries` keys are kept; the one that was used longest ago goes first.

export interface RateLimits {
  readonly requests: number;
  /** Milliseconds. */
  readonly windowMs: number;
  readonly burst: number;
  /** After so long without a request a key is forgotten. Milliseconds. */
  readonly ttlMs: number;
  readonly maxEntries: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

export class TokenBuckets {
  readonly #limits: RateLimits;
  /** In the order of their last use. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(limits: RateLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one token; false where there is none. `now`: milliseconds that only grow. */
  take(key: string, now: number): boolean {
    const { requests, windowMs, burst, maxEntries } = this.#limits;
    const most = Math.max(1, burst);
    const found = this.#buckets.get(key);
    const bucket = found ?? { tokens: most, at: now };
    bucket.tokens = Math.min(most, bucket.tokens + ((now - bucket.at) * requests) / windowMs);
    bucket.at = now;
    if (found !== undefined) this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > maxEntries) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  /** Until the key has a token again. Milliseconds. */
  waitMs(key: string): number {
    const { requests, windowMs } = this.#limits;
    const tokens = this.#buckets.get(key)?.tokens ?? 1;
    return tokens >= 1 ? 0 : ((1 - tokens) * windowMs) / requests;
  }

  /** Forgets what was not used for long. */
  sweep(now: number): void {
    for (const [key, { at }] of this.#buckets) {
      if (now - at < this.#limits.ttlMs) return;
      this.#buckets.delete(key);
    }
  }
}
