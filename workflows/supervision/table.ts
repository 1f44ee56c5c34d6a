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
import type {
  BegunLife,
  GrantedLife,
  NodeBegan,
  NodeGrant,
  NodeJoin,
  ServiceCommand,
  ServicesDeclared,
  ServiceSpec,
  ServiceTold,
} from '../../src/temporal/service-contracts.js';
import { Grants } from './grants.js';
import { NodeTable } from './node-table.js';
import { ServiceOrder } from './order.js';
import { isIdle, keyOf, TableState } from './table-state.js';
import type { Order, Run, RunKey, TableData } from './table-state.js';
import { TableViews } from './views.js';
export class ServiceTable {
  readonly nodes: NodeTable;
  readonly views: TableViews;
  readonly #state: TableState;
  readonly #order: ServiceOrder;
  readonly #grants: Grants;

  constructor(data: TableData | undefined, now: number, chance: () => number = Math.random) {
    this.#state = new TableState(data, now, chance);
    this.#order = new ServiceOrder(this.#state);
    this.#grants = new Grants(this.#state, this.#order);
    this.nodes = new NodeTable(this.#state);
    this.views = new TableViews(this.#state);
  }

  data(): TableData {
    return this.#state.data();
  }

  keys(): RunKey[] {
    return [...this.#state.runs.keys()];
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
    this.#state.now = now;
    const before = this.#state.nodes.get(join.node);
    // Another life of the node: the one before is gone.
    const orders =
      before === undefined || before.queue === join.queue ? [] : this.nodes.loseLives(join.node, 'all');
    const cold = !this.#state.anyServing();
    if (cold) {
      for (const service of this.#state.services.values()) service.desired = false; // T6, see declare
      this.#state.groups.rest(now);
    }
    this.#state.nodes.set(join.node, {
      node: join.node,
      queue: join.queue,
      state: 'serving',
      since: now,
      startedAt: join.startedAt,
      registryVersion: join.registryVersion,
    });
    this.#state.attributes = join.attributes;
    if (cold) this.#state.version = Math.min(this.#state.version, join.registryVersion);
    this.declare(join, now);
    if (cold)
      for (const service of this.#state.services.values())
        if (service.spec.autoStart) this.#state.desire(service.spec.id, now);
    this.nodes.forgetNodes();
    return {
      watch:
        before === undefined ||
        before.queue !== join.queue ||
        before.state !== 'serving' ||
        join.again === true,
      grants: this.#grants.grant(join),
      orders,
    };
  }

  /** What became of lives that were granted: their runs hear of it. */
  began({ node, queue, lives }: NodeBegan, now: number): Order[] {
    const orders: Order[] = [];
    const told: readonly BegunLife[] = Array.isArray(lives) ? (lives as readonly BegunLife[]) : [];
    for (const { service: id, token, state, since } of told) {
      const spec = this.#state.services.get(id)?.spec;
      const key = spec?.settings.placement === 'one_node' ? id : keyOf(id, node);
      const run = this.#state.runs.get(key);
      if (spec === undefined || run?.granted === undefined) continue;
      if (run.granted.token !== token || run.granted.queue !== queue) continue;
      delete run.granted;
      if (state === 'declined') {
        delete run.asked;
        if (run.told === undefined) this.#state.runs.delete(key);
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

  /** What has to be told to runs. */
  declare(
    { registryVersion, services }: ServicesDeclared,
    now: number,
  ): { key: RunKey; command: ServiceCommand }[] {
    this.#state.now = now;
    if (registryVersion < this.#state.version) return [];
    this.#state.version = registryVersion;
    const commands: { key: RunKey; command: ServiceCommand }[] = [];
    const ids = new Set(services.map(({ id }) => id));
    for (const [id, service] of this.#state.services)
      if (!ids.has(id)) {
        service.removed = true;
        service.desired = false;
        if (service.spec.supervises === undefined) continue;
        this.#state.groups.remove(id);
        this.#state.services.delete(id);
      }
    for (const { id, supervises } of services) if (supervises !== undefined) this.#state.groups.add(id, now);
    const begun: string[] = [];
    for (const spec of services) {
      const known = this.#state.services.get(spec.id);
      const fresh = known === undefined || known.removed === true;
      const joins = fresh && this.#state.groups.get(spec.group ?? '')?.machine.alive === true;
      const begins = joins || (spec.autoStart && (fresh || !known.spec.autoStart));
      if (known === undefined) this.#state.services.set(spec.id, { spec, desired: false, since: 0 });
      else {
        if (!sameSpec(known.spec, spec))
          for (const key of this.#state.keysOf(spec.id))
            commands.push({ key, command: { verb: 'settings', spec } });
        known.spec = spec;
        delete known.removed;
      }
      if (begins) begun.push(spec.id);
    }
    for (const id of begun) this.#state.desire(id, now);
    return commands;
  }

  /** True when it is news. */
  told(told: ServiceTold, now: number): boolean {
    this.#state.now = now;
    if (typeof told !== 'object' || typeof told.id !== 'string' || typeof told.machine !== 'object')
      return false;
    const key = keyOf(told.id, told.node);
    const run: Run = this.#state.runs.get(key) ?? {
      id: told.id,
      ...(told.node === undefined ? {} : { node: told.node }),
    };
    if (run.told !== undefined && told.seq < run.told.seq && told.machine.token <= run.told.machine.token)
      return false;
    this.#state.tokens.set(told.id, Math.max(this.#state.tokens.get(told.id) ?? 0, told.machine.token));
    if (told.retired === true) {
      this.#state.runs.delete(key);
      if (this.#state.services.get(told.id)?.removed === true && this.#state.keysOf(told.id).length === 0)
        this.#state.services.delete(told.id);
      return true;
    }
    run.told = told;
    this.#state.runs.set(key, run);
    if (run.asked !== undefined && answers(run.asked, told)) delete run.asked;
    const { state, retryAt, token, reason } = told.machine;
    const own = this.#state.services.get(told.id);
    if (own?.spec.group !== undefined && state === 'Failed') {
      if (run.asked === undefined && own.counted !== token) {
        own.counted = token;
        this.#state.groups.childFailed(told.id, reason, now);
      }
    } else if (
      run.asked === undefined &&
      (state === 'Exited' || (state === 'Failed' && retryAt === undefined))
    ) {
      const service = this.#state.services.get(told.id);
      if (
        service !== undefined &&
        this.#state.keysOf(told.id).every((each) => !this.#state.isActive(this.#state.runs.get(each)))
      )
        service.desired = false; // T5
    }
    return true;
  }

  /** The run has this life, as far as the supervisor knows. */
  isAlive(key: RunKey, token: number): boolean {
    const machine = this.#state.runs.get(key)?.told?.machine;
    return machine?.alive === true && machine.token === token;
  }

  /** The run has gone without a word. */
  isGone(key: RunKey): void {
    this.#state.runs.delete(key);
    const { id } = this.partsOf(key);
    if (this.#state.services.get(id)?.removed === true && this.#state.keysOf(id).length === 0)
      this.#state.services.delete(id);
  }

  start(id: string, now: number): Order[] {
    this.#state.desire(id, now);
    this.#state.groups.start(id, now);
    const orders: Order[] = [];
    for (const key of this.#state.keysOf(id)) {
      const run = this.#state.runs.get(key);
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
    for (const each of this.#order.withDependents(id)) {
      const service = this.#state.services.get(each);
      if (service !== undefined) service.desired = false;
      this.#state.groups.stop(each, now);
    }
    return [];
  }

  /** Which of the service and what requires it are to run. */
  running(id: string): string[] {
    return this.#order.withDependents(id).filter((each) => this.#state.services.get(each)?.desired === true);
  }

  isUp(id: string): boolean {
    return this.#state.isUp(id);
  }

  /** It has ended by itself, or waits after a failure. */
  isGivenUp(id: string): boolean {
    const group = this.#state.groups.get(id)?.machine.state;
    if (group !== undefined) return group === 'Failed' || group === 'Exited';
    return this.#state.keysOf(id).some((key) => {
      const run = this.#state.runs.get(key);
      const state = run?.told?.machine.state;
      return run?.asked === undefined && (state === 'Exited' || state === 'Failed');
    });
  }

  isDown(id: string): boolean {
    return this.#order
      .withDependents(id)
      .every((each) =>
        this.#state.keysOf(each).every((key) => !this.#state.isActive(this.#state.runs.get(key))),
      );
  }

  /** When a group that has failed starts again. */
  nextDue(): number | undefined {
    return this.#state.groups.nextDue();
  }

  due(now: number): void {
    this.#state.now = now;
    this.#state.groups.due(now);
  }

  /** What is to be done now; taken as done. */
  orders(now: number): Order[] {
    this.#state.now = now;
    this.#state.groups.settle(now);
    const orders: Order[] = [];
    for (const service of this.#state.services.values()) {
      service.since ||= now;
      for (const key of this.#state.targets(service.spec.id)) {
        const { node } = this.partsOf(key);
        const run = this.#state.runs.get(key);
        if (!this.#state.isWanted(service, node) || !this.#order.isReady(service.spec, node)) continue;
        if (run === undefined) orders.push(this.#begin(service.spec, key, node));
        else if (run.asked === undefined && isIdle(run)) {
          run.asked = { verb: 'start', token: run.told?.machine.token ?? 0 };
          orders.push({ type: 'send', key, command: { verb: 'start' } });
        }
      }
    }
    for (const [key, run] of this.#state.runs) {
      if (run.granted !== undefined || this.#order.stopsItself(run)) continue; // T8, T10
      const service = this.#state.services.get(run.id);
      const gone = service === undefined || service.removed === true || this.#state.isNodeGone(run.node);
      if (!gone && this.#state.isWanted(service, run.node)) {
        this.#handOver(key, run, orders);
        continue;
      }
      if (run.asked?.verb === 'stop' || run.asked?.verb === 'retire') continue;
      if (gone && !this.#state.isActive(run)) orders.push(this.#ask(key, run, 'retire'));
      else if (this.#state.isActive(run) && this.#order.isFree(run))
        orders.push(this.#ask(key, run, gone ? 'retire' : 'stop'));
    }
    return orders;
  }

  #handOver(key: RunKey, run: Run, orders: Order[]): void {
    const owner = run.told?.owner;
    if (run.node !== undefined || owner === undefined || run.asked !== undefined) return;
    const state = this.#state.nodes.get(owner)?.state;
    if (state !== 'draining' || !this.#state.isActive(run)) return;
    run.asked = { verb: 'handover', token: run.told?.machine.token ?? 0 }; // T4
    orders.push({ type: 'send', key, command: { verb: 'handover', node: owner } });
  }

  #ask(key: RunKey, run: Run, verb: 'stop' | 'retire'): Order {
    run.asked = { verb, token: run.told?.machine.token ?? 0 };
    return { type: 'send', key, command: { verb } };
  }

  #begin(spec: ServiceSpec, key: RunKey, node: string | undefined): Order {
    const token = this.#state.tokens.get(spec.id) ?? this.#state.firstToken; // T7
    this.#state.runs.set(key, {
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
    const queue = node === undefined ? undefined : this.#state.nodes.get(node)?.queue;
    return {
      type: 'begin',
      key,
      run: {
        spec,
        attributes: this.#state.attributes,
        token,
        ...(node === undefined ? {} : { node }),
        ...(queue === undefined ? {} : { queue }),
        ...(granted === undefined ? {} : { granted }),
      },
    };
  }
}

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
