// What a coroutine waits for, until it is answered or withdrawn. Sealed.
import type { Command } from '../../core/command.js';
import type { Answer, SuspendRequest, Wait, Wake } from '../suspend.js';
import type { LuaValue } from '../values.js';
import type { Coroutine, Resumption, Waiting } from './coroutine.js';
import { describeCommand } from './describe.js';

/** Who gets the answer to an outstanding command. */
export interface Asker {
  answered(answer: Answer): void;
}

/** What is used of the scheduler. */
export interface Pending {
  readonly isClosed: boolean;
  issue(command: Command, asker: Asker, waiting?: Coroutine): number;
  withdraw(id: number): void;
  enqueue(coroutine: Coroutine, resumption: Resumption): void;
}

type RequestOn<On extends SuspendRequest['on']> = Extract<SuspendRequest, { on: On }>;

/** A coroutine that waits for the host. */
export class PendingCommand implements Waiting, Asker {
  readonly #scheduler: Pending;
  readonly #coroutine: Coroutine;
  readonly #request: RequestOn<'command'>;
  readonly #id: number;

  constructor(scheduler: Pending, coroutine: Coroutine, request: RequestOn<'command'>) {
    this.#scheduler = scheduler;
    this.#coroutine = coroutine;
    this.#request = request;
    this.#id = scheduler.issue(request.command, this, coroutine);
  }

  get describe(): string {
    return describeCommand(this.#request.command);
  }

  withdraw(): void {
    this.#scheduler.withdraw(this.#id);
  }

  answered(answer: Answer): void {
    const { then } = this.#request;
    this.#scheduler.enqueue(this.#coroutine, { with: 'make', make: () => then(answer) });
  }
}

/** A coroutine that waits for something inside the instance. */
export class PendingWait implements Waiting, Wake {
  readonly describe: string;
  readonly #scheduler: Pending;
  readonly #coroutine: Coroutine;
  readonly #wait: Wait;
  #isOver = false;

  constructor(scheduler: Pending, coroutine: Coroutine, request: RequestOn<'wait'>) {
    this.describe = request.describe;
    this.#scheduler = scheduler;
    this.#coroutine = coroutine;
    this.#wait = request.begin(this); // may wake at once: the coroutine waits for its turn only
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  done(values: readonly LuaValue[]): void {
    this.end({ with: 'values', values });
  }

  fail(error: LuaValue): void {
    this.end({ with: 'error', error });
  }

  withdraw(): void {
    this.#wait.withdraw();
  }

  /** The scope in which it waits is cancelled. */
  cancel(error: LuaValue): void {
    this.#wait.withdraw();
    this.fail(error);
  }

  private end(resumption: Resumption): void {
    if (this.#isOver || this.#scheduler.isClosed) return;
    this.#isOver = true;
    this.#scheduler.enqueue(this.#coroutine, resumption);
  }
}
