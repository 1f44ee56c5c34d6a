// The other nodes of the same app, as parts of a node use them: who is there, and questions to them that are always answered.
// P1: a question is answered by the other node's handler, or fails: with the handler's error, or as Unavailable when the node is
//     gone or silent. There is no third way.
// P2: questions of one node to another are taken there in the order in which they were asked.
// P3: `up` of a node comes before anything that it asks, `down` after everything that it asked; both once for each of its lives.
import type { Data, DataObject } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';

export class PeerError extends PlatformError {
  override readonly name = 'PeerError';
  readonly code = 'PEER_UNAVAILABLE';
  override readonly kind = 'Unavailable' as const;
  override readonly retryable: boolean;
  constructor(message: string, retryable = true) {
    super(message);
    this.retryable = retryable;
  }
}

export interface PeerWatcher {
  up?(node: string): void;
  down?(node: string): void;
  /** What nodes keep together has changed: a payload of the names' channel, or empty when anything may have. */
  rang?(payload: string): void;
}

/** `from`: the name of the node that asks. What it throws is the error of who asked. */
export type PeerHandler = (body: DataObject, from: string) => Data | Promise<Data>;

export interface PeerInfo {
  readonly node: string;
  readonly isLocal: boolean;
}

export interface Peers {
  /** Name of this node. */
  readonly node: string;
  /** Names of the other nodes that are there, oldest first. */
  readonly others: readonly string[];
  request(node: string, type: string, body: DataObject): Promise<Data>;
  /** One handler for each type, before the first question. */
  answer(type: string, handler: PeerHandler): void;
  watch(watcher: PeerWatcher): void;
}

/** A node without others: its registry is of this machine alone. */
export class NoPeers implements Peers {
  readonly node: string;
  readonly others: readonly string[] = [];
  constructor(node: string) {
    this.node = node;
  }

  async request(node: string): Promise<Data> {
    throw new PeerError(
      `node '${node}' cannot be reached: nodes find each other through a registry in Postgres, and that of this node, '${this.node}', is in SQLite`,
      false,
    );
  }

  answer(): void {
    // nobody asks
  }

  watch(): void {
    // nobody comes or goes
  }
}
