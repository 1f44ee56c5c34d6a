// Messages of one instance: to listeners of their topic, else to the inbox, else kept until somebody listens. Sealed.
// M1: the order of delivery is the order of arrival; what was kept is delivered before anything newer.
// M2: topics that begin with `@` belong to the platform and never reach the inbox.
// M3: what no coroutine has received can be told at any time, message by message, in the order of arrival.
import { dataObject } from '../../core/data.js';
import type { Message, Unread, UnreadHolder } from '../instance-context.js';

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

interface Listener {
  readonly deliver: Deliver;
  readonly held: UnreadHolder | undefined;
}
const NONE: readonly never[] = Object.freeze([]);

/** Lists are replaced when they change: a delivery goes to those that listened when it began. There are very many boards. */
export class MessageBoard {
  #inbox: readonly Listener[] = NONE;
  /** Of other topics; made when one is first listened to. */
  #topics: Map<string, readonly Listener[]> | undefined;
  #lastArrival = 0;
  /** Made when first something is kept. */
  #kept: Unread[] | undefined;

  deliver(message: Message): void {
    const arrival = ++this.#lastArrival;
    const listeners = this.#takersOf(message.topic);
    if (listeners.length === 0) (this.#kept ??= []).push({ message, payload: 0, arrival });
    for (const { deliver } of listeners) deliver(message, arrival);
  }

  listen(topic: string, deliver: Deliver, held?: UnreadHolder): () => void {
    const own: Listener = { deliver, held };
    this.#set(topic, [...this.#listenersTo(topic), own]);
    this.#deliverKept(topic, deliver);
    return () =>
      this.#set(
        topic,
        this.#listenersTo(topic).filter((one) => one !== own),
      );
  }

  /** M3 */
  unread(): Message[] {
    const first = new Map<number, Unread>((this.#kept ?? NONE).map((kept) => [kept.arrival, kept]));
    const all = [this.#inbox, ...(this.#topics?.values() ?? NONE)].flat();
    for (const { held } of all)
      for (const one of (held?.origins() ?? NONE) as readonly Unread[]) {
        const known = first.get(one.arrival);
        if (known === undefined || one.payload < known.payload) first.set(one.arrival, one);
      }
    return [...first.values()]
      .sort((left, right) => left.arrival - right.arrival)
      .map(({ message, payload }) =>
        payload === 0 ? message : { ...message, payloads: message.payloads.slice(payload) },
      );
  }

  /** How many values have come that nobody has received: payloads where a listener takes those, else messages. */
  get unreadCount(): number {
    let count = this.#kept?.length ?? 0;
    for (const { held } of this.#inbox) count += held?.length ?? 0;
    if (this.#topics !== undefined)
      for (const listeners of this.#topics.values())
        for (const { held } of listeners) count += held?.length ?? 0;
    return count;
  }

  listens(topic: string): boolean {
    return this.#listenersTo(topic).length > 0;
  }

  #listenersTo(topic: string): readonly Listener[] {
    return topic === INBOX ? this.#inbox : (this.#topics?.get(topic) ?? NONE);
  }

  #set(topic: string, listeners: readonly Listener[]): void {
    if (topic === INBOX) this.#inbox = listeners;
    else if (listeners.length === 0) this.#topics?.delete(topic);
    else (this.#topics ??= new Map()).set(topic, listeners);
  }

  /** M2 */
  #takersOf(topic: string): readonly Listener[] {
    const own = this.#topics?.get(topic);
    if (own !== undefined) return own;
    return topic.startsWith('@') ? NONE : this.#inbox;
  }

  #deliverKept(topic: string, deliver: Deliver): void {
    const kept = this.#kept;
    if (kept === undefined) return;
    const wanted = (message: Message): boolean =>
      topic === INBOX ? !message.topic.startsWith('@') : message.topic === topic;
    this.#kept = kept.filter(({ message }) => !wanted(message));
    for (const { message, arrival } of kept) if (wanted(message)) deliver(message, arrival);
  }
}
