// Drives one instance on a node: its commands to their handlers, the answers back in the order in which they arrive.
// I1: the instance is entered only in its turn (turns.ts), never from inside one of its own steps.
// I2: a withdrawn command is aborted; an answer that still comes for it is dropped.
// I3: when main ends, by itself or by force, what is outstanding is aborted and what the instance owns is closed; only then is the outcome told.
// I4: an instance that gives up its turn is taken up again when others had theirs; what comes for it meanwhile waits here.
//     It waits for one turn at most, whatever comes: in a second one it would go on at once.
// I5: one object for the runner and its instance's host, and nothing in it before it is needed: there may be very many.
// I6: a program that gives way to another takes nothing along but the PID, bonds, names, options and what was not received.
import { randomBytes, randomUUID } from 'node:crypto';
import type { Command } from '../core/command.js';
import type { Data, DataObject } from '../core/data.js';
import type { ErrorData } from '../core/error-data.js';
import type { CommandContext } from '../core/handler.js';
import type { Identity } from '../core/identity.js';
import type { LoadedProgram } from '../lua/engine.js';
import type { InstanceHost, Message, NativeSupport } from '../lua/instance-context.js';
import { createInstance } from '../lua/instance/instance.js';
import type { LuaFunction } from '../lua/values.js';
import { EVENTS_TOPIC } from '../lua/instance/messages.js';
import type { Instance, Outcome, Outstanding, Step } from '../lua/step.js';
import type { Answer } from '../lua/suspend.js';
import { cancelMessage } from './bond-events.js';
import { Holdings, NodeContext } from './command-context.js';
import type { CallFrame, ContextOwner } from './command-context.js';
import { DEFAULT_INBOX, InboxFullError, waitedInVain, WaitingSenders } from './inbox.js';
import type { InboxLimit } from './inbox.js';
import type { RunnerServices } from './runner-services.js';
import type { Asked } from './tier.js';
import { ProcessUnknownError } from './topology.js';
import type { Actor } from './topology.js';
import type { Turn } from './turns.js';

/** After this many instructions a step gives up its turn: a few milliseconds. */
const TURN = 250_000;
/** Answers that a turn may take which only came in it: an instance that is always answered at once lets others have theirs. */
const AT_ONCE = 64;

export interface RunnerOptions {
  readonly loaded: LoadedProgram;
  readonly entry: string;
  readonly pid: string;
  /** Context values. */
  readonly values: Readonly<DataObject>;
  readonly frame: CallFrame;
  /** Hears of the end: at once when main has ended, and when what it owned is closed. */
  readonly watcher?: RunnerWatcher | undefined;
  /** Default: in this thread. */
  readonly instantiate?: Instantiate | undefined;
}

/** An instance that runs in another thread: its steps are reported when they are done, and it says when it has begun. */
export interface AwayInstance extends Pick<Instance, 'start' | 'answer' | 'deliver' | 'close'> {
  /** As InstanceRunner.upgrade. */
  upgrade(loaded: LoadedProgram, entry: string, args: readonly Data[]): void;
  /** As InstanceRunner.withdraw. */
  withdraw(error: ErrorData, graceMs: number): void;
  /** Messages that have come and that no coroutine has received. */
  readonly unreadCount: number;
}
export type Instantiate = (loaded: LoadedProgram, runner: InstanceRunner) => AwayInstance;

export interface RunnerWatcher {
  /** Absent: as functions have it. */
  readonly inbox?: InboxLimit;
  began?(runner: InstanceRunner): void;
  left(runner: InstanceRunner, outcome: Outcome): void;
}

class Reply {
  readonly id: number;
  readonly answer: Answer;
  constructor(id: number, answer: Answer) {
    this.id = id;
    this.answer = answer;
  }
}

interface Begun {
  readonly command: Command;
  readonly context: NodeContext;
  readonly answer: Promise<Data>;
}

/** What comes for the instance, until its turn. */
type Due = Message | Reply | (() => Step | undefined);

const isMessage = (due: Due | undefined): due is Message =>
  due !== undefined && typeof due !== 'function' && !(due instanceof Reply);

const NOTHING: readonly never[] = Object.freeze([]);

export class InstanceRunner implements Actor, InstanceHost, ContextOwner, Turn {
  readonly pid: string;
  entry: string;
  readonly context: Readonly<DataObject>;
  readonly frame: CallFrame;
  /** Milliseconds since the epoch. */
  readonly since = Date.now();
  trapsLinks = false;
  isUpgradable = false;
  bonds: Actor['bonds'];
  names: Actor['names'];
  /** Asked before each turn; where it says false it has ended the process. */
  mayRun: (() => boolean) | undefined;
  readonly #services: RunnerServices;
  readonly #watcher: RunnerWatcher | undefined;
  #loaded: LoadedProgram;
  #due: Due[] | undefined;
  /** In a turn: the first of `#due` that is not taken yet. */
  #next = 0;
  #instance: Instance | undefined;
  /** In its place, where it runs in another thread. */
  #away: AwayInstance | undefined;
  readonly #instantiate: Instantiate | undefined;
  /** A turn has been asked for or runs: what comes in it is taken in it, or asks for the next at its end. */
  #isReady = false;
  /** The step has given up its turn. */
  #isPaused = false;
  #hasBegun = false;
  #isFinished = false;
  #outcome: Outcome | undefined;
  #contexts: Map<number, NodeContext> | undefined;
  /** What the step that runs has begun and is about to issue. */
  #begun: Begun | undefined;
  #holdings: Holdings | undefined;
  /** What a program before this one owned, while it is being closed. */
  #closing: Promise<void> | undefined;
  /** Messages that may wait for the program: never fewer than do. */
  #backlog = 0;
  #senders: WaitingSenders | undefined;
  #grace: NodeJS.Timeout | undefined;
  #ended: Promise<Outcome> | undefined;
  #tell: ((outcome: Outcome) => void) | undefined;

  constructor(services: RunnerServices, options: RunnerOptions) {
    const { loaded, entry, pid, values, frame, watcher, instantiate } = options;
    this.#services = services;
    this.#instantiate = instantiate;
    this.#loaded = loaded;
    this.pid = pid;
    this.entry = entry;
    this.context = values;
    this.frame = frame;
    this.#watcher = watcher;
    this.bonds = this.names = this.mayRun = undefined;
    services.topology.add(this);
  }

  /** True until main has ended; a message sent to it after that is an error for the sender. */
  get alive(): boolean {
    return !this.#isFinished;
  }

  /** For the `security` module. */
  get identity(): Identity | undefined {
    return this.frame.identity;
  }

  /** For the `http` module. */
  get exchange(): InstanceHost['exchange'] {
    return this.frame.http;
  }

  /** Told once everything the instance owned is closed. Never rejects. */
  get ended(): Promise<Outcome> {
    return (this.#ended ??= new Promise((tell) => {
      if (this.#outcome === undefined) this.#tell = tell;
      else tell(this.#outcome);
    }));
  }

  /** Undefined until everything the instance owned is closed. */
  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  /** `atOnce`: its first turn is now, where nobody has one. */
  start(args: readonly Data[], atOnce = false): void {
    const begin = (): Step | undefined => {
      this.#away = this.#instantiate?.(this.#loaded, this);
      if (this.#away !== undefined) return this.#away.start(args);
      this.began();
      this.#instance = createInstance(this.#loaded, this, this.#services.modules);
      return this.#instance.start(args);
    };
    this.#put(begin, atOnce);
  }

  /** Its first step is about to be done. */
  began(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#watcher?.began?.(this);
  }

  /** A step that was done in another thread. */
  report(step: Step): void {
    this.#put(() => step);
  }

  /**
   * Runs a Lua function of the instance beside main, which does not wait for it. Canceled when main ends first, or the instance has no such function.
   * Never rejects.
   */
  invoke(find: (instance: Instance) => LuaFunction | undefined, args: readonly Data[]): Promise<Outcome> {
    const gone: Outcome = { ok: false, error: { kind: 'Canceled', message: `'${this.entry}' has ended` } };
    const answered = new Promise<Outcome>((ended) => {
      this.#put(() => {
        const found = this.#instance === undefined ? undefined : find(this.#instance);
        if (found === undefined) ended(gone);
        else return this.#instance?.invoke(found, args, ended, false);
        return undefined;
      });
    });
    return Promise.race([answered, this.ended.then(() => gone)]);
  }

  deliver(message: Message): void {
    this.#put(message);
  }

  offer(message: Message): boolean {
    const { most } = this.#inbox;
    if (this.#backlog >= most) this.#backlog = this.inboxLength;
    if (this.#backlog >= most || this.#senders?.isEmpty === false) return false;
    this.#backlog += 1;
    this.#put(message);
    return true;
  }

  accept(message: Message, context?: CommandContext): Asked<void> {
    if (this.offer(message)) return;
    const limit = this.#inbox;
    // It could not receive while it waits.
    if (!limit.waits || message.from === this.pid) throw new InboxFullError(this.pid, limit);
    this.#senders ??= new WaitingSenders();
    return this.#senders.wait(message, () => new InboxFullError(this.pid, limit, waitedInVain), context);
  }

  get #inbox(): InboxLimit {
    return this.#watcher?.inbox ?? DEFAULT_INBOX;
  }

  /** Messages of senders that wait, as many as there is room for. */
  #admit(senders: WaitingSenders): void {
    this.#backlog = this.inboxLength;
    for (const { most } = this.#inbox; this.#backlog < most; this.#backlog += 1) {
      const message = senders.take();
      if (message === undefined) return;
      this.#put(message);
    }
  }

  get program(): LoadedProgram {
    return this.#loaded;
  }

  /** Goes on as another program, which gets what this one has not received; what this one has asked for and owns ends (I6). */
  upgrade(loaded: LoadedProgram, entry: string, args: readonly Data[]): void {
    this.#put(() => {
      const away = this.#away;
      const unread = this.#instance?.unread() ?? NOTHING;
      if (away === undefined) this.#abandon();
      if (this.#holdings !== undefined) {
        const closing = this.#holdings[Symbol.asyncDispose]().catch(this.#services.failed);
        this.#closing = Promise.all([this.#closing, closing]).then(() => undefined);
        this.#holdings = undefined;
      }
      this.#loaded = loaded;
      this.entry = entry;
      if (away !== undefined) {
        away.upgrade(loaded, entry, args); // all that is said here of the program happens there
        return undefined;
      }
      const rest = this.#due?.slice(this.#next) ?? NOTHING;
      this.#due = [...unread, ...rest.filter((due) => !(due instanceof Reply))];
      this.#next = 0;
      this.#instance = createInstance(loaded, this, this.#services.modules);
      return this.#instance.start(args);
    });
  }

  /** What the program has asked for is aborted, and the program is closed. */
  #abandon(): void {
    if (this.#contexts !== undefined) for (const context of this.#contexts.values()) context.abort();
    this.#giveUpBegun();
    this.#contexts = undefined;
    try {
      (this.#away ?? this.#instance)?.close();
    } catch (error) {
      this.#services.failed(error);
    }
    this.#instance = this.#away = undefined;
  }

  /** For a caller that gave up: CANCEL and some time to clean up where the program takes events, else its end. */
  withdraw(error: ErrorData, graceMs: number): void {
    // One that only ever pauses comes to nothing that waits for it (I4): it would go on for ever.
    if (this.#isPaused && this.#instance?.listens(EVENTS_TOPIC) !== true) this.terminate(error);
    else this.#put(() => this.#withdrawNow(error, graceMs));
    if (this.#isFinished || this.#grace !== undefined) return;
    this.#grace = setTimeout(() => this.terminate(error), graceMs);
  }

  #withdrawNow(error: ErrorData, graceMs: number): Step | undefined {
    if (this.#away !== undefined) this.#away.withdraw(error, graceMs);
    else if (this.#instance?.listens(EVENTS_TOPIC) === true)
      return this.#instance.deliver(cancelMessage({ from: undefined, reason: error.message }));
    else this.terminate(error);
    return undefined;
  }

  /** Ends main at once; its outcome is `error`. */
  terminate(error: ErrorData): void {
    if (!this.#isFinished) this.#finish({ ok: false, error });
  }

  /** For people. */
  get state(): 'starting' | 'running' | 'waiting' {
    if (!this.#hasBegun) return 'starting';
    return this.#isReady || this.#isPaused ? 'running' : 'waiting';
  }

  /** Messages that have come and that no coroutine has received. */
  get inboxLength(): number {
    let waiting = this.#away?.unreadCount ?? this.#instance?.unreadCount ?? 0;
    for (let at = this.#next; at < (this.#due?.length ?? 0); at += 1)
      if (isMessage(this.#due?.[at])) waiting += 1;
    return waiting;
  }

  #put(due: Due, atOnce = false): void {
    if (this.#isFinished) return;
    (this.#due ??= []).push(due);
    if (this.#isReady || this.#isPaused) return;
    this.#isReady = true;
    if (atOnce) this.#services.turns.runAtOnce(this);
    else this.#services.turns.run(this);
  }

  takeTurn(): void {
    this.#isReady = true; // one that goes on after its pause has not asked
    if (this.#isFinished || this.mayRun?.() === false) return;
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#take(() => this.#instance?.goOn());
    }
    const most = (this.#due?.length ?? 0) + AT_ONCE;
    while (this.#due !== undefined && this.#next < this.#due.length && this.#next < most && !this.#isPaused) {
      const due = this.#due[this.#next++]!;
      if (typeof due === 'function') this.#take(due);
      else if (due instanceof Reply) this.#takeReply(due);
      else this.#take(() => (this.#away ?? this.#instance)?.deliver(due));
      if (this.#isFinished) return;
    }
    if (this.#senders?.isEmpty === false) this.#admit(this.#senders);
    const rest =
      this.#due !== undefined && this.#next < this.#due.length ? this.#due.slice(this.#next) : undefined;
    this.#due = rest;
    this.#next = 0;
    this.#isReady = rest !== undefined && !this.#isPaused;
    if (this.#isPaused) this.#services.turns.runLater(this);
    else if (this.#isReady) this.#services.turns.run(this);
  }

  #takeReply({ id, answer }: Reply): void {
    if (this.#contexts?.delete(id) === true)
      this.#take(() => (this.#away ?? this.#instance)?.answer(id, answer));
  }

  #take(step: () => Step | undefined): void {
    let done: Step | undefined;
    try {
      done = step();
    } catch (error) {
      // A bug of the host or of a module: the instance cannot go on, its neighbours can.
      this.#services.failed(error);
      if (!this.#isFinished) this.#finish({ ok: false, error: this.#services.toErrorData(error) });
      return;
    }
    if (done !== undefined && !this.#isFinished) this.#after(done);
  }

  #after(step: Step): void {
    for (const id of step.withdrawn) {
      this.#contexts?.get(id)?.abort();
      this.#contexts?.delete(id);
    }
    if (step.outcome !== undefined) {
      this.#finish(step.outcome);
      return;
    }
    for (const outstanding of step.commands) this.#dispatch(outstanding);
    if (this.#begun !== undefined) this.#giveUpBegun(); // withdrawn before it was issued
    if (step.paused !== undefined) this.#isPaused = true;
  }

  #dispatch({ id, command }: Outstanding): void {
    if (this.#isFinished) return;
    const begun = this.#begun;
    if (begun?.command === command) {
      this.#begun = undefined;
      (this.#contexts ??= new Map()).set(id, begun.context);
      this.#await(id, begun.context, begun.answer);
      return;
    }
    const context = new NodeContext(this);
    (this.#contexts ??= new Map()).set(id, context);
    let answer: Data | Promise<Data>;
    try {
      answer = this.#services.dispatcher.dispatch(command, context);
    } catch (error) {
      this.#put(new Reply(id, this.#failure(error)));
      return;
    }
    if (answer instanceof Promise) this.#await(id, context, answer);
    else this.#put(new Reply(id, { ok: true, value: answer }));
  }

  #await(id: number, context: NodeContext, answer: Promise<Data>): void {
    // Numbers of commands begin anew with an upgrade: what a program before has asked for is not this one's.
    const put = (reply: Answer): void => {
      if (this.#contexts?.get(id) === context) this.#put(new Reply(id, reply));
    };
    answer.then(
      (value) => put({ ok: true, value }),
      (error: unknown) => put(this.#failure(error)),
    );
  }

  #failure(error: unknown): Answer {
    return { ok: false, error: this.#services.toErrorData(error) };
  }

  #finish(outcome: Outcome): void {
    this.#isFinished = true;
    clearTimeout(this.#grace);
    this.#due = undefined;
    this.#senders?.refuse(new ProcessUnknownError(this.pid));
    this.#services.topology.left(this);
    this.#watcher?.left(this, outcome);
    this.#abandon();
    const closing = this.#holdings?.[Symbol.asyncDispose]();
    if (closing === undefined && this.#closing === undefined) {
      this.#end(outcome);
      return;
    }
    Promise.all([closing, this.#closing]).then(
      () => this.#end(outcome),
      (error: unknown) => {
        this.#services.failed(error);
        this.#end(outcome);
      },
    );
  }

  /** The step did not come to issue what it had begun. */
  #giveUpBegun(): void {
    const begun = this.#begun;
    if (begun === undefined) return;
    this.#begun = undefined;
    begun.answer.catch(() => undefined); // nobody is left to hear of it
    begun.context.abort();
  }

  #end(outcome: Outcome): void {
    this.#outcome = outcome;
    this.#services.topology.ended(this, outcome);
    this.#tell?.(outcome);
  }

  // ContextOwner

  get values(): Readonly<DataObject> {
    return this.context;
  }

  /** What a program asks twice it means twice: only a workflow's own commands have a key. */
  get idempotencyKey(): undefined {
    return undefined;
  }

  get asker(): string {
    return this.pid;
  }

  get holdings(): Holdings {
    return (this.#holdings ??= new Holdings(this.#services.resources, this.#services.failed));
  }

  // InstanceHost

  get place(): 'node' {
    return 'node';
  }

  get turnInstructions(): number {
    return TURN;
  }

  get native(): NativeSupport {
    return this.#services.native;
  }

  now(): bigint {
    return this.#services.clock.now();
  }

  random(): number {
    return Math.random();
  }

  randomBytes(n: number): string {
    return randomBytes(n).toString('latin1');
  }

  uuid(): string {
    return randomUUID();
  }

  print(line: string): void {
    this.#services.print(line);
  }

  answerAtOnce(command: Command): Answer | undefined {
    const context = new NodeContext(this);
    let answer: Data | Promise<Data>;
    try {
      answer = this.#services.dispatcher.dispatch(command, context);
    } catch (error) {
      return this.#failure(error);
    }
    if (!(answer instanceof Promise)) return { ok: true, value: answer };
    this.#begun = { command, context, answer };
    return undefined;
  }

  nextMessage(): Message | undefined {
    const due = this.#due?.[this.#next];
    if (!isMessage(due)) return undefined;
    this.#next += 1;
    return due;
  }

  /** For commands whose answer nobody wants. */
  emit(command: Command): void {
    try {
      const answer = this.#services.dispatcher.dispatch(command, new NodeContext(this));
      if (answer instanceof Promise) answer.catch(this.#services.failed);
    } catch (error) {
      this.#services.failed(error);
    }
  }
}
