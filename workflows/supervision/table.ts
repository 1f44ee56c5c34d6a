// What the supervisor knows, and what follows from it: which run begins, starts or stops now. Sealed and pure.
// T1: what is wanted now: a service that is desired, on a node that serves. Without any node nothing is.
// T2: a run that is wanted and idle starts when everything it requires runs: on its own node where both are on every node.
// T3: a run that is not wanted and active stops when nothing is active that requires it and is to stop too.
// T4: a run that is on a node that drains is handed over where another node serves; else it stops (T1).
// T5: who is asked is not asked again before it has answered. A service that ended by itself or gave up is not desired any more.
// T6: where the first node joins, what starts by itself is desired again, as at every start of an app.
// T7: tokens only grow, also for a service that was away; one that nobody knows begins at the time in seconds.
// T8: a node that joins has leave to begin lives at once (NodeGrant): of every_node services its own, of one_node services where no
//     other node serves; only where no run has one, and all that it requires runs or is granted too. The run hears of it when
//     the node has told what became of it, and nobody is asked anything about it before.
// T9: what a node had that is not heard of any more goes on elsewhere at once, where its life ends by itself (on_lost_lease
//     stop); the rest when the node is lost.
// T10: where the last node that serves goes, it stops what it has itself, in order; no run is asked, and the node's word counts.
// T11: a child of a group runs only where its groups let it (groups.ts). What has an order within a group only (`after`) does not
//     wait for what is not meant to run.
import { toTextLossy } from '../../src/core/text.js';
import type {
  BegunLife,
  GroupView,
  GrantedLife,
  NodeBegan,
  NodeGrant,
  NodeJoin,
  NodeLifeState,
  NodeTold,
  NodeView,
  ServiceCommand,
  ServiceRun,
  ServiceSpec,
  ServiceTold,
  ServiceView,
  ServicesDeclared,
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

interface Service {
  spec: ServiceSpec;
  desired: boolean;
  since: number;
  removed?: boolean;
  /** The last life whose failure its group has counted. */
  counted?: number;
}
interface Run {
  id: string;
  node?: string;
  told?: ServiceTold;
  /** What it was asked that it has not answered, and its token then. */
  asked?: { verb: 'start' | 'stop' | 'handover' | 'retire'; token: number };
  /** The life that a node may begin, of which nothing is known yet (T8). */
  granted?: { token: number; node: string; queue: string };
}
interface Node {
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

/** Nodes that are gone and still shown. */
const GONE_NODES = 20;

export class ServiceTable {
  readonly #services = new Map<string, Service>();
  readonly #runs = new Map<RunKey, Run>();
  readonly #nodes = new Map<string, Node>();
  readonly #tokens = new Map<string, number>();
  readonly #firstToken: number;
  #version = 0;
  #attributes = false;
  readonly #groups: Groups;
  /** Of what is happening. */
  #now: number;

  constructor(data: TableData | undefined, now: number, chance: () => number = Math.random) {
    this.#now = now;
    this.#groups = new Groups(this.#members(), chance, data?.groups);
    this.#firstToken = data?.firstToken ?? Math.floor(now / 1000);
    if (data === undefined) return;
    for (const service of data.services) this.#services.set(service.spec.id, { ...service });
    for (const run of data.runs) this.#runs.set(keyOf(run.id, run.node), { ...run });
    for (const node of data.nodes) this.#nodes.set(node.node, { ...node });
    for (const [id, token] of Object.entries(data.tokens)) this.#tokens.set(id, token);
    this.#version = data.version;
    this.#attributes = data.attributes;
  }

  data(): TableData {
    return {
      services: [...this.#services.values()],
      runs: [...this.#runs.values()],
      nodes: [...this.#nodes.values()],
      tokens: Object.fromEntries(this.#tokens),
      firstToken: this.#firstToken,
      version: this.#version,
      attributes: this.#attributes,
      groups: this.#groups.data(),
    };
  }

  /** What groups see of their children. */
  #members(): Members {
    const runsOf = (id: string): Run[] => this.#keysOf(id).map((key) => this.#runs.get(key) as Run);
    return {
      spec: (id) => {
        const service = this.#services.get(id);
        return service?.removed === true ? undefined : service?.spec;
      },
      isDesired: (id) => this.#services.get(id)?.desired === true,
      desire: (id, desired) => {
        const service = this.#services.get(id);
        if (service === undefined) return;
        if (desired) this.#desire(id, this.#now);
        else service.desired = false;
      },
      isUp: (id) => this.#isLeafUp(id),
      isDown: (id) => runsOf(id).every((run) => !this.#isActive(run) && run.asked === undefined),
      hasExited: (id) => {
        const runs = runsOf(id);
        return (
          runs.length > 0 &&
          runs.every(({ told, asked }) => told?.machine.state === 'Exited' && asked === undefined)
        );
      },
    };
  }

  keys(): RunKey[] {
    return [...this.#runs.keys()];
  }

  partsOf(key: RunKey): { readonly id: string; readonly node: string | undefined } {
    const at = key.indexOf('@');
    return at < 0 ? { id: key, node: undefined } : { id: key.slice(0, at), node: key.slice(at + 1) };
  }

  /** `watch`: the node's life has to be watched from now on. */
  join(
    join: NodeJoin,
    now: number,
  ): { readonly watch: boolean; readonly grants: readonly NodeGrant[]; readonly orders: readonly Order[] } {
    this.#now = now;
    const before = this.#nodes.get(join.node);
    // Another life of the node: the one before is gone.
    const orders =
      before === undefined || before.queue === join.queue ? [] : this.#loseLives(join.node, 'all');
    const cold = !this.#anyServing();
    if (cold) {
      for (const service of this.#services.values()) service.desired = false; // T6, see declare
      this.#groups.rest(now);
    }
    this.#nodes.set(join.node, {
      node: join.node,
      queue: join.queue,
      state: 'serving',
      since: now,
      startedAt: join.startedAt,
      registryVersion: join.registryVersion,
    });
    this.#attributes = join.attributes;
    if (cold) this.#version = Math.min(this.#version, join.registryVersion);
    this.declare(join, now);
    if (cold)
      for (const service of this.#services.values())
        if (service.spec.autoStart) this.#desire(service.spec.id, now);
    this.#forgetNodes();
    return {
      watch:
        before === undefined ||
        before.queue !== join.queue ||
        before.state !== 'serving' ||
        join.again === true,
      grants: this.#grant(join),
      orders,
    };
  }

  /** T8. */
  #grant({ node, queue }: NodeJoin): NodeGrant[] {
    const others = [...this.#nodes.values()].some((each) => each.node !== node && each.state === 'serving');
    const grants = new Map<string, NodeGrant>();
    const visited = new Set<string>();
    const visit = (service: Service): void => {
      const { spec } = service;
      if (visited.has(spec.id)) return;
      visited.add(spec.id);
      const { id, kind, settings } = spec;
      if (spec.supervises !== undefined) return;
      const requires = [...spec.requires, ...(spec.after ?? [])];
      for (const each of requires) {
        const required = this.#services.get(each);
        if (required !== undefined) visit(required);
      }
      const single = settings.placement === 'one_node';
      const key = single ? id : keyOf(id, node);
      const run: Run = this.#runs.get(key) ?? { id, ...(single ? {} : { node }) };
      const { granted, told } = run;
      const again = granted?.node === node && granted.queue === queue;
      if (!service.desired || service.removed === true || (single && others)) return;
      if (!this.#groups.permits(id)) return;
      const isFree = run.asked === undefined && granted === undefined && (told === undefined || isIdle(run));
      if (!again && !isFree) return;
      const first = requires.filter((each) => grants.has(each));
      const rest = (ids: readonly string[] = []): string[] => ids.filter((each) => !grants.has(each));
      const other = { ...spec, requires: rest(spec.requires), after: rest(spec.after) };
      if (!this.#isReady(other, single ? undefined : node)) return;
      const last = Math.max(told?.machine.token ?? 0, this.#tokens.get(id) ?? this.#firstToken);
      const token = again ? granted.token : last + 1; // T7
      this.#tokens.set(id, token);
      this.#runs.set(key, {
        ...run,
        asked: { verb: 'start', token: token - 1 },
        granted: { token, node, queue },
      });
      grants.set(id, { service: id, kind, token, settings, requires: first });
    };
    for (const service of this.#services.values()) visit(service);
    return [...grants.values()];
  }

  /** What became of lives that were granted: their runs hear of it. */
  began({ node, queue, lives }: NodeBegan, now: number): Order[] {
    const orders: Order[] = [];
    const told: readonly BegunLife[] = Array.isArray(lives) ? (lives as readonly BegunLife[]) : [];
    for (const { service: id, token, state, since } of told) {
      const spec = this.#services.get(id)?.spec;
      const key = spec?.settings.placement === 'one_node' ? id : keyOf(id, node);
      const run = this.#runs.get(key);
      if (spec === undefined || run?.granted === undefined) continue;
      if (run.granted.token !== token || run.granted.queue !== queue) continue;
      delete run.granted;
      if (state === 'declined') {
        delete run.asked;
        if (run.told === undefined) this.#runs.delete(key);
        continue;
      }
      const life = { token, state, since, node, queue };
      const isNew = run.told === undefined;
      this.told(
        {
          id,
          ...(run.node === undefined ? {} : { node: run.node }),
          seq: run.told?.seq ?? 0,
          machine: { state, wanted: true, since, reason: '', token, alive: true, attempts: 0 },
          owner: node,
        },
        now,
      );
      orders.push(
        isNew
          ? this.#beginOrder(spec, key, run.node, token - 1, life)
          : { type: 'send', key, command: { verb: 'granted', life } },
      );
    }
    return orders;
  }

  /** T9. */
  #loseLives(node: string, which: 'stop' | 'all'): Order[] {
    const orders: Order[] = [];
    for (const [key, run] of this.#runs) {
      if (run.granted?.node === node && which === 'all') {
        delete run.granted;
        delete run.asked;
        if (run.told === undefined) this.#runs.delete(key);
        continue;
      }
      if (!isOn(run, node) || run.told?.machine.alive !== true) continue;
      const settings = this.#services.get(run.id)?.spec.settings;
      if (which === 'all' || settings?.onLostLease !== 'keep')
        orders.push({ type: 'send', key, command: { verb: 'lost', node } });
    }
    return orders;
  }

  /** What has to be told to runs. */
  declare(
    { registryVersion, services }: ServicesDeclared,
    now: number,
  ): { key: RunKey; command: ServiceCommand }[] {
    this.#now = now;
    if (registryVersion < this.#version) return [];
    this.#version = registryVersion;
    const commands: { key: RunKey; command: ServiceCommand }[] = [];
    const ids = new Set(services.map(({ id }) => id));
    for (const [id, service] of this.#services)
      if (!ids.has(id)) {
        service.removed = true;
        service.desired = false;
        if (service.spec.supervises === undefined) continue;
        this.#groups.remove(id);
        this.#services.delete(id);
      }
    for (const { id, supervises } of services) if (supervises !== undefined) this.#groups.add(id, now);
    const begun: string[] = [];
    for (const spec of services) {
      const known = this.#services.get(spec.id);
      const fresh = known === undefined || known.removed === true;
      const joins = fresh && this.#groups.get(spec.group ?? '')?.machine.alive === true;
      const begins = joins || (spec.autoStart && (fresh || !known.spec.autoStart));
      if (known === undefined) this.#services.set(spec.id, { spec, desired: false, since: 0 });
      else {
        if (!sameSpec(known.spec, spec))
          for (const key of this.#keysOf(spec.id))
            commands.push({ key, command: { verb: 'settings', spec } });
        known.spec = spec;
        delete known.removed;
      }
      if (begins) begun.push(spec.id);
    }
    for (const id of begun) this.#desire(id, now);
    return commands;
  }

  /** True when it is news. */
  told(told: ServiceTold, now: number): boolean {
    this.#now = now;
    if (typeof told !== 'object' || typeof told.id !== 'string' || typeof told.machine !== 'object')
      return false;
    const key = keyOf(told.id, told.node);
    const run: Run = this.#runs.get(key) ?? {
      id: told.id,
      ...(told.node === undefined ? {} : { node: told.node }),
    };
    if (run.told !== undefined && told.seq < run.told.seq && told.machine.token <= run.told.machine.token)
      return false;
    this.#tokens.set(told.id, Math.max(this.#tokens.get(told.id) ?? 0, told.machine.token));
    if (told.retired === true) {
      this.#runs.delete(key);
      if (this.#services.get(told.id)?.removed === true && this.#keysOf(told.id).length === 0)
        this.#services.delete(told.id);
      return true;
    }
    run.told = told;
    this.#runs.set(key, run);
    if (run.asked !== undefined && answers(run.asked, told)) delete run.asked;
    const { state, retryAt, token, reason } = told.machine;
    const own = this.#services.get(told.id);
    if (own?.spec.group !== undefined && state === 'Failed') {
      if (run.asked === undefined && own.counted !== token) {
        own.counted = token;
        this.#groups.childFailed(told.id, reason, now);
      }
    } else if (
      run.asked === undefined &&
      (state === 'Exited' || (state === 'Failed' && retryAt === undefined))
    ) {
      const service = this.#services.get(told.id);
      if (
        service !== undefined &&
        this.#keysOf(told.id).every((each) => !this.#isActive(this.#runs.get(each)))
      )
        service.desired = false; // T5
    }
    return true;
  }

  /** What has to be told to runs; undefined where it is no news. */
  nodeTold({ node, state, stopped }: NodeTold, now: number): readonly Order[] | undefined {
    const known = this.#nodes.get(node);
    if (known === undefined || known.state === state) return undefined;
    if (state === 'silent') return this.#loseLives(node, 'stop');
    if (Array.isArray(stopped) && known.stopsItself === true) this.#stopped(node, stopped, now);
    known.state = state;
    known.since = now;
    const orders = this.#isNodeGone(node) ? this.#loseLives(node, 'all') : [];
    this.#forgetNodes();
    return orders;
  }

  /** T10. */
  #stopped(node: string, lives: NonNullable<NodeTold['stopped']>, now: number): void {
    const stopped = new Map(lives.map(({ service, token }) => [service, token]));
    for (const run of this.#runs.values()) {
      const token = stopped.get(run.id);
      if (token === undefined || (run.node !== undefined && run.node !== node)) continue;
      // The node may have had a life that its run has not told of yet, and it will not: its lease says that this is known.
      if (run.told !== undefined && run.told.machine.token > token) continue;
      const { owner: _owner, machine, ...rest } = run.told ?? { id: run.id, seq: 0 };
      const { retryAt: _retryAt, ...last } = machine ?? { attempts: 0 };
      run.told = {
        ...rest,
        ...(run.node === undefined ? {} : { node: run.node }),
        machine: {
          ...last,
          token,
          state: 'Stopped',
          wanted: false,
          alive: false,
          since: now,
          reason: '',
        },
      };
      delete run.asked;
      delete run.granted;
      this.#tokens.set(run.id, Math.max(this.#tokens.get(run.id) ?? 0, token));
    }
  }

  isServing(node: string): boolean {
    return this.#nodes.get(node)?.state === 'serving';
  }

  hasNode(node: string): boolean {
    return this.#nodes.has(node);
  }

  drain(node: string, now: number): void {
    const known = this.#nodes.get(node);
    if (known?.state !== 'serving') return;
    known.state = 'draining';
    known.since = now;
  }

  /** The node goes; true when it stops its services itself (T10). */
  leave(node: string, now: number): boolean {
    this.drain(node, now);
    const known = this.#nodes.get(node);
    if (known?.state !== 'draining' || this.#anyServing()) return false;
    known.stopsItself = true;
    return true;
  }

  /** The run has this life, as far as the supervisor knows. */
  isAlive(key: RunKey, token: number): boolean {
    const machine = this.#runs.get(key)?.told?.machine;
    return machine?.alive === true && machine.token === token;
  }

  isDrained(node: string): boolean {
    const state = this.#nodes.get(node)?.state;
    if (state === 'left' || state === 'lost') return true;
    return [...this.#runs.values()].every((run) => !this.#isActive(run) || !isOn(run, node));
  }

  /** The run has gone without a word. */
  isGone(key: RunKey): void {
    this.#runs.delete(key);
    const { id } = this.partsOf(key);
    if (this.#services.get(id)?.removed === true && this.#keysOf(id).length === 0) this.#services.delete(id);
  }

  problemWith(id: string): string | undefined {
    const service = typeof id === 'string' ? this.#services.get(id) : undefined;
    if (service !== undefined && service.removed !== true) return undefined;
    return `there is no service '${toTextLossy(String(id))}'; \`moontide services\` lists them`;
  }

  start(id: string, now: number): Order[] {
    this.#desire(id, now);
    this.#groups.start(id, now);
    const orders: Order[] = [];
    for (const key of this.#keysOf(id)) {
      const run = this.#runs.get(key);
      const machine = run?.told?.machine;
      // It waits for its next try: not any more.
      if (run === undefined || machine?.retryAt === undefined || run.asked !== undefined) continue;
      run.asked = { verb: 'start', token: machine.token };
      orders.push({ type: 'send', key, command: { verb: 'start' } });
    }
    return orders;
  }

  /** Of the service and of what requires it. */
  stop(id: string, now: number): Order[] {
    for (const each of this.#withDependents(id)) {
      const service = this.#services.get(each);
      if (service !== undefined) service.desired = false;
      this.#groups.stop(each, now);
    }
    return [];
  }

  /** Which of the service and what requires it are to run. */
  running(id: string): string[] {
    return this.#withDependents(id).filter((each) => this.#services.get(each)?.desired === true);
  }

  isUp(id: string): boolean {
    const group = this.#groups.get(id);
    return group === undefined ? this.#isLeafUp(id) : group.machine.state === 'Running';
  }

  #isLeafUp(id: string): boolean {
    const keys = this.#targets(id);
    return keys.length > 0 && keys.every((key) => this.#runs.get(key)?.told?.machine.state === 'Running');
  }

  /** It has ended by itself, or waits after a failure. */
  isGivenUp(id: string): boolean {
    const group = this.#groups.get(id)?.machine.state;
    if (group !== undefined) return group === 'Failed' || group === 'Exited';
    return this.#keysOf(id).some((key) => {
      const run = this.#runs.get(key);
      const state = run?.told?.machine.state;
      return run?.asked === undefined && (state === 'Exited' || state === 'Failed');
    });
  }

  isDown(id: string): boolean {
    return this.#withDependents(id).every((each) =>
      this.#keysOf(each).every((key) => !this.#isActive(this.#runs.get(key))),
    );
  }

  /** When a group that has failed starts again. */
  nextDue(): number | undefined {
    return this.#groups.nextDue();
  }

  due(now: number): void {
    this.#now = now;
    this.#groups.due(now);
  }

  longestMs(): number {
    let longest = 0;
    for (const { spec } of this.#services.values())
      longest = Math.max(longest, spec.settings.startTimeoutMs + spec.settings.stopTimeoutMs);
    return longest;
  }

  /** What is to be done now; taken as done. */
  orders(now: number): Order[] {
    this.#now = now;
    this.#groups.settle(now);
    const orders: Order[] = [];
    for (const service of this.#services.values()) {
      service.since ||= now;
      for (const key of this.#targets(service.spec.id)) {
        const { node } = this.partsOf(key);
        const run = this.#runs.get(key);
        if (!this.#isWanted(service, node) || !this.#isReady(service.spec, node)) continue;
        if (run === undefined) orders.push(this.#begin(service.spec, key, node));
        else if (run.asked === undefined && isIdle(run)) {
          run.asked = { verb: 'start', token: run.told?.machine.token ?? 0 };
          orders.push({ type: 'send', key, command: { verb: 'start' } });
        }
      }
    }
    for (const [key, run] of this.#runs) {
      if (run.granted !== undefined || this.#stopsItself(run)) continue; // T8, T10
      const service = this.#services.get(run.id);
      const gone = service === undefined || service.removed === true || this.#isNodeGone(run.node);
      if (!gone && this.#isWanted(service, run.node)) {
        this.#handOver(key, run, orders);
        continue;
      }
      if (run.asked?.verb === 'stop' || run.asked?.verb === 'retire') continue;
      if (gone && !this.#isActive(run)) orders.push(this.#ask(key, run, 'retire'));
      else if (this.#isActive(run) && this.#isFree(run))
        orders.push(this.#ask(key, run, gone ? 'retire' : 'stop'));
    }
    return orders;
  }

  #handOver(key: RunKey, run: Run, orders: Order[]): void {
    const owner = run.told?.owner;
    if (run.node !== undefined || owner === undefined || run.asked !== undefined) return;
    const state = this.#nodes.get(owner)?.state;
    if (state !== 'draining' || !this.#isActive(run)) return;
    run.asked = { verb: 'handover', token: run.told?.machine.token ?? 0 }; // T4
    orders.push({ type: 'send', key, command: { verb: 'handover', node: owner } });
  }

  #ask(key: RunKey, run: Run, verb: 'stop' | 'retire'): Order {
    run.asked = { verb, token: run.told?.machine.token ?? 0 };
    return { type: 'send', key, command: { verb } };
  }

  #begin(spec: ServiceSpec, key: RunKey, node: string | undefined): Order {
    const token = this.#tokens.get(spec.id) ?? this.#firstToken; // T7
    this.#runs.set(key, {
      id: spec.id,
      ...(node === undefined ? {} : { node }),
      asked: { verb: 'start', token },
    });
    return this.#beginOrder(spec, key, node, token);
  }

  #beginOrder(
    spec: ServiceSpec,
    key: RunKey,
    node: string | undefined,
    token: number,
    granted?: GrantedLife,
  ): Order {
    const queue = node === undefined ? undefined : this.#nodes.get(node)?.queue;
    return {
      type: 'begin',
      key,
      run: {
        spec,
        attributes: this.#attributes,
        token,
        ...(node === undefined ? {} : { node }),
        ...(queue === undefined ? {} : { queue }),
        ...(granted === undefined ? {} : { granted }),
      },
    };
  }

  #desire(id: string, now: number): void {
    const service = this.#services.get(id);
    if (service === undefined || service.removed === true || service.desired) return;
    service.desired = true;
    this.#groups.wake(id, now);
    this.#groups.start(id, now);
    for (const required of service.spec.requires) this.#desire(required, now);
  }

  #anyServing(): boolean {
    return [...this.#nodes.values()].some(({ state }) => state === 'serving');
  }

  #isNodeGone(node: string | undefined): boolean {
    if (node === undefined) return false;
    const state = this.#nodes.get(node)?.state;
    return state === undefined || state === 'left' || state === 'lost';
  }

  #stopsItself(run: Run): boolean {
    const node = this.#nodes.get(run.told?.owner ?? run.node ?? '');
    return node?.state === 'draining' && node.stopsItself === true;
  }

  /** T1. */
  #isWanted(service: Service, node: string | undefined): boolean {
    if (!service.desired || !this.#groups.permits(service.spec.id)) return false;
    return node === undefined ? this.#anyServing() : this.#nodes.get(node)?.state === 'serving';
  }

  /** T2, T11. */
  #isReady({ requires, after = [] }: ServiceSpec, node: string | undefined): boolean {
    const isReady = (id: string, isNeeded: boolean): boolean => {
      const required = this.#services.get(id);
      if (required === undefined || required.removed === true) return true;
      if (!isNeeded && !this.#isWanted(required, undefined))
        return required.spec.after?.every((each) => isReady(each, false)) ?? true;
      const keys =
        required.spec.settings.placement === 'one_node'
          ? [id]
          : node === undefined
            ? this.#keysOf(id)
            : [keyOf(id, node)];
      return keys.some((key) => this.#runs.get(key)?.told?.machine.state === 'Running');
    };
    return requires.every((id) => isReady(id, true)) && after.every((id) => isReady(id, false));
  }

  /** Whether it stops before that one, also where what is between them does not run (T11). */
  #comesAfter({ requires, after = [] }: ServiceSpec, id: string): boolean {
    if (requires.includes(id) || after.includes(id)) return true;
    return after.some((each) => {
      const between = this.#services.get(each)?.spec;
      if (between === undefined || this.#keysOf(each).some((key) => this.#isActive(this.#runs.get(key))))
        return false;
      return this.#comesAfter(between, id);
    });
  }

  /** T3. */
  #isFree(run: Run): boolean {
    for (const [, other] of this.#runs) {
      const service = this.#services.get(other.id);
      if (service === undefined || !this.#comesAfter(service.spec, run.id) || !this.#isActive(other))
        continue;
      if (run.node !== undefined && !isOn(other, run.node) && other.node !== undefined) continue;
      if (!this.#isWanted(service, other.node)) return false;
      if (run.node !== undefined && isOn(other, run.node)) return false; // handed over first
    }
    return true;
  }

  #isActive(run: Run | undefined): boolean {
    if (run === undefined) return false;
    const machine = run.told?.machine;
    if (machine === undefined) return run.asked?.verb === 'start';
    return machine.alive || machine.retryAt !== undefined || run.asked?.verb === 'start';
  }

  /** Runs that the service has, or is to have. */
  #targets(id: string): RunKey[] {
    const service = this.#services.get(id);
    if (service === undefined || service.spec.supervises !== undefined) return [];
    if (service.spec.settings.placement === 'one_node') return [id];
    return [...this.#nodes.values()]
      .filter(({ state }) => state === 'serving')
      .map(({ node }) => keyOf(id, node));
  }

  #keysOf(id: string): RunKey[] {
    return [...this.#runs].filter(([, run]) => run.id === id).map(([key]) => key);
  }

  #withDependents(id: string): string[] {
    const found = new Set([id, ...this.#groups.leaves(id)]);
    for (let grown = true; grown;) {
      grown = false;
      for (const { spec } of this.#services.values())
        if (!found.has(spec.id) && spec.requires.some((each) => found.has(each))) {
          found.add(spec.id);
          grown = true;
        }
    }
    return [...found];
  }

  #forgetNodes(): void {
    const gone = [...this.#nodes.values()]
      .filter(({ node }) => this.#isNodeGone(node))
      .sort((a, b) => a.since - b.since);
    for (const { node } of gone.slice(0, Math.max(0, gone.length - GONE_NODES))) this.#nodes.delete(node);
  }

  services(): ServiceView[] {
    const views: ServiceView[] = [];
    for (const { spec, desired, since } of this.#services.values()) {
      const keys = this.#keysOf(spec.id);
      const common = {
        id: spec.id,
        kind: spec.kind,
        requires: spec.requires,
        placement: spec.settings.placement,
      };
      const group = this.#groups.get(spec.id)?.machine;
      if (group !== undefined) {
        const { alive: _alive, ...shown } = group;
        views.push({ ...common, ...shown });
      } else if (keys.length === 0)
        views.push({
          ...common,
          state: 'Unknown',
          wanted: desired,
          since,
          reason: desired ? this.#waitsFor(spec) : '',
          token: this.#tokens.get(spec.id) ?? 0,
          attempts: 0,
        });
      for (const key of keys) {
        const { told, node, asked } = this.#runs.get(key) as Run;
        const machine = told?.machine;
        views.push({
          ...common,
          ...(node === undefined ? {} : { node }),
          ...(told?.owner === undefined ? {} : { owner: told.owner }),
          state: machine?.state ?? (asked === undefined ? 'Unknown' : 'Starting'),
          wanted: machine?.wanted ?? desired,
          since: machine?.since ?? since,
          reason: machine?.reason ?? '',
          token: machine?.token ?? 0,
          attempts: machine?.attempts ?? 0,
          ...(machine?.retryAt === undefined ? {} : { retryAt: machine.retryAt }),
        });
      }
    }
    return views.sort((a, b) => (keyOf(a.id, a.node) < keyOf(b.id, b.node) ? -1 : 1));
  }

  #waitsFor({ requires, after = [] }: ServiceSpec): string {
    const missing = [...requires, ...after].filter((id) => this.#services.has(id) && !this.isUp(id));
    return missing.length === 0 ? '' : `waits for ${missing.join(', ')}`;
  }

  /** Queues of the nodes that serve, each with the node's own life. */
  servingQueues(): string[] {
    return [...this.#nodes.values()].filter(({ state }) => state === 'serving').map(({ queue }) => queue);
  }

  groups(): GroupView[] {
    return this.#groups
      .data()
      .map(({ id, machine: { state, since, reason } }) => ({ id, state, since, reason }));
  }

  nodes(): NodeView[] {
    return [...this.#nodes.values()].map(({ node, state, since, startedAt, registryVersion }) => ({
      node,
      state,
      since,
      startedAt,
      registryVersion,
      services: [...this.#runs.values()]
        .filter((run) => this.#isActive(run) && (run.told?.owner ?? run.node) === node)
        .map(({ id }) => id)
        .sort(),
    }));
  }
}

const keyOf = (id: string, node: string | undefined): RunKey => (node === undefined ? id : `${id}@${node}`);

const isOn = (run: Run, node: string): boolean => run.node === node || run.told?.owner === node;

const isIdle = ({ told }: Run): boolean =>
  told !== undefined && !told.machine.alive && told.machine.retryAt === undefined;

/** Whether what a run tells is the answer to what it was asked. */
function answers({ verb, token }: NonNullable<Run['asked']>, { machine, owner }: ServiceTold): boolean {
  switch (verb) {
    case 'start':
      return machine.token > token || (machine.alive && machine.wanted);
    case 'stop':
      return !machine.wanted;
    case 'handover':
      return machine.token > token || owner === undefined;
    case 'retire':
      return false;
  }
}

const sameSpec = (a: ServiceSpec, b: ServiceSpec): boolean => JSON.stringify(a) === JSON.stringify(b);
