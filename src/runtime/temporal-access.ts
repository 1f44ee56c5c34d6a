// What the engine room may use of Temporal: connections at first use, and where runs and functions go.
import type { Client } from '@temporalio/client';

export interface TemporalAccess {
  /** The client of a temporal.client entry, of the platform when undefined. Connects (or starts the embedded server) at first use. */
  client(entry: string | undefined): Promise<Client>;
  /** Where things go, by the newest version of the registry. */
  routes(): TemporalRoutes;
  /** Whether the app has anything to do with Temporal; else no connection is made for its own sake. */
  readonly inUse: boolean;
}

export interface TemporalRoutes {
  /** Task queue of a workflow's or function's entry id. */
  readonly queueOf: ReadonlyMap<string, string>;
  /** Task queue of a temporal.worker entry, or of a queue that goes by another name in this process. */
  readonly queueOfWorker: ReadonlyMap<string, string>;
  readonly workers: readonly { readonly client: string | undefined; readonly taskQueue: string }[];
}

/** The queue that goes by a name in an app's code. */
export const queueNamed = ({ queueOfWorker }: TemporalRoutes, name: string): string =>
  queueOfWorker.get(name) ?? name;

/** The client entry of a task queue; undefined: the platform's. */
export const clientOfQueue = ({ workers }: TemporalRoutes, taskQueue: string): string | undefined =>
  workers.find((worker) => worker.taskQueue === taskQueue)?.client;
