// Event bus: publish and subscribe within a node. Sealed.
// B1: publishing never waits and never runs a subscriber's code.
// B2: a subscriber's queue is bounded; when it is full the oldest event goes, and in its place the subscriber gets one
//     `events.dropped` with the count of what is missing at that point.
// B3: a subscriber sees events in the order they were published; after `close` it sees none.
import { type Data, dataObject } from './data.js';
import { PlatformError } from './errors.js';

export interface BusEvent {
  /** Who tells, e.g. `registry`. */
  readonly system: string;
  /** What happened, e.g. `entry.create`. The topic is `system.kind`. */
  readonly kind: string;
  /** What it happened to, e.g. an entry id. */
  readonly path: string;
  /** Plain data with byte strings, as Lua gets it. */
  readonly data: Data;
}

/**
 * What a subscriber wants: a pattern over the topic `system.kind`; or patterns over system and kind apart. A system pattern
 * alone takes what it matches as a system or as a whole topic, so that `registry` and `registry.*` both work.
 */
export type EventFilter = string | { readonly system: string; readonly kind?: string };

export interface Subscription {
  /** The next event, or undefined when there is none now. */
  take(): BusEvent | undefined;
  /** Waits for the next event; undefined once the subscription is closed. One waiter at a time. */
  next(): Promise<BusEvent | undefined>;
  /** Calls `listener` whenever the queue stops being empty, once now if it is not, and when the subscription is closed; it may `take`. */
  onReady(listener: () => void): void;
  readonly closed: boolean;
  close(): void;
}

export interface EventBusOptions {
  /** Events that wait for one subscriber at most. Default 1 024; at least 1. */
  readonly queueLength?: number;
}

export class EventError extends PlatformError {
  override readonly name = 'EventError';
  readonly code = 'EVENT_INVALID';
  override readonly kind = 'Invalid';
}

const DEFAULT_QUEUE_LENGTH = 1_024;
/** Topics whose subscribers are remembered; cleared when full or when subscriptions change. */
const ROUTES = 1_000;

export class EventBus {
  readonly #queueLength: number;
  readonly #subscriptions = new Set<QueuedSubscription>();
  readonly #routes = new Map<string, readonly QueuedSubscription[]>();

  constructor({ queueLength = DEFAULT_QUEUE_LENGTH }: EventBusOptions = {}) {
    if (!Number.isInteger(queueLength) || queueLength < 1)
      throw new EventError(`queueLength must be a whole number from 1 on, got ${queueLength}`);
    this.#queueLength = queueLength;
  }

  publish(system: string, kind: string, path: string, data: Data = null): void {
    if (system === '' || kind === '')
      throw new EventError('an event needs a system and a kind; both are empty or one is');
    if (this.#subscriptions.size === 0) return;
    const event: BusEvent = Object.freeze({ system, kind, path, data });
    for (const subscription of this.#route(system, kind)) subscription.push(event);
  }

  subscribe(filter: EventFilter): Subscription {
    const subscription = new QueuedSubscription(eventMatcher(filter), this.#queueLength, () => {
      this.#subscriptions.delete(subscription);
      this.#routes.clear();
    });
    this.#subscriptions.add(subscription);
    this.#routes.clear();
    return subscription;
  }

  /** Runs `handler` for each event in turn; what it throws goes to `onError` and the next event follows. */
  on(
    filter: EventFilter,
    handler: (event: BusEvent) => void | Promise<void>,
    onError: (error: unknown, event: BusEvent) => void,
  ): Subscription {
    const subscription = this.subscribe(filter);
    const run = async (): Promise<void> => {
      for (let event = await subscription.next(); event !== undefined; event = await subscription.next()) {
        try {
          await handler(event);
        } catch (error) {
          onError(error, event);
        }
      }
    };
    void run();
    return subscription;
  }

  /** Ends all subscriptions. */
  close(): void {
    for (const subscription of [...this.#subscriptions]) subscription.close();
  }

  get subscriptionCount(): number {
    return this.#subscriptions.size;
  }

  #route(system: string, kind: string): readonly QueuedSubscription[] {
    const topic = `${system}\0${kind}`;
    const known = this.#routes.get(topic);
    if (known !== undefined) return known;
    const found = [...this.#subscriptions].filter((subscription) => subscription.matches(system, kind));
    if (this.#routes.size >= ROUTES) this.#routes.clear();
    this.#routes.set(topic, found);
    return found;
  }
}

type EventMatcher = (system: string, kind: string) => boolean;

function eventMatcher(filter: EventFilter): EventMatcher {
  if (typeof filter === 'string') {
    const topic = compileTopicPattern(filter);
    return (system, kind) => topic(`${system}.${kind}`);
  }
  const bySystem = compileTopicPattern(filter.system);
  if (filter.kind === undefined || filter.kind === '')
    return (system, kind) => bySystem(system) || bySystem(`${system}.${kind}`);
  const byKind = compileTopicPattern(filter.kind);
  return (system, kind) => bySystem(system) && byKind(kind);
}

/** A ring of events that forgets the oldest. */
class QueuedSubscription implements Subscription {
  readonly matches: EventMatcher;
  readonly #onClose: () => void;
  readonly #ring: (BusEvent | undefined)[] = [];
  readonly #limit: number;
  #first = 0;
  #count = 0;
  #dropped = 0;
  #waiter: ((event: BusEvent | undefined) => void) | undefined;
  #listener: (() => void) | undefined;
  #closed = false;

  constructor(matches: EventMatcher, limit: number, onClose: () => void) {
    this.matches = matches;
    this.#limit = limit;
    this.#onClose = onClose;
  }

  get closed(): boolean {
    return this.#closed;
  }

  push(event: BusEvent): void {
    if (this.#closed) return;
    const wasEmpty = this.#count === 0;
    if (this.#count === this.#limit) {
      this.#first = (this.#first + 1) % this.#limit;
      this.#count--;
      this.#dropped++;
    }
    this.#ring[(this.#first + this.#count) % this.#limit] = event;
    this.#count++;
    if (this.#waiter !== undefined) {
      const waiter = this.#waiter;
      this.#waiter = undefined;
      waiter(this.take());
    } else if (wasEmpty) this.#signal();
  }

  take(): BusEvent | undefined {
    if (this.#closed) return undefined;
    if (this.#dropped > 0) {
      const count = this.#dropped;
      this.#dropped = 0;
      return Object.freeze({
        system: 'events',
        kind: 'dropped',
        path: 'events',
        data: dataObject({ count }),
      });
    }
    if (this.#count === 0) return undefined;
    const event = this.#ring[this.#first];
    this.#ring[this.#first] = undefined;
    this.#first = (this.#first + 1) % this.#limit;
    this.#count--;
    return event;
  }

  next(): Promise<BusEvent | undefined> {
    if (this.#waiter !== undefined)
      throw new EventError('a subscription has one reader; another already waits for the next event');
    const event = this.take();
    if (event !== undefined || this.#closed) return Promise.resolve(event);
    return new Promise((resolve) => {
      this.#waiter = resolve;
    });
  }

  onReady(listener: () => void): void {
    this.#listener = listener;
    if (this.#count > 0) this.#signal();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ring.length = 0;
    this.#onClose();
    this.#waiter?.(undefined);
    this.#waiter = undefined;
    this.#signal();
    this.#listener = undefined;
  }

  /** Tells the listener in a job of its own (B1). */
  #signal(): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    void Promise.resolve().then(listener);
  }
}

/**
 * A pattern of dotted segments: `*` is one segment, `**` any number, `(a|b)` either, also as a part of a segment.
 * Throws EventError for an empty pattern and for parentheses that do not close.
 */
export function compileTopicPattern(pattern: string): (topic: string) => boolean {
  if (pattern === '') throw new EventError('an event pattern is empty; name a system, or take all with **');
  const segments = splitSegments(pattern).map(compileSegment);
  if (segments.every((segment) => typeof segment === 'string')) return (topic) => topic === pattern;
  return (topic) => matchSegments(segments, topic.split('.'));
}

const ONE = Symbol('one');
const MANY = Symbol('many');
type Segment = string | RegExp | typeof ONE | typeof MANY;

/** Splits at dots that are not in parentheses. */
function splitSegments(pattern: string): string[] {
  const segments: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at <= pattern.length; at++) {
    const char = pattern[at];
    if (char === '(') depth++;
    else if (char === ')') depth--;
    if (depth < 0 || depth > 1 || (char === undefined && depth > 0))
      throw new EventError(`the parentheses of the event pattern '${pattern}' do not pair; write (a|b)`);
    if (char === undefined || (char === '.' && depth === 0)) {
      segments.push(pattern.slice(start, at));
      start = at + 1;
    }
  }
  return segments;
}

function compileSegment(segment: string): Segment {
  if (segment === '*') return ONE;
  if (segment === '**') return MANY;
  if (!segment.includes('(')) return segment;
  const source = segment.replace(/[.*+?^${}[\]\\]/g, '\\$&').replaceAll('(', '(?:');
  return new RegExp(`^${source}$`);
}

/** Backtracks only to the last `**`, so that the time is bounded by pattern times topic. */
function matchSegments(pattern: readonly Segment[], topic: readonly string[]): boolean {
  let at = 0;
  let position = 0;
  let retryAt = -1;
  let retryPosition = 0;
  while (position < topic.length) {
    const segment = pattern[at];
    const text = topic[position] ?? '';
    if (segment === MANY) {
      retryAt = ++at;
      retryPosition = position;
    } else if (segment === ONE || segment === text || (segment instanceof RegExp && segment.test(text))) {
      at++;
      position++;
    } else if (retryAt >= 0) {
      at = retryAt;
      position = ++retryPosition;
    } else return false;
  }
  while (pattern[at] === MANY) at++;
  return at === pattern.length;
}
