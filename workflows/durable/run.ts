// Drives one instance inside a workflow: commands to durable handlers, answers back in the order in which they come. Sealed.
// L1: everything happens inside an activation, in the order of the SDK's jobs and promises; so a replay does the same.
// L2: each command runs in a cancellation scope of its own, shielded from the run's: a withdrawn command is cancelled, and a
//     cancellation of the run reaches Lua first (see cancel). A handler enters the scope again after a wait (Scoped).
// L3: an exception of the instance is a bug of the host: it fails the task, never the run.
// L4: what ends before it is told to Lua is lost to nobody: the run ends only when what it has sent is sent.
// L5: a step that is over its budget parks the run, if its entry says so: nothing of Lua runs until somebody lets it go on.
//     Where it parks follows from the program and its inputs, so a replay parks there too.
import { CancellationScope, log } from '@temporalio/workflow';
import type { Command } from '../../src/core/command.js';
import { dataObject } from '../../src/core/data.js';
import type { Data } from '../../src/core/data.js';
import type { ErrorData } from '../../src/core/error-data.js';
import type { Message } from '../../src/lua/instance-context.js';
import type { Instance, Outcome, Outstanding, Step } from '../../src/lua/step.js';
import type { Answer } from '../../src/lua/suspend.js';
import type { LuaFunction } from '../../src/lua/values.js';
import { toTextLossy } from '../../src/core/text.js';
import { fromFailure } from '../../src/temporal/failures.js';
import { RESUME } from '../../src/temporal/names.js';
import type { AllOpenCalls } from './open-calls.js';
import { within } from '../../src/temporal/sdk-internals.js';
import type { CommandTrace } from './trace.js';

/** A command as its durable handler sees it. */
interface DurableCall {
  readonly command: Command;
  readonly run: Run;
}

/** Makes a call in the cancellation scope of a command: what calls the SDK after a wait goes through it. */
export type Scoped = <T>(call: () => T) => T;

type Start = (scoped: Scoped) => Promise<Data>;

/** An answer that takes time: `start` is called once, in the command's own cancellation scope. */
export class Later {
  readonly start: Start;
  constructor(start: Start) {
    this.start = start;
  }
}
export const later = (start: Start): Later => new Later(start);

/** One wait more, as the SDK's own scopes have: the order of what ends in one task follows from it. */
export async function whole<T>(call: () => Promise<T>): Promise<T> {
  return await call();
}

/** Answers a command; what it throws or rejects with reaches Lua as an error. */
export type DurableHandler = (call: DurableCall) => Data | Later;
export type DurableHandlers = Readonly<Record<string, DurableHandler>>;

interface Pending {
  readonly command: Command;
  readonly scope: CancellationScope;
  readonly shielded: boolean;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** How a run ends that goes on as another: what starts that one, called outside of Lua. */
export class Continuation {
  readonly start: () => Promise<never>;
  constructor(start: () => Promise<never>) {
    this.start = start;
  }
}

const CANCELED: ErrorData = { kind: 'Canceled', message: 'the workflow was cancelled', retryable: false };

const ENDED: ErrorData = { kind: 'Canceled', message: 'the workflow has ended', retryable: false };

export class Run {
  readonly #handlerOf: (type: string) => DurableHandler;
  /** Through these goes what the server takes only so many of at once. */
  readonly open: AllOpenCalls;
  readonly #trace: CommandTrace | undefined;
  readonly #shield = new CancellationScope({ cancellable: false });
  readonly #pending = new Map<number, Pending>();
  /** Work that outlives its command: messages on their way, emitted commands (L4). */
  readonly #background = new Set<Promise<void>>();
  #instance: Instance | undefined;
  #applying = false;
  readonly #ready: { readonly id: number; readonly answer: Answer }[] = [];
  #ended = false;
  #settle: { resolve(end: Outcome | Continuation): void; reject(error: unknown): void } | undefined;
  #cancelled = false;
  /** Cancelled while something was shielded: what is asked for next, outside of a shield, is answered with that. */
  #owesCancel = false;
  #nextSuggested = false;
  #isRead = false;
  /** Why the run is parked (L5). */
  #parked: string | undefined;
  /** Cancelled without a listener to events: over once it waits for nothing that can come. */
  #orphaned = false;

  /** Called after every step, outside of Lua. */
  afterStep: () => void = () => undefined;
  /** Called when the program has asked to go on as another run. */
  continuing: () => void = () => undefined;
  /** Called when that was refused. */
  staying: () => void = () => undefined;

  /** What main ended with, or how the run goes on; rejects when the host is broken (L3). */
  readonly outcome: Promise<Outcome | Continuation>;

  constructor(handlerOf: (type: string) => DurableHandler, open: AllOpenCalls, trace?: CommandTrace) {
    this.#handlerOf = handlerOf;
    this.open = open;
    this.#trace = trace;
    this.outcome = new Promise<Outcome | Continuation>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  get started(): boolean {
    return this.#instance !== undefined;
  }

  /** Whether main has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether the run was asked to cancel. */
  get cancelled(): boolean {
    return this.#cancelled;
  }

  get instance(): Instance {
    if (this.#instance === undefined) throw new Error('the instance is not made yet');
    return this.#instance;
  }

  start(make: () => Instance, args: readonly Data[]): void {
    this.#enter(() => {
      this.#instance = make();
      return this.#instance.start(args);
    });
  }

  deliver(message: Message): void {
    this.#enter(() => this.instance.deliver(message));
  }

  /** Why the run is parked, as a byte string; undefined: it is not. */
  get parked(): string | undefined {
    return this.#ended ? undefined : this.#parked;
  }

  /** Lets a parked run go on with a new budget. */
  goOn(): void {
    if (this.parked === undefined) return;
    this.#parked = undefined;
    this.#enter(() => this.instance.goOn());
  }

  #park(message: string): void {
    this.#parked = message;
    log.warn(`parked until '${RESUME}': ${toTextLossy(message)}`);
  }

  /** Lets coroutines go on that were woken outside of a step. */
  turn(): void {
    this.#enter(() => this.instance.turn());
  }

  invoke(fn: LuaFunction, args: readonly Data[], ended: (outcome: Outcome) => void): void {
    if (this.#ended) ended({ ok: false, error: ENDED });
    else this.#enter(() => this.instance.invoke(fn, args, ended));
  }

  /** Whether the program was asked to go on as new. */
  get nextSuggested(): boolean {
    return this.#nextSuggested;
  }

  /** Whether the program wants an event when it is asked to go on as new. */
  isUpgradable = false;

  /**
   * Asks the program to go on as new where it can: it finds that in its facts, and conditions are looked at again. One that waits
   * for messages is woken by OUTDATED, if it wants that.
   */
  suggestNext(entry: string): void {
    this.#nextSuggested = true;
    if (this.isUpgradable)
      this.deliver({
        topic: '@events',
        from: undefined,
        payloads: [dataObject({ kind: 'OUTDATED', sources: [entry] })],
      });
    else this.turn();
  }

  /**
   * Asks Lua to end: a CANCEL event. A program that does not listen to events cannot take it: what it waits for is answered
   * with Canceled, what it does then (undo what it did) runs as ever, and if it waits for nothing any more it is over.
   */
  cancel(reason: string): void {
    if (this.#cancelled || this.#ended) return;
    this.#cancelled = true;
    if (this.#parked !== undefined) {
      this.#finish({ ok: false, error: CANCELED }); // Lua cannot take it
      return;
    }
    const listens = this.instance.listens('@events');
    this.#enter(() => this.instance.cancel(reason));
    if (listens) return;
    for (const [id, { scope, shielded }] of [...this.#pending]) {
      if (shielded) {
        this.#owesCancel = true;
        continue;
      }
      if (!this.#pending.delete(id)) continue;
      scope.cancel();
      this.#enter(() => this.instance.answer(id, { ok: false, error: CANCELED }));
    }
    // Who waits in a shield for a message is left alone too.
    if (this.instance.isShielded) this.#owesCancel = true;
    this.#orphaned = true;
    this.#endIfOrphaned();
  }

  #endIfOrphaned(): void {
    if (
      this.#orphaned &&
      this.#pending.size === 0 &&
      this.#parked === undefined &&
      !this.#instance?.isShielded
    )
      this.#finish({ ok: false, error: CANCELED });
  }

  /** Keeps the run from ending before `work` has; failures are told to `failed`. */
  keep(work: Promise<unknown>, failed: (error: unknown) => void): void {
    const done: Promise<void> = work
      .then(() => undefined, failed)
      .then(() => void this.#background.delete(done));
    this.#background.add(done);
  }

  /** Resolves once nothing is kept any more. */
  async settled(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  /** Runs `call` outside the scope of the command that asked for it. */
  shielded<T>(call: () => Promise<T>): Promise<T> {
    return within(this.#shield, () => whole(call));
  }

  /** Commands that are not answered yet, in the order in which they were issued. */
  get pending(): readonly { readonly command: Command; readonly since: number }[] {
    return [...this.#pending.values()];
  }

  /** Whether nothing is kept. */
  get isSettled(): boolean {
    return this.#background.size === 0;
  }

  /** Ends the run, which goes on as another. */
  continueAs(next: Continuation): void {
    this.#finish(next);
  }

  /** Ends the run with an error that did not come from Lua. */
  fail(error: ErrorData): void {
    this.#finish({ ok: false, error });
  }

  #enter(step: () => Step): void {
    if (this.#ended) return;
    try {
      this.#apply(step());
      this.afterStep();
    } catch (error) {
      this.#broken(error);
    }
  }

  /** Runs a function that only looks, also after the end of the run. */
  consult(fn: LuaFunction, args: readonly Data[]): Outcome {
    this.#isRead = true;
    try {
      return this.instance.consult(fn, args);
    } finally {
      this.#isRead = false;
    }
  }

  /** Whether a function runs that only looks. */
  get isRead(): boolean {
    return this.#isRead;
  }

  /** Applies a step and the answers that it brings at once, without growing the stack. */
  #apply(first: Step): void {
    this.#take(first);
    if (this.#applying) return;
    this.#applying = true;
    try {
      for (let next = this.#ready.shift(); next !== undefined; next = this.#ready.shift())
        if (!this.#ended) this.#take(this.instance.answer(next.id, next.answer));
    } finally {
      this.#applying = false;
    }
    this.#endIfOrphaned();
  }

  #take(step: Step): void {
    for (const id of step.withdrawn) {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      pending?.scope.cancel();
    }
    for (const id of step.canceled ?? []) this.#pending.get(id)?.scope.cancel();
    for (const outstanding of step.commands) this.#dispatch(outstanding);
    if (step.paused?.why === 'budget') this.#park(step.paused.message);
    if (step.outcome !== undefined) this.#finish(step.outcome);
  }

  #dispatch({ id, command, frames, shielded = false }: Outstanding): void {
    if (this.#owesCancel && !shielded) {
      this.#owesCancel = false;
      this.#ready.push({ id, answer: { ok: false, error: CANCELED } });
      return;
    }
    let answer: Data | Later;
    const ask = (): Data | Later => this.#handlerOf(command.type)({ command, run: this });
    try {
      answer = this.#trace === undefined ? ask() : this.#trace.at(frames, ask);
    } catch (error) {
      this.#ready.push({ id, answer: { ok: false, error: fromFailure(error) } });
      return;
    }
    if (!(answer instanceof Later)) {
      this.#ready.push({ id, answer: { ok: true, value: answer } });
      return;
    }
    const scope = new CancellationScope({ cancellable: true, parent: this.#shield });
    this.#pending.set(id, { command, scope, shielded, since: Date.now() });
    this.#trace?.scope(scope, frames);
    const { start } = answer;
    const scoped: Scoped = (call) => within(scope, call);
    scoped(() => whole(() => start(scoped))).then(
      (value) => this.#answer(id, { ok: true, value }),
      (error: unknown) => this.#answer(id, { ok: false, error: fromFailure(error) }),
    );
  }

  #answer(id: number, answer: Answer): void {
    // Withdrawn, cancelled or ended meanwhile.
    if (this.#pending.delete(id)) this.#enter(() => this.instance.answer(id, answer));
  }

  #finish(end: Outcome | Continuation): void {
    if (this.#ended) return;
    this.#close();
    this.#settle?.resolve(end);
  }

  /** L3 */
  #broken(error: unknown): void {
    if (this.#ended) return;
    this.#close();
    this.#settle?.reject(error);
  }

  #close(): void {
    this.#ended = true;
    this.#instance?.close();
    for (const { scope } of this.#pending.values()) scope.cancel();
    this.#pending.clear();
  }
}
