// From a loaded program and a host to a running instance of this node.
import { randomBytes, randomUUID } from 'node:crypto';
import type { DataObject } from '../core/data.js';
import type { ErrorData } from '../core/error-data.js';
import type { LoadedProgram, ModuleLookup } from '../lua/engine.js';
import { createInstance } from '../lua/instance/instance.js';
import type { InstanceHost } from '../lua/instance-context.js';
import type { CallFrame } from './command-context.js';
import { InstanceRunner } from './instance-runner.js';
import type { RunnerServices } from './instance-runner.js';
import { NodeClock } from './node-clock.js';
import { nativeSupport } from './native-support.js';
import type { NodePids } from './node-pids.js';

import type { Topology } from './topology.js';

/** After this many instructions a step gives up its turn: a few milliseconds. */
const TURN = 250_000;

export interface CreateRequest {
  readonly loaded: LoadedProgram;
  readonly entry: string;
  /** The host part of the PID. */
  readonly host: string;
  readonly values: Readonly<DataObject>;
  readonly frame: CallFrame;
}

export interface FactoryOptions {
  readonly services: RunnerServices;
  readonly modules: ModuleLookup;
  readonly pids: NodePids;
  readonly topology: Topology;
  /** Receives `print`: one line without its end, as a byte string. */
  readonly print: (line: string) => void;
}

export class Factory {
  readonly #options: FactoryOptions;
  readonly #clock = new NodeClock();

  constructor(options: FactoryOptions) {
    this.#options = options;
  }

  /** The instance runs once its `start` is called. */
  create({ loaded, entry, host, values, frame }: CreateRequest): InstanceRunner {
    const { services, modules, pids, topology, print } = this.#options;
    const clock = this.#clock;
    const instanceHost: InstanceHost = {
      now: () => clock.now(),
      random: () => Math.random(),
      randomBytes: (n) => randomBytes(n).toString('latin1'),
      uuid: () => randomUUID(),
      print,
      emit: (command) => runner.emit(command),
      pid: pids.next(host),
      context: values,
      place: 'node',
      turnInstructions: TURN,
      native: nativeSupport,
      ...(frame.http === undefined ? {} : { exchange: frame.http }),
    };
    const runner = new InstanceRunner({
      services,
      entry,
      host: instanceHost,
      frame,
      create: (inner) => createInstance(loaded, inner, modules),
    });
    topology.add(runner);
    return runner;
  }

  terminateAll(error: ErrorData): void {
    for (const runner of this.#options.topology.running()) runner.terminate(error);
  }
}
