// From a loaded program and a host to a running instance of this node.
import type { DataObject } from '../core/data.js';
import type { ErrorData } from '../core/error-data.js';
import type { LoadedProgram } from '../lua/engine.js';
import type { CallFrame } from './command-context.js';
import { InstanceRunner } from './instance-runner.js';
import type { Instantiate, RunnerWatcher } from './instance-runner.js';
import { NodeClock } from './node-clock.js';
import { nativeSupport } from './native-support.js';
import type { NodePids } from './node-pids.js';
import type { RunnerServices } from './runner-services.js';
import type { Topology } from './topology.js';

export interface CreateRequest {
  readonly loaded: LoadedProgram;
  readonly entry: string;
  /** The host part of the PID. */
  readonly host: string;
  readonly values: Readonly<DataObject>;
  readonly frame: CallFrame;
  readonly watcher?: RunnerWatcher | undefined;
  /** Default: in this thread. */
  readonly instantiate?: Instantiate | undefined;
}

export interface FactoryOptions extends Omit<RunnerServices, 'clock' | 'native' | 'topology'> {
  readonly pids: NodePids;
  readonly topology: Topology;
}

export class Factory {
  readonly #pids: NodePids;
  readonly #services: RunnerServices;
  readonly #topology: Topology;

  constructor({ pids, ...services }: FactoryOptions) {
    this.#pids = pids;
    this.#topology = services.topology;
    this.#services = { ...services, clock: new NodeClock(), native: nativeSupport };
  }

  /** The instance runs once its `start` is called. */
  create({ host, loaded, entry, values, frame, watcher, instantiate }: CreateRequest): InstanceRunner {
    const pid = this.#pids.next(host);
    return new InstanceRunner(this.#services, { loaded, entry, pid, values, frame, watcher, instantiate });
  }

  terminateAll(error: ErrorData): void {
    for (const runner of this.#topology.running()) runner.terminate(error);
  }
}
