// Workers: one per connection and task queue, over the prebuilt bundle and a node's activities. Host only.
// K1: nothing is bundled at start; a worker without a bundle takes activities only.
// K2: signals of the process belong to the node: the SDK's own handling is switched off (installRuntime).
// K3: `shutdown` drains: no new task is taken, running activities get the grace time, then they are cancelled.
// K4: its sandboxes can collect garbage, which the Lua engine asks for where a step takes much (lua/compiled/collection.ts).
// K5: a step of a workflow is not cut off by time. The SDK would do so after 5 s, by a timeout of node:vm inside a promise, and
//     that ends the whole process ("async hook stack has become corrupted", nodejs/node#38503, temporalio/sdk-typescript#939):
//     on a machine that is busy enough, any step. What Lua does in a step is bounded by its budget. There is no such timeout at
//     all: for each call into a sandbox node:vm would start a thread that watches it, 25 us of CPU where a replayed event takes 170.
import { makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import type { ActivityInterceptorsFactory, NativeConnection, WorkerOptions } from '@temporalio/worker';
import type { DataObject } from '../core/data.js';
import type { ServiceHandler } from 'nexus-rpc';
import type { Logger, LogLevel } from '../core/logger.js';
import { withCollector } from '../core/collector-host.js';
import { canGenerateCode } from '../core/code-generation.js';
import type { ArtifactSource } from './contracts.js';
import { workerDataConverter } from './data-converter.js';
import { hostVersion, sandboxCode } from './bundle.js';
import { workerSettings } from './worker-options.js';

export interface CreateWorkerOptions {
  /** TemporalConnection.native(). */
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly taskQueue: string;
  /** readWorkflowBundle(); absent: activities only. */
  readonly bundle?: { readonly code: string };
  /** What createActivities of `activities/` made; the interceptors belong to them. */
  readonly activities?: {
    readonly activities: Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>;
    readonly interceptors: readonly ActivityInterceptorsFactory[];
  };
  /** What `activities/nexus.ts` made of the services of the queue. */
  readonly nexusServices?: readonly ServiceHandler[];
  /** Where the codec finds programs; needed with a bundle. */
  readonly artifacts: ArtifactSource;
  /** `worker_options` of the entries that name the queue. */
  readonly options?: Readonly<DataObject>;
  /** How long a stopping worker waits for running activities before it cancels them. Milliseconds; default 10 000. */
  readonly drainMs?: number;
  /** For tests and special workers: goes over everything else. */
  readonly overrides?: Partial<WorkerOptions>;
}

export interface RunningWorker extends AsyncDisposable {
  readonly taskQueue: string;
  readonly worker: Worker;
  /** Resolves when the worker has stopped; rejects when it broke. */
  readonly ended: Promise<void>;
  /** Stops taking work, drains, and resolves when the worker has stopped. */
  shutdown(): Promise<void>;
}

/** Makes a worker and runs it. */
export async function createWorker(options: CreateWorkerOptions): Promise<RunningWorker> {
  const settings = await workerOptions(options);
  const worker = await withCollector(() => UntimedWorker.create(settings)); // K4
  const ended = worker.run();
  // Told to who awaits `ended`; a worker that breaks before anybody does must not end the process.
  ended.catch(() => undefined);
  const shutdown = async (): Promise<void> => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
    await ended;
  };
  return { taskQueue: options.taskQueue, worker, ended, shutdown, [Symbol.asyncDispose]: shutdown };
}

/** A worker whose steps have no limit of time (K5). */
export class UntimedWorker extends Worker {
  protected static override createWorkflowCreator: typeof Worker.createWorkflowCreator = (
    bundle,
    options,
    logger,
  ) => {
    const untimed = { ...options, isolateExecutionTimeoutMs: undefined as unknown as number };
    return Worker.createWorkflowCreator(bundle, untimed, logger);
  };
}

async function workerOptions(options: CreateWorkerOptions): Promise<WorkerOptions> {
  const { connection, namespace, taskQueue, bundle, activities, artifacts } = options;
  const release = await hostVersion();
  const settings = workerSettings(options.options ?? {}, `moontide-${release}`);
  const withWorkflows = bundle !== undefined && !settings.activitiesOnly;
  return {
    connection,
    namespace,
    taskQueue,
    dataConverter: workerDataConverter(artifacts),
    ...(withWorkflows ? { workflowBundle: sandboxCode(bundle) } : {}),
    ...(activities === undefined
      ? {}
      : {
          activities: activities.activities,
          interceptors: { activity: [...activities.interceptors] },
        }),
    ...(options.nexusServices === undefined ? {} : { nexusServices: [...options.nexusServices] }),
    shutdownGraceTime: options.drainMs ?? 10_000,
    ...settings.options,
    // The SDK's threads make code of strings, and nothing of ours can be prepared in them (sdk-code.ts).
    ...(canGenerateCode() ? {} : { debugMode: true }),
    ...options.overrides,
  };
}

const LEVELS: Readonly<Record<string, LogLevel>> = {
  TRACE: 'debug',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/** The SDK's runtime with our logger and without signal handlers (K2). Call it once, before the first connection. */
export function installRuntime(logger: Logger): void {
  const write = (entry: {
    readonly level: string;
    readonly message: string;
    readonly fields: object;
  }): void => logger.log(LEVELS[entry.level] ?? 'info', entry.message, { ...entry.fields });
  const at =
    (level: string) =>
    (message: string, meta?: object): void =>
      write({ level, message, fields: plainMeta(meta) });
  Runtime.install({
    shutdownSignals: [],
    logger: {
      log: (level, message, meta) => write({ level, message, fields: plainMeta(meta) }),
      trace: at('TRACE'),
      debug: at('DEBUG'),
      info: at('INFO'),
      warn: at('WARN'),
      error: at('ERROR'),
    },
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
    },
  });
}

/** Fields without the SDK's symbols. */
const plainMeta = (meta: object | undefined): object => Object.fromEntries(Object.entries(meta ?? {}));
