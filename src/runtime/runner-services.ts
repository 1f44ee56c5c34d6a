// What all running instances of a node share.
import type { ErrorData } from '../core/error-data.js';
import type { ModuleLookup } from '../lua/engine.js';
import type { NativeSupport } from '../lua/instance-context.js';
import type { Dispatcher } from './dispatcher.js';
import type { NodeClock } from './node-clock.js';
import type { Resources } from './resources.js';
import type { Topology } from './topology.js';
import type { Turns } from './turns.js';

export interface RunnerServices {
  readonly dispatcher: Pick<Dispatcher, 'dispatch'>;
  readonly resources: Pick<Resources, 'user'>;
  readonly turns: Pick<Turns, 'run' | 'runAtOnce' | 'runLater'>;
  readonly topology: Pick<Topology, 'add' | 'left' | 'ended'>;
  readonly modules: ModuleLookup;
  readonly native: NativeSupport;
  readonly clock: NodeClock;
  /** Receives `print`: one line without its end, as a byte string. */
  readonly print: (line: string) => void;
  /** An error as Lua gets it. */
  readonly toErrorData: (error: unknown) => ErrorData;
  /** Hears of errors that no caller waits for. */
  readonly failed: (error: unknown) => void;
}
