// The relay between the nodes of one app over the registry's Postgres: rows are the truth, notifications only wake.
// R1: a packet is answered once its handler has: what a sender was told to have arrived is in the mailbox of the receiver.
// R2: a batch is taken once, whatever was stored or read twice: numbers of a source only grow.
// R3: a node is gone when it has not shown itself for a while that this node has watched: as long as the store was away, or this
//     node stood still, nobody is. One whose connection is closed was killed: that while is shorter.
// R4: a node that finds that the others have given it up begins a new life: what it had with others is over on both sides.
// R5: an asker waits no longer than its time: then it is told that it is not known whether the packet arrived.
import { randomBytes } from 'node:crypto';
import type { Data, DataObject } from '../../core/data.js';
import type { ErrorData } from '../../core/error-data.js';
import type { Logger } from '../../core/logger.js';
import { PostgresConnection } from '../../registry/store/postgres-connection.js';
import { CallError } from '../errors.js';
import { Outbox } from './outbox.js';
import { decodeBatch, encodePacket } from './packets.js';
import type { Packet } from './packets.js';
import { PeerError } from './peers.js';
import type { PeerHandler, Peers, PeerWatcher } from './peers.js';
import type { PostgresListener } from '../../registry/store/postgres-listener.js';
import { postgresBell } from './postgres-bell.js';
import { RelayStore } from './relay-store.js';
import type { BatchRow, NodeRow } from './relay-store.js';

export interface PostgresPeersOptions {
  /** Name of this node. */
  readonly node: string;
  readonly url: string;
  readonly schema: string;
  readonly logger: Logger;
  readonly toErrorData: (error: unknown) => ErrorData;
  /** How often a node shows itself. Milliseconds. Default 1 000. */
  readonly beatMs?: number;
  /** A silent node is gone after this time. Milliseconds. Default 10 000. */
  readonly silentMs?: number;
  /** One that is not connected any more, after this. Milliseconds. Default 2 500. */
  readonly closedMs?: number;
  /** How long a question may wait for its answer. Milliseconds. Default 30 000. */
  readonly answerMs?: number;
}

/** Packets that may wait for one node. */
const MOST_WAITING = 20_000;
/** Characters of a packet. */
const LARGEST = 4_000_000;
/** How long a node that leaves waits for what it still has to say. Milliseconds. */
const GOODBYE_MS = 1_000;

interface Peer {
  readonly name: string;
  readonly life: string;
  readonly outbox: Outbox;
  beat: string;
  /** When this node last saw it show itself. Of the monotonic clock, moved on by what this node has missed (R3). */
  seen: number;
  connected: boolean | undefined;
  /** Number of the last batch of it that was taken (R2). */
  taken: number;
}

interface Question {
  readonly node: string;
  readonly until: number;
  readonly resolve: (value: Data) => void;
  readonly reject: (error: Error) => void;
}

export class PostgresPeers implements Peers, AsyncDisposable {
  readonly node: string;
  readonly #options: Required<PostgresPeersOptions>;
  readonly #connection: PostgresConnection;
  readonly #store: RelayStore;
  readonly #handlers = new Map<string, PeerHandler>();
  readonly #watchers = new Set<PeerWatcher>();
  readonly #onStart = new Set<() => void>();
  /** By name, in the order in which they came. */
  #peers = new Map<string, Peer>();
  readonly #questions = new Map<number, Question>();
  #lastQuestion = 0;
  #life = '';
  #bell: PostgresListener | undefined;
  #backend: number | undefined;
  #beating: NodeJS.Timeout | undefined;
  #lastBeat = 0;
  #looking: Promise<void> | undefined;
  #fetching: Promise<void> | undefined;
  #fetchAgain = false;
  #started: Promise<void> | undefined;
  #leaving = false;
  #toldClash = false;

  constructor(options: PostgresPeersOptions) {
    const { beatMs = 1_000, silentMs = 10_000, closedMs = 2_500, answerMs = 30_000 } = options;
    this.#options = { ...options, beatMs, silentMs, closedMs, answerMs };
    this.node = options.node;
    const { url, schema } = options;
    this.#connection = new PostgresConnection({ url, schema, most: 4, name: 'moontide relay' });
    this.#store = new RelayStore(this.#connection);
  }

  get others(): readonly string[] {
    return [...this.#peers.keys()];
  }

  /** The tables, for what else nodes keep together. */
  get store(): RelayStore {
    return this.#store;
  }

  /** Of this node; rows that belong to it go with it. Empty before the start. */
  get life(): string {
    return this.#life;
  }

  answer(type: string, handler: PeerHandler): void {
    this.#handlers.set(type, handler);
  }

  watch(watcher: PeerWatcher): void {
    this.#watchers.add(watcher);
  }

  /** Calls back at each beginning of a life of this node. */
  onLife(began: () => void): void {
    this.#onStart.add(began);
  }

  /** Becomes one of the nodes; goes on trying while the store is away. Resolves after the first try. */
  start(): Promise<void> {
    return (this.#started ??= this.#start());
  }

  async #start(): Promise<void> {
    if (this.#leaving) return;
    this.#life = newLife();
    await this.#beat();
    this.#ring();
    const { beatMs } = this.#options;
    const again = (): void => {
      if (this.#leaving) return;
      this.#beating = setTimeout(() => void this.#beat().then(again), beatMs);
    };
    again();
  }

  #ring(): void {
    if (this.#leaving) return;
    const life = this.#life;
    const own = this.#store.channelOf(life);
    this.#bell = postgresBell({
      connection: this.#connection,
      channels: [own, this.#store.nodesChannel, this.#store.namesChannel],
      rang: (channel, payload) => {
        if (channel === own) this.#fetch();
        else if (channel === this.#store.nodesChannel) void this.#look();
        else for (const watcher of this.#watchers) watcher.rang?.(payload);
      },
      listens: (backend) => {
        this.#backend = backend;
        void this.#look();
        this.#fetch();
        for (const watcher of this.#watchers) watcher.rang?.('');
      },
    });
  }

  async request(node: string, type: string, body: DataObject): Promise<Data> {
    if (node === this.node) return this.#handle(type, body, node);
    await this.start();
    let peer = this.#peers.get(node);
    if (peer === undefined) {
      await this.#look(); // it may have come just now
      peer = this.#peers.get(node);
    }
    if (this.#leaving) throw new PeerError(`this node, '${this.node}', is stopping`);
    if (peer === undefined)
      throw new PeerError(`there is no node '${node}'; it has stopped, or it never was`, false);
    if (peer.outbox.length >= MOST_WAITING)
      throw new CallError({
        kind: 'RateLimited',
        message: `${MOST_WAITING} packets wait for node '${node}'; send more slowly`,
        retryable: true,
      });
    const id = (this.#lastQuestion += 1);
    const packet = encodePacket({ is: 'question', id, type, body });
    if (packet.length > LARGEST)
      throw new CallError({
        kind: 'Invalid',
        message: `a message to another node has ${packet.length} bytes; ${LARGEST} are the most`,
        retryable: false,
      });
    return new Promise((resolve, reject) => {
      const until = performance.now() + this.#options.answerMs;
      this.#questions.set(id, { node, until, resolve, reject });
      peer.outbox.put(packet);
    });
  }

  /** What it still has to say is sent, then the others are told that it has left. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#leaving) return;
    this.#leaving = true;
    clearTimeout(this.#beating);
    await this.#started;
    const flushed = Promise.all([...this.#peers.values()].map(({ outbox }) => outbox.flush()));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, GOODBYE_MS);
    });
    await Promise.race([flushed, late]);
    clearTimeout(timer);
    await this.#bell?.[Symbol.asyncDispose]();
    for (const [id, { reject }] of this.#questions) {
      this.#questions.delete(id);
      reject(new PeerError(`this node, '${this.node}', is stopping`));
    }
    for (const { outbox } of this.#peers.values()) outbox.close();
    this.#peers.clear();
    await this.#looking?.catch(() => undefined); // the store may be away
    await this.#fetching;
    if (this.#life !== '') await this.#store.remove(this.#life).catch(() => undefined); // the others find out by themselves
    await this.#connection[Symbol.asyncDispose]();
  }

  // Who is there

  async #beat(): Promise<void> {
    if (this.#leaving) return;
    try {
      await this.#look();
    } catch (error) {
      this.#options.logger.debug('the relay cannot reach its store', { error });
    }
    this.#fetch(); // a lost notification costs a beat
    const now = performance.now();
    for (const [id, { node, until, reject }] of this.#questions)
      if (now > until) {
        this.#questions.delete(id);
        reject(
          new PeerError(
            `node '${node}' did not answer within ${this.#options.answerMs} ms; whether it took the message is not known`,
          ),
        );
      }
  }

  /** Shows this node, and sees who is there. One look at a time; whoever asks meanwhile gets the next one. */
  async #look(): Promise<void> {
    while (this.#looking !== undefined) await this.#looking.catch(() => undefined); // told to who began it
    this.#looking = this.#lookNow();
    try {
      await this.#looking;
    } finally {
      this.#looking = undefined;
    }
  }

  async #lookNow(): Promise<void> {
    if (this.#leaving) return;
    const { isThere, nodes } = await this.#store.beat(this.#life, this.#backend);
    const now = performance.now();
    const missed = this.#lastBeat === 0 ? 0 : now - this.#lastBeat - 2 * this.#options.beatMs;
    this.#lastBeat = now;
    if (missed > 0) for (const peer of this.#peers.values()) peer.seen += missed; // R3
    if (!isThere) {
      await this.#join(nodes);
      return;
    }
    await this.#take(nodes, now);
  }

  async #join(nodes: readonly NodeRow[]): Promise<void> {
    const before = nodes.find(({ name }) => name === this.node);
    if (before !== undefined) {
      // A process of the same name: an earlier one that was killed, or one that runs.
      const age = this.#ageOf(before);
      if (age < this.#options.closedMs || before.connected === true) {
        if (!this.#toldClash && before.connected === true)
          this.#options.logger.error(
            'another node has the name of this one; it is not part of the cluster until that one ends',
            { node: this.node },
          );
        this.#toldClash ||= before.connected === true;
        return;
      }
      await this.#store.remove(before.life, before.beat);
    }
    if (this.#peers.size > 0 || this.#lives > 0) this.#beginAnew();
    if (!(await this.#store.join(this.node, this.#life))) return;
    this.#lives += 1;
    this.#toldClash = false;
    for (const began of this.#onStart) began();
    const { nodes: now } = await this.#store.beat(this.#life, this.#backend);
    await this.#take(now, performance.now());
  }
  #lives = 0;
  #clash: { beat: string; since: number } | undefined;

  /** For how long a row with this node's name has not shown itself. */
  #ageOf({ life, beat }: NodeRow): number {
    const key = `${life} ${beat}`;
    const now = performance.now();
    if (this.#clash?.beat !== key) this.#clash = { beat: key, since: now };
    return now - this.#clash.since;
  }

  /** R4 */
  #beginAnew(): void {
    this.#options.logger.warn('the other nodes have given this one up; it begins anew', { node: this.node });
    for (const peer of [...this.#peers.values()]) this.#lose(peer);
    this.#life = newLife();
    const bell = this.#bell;
    this.#backend = undefined;
    void bell?.[Symbol.asyncDispose]();
    this.#ring();
  }

  async #take(nodes: readonly NodeRow[], now: number): Promise<void> {
    const { silentMs, closedMs } = this.#options;
    const rows = new Map(nodes.filter(({ name }) => name !== this.node).map((row) => [row.name, row]));
    for (const peer of [...this.#peers.values()]) {
      const row = rows.get(peer.name);
      if (row?.life !== peer.life) {
        this.#lose(peer);
        continue;
      }
      if (row.beat !== peer.beat || now < peer.seen) peer.seen = now;
      peer.beat = row.beat;
      peer.connected = row.connected;
      const most = row.connected === false ? closedMs : silentMs;
      if (now - peer.seen <= most) continue;
      await this.#store.remove(peer.life, peer.beat);
      this.#lose(peer);
      rows.delete(peer.name);
    }
    for (const row of rows.values()) if (!this.#peers.has(row.name)) this.#meet(row, now);
  }

  #meet({ name, life, beat, connected }: NodeRow, now: number): void {
    const source = this.#life;
    const outbox = new Outbox(
      (number, body) => this.#store.send(life, { source, sender: this.node, number, body }),
      () => void this.#look().catch(() => undefined), // the next beat looks again
    );
    const peer: Peer = { name, life, outbox, beat, seen: now, connected, taken: 0 };
    this.#peers.set(name, peer);
    for (const watcher of this.#watchers) watcher.up?.(name);
  }

  #lose(peer: Peer): void {
    if (this.#peers.get(peer.name) !== peer) return;
    this.#peers.delete(peer.name);
    peer.outbox.close();
    for (const [id, { node, reject }] of this.#questions)
      if (node === peer.name) {
        this.#questions.delete(id);
        reject(new PeerError(`node '${node}' is gone; whether it took the message is not known`));
      }
    for (const watcher of this.#watchers) watcher.down?.(peer.name);
  }

  // What comes

  #fetch(): void {
    this.#fetchAgain = true;
    if (this.#leaving || this.#life === '') return;
    this.#fetching ??= this.#fetchAll().finally(() => {
      this.#fetching = undefined;
    });
  }

  async #fetchAll(): Promise<void> {
    while (this.#fetchAgain && !this.#leaving) {
      this.#fetchAgain = false;
      const life = this.#life;
      let batches: readonly BatchRow[];
      try {
        batches = await this.#store.batches(life);
      } catch {
        return; // the next beat looks again
      }
      if (batches.length === 0 || life !== this.#life) continue;
      if (batches.some(({ sender, source }) => this.#peers.get(sender)?.life !== source))
        await this.#look().catch(() => undefined); // who is not known after that is gone
      for (const batch of batches) this.#open(batch);
      // After the answers of all batches were put out: these are waited for.
      await this.#store.taken(life, batches).catch(() => undefined); // read again they are known
    }
  }

  #open({ sender, source, number, body }: BatchRow): void {
    const peer = this.#peers.get(sender);
    if (peer?.life !== source || number <= peer.taken) return; // R2
    peer.taken = number;
    for (const packet of this.#packetsOf(sender, body)) {
      if (packet.is === 'question') {
        void this.#answer(peer, packet.id, packet.type, packet.body);
        continue;
      }
      const question = this.#questions.get(packet.id);
      if (question?.node !== sender) continue; // it waits no longer
      this.#questions.delete(packet.id);
      if (packet.is === 'answer') question.resolve(packet.value);
      else question.reject(new CallError(packet.error));
    }
  }

  #packetsOf(sender: string, body: string): readonly Packet[] {
    try {
      return decodeBatch(body);
    } catch (error) {
      this.#options.logger.error('a batch of another node cannot be read and is dropped', { sender, error });
      return [];
    }
  }

  /** The handler has begun when this returns, so that questions are taken in their order. */
  async #answer(peer: Peer, id: number, type: string, body: DataObject): Promise<void> {
    let packet: string;
    try {
      const value = this.#handle(type, body, peer.name);
      packet = encodePacket({ is: 'answer', id, value: value instanceof Promise ? await value : value });
    } catch (error) {
      packet = encodePacket({ is: 'error', id, error: this.#options.toErrorData(error) });
    }
    peer.outbox.put(packet);
  }

  #handle(type: string, body: DataObject, from: string): Data | Promise<Data> {
    const handler = this.#handlers.get(type);
    if (handler === undefined)
      throw new PeerError(
        `node '${this.node}' does not know '${type}'; it runs another version of Moontide`,
        false,
      );
    return handler(body, from);
  }
}

const newLife = (): string => randomBytes(12).toString('hex');
