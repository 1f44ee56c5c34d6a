// The places of one function's pool and the queue for them.
// Q1: at most `limit` calls hold a place; at most `buffer` wait, first come first served; the next one is refused.
// Q2: a caller that gives up while it waits leaves the queue at once.
import type { DataObject } from '../core/data.js';

export type PoolType = 'inline' | 'lazy' | 'static' | 'adaptive';

export interface PoolSettings {
  readonly type: PoolType;
  /** Places. Infinity for inline: the call runs within its caller. */
  readonly limit: number;
  /** Seats in the queue. */
  readonly buffer: number;
}

/** For functions that say nothing about their pool. */
const IMPLICIT_LIMIT = 100;
const EXPLICIT_LIMIT = 16;
const STATIC_WORKERS = 8;
const BUFFER_PER_PLACE = 64;
/** An adaptive pool starts with this many places and goes back to it. */
const ADAPTIVE_START = 4;
/** A call that waited longer than this makes an adaptive pool grow. Milliseconds. */
const ADAPTIVE_WAIT_MS = 5;
/** An adaptive pool that needed less than half of its places for this long halves them. Milliseconds. */
const ADAPTIVE_CALM_MS = 10_000;

/** From an entry's `pool` field, whose types its kind's schema has checked. */
export function poolSettings(pool: Readonly<DataObject> | undefined): PoolSettings {
  const number = (field: string): number | undefined => {
    const value = pool?.[field];
    return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : undefined;
  };
  const workers = number('workers') ?? number('size');
  const declared = pool?.['type'];
  const type: PoolType =
    declared === 'inline' || declared === 'lazy' || declared === 'static' || declared === 'adaptive'
      ? declared
      : workers !== undefined
        ? 'static'
        : 'lazy';
  if (type === 'inline') return { type, limit: Infinity, buffer: 0 };
  const implicit = pool === undefined || (declared === undefined && number('max_size') === undefined);
  const limit =
    type === 'static'
      ? (workers ?? STATIC_WORKERS)
      : (number('max_size') ?? (implicit ? IMPLICIT_LIMIT : EXPLICIT_LIMIT));
  return { type, limit, buffer: number('buffer') ?? limit * BUFFER_PER_PLACE };
}

interface Waiter {
  readonly since: number;
  readonly enter: () => void;
}

export class Places {
  #settings: PoolSettings;
  /** Below `settings.limit` only for an adaptive pool. */
  #limit: number;
  #running = 0;
  #calmSince: number;
  readonly #waiting: Waiter[] = [];
  readonly #clock: () => number;

  /** `clock` gives milliseconds that only grow. */
  constructor(settings: PoolSettings, clock: () => number) {
    this.#settings = settings;
    this.#clock = clock;
    this.#calmSince = clock();
    this.#limit = start(settings);
  }

  get running(): number {
    return this.#running;
  }
  get waiting(): number {
    return this.#waiting.length;
  }
  get limit(): number {
    return this.#limit;
  }

  /** New settings after a change of the entry; calls that run keep their places. */
  resize(settings: PoolSettings): void {
    const same = settings.type === this.#settings.type && settings.limit === this.#settings.limit;
    this.#settings = settings;
    if (!same) this.#limit = start(settings);
    this.#admit();
  }

  /** True when a place was taken at once; then `leave` gives it back. */
  tryEnter(): boolean {
    this.#calm();
    if (this.#running >= this.#limit || this.#waiting.length > 0) return false;
    this.#running += 1;
    return true;
  }

  /** Waits for a place; undefined when the queue is full. `withdraw` leaves the queue and says whether it was still in it. */
  queue(enter: () => void): { readonly withdraw: () => boolean } | undefined {
    if (this.#waiting.length >= this.#settings.buffer) return undefined;
    const waiter: Waiter = { since: this.#clock(), enter };
    this.#waiting.push(waiter);
    this.#admit();
    return {
      withdraw: () => {
        const index = this.#waiting.indexOf(waiter);
        if (index < 0) return false;
        this.#waiting.splice(index, 1);
        return true;
      },
    };
  }

  leave(): void {
    this.#running -= 1;
    this.#admit();
  }

  #admit(): void {
    while (this.#waiting.length > 0) {
      const first = this.#waiting[0];
      if (first === undefined) return;
      if (this.#running >= this.#limit) {
        if (!this.#grow(first)) return;
        continue;
      }
      this.#waiting.shift();
      this.#running += 1;
      first.enter();
    }
  }

  #grow(first: Waiter): boolean {
    if (this.#settings.type !== 'adaptive' || this.#limit >= this.#settings.limit) return false;
    if (this.#clock() - first.since < ADAPTIVE_WAIT_MS && this.#waiting.length <= this.#limit) return false;
    this.#limit = Math.min(this.#settings.limit, this.#limit * 2);
    return true;
  }

  #calm(): void {
    if (this.#settings.type !== 'adaptive') return;
    const now = this.#clock();
    if (this.#running * 2 >= this.#limit) this.#calmSince = now;
    else if (now - this.#calmSince > ADAPTIVE_CALM_MS) {
      this.#limit = Math.max(start(this.#settings), Math.floor(this.#limit / 2));
      this.#calmSince = now;
    }
  }
}

const start = ({ type, limit }: PoolSettings): number =>
  type === 'adaptive' ? Math.min(ADAPTIVE_START, limit) : limit;
