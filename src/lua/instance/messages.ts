// Messages of one instance: to listeners of their topic, else to the inbox, else kept until somebody listens. Sealed.
// M1: the order of delivery is the order of arrival; what was kept is delivered before anything newer.
// M2: topics that begin with `@` belong to the platform and never reach the inbox.
// M3: what no coroutine has received can be told at any time, message by message, in the order of arrival.
import { dataObject } from '../../core/data.js';
import type { Message, TellUnread } from '../instance-context.js';

/** The topic of lifecycle events (CANCEL, EXIT, LINK_DOWN); process.events() listens to it. */
export const EVENTS_TOPIC = '@events';
/** What InstanceContext.listen takes for "everything that nobody else takes". */
export const INBOX = '';

export type Deliver = (message: Message) => void;

/** The event that Instance.cancel delivers. */
export const cancelMessage = (reason: string): Message => ({
  topic: EVENTS_TOPIC,
  from: undefined,
  payloads: [dataObject({ kind: 'CANCEL', reason })],
});

export class MessageBoard {
  readonly #listeners = new Map<string, Set<Deliver>>();
  readonly #holders = new Set<TellUnread>();
  readonly #arrivals = new WeakMap<Message, number>();
  #lastArrival = 0;
  #kept: Message[] = [];

  deliver(message: Message): void {
    this.#arrivals.set(message, ++this.#lastArrival);
    const listeners = this.#listenersOf(message.topic);
    if (listeners === undefined) this.#kept.push(message);
    else for (const listener of listeners) listener(message);
  }

  listen(topic: string, deliver: Deliver, unread?: TellUnread): () => void {
    if (unread !== undefined) this.#holders.add(unread);
    const own: Deliver = (message) => deliver(message);
    let listeners = this.#listeners.get(topic);
    if (listeners === undefined) this.#listeners.set(topic, (listeners = new Set()));
    listeners.add(own);
    this.#deliverKept(topic, own);
    return () => {
      listeners.delete(own);
      if (unread !== undefined) this.#holders.delete(unread);
      if (listeners.size === 0 && this.#listeners.get(topic) === listeners) this.#listeners.delete(topic);
    };
  }

  /** M3 */
  unread(): Message[] {
    const first = new Map<Message, number>(this.#kept.map((message) => [message, 0]));
    for (const holder of this.#holders)
      for (const { message, payload } of holder())
        first.set(message, Math.min(payload, first.get(message) ?? payload));
    const arrival = (message: Message): number => this.#arrivals.get(message) ?? 0;
    return [...first]
      .sort(([left], [right]) => arrival(left) - arrival(right))
      .map(([message, payload]) =>
        payload === 0 ? message : { ...message, payloads: message.payloads.slice(payload) },
      );
  }

  listens(topic: string): boolean {
    return this.#listeners.has(topic);
  }

  #listenersOf(topic: string): ReadonlySet<Deliver> | undefined {
    return this.#listeners.get(topic) ?? (topic.startsWith('@') ? undefined : this.#listeners.get(INBOX));
  }

  #deliverKept(topic: string, deliver: Deliver): void {
    if (this.#kept.length === 0) return;
    const kept = this.#kept;
    const wanted = (message: Message): boolean =>
      topic === INBOX ? !message.topic.startsWith('@') : message.topic === topic;
    this.#kept = kept.filter((message) => !wanted(message));
    for (const message of kept) if (wanted(message)) deliver(message);
  }
}
