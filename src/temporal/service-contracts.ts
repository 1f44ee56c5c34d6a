// What the supervisor, the runs of services and nodes agree on. Sealed.
// C1: everything here is plain data once it travels; a field may be added, never renamed or given another meaning.
// C2: texts are byte strings; ids, tokens and names are ASCII. Times are Unix time in milliseconds, spans milliseconds.
// C3: who tells a state numbers what it tells (`seq`); a lower number than the last is old news and dropped.

export type ServiceState = 'Unknown' | 'Starting' | 'Running' | 'Stopping' | 'Stopped' | 'Exited' | 'Failed';

/** What a `lifecycle:` block says, with its defaults filled in. */
export interface ServiceSettings {
  /** Default 10 000. */
  readonly startTimeoutMs: number;
  /** Default 10 000. */
  readonly stopTimeoutMs: number;
  /** A life that ran this long forgets the failures before it. Default 5 000. */
  readonly stableMs: number;
  /** Default 1 000. */
  readonly initialDelayMs: number;
  /** Default 90 000. */
  readonly maxDelayMs: number;
  /** At least 1. Default 2. */
  readonly backoffFactor: number;
  /** Share of chance in a delay, 0 to 1. Default 0.1. */
  readonly jitter: number;
  /** Restarts after failures in a row; 0: no limit. Default 0. */
  readonly maxAttempts: number;
  /** How long an instance that has lost its lease waits to be adopted. Default 15 000. */
  readonly adoptTimeoutMs: number;
  readonly placement: 'every_node' | 'one_node';
  /** What an instance does that has lost its lease. Default: `stop` for one_node, `keep` for every_node. */
  readonly onLostLease: 'keep' | 'stop';
}

/** A service as the registry has it. */
export interface ServiceSpec {
  /** Entry id. */
  readonly id: string;
  readonly kind: string;
  readonly autoStart: boolean;
  /** Services that run before it, by their ids; those that are none are left out. Sorted. */
  readonly requires: readonly string[];
  readonly settings: ServiceSettings;
  /** The process.supervisor that it is a child of. */
  readonly group?: string;
  /** Services that it starts after and stops before, where they are meant to run; unlike `requires` it can run without them. Sorted. */
  readonly after?: readonly string[];
  /** Set for a process.supervisor, which has no life of its own. */
  readonly supervises?: GroupSpec;
}

/** What a process.supervisor does with its children (workflows/supervision/groups.ts). */
export interface GroupSpec {
  readonly strategy: 'one_for_one' | 'one_for_all' | 'rest_for_one';
  /** Failures within `withinMs` that it takes; with one more it fails itself. Default 3. */
  readonly maxRestarts: number;
  /** Default 5 000. */
  readonly withinMs: number;
  /** Services, groups among them, in the order of their starts. */
  readonly children: readonly string[];
}

/** How a life of a service ended. */
export type LifeEnd =
  /** By itself, without an error. */
  | 'returned'
  /** By an error that may pass. */
  | 'failed'
  /** By an error that stays, by cancellation or because somebody ended it. */
  | 'final'
  /** Because it was told to. */
  | 'stopped'
  /** Its node is gone, stops, or has lost the lease: nothing that the service did. */
  | 'lost'
  /** There was nothing to adopt. */
  | 'none';

/** Where a run of a service is: everything that its rules know (workflows/supervision/machine.ts). */
export interface ServiceMachine {
  readonly state: ServiceState;
  /** Whether it is meant to run. */
  readonly wanted: boolean;
  /** Since when it is in this state. */
  readonly since: number;
  /** Why; '' where nothing happened. */
  readonly reason: string;
  /** Of the present or last life. */
  readonly token: number;
  /** Whether a life is under way: somebody holds the lease, or may take it. */
  readonly alive: boolean;
  /** Failures in a row. */
  readonly attempts: number;
  /** When it is started again; only in Failed, absent where it is not. */
  readonly retryAt?: number;
}

/** What a run of a service is started with. */
export interface ServiceRun {
  readonly app: string;
  readonly spec: ServiceSpec;
  /** The node that it is of; absent for one_node services. */
  readonly node?: string;
  /** Task queue on which a new life is offered. */
  readonly queue: string;
  /** Whether the search attributes are there to be written. */
  readonly attributes: boolean;
  /** The next life's token is above it. */
  readonly token: number;
  /** Of a run that goes on as new. */
  readonly machine?: ServiceMachine;
  readonly seq?: number;
  /** The life that is there already, and that the run takes up. */
  readonly granted?: GrantedLife;
}

/** A life that a node has begun by the supervisor's leave (NodeGrant), as its run hears of it. */
export interface GrantedLife {
  readonly token: number;
  readonly state: 'Starting' | 'Running';
  readonly since: number;
  readonly node: string;
  /** Task queue of that node's life. */
  readonly queue: string;
}

/** What the supervisor tells a run of a service (SERVICE_COMMAND). */
export type ServiceCommand =
  | { readonly verb: 'start' | 'stop' | 'restart' }
  /** Tell the state again. */
  | { readonly verb: 'report' }
  /** The entry has changed; counts from the next life on. */
  | { readonly verb: 'settings'; readonly spec: ServiceSpec }
  /** A node has begun a life by the supervisor's leave. */
  | { readonly verb: 'granted'; readonly life: GrantedLife }
  /** The node that has the life is not heard of any more. */
  | { readonly verb: 'lost'; readonly node: string }
  /** Hand the life over to another node, where it has one of this node. */
  | { readonly verb: 'handover'; readonly node: string }
  /** End: the service is no more. */
  | { readonly verb: 'retire' }
  /** Go on as new before the next life. */
  | { readonly verb: 'renew' };

/** What the host of a life tells its run (SERVICE_NEWS). */
export interface ServiceNews {
  readonly token: number;
  readonly state: 'Starting' | 'Running';
  readonly node: string;
  /** Task queue of that node's life. */
  readonly queue: string;
}

/** What a run of a service tells the supervisor (SERVICE_TOLD). */
export interface ServiceTold {
  readonly id: string;
  /** The node that the run is of; absent for one_node services. */
  readonly node?: string;
  readonly seq: number;
  readonly machine: ServiceMachine;
  /** Where the present life is. */
  readonly owner?: string;
  /** The run has ended or is about to. */
  readonly retired?: boolean;
}

/** What the lease activity is given. */
export interface LeaseRequest {
  readonly service: string;
  readonly kind: string;
  readonly token: number;
  /** Go on with the life that has this token, and start none. */
  readonly adopt: boolean;
  /** What its run knows: it is not told again. */
  readonly state?: ServiceState;
  readonly settings: ServiceSettings;
}
/** What it gives where it does not fail. */
export interface LeaseResult {
  readonly end: LifeEnd;
  readonly reason: string;
  /** How long the life was Running; 0: it never was. */
  readonly ranMs: number;
  /** The supervisor has heard of it from the node. */
  readonly told?: boolean;
}
/** What a failed lease carries as its details: how the life ended. */
export type LeaseFailure = LeaseResult;

export interface StopRequest {
  readonly service: string;
  readonly token: number;
  readonly stopTimeoutMs: number;
  /** It goes on elsewhere: it ends as lost, not as stopped. */
  readonly handover: boolean;
}

/** A node's answer to the leases that it takes. */
export interface ServiceLeases {
  /** Settles when the life is over, or its lease. Never rejects but for faults of the node. */
  hold(request: LeaseRequest, lease: Lease): Promise<LeaseEnd>;
  /** Settles when the life has ended. */
  stop(request: StopRequest): Promise<void>;
}
export interface LeaseEnd extends LeaseResult {
  /** What the service failed with. */
  readonly error?: unknown;
}
export interface Lease {
  readonly workflowId: string;
  readonly runId: string;
  /** Aborted when the server has ended the lease, or the worker stops. */
  readonly signal: { readonly aborted: boolean; onEnd(listener: (why: LeaseLoss) => void): void };
  readonly heartbeat: () => void;
}
/** `cancelled`: asked for; `gone`: the server knows the lease no more; `shutdown`: the node stops. */
export type LeaseLoss = 'cancelled' | 'gone' | 'shutdown';

/** Leave to begin a life before its run holds a lease for it: what the node's own lease covers (ARCHITECTURE.md, Supervision). */
export interface NodeGrant {
  readonly service: string;
  readonly kind: string;
  readonly token: number;
  readonly settings: ServiceSettings;
  /** Those of the same node's grants that run before it. */
  readonly requires: readonly string[];
}
export interface NodeJoined {
  readonly grants: readonly NodeGrant[];
}
/** What became of grants (NODE_BEGAN). */
export interface NodeBegan {
  readonly node: string;
  readonly queue: string;
  readonly lives: readonly BegunLife[];
}
export interface BegunLife {
  readonly service: string;
  readonly token: number;
  /** `declined`: no life of it has begun, nor will. */
  readonly state: 'Starting' | 'Running' | 'declined';
  readonly since: number;
}

/** A node as it joins. */
export interface NodeJoin {
  readonly node: string;
  /** Of this life of the node. */
  readonly queue: string;
  readonly startedAt: number;
  readonly registryVersion: number;
  readonly services: readonly ServiceSpec[];
  readonly attributes: boolean;
  /** It has joined before, and nobody waits for its heartbeats any more. */
  readonly again?: boolean;
}
export interface ServicesDeclared {
  readonly registryVersion: number;
  readonly services: readonly ServiceSpec[];
}

export type NodeLifeState = 'joined' | 'booted' | 'serving' | 'draining' | 'left' | 'lost';

export interface NodeView {
  readonly node: string;
  readonly state: NodeLifeState;
  readonly since: number;
  readonly startedAt: number;
  readonly registryVersion: number;
  /** Services whose life is there. */
  readonly services: readonly string[];
}

/** A service as `moontide services` shows it; one for each node of an every_node service. */
export interface ServiceView {
  readonly id: string;
  readonly kind: string;
  readonly node?: string;
  readonly owner?: string;
  readonly state: ServiceState;
  readonly wanted: boolean;
  readonly since: number;
  readonly reason: string;
  readonly token: number;
  readonly attempts: number;
  readonly retryAt?: number;
  readonly requires: readonly string[];
  readonly placement: ServiceSettings['placement'];
}

/** A process.supervisor, as nodes hear of it. */
export interface GroupView {
  readonly id: string;
  readonly state: ServiceState;
  readonly since: number;
  /** Byte string. */
  readonly reason: string;
}
/** What GROUPS_ACTIVITY is given: those of which the node has not heard. */
export interface GroupsTold {
  readonly groups: readonly GroupView[];
}

/** What the supervisor is started with. */
export interface SupervisorRun {
  readonly app: string;
  readonly carried?: unknown;
}

/** What the run of a node's life is started with, and its activity. */
export interface NodeLife {
  readonly app: string;
  readonly node: string;
  readonly queue: string;
}
/** What it tells the supervisor (NODE_TOLD). */
export interface NodeTold {
  readonly node: string;
  /** `silent`: it has not been heard of for as long as its lease holds; it is asked once more before it is lost. */
  readonly state: NodeLifeState | 'silent';
  /** Lives that it has stopped; only of one that left by leave to stop them itself (NodeLeave). */
  readonly stopped?: readonly { readonly service: string; readonly token: number }[];
}
/** The answer to a node that goes. */
export interface NodeLeave {
  /** Nobody can take what it has: it stops that itself, in order, and says so (NodeTold). Else it has nothing any more. */
  readonly stops: boolean;
}
