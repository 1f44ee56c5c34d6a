// One scope of process groups as this node sees it: its own members, and what other nodes have told of theirs.
// G1: a node alone decides on its own members; of others it keeps what they said last. Views of two nodes differ for as long as a
//     change is on its way.
// G2: a change and what its subscribers are told of it are one step: a subscription misses nothing and hears nothing twice.
// G3: a process that joined a group n times is in its list n times, and gets what is sent to the group once.
import { WakeUp } from '../../core/wake-up-host.js';
import { GroupError } from '../../modules/pg/host.js';
import type { GroupChange, GroupSubscription } from '../../modules/pg/host.js';

/** How often each PID has joined, by group. */
export type Membership = Map<string, Map<string, number>>;

/** A change of how often a PID is in a group. */
export interface Delta {
  readonly group: string;
  readonly pid: string;
  readonly by: number;
}

export interface ScopeLimits {
  /** Groups that have a member; 0: any number. */
  readonly groups: number;
  /** Members of a group, each as often as it joined; 0: any number. */
  readonly members: number;
}

export class Scope {
  readonly id: string;
  limits: ScopeLimits;
  readonly #own: Membership = new Map();
  readonly #others = new Map<string, Membership>();
  readonly #subscriptions = new Set<Subscription>();

  constructor(id: string, limits: ScopeLimits) {
    this.id = id;
    this.limits = limits;
  }

  get own(): ReadonlyMap<string, ReadonlyMap<string, number>> {
    return this.#own;
  }

  /** All or none. Throws RateLimited at a limit of the scope. */
  join(pid: string, groups: readonly string[]): readonly Delta[] {
    const { groups: mostGroups, members: mostMembers } = this.limits;
    const all = new Set(this.groups(false));
    for (const group of groups) {
      all.add(group);
      if (mostGroups > 0 && all.size > mostGroups)
        throw new GroupError(
          'RateLimited',
          `the scope '${this.id}' has ${mostGroups} groups, all that its max_groups allows; '${group}' would be one more`,
        );
      if (mostMembers > 0 && this.members(group, false).length >= mostMembers)
        throw new GroupError(
          'RateLimited',
          `the group '${group}' of '${this.id}' has ${mostMembers} members, all that its max_members_per_group allows`,
        );
    }
    return this.#change(
      this.#own,
      groups.map((group) => ({ group, pid, by: 1 })),
    );
  }

  /** Those of the groups that it is in. Throws Invalid when there are none. */
  leave(pid: string, groups: readonly string[]): readonly Delta[] {
    const left = groups.filter((group) => this.#own.get(group)?.has(pid) === true);
    if (left.length === 0)
      throw new GroupError(
        'Invalid',
        `${pid} is no member of ${groups.map((group) => `'${group}'`).join(', ')} in the scope '${this.id}'`,
      );
    return this.#change(
      this.#own,
      left.map((group) => ({ group, pid, by: -1 })),
    );
  }

  /** It has ended. */
  forget(pid: string): readonly Delta[] {
    const deltas: Delta[] = [];
    for (const [group, members] of this.#own) {
      const times = members.get(pid);
      if (times !== undefined) deltas.push({ group, pid, by: -times });
    }
    return this.#change(this.#own, deltas);
  }

  /** Another node told of a change of its members. */
  changed(node: string, deltas: readonly Delta[]): void {
    this.#change(this.#membershipOf(node), deltas);
  }

  /** Another node told of all its members; undefined: it is gone. Only differences are told. */
  replaced(node: string, now: ReadonlyMap<string, ReadonlyMap<string, number>> | undefined): void {
    const before = this.#membershipOf(node);
    const deltas: Delta[] = [];
    for (const group of new Set([...before.keys(), ...(now?.keys() ?? [])])) {
      const had = before.get(group);
      const has = now?.get(group);
      for (const pid of new Set([...(had?.keys() ?? []), ...(has?.keys() ?? [])])) {
        const by = (has?.get(pid) ?? 0) - (had?.get(pid) ?? 0);
        if (by !== 0) deltas.push({ group, pid, by });
      }
    }
    this.#change(before, deltas);
    if (now === undefined) this.#others.delete(node);
  }

  members(group: string, local: boolean): readonly string[] {
    const pids: string[] = [];
    for (const membership of this.#memberships(local))
      for (const [pid, times] of membership.get(group) ?? [])
        for (let time = 0; time < times; time++) pids.push(pid);
    return pids;
  }

  groups(local: boolean): readonly string[] {
    const names = new Set<string>();
    for (const membership of this.#memberships(local)) for (const name of membership.keys()) names.add(name);
    return [...names].sort();
  }

  /** Nodes that have a member of the group. */
  nodesWith(group: string): readonly string[] {
    return [...this.#others].filter(([, membership]) => membership.has(group)).map(([node]) => node);
  }

  /** Of one group, or of all. */
  subscribe(group: string | undefined): GroupSubscription {
    const names = group === undefined ? this.groups(false) : [group];
    const members = new Map(names.map((name) => [name, this.members(name, false)]));
    const subscription = new Subscription(group, members, () => this.#subscriptions.delete(subscription));
    this.#subscriptions.add(subscription);
    return subscription;
  }

  #memberships(local: boolean): readonly Membership[] {
    return local ? [this.#own] : [this.#own, ...this.#others.values()];
  }

  #membershipOf(node: string): Membership {
    let membership = this.#others.get(node);
    if (membership === undefined) {
      membership = new Map<string, Map<string, number>>();
      this.#others.set(node, membership);
    }
    return membership;
  }

  /** G2 */
  #change(membership: Membership, deltas: readonly Delta[]): readonly Delta[] {
    const joined = new Map<string, string[]>();
    const left = new Map<string, string[]>();
    for (const { group, pid, by } of deltas) {
      let members = membership.get(group);
      if (members === undefined) {
        members = new Map<string, number>();
        membership.set(group, members);
      }
      const times = Math.max(0, (members.get(pid) ?? 0) + by);
      if (times === 0) members.delete(pid);
      else members.set(pid, times);
      if (members.size === 0) membership.delete(group);
      const told = by > 0 ? joined : left;
      const pids = told.get(group) ?? [];
      for (let time = 0; time < Math.abs(by); time++) pids.push(pid);
      told.set(group, pids);
    }
    this.#tell('member.joined', joined);
    this.#tell('member.left', left);
    return deltas;
  }

  #tell(kind: GroupChange['kind'], changes: ReadonlyMap<string, readonly string[]>): void {
    for (const [group, pids] of changes)
      for (const subscription of this.#subscriptions) subscription.tell({ kind, group, pids });
  }
}

class Subscription implements GroupSubscription {
  readonly members: ReadonlyMap<string, readonly string[]>;
  readonly #group: string | undefined;
  readonly #news = new WakeUp();
  readonly #onClose: () => void;
  #changes: GroupChange[] = [];
  #closed = false;

  constructor(
    group: string | undefined,
    members: ReadonlyMap<string, readonly string[]>,
    onClose: () => void,
  ) {
    this.#group = group;
    this.members = members;
    this.#onClose = onClose;
  }

  tell(change: GroupChange): void {
    if (this.#group !== undefined && this.#group !== change.group) return;
    this.#changes.push(change);
    this.#news.wake();
  }

  take(): readonly GroupChange[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  async next(signal: AbortSignal): Promise<readonly GroupChange[]> {
    while (this.#changes.length === 0 && !this.#closed && !signal.aborted) await this.#news.wait(signal);
    // Whoever gave up takes nothing with it: it may be closed with `flush`.
    return signal.aborted ? [] : this.take();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#onClose();
    this.#news.wake();
  }
}
