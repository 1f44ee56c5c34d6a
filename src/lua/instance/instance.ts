// The scheduler of one instance: coroutines, commands and messages over an engine's Vm. Sealed and deterministic.
// N1: one queue, first in first out; a coroutine runs until it waits or ends; nothing here reads a clock or awaits.
// N2: a command withdrawn in the step that issued it is never told to the host.
// N3: an error that a spawned coroutine does not catch ends the instance, as it would end a process: it is never lost.
// N4: when main returns, the outcome is held until the handlers that still run have ended; when main fails, nothing is waited for.
// N5: an exception that is no Lua error is a bug of the host: it leaves the step, and the instance is closed.
import type { Command } from '../../core/command.js';
import type { Data } from '../../core/data.js';
import type { LoadedProgram, ModuleLookup, Vm } from '../engine.js';
import type { Background, InstanceContext, InstanceHost, Message } from '../instance-context.js';
import type { CoroutineState, Instance, Outcome, Outstanding, Step } from '../step.js';
import { Suspend } from '../suspend.js';
import type { Answer, SuspendRequest, Wake } from '../suspend.js';
import type { HostResult, LuaFunction, LuaValue } from '../values.js';
import { fromData } from './convert.js';
import { Coroutine } from './coroutine.js';
import type { Resumption, Role } from './coroutine.js';
import { describeCommand } from './describe.js';
import { raisedValue } from './error-object.js';
import { cancelMessage, MessageBoard } from './messages.js';
import { endedBefore, outcomeOf, outcomeOfError } from './outcome.js';

export function createInstance(loaded: LoadedProgram, host: InstanceHost, modules: ModuleLookup): Instance {
  return new Scheduler(loaded, host, modules);
}

/** Who gets the answer to an outstanding command. */
interface Asker {
  readonly answered: (answer: Answer) => void;
}

const NO_STEP: Step = Object.freeze({ commands: [], withdrawn: [] });

class Scheduler implements Instance {
  readonly #vm: Vm;
  readonly #messages = new MessageBoard();
  readonly #states = new Map<object, object>();
  readonly #coroutines = new Set<Coroutine>();
  #queue: { readonly coroutine: Coroutine; readonly resumption: Resumption }[] = [];
  readonly #outstanding = new Map<number, Asker>();
  #issued: Outstanding[] = [];
  #withdrawn: number[] = [];
  #lastCommand = 0;
  #names = { spawned: 0, handler: 0 };
  /** Main's outcome while handlers are still running (N4). */
  #held: Outcome | undefined;
  /** Set when the instance has ended and the host has not been told yet. */
  #outcome: Outcome | undefined;
  #closed = false;

  constructor(loaded: LoadedProgram, host: InstanceHost, modules: ModuleLookup) {
    this.#vm = loaded.instantiate(this.#context(loaded, host), modules);
  }

  start(args: readonly Data[]): Step {
    return this.#step(() => this.#begin('main', { is: 'main' }, this.#vm.main, this.#toLua(args)));
  }

  answer(id: number, answer: Answer): Step {
    return this.#step(() => {
      const asker = this.#outstanding.get(id);
      if (asker === undefined) return; // withdrawn meanwhile
      this.#outstanding.delete(id);
      asker.answered(answer);
    });
  }

  deliver(message: Message): Step {
    return this.#step(() => this.#messages.deliver(message));
  }

  cancel(reason: string): Step {
    return this.deliver(cancelMessage(reason));
  }

  listens(topic: string): boolean {
    return this.#messages.listens(topic);
  }

  invoke(fn: LuaFunction, args: readonly Data[], ended: (outcome: Outcome) => void): Step {
    if (this.#closed) {
      ended({ ok: false, error: endedBefore('the handler') });
      return NO_STEP;
    }
    return this.#step(() => {
      const name = `handler ${++this.#names.handler}`;
      this.#begin(name, { is: 'handler', ended }, fn, this.#toLua(args));
    });
  }

  turn(): Step {
    return this.#step(() => undefined);
  }

  coroutines(): readonly CoroutineState[] {
    return [...this.#coroutines].map((coroutine) => ({
      name: coroutine.name,
      waits: coroutine.waiting?.describe ?? (this.#closed ? 'ended' : 'its turn'),
      frames: coroutine.frames(),
    }));
  }

  state<T extends object>(key: object, make: () => T): T {
    let state = this.#states.get(key);
    if (state === undefined) this.#states.set(key, (state = make()));
    return state as T;
  }

  close(): void {
    if (!this.#closed) this.#end();
  }

  #step(enter: () => void): Step {
    if (this.#closed) return NO_STEP;
    try {
      this.#vm.beginStep?.();
      enter();
      this.#run();
    } catch (error) {
      this.close(); // N5
      throw error;
    }
    const step: Step = {
      commands: this.#issued,
      withdrawn: this.#withdrawn,
      ...(this.#outcome === undefined ? {} : { outcome: this.#outcome }),
    };
    this.#issued = [];
    this.#withdrawn = [];
    return step;
  }

  #run(): void {
    // The queue is read by index and renewed when it is empty: shifting would cost as much as the queue is long.
    for (let next = 0; next < this.#queue.length && !this.#closed; next++) {
      const { coroutine, resumption } = this.#queue[next]!;
      this.#resume(coroutine, resumption);
    }
    this.#queue = [];
  }

  #begin(name: string, role: Role, fn: LuaFunction, args: readonly LuaValue[]): void {
    const coroutine = new Coroutine(name, role, this.#vm.newThread(fn));
    this.#coroutines.add(coroutine);
    this.#queue.push({ coroutine, resumption: { with: 'values', values: args } });
  }

  /** Runs a coroutine until it waits or ends. */
  #resume(coroutine: Coroutine, resumption: Resumption): void {
    let next: Resumption | undefined = resumption;
    while (next !== undefined) {
      if (next.with === 'make') {
        next = this.#settle(coroutine, next.make);
        continue;
      }
      const { thread, request } = coroutine.threads.at(-1)!;
      const step = next.with === 'values' ? thread.resume(next.values) : thread.raise(next.error);
      if (step.status === 'suspended') {
        next = this.#request(coroutine, step.request);
        continue;
      }
      if (request === undefined) {
        if (step.status === 'done') this.#ended(coroutine, step.values);
        else this.#failed(coroutine, step.error, step.traceback);
        return;
      }
      coroutine.threads.pop();
      if (step.status === 'done') {
        const { values } = step;
        next = this.#settle(coroutine, () => request.then(values));
      } else {
        const { error } = step;
        const { caught } = request;
        next = caught === undefined ? { with: 'error', error } : this.#settle(coroutine, () => caught(error));
      }
    }
  }

  /** Turns what a host function came to into how its coroutine goes on; undefined: it waits. */
  #settle(coroutine: Coroutine, make: () => HostResult): Resumption | undefined {
    let result: HostResult;
    try {
      result = make();
    } catch (error) {
      const raised = raisedValue(error);
      if (raised === undefined) throw error;
      return { with: 'error', error: raised.value };
    }
    if (result instanceof Suspend) return this.#request(coroutine, result.request);
    return { with: 'values', values: isResults(result) ? result : [result] };
  }

  #request(coroutine: Coroutine, request: SuspendRequest): Resumption | undefined {
    switch (request.on) {
      case 'command': {
        const id = this.#issue(request.command, (answer) => {
          coroutine.waiting = undefined;
          this.#queue.push({
            coroutine,
            resumption: { with: 'make', make: () => request.then(answer) },
          });
        });
        coroutine.waiting = {
          describe: describeCommand(request.command),
          withdraw: () => this.#withdraw(id),
        };
        return undefined;
      }
      case 'wait': {
        // A wake inside `begin` already counts: the coroutine is queued, and waits for its turn only.
        let woken = false;
        const go = (resumption: Resumption): void => {
          if (woken || this.#closed) return;
          woken = true;
          coroutine.waiting = undefined;
          this.#queue.push({ coroutine, resumption });
        };
        const wake: Wake = Object.assign((values: readonly LuaValue[]) => go({ with: 'values', values }), {
          fail: (error: LuaValue) => go({ with: 'error', error }),
        });
        const withdraw = request.begin(wake);
        if (!woken) coroutine.waiting = { describe: request.describe, withdraw };
        return undefined;
      }
      case 'call':
        coroutine.threads.push({ thread: this.#vm.newThread(request.fn), request });
        return { with: 'values', values: request.args };
    }
  }

  #issue(command: Command, answered: (answer: Answer) => void): number {
    const id = ++this.#lastCommand;
    this.#outstanding.set(id, { answered });
    this.#issued.push({ id, command });
    return id;
  }

  #withdraw(id: number): void {
    if (!this.#outstanding.delete(id)) return;
    const unsaid = this.#issued.findIndex((outstanding) => outstanding.id === id);
    if (unsaid >= 0) this.#issued.splice(unsaid, 1);
    else this.#withdrawn.push(id);
  }

  #ended(coroutine: Coroutine, values: readonly LuaValue[]): void {
    this.#coroutines.delete(coroutine);
    if (coroutine.role.is === 'main') this.#mainEnded(outcomeOf(values));
    else if (coroutine.role.is === 'handler') this.#handlerEnded(coroutine.role.ended, outcomeOf(values));
  }

  #failed(coroutine: Coroutine, error: LuaValue, traceback: string): void {
    this.#coroutines.delete(coroutine);
    const outcome = outcomeOfError(error, traceback);
    if (coroutine.role.is === 'handler') this.#handlerEnded(coroutine.role.ended, outcome);
    else if (coroutine.role.is === 'main') this.#mainEnded(outcome);
    else this.#finish(this.#held ?? outcome); // N3
  }

  #mainEnded(outcome: Outcome): void {
    if (outcome.ok && this.#handlersRun()) this.#held = outcome;
    else this.#finish(outcome);
  }

  #handlerEnded(ended: (outcome: Outcome) => void, outcome: Outcome): void {
    ended(outcome);
    if (this.#held !== undefined && !this.#handlersRun()) this.#finish(this.#held);
  }

  #handlersRun(): boolean {
    for (const { role } of this.#coroutines) if (role.is === 'handler') return true;
    return false;
  }

  #finish(outcome: Outcome): void {
    this.#outcome = outcome;
    this.#end();
  }

  #end(): void {
    this.#closed = true;
    const left = [...this.#coroutines];
    this.#coroutines.clear();
    for (const id of [...this.#outstanding.keys()]) this.#withdraw(id);
    for (const coroutine of left) {
      coroutine.waiting?.withdraw();
      coroutine.waiting = undefined;
    }
    for (const { role } of left)
      if (role.is === 'handler') role.ended({ ok: false, error: endedBefore('the handler') });
    this.#vm.close();
  }

  #toLua(args: readonly Data[]): LuaValue[] {
    const newTable = () => this.#vm.newTable();
    return args.map((arg) => fromData(arg, newTable));
  }

  #context(loaded: LoadedProgram, host: InstanceHost): InstanceContext {
    return {
      program: loaded.program,
      host,
      newTable: () => this.#vm.newTable(),
      spawn: (fn, args) => this.#begin(`coroutine ${++this.#names.spawned}`, { is: 'spawned' }, fn, args),
      background: (command, answered): Background => {
        const id = this.#issue(command, answered);
        return { cancel: () => this.#withdraw(id) };
      },
      listen: (topic, deliver) => this.#messages.listen(topic, deliver),
      state: (key, make) => this.state(key, make),
    };
  }
}

const isResults = (result: LuaValue | readonly LuaValue[]): result is readonly LuaValue[] =>
  Array.isArray(result);
