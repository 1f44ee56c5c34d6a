// The whole content of one version: entries by id, their Merkle tree, and indexes made when they are first needed. Sealed.
// V1: a state never changes; `apply` makes the next one at the cost of the change and shares the rest.
// V2: equal contents have equal roots, whatever way led to them.
import {
  type Change,
  changedId,
  ChangesetError,
  type EntrySet,
  sidesOf,
  type VersionedEntry,
} from './changes.js';
import type { Dependencies } from './delta.js';
import type { Entry, EntryId } from './entry.js';
import { type EntryChange, IndexSet } from './entry-index.js';
import type { Query } from './query.js';
import { SortedMap } from './sorted-map.js';
import { type HashText, leafHash, StateTree } from './state-hash.js';

/** An entry of a state with its leaf of the Merkle tree, where that is known already. */
export interface HeldEntry extends VersionedEntry {
  readonly leaf?: string;
}

/** A change of more than this part of a state is applied by making the state anew. */
const LARGE = 4;

export class VersionState implements EntrySet {
  readonly #entries: SortedMap<VersionedEntry>;
  readonly #tree: StateTree;
  readonly #hash: HashText;
  #indexes: IndexSet;
  #sorted: readonly Entry[] | undefined;

  private constructor(
    entries: SortedMap<VersionedEntry>,
    tree: StateTree,
    hash: HashText,
    indexes: IndexSet | undefined,
  ) {
    this.#entries = entries;
    this.#tree = tree;
    this.#hash = hash;
    this.#indexes = indexes ?? new IndexSet(entries.size, () => this.all());
  }

  static empty(hash: HashText): VersionState {
    return VersionState.of([], hash);
  }

  /** Throws ChangesetError when an id stands twice. */
  static of(held: Iterable<HeldEntry>, hash: HashText): VersionState {
    const pairs: (readonly [EntryId, VersionedEntry])[] = [];
    const leaves: (readonly [EntryId, string])[] = [];
    for (const { leaf, ...one } of held) {
      pairs.push([one.entry.id, one]);
      leaves.push([one.entry.id, leaf ?? leafHash(one, hash)]);
    }
    const entries = SortedMap.of(pairs);
    if (entries.size !== pairs.length) {
      const seen = new Set<EntryId>();
      for (const [id] of pairs) {
        if (seen.has(id)) throw new ChangesetError(id, 'stands twice in the set; ids are unique');
        seen.add(id);
      }
    }
    return new VersionState(entries, StateTree.of(leaves, hash), hash, undefined);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Root of the Merkle tree. */
  get root(): string {
    return this.#tree.root;
  }

  get(id: EntryId | string): VersionedEntry | undefined {
    return this.#entries.get(id);
  }

  has(id: EntryId | string): boolean {
    return this.#entries.has(id);
  }

  *keys(): IterableIterator<EntryId> {
    for (const [id] of this.#entries) yield id as EntryId;
  }

  /** Sorted by id. */
  held(): VersionedEntry[] {
    return this.#entries.values();
  }

  /** Sorted by id. */
  all(): readonly Entry[] {
    return (this.#sorted ??= this.#entries.values().map(({ entry }) => entry));
  }

  /** Entries of one namespace, sorted by id. */
  namespace(namespace: string): Entry[] {
    const found: Entry[] = [];
    for (const [, { entry }] of this.#entries.range(`${namespace}:`, `${namespace};`)) found.push(entry);
    return found;
  }

  /** Entries that match, sorted by id. */
  find({ conditions, matches }: Query): Entry[] {
    const id = conditions.find(({ field, operator }) => field === '.id' && operator === 'equal')?.wanted;
    if (typeof id === 'string') {
      const found = this.get(id)?.entry;
      return found !== undefined && matches(found) ? [found] : [];
    }
    const candidates = this.#indexes.candidates(conditions);
    return (candidates === undefined ? this.all() : candidates.values()).filter(matches);
  }

  /** Entries that depend on one by `dependencies`, which must be the same function for the same name. */
  dependents(id: string, name: string, dependencies: Dependencies): Entry[] {
    const index = this.#indexes.named(name, (entry) => [...new Set(dependencies(entry))]);
    return index.get(id)?.values() ?? [];
  }

  /** The leaf of what a change leaves behind; undefined for a delete. */
  leafOf(change: Change): string | undefined {
    const { after } = sidesOf(change);
    return after === undefined ? undefined : leafHash(after, this.#hash);
  }

  /** Throws ChangesetError when a change does not fit what is there. `leaves`: those that are known already. */
  apply(changes: readonly Change[], leaves: ReadonlyMap<EntryId, string> = new Map()): VersionState {
    const after = new Map<EntryId, VersionedEntry | undefined>();
    const has = (id: EntryId): boolean => (after.has(id) ? after.get(id) !== undefined : this.has(id));
    for (const change of changes) {
      const id = changedId(change);
      if (change.op === 'create' && has(id))
        throw new ChangesetError(id, 'cannot be created: it is there already');
      if (change.op !== 'create' && !has(id))
        throw new ChangesetError(id, `cannot be ${change.op}d: it is not there`);
      after.set(id, sidesOf(change).after);
    }
    const tree = this.#tree.apply(
      [...after].map(([id, held]) => {
        const leaf = held === undefined ? undefined : (leaves.get(id) ?? leafHash(held, this.#hash));
        return [id, leaf] as const;
      }),
    );
    const entries = this.#withChanged(after);
    const state = new VersionState(entries, tree, this.#hash, undefined);
    const changed = [...after].map(([id, held]): EntryChange => ({
      before: this.get(id)?.entry,
      after: held?.entry,
    }));
    state.#indexes = this.#indexes.apply(entries.size, () => state.all(), changed);
    return state;
  }

  #withChanged(after: ReadonlyMap<EntryId, VersionedEntry | undefined>): SortedMap<VersionedEntry> {
    if (after.size * LARGE > this.size) {
      const merged = new Map<string, VersionedEntry>(this.#entries);
      for (const [id, held] of after) {
        if (held === undefined) merged.delete(id);
        else merged.set(id, held);
      }
      return SortedMap.of(merged);
    }
    let entries = this.#entries;
    for (const [id, held] of after) entries = held === undefined ? entries.delete(id) : entries.set(id, held);
    return entries;
  }
}
