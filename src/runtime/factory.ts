// From a loaded program and a host to a running instance of this node.
import type { DataObject } from '../core/data.js';
import type { ErrorData } from '../core/error-data.js';
import type { LoadedProgram } from '../lua/engine.js';
import type { CallFrame } from './command-context.js';
import { InstanceRunner } from './instance-runner.js';
import type { RunnerWatcher } from './instance-runner.js';
import { NodeClock } from './node-clock.js';
import { nativeSupport } from './native-support.js';
import type { NodePids } from './node-pids.js';
import type { RunnerServices } from './runner-services.js';

export interface CreateRequest {
  readonly loaded: LoadedProgram;
  readonly entry: string;
  /** The host part of the PID. */
  readonly host: string;
  readonly values: Readonly<DataObject>;
  readonly frame: CallFrame;
  readonly watcher?: RunnerWatcher | undefined;
}

export interface FactoryOptions extends Omit<RunnerServices, 'clock' | 'native'> {
  readonly pids: NodePids;
}

export class Factory {
  readonly #pids: NodePids;
  readonly #services: RunnerServices;

  constructor({ pids, ...services }: FactoryOptions) {
    this.#pids = pids;
    this.#services = { ...services, clock: new NodeClock(), native: nativeSupport };
  }

  /** The instance runs once its `start` is called. */
  create({ loaded, entry, host, values, frame, watcher }: CreateRequest): InstanceRunner {
    const pid = this.#pids.next(host);
    return new InstanceRunner(this.#services, { loaded, entry, pid, values, frame, watcher });
  }

  terminateAll(error: ErrorData): void {
    for (const runner of this.#services.topology.running()) runner.terminate(error);
  }
}
