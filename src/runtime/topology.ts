// The tier of this node's memory: the running instances by PID, the names they registered, and who is told of whose end.
// N1: a name belongs to one PID; it goes with the instance that owns it.
// N2: a message is taken for a running instance only; the sender of any other gets an error at once.
// N3: an end is told once: to monitors any, to links an abnormal one, which ends them too unless they trap links.
// N4: ends are told one after the other, never one inside another: a chain of links may be as long as there are processes.
// N5: a bond to a process of another tier has its half here; the other half is that tier's.
import type { Data } from '../core/data.js';
import { PlatformError } from '../core/errors.js';
import type { ErrorData } from '../core/error-data.js';
import type { CommandContext } from '../core/handler.js';
import type { LoadedProgram } from '../lua/engine.js';
import type { Message } from '../lua/instance-context.js';
import type { Outcome } from '../lua/step.js';
import { cancelMessage, exitMessage, linkDownMessage, linkError } from './bond-events.js';
import type { Asked, Bond, CancelRequest, Ending, Tier } from './tier.js';

export class ProcessUnknownError extends PlatformError {
  override readonly name = 'ProcessUnknownError';
  readonly code = 'PROCESS_UNKNOWN';
  override readonly kind = 'NotFound' as const;
  constructor(destination: string) {
    super(`no process '${destination}' runs here; it has ended, or it never was`);
  }
}

class NameTakenError extends PlatformError {
  override readonly name = 'NameTakenError';
  readonly code = 'NAME_TAKEN';
  override readonly kind = 'AlreadyExists' as const;
  constructor(name: string, pid: string) {
    super(`the name '${name}' belongs to ${pid}`);
  }
}

/** PIDs, made when the first is put in. */
interface Bonds {
  /** Who hears of the end. */
  monitors: Set<string> | undefined;
  links: Set<string> | undefined;
  /** Whose end it hears of. */
  monitored: Set<string> | undefined;
}

/** A running process as the topology sees it. */
export interface Actor {
  readonly pid: string;
  /** False once main has ended. */
  readonly alive: boolean;
  /** Told once everything it owned is closed. Never rejects. */
  readonly ended: Promise<Outcome>;
  /** An abnormal end of a link is an event, and not the end. */
  trapsLinks: boolean;
  readonly entry: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Messages that have come and that it has not received. */
  readonly inboxLength: number;
  /** For people. */
  readonly state: 'starting' | 'running' | 'waiting';
  /** Goes on as another program. */
  upgrade(loaded: LoadedProgram, entry: string, args: readonly Data[]): void;
  /** It is told when its program changes. */
  isUpgradable: boolean;
  /** Kept by the topology. */
  bonds: Bonds | undefined;
  /** Kept by the topology. */
  names: Set<string> | undefined;
  /** Takes it, whatever has come: what the platform says. */
  deliver(message: Message): void;
  /** Takes it where there is room, else as the host says: later, or not (RateLimited). */
  accept(message: Message, context?: CommandContext): Asked<void>;
  /** Takes it where there is room; false: there is none. */
  offer(message: Message): boolean;
  /** Ends main at once; its outcome is `error`. */
  terminate(error: ErrorData): void;
}

const NO_ONE: readonly string[] = Object.freeze([]);

export class Topology<A extends Actor = Actor> implements Tier {
  readonly #running = new Map<string, A>();
  readonly #names = new Map<string, A>();
  readonly #deadlines = new Map<string, NodeJS.Timeout>();
  #endings: { readonly actor: A; readonly outcome: Outcome }[] = [];
  #isTelling = false;
  /** Who is of another tier (N5). */
  #others: Pick<Tier, 'tell' | 'unbind'> | undefined;

  /** To be told, and to be asked no more, through the router. */
  route(others: Pick<Tier, 'tell' | 'unbind'>): void {
    this.#others = others;
  }

  add(actor: A): void {
    this.#running.set(actor.pid, actor);
  }

  /** By PID text or registered name. */
  find(destination: string): A | undefined {
    const actor = this.#running.get(destination) ?? this.#names.get(destination);
    return actor?.alive === true ? actor : undefined;
  }

  #get(destination: string): A {
    const actor = this.find(destination);
    if (actor === undefined) throw new ProcessUnknownError(destination);
    return actor;
  }

  /** In the order in which they began. */
  running(): readonly A[] {
    return [...this.#running.values()].filter((actor) => actor.alive);
  }

  get size(): number {
    return this.#running.size;
  }

  /** Main has ended: nothing reaches it any more, and its names are free. */
  left(actor: A): void {
    this.#running.delete(actor.pid);
    if (actor.names !== undefined) {
      for (const name of actor.names) this.#names.delete(name);
      actor.names = undefined;
    }
    const deadline = this.#deadlines.get(actor.pid);
    if (deadline === undefined) return;
    clearTimeout(deadline);
    this.#deadlines.delete(actor.pid);
  }

  /** What it owned is closed too: its end is told (N3). */
  ended(actor: A, outcome: Outcome): void {
    if (actor.bonds === undefined) return;
    this.#endings.push({ actor, outcome });
    if (this.#isTelling) return; // N4
    this.#isTelling = true;
    try {
      // By index: shifting would cost as much as the queue is long.
      for (let next = 0; next < this.#endings.length; next++) {
        const { actor: one, outcome: how } = this.#endings[next]!;
        this.#tellAll(one, how);
      }
    } finally {
      this.#endings = [];
      this.#isTelling = false;
    }
  }

  #tellAll(actor: A, outcome: Outcome): void {
    const { bonds, pid } = actor;
    if (bonds === undefined) return;
    actor.bonds = undefined;
    const ending: Ending = { from: pid, outcome };
    for (const other of bonds.monitored ?? NO_ONE) {
      const target = this.#running.get(other);
      if (target === undefined) void this.#others?.unbind('monitor', pid, other);
      else target.bonds?.monitors?.delete(pid);
    }
    for (const watcher of bonds.monitors ?? NO_ONE) this.#tellOne('monitor', watcher, ending);
    for (const other of bonds.links ?? NO_ONE) this.#tellOne('link', other, ending);
  }

  #tellOne(bond: Bond, watcher: string, ending: Ending): void {
    if (this.#running.has(watcher)) this.tell(bond, watcher, ending);
    else void this.#others?.tell(bond, watcher, ending);
  }

  // Tier

  send(to: string, message: Message, context?: CommandContext): Asked<void> {
    return this.#get(to).accept(message, context);
  }

  bind(bond: Bond, watcher: string, to: string): void {
    const target = this.#get(to);
    if (watcher === target.pid) return;
    const bonds = bondsOf(target);
    if (bond === 'monitor') (bonds.monitors ??= new Set()).add(watcher);
    else (bonds.links ??= new Set()).add(watcher);
    this.note(bond, watcher, target.pid);
  }

  /** The watcher's half of a bond, whatever tier the other is of. */
  note(bond: Bond, watcher: string, to: string): void {
    const actor = this.#running.get(watcher);
    if (actor === undefined) return;
    const bonds = bondsOf(actor);
    if (bond === 'monitor') (bonds.monitored ??= new Set()).add(to);
    else (bonds.links ??= new Set()).add(to);
  }

  unbind(bond: Bond, watcher: string, to: string): void {
    const target = this.#running.get(to);
    if (bond === 'monitor') target?.bonds?.monitors?.delete(watcher);
    else target?.bonds?.links?.delete(watcher);
    this.forget(bond, watcher, to);
  }

  /** Undoes `note`. */
  forget(bond: Bond, watcher: string, to: string): void {
    const bonds = this.#running.get(watcher)?.bonds;
    if (bond === 'monitor') bonds?.monitored?.delete(to);
    else bonds?.links?.delete(to);
  }

  cancel(to: string, request: CancelRequest): void {
    const actor = this.#get(to);
    const { deadlineMs, reason } = request;
    actor.deliver(cancelMessage(request));
    if (deadlineMs === undefined) return;
    clearTimeout(this.#deadlines.get(actor.pid));
    const deadline = setTimeout(
      () => {
        this.#deadlines.delete(actor.pid);
        actor.terminate({
          kind: 'Canceled',
          message: `cancelled (${reason === '' ? 'no reason given' : reason}), and not ended ${deadlineMs} ms later`,
          retryable: false,
        });
      },
      Math.min(deadlineMs, 2 ** 31 - 1),
    );
    this.#deadlines.set(actor.pid, deadline);
  }

  terminate(to: string, error: ErrorData): void {
    this.#get(to).terminate(error);
  }

  tell(bond: Bond, watcher: string, ending: Ending): void {
    const actor = this.#running.get(watcher);
    if (actor === undefined) return;
    this.forget(bond, watcher, ending.from);
    if (!actor.alive) return;
    if (bond === 'monitor') actor.deliver(exitMessage(ending));
    else if (ending.outcome.ok) return;
    else if (actor.trapsLinks) actor.deliver(linkDownMessage(ending));
    else actor.terminate(linkError(ending.from, ending.outcome.error));
  }

  // Names

  /** Registering the same name for the same PID again changes nothing. */
  register(name: string, destination: string): void {
    const actor = this.#get(destination);
    this.nameMustBeFree(name, actor);
    this.#names.set(name, actor);
    (actor.names ??= new Set()).add(name);
  }

  /** Throws AlreadyExists when it belongs to another than `to`. */
  nameMustBeFree(name: string, to?: A): void {
    const owner = this.#names.get(name);
    if (owner !== undefined && owner !== to && owner.alive) throw new NameTakenError(name, owner.pid);
  }

  lookup(name: string): string | undefined {
    const actor = this.#names.get(name);
    return actor?.alive === true ? actor.pid : undefined;
  }

  /** False when the name is not registered. */
  unregister(name: string): boolean {
    this.#names.get(name)?.names?.delete(name);
    return this.#names.delete(name);
  }
}

const bondsOf = (actor: Actor): Bonds =>
  (actor.bonds ??= { monitors: undefined, links: undefined, monitored: undefined });
