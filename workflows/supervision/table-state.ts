// What the supervisor's table holds, and what can be asked of it. Sealed. Rules: table.ts.
import type {
  NodeLifeState,
  ServiceCommand,
  ServiceRun,
  ServiceSpec,
  ServiceTold,
} from '../../src/temporal/service-contracts.js';
import { Groups } from './groups.js';
import type { GroupData, Members } from './groups.js';
/** `id`, or `id@node` for every_node services. */
export type RunKey = string;

export type Order =
  | {
      readonly type: 'begin';
      readonly key: RunKey;
      readonly run: Omit<ServiceRun, 'app' | 'queue'> & { readonly queue?: string };
    }
  | { readonly type: 'send'; readonly key: RunKey; readonly command: ServiceCommand };

export interface Service {
  spec: ServiceSpec;
  desired: boolean;
  since: number;
  removed?: boolean;
  /** The last life whose failure its group has counted. */
  counted?: number;
}
export interface Run {
  id: string;
  node?: string;
  told?: ServiceTold;
  /** What it was asked that it has not answered, and its token then. */
  asked?: { verb: 'start' | 'stop' | 'handover' | 'retire'; token: number };
  /** The life that a node may begin, of which nothing is known yet (T8). */
  granted?: { token: number; node: string; queue: string };
}
export interface Node {
  node: string;
  queue: string;
  state: NodeLifeState;
  since: number;
  startedAt: number;
  registryVersion: number;
  /** T10. */
  stopsItself?: boolean;
}
export interface TableData {
  readonly services: readonly Service[];
  readonly runs: readonly Run[];
  readonly nodes: readonly Node[];
  readonly tokens: Readonly<Record<string, number>>;
  readonly firstToken: number;
  readonly version: number;
  readonly attributes: boolean;
  /** Absent in what older versions wrote. */
  readonly groups?: readonly GroupData[];
}

/** `id@node` where it is of a node. */
export const keyOf = (id: string, node: string | undefined): RunKey =>
  node === undefined ? id : `${id}@${node}`;

export const isOn = (run: Run, node: string): boolean => run.node === node || run.told?.owner === node;

/** It neither runs nor is about to. */
export const isIdle = ({ told }: Run): boolean =>
  told !== undefined && !told.machine.alive && told.machine.retryAt === undefined;

export class TableState {
  readonly services = new Map<string, Service>();
  readonly runs = new Map<RunKey, Run>();
  readonly nodes = new Map<string, Node>();
  readonly tokens = new Map<string, number>();
  readonly firstToken: number;
  version = 0;
  attributes = false;
  readonly groups: Groups;
  /** Of what is happening. */
  now: number;

  constructor(data: TableData | undefined, now: number, chance: () => number = Math.random) {
    this.now = now;
    this.groups = new Groups(this.#members(), chance, data?.groups);
    this.firstToken = data?.firstToken ?? Math.floor(now / 1000);
    if (data === undefined) return;
    for (const service of data.services) this.services.set(service.spec.id, { ...service });
    for (const run of data.runs) this.runs.set(keyOf(run.id, run.node), { ...run });
    for (const node of data.nodes) this.nodes.set(node.node, { ...node });
    for (const [id, token] of Object.entries(data.tokens)) this.tokens.set(id, token);
    this.version = data.version;
    this.attributes = data.attributes;
  }

  data(): TableData {
    return {
      services: [...this.services.values()],
      runs: [...this.runs.values()],
      nodes: [...this.nodes.values()],
      tokens: Object.fromEntries(this.tokens),
      firstToken: this.firstToken,
      version: this.version,
      attributes: this.attributes,
      groups: this.groups.data(),
    };
  }

  /** What groups see of their children. */
  #members(): Members {
    const runsOf = (id: string): Run[] => this.keysOf(id).map((key) => this.runs.get(key) as Run);
    return {
      spec: (id) => {
        const service = this.services.get(id);
        return service?.removed === true ? undefined : service?.spec;
      },
      isDesired: (id) => this.services.get(id)?.desired === true,
      desire: (id, desired) => {
        const service = this.services.get(id);
        if (service === undefined) return;
        if (desired) this.desire(id);
        else service.desired = false;
      },
      isUp: (id) => this.isLeafUp(id),
      isDown: (id) => runsOf(id).every((run) => !this.isActive(run) && run.asked === undefined),
      hasExited: (id) => {
        const runs = runsOf(id);
        return (
          runs.length > 0 &&
          runs.every(({ told, asked }) => told?.machine.state === 'Exited' && asked === undefined)
        );
      },
    };
  }

  /** It is meant to run, and what it requires. */
  desire(id: string, now = this.now): void {
    const service = this.services.get(id);
    if (service === undefined || service.removed === true || service.desired) return;
    service.desired = true;
    this.groups.wake(id, now);
    this.groups.start(id, now);
    for (const required of service.spec.requires) this.desire(required, now);
  }

  anyServing(): boolean {
    return [...this.nodes.values()].some(({ state }) => state === 'serving');
  }

  isNodeGone(node: string | undefined): boolean {
    if (node === undefined) return false;
    const state = this.nodes.get(node)?.state;
    return state === undefined || state === 'left' || state === 'lost';
  }

  keysOf(id: string): RunKey[] {
    return [...this.runs].filter(([, run]) => run.id === id).map(([key]) => key);
  }

  /** Runs that the service has, or is to have. */
  targets(id: string): RunKey[] {
    const service = this.services.get(id);
    if (service === undefined || service.spec.supervises !== undefined) return [];
    if (service.spec.settings.placement === 'one_node') return [id];
    return [...this.nodes.values()]
      .filter(({ state }) => state === 'serving')
      .map(({ node }) => keyOf(id, node));
  }

  isActive(run: Run | undefined): boolean {
    if (run === undefined) return false;
    const machine = run.told?.machine;
    if (machine === undefined) return run.asked?.verb === 'start';
    return machine.alive || machine.retryAt !== undefined || run.asked?.verb === 'start';
  }

  /** T1. */
  isWanted(service: Service, node: string | undefined): boolean {
    if (!service.desired || !this.groups.permits(service.spec.id)) return false;
    return node === undefined ? this.anyServing() : this.nodes.get(node)?.state === 'serving';
  }

  isLeafUp(id: string): boolean {
    const keys = this.targets(id);
    return keys.length > 0 && keys.every((key) => this.runs.get(key)?.told?.machine.state === 'Running');
  }

  isUp(id: string): boolean {
    const group = this.groups.get(id);
    return group === undefined ? this.isLeafUp(id) : group.machine.state === 'Running';
  }
}
