// Process groups of a node, and how nodes tell each other of their members.
// N1: when a node comes, each of the two tells the other all its members; from then on changes, in their order.
// N2: a change that did not reach a node is made up for: it is told everything anew, again and again, until it has heard it or is gone.
// N3: a process leaves its groups when it ends, and those of a node when the node does.
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { GroupError } from '../../modules/pg/host.js';
import type { GroupScope, GroupService, GroupSubscription } from '../../modules/pg/host.js';
import type { Entry } from '../../registry/model/entry.js';
import type { Peers } from '../../runtime/relay/peers.js';
import { Scope } from './scope.js';
import type { Delta } from './scope.js';

export interface GroupsOptions {
  readonly peers: Peers;
  /** An entry of the newest registry version. */
  readonly entry: (id: string) => Entry | undefined;
  /** Calls back when the process has ended, at once when it is not there; once for each call. */
  readonly whenEnded: (pid: string, ended: () => void) => void;
  /** Puts a message into a process of this node; one that is gone gets none. False: its inbox is full. */
  readonly deliver: (
    pid: string,
    message: { readonly topic: string; readonly from: string; readonly payloads: readonly Data[] },
  ) => boolean;
  /** A PID of this node as others know it. */
  readonly global: (pid: string) => string;
  /** Before everything is told anew (N2). Milliseconds. */
  readonly repairMs?: number;
}

/** A membership on its way. */
type MembershipList = readonly (readonly [
  group: string,
  members: readonly (readonly [pid: string, times: number])[],
])[];

const REPAIR_MS = 1_000;

export class Groups implements GroupService, Disposable {
  readonly #options: GroupsOptions;
  readonly #scopes = new Map<string, Scope>();
  /** PIDs whose end is waited for. */
  readonly #watched = new Set<string>();
  /** Nodes that are to be told everything anew. */
  readonly #repairs = new Map<string, NodeJS.Timeout>();

  constructor(options: GroupsOptions) {
    this.#options = options;
    const { peers } = options;
    peers.answer('pg.sync', (body, from) => this.#synced(body, from));
    peers.answer('pg.change', (body, from) => this.#changed(body, from));
    peers.answer('pg.broadcast', (body) => this.#broadcasted(body));
    peers.watch({
      up: (node) => this.#sync(node),
      down: (node) => {
        clearTimeout(this.#repairs.get(node));
        this.#repairs.delete(node);
        for (const scope of this.#scopes.values()) scope.replaced(node, undefined); // N3
      },
    });
  }

  scope(id: string): GroupScope {
    const entry = this.#options.entry(id);
    if (entry === undefined)
      throw new GroupError('Internal', `there is no scope '${id}'; it needs an entry of kind pg.scope`);
    if (entry.kind !== 'pg.scope')
      throw new GroupError('Internal', `'${id}' is of kind ${entry.kind}; a scope of groups is a pg.scope`);
    const scope = this.#scope(id);
    const most = (field: string): number => {
      const value = entry.data[field];
      return typeof value === 'number' ? value : 0;
    };
    scope.limits = { groups: most('max_groups'), members: most('max_members_per_group') };
    return {
      join: (pid, groups) => {
        this.#tell(id, scope.join(pid, groups));
        this.#watch(pid);
      },
      leave: (pid, groups) => this.#tell(id, scope.leave(pid, groups)),
      members: (group, local) => scope.members(group, local),
      groups: (local) => scope.groups(local),
      broadcast: (message, group, local) => {
        const here = new Set(scope.members(group, true));
        const full = [...here].filter((pid) => !this.#options.deliver(pid, message)).length;
        if (!local) this.#broadcastTo(scope.nodesWith(group), { ...message, scope: id, group });
        if (full > 0)
          throw new GroupError(
            'RateLimited',
            `the inboxes of ${full} of ${here.size} members on this node are full; they did not get the message`,
          );
      },
      subscribe: (group): GroupSubscription => scope.subscribe(group),
    };
  }

  [Symbol.dispose](): void {
    for (const timer of this.#repairs.values()) clearTimeout(timer);
    this.#repairs.clear();
  }

  /** Whether an entry says that it is there or not: other nodes may know it before this one does. */
  #scope(id: string): Scope {
    let scope = this.#scopes.get(id);
    if (scope === undefined) this.#scopes.set(id, (scope = new Scope(id, { groups: 0, members: 0 })));
    return scope;
  }

  #watch(pid: string): void {
    if (this.#watched.has(pid)) return;
    this.#watched.add(pid);
    this.#options.whenEnded(pid, () => {
      this.#watched.delete(pid);
      for (const [id, scope] of this.#scopes) this.#tell(id, scope.forget(pid));
    });
  }

  #tell(scope: string, deltas: readonly Delta[]): void {
    const { peers, global } = this.#options;
    if (deltas.length === 0 || peers.others.length === 0) return;
    const changes = deltas.map(({ group, pid, by }) => [group, global(pid), by]);
    for (const node of peers.others) {
      if (this.#repairs.has(node)) continue; // it is told everything
      peers.request(node, 'pg.change', dataObject({ scope, changes })).catch(() => this.#repair(node));
    }
  }

  #sync(node: string): void {
    const { peers, global } = this.#options;
    // Lists, since names are byte strings and the keys of the wire are not.
    const scopes = [...this.#scopes].map(([id, scope]) => [
      id,
      [...scope.own].map(([group, members]) => [
        group,
        [...members].map(([pid, times]) => [global(pid), times]),
      ]),
    ]);
    peers.request(node, 'pg.sync', dataObject({ scopes })).catch(() => this.#repair(node));
  }

  /** N2 */
  #repair(node: string): void {
    const { peers, repairMs = REPAIR_MS } = this.#options;
    if (this.#repairs.has(node) || !peers.others.includes(node)) return;
    const timer = setTimeout(() => {
      this.#repairs.delete(node);
      if (peers.others.includes(node)) this.#sync(node);
    }, repairMs);
    timer.unref();
    this.#repairs.set(node, timer);
  }

  #synced({ scopes = [] }: DataObject, from: string): Data {
    const told = new Map((scopes as [string, MembershipList][]).map(([id, groups]) => [id, groups]));
    for (const id of new Set([...this.#scopes.keys(), ...told.keys()]))
      this.#scope(id).replaced(
        from,
        new Map((told.get(id) ?? []).map(([group, members]) => [group, new Map(members)])),
      );
    return null;
  }

  #changed({ scope = '', changes = [] }: DataObject, from: string): Data {
    const deltas = (Array.isArray(changes) ? changes : []).map((change): Delta => {
      const [group, pid, by] = change as [string, string, number];
      return { group, pid, by };
    });
    this.#scope(typeof scope === 'string' ? scope : '').changed(from, deltas);
    return null;
  }

  #broadcastTo(
    nodes: readonly string[],
    {
      from,
      payloads,
      ...rest
    }: Parameters<GroupsOptions['deliver']>[1] & { readonly scope: string; readonly group: string },
  ): void {
    const body = dataObject({ ...rest, from: this.#options.global(from), payloads: [...payloads] });
    // Best effort, as the format has it: a node that is going has no members soon.
    for (const node of nodes) this.#options.peers.request(node, 'pg.broadcast', body).catch(() => undefined);
  }

  #broadcasted({ scope, group, topic, from, payloads }: DataObject): Data {
    const message = {
      topic: topic as string,
      from: from as string,
      payloads: Array.isArray(payloads) ? payloads : [],
    };
    const members = this.#scopes.get(scope as string)?.members(group as string, true) ?? [];
    for (const pid of new Set(members)) this.#options.deliver(pid, message);
    return null;
  }
}
