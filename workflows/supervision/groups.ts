// Groups of services: process.supervisor entries. Sealed and pure; the supervisor's table asks it what may run, and tells it what failed.
// G1: a group is a service without a node: its life is that of its children together, and its state follows machine.ts. It is
//     Running once each of its children runs or has ended by itself, and stays so while some of them start again.
// G2: its children start in their order, each when the one before runs or is not meant to, and stop in reverse (ServiceSpec.after).
// G3: a child that fails is started again at once: alone (one_for_one), with those after it (rest_for_one), or with all (one_for_all).
//     Those that run are stopped first. What had ended by itself starts again with them; what somebody has stopped does not.
// G4: each failure counts once; that of a child which is being stopped does not.
// G5: where more than maxRestarts of them fall within withinMs the group fails, and all its children stop. A group of a group is a
//     failed child there (G3); any other starts again as machine.ts says (R8).
// G6: a group that starts again has no failures behind it, and starts all of its children.
// G7: where all children have ended by themselves so has the group.
import { toBytes } from '../../src/core/text.js';
import type { GroupSpec, ServiceMachine, ServiceSpec } from '../../src/temporal/service-contracts.js';
import { turn, unknown } from './machine.js';
import type { ServiceEvent } from './machine.js';

export interface GroupData {
  readonly id: string;
  machine: ServiceMachine;
  /** When children failed that counts still, oldest first. */
  restarts: number[];
  /** Children that wait to start again until all of them have stopped (G3). */
  again: string[];
}

/** What the groups ask of the table about services that are none. */
export interface Members {
  spec(id: string): ServiceSpec | undefined;
  isDesired(id: string): boolean;
  desire(id: string, desired: boolean): void;
  isUp(id: string): boolean;
  /** Nothing of it runs, starts or is being stopped. */
  isDown(id: string): boolean;
  /** It has ended by itself. */
  hasExited(id: string): boolean;
}

export class Groups {
  readonly #groups: Map<string, GroupData>;
  readonly #members: Members;
  readonly #chance: () => number;

  constructor(members: Members, chance: () => number, data: readonly GroupData[] = []) {
    this.#members = members;
    this.#chance = chance;
    this.#groups = new Map(
      data.map(({ id, machine, restarts, again }) => [
        id,
        { id, machine, restarts: [...restarts], again: [...again] },
      ]),
    );
  }

  data(): GroupData[] {
    return [...this.#groups.values()];
  }

  get(id: string): GroupData | undefined {
    return this.#groups.get(id);
  }

  add(id: string, now: number): void {
    if (!this.#groups.has(id))
      this.#groups.set(id, { id, machine: unknown(0, now), restarts: [], again: [] });
  }

  remove(id: string): void {
    this.#groups.delete(id);
  }

  /** The services in it that are no groups, in their order; of a service that is none itself. */
  leaves(id: string): string[] {
    const children = this.#members.spec(id)?.supervises?.children;
    return children === undefined ? [id] : children.flatMap((child) => this.leaves(child));
  }

  /** Whether the groups that it is in let it run. */
  permits(id: string): boolean {
    for (let child = id; ;) {
      const group = this.#parentOf(child);
      if (group === undefined) return true;
      const { alive, state } = group.machine;
      if (!alive || state === 'Stopping' || group.again.includes(child)) return false;
      child = group.id;
    }
  }

  start(id: string, now: number): void {
    const group = this.#groups.get(id);
    if (group === undefined) return;
    const { alive } = group.machine;
    this.#feed(group, { type: 'start' }, now);
    if (alive)
      for (const child of this.#specOf(group)?.children ?? []) {
        this.#members.desire(child, true);
        this.start(child, now);
      }
    this.wake(id, now);
  }

  /** The groups that it is in are to run, for its sake. */
  wake(id: string, now: number): void {
    const group = this.#parentOf(id);
    if (group === undefined) return;
    if (!group.machine.alive) this.#feed(group, { type: 'start' }, now, false);
    this.wake(group.id, now);
  }

  stop(id: string, now: number): void {
    const group = this.#groups.get(id);
    if (group === undefined) return;
    group.again = [];
    this.#feed(group, { type: 'stop' }, now);
    for (const child of this.#specOf(group)?.children ?? []) this.stop(child, now);
  }

  /** Nothing of the app runs any more. */
  rest(now: number): void {
    for (const group of this.#groups.values()) {
      const { machine } = group;
      this.#feed(group, { type: 'stop' }, now);
      if (machine.alive) this.#end(group, 'stopped', '', now);
      group.restarts = [];
      group.again = [];
    }
  }

  /** G3 to G5. */
  childFailed(child: string, reason: string, now: number): void {
    const group = this.#parentOf(child);
    const spec = group === undefined ? undefined : this.#specOf(group);
    if (group === undefined || spec === undefined || !this.permits(child)) return; // G4
    if (!this.#groups.has(child) && !this.#members.isDesired(child)) return;
    group.restarts = [...group.restarts.filter((at) => now - at <= spec.withinMs), now];
    if (group.restarts.length > spec.maxRestarts) {
      const limit = `max_restarts is ${spec.maxRestarts} within ${spec.withinMs} ms`;
      this.#giveUp(group, toBytes(`${child} failed again, and ${limit}: `) + reason, now);
      return;
    }
    const affected = affectedBy(spec, child);
    group.again = spec.children.filter((each) => group.again.includes(each) || affected.includes(each));
    for (const leaf of affected.flatMap((each) => this.leaves(each)))
      if (this.#members.hasExited(leaf)) this.#members.desire(leaf, true);
    group.machine = { ...group.machine, reason: toBytes(`${child} failed: `) + reason };
  }

  /** G5. */
  #giveUp(group: GroupData, reason: string, now: number): void {
    this.#end(group, 'failed', reason, now);
    group.again = [];
    for (const child of this.#specOf(group)?.children ?? []) this.stop(child, now);
    if (this.#members.spec(group.id)?.group !== undefined) this.childFailed(group.id, reason, now);
    else if (group.machine.retryAt === undefined) this.#undesire(group);
  }

  /** It is not meant to run any more, nor what is in it. */
  #undesire(group: GroupData): void {
    for (const id of [group.id, ...this.leaves(group.id)]) this.#members.desire(id, false);
  }

  /** What follows from how the children are. */
  settle(now: number): void {
    for (let changed = true; changed;) {
      changed = false;
      for (const group of this.#groups.values()) if (this.#settleOne(group, now)) changed = true;
    }
  }

  #settleOne(group: GroupData, now: number): boolean {
    const { machine, again } = group;
    const down = (id: string): boolean => this.leaves(id).every((leaf) => this.#members.isDown(leaf));
    if (machine.state === 'Stopping') {
      if (!down(group.id)) return false;
      this.#end(group, 'stopped', '', now);
      return true;
    }
    if (!machine.alive) return false;
    if (again.length > 0) {
      if (!again.every(down)) return false;
      group.again = [];
      for (const child of again) this.#beginAgain(child, now);
      return true;
    }
    const leaves = this.leaves(group.id);
    const exited = (leaf: string): boolean => this.#members.hasExited(leaf) && !this.#members.isDesired(leaf);
    if (leaves.length > 0 && leaves.every(exited)) {
      this.#end(group, 'returned', '', now); // G7
      this.#undesire(group);
      return true;
    }
    if (
      machine.state !== 'Starting' ||
      !leaves.every((leaf) => !this.#members.isDesired(leaf) || this.#members.isUp(leaf))
    )
      return false;
    this.#feed(group, { type: 'running', token: machine.token }, now); // G1
    return true;
  }

  /** A child that starts again, where it is a group (G6). */
  #beginAgain(child: string, now: number): void {
    const group = this.#groups.get(child);
    if (group === undefined) return;
    const { alive } = group.machine;
    this.#feed(group, { type: 'start' }, now);
    if (alive) this.#end(group, 'lost', '', now);
  }

  /** When the next group starts again that has failed. */
  nextDue(): number | undefined {
    let next: number | undefined;
    for (const { machine } of this.#groups.values())
      if (machine.retryAt !== undefined && (next === undefined || machine.retryAt < next))
        next = machine.retryAt;
    return next;
  }

  /** Starts those that have waited long enough. */
  due(now: number): void {
    for (const group of this.#groups.values())
      if (group.machine.retryAt !== undefined && group.machine.retryAt <= now)
        this.#feed(group, { type: 'due' }, now);
  }

  #end(group: GroupData, end: 'stopped' | 'failed' | 'returned' | 'lost', reason: string, now: number): void {
    const { token, state, since } = group.machine;
    const ranMs = state === 'Running' ? now - since : 0;
    this.#feed(group, { type: 'ended', token, end, reason, ranMs }, now);
  }

  #feed(group: GroupData, event: ServiceEvent, now: number, withChildren = true): void {
    const spec = this.#members.spec(group.id);
    if (spec === undefined) return;
    const { machine, effect } = turn(
      group.machine,
      event,
      { ...spec.settings, onLostLease: 'stop', ofNode: false, grouped: spec.group !== undefined },
      { now, chance: this.#chance },
    );
    group.machine = machine;
    if (effect?.type !== 'begin') return;
    group.restarts = []; // G6
    group.again = [];
    if (!withChildren) return;
    for (const child of this.#specOf(group)?.children ?? []) {
      const lives = this.#groups.get(child)?.machine.alive === true;
      this.#members.desire(child, true);
      if (lives) this.#beginAgain(child, now);
      else this.start(child, now);
    }
  }

  #parentOf(id: string): GroupData | undefined {
    return this.#groups.get(this.#members.spec(id)?.group ?? '');
  }

  #specOf(group: GroupData): GroupSpec | undefined {
    return this.#members.spec(group.id)?.supervises;
  }
}

function affectedBy({ strategy, children }: GroupSpec, child: string): readonly string[] {
  switch (strategy) {
    case 'one_for_one':
      return [child];
    case 'rest_for_one':
      return children.slice(children.indexOf(child));
    case 'one_for_all':
      return children;
  }
}
