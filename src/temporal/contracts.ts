// What workflows and activities agree on: the data that crosses between them, and what activities need of their node. Sealed.
// C1: everything here is plain data (core/data.ts) once it travels; a field may be added, never renamed or given another meaning.
// C2: strings that hold Lua text are byte strings; ids, hashes and names are ASCII.
import type { Command } from '../core/command.js';
import type { Data, DataObject } from '../core/data.js';
import type { DataPath } from '../core/secret.js';
import type { ErrorData } from '../core/error-data.js';
import type { CommandContext } from '../core/handler.js';
import type { LuaFrame } from '../lua/engine.js';
import type { CoroutineState } from '../lua/step.js';

/** What a run asks in its first task. */
export interface ResolveRequest {
  /** The workflow type: an entry id, or the name that a workflow gives itself by `meta.temporal.workflow.name`. */
  readonly type: string;
  readonly taskQueue: string;
  /** Hash of the program to stay on (continue-as-new that asks for it, a tree that is pinned together). */
  readonly program?: string;
  /** Whom the run is to act for, as its start said: signed by a node, or not. */
  readonly identity?: string;
}

/** Where calls of a function, or runs of a workflow, go. */
export interface Route {
  /** Absent: the run's own task queue. */
  readonly queue?: string;
  /** A local activity. */
  readonly local?: boolean;
  /** The workflow type, where it is not the entry id. */
  readonly type?: string;
  /** It is called, and cannot be started as a workflow. */
  readonly function?: boolean;
  /** What the app says it does: its title, or its comment. */
  readonly summary?: string;
  /** `activity.*` options of the entry, durations in milliseconds; a call's own go over them. */
  readonly options?: DataObject;
}
export interface RouteRequest {
  /** Entry id. */
  readonly id: string;
  readonly taskQueue: string;
}
/** `missing`: the registry has no such function or workflow. */
export type RouteResult = Route | { readonly missing: string };

/** What `moontide.resolve` records: the truth about which code a run runs. */
export interface ProgramReference {
  readonly entry: string;
  /** Lower-case hex SHA-256. */
  readonly program: string;
  /** In a replay on another program only, and never recorded: which versions of changes the run's own program had. */
  readonly versions?: Readonly<Record<string, number>>;
  readonly registry_version: number;
  readonly engine: string;
  readonly host_version: string;
  readonly cost_model: number;
  /** The entry id of the worker whose queue the run is on; the queue itself when no entry names it. The host part of its PID. */
  readonly host: string;
  /** Task queue of every temporal.worker entry. */
  readonly workers: Readonly<Record<string, string>>;
  /** Nexus endpoints that go by another name here: those of a process with queues of its own. Absent: none does. */
  readonly endpoints?: Readonly<Record<string, string>>;
  /** Functions and workflows that the program's text names; the run asks `moontide.route` for any other, once. */
  readonly routes: Readonly<Record<string, Route>>;
  /** Names of queries and updates that the program's text declares; absent in older histories. Byte strings. */
  readonly declares?: Declares;
  /** Whether the search attribute MoontideProgram is there to be written. */
  readonly search_attribute: boolean;
  /** What the server takes of one run at once; absent in older histories, whose calls do not wait. */
  readonly open_limits?: OpenLimits;
  /** Whom the run acts for (core/identity.ts); false: what its start said is not signed by a node of the app. Absent: nobody. */
  readonly identity?: DataObject | false;
}

/** How many of each kind a run may have open with the server, which fails the task of a run that asks for more. */
export interface OpenLimits {
  readonly activities: number;
  readonly children: number;
  readonly signals: number;
  readonly cancels: number;
  /** Of Nexus services. */
  readonly operations: number;
}

export interface Declares {
  readonly query: readonly string[];
  readonly update: readonly string[];
}

export type ResolveResult = ProgramReference | { readonly missing: string };

/** What spawn and clients put into the start header beside the arguments. */
export interface StartOptions {
  /** Messages that reach the inbox before any signal. */
  readonly messages?: readonly MessageData[];
  /** Hash of the program to run instead of the newest. */
  readonly program?: string;
  /** What a run that continues as new hands to the next. */
  readonly carried?: Carried;
}

/** What outlives the run that continues as new, beside its messages. */
export interface Carried {
  /** By PID of a sender: its run, and the highest sequence taken of it. */
  readonly seen: Readonly<Record<string, Seen>>;
  /** PIDs that want to know of the end. */
  readonly monitors: readonly string[];
  readonly links: readonly string[];
  /** What the run wants to know of others, by their PIDs. */
  readonly interests: Readonly<Record<string, Interest>>;
  /** What updates were answered with, oldest first: `{ id, results | error }`. */
  readonly answers?: readonly Data[];
}
export interface Seen {
  readonly run: string;
  readonly seq: number;
}
export interface Interest {
  readonly monitored: boolean;
  readonly linked: boolean;
}

export interface MessageData {
  readonly topic: string;
  readonly from?: string;
  readonly body: readonly Data[];
}

/** One message of an `moontide.inbox` batch. */
export interface BatchedMessage extends MessageData {
  readonly from: string;
  /** Id of the sender's run; absent in older histories. */
  readonly run?: string;
  /** Counts from 1 for each run of a sender and each target. */
  readonly seq: number;
}

/** What EVENT_SIGNAL carries; the shape that process.events() gives to Lua. */
export interface EventData {
  readonly kind: 'EXIT' | 'LINK_DOWN';
  /** PID of the process that ended. */
  readonly from: string;
  readonly result: { readonly value: Data } | { readonly error: Data };
}

/** What WATCH_SIGNAL carries. */
export interface WatchData {
  readonly verb: 'monitor' | 'unmonitor' | 'link' | 'unlink';
  /** PID of who wants to know. */
  readonly from: string;
}

/** Search attributes that a program writes, with the types that their values have. */
export interface AttributesRequest {
  readonly wanted: Readonly<Record<string, AttributeType>>;
}
export type AttributeType = 'Text' | 'Keyword' | 'KeywordList' | 'Int' | 'Double' | 'Bool' | 'Datetime';
/** Names that the server does not know, and what to do. */
export interface AttributesResult {
  readonly missing: readonly string[];
  readonly advice?: string;
  /** Those that take points in time. */
  readonly dates?: readonly string[];
  /** Why one of them cannot be set: it is the server's own, or of another type. */
  readonly refused?: string;
}

/** How a caller wants a call to be treated; travels in a header. */
export interface CallOptions {
  /** The caller gave a retry policy: an error that does not say whether it is retryable is retried. */
  readonly retry?: boolean;
}

/** Answers for the registry: which program a run stands for, where a function runs. */
export interface ProgramDirectory {
  resolve(request: ResolveRequest): Promise<ResolveResult>;
  route(request: RouteRequest): Promise<RouteResult>;
  /** Registers search attributes where that is allowed. */
  attributes(request: AttributesRequest): Promise<AttributesResult>;
}

/** What is known of the activity that runs a function. */
export interface ActivityFacts {
  readonly id: string;
  readonly type: string;
  readonly taskQueue: string;
  /** Counts from 1. */
  readonly attempt: number;
  readonly local: boolean;
  /** Of the last heartbeat of an earlier attempt. */
  readonly heartbeatDetails: Data;
  /** Unix time, milliseconds. */
  readonly scheduledAt: number;
  /** When this attempt times out. Unix time, milliseconds. */
  readonly deadline: number | undefined;
}

/** A function call as the dynamic activity hands it to the node. */
export interface FunctionCall {
  readonly entry: string;
  readonly args: readonly Data[];
  /** Context values. */
  readonly values: Readonly<DataObject>;
  /** Signed actor and scope; the node checks it. */
  readonly identity: string | undefined;
  readonly from: string | undefined;
  /** `<run id>/<sequence>`; absent for standalone activities that carry none. */
  readonly idempotencyKey: string | undefined;
  /** Where the arguments name secrets. */
  readonly secrets: readonly DataPath[];
  readonly activity: ActivityFacts;
  readonly workflow: { readonly id: string; readonly runId: string; readonly type: string } | undefined;
  /** Aborted on cancellation, timeout and shutdown. */
  readonly signal: CommandContext['signal'];
  readonly heartbeat: (details?: Data) => void;
}

/** The same shape as Outcome of src/lua/step.ts. */
export type CallOutcome =
  { readonly ok: true; readonly values: readonly Data[] } | { readonly ok: false; readonly error: ErrorData };

/** Runs functions on a node. Throws only for faults of the node; what Lua ends with is the outcome. */
export interface FunctionRunner {
  run(call: FunctionCall): Promise<CallOutcome>;
}

/** A command of a workflow as it travels to the activity named after its type. */
export interface CommandCall {
  readonly command: Command;
  /** Entry id of the asking program. */
  readonly entry: string;
}

export interface CommandCallContext {
  readonly entry: string;
  readonly pid: string | undefined;
  readonly values: Readonly<DataObject>;
  readonly identity: string | undefined;
  readonly idempotencyKey: string | undefined;
  /** Where the command names secrets. */
  readonly secrets: readonly DataPath[];
  readonly signal: CommandContext['signal'];
  readonly heartbeat: (details?: Data) => void;
}

/** Answers commands on a node. Throws PlatformError, or an error that carries `data: ErrorData`. */
export interface CommandRunner {
  run(command: Command, context: CommandCallContext): Promise<Data>;
}

/** A compiled program's text by hash, for the codec; undefined when nobody has the program (any more). */
export interface ArtifactSource {
  artifact(hash: string, engine: string): Promise<string | undefined>;
  /** For replays: the reference to take instead of a recorded one. Default: the recorded one. */
  instead?(recorded: ProgramReference): Promise<ProgramReference>;
}

/** How a replay has a run told: its steps with their Lua lines, and, for a debugger, Lua as scripts that it can stop in. */
export type ProgramTracing = 'steps' | 'debugger';

/** What a run tells the server to do. */
export type StepKind =
  | 'activity'
  | 'local'
  | 'timer'
  | 'child'
  | 'signal'
  | 'cancel'
  | 'operation'
  | 'version'
  | 'attributes'
  | 'memo'
  | 'complete'
  | 'fail'
  | 'canceled'
  | 'continue';

export interface RunStep {
  readonly kind: StepKind;
  /** Of the activity, workflow, signal, operation or change; '' where the kind says it all. As text. */
  readonly name: string;
  /** In the app's words; '' when there are none. As text. */
  readonly summary: string;
}

/** A step as a traced replay tells it through its sink (names.ts, TRACE_SINK). */
export interface TracedStep extends RunStep {
  /** Events that the history had when the task began which makes it. */
  readonly task: number;
  readonly seq: number | undefined;
  /** Where in Lua, innermost first; empty when nothing of Lua makes it. */
  readonly frames: readonly LuaFrame[];
}

/** What a traced replay tells after each step of the run. */
export interface TracedState {
  readonly coroutines: readonly CoroutineState[];
}

/** What STATE_QUERY answers: where a run is, as its Lua sees it. Texts are byte strings. */
export interface RunState {
  readonly coroutines: readonly CoroutineState[];
  /** Commands that are not answered yet, in the order in which they were issued. */
  readonly pending: readonly PendingState[];
  /** Messages that nobody has received. */
  readonly unread: readonly UnreadState[];
  readonly queries: readonly string[];
  readonly updates: readonly string[];
  /** Why its budget has parked it; absent: it is not parked. */
  readonly parked?: string;
  /** What the program says of itself, as Markdown; absent: nothing. */
  readonly details?: string;
  /** Calls that wait in the run until others end; absent: none do. */
  readonly queued?: readonly QueuedState[];
}

export interface QueuedState {
  readonly kind: keyof OpenLimits;
  readonly waiting: number;
  /** How many the server takes of the run at once. */
  readonly limit: number;
}

export interface PendingState {
  /** For people, e.g. `time.sleep 1h`. */
  readonly what: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** When a timer fires. Milliseconds since the epoch. */
  readonly due?: number;
}

export interface UnreadState {
  readonly topic: string;
  readonly from?: string;
}
