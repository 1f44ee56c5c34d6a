// Groups of services against OTP's rules: a world that carries out what the supervisor's table orders, and a second opinion that
// knows supervisors as OTP has them (one_for_one, one_for_all, rest_for_one; intensity and period; supervisors of supervisors).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  GroupSpec,
  ServiceMachine,
  ServiceSpec,
  ServiceState,
} from '../../../src/temporal/service-contracts.js';
import { turn, unknown } from '../../../workflows/supervision/machine.js';
import type { ServiceEvent } from '../../../workflows/supervision/machine.js';
import { ServiceTable } from '../../../workflows/supervision/table.js';
import type { Order, TableData } from '../../../workflows/supervision/table-state.js';

const SETTINGS: ServiceSpec['settings'] = {
  startTimeoutMs: 1000,
  stopTimeoutMs: 1000,
  stableMs: 5000,
  initialDelayMs: 1000,
  maxDelayMs: 8000,
  backoffFactor: 2,
  jitter: 0,
  maxAttempts: 0,
  adoptTimeoutMs: 15_000,
  placement: 'one_node',
  onLostLease: 'stop',
};

/** A tree as a test writes it: leaves are names. */
interface Tree extends Omit<GroupSpec, 'children'> {
  readonly name: string;
  readonly children: readonly (string | Tree)[];
}
const nameOf = (child: string | Tree): string => (typeof child === 'string' ? child : child.name);
const leavesOf = (child: string | Tree): string[] =>
  typeof child === 'string' ? [child] : child.children.flatMap(leavesOf);

function specsOf(root: Tree): ServiceSpec[] {
  const specs: ServiceSpec[] = [];
  let last: string[] = [];
  const visit = (child: string | Tree, group: string | undefined): void => {
    const common = {
      id: nameOf(child),
      autoStart: group === undefined,
      requires: [],
      settings: SETTINGS,
      ...(group === undefined ? {} : { group }),
    };
    if (typeof child === 'string') {
      specs.push({ ...common, kind: 'process.service', ...(last.length === 0 ? {} : { after: last }) });
      last = [child];
      return;
    }
    const { name: _name, children, ...rule } = child;
    specs.push({
      ...common,
      kind: 'process.supervisor',
      supervises: { ...rule, children: children.map(nameOf) },
    });
    for (const each of children) visit(each, child.name);
  };
  visit(root, undefined);
  return specs;
}

/** A node and the runs of services, which do at once what they are told; the table goes on as new after each step. */
class World {
  now = 1000;
  table: ServiceTable;
  readonly #machines = new Map<string, ServiceMachine>();
  #seq = 0;
  /** Beginnings and ends of lives, in their order. */
  log: string[] = [];
  readonly #groupOf: ReadonlyMap<string, string | undefined>;

  constructor(specs: readonly ServiceSpec[]) {
    this.#groupOf = new Map(specs.map(({ id, group }) => [id, group]));
    this.table = new ServiceTable(undefined, this.now);
    const { grants } = this.table.join(
      { node: 'n', queue: 'q', startedAt: 0, registryVersion: 1, services: specs, attributes: false },
      this.now,
    );
    for (const { service, token } of grants) {
      this.#give(
        this.table.began(
          { node: 'n', queue: 'q', lives: [{ service, token, state: 'Running', since: this.now }] },
          this.now,
        ),
      );
    }
    this.settle();
  }

  settle(): void {
    for (let orders = this.#orders(); orders.length > 0; orders = this.#orders()) this.#give(orders);
    this.table = new ServiceTable(JSON.parse(JSON.stringify(this.table.data())) as TableData, this.now);
  }
  #orders(): Order[] {
    return this.table.orders(this.now);
  }
  #give(orders: readonly Order[]): void {
    for (const order of orders) {
      if (order.type === 'begin') {
        const { granted, token } = order.run;
        if (granted === undefined) this.#feed(order.key, { type: 'start' }, token);
        else this.#feed(order.key, { type: 'granted', ...granted }, token);
      } else if (order.command.verb === 'start' || order.command.verb === 'stop')
        this.#feed(order.key, { type: order.command.verb });
    }
  }
  #feed(id: string, event: ServiceEvent, token = 0): void {
    const before = this.#machines.get(id) ?? unknown(token, this.now);
    const { machine, effect } = turn(
      before,
      event,
      { ...SETTINGS, ofNode: false, grouped: this.#groupOf.get(id) !== undefined },
      { now: this.now, chance: () => 0.5 },
    );
    this.#machines.set(id, machine);
    if (effect?.type === 'begin' || effect?.type === 'adopt') this.log.push(`+${id}`);
    if (effect?.type === 'wait') throw new Error(`${id} waits by itself`);
    this.#tell(id);
    if (effect?.type === 'begin') this.#feed(id, { type: 'running', token: effect.token });
    if (effect?.type === 'stop') {
      this.log.push(`-${id}`);
      this.#feed(id, { type: 'ended', token: effect.token, end: 'stopped', reason: '', ranMs: 0 });
    }
  }
  #tell(id: string): void {
    this.#seq += 1;
    const machine = this.#machines.get(id)!;
    this.table.told({ id, seq: this.#seq, machine, ...(machine.alive ? { owner: 'n' } : {}) }, this.now);
  }

  isRunning(id: string): boolean {
    return this.#machines.get(id)?.state === 'Running';
  }
  end(id: string, end: 'failed' | 'returned'): void {
    const { token } = this.#machines.get(id)!;
    this.#feed(id, { type: 'ended', token, end, reason: 'it broke', ranMs: 0 });
    this.settle();
  }
  pass(ms: number): void {
    for (const until = this.now + ms; ;) {
      const due = this.table.nextDue();
      if (due === undefined || due > until) {
        this.now = until;
        return;
      }
      this.now = Math.max(this.now, due);
      this.table.due(this.now);
      this.settle();
    }
  }
  stateOf(id: string): ServiceState | undefined {
    return this.table.views.services().find((each) => each.id === id)?.state;
  }
  command(verb: 'start' | 'stop', id: string): void {
    this.#give(this.table[verb](id, this.now));
    this.settle();
  }
}

/** Supervisors as OTP has them; a root that gave up starts again after a delay that doubles. */
class Otp {
  readonly up = new Map<string, boolean>();
  log: string[] = [];
  now = 1000;
  dueAt: number | undefined;
  readonly #restarts = new Map<string, number[]>();
  readonly #stopped = new Set<string>();
  #failures = 0;
  #upSince = 1000;
  readonly #root: Tree;

  constructor(root: Tree) {
    this.#root = root;
    this.#start(root);
  }

  #start(child: string | Tree): void {
    if (typeof child === 'string') {
      this.up.set(child, true);
      this.log.push(`+${child}`);
      return;
    }
    this.#restarts.set(child.name, []);
    for (const each of child.children) this.#start(each);
  }
  #terminate(children: readonly (string | Tree)[]): void {
    for (const leaf of children.flatMap(leavesOf).reverse())
      if (this.up.get(leaf) === true) {
        this.up.set(leaf, false);
        this.#stopped.add(leaf);
      }
  }
  /** What several supervisors stop one after the other, each its own, stops in one go here, all in reverse. */
  #flush(): void {
    for (const leaf of leavesOf(this.#root).reverse())
      if (this.#stopped.delete(leaf)) this.log.push(`-${leaf}`);
  }
  /** The tree that has it, and the child of it. */
  #parentOf(name: string, tree = this.#root): Tree | undefined {
    if (tree.children.some((child) => nameOf(child) === name)) return tree;
    for (const child of tree.children) {
      const found = typeof child === 'string' ? undefined : this.#parentOf(name, child);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  end(leaf: string, how: 'failed' | 'returned'): void {
    this.up.set(leaf, false);
    if (how === 'failed') this.#failed(leaf);
    this.#flush();
  }
  #failed(name: string): void {
    const tree = this.#parentOf(name);
    if (tree === undefined) {
      this.#failures = this.now - this.#upSince >= SETTINGS.stableMs ? 1 : this.#failures + 1;
      this.dueAt =
        this.now + Math.min(SETTINGS.maxDelayMs, SETTINGS.initialDelayMs * 2 ** (this.#failures - 1));
      return;
    }
    const kept = (this.#restarts.get(tree.name) ?? []).filter((at) => this.now - at <= tree.withinMs);
    kept.push(this.now);
    this.#restarts.set(tree.name, kept);
    if (kept.length > tree.maxRestarts) {
      this.#terminate(tree.children);
      this.#failed(tree.name);
      return;
    }
    const at = tree.children.findIndex((child) => nameOf(child) === name);
    const affected =
      tree.strategy === 'one_for_all'
        ? tree.children
        : tree.strategy === 'rest_for_one'
          ? tree.children.slice(at)
          : [tree.children[at]!];
    this.#terminate(affected);
    this.#flush();
    for (const child of affected) this.#start(child);
  }
  pass(ms: number): void {
    const until = this.now + ms;
    if (this.dueAt !== undefined && this.dueAt <= until) {
      this.now = this.dueAt;
      this.dueAt = undefined;
      this.#start(this.#root);
      this.#upSince = this.now;
    }
    this.now = until;
  }
}

const rule = fc.record({
  strategy: fc.constantFrom('one_for_one' as const, 'one_for_all' as const, 'rest_for_one' as const),
  maxRestarts: fc.integer({ min: 0, max: 3 }),
  withinMs: fc.constantFrom(100, 5000),
});
const tree: fc.Arbitrary<Tree> = fc
  .record({
    root: rule,
    inner: rule,
    innermost: rule,
    /** How many leaves are before, in and after the inner groups. */
    sizes: fc.tuple(...([0, 1, 0, 1, 0] as const).map((min) => fc.integer({ min, max: 2 }))),
  })
  .map(({ root, inner, innermost, sizes }): Tree => {
    let named = 0;
    const leaves = (count: number): string[] => Array.from({ length: count }, () => `app:c${(named += 1)}`);
    const [a, b, c, d, e] = sizes as [number, number, number, number, number];
    const first = leaves(a);
    const second = leaves(b);
    const third = leaves(d);
    return {
      name: 'app:root',
      ...root,
      children: [
        ...first,
        {
          name: 'app:inner',
          ...inner,
          children: [...second, { name: 'app:innermost', ...innermost, children: third }, ...leaves(c)],
        },
        ...leaves(e),
      ],
    };
  });
const happening = fc.record({
  leaf: fc.nat(),
  how: fc.constantFrom('failed' as const, 'failed' as const, 'failed' as const, 'returned' as const),
  ms: fc.constantFrom(0, 1, 50, 101, 2000, 6000),
});

describe('groups of services', () => {
  it('start and stop as supervisors of OTP do, through 500 random trees and histories of failures', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(tree, fc.array(happening, { minLength: 3, maxLength: 40 }), (root, history) => {
        const world = new World(specsOf(root));
        const otp = new Otp(root);
        const leaves = leavesOf(root);
        expect(world.log).toEqual(otp.log);
        for (const { leaf, how, ms } of history) {
          const running = leaves.filter((each) => otp.up.get(each) === true);
          // What has ended altogether is another test's.
          const isLast = how === 'returned' && running.length <= 1;
          const id = running[leaf % Math.max(1, running.length)];
          world.log = [];
          otp.log = [];
          if (id !== undefined && !isLast) {
            world.end(id, how);
            otp.end(id, how);
          }
          expect(world.log, `${id ?? 'nobody'} ${how}`).toEqual(otp.log);
          for (const each of leaves) expect(world.isRunning(each), each).toBe(otp.up.get(each));
          const state = world.stateOf('app:root');
          expect(state === 'Failed', 'a root that gave up waits').toBe(otp.dueAt !== undefined);
          expect(world.table.nextDue()).toBe(otp.dueAt);
          if (state === 'Failed') seen.add('gave up');
          if (world.log.length > 2) seen.add('several');
          world.log = [];
          otp.log = [];
          world.pass(ms);
          otp.pass(ms);
          expect(world.log).toEqual(otp.log);
          if (world.log.length > 0) seen.add('again');
        }
      }),
      { numRuns: 500 },
    );
    expect([...seen].sort()).toEqual(['again', 'gave up', 'several']);
  });

  const team: Tree = {
    name: 'app:team',
    strategy: 'one_for_all',
    maxRestarts: 1,
    withinMs: 5000,
    children: ['app:a', 'app:b', 'app:c'],
  };

  it('stop in reverse when they are told to, and start all of their children when they are started', () => {
    const world = new World(specsOf(team));
    expect(world.stateOf('app:team')).toBe('Running');
    world.log = [];
    world.command('stop', 'app:team');
    expect(world.log).toEqual(['-app:c', '-app:b', '-app:a']);
    expect(world.stateOf('app:team')).toBe('Stopped');
    world.log = [];
    world.command('start', 'app:team');
    expect(world.log).toEqual(['+app:a', '+app:b', '+app:c']);
    expect(world.stateOf('app:team')).toBe('Running');
  });

  it('leave a child alone that somebody has stopped, and end when all have ended by themselves', () => {
    const world = new World(specsOf(team));
    world.command('stop', 'app:b');
    expect(world.isRunning('app:a') && world.isRunning('app:c')).toBe(true);
    world.log = [];
    world.end('app:c', 'failed');
    expect(world.log).toEqual(['-app:a', '+app:a', '+app:c']);
    world.command('start', 'app:b');
    for (const id of ['app:b', 'app:a', 'app:c']) world.end(id, 'returned');
    expect(world.stateOf('app:team')).toBe('Exited');
    expect(world.isRunning('app:b')).toBe(false);
  });

  it('start for the sake of a child, and then not the others', () => {
    const world = new World(specsOf(team));
    world.command('stop', 'app:team');
    world.command('start', 'app:c');
    expect(world.stateOf('app:team')).toBe('Running');
    expect(['app:a', 'app:b', 'app:c'].map((id) => world.isRunning(id))).toEqual([false, false, true]);
  });

  it('wait longer with each time that they gave up, and say which child it was', () => {
    const world = new World(specsOf({ ...team, maxRestarts: 0 }));
    world.end('app:b', 'failed');
    expect(world.table.nextDue()).toBe(world.now + 1000);
    expect(world.table.views.services().find(({ id }) => id === 'app:team')).toMatchObject({
      state: 'Failed',
      attempts: 1,
      reason: 'app:b failed again, and max_restarts is 0 within 5000 ms: it broke',
    });
    world.pass(1000);
    world.end('app:a', 'failed');
    expect(world.table.nextDue()).toBe(world.now + 2000);
    world.command('start', 'app:team'); // now, and what was is forgotten
    expect(world.stateOf('app:team')).toBe('Running');
    expect(world.table.nextDue()).toBeUndefined();
  });
});
