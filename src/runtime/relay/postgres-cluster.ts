// Names and locks of a cluster in rows of its Postgres (migration 0002), and what each node knows of the names.
// N1: a row belongs to the life of the owner's node and goes with it. A node that was given up has lost its names and locks: the
//     owners of names are asked to end, with the reason `name revoked: NAME`.
// N2: each node has a copy of the names, which follows the rows by some milliseconds; who registers a name has it in its own copy
//     before it is answered.
// N3: a strong name is its owner's once every node that is there has it in its copy and knows no other owner.
// N4: an eventual name is given at once also while the store is away; where another process has it when it is back, it is revoked.
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import type { Logger } from '../../core/logger.js';
import { formatPid, globalPid, tryPid } from '../../core/ids.js';
import { StoreUnavailableError } from '../../registry/store/registry-store.js';
import { asText } from '../../registry/store/rows.js';
import { CallError } from '../errors.js';
import { ClusterError, lockTaken, nameTaken, nobody, planeOf } from './cluster.js';
import type { Cluster, NameScope, Plane, ProcessesOfNode } from './cluster.js';
import { PeerError } from './peers.js';
import type { PostgresPeers } from './postgres-peers.js';

export interface PostgresClusterOptions {
  readonly peers: PostgresPeers;
  readonly processes: ProcessesOfNode;
  readonly logger: Logger;
  /** How long the nodes may take to agree to a strong name. Milliseconds. Default 5 000. */
  readonly agreeMs?: number;
}

const AGREE_MS = 5_000;
const TRIES = 5;
/** Before what the store did not take is tried again. Milliseconds. */
const AGAIN_MS = 1_000;

const hex = (name: string): string => Buffer.from(name, 'latin1').toString('hex');
const unhex = (text: string): string => Buffer.from(text, 'hex').toString('latin1');

export class PostgresCluster implements Cluster {
  readonly #options: PostgresClusterOptions;
  #names: Readonly<Record<Plane, Map<string, string>>> = { consistent: new Map(), eventual: new Map() };
  readonly #watched = new Set<string>();
  /** Eventual names that the store has not taken yet. */
  readonly #unwritten = new Map<string, string>();
  /** Strong names of other nodes that this one has agreed to and that are not ready yet. */
  readonly #agreed = new Map<string, string>();
  #loading: Promise<void> | undefined;
  #loadAgain = false;
  #loaded = false;

  constructor(options: PostgresClusterOptions) {
    this.#options = options;
    const { peers } = options;
    peers.answer('names.agree', (body) => this.#agree(body));
    peers.answer('names.register', async ({ name, pid, scope }) => {
      await this.register(name as string, this.#here(pid as string), scope as NameScope);
      return null;
    });
    peers.watch({
      rang: () => void this.#load().catch(() => undefined), // the store is away; it rings when it is back
      down: () => void this.#load().catch(() => undefined),
    });
    let lives = 0;
    peers.onLife(() => {
      lives += 1;
      if (lives > 1) this.#revokeAll();
    });
  }

  find(name: string): string | undefined {
    return this.#names.consistent.get(name) ?? this.#names.eventual.get(name);
  }

  async lookup(name: string): Promise<string | undefined> {
    await this.#options.peers.start();
    if (!this.#loaded) await this.#load();
    return this.find(name);
  }

  async register(name: string, pid: string, scope: NameScope): Promise<void> {
    const { peers } = this.#options;
    await peers.start();
    const node = tryPid(pid)?.node;
    if (node !== undefined && node !== peers.node) {
      await peers.request(node, 'names.register', dataObject({ name, pid, scope })); // its node sees when it ends
      return;
    }
    this.#watch(pid);
    if (scope === 'strong') await this.#registerStrong(name, pid);
    else if (scope === 'consistent') await this.#write('consistent', name, pid, true);
    else await this.#registerEventual(name, pid);
  }

  async unregister(name: string, scope: NameScope, owner: string | undefined): Promise<boolean> {
    const { peers } = this.#options;
    await peers.start();
    const plane = planeOf(scope);
    const mine = plane === 'consistent' && owner !== undefined ? this.#global(owner) : null;
    const rows = await peers.store.query(
      `with gone as (delete from @names where plane = $1 and name = decode($2, 'hex') and ($3::text is null or pid = $3) returning 1)
       select pg_notify($4, '') from gone`,
      [plane, hex(name), mine, peers.store.namesChannel],
    );
    this.#unwritten.delete(name);
    if (rows.length > 0) this.#names[plane].delete(name);
    return rows.length > 0;
  }

  async lock(name: string, pid: string): Promise<void> {
    const { peers } = this.#options;
    await peers.start();
    this.#watch(pid);
    for (let tries = 0; tries < TRIES; tries++) {
      const [row] = await peers.store.query(
        `with put as (insert into @locks (name, pid, life) select decode($1, 'hex'), $2, $3
           where exists (select 1 from @nodes where life = $3) on conflict (name) do nothing returning pid)
         select pid, true as mine from put
         union all select pid, false from @locks where name = decode($1, 'hex') order by mine desc`,
        [hex(name), this.#global(pid), peers.life],
      );
      if (row === undefined) continue; // another came and went meanwhile, or this node is not there
      if (row['mine'] === 't') return;
      throw lockTaken(name, this.#here(asText(row['pid'])), pid);
    }
    throw this.#notThere();
  }

  async unlock(name: string, pid: string): Promise<boolean> {
    const { peers } = this.#options;
    await peers.start();
    const rows = await peers.store.query(
      `delete from @locks where name = decode($1, 'hex') and pid = $2 returning 1 as done`,
      [hex(name), this.#global(pid)],
    );
    return rows.length > 0;
  }

  // Names

  /** Throws AlreadyExists when another process has it. */
  async #write(plane: Plane, name: string, pid: string, ready: boolean): Promise<void> {
    const { peers } = this.#options;
    const global = this.#global(pid);
    for (let tries = 0; tries < TRIES; tries++) {
      const [row] = await peers.store.query(
        `with put as (insert into @names (plane, name, pid, life, ready) select $1, decode($2, 'hex'), $3, $4, $5
           where exists (select 1 from @nodes where life = $4) on conflict (plane, name) do nothing returning pid)
         select pid, pg_notify($6, '') from put
         union all select pid, null from @names where plane = $1 and name = decode($2, 'hex')`,
        [plane, hex(name), global, peers.life, ready, peers.store.namesChannel],
      );
      if (row === undefined) continue; // another came and went meanwhile, or this node is not there
      if (row['pid'] !== global) throw nameTaken(name, this.#here(asText(row['pid'])));
      if (ready) this.#names[plane].set(name, pid); // N2
      return;
    }
    throw this.#notThere();
  }

  /** N3 */
  async #registerStrong(name: string, pid: string): Promise<void> {
    const { peers } = this.#options;
    if (this.#names.consistent.get(name) === pid) return;
    const elsewhere = this.#names.eventual.get(name);
    if (elsewhere !== undefined && elsewhere !== pid) throw nameTaken(name, elsewhere);
    await this.#write('consistent', name, pid, false);
    try {
      await this.#askAll(name, pid);
    } catch (error) {
      await this.unregister(name, 'strong', pid);
      throw error;
    }
    await peers.store.query(
      `with done as (update @names set ready = true where plane = 'consistent' and name = decode($1, 'hex') and pid = $2 returning 1)
       select pg_notify($3, '') from done`,
      [hex(name), this.#global(pid), peers.store.namesChannel],
    );
    this.#names.consistent.set(name, pid);
  }

  async #askAll(name: string, pid: string): Promise<void> {
    const { peers, agreeMs = AGREE_MS } = this.#options;
    const missing = new Set(peers.others);
    const body = dataObject({ name, pid: this.#global(pid) });
    const agreed = Promise.all(
      [...missing].map(async (node) => {
        try {
          await peers.request(node, 'names.agree', body);
        } catch (error) {
          // Who is gone need not agree.
          if (!(error instanceof PeerError) || peers.others.includes(node)) throw error;
        }
        missing.delete(node);
      }),
    );
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const nodes = [...missing].map((node) => `'${node}'`).join(', ');
        reject(
          new ClusterError(
            'Timeout',
            `the name '${name}' was not agreed to within ${agreeMs} ms by ${nodes}`,
          ),
        );
      }, agreeMs);
    });
    try {
      await Promise.race([agreed, late]);
    } finally {
      clearTimeout(timer);
      agreed.catch(() => undefined); // late answers are of no use
    }
  }

  /** Another node asks whether a strong name may be its process's. */
  #agree({ name, pid }: DataObject): Data {
    const owner = this.find(name as string);
    if (owner !== undefined && this.#global(owner) !== pid)
      throw nameTaken(name as string, this.#global(owner));
    this.#agreed.set(name as string, pid as string);
    this.#names.consistent.set(name as string, pid as string);
    return null;
  }

  /** N4 */
  async #registerEventual(name: string, pid: string): Promise<void> {
    const owner = this.#names.eventual.get(name);
    if (owner !== undefined && owner !== pid) throw nameTaken(name, owner);
    try {
      await this.#write('eventual', name, pid, true);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      this.#names.eventual.set(name, pid);
      this.#unwritten.set(name, pid);
      this.#writeLater();
    }
  }

  #writeLater(): void {
    setTimeout(() => {
      const writing = [...this.#unwritten].map(async ([name, pid]) => {
        try {
          await this.#write('eventual', name, pid, true);
        } catch (error) {
          if (!(error instanceof ClusterError) || error.kind !== 'AlreadyExists') return; // again later
          this.#revoke(name, pid);
        }
        if (this.#unwritten.get(name) === pid) this.#unwritten.delete(name);
      });
      void Promise.all(writing).then(() => {
        if (this.#unwritten.size > 0) this.#writeLater();
      });
    }, AGAIN_MS).unref();
  }

  #revoke(name: string, pid: string): void {
    this.#options.processes.cancel(pid, `name revoked: ${name}`);
  }

  /** N1 */
  #revokeAll(): void {
    for (const names of Object.values(this.#names))
      for (const [name, pid] of names) if (tryPid(pid)?.node === undefined) this.#revoke(name, pid);
    void this.#load().catch(() => undefined); // it is rung again
  }

  // The copy

  async #load(): Promise<void> {
    this.#loadAgain = true;
    this.#loading ??= this.#loadAll().finally(() => {
      this.#loading = undefined;
    });
    await this.#loading;
  }

  async #loadAll(): Promise<void> {
    while (this.#loadAgain) {
      this.#loadAgain = false;
      const rows = await this.#options.peers.store.query(
        `select plane, encode(name, 'hex') as name, pid, ready from @names`,
        [],
      );
      const names: Record<Plane, Map<string, string>> = { consistent: new Map(), eventual: new Map() };
      const pending = new Set<string>();
      for (const row of rows) {
        const name = unhex(asText(row['name']));
        const pid = asText(row['pid']);
        if (row['ready'] !== 't') {
          pending.add(name);
          if (this.#agreed.get(name) !== pid) continue;
        }
        names[row['plane'] === 'eventual' ? 'eventual' : 'consistent'].set(name, this.#here(pid));
      }
      for (const name of this.#agreed.keys()) if (!pending.has(name)) this.#agreed.delete(name);
      for (const [name, pid] of this.#unwritten) if (!names.eventual.has(name)) names.eventual.set(name, pid);
      this.#names = names;
      this.#loaded = true;
    }
  }

  #watch(pid: string): void {
    if (this.#watched.has(pid)) return;
    const isThere = this.#options.processes.whenEnded(pid, () => {
      this.#watched.delete(pid);
      for (const names of Object.values(this.#names))
        for (const [name, owner] of names) if (owner === pid) names.delete(name);
      for (const [name, owner] of this.#unwritten) if (owner === pid) this.#unwritten.delete(name);
      void this.#release(pid);
    });
    if (!isThere) throw nobody(pid);
    this.#watched.add(pid);
  }

  /** Until the store has heard it: names and locks of a process that has ended. */
  async #release(pid: string): Promise<void> {
    const { peers } = this.#options;
    try {
      await peers.store.query(
        `with locks as (delete from @locks where pid = $1),
              names as (delete from @names where pid = $1 returning 1)
         select pg_notify($2, '') from names limit 1`,
        [this.#global(pid), peers.store.namesChannel],
      );
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) {
        this.#options.logger.error('names and locks of a process that has ended could not be released', {
          pid,
          error,
        });
        return;
      }
      setTimeout(() => void this.#release(pid), AGAIN_MS).unref();
    }
  }

  #global(pid: string): string {
    return globalPid(pid, this.#options.peers.node);
  }

  #here(pid: string): string {
    const parsed = tryPid(pid);
    return parsed?.node === this.#options.peers.node ? formatPid({ host: parsed.host, id: parsed.id }) : pid;
  }

  #notThere(): CallError {
    return new CallError({
      kind: 'Unavailable',
      message: `the node '${this.#options.peers.node}' is not part of its cluster now; try again`,
      retryable: true,
    });
  }
}
