// The inside of a Lua thread: instances run by the node's own runner, whose commands go to the main thread and are answered from there.
// L1: handlers, resources, names and bonds are the main thread's; here is only Lua and its turns.
// L2: a start that another thread has taken is skipped, with what came for it; one that has begun stays.
// L3: what a burst of turns has to say goes in one post.
// L4: after each turn of a process the main thread hears how much of its inbox is left, which senders may wait for.
import type { MessagePort } from 'node:worker_threads';
import type { Command } from '../../core/command.js';
import type { Data } from '../../core/data.js';
import type { ErrorData } from '../../core/error-data.js';
import type { CommandContext } from '../../core/handler.js';
import { toBytes } from '../../core/text.js';
import type { Artifact, LoadedProgram, ModuleLookup } from '../../lua/engine.js';
import { outermostFor } from '../command-context.js';
import { InstanceRunner } from '../instance-runner.js';
import { nativeSupport } from '../native-support.js';
import { NodeClock } from '../node-clock.js';
import type { RunnerServices } from '../runner-services.js';
import { Turns } from '../turns.js';
import type { Turn } from '../turns.js';
import { Claim, claim } from './protocol.js';
import type { FromThread, ToThread } from './protocol.js';
import { postAll, unpack } from './transfer.js';

export interface LuaThreadOptions {
  readonly port: Pick<MessagePort, 'on' | 'postMessage'>;
  readonly claims: Int32Array;
  readonly modules: ModuleLookup;
  readonly load: (artifact: Artifact) => LoadedProgram;
}

/** The error of a command, as the main thread told it. */
class AnsweredError extends Error {
  override readonly name = 'AnsweredError';
  readonly data: ErrorData;
  constructor(data: ErrorData) {
    super(data.message);
    this.data = data;
  }
}

const errorData = (error: unknown): ErrorData =>
  error instanceof AnsweredError
    ? error.data
    : { kind: 'Internal', message: toBytes(error instanceof Error ? error.message : String(error)) };

type Start = Extract<ToThread, { is: 'start' }>;
interface Settle {
  readonly resolve: (value: Data) => void;
  readonly reject: (error: AnsweredError) => void;
}

class Process implements Turn {
  readonly runner: InstanceRunner;
  readonly asked = new Map<number, Settle>();
  lastCommand = 0;
  taken = 0;
  /** What was said of its inbox last. */
  told = { taken: 0, unread: 0 };
  readonly #turned: (process: Process) => void;
  constructor(runner: InstanceRunner, turned: (process: Process) => void) {
    this.runner = runner;
    this.#turned = turned;
  }

  takeTurn(): void {
    this.runner.takeTurn();
    this.#turned(this);
  }
}

/** A start whose turn has not come, with what came for it meanwhile. */
interface Unstarted {
  readonly start: Start;
  readonly loaded: LoadedProgram;
  readonly then: ToThread[];
}

class LuaThread implements Turn {
  readonly #options: LuaThreadOptions;
  readonly #programs = new Map<number, LoadedProgram>();
  readonly #unstarted = new Map<string, Unstarted>();
  readonly #processes = new Map<string, Process>();
  readonly #turns = new Turns(
    (error) => this.#failed(error),
    () => this.#flushSoon(),
  );
  readonly #services: RunnerServices;
  /** What is to be said, and whose inboxes have changed. */
  #said: FromThread[] = [];
  readonly #changed = new Set<Process>();
  #isFlushing = false;
  #saidQuiet = false;

  constructor(options: LuaThreadOptions) {
    this.#options = options;
    this.#services = {
      dispatcher: { dispatch: (command, context) => this.#dispatch(command, context) },
      turns: {
        run: (turn) => this.#turns.run(this.#turnOf(turn)),
        runAtOnce: (turn) => this.#turns.runAtOnce(this.#turnOf(turn)),
        runLater: (turn) => this.#turns.runLater(this.#turnOf(turn)),
      },
      topology: {
        add: () => undefined,
        left: () => undefined,
        ended: ({ pid }, outcome) => {
          if (this.#processes.delete(pid)) this.#say({ is: 'ended', pid, outcome });
        },
      },
      resources: { user: noResources },
      modules: options.modules,
      native: nativeSupport,
      clock: new NodeClock(),
      print: (line) => this.#say({ is: 'print', line }),
      toErrorData: errorData,
      failed: (error) => this.#failed(error),
    };
    options.port.on('message', (told: readonly unknown[]) => {
      this.#saidQuiet = false;
      for (const one of told) this.#take(unpack(one) as ToThread);
      this.#flushSoon();
    });
    this.#say({ is: 'quiet' });
    this.#flush(); // it is there
  }

  /** L4 */
  #turnOf(turn: Turn): Turn {
    return this.#processes.get((turn as InstanceRunner).pid) ?? turn;
  }

  readonly #turned = (process: Process): void => {
    this.#changed.add(process);
    this.#flushSoon();
  };

  #take(told: ToThread): void {
    switch (told.is) {
      case 'program':
        if (told.isFirst) this.#programs.clear();
        this.#programs.set(told.number, this.#options.load(told.artifact));
        return;
      case 'start': {
        const replaced = this.#unstarted.get(told.pid); // taken away, and given back
        if (replaced !== undefined) this.#say({ is: 'skipped', place: replaced.start.place });
        this.#unstarted.set(told.pid, { start: told, loaded: this.#program(told.program), then: [] });
        if (this.#unstarted.size === 1) this.#turns.run(this);
        return;
      }
      default: {
        const waiting = this.#unstarted.get(told.pid);
        if (waiting === undefined) this.#pass(told);
        else waiting.then.push(told);
      }
    }
  }

  #program(number: number): LoadedProgram {
    const loaded = this.#programs.get(number);
    if (loaded === undefined) throw new TypeError(`nobody told program ${number}`);
    return loaded;
  }

  /** Begins the oldest start. The next is begun after its first step: until then another thread may take it. */
  takeTurn(): void {
    const [next] = this.#unstarted.values();
    if (next === undefined) return;
    this.#begin(next);
    if (this.#unstarted.size > 0) this.#turns.run(this);
  }

  #begin(next: Unstarted): void {
    const { start, loaded, then } = next;
    const { pid, place, entry, values, identity, args } = start;
    this.#unstarted.delete(pid);
    if (!claim(this.#options.claims, place, Claim.BEGUN)) {
      this.#say({ is: 'skipped', place });
      return;
    }
    const frame = outermostFor(identity);
    const runner = new InstanceRunner(this.#services, { loaded, entry, pid, values, frame });
    this.#processes.set(pid, new Process(runner, this.#turned));
    this.#say({ is: 'began', pid, place });
    runner.start(args);
    for (const told of then) this.#take(told);
  }

  #pass(told: Exclude<ToThread, { is: 'program' | 'start' }>): void {
    const process = this.#processes.get(told.pid);
    if (process === undefined) return; // it has ended meanwhile
    switch (told.is) {
      case 'deliver':
        process.taken += 1;
        this.#changed.add(process);
        process.runner.deliver(told.message);
        return;
      case 'answer':
        this.#answer(process, told);
        return;
      case 'upgrade':
        process.runner.trapsLinks = told.trapsLinks;
        process.runner.isUpgradable = told.isUpgradable;
        process.runner.upgrade(this.#program(told.program), told.entry, told.args);
        return;
      case 'withdraw':
        process.runner.withdraw(told.error, told.graceMs);
        return;
      case 'end':
        this.#processes.delete(told.pid);
        process.runner.terminate({ kind: 'Canceled', message: 'ended' });
    }
  }

  #answer({ asked }: Process, { id, answer }: Extract<ToThread, { is: 'answer' }>): void {
    const settle = asked.get(id);
    asked.delete(id);
    if (answer.ok) settle?.resolve(answer.value);
    else settle?.reject(new AnsweredError(answer.error));
  }

  #dispatch(command: Command, context: CommandContext): Promise<Data> {
    const pid = context.pid ?? '';
    const process = this.#processes.get(pid);
    if (process === undefined) return Promise.reject(new Error(`${pid} has ended`));
    const id = (process.lastCommand += 1);
    this.#say({ is: 'command', pid, id, command });
    context.onAbort(() => {
      if (process.asked.delete(id)) this.#say({ is: 'withdrawn', pid, id });
    });
    return new Promise((resolve, reject) => process.asked.set(id, { resolve, reject }));
  }

  #failed(error: unknown): void {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#say({ is: 'failed', message });
  }

  #say(said: FromThread): void {
    this.#said.push(said);
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    this.#isFlushing = false;
    for (const process of this.#changed) {
      const { runner, taken, told } = process;
      if (!runner.alive) continue;
      const unread = runner.inboxLength;
      if (taken === told.taken && unread === told.unread) continue;
      process.told = { taken, unread };
      this.#said.push({ is: 'inbox', pid: runner.pid, taken, unread });
    }
    this.#changed.clear();
    if (this.#turns.isIdle && !this.#saidQuiet) {
      this.#saidQuiet = true;
      this.#said.push({ is: 'quiet' });
    }
    if (this.#said.length === 0) return;
    const said = this.#said;
    this.#said = [];
    postAll(this.#options.port, said, this.#refused);
  };

  /** Something holds what cannot go to another thread. */
  readonly #refused = (said: FromThread, message: string): void => {
    const error: ErrorData = { kind: 'Internal', message, retryable: false };
    if (said.is === 'command') {
      const process = this.#processes.get(said.pid);
      if (process !== undefined)
        this.#answer(process, { is: 'answer', pid: said.pid, id: said.id, answer: { ok: false, error } });
    } else if (said.is === 'ended') this.#say({ ...said, outcome: { ok: false, error } });
    else this.#say({ is: 'failed', message });
  };
}

/** Only handlers use resources, and none runs here. */
function noResources(): never {
  throw new TypeError('no handler runs in a Lua thread');
}

/** Runs until the thread is ended from outside; says at once that it is there. */
export function runLuaThread(options: LuaThreadOptions): void {
  new LuaThread(options);
}
