// A client's connection as a process of this node: it has a PID, what is sent to it goes to the client, and its end is told to
// those that watch it. It runs no program.
// K1: what the client has not taken counts as its inbox: senders wait for room as they do with any process.
// K2: its end is told once, however it comes: by the client, by whom it is bound to, by the server that stops.
import { PlatformError } from '../core/errors.js';
import type { ErrorData } from '../core/error-data.js';
import type { CommandContext } from '../core/handler.js';
import type { Message } from '../lua/instance-context.js';
import type { Outcome } from '../lua/step.js';
import { InboxFullError, waitedInVain, WaitingSenders } from './inbox.js';
import type { InboxLimit } from './inbox.js';
import type { Asked } from './tier.js';
import { ProcessUnknownError } from './topology.js';
import type { Actor, Topology } from './topology.js';

/** The connection itself. */
export interface Line {
  /** Messages that are taken and that the client has not. */
  readonly waiting: number;
  /** A message of a process. */
  take(message: Message): void;
  /** What the platform says: the end of a process that is watched, or that it should end. */
  hear(message: Message): void;
  /** Its process has been ended by force. */
  cut(error: ErrorData): void;
}

class ConnectionProgramError extends PlatformError {
  override readonly name = 'ConnectionProgramError';
  readonly code = 'CONNECTION_PROGRAM';
  override readonly kind = 'Invalid' as const;
}

export interface ConnectionOptions {
  readonly pid: string;
  /** Entry id of the server whose connection it is. */
  readonly entry: string;
  readonly most: number;
  readonly topology: Topology;
  readonly line: Line;
}

export class ConnectionProcess implements Actor {
  readonly pid: string;
  readonly entry: string;
  readonly since = Date.now();
  readonly state = 'running';
  readonly ended: Promise<Outcome>;
  trapsLinks = false;
  isUpgradable = false;
  bonds: Actor['bonds'];
  names: Actor['names'];
  readonly #topology: Topology;
  readonly #line: Line;
  readonly #limit: InboxLimit;
  readonly #senders = new WaitingSenders();
  #isOver = false;
  #tell: (outcome: Outcome) => void = () => undefined;

  constructor({ pid, entry, most, topology, line }: ConnectionOptions) {
    this.pid = pid;
    this.entry = entry;
    this.#topology = topology;
    this.#line = line;
    this.#limit = { host: entry, most, waits: true };
    this.ended = new Promise((tell) => {
      this.#tell = tell;
    });
    topology.add(this);
  }

  get alive(): boolean {
    return !this.#isOver;
  }

  get inboxLength(): number {
    return this.#line.waiting;
  }

  deliver(message: Message): void {
    if (this.alive) this.#line.hear(message);
  }

  offer(message: Message): boolean {
    if (this.#line.waiting >= this.#limit.most || !this.#senders.isEmpty) return false;
    this.#line.take(message);
    return true;
  }

  accept(message: Message, context?: CommandContext): Asked<void> {
    if (this.offer(message)) return;
    return this.#senders.wait(
      message,
      () => new InboxFullError(this.pid, this.#limit, waitedInVain),
      context,
    );
  }

  /** The client has taken something: there is room for who waits. */
  drained(): void {
    while (this.alive && !this.#senders.isEmpty && this.#line.waiting < this.#limit.most) {
      const message = this.#senders.take();
      if (message !== undefined) this.#line.take(message);
    }
  }

  upgrade(): void {
    throw new ConnectionProgramError(`${this.pid} is a connection: it has no program to upgrade`);
  }

  terminate(error: ErrorData): void {
    if (!this.alive) return;
    this.end({ ok: false, error });
    this.#line.cut(error);
  }

  /** K2 */
  end(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#topology.left(this);
    this.#senders.refuse(new ProcessUnknownError(this.pid));
    this.#topology.ended(this, outcome);
    this.#tell(outcome);
  }
}
