// An instance whose Lua runs in another thread, as its runner in the main thread sees it: each step is told there and answered later.
// I1: until it has begun, what was told is kept: another thread may take it over, which gets it all from the beginning.
// I2: its runner hears of commands and of the end as of any step's, in its turn.
import type { Data, DataObject } from '../../core/data.js';
import type { ErrorData } from '../../core/error-data.js';
import type { Identity } from '../../core/identity.js';
import type { Artifact, LoadedProgram } from '../../lua/engine.js';
import type { Message } from '../../lua/instance-context.js';
import type { Outcome, Step } from '../../lua/step.js';
import type { Answer } from '../../lua/suspend.js';
import type { AwayInstance } from '../instance-runner.js';
import type { FromThread, ToThread } from './protocol.js';

type Start = Extract<ToThread, { is: 'start' }>;
type Upgrade = Extract<ToThread, { is: 'upgrade' }>;
/** The program of a start has another number in each thread, and its claim another place. */
export type Told =
  | Exclude<ToThread, { is: 'start' | 'program' | 'upgrade' }>
  | (Omit<Start, 'program' | 'place'> & { readonly artifact: Artifact })
  | (Omit<Upgrade, 'program'> & { readonly artifact: Artifact });

/** Where it is told. */
export interface Listener {
  tell(told: Told): void;
}

/** What is used of its runner. */
export interface Owner {
  readonly pid: string;
  readonly entry: string;
  readonly context: Readonly<DataObject>;
  readonly identity: Identity | undefined;
  readonly trapsLinks: boolean;
  readonly isUpgradable: boolean;
  began(): void;
  /** What its instance has come to. */
  report(step: Step): void;
  terminate(error: ErrorData): void;
}

export interface ThreadInstanceOptions {
  readonly owner: Owner;
  readonly artifactOf: (loaded: LoadedProgram) => Artifact;
  readonly loaded: LoadedProgram;
  readonly ready: (instance: ThreadInstance) => void;
  readonly closed: (instance: ThreadInstance) => void;
}

const NOTHING: Step = Object.freeze({ commands: [], withdrawn: [] });

export class ThreadInstance implements AwayInstance {
  readonly #options: ThreadInstanceOptions;
  /** What was told so far (I1); undefined: it has begun. */
  #told: Told[] | undefined = [];
  /** So much of it is known where it is. */
  #known = 0;
  #place: Listener | undefined;
  #sent = 0;
  #taken = 0;
  #unread = 0;
  #closed = false;

  constructor(options: ThreadInstanceOptions) {
    this.#options = options;
  }

  get pid(): string {
    return this.#options.owner.pid;
  }

  // By its runner

  start(args: readonly Data[]): Step {
    const { owner, loaded, artifactOf, ready } = this.#options;
    const { pid, entry, context: values, identity } = owner;
    this.#tell({ is: 'start', pid, entry, artifact: artifactOf(loaded), values, identity, args });
    ready(this);
    return NOTHING;
  }

  answer(id: number, answer: Answer): Step {
    return this.#tell({ is: 'answer', pid: this.pid, id, answer });
  }

  deliver(message: Message): Step {
    this.#sent += 1;
    return this.#tell({ is: 'deliver', pid: this.pid, message });
  }

  upgrade(loaded: LoadedProgram, entry: string, args: readonly Data[]): void {
    const { owner, artifactOf } = this.#options;
    const { pid, trapsLinks, isUpgradable } = owner;
    const artifact = artifactOf(loaded);
    this.#tell({ is: 'upgrade', pid, entry, artifact, args, trapsLinks, isUpgradable });
  }

  withdraw(error: ErrorData, graceMs: number): void {
    this.#tell({ is: 'withdraw', pid: this.pid, error, graceMs });
  }

  get unreadCount(): number {
    return this.#sent - this.#taken + this.#unread;
  }

  close(): void {
    if (this.#closed) return;
    this.#tell({ is: 'end', pid: this.pid });
    this.#closed = true;
    this.#options.closed(this);
  }

  // By the threads

  /** From now on it is there; what is not known there is told. */
  moveTo(place: Listener): void {
    this.#place = place;
    this.#known = 0;
    this.#catchUp();
  }

  /** It is taken away from where it is, before it has begun. */
  leave(): void {
    this.#place = undefined;
  }

  began(): void {
    this.#told = undefined;
    this.#options.owner.began();
  }

  heard(said: Exclude<Extract<FromThread, { pid: string }>, { is: 'began' }>): void {
    const { owner } = this.#options;
    switch (said.is) {
      case 'command':
        return owner.report({ commands: [{ id: said.id, command: said.command }], withdrawn: [] });
      case 'withdrawn':
        return owner.report({ commands: [], withdrawn: [said.id] });
      case 'inbox':
        this.#taken = said.taken;
        this.#unread = said.unread;
        return owner.report(NOTHING);
      case 'ended':
        return this.#ended(said.outcome);
    }
  }

  /** Something cannot be told there. */
  refused(error: ErrorData): void {
    this.#options.owner.terminate(error);
  }

  /** Its thread has died. */
  lost(error: ErrorData): void {
    this.#closed = true; // nobody is there to be told
    this.#options.owner.terminate(error);
  }

  #ended(outcome: Outcome): void {
    this.#closed = true;
    this.#options.owner.report({ ...NOTHING, outcome });
  }

  #tell(told: Told): Step {
    if (this.#closed) return NOTHING;
    this.#told?.push(told);
    if (this.#told === undefined) this.#place?.tell(told);
    else if (this.#place !== undefined) this.#catchUp();
    return NOTHING;
  }

  #catchUp(): void {
    for (; this.#told !== undefined && this.#known < this.#told.length; this.#known += 1)
      this.#place?.tell(this.#told[this.#known]!);
  }
}
