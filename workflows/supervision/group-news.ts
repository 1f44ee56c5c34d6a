// Tells nodes how the groups of services are: no life of a group is on a node, so nobody else could. Sealed.
// W1: each node that serves hears of every group that is not Unknown, and then of each change; of several in a row of the newest only.
// W2: one message to a node is on its way at a time, so they arrive in order. One that does not arrive is not sent again: with
//     the next change the node hears of all that it has missed.
import type { GroupView, GroupsTold } from '../../src/temporal/service-contracts.js';

interface Listener {
  /** What the node has heard. */
  readonly heard: Map<string, GroupView>;
  isBusy: boolean;
}

export class GroupNews {
  readonly #send: (queue: string, told: GroupsTold) => Promise<void>;
  #listeners = new Map<string, Listener>();
  #groups: readonly GroupView[] = [];

  /** `send` tells the node that polls this queue; it rejects where that has not heard it. */
  constructor(send: (queue: string, told: GroupsTold) => Promise<void>) {
    this.#send = send;
  }

  /** What is so now; `queues`: of the nodes that serve. */
  update(queues: readonly string[], groups: readonly GroupView[]): void {
    this.#groups = groups;
    const before = this.#listeners;
    this.#listeners = new Map(
      queues.map((queue) => [queue, before.get(queue) ?? { heard: new Map(), isBusy: false }]),
    );
    for (const [queue, listener] of this.#listeners) void this.#tell(queue, listener);
  }

  async #tell(queue: string, listener: Listener): Promise<void> {
    if (listener.isBusy) return;
    const news = this.#groups.filter((group) => isNews(listener.heard.get(group.id), group));
    if (news.length === 0) return;
    listener.isBusy = true;
    try {
      await this.#send(queue, { groups: news });
      for (const group of news) listener.heard.set(group.id, group);
      listener.isBusy = false;
    } catch {
      listener.isBusy = false;
      return; // W2
    }
    if (this.#listeners.get(queue) === listener) await this.#tell(queue, listener);
  }
}

const isNews = (heard: GroupView | undefined, now: GroupView): boolean =>
  heard === undefined ? now.state !== 'Unknown' : heard.state !== now.state || heard.since !== now.since;
