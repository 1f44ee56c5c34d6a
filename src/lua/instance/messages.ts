// Messages of one instance: to listeners of their topic, else to the inbox, else kept until somebody listens. Sealed.
// M1: the order of delivery is the order of arrival; what was kept is delivered before anything newer.
// M2: topics that begin with `@` belong to the platform and never reach the inbox.
// M3: what no coroutine has received can be told at any time, message by message, in the order of arrival.
import { dataObject } from '../../core/data.js';
import type { Message, TellUnread, Unread } from '../instance-context.js';

/** The topic of lifecycle events (CANCEL, EXIT, LINK_DOWN); process.events() listens to it. */
export const EVENTS_TOPIC = '@events';
/** What InstanceContext.listen takes for "everything that nobody else takes". */
export const INBOX = '';

/** `arrival`: its place in the order of arrival. */
export type Deliver = (message: Message, arrival: number) => void;

/** The event that Instance.cancel delivers. */
export const cancelMessage = (reason: string): Message => ({
  topic: EVENTS_TOPIC,
  from: undefined,
  payloads: [dataObject({ kind: 'CANCEL', reason })],
});

export class MessageBoard {
  readonly #listeners = new Map<string, Set<Deliver>>();
  readonly #holders = new Set<TellUnread>();
  #lastArrival = 0;
  #kept: Unread[] = [];

  deliver(message: Message): void {
    const arrival = ++this.#lastArrival;
    const listeners = this.#listenersOf(message.topic);
    if (listeners === undefined) this.#kept.push({ message, payload: 0, arrival });
    else for (const listener of listeners) listener(message, arrival);
  }

  listen(topic: string, deliver: Deliver, unread?: TellUnread): () => void {
    if (unread !== undefined) this.#holders.add(unread);
    const own: Deliver = (message, arrival) => deliver(message, arrival);
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
    const first = new Map<number, Unread>(this.#kept.map((kept) => [kept.arrival, kept]));
    for (const holder of this.#holders)
      for (const held of holder()) {
        const known = first.get(held.arrival);
        if (known === undefined || held.payload < known.payload) first.set(held.arrival, held);
      }
    return [...first.values()]
      .sort((left, right) => left.arrival - right.arrival)
      .map(({ message, payload }) =>
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
    this.#kept = kept.filter(({ message }) => !wanted(message));
    for (const { message, arrival } of kept) if (wanted(message)) deliver(message, arrival);
  }
}
