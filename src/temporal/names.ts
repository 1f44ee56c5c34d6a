// Every name that Moontide gives to something in Temporal, in one place. Sealed.
// N1: a name never changes once released: histories, dashboards and foreign callers hold it.
// N2: workflow and activity types of an app are its entry ids (`app:order`), commands are activities named after
//     their type (`sql.query`), and what belongs to the platform begins with `moontide.`.

/** Local activity: which program a run stands for. */
export const RESOLVE_ACTIVITY = 'moontide.resolve';
/** Local activity: where a function runs that the program does not name in its text. */
export const ROUTE_ACTIVITY = 'moontide.route';

/** Local activity: whether search attributes are there to be written. */
export const ATTRIBUTES_ACTIVITY = 'moontide.attributes';

/** Signal: a batch `[{from, seq, topic, body}]` from another run. */
export const INBOX_SIGNAL = 'moontide.inbox';
/** Signal: what happened to a process (EventData), for links and monitors. */
export const EVENT_SIGNAL = 'moontide.event';
/** Signal: asks a run to tell of its end, or not to any more (WatchData). */
export const WATCH_SIGNAL = 'moontide.watch';

/** Update, and signal: lets a run go on that its budget has parked. */
export const RESUME = 'moontide.resume';
/** Update of a workflow that runs as a test: what does a function that it mocks answer? The function's id, and the arguments. */
export const MOCK_UPDATE = 'moontide.mock';

/** Signal: asks a run to go on as new, on the newest program, at its next safe point. */
export const UPGRADE_SIGNAL = 'moontide.upgrade';

/** Query: which program a run is pinned to. */
export const PROGRAM_QUERY = 'moontide.program';

/** Sink: what a traced replay tells, by `step`, `taken back` and `state`. Never in a history. */
export const TRACE_SINK = 'moontide.trace';

/** Query: where the run is (RunState of contracts.ts). */
export const STATE_QUERY = 'moontide.state';

/** In the message of a query that came too early: who asks tries again. */
export const NOT_READY = 'NOT_READY';
/** In the message of a query whose name nobody declares: the SDK's words, which ours follow. */
export const NO_HANDLER = 'did not register a handler';

/** Headers that travel through every outbound call. */
export const HEADERS = {
  /** Context values (the ctx module) as plain data. */
  context: 'moontide-context',
  /** Actor and scope, signed by a node; opaque here. */
  identity: 'moontide-identity',
  /** PID of who asks. */
  from: 'moontide-from',
  /** What a start carries beside its arguments: see StartOptions in contracts.ts. */
  start: 'moontide-start',
  /** `<run id>/<sequence>` of a command or call that a workflow makes. */
  key: 'moontide-key',
  /** Where the arguments of a call or command name secrets: places (core/secret.ts), relative to the list of arguments or to the command. */
  secrets: 'moontide-secrets',
  /** How a call is to be retried: see CallOptions in contracts.ts. */
  call: 'moontide-call',
} as const;

/** Search attribute (Keyword): the program's hash; counts the runs that still name it. */
export const PROGRAM_ATTRIBUTE = 'MoontideProgram';

/** Memo fields, for people: the marker of the resolve activity is the truth. */
export const MEMO = {
  entry: 'moontide.entry',
  program: 'moontide.program',
  version: 'moontide.registry_version',
  host: 'moontide.host_version',
  /** Digest of the request that started the run. */
  request: 'moontide.request',
} as const;

/** Payload metadata (its values are UTF-8 bytes). */
export const METADATA = {
  encoding: 'encoding',
  /** Beside an expanded program: how its run is traced, see ProgramTracing. Never stored. */
  tracing: 'tracing',
  /** `results`: a JSON array that stands for several Lua results; `program`: a program reference. */
  kind: 'moontide',
} as const;

/** The encoding of an expanded program between the codec and the sandbox; never stored. */
export const PROGRAM_ENCODING = 'binary/moontide-program';

export const isSystemWorkflow = (type: string): boolean => type.startsWith('moontide.');

// Task queues. All but those that entries name begin with the app's name.
/** Where runs and activities go whose entry names no worker. */
export const defaultQueue = (app: string): string => app;
/** @public The supervisor's queue, whose worker is apart from the app's. */
export const systemQueue = (app: string): string => `${app}/system`;
/** @public Any node of the app: `one_node` services. */
export const serviceQueue = (app: string): string => `${app}/services`;
/** @public One life of one node: `every_node` services and what is meant for this node. */
export const nodeQueue = (app: string, node: string, incarnation: string): string =>
  `${app}/${node}/${incarnation}`;

// Ids of the platform's own workflows.
/** @public */
export const supervisorWorkflowId = (app: string): string => `moontide.supervisor/${app}`;
/** @public */
export const serviceWorkflowId = (app: string, entry: string, node?: string): string =>
  `moontide.service/${app}/${entry}${node === undefined ? '' : `/${node}`}`;
/** @public */
export const lifecycleWorkflowId = (app: string, node: string): string => `moontide.lifecycle/${app}/${node}`;
/** @public */
export const deployWorkflowId = (app: string): string => `moontide.deploy/${app}`;
/** @public */
export const watchWorkflowId = (app: string): string => `moontide.watch/${app}`;

/** A node that died is noticed after this long: our activities heartbeat by themselves. Milliseconds. */
export const HEARTBEAT_TIMEOUT_MS = 5000;

// Supervision. The types of the platform's own workflows.
export const SUPERVISOR_WORKFLOW = 'moontide.supervisor';
export const SERVICE_WORKFLOW = 'moontide.service';
export const LIFECYCLE_WORKFLOW = 'moontide.lifecycle';
/** Activity: holds the lease of a service's life while that lives on the node. */
export const LEASE_ACTIVITY = 'moontide.service.run';
/** Activity: ends a life on the node that has it. */
export const STOP_ACTIVITY = 'moontide.service.stop';
/** Activity: open as long as the node is up. */
export const NODE_ACTIVITY = 'moontide.node.life';
/** Activity: tells a node how groups are (GroupsTold). */
export const GROUPS_ACTIVITY = 'moontide.groups.told';
/** Signal to a service: ServiceCommand. */
export const SERVICE_COMMAND = 'moontide.service.command';
/** Signal to a service from the host of its life: ServiceNews. */
export const SERVICE_NEWS = 'moontide.service.news';
/** Signal to the supervisor: ServiceTold. */
export const SERVICE_TOLD = 'moontide.service.told';
/** Signal to the supervisor: what a node's life has come to. */
export const NODE_TOLD = 'moontide.node.told';
/** Signal to the supervisor: what became of the lives that a node had leave to begin (NodeBegan). */
export const NODE_BEGAN = 'moontide.node.began';
/** Signal to the supervisor: go on as new at the next safe point. */
export const RENEW_SIGNAL = 'moontide.renew';
/** Updates of the supervisor. */
export const SUPERVISOR_UPDATES = {
  /** A node joins: NodeJoin. */
  join: 'join',
  /** The registry has changed: ServicesDeclared. */
  declare: 'declare',
  start: 'start',
  stop: 'stop',
  restart: 'restart',
  /** A node hands its services over and stops the rest. */
  drain: 'drain',
  /** A node goes: NodeLeave. */
  leave: 'leave',
} as const;
/** Queries of the supervisor. */
export const SUPERVISOR_QUERIES = { services: 'services', nodes: 'nodes' } as const;
/** Search attributes (Keyword) of the runs of services: the entry, its state, its node. */
export const SERVICE_ATTRIBUTES = {
  service: 'MoontideService',
  state: 'MoontideState',
  node: 'MoontideNode',
} as const;
/** Of what is held as long as something lives: years. Milliseconds. */
export const FOR_EVER_MS = 3650 * 24 * 3600 * 1000;
/** A node that is silent for this long has lost its leases; it knows that too. Milliseconds. */
export const NODE_HEARTBEAT_MS = 4000;
/** How long a node that joins may take to be watched; until then its leases hold. Milliseconds. */
export const NODE_JOIN_MS = 30_000;
/** One lease alone: it ends what a word about its node did not reach. Milliseconds. */
export const LEASE_HEARTBEAT_MS = 60_000;
