// Drives one instance on a node: its commands to their handlers, the answers back in the order in which they arrive.
// I1: the instance is entered only through Turns, never from inside one of its own steps.
// I2: a withdrawn command is aborted; an answer that still comes for it is dropped.
// I3: when main ends, by itself or by force, what is outstanding is aborted and what the instance owns is closed; only then is the outcome told.
// I4: an instance that gives up its turn is taken up again when others had theirs; what comes for it meanwhile waits in it.
import type { Data } from '../core/data.js';
import type { ErrorData } from '../core/error-data.js';
import type { Command } from '../core/command.js';
import type { Instance, Outcome, Outstanding, Step } from '../lua/step.js';
import type { InstanceHost, Message } from '../lua/instance-context.js';
import type { Answer } from '../lua/suspend.js';
import type { LuaFunction } from '../lua/values.js';
import { EVENTS_TOPIC } from '../lua/instance/messages.js';
import { Holdings, NodeContext } from './command-context.js';
import type { CallFrame } from './command-context.js';
import type { Dispatcher } from './dispatcher.js';
import type { Resources } from './resources.js';
import type { Turns } from './turns.js';

export interface RunnerServices {
  readonly dispatcher: Dispatcher;
  readonly resources: Resources;
  readonly turns: Turns;
  /** An error as Lua gets it. */
  readonly toErrorData: (error: unknown) => ErrorData;
  /** Hears of errors that no caller waits for. */
  readonly failed: (error: unknown) => void;
}

export interface RunnerOptions {
  readonly services: RunnerServices;
  readonly entry: string;
  readonly host: InstanceHost;
  readonly frame: CallFrame;
  /** Makes the instance; called once, in the runner's first turn. */
  readonly create: (host: InstanceHost) => Instance;
}

export class InstanceRunner {
  readonly pid: string;
  readonly entry: string;
  /** Told once everything the instance owned is closed. Never rejects. */
  readonly ended: Promise<Outcome>;
  readonly #options: RunnerOptions;
  readonly #services: RunnerServices;
  readonly #holdings: Holdings;
  readonly #contexts = new Map<number, NodeContext>();
  #tell: (outcome: Outcome) => void = () => undefined;
  #instance: Instance | undefined;
  #finished = false;
  #grace: NodeJS.Timeout | undefined;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#services = options.services;
    this.pid = options.host.pid;
    this.entry = options.entry;
    this.#holdings = new Holdings(options.services.resources, options.services.failed);
    this.ended = new Promise((tell) => {
      this.#tell = tell;
    });
  }

  /** True until main has ended; a message sent to it after that is an error for the sender. */
  get alive(): boolean {
    return !this.#finished;
  }

  start(args: readonly Data[]): void {
    this.#turn(() => {
      this.#instance = this.#options.create(this.#options.host);
      return this.#instance.start(args);
    });
  }

  /**
   * Runs a Lua function of the instance beside main, which does not wait for it. Canceled when main ends first, or the instance has no such function.
   * Never rejects.
   */
  invoke(find: (instance: Instance) => LuaFunction | undefined, args: readonly Data[]): Promise<Outcome> {
    const gone: Outcome = { ok: false, error: { kind: 'Canceled', message: `'${this.entry}' has ended` } };
    const answered = new Promise<Outcome>((ended) => {
      this.#turn(() => {
        const found = this.#instance === undefined ? undefined : find(this.#instance);
        if (found === undefined) ended(gone);
        else return this.#instance?.invoke(found, args, ended, false);
        return undefined;
      });
    });
    return Promise.race([answered, this.ended.then(() => gone)]);
  }

  deliver(message: Message): void {
    this.#turn(() => this.#instance?.deliver(message));
  }

  /** Asks main to end: a CANCEL event. */
  cancel(reason: string): void {
    this.#turn(() => this.#instance?.cancel(reason));
  }

  /** For a caller that gave up: CANCEL and some time to clean up where the program takes events, else its end. */
  withdraw(error: ErrorData, graceMs: number): void {
    this.#turn(() => {
      if (this.#instance?.listens(EVENTS_TOPIC) !== true) {
        this.terminate(error);
        return undefined;
      }
      this.#grace = setTimeout(() => this.terminate(error), graceMs);
      return this.#instance.cancel(error.message);
    });
  }

  /** Ends main at once; its outcome is `error`. */
  terminate(error: ErrorData): void {
    if (this.#finished) return;
    this.#finish({ ok: false, error });
  }

  #turn(step: () => Step | undefined): void {
    this.#services.turns.run(() => this.#take(step));
  }

  #take(step: () => Step | undefined): void {
    if (this.#finished) return;
    let done: Step | undefined;
    try {
      done = step();
    } catch (error) {
      // A bug of the host or of a module: the instance cannot go on, its neighbours can.
      this.#services.failed(error);
      this.#finish({ ok: false, error: this.#services.toErrorData(error) });
      return;
    }
    if (done !== undefined) this.#after(done);
  }

  #after(step: Step): void {
    for (const id of step.withdrawn) {
      this.#contexts.get(id)?.abort();
      this.#contexts.delete(id);
    }
    if (step.outcome !== undefined) {
      this.#finish(step.outcome);
      return;
    }
    for (const outstanding of step.commands) this.#dispatch(outstanding);
    if (step.paused !== undefined)
      this.#services.turns.runLater(() => this.#take(() => this.#instance?.goOn()));
  }

  #dispatch({ id, command }: Outstanding): void {
    const context = this.#context();
    this.#contexts.set(id, context);
    let answer: Data | Promise<Data>;
    try {
      answer = this.#services.dispatcher.dispatch(command, context);
    } catch (error) {
      this.#answer(id, { ok: false, error: this.#services.toErrorData(error) });
      return;
    }
    if (answer instanceof Promise)
      answer.then(
        (value) => this.#answer(id, { ok: true, value }),
        (error: unknown) => this.#answer(id, { ok: false, error: this.#services.toErrorData(error) }),
      );
    else this.#answer(id, { ok: true, value: answer });
  }

  #answer(id: number, answer: Answer): void {
    if (!this.#contexts.has(id)) return; // withdrawn or ended meanwhile (I2)
    this.#turn(() => {
      if (!this.#contexts.delete(id)) return undefined;
      return this.#instance?.answer(id, answer);
    });
  }

  /** For commands whose answer nobody wants (InstanceHost.emit). */
  emit(command: Command): void {
    try {
      const answer = this.#services.dispatcher.dispatch(command, this.#context());
      if (answer instanceof Promise) answer.catch(this.#services.failed);
    } catch (error) {
      this.#services.failed(error);
    }
  }

  #context(): NodeContext {
    return new NodeContext({
      pid: this.pid,
      entry: this.entry,
      values: this.#options.host.context,
      // What a program asks twice it means twice: only a workflow's own commands have a key.
      idempotencyKey: undefined,
      holdings: this.#holdings,
      frame: this.#options.frame,
    });
  }

  #finish(outcome: Outcome): void {
    this.#finished = true;
    clearTimeout(this.#grace);
    for (const context of this.#contexts.values()) context.abort();
    this.#contexts.clear();
    try {
      this.#instance?.close();
    } catch (error) {
      this.#services.failed(error);
    }
    this.#instance = undefined;
    this.#holdings[Symbol.asyncDispose]().then(
      () => this.#tell(outcome),
      (error: unknown) => {
        this.#services.failed(error);
        this.#tell(outcome);
      },
    );
  }
}
