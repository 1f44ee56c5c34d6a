// The cluster of a node that has no others: names and locks in its memory. Every scope of a name is as good as the strongest.
import { lockTaken, nameTaken, nobody, planeOf } from './cluster.js';
import type { Cluster, NameScope, Plane, ProcessesOfNode } from './cluster.js';

export class SoleCluster implements Cluster {
  readonly #processes: ProcessesOfNode;
  readonly #names: Readonly<Record<Plane, Map<string, string>>> = {
    consistent: new Map(),
    eventual: new Map(),
  };
  readonly #locks = new Map<string, string>();
  readonly #watched = new Set<string>();

  constructor(processes: ProcessesOfNode) {
    this.#processes = processes;
  }

  find(name: string): string | undefined {
    return this.#names.consistent.get(name) ?? this.#names.eventual.get(name);
  }

  async lookup(name: string): Promise<string | undefined> {
    return this.find(name);
  }

  async register(name: string, pid: string, scope: NameScope): Promise<void> {
    const names = this.#names[planeOf(scope)];
    const owner = names.get(name);
    if (owner === pid) return;
    if (owner !== undefined) throw nameTaken(name, owner);
    this.#watch(pid);
    names.set(name, pid);
  }

  async unregister(name: string, scope: NameScope, owner: string | undefined): Promise<boolean> {
    const names = this.#names[planeOf(scope)];
    if (scope !== 'eventual' && owner !== undefined && names.get(name) !== owner) return false;
    return names.delete(name);
  }

  async lock(name: string, pid: string): Promise<void> {
    const holder = this.#locks.get(name);
    if (holder !== undefined) throw lockTaken(name, holder, pid);
    this.#watch(pid);
    this.#locks.set(name, pid);
  }

  async unlock(name: string, pid: string): Promise<boolean> {
    return this.#locks.get(name) === pid && this.#locks.delete(name);
  }

  #watch(pid: string): void {
    if (this.#watched.has(pid)) return;
    const isThere = this.#processes.whenEnded(pid, () => {
      this.#watched.delete(pid);
      for (const owned of [this.#names.consistent, this.#names.eventual, this.#locks])
        for (const [name, owner] of owned) if (owner === pid) owned.delete(name);
    });
    if (!isThere) throw nobody(pid);
    this.#watched.add(pid);
  }
}
