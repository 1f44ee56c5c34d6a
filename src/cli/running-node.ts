// What a node is started with, and what it is once it runs.
import type { Listening } from './http-parts.js';
import type { ApplyResult, VersionNote } from '../registry/apply-request.js';
import type { ComponentTiming } from '../core/components.js';
import type { Data, DataObject } from '../core/data.js';
import type { HostLogger } from '../core/logger-host.js';
import type { Outcome } from '../lua/step.js';
import type { MockAccess } from '../modules/test/host.js';
import type { Entry } from '../registry/model/entry.js';
import type { Filter } from '../registry/model/query.js';
import type { Registry } from '../registry/service.js';
import type { TemporalPlatform } from '../services/temporal/platform.js';
import type { WorkerPlan } from '../services/temporal/worker-plan.js';
import type { LogWishes } from './node-parts.js';
import type { PreparedApp } from './prepare-app.js';
import type { PublishWhen } from './publishing.js';

export interface NodeOptions {
  /** The app's folder. */
  readonly app: string;
  /** Name of the node, as PIDs have it. Default: machine and process. */
  readonly node?: string;
  /** `namespace:entry:field=value`, over everything that configuration says. */
  readonly overrides?: readonly string[];
  /** Temporal server, before TEMPORAL_ADDRESS, moontide.yaml and the app's own client entry. */
  readonly address?: string | undefined;
  readonly namespace?: string | undefined;
  /** False: the embedded Temporal is never started nor joined. Default true. */
  readonly embedded?: boolean;
  /** 'needed' (default): Temporal and workers where the app has workflows or workers; 'always'; 'asked': a connection when something first needs it, and workers when nobody else serves. */
  readonly temporal?: 'needed' | 'always' | 'asked';
  /** When the app becomes a version of the registry: 'start' (default), 'serving' when workers start in this process, 'never'. */
  readonly publish?: PublishWhen;
  /** Ends the names of the app's task queues, which so are this process's own. */
  readonly queueSuffix?: string;
  /** Lets programs put Lua in the place of functions (the module `test`). Default false. */
  readonly mocks?: boolean;
  /** How long a stop waits for activities that run; they are tried again elsewhere then. Milliseconds; default: `shutdown.timeout` of moontide.yaml. */
  readonly drainMs?: number;
  readonly log?: LogWishes;
  /** Receives `print`: one line without its end, as a byte string, with secrets redacted. Default: stdout. */
  readonly print?: (line: string) => void;
  /** Gives all programs of the node the terminal of this process, with these arguments. */
  readonly terminal?: { readonly args: readonly string[]; readonly onStderr: boolean };
  /** Stops the node on SIGINT and SIGTERM; a second signal ends the process at once. Default true. */
  readonly signals?: boolean;
  /** Default: the process's. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface BootPhase {
  readonly name: 'infrastructure' | 'load' | 'activate' | 'entries';
  readonly ms: number;
}

export interface CallOptions {
  /** Milliseconds; absent: for ever. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Context values. */
  readonly values?: Readonly<DataObject>;
}

export interface RunningNode {
  readonly app: PreparedApp;
  readonly registry: Registry;
  readonly temporal: TemporalPlatform;
  readonly logger: HostLogger;
  /** Which queue everything goes to, by the newest registry version. */
  plan(): WorkerPlan;
  /** Components by level, with their times. */
  readonly timings: readonly ComponentTiming[];
  readonly phases: readonly BootPhase[];
  /** Entries by kind, namespace and meta, sorted by id. */
  find(filter: Filter): readonly Entry[];
  /** Whether workers run in this process. */
  readonly serving: boolean;
  /** Where each http.service listens, by its entry. */
  listening(): ReadonlyMap<string, Listening>;
  /** Reads the folder again and makes it the newest version. Throws AppErrors: then nothing was changed. */
  reload(note: VersionNote): Promise<Reloaded>;
  /** Calls a function in this process. Never rejects: an error is an outcome. */
  call(entry: string, args: readonly Data[], options?: CallOptions): Promise<Outcome>;
  /** Runs a process on a host of this node until it ends; the node's stop cancels it. Rejects when it cannot start. */
  runProcess(entry: string, host: string, args: readonly Data[]): Promise<Outcome>;
  /** What tests have mocked; absent unless the node was started with `mocks`. */
  readonly mocks: MockAccess | undefined;
  /** Orderly: workers and services, functions, components, connections. Called again it gives the same stop. `reason` is what `stopping` is aborted with. Rejects with an AggregateError of all that failed. */
  stop(reason?: Error): Promise<void>;
  /** What a program asked the process to end with. */
  readonly exitCode: number | undefined;
  /** Aborted when the stop begins, whoever asked for it; with an InterruptedError when it was a signal. */
  readonly stopping: AbortSignal;
  /** Settles with the stop. */
  readonly stopped: Promise<void>;
}

export interface Reloaded extends ApplyResult {
  readonly app: PreparedApp;
}
