// The scheduler of one instance: coroutines, commands and messages over an engine's Vm. Sealed and deterministic.
// N1: one queue, first in first out; a coroutine runs until it waits or ends; nothing here reads a clock or awaits.
// N2: a command withdrawn in the step that issued it is never told to the host.
// N3: an error that a spawned coroutine does not catch ends the instance, as it would end a process: it is never lost.
// N4: when main returns, the outcome is held until the handlers that still run have ended; when main fails, nothing is waited for.
// N5: an exception that is no Lua error is a bug of the host: it leaves the step, and the instance is closed.
// N6: a reader changes nothing that the host or another coroutine could see: it would not do so again at a replay.
// N7: a step that pauses goes on with the same coroutine: nobody of the instance comes in between. A reader never pauses.
// N8: who waits for something inside the instance when its scope is cancelled is told at the end of that step.
// Long, since it is one state machine: who reads how a step ends must see how it begins.
import type { Command } from '../../core/command.js';
import type { Data } from '../../core/data.js';
import type { Program } from '../../core/program.js';
import type { LoadedProgram, ModuleLookup, Vm } from '../engine.js';
import type {
  Background,
  InstanceContext,
  InstanceHost,
  Message,
  UnreadHolder,
} from '../instance-context.js';
import type { CoroutineState, Instance, Outcome, Outstanding, Step } from '../step.js';
import { Suspend } from '../suspend.js';
import type { Answer, Pause, SuspendRequest } from '../suspend.js';
import { LuaError } from '../values.js';
import type { HostResult, LuaFunction, LuaTable, LuaValue } from '../values.js';
import type { ErrorData } from '../../core/error-data.js';
import type { CancelScope } from './cancel-scope.js';
import { fromData } from './convert.js';
import { Coroutine } from './coroutine.js';
import type { Resumption, Role } from './coroutine.js';
import { describeCommand, onlyLooks } from './describe.js';
import { errorFromData, errorToData, newError, raisedValue } from './error-object.js';
import { cancelMessage, MessageBoard } from './messages.js';
import type { Deliver } from './messages.js';
import { endedBefore, outcomeOf, outcomeOfError } from './outcome.js';
import { PendingCommand, PendingWait } from './pending.js';
import type { Asker, Pending } from './pending.js';

export function createInstance(loaded: LoadedProgram, host: InstanceHost, modules: ModuleLookup): Instance {
  return new Scheduler(loaded, host, modules);
}

interface Turn {
  readonly coroutine: Coroutine;
  readonly resumption: Resumption;
}

interface Asked {
  readonly asker: Asker;
  /** In which it was asked. */
  readonly scope: CancelScope | undefined;
}

const NO_STEP: Step = Object.freeze({ commands: [], withdrawn: [] });
const GOES_ON: Resumption = Object.freeze({ with: 'values', values: [] });
const NONE: readonly never[] = Object.freeze([]);
const MAIN: Role = Object.freeze({ is: 'main' });
const SPAWNED: Role = Object.freeze({ is: 'spawned' });

/** What few instances ever need. */
class Seldom {
  withdrawn: number[] | undefined = undefined;
  canceled: number[] | undefined = undefined;
  /** Answers that are due in this step without the host. */
  owed: (() => void)[] | undefined = undefined;
  /** Of the background command that is being answered. */
  answering: CancelScope | undefined = undefined;
  lastSpawned = 0;
  lastHandler = 0;
  /** Main's outcome while handlers are still running (N4). */
  held: Outcome | undefined = undefined;
}

/** One object, since there are many instances: what hosts may do to it, and what its modules may use of it. */
class Scheduler implements Instance, InstanceContext, Pending {
  readonly program: Program;
  readonly host: InstanceHost;
  readonly #vm: Vm;
  // Containers are made when something first gets into them: most instances only run main.
  #messages: MessageBoard | undefined;
  /** Key, state, key, state ...: a module or two have any. */
  #states: object[] | undefined;
  #main: Coroutine | undefined;
  /** Spawned coroutines and handlers, in the order in which they began. */
  #others: Set<Coroutine> | undefined;
  #queue: Turn[] | undefined;
  #outstanding: Map<number, Asked> | undefined;
  #issued: Outstanding[] | undefined;
  #seldom: Seldom | undefined;
  #lastCommand = 0;
  /** Set when the instance has ended and the host has not been told yet. */
  #outcome: Outcome | undefined;
  #closed = false;
  #current: Coroutine | undefined;
  /** Why the coroutine that is first in the queue has paused. */
  #paused: Pause | undefined;
  /** Place in the queue of the coroutine that runs. */
  #at = 0;

  constructor(loaded: LoadedProgram, host: InstanceHost, modules: ModuleLookup) {
    this.program = loaded.program;
    this.host = host;
    this.#vm = loaded.instantiate(this, modules);
  }

  start(args: readonly Data[]): Step {
    return this.step(() => this.begin('main', MAIN, this.#vm.main, this.toLua(args)));
  }

  answer(id: number, answer: Answer): Step {
    return this.step(() => {
      const asked = this.#outstanding?.get(id);
      if (asked === undefined) return; // withdrawn meanwhile
      this.#outstanding?.delete(id);
      this.tell(asked, answer);
    });
  }

  private seldom(): Seldom {
    return (this.#seldom ??= new Seldom());
  }

  private tell({ asker, scope }: Asked, answer: Answer): void {
    if (scope?.isOwn !== true) return asker.answered(answer);
    const { canceled } = scope;
    const told =
      canceled !== undefined && !answer.ok && answer.error.kind === 'Canceled' ? canceled : undefined;
    this.seldom().answering = scope;
    try {
      asker.answered(told === undefined ? answer : { ok: false, error: told });
    } finally {
      this.seldom().answering = undefined;
    }
  }

  deliver(message: Message): Step {
    return this.step(() => (this.#messages ??= new MessageBoard()).deliver(message));
  }

  cancel(reason: string): Step {
    return this.deliver(cancelMessage(reason));
  }

  listens(topic: string): boolean {
    return this.#messages?.listens(topic) ?? false;
  }

  unread(): readonly Message[] {
    return this.#messages?.unread() ?? NONE;
  }

  get unreadCount(): number {
    return this.#messages?.unreadCount ?? 0;
  }

  invoke(fn: LuaFunction, args: readonly Data[], ended: (outcome: Outcome) => void, holdsMain = true): Step {
    if (this.#closed) {
      ended({ ok: false, error: endedBefore('the handler') });
      return NO_STEP;
    }
    return this.step(() => {
      const name = `handler ${++this.seldom().lastHandler}`;
      this.begin(name, { is: 'handler', ended, holdsMain }, fn, this.toLua(args));
    });
  }

  consult(fn: LuaFunction, args: readonly Data[]): Outcome {
    let outcome: Outcome = { ok: false, error: endedBefore('the reader') };
    const ended = (reached: Outcome): void => void (outcome = reached);
    const coroutine = new Coroutine('reader', { is: 'reader', ended }, this.#vm.newThread(fn));
    this.#vm.beginStep?.(true);
    this.resume(coroutine, { with: 'values', values: this.toLua(args) });
    return outcome;
  }

  turn(): Step {
    return this.step(() => undefined);
  }

  goOn(): Step {
    const paused = this.#paused;
    if (paused === undefined) return NO_STEP;
    this.#paused = undefined;
    return this.step(() => undefined, paused);
  }

  get isShielded(): boolean {
    return this.alive().some(({ scope }) => scope?.isShielded === true);
  }

  coroutines(): readonly CoroutineState[] {
    const paused = this.#paused === undefined ? undefined : this.#queue?.[0]?.coroutine;
    const waits = this.#paused?.why === 'budget' ? 'a new budget' : 'its turn';
    return this.alive().map((coroutine) => ({
      name: coroutine.name,
      waits:
        coroutine.waiting?.describe ?? (this.#closed ? 'ended' : coroutine === paused ? waits : 'its turn'),
      frames: coroutine.frames(),
    }));
  }

  state<T extends object>(key: object, make: () => T): T {
    const states = (this.#states ??= []);
    for (let at = 0; at < states.length; at += 2) if (states[at] === key) return states[at + 1] as T;
    const state = make();
    states.push(key, state);
    return state;
  }

  close(): void {
    if (!this.#closed) this.end();
  }

  // InstanceContext, for modules.

  newTable(): LuaTable {
    return this.#vm.newTable();
  }

  get running(): InstanceContext['running'] {
    const role = this.#current?.role.is;
    return role === 'handler' || role === 'reader' ? role : 'program';
  }

  mustNotRead(what: string): void {
    if (this.running === 'reader') throw new LuaError(refusedReader(what));
  }

  spawn(fn: LuaFunction, args: readonly LuaValue[]): void {
    this.mustNotRead('coroutine.spawn');
    this.begin(`coroutine ${++this.seldom().lastSpawned}`, SPAWNED, fn, args);
  }

  get scope(): CancelScope | undefined {
    return this.#current === undefined ? this.#seldom?.answering : this.#current.scope;
  }

  enter(scope: CancelScope | undefined): CancelScope | undefined {
    const before = this.#current?.scope;
    if (this.#current !== undefined) this.#current.scope = scope;
    return before;
  }

  cancelScope(scope: CancelScope, error: ErrorData): void {
    this.mustNotRead('cancelling a scope');
    if (this.#closed || scope.isCanceled) return;
    scope.mark(error);
    for (const [id, asked] of [...(this.#outstanding ?? NONE)]) {
      if (asked.scope?.canceled === undefined) continue;
      const unsaid = this.#issued?.findIndex((outstanding) => outstanding.id === id) ?? -1;
      if (unsaid < 0) {
        (this.seldom().canceled ??= []).push(id);
        continue;
      }
      this.#issued?.splice(unsaid, 1); // N2
      this.#outstanding?.delete(id);
      this.owe(() => this.tell(asked, { ok: false, error }));
    }
    // N8
    this.owe(() => {
      for (const { waiting, scope: of } of this.alive()) {
        const reason = waiting instanceof PendingWait ? of?.canceled : undefined;
        if (reason !== undefined) (waiting as PendingWait).cancel(errorFromData(reason));
      }
    });
  }

  private owe(answer: () => void): Background {
    let wanted = true;
    (this.seldom().owed ??= []).push(() => {
      if (wanted) answer();
    });
    return { cancel: () => void (wanted = false) };
  }

  answerAtOnce(command: Command): Answer | undefined {
    const { host } = this;
    // What was asked before in this step comes before, a reader asks nothing, and in a cancelled scope nothing is asked.
    if (host.answerAtOnce === undefined || this.#issued !== undefined) return undefined;
    if (this.running === 'reader' || this.scope?.canceled !== undefined) return undefined;
    return host.answerAtOnce(command);
  }

  pull(): boolean {
    const { host } = this;
    const isLast = this.#at + 1 === this.#queue?.length;
    if (
      host.nextMessage === undefined ||
      !isLast ||
      this.#issued !== undefined ||
      this.#seldom?.owed !== undefined
    )
      return false;
    if (this.scope?.canceled !== undefined) return false;
    const message = host.nextMessage();
    if (message === undefined) return false;
    (this.#messages ??= new MessageBoard()).deliver(message);
    return true;
  }

  background(command: Command, answered: (answer: Answer) => void): Background {
    if (this.running === 'reader') this.mustNotRead(describeCommand(command));
    const canceled = this.scope?.canceled;
    if (canceled !== undefined) return this.owe(() => answered({ ok: false, error: canceled }));
    const id = this.issue(command, { answered });
    return { cancel: () => this.withdraw(id) };
  }

  listen(topic: string, deliver: Deliver, unread?: UnreadHolder): () => void {
    this.mustNotRead(topic === '' ? 'process.inbox' : `listening to ${topic}`);
    return (this.#messages ??= new MessageBoard()).listen(topic, deliver, unread);
  }

  /** `after`: the pause that the step goes on from. */
  private step(enter: () => void, after?: Pause): Step {
    if (this.#closed) return NO_STEP;
    const waits = this.#paused !== undefined;
    try {
      if (!waits) {
        if (after?.why === 'turn') this.#vm.resumeStep?.();
        else this.#vm.beginStep?.();
      }
      enter();
      if (!waits) while (this.run() && this.pay());
    } catch (error) {
      this.close(); // N5
      throw error;
    }
    const seldom = this.#seldom;
    const isQuiet =
      this.#issued === undefined && seldom?.withdrawn === undefined && seldom?.canceled === undefined;
    if (isQuiet && this.#outcome === undefined && this.#paused === undefined) return NO_STEP;
    const commands = this.#issued ?? NONE;
    const withdrawn = seldom?.withdrawn ?? NONE;
    const canceled = seldom?.canceled;
    this.#issued = undefined;
    if (seldom !== undefined) seldom.withdrawn = seldom.canceled = undefined;
    const told: Step = canceled === undefined ? { commands, withdrawn } : { commands, withdrawn, canceled };
    if (this.#outcome !== undefined) return { ...told, outcome: this.#outcome };
    return waits || this.#paused === undefined ? told : { ...told, paused: this.#paused };
  }

  /** Runs what is in the queue; false: it has paused before its end. */
  private run(): boolean {
    const queue = this.#queue;
    if (queue === undefined) return true;
    // The queue is read by index and dropped when it is empty: shifting would cost as much as the queue is long.
    for (let next = 0; next < queue.length && !this.#closed; next++) {
      const { coroutine, resumption } = queue[next]!;
      this.#at = next;
      this.resume(coroutine, resumption);
      if (this.#paused !== undefined) {
        queue.splice(0, next + 1, { coroutine, resumption: GOES_ON }); // N7
        this.#vm.pauseStep?.();
        return false;
      }
    }
    this.#queue = undefined;
    return true;
  }

  /** Gives the answers that are due; false: there are none. */
  private pay(): boolean {
    const seldom = this.#seldom;
    if (seldom?.owed === undefined) return false;
    const { owed } = seldom;
    seldom.owed = undefined;
    for (const answer of owed) if (!this.#closed) answer();
    return true;
  }

  private begin(name: string, role: Role, fn: LuaFunction, args: readonly LuaValue[]): void {
    const coroutine = new Coroutine(name, role, this.#vm.newThread(fn));
    if (role.is === 'spawned') coroutine.scope = this.#current?.scope;
    if (role === MAIN) this.#main = coroutine;
    else (this.#others ??= new Set()).add(coroutine);
    this.enqueue(coroutine, { with: 'values', values: args });
  }

  /** The coroutine goes on in its turn. */
  enqueue(coroutine: Coroutine, resumption: Resumption): void {
    coroutine.waiting = undefined;
    (this.#queue ??= []).push({ coroutine, resumption });
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** All that have not ended, in the order in which they began. */
  private alive(): Coroutine[] {
    const others = this.#others === undefined ? NONE : [...this.#others];
    return this.#main === undefined ? [...others] : [this.#main, ...others];
  }

  private forget(coroutine: Coroutine): void {
    if (coroutine === this.#main) this.#main = undefined;
    else this.#others?.delete(coroutine);
  }

  /** Runs a coroutine until it waits or ends. */
  private resume(coroutine: Coroutine, resumption: Resumption): void {
    const before = this.#current;
    this.#current = coroutine;
    try {
      this.proceed(coroutine, resumption);
    } finally {
      this.#current = before;
    }
  }

  private proceed(coroutine: Coroutine, resumption: Resumption): void {
    let next: Resumption | undefined = resumption;
    while (next !== undefined) {
      if (next.with === 'make') {
        next = this.settle(coroutine, next.make);
        continue;
      }
      const { thread, request } = coroutine;
      const step = next.with === 'values' ? thread.resume(next.values) : thread.raise(next.error);
      if (step.status === 'suspended') {
        next = this.request(coroutine, step.request);
        continue;
      }
      if (request === undefined) {
        if (step.status === 'done') this.ended(coroutine, step.values);
        else this.failed(coroutine, step.error, step.traceback);
        return;
      }
      coroutine.leaveCall();
      if (step.status === 'done') {
        const { values } = step;
        next = this.settle(coroutine, () => request.then(values));
      } else {
        const { error } = step;
        const { caught } = request;
        next = caught === undefined ? { with: 'error', error } : this.settle(coroutine, () => caught(error));
      }
    }
  }

  /** Turns what a host function came to into how its coroutine goes on; undefined: it waits. */
  private settle(coroutine: Coroutine, make: () => HostResult): Resumption | undefined {
    let result: HostResult;
    try {
      result = make();
    } catch (error) {
      const raised = raisedValue(error);
      if (raised === undefined) throw error;
      return { with: 'error', error: raised.value };
    }
    if (result instanceof Suspend) return this.request(coroutine, result.request);
    return { with: 'values', values: isResults(result) ? result : [result] };
  }

  private request(coroutine: Coroutine, request: SuspendRequest | Pause): Resumption | undefined {
    if (request.on === 'pause') {
      this.#paused = request;
      return undefined;
    }
    if (coroutine.role.is === 'reader' && request.on !== 'call') {
      const what = request.on === 'command' ? describeCommand(request.command) : request.describe;
      return { with: 'error', error: refusedReader(what) };
    }
    const canceled = coroutine.scope?.canceled;
    if (canceled !== undefined && request.on === 'wait')
      return { with: 'error', error: errorFromData(canceled) };
    if (canceled !== undefined && request.on === 'command' && request.always !== true)
      return this.settle(coroutine, () => request.then({ ok: false, error: canceled }));
    switch (request.on) {
      case 'command':
        coroutine.waiting = new PendingCommand(this, coroutine, request);
        return undefined;
      case 'wait': {
        const pending = new PendingWait(this, coroutine, request);
        if (!pending.isOver) coroutine.waiting = pending;
        return undefined;
      }
      case 'call':
        coroutine.enterCall(this.#vm.newThread(request.fn), request);
        return { with: 'values', values: request.args };
    }
  }

  /** `waiting`: the coroutine that issued it and gave way; else what runs now issues it. */
  issue(command: Command, asker: Asker, waiting?: Coroutine): number {
    const id = ++this.#lastCommand;
    const scope = waiting === undefined ? this.scope : waiting.scope;
    (this.#outstanding ??= new Map<number, Asked>()).set(id, { asker, scope });
    const shielded = scope?.isShielded === true ? ({ shielded: true } as const) : undefined;
    const issued =
      this.host.tracesCommands === true
        ? { id, command, ...shielded, frames: waiting === undefined ? this.#vm.frames() : waiting.frames() }
        : shielded === undefined
          ? { id, command }
          : { id, command, ...shielded };
    (this.#issued ??= []).push(issued);
    return id;
  }

  withdraw(id: number): void {
    if (this.#outstanding?.delete(id) !== true) return;
    const unsaid = this.#issued?.findIndex((outstanding) => outstanding.id === id) ?? -1;
    if (unsaid >= 0) this.#issued?.splice(unsaid, 1);
    else (this.seldom().withdrawn ??= []).push(id);
  }

  private ended(coroutine: Coroutine, values: readonly LuaValue[]): void {
    this.forget(coroutine);
    if (coroutine.role.is === 'main') this.mainEnded(outcomeOf(values));
    else if (coroutine.role.is === 'handler') this.handlerEnded(coroutine.role.ended, outcomeOf(values));
    else if (coroutine.role.is === 'reader') coroutine.role.ended(outcomeOf(values));
  }

  private failed(coroutine: Coroutine, error: LuaValue, traceback: string): void {
    this.forget(coroutine);
    const outcome = outcomeOfError(error, traceback);
    if (coroutine.role.is === 'handler') this.handlerEnded(coroutine.role.ended, outcome);
    else if (coroutine.role.is === 'reader') coroutine.role.ended(outcome);
    else if (coroutine.role.is === 'main') this.mainEnded(outcome);
    else if (!isCanceledIn(coroutine.scope, error)) this.finish(this.#seldom?.held ?? outcome); // N3
  }

  private mainEnded(outcome: Outcome): void {
    if (outcome.ok && this.handlersRun()) this.seldom().held = outcome;
    else this.finish(outcome);
  }

  private handlerEnded(ended: (outcome: Outcome) => void, outcome: Outcome): void {
    ended(outcome);
    const held = this.#seldom?.held;
    if (held !== undefined && !this.handlersRun()) this.finish(held);
  }

  private handlersRun(): boolean {
    for (const { role } of this.#others ?? NONE) if (role.is === 'handler' && role.holdsMain) return true;
    return false;
  }

  private finish(outcome: Outcome): void {
    this.#outcome = outcome;
    this.end();
  }

  private end(): void {
    this.#closed = true;
    const left = this.alive();
    this.#main = this.#others = undefined;
    for (const id of [...(this.#outstanding?.keys() ?? NONE)]) this.withdraw(id);
    for (const coroutine of left) {
      coroutine.waiting?.withdraw();
      coroutine.waiting = undefined;
    }
    for (const { role } of left)
      if (role.is === 'handler') role.ended({ ok: false, error: endedBefore('the handler') });
    this.#vm.close();
  }

  private toLua(args: readonly Data[]): LuaValue[] {
    const newTable = () => this.#vm.newTable();
    return args.map((arg) => fromData(arg, newTable));
  }
}

/** What a reader gets that would act (N6). */
const refusedReader = (what: string): LuaValue =>
  newError({
    kind: 'Invalid',
    message: onlyLooks(what),
    retryable: false,
  });

/** Whether a coroutine ends because its scope is cancelled: nothing is lost then. */
const isCanceledIn = (scope: CancelScope | undefined, error: LuaValue): boolean =>
  scope?.canceled !== undefined && errorToData(error).kind === 'Canceled';

const isResults = (result: LuaValue | readonly LuaValue[]): result is readonly LuaValue[] =>
  Array.isArray(result);
