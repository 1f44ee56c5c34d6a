// The tier of other nodes' processes: `{node@host|id}`, over the relay.
// T1: a message is answered for when the mailbox of the receiver has it. Who is gone there is NotFound, a node that is gone Unavailable.
// T2: PIDs leave a node with its name and come back without.
// T3: when a node is gone, so are its processes: whoever here is bound to one of them hears of its end, an abnormal one.
// T4: an end is told until the other node has heard it or is gone itself.
import { setTimeout as pause } from 'node:timers/promises';
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import type { ErrorData } from '../../core/error-data.js';
import { formatPid, globalPid, tryPid } from '../../core/ids.js';
import type { Message } from '../../lua/instance-context.js';
import type { Outcome } from '../../lua/step.js';
import { dataToError, errorToData } from '../../temporal/failures.js';
import type { Bond, CancelRequest, Ending, Tier } from '../tier.js';
import { PeerError } from './peers.js';
import type { Peers } from './peers.js';

/** The processes of this node, as the relay reaches them. */
export type LocalTier = Pick<Tier, 'send' | 'bind' | 'unbind' | 'cancel' | 'terminate' | 'tell'>;

interface Bound {
  readonly bond: Bond;
  readonly watcher: string;
  readonly to: string;
  /** The watcher is a process of this node; else the other one is. */
  readonly isWatcherHere: boolean;
}

/** Before an end is told again. Milliseconds. */
const TELL_AGAIN_MS = 500;

export class PeerTier implements Tier {
  readonly #peers: Peers;
  readonly #local: LocalTier;
  /** Between a process of this node and one of another, by that node. */
  readonly #bounds = new Map<string, Map<string, Bound>>();

  constructor(peers: Peers, local: LocalTier) {
    this.#peers = peers;
    this.#local = local;
    const done = async (work: void | Promise<void>): Promise<Data> => {
      await work;
      return null;
    };
    peers.answer('process.send', (body) => {
      const { topic, from, payloads } = body;
      const message: Message = {
        topic: topic as string,
        from: typeof from === 'string' ? from : undefined,
        payloads: Array.isArray(payloads) ? payloads : [],
      };
      return done(local.send(this.#here(body['to']), message));
    });
    peers.answer('process.bind', (body, from) => {
      const { bond, watcher } = bondIn(body);
      const to = this.#here(body['to']);
      const bound = local.bind(bond, watcher, to);
      const note = (): null => {
        this.#note(from, { bond, watcher, to, isWatcherHere: false });
        return null;
      };
      return bound instanceof Promise ? bound.then(note) : note();
    });
    peers.answer('process.unbind', (body, from) => {
      const { bond, watcher } = bondIn(body);
      const to = this.#here(body['to']);
      this.#forget(from, bond, watcher, to);
      return done(local.unbind(bond, watcher, to));
    });
    peers.answer('process.cancel', (body) => {
      const { reason, from, deadline } = body;
      return done(
        local.cancel(this.#here(body['to']), {
          reason: typeof reason === 'string' ? reason : '',
          from: typeof from === 'string' ? from : undefined,
          ...(typeof deadline === 'number' ? { deadlineMs: deadline } : {}),
        }),
      );
    });
    peers.answer('process.terminate', (body) =>
      done(local.terminate(this.#here(body['to']), errorIn(body['error'] ?? null))),
    );
    peers.answer('process.tell', (body, node) => {
      const { bond } = bondIn(body);
      const watcher = this.#here(body['watcher']);
      const from = body['from'] as string;
      this.#forget(node, bond, watcher, from);
      this.#forget(node, bond, from, watcher);
      return done(local.tell(bond, watcher, { from, outcome: outcomeIn(body) }));
    });
    peers.watch({ down: (node) => this.#lost(node) });
  }

  async send(to: string, { topic, from, payloads }: Message): Promise<void> {
    const body = dataObject({ to, topic, payloads: [...payloads] });
    if (from !== undefined) body['from'] = this.#global(from);
    await this.#ask(to, 'process.send', body);
  }

  async bind(bond: Bond, watcher: string, to: string): Promise<void> {
    const bound = dataObject({ bond, watcher: this.#global(watcher), to });
    await this.#ask(to, 'process.bind', bound);
    this.#note(nodeOf(to), { bond, watcher, to, isWatcherHere: true });
  }

  async unbind(bond: Bond, watcher: string, to: string): Promise<void> {
    this.#forget(nodeOf(to), bond, watcher, to);
    this.#forget(nodeOf(to), bond, to, watcher);
    try {
      await this.#ask(to, 'process.unbind', dataObject({ bond, watcher: this.#global(watcher), to }));
    } catch (error) {
      if (!(error instanceof PeerError)) throw error; // with its node the bond is gone too
    }
  }

  async cancel(to: string, { reason, from, deadlineMs }: CancelRequest): Promise<void> {
    const body = dataObject({ to, reason });
    if (from !== undefined) body['from'] = this.#global(from);
    if (deadlineMs !== undefined) body['deadline'] = deadlineMs;
    await this.#ask(to, 'process.cancel', body);
  }

  async terminate(to: string, error: ErrorData): Promise<void> {
    await this.#ask(to, 'process.terminate', dataObject({ to, error: errorToData(error) }));
  }

  /** T4 */
  async tell(bond: Bond, watcher: string, { from, outcome }: Ending): Promise<void> {
    const node = nodeOf(watcher);
    this.#forget(node, bond, watcher, from);
    this.#forget(node, bond, from, watcher);
    const result = outcome.ok ? { values: [...outcome.values] } : { error: errorToData(outcome.error) };
    const body = dataObject({ bond, watcher, from: this.#global(from), ...result });
    while (this.#peers.others.includes(node))
      try {
        await this.#peers.request(node, 'process.tell', body);
        return;
      } catch (error) {
        if (!(error instanceof PeerError)) throw error;
        await pause(TELL_AGAIN_MS, undefined, { ref: false });
      }
  }

  #ask(to: string, type: string, body: DataObject): Promise<Data> {
    return this.#peers.request(nodeOf(to), type, body);
  }

  #global(pid: string): string {
    return globalPid(pid, this.#peers.node);
  }

  /** A PID of this node as it is known here. */
  #here(pid: Data | undefined): string {
    const text = typeof pid === 'string' ? pid : '';
    const parsed = tryPid(text);
    return parsed?.node === this.#peers.node ? formatPid({ host: parsed.host, id: parsed.id }) : text;
  }

  #note(node: string, bound: Bound): void {
    let bounds = this.#bounds.get(node);
    if (bounds === undefined) {
      bounds = new Map<string, Bound>();
      this.#bounds.set(node, bounds);
    }
    bounds.set(keyOf(bound.bond, bound.watcher, bound.to), bound);
    if (!this.#peers.others.includes(node)) this.#lost(node); // it went while it answered
  }

  #forget(node: string, bond: Bond, watcher: string, to: string): void {
    this.#bounds.get(node)?.delete(keyOf(bond, watcher, to));
  }

  /** T3 */
  #lost(node: string): void {
    const bounds = this.#bounds.get(node);
    this.#bounds.delete(node);
    for (const { bond, watcher, to, isWatcherHere } of bounds?.values() ?? []) {
      const gone = isWatcherHere ? to : watcher;
      const outcome: Outcome = {
        ok: false,
        error: { kind: 'Unavailable', message: `the node '${node}' of ${gone} is gone`, retryable: false },
      };
      if (isWatcherHere) void this.#local.tell(bond, watcher, { from: to, outcome });
      else {
        if (bond === 'link') void this.#local.tell('link', to, { from: watcher, outcome });
        void this.#local.unbind(bond, watcher, to);
      }
    }
  }
}

const keyOf = (bond: Bond, watcher: string, to: string): string => `${bond}\n${watcher}\n${to}`;
const nodeOf = (pid: string): string => tryPid(pid)?.node ?? '';

const bondIn = ({ bond, watcher }: DataObject): { readonly bond: Bond; readonly watcher: string } => ({
  bond: bond === 'link' ? 'link' : 'monitor',
  watcher: typeof watcher === 'string' ? watcher : '',
});

const errorIn = (data: Data): ErrorData =>
  dataToError(data) ?? { kind: 'Unknown', message: 'an error that this node cannot read', retryable: false };

function outcomeIn({ values, error }: DataObject): Outcome {
  if (Array.isArray(values)) return { ok: true, values };
  return { ok: false, error: errorIn(error ?? null) };
}
