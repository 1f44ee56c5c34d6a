// Who runs on this node: the running instances by PID, and the names they registered.
// N1: a name belongs to one PID; it goes with the instance that owns it.
// N2: a message is taken for a running instance only; the sender of any other gets an error at once.
import type { Message } from '../lua/instance-context.js';
import type { ErrorData } from '../core/error-data.js';
import { PlatformError } from '../core/errors.js';
import type { InstanceRunner } from './instance-runner.js';

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

export class Topology {
  readonly #running = new Map<string, InstanceRunner>();
  readonly #names = new Map<string, string>();
  readonly #namesOf = new Map<string, Set<string>>();

  add(runner: InstanceRunner): void {
    this.#running.set(runner.pid, runner);
    void runner.ended.then(() => this.#remove(runner.pid));
  }

  /** By PID text or registered name. */
  find(destination: string): InstanceRunner | undefined {
    const runner = this.#running.get(this.#names.get(destination) ?? destination);
    return runner?.alive === true ? runner : undefined;
  }

  running(): readonly InstanceRunner[] {
    return [...this.#running.values()].filter((runner) => runner.alive);
  }

  send(destination: string, message: Message): void {
    const runner = this.find(destination);
    if (runner === undefined) throw new ProcessUnknownError(destination);
    runner.deliver(message);
  }

  cancel(destination: string, reason: string): void {
    const runner = this.find(destination);
    if (runner === undefined) throw new ProcessUnknownError(destination);
    runner.cancel(reason);
  }

  terminate(destination: string, error: ErrorData): void {
    const runner = this.find(destination);
    if (runner === undefined) throw new ProcessUnknownError(destination);
    runner.terminate(error);
  }

  /** Registering the same name for the same PID again changes nothing. */
  register(name: string, destination: string): void {
    const runner = this.find(destination);
    if (runner === undefined) throw new ProcessUnknownError(destination);
    const owner = this.#names.get(name);
    if (owner === runner.pid) return;
    if (owner !== undefined && this.find(owner) !== undefined) throw new NameTakenError(name, owner);
    this.#names.set(name, runner.pid);
    const names = this.#namesOf.get(runner.pid) ?? new Set();
    this.#namesOf.set(runner.pid, names.add(name));
  }

  lookup(name: string): string | undefined {
    const pid = this.#names.get(name);
    return pid !== undefined && this.find(pid) !== undefined ? pid : undefined;
  }

  /** False when the name is not registered. */
  unregister(name: string): boolean {
    const pid = this.#names.get(name);
    if (pid === undefined) return false;
    this.#namesOf.get(pid)?.delete(name);
    return this.#names.delete(name);
  }

  #remove(pid: string): void {
    this.#running.delete(pid);
    for (const name of this.#namesOf.get(pid) ?? [])
      if (this.#names.get(name) === pid) this.#names.delete(name);
    this.#namesOf.delete(pid);
  }
}
