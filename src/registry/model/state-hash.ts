// The hash of a whole state: a Merkle tree over entry ids, whose cost grows with the change and not with the state. Sealed.
//
//   root = H(64 group hashes); group = H(64 bucket hashes); bucket = H(`id leaf` of its entries, sorted by id)
//   leaf = H(canonical JSON of kind, meta, data, program and, where there is one, origin); an entry's bucket comes from FNV-1a of its id
//
// S1: the root depends on the state only, not on the way that led there.
// S2: a tree is immutable; `apply` shares what did not change.
import { encodeWire } from '../../core/wire.js';
import type { VersionedEntry } from './changes.js';
import type { EntryId } from './entry.js';

/** Lower-case hex digest of a text's UTF-8, SHA-256 on a node. */
export type HashText = (text: string) => string;

const FANOUT = 64;

interface Node<T> {
  readonly hash: string;
  readonly children: readonly T[];
}
/** Leaves of one bucket, sorted by id. */
type Bucket = Node<readonly [EntryId, string]>;
type Group = Node<Bucket>;

export function leafHash({ entry, program, origin }: VersionedEntry, hash: HashText): string {
  const { kind, meta, data } = entry;
  const held = { kind, meta, data, program: program ?? null, ...(origin === undefined ? {} : { origin }) };
  return hash(encodeWire(held, { strings: 'text', sorted: true }));
}

/** The hash of a version: its state's, chained to its parent's. */
export function chainHash(parent: string, root: string, hash: HashText): string {
  return hash(`${parent}\n${root}`);
}

export class StateTree {
  readonly root: string;
  readonly #groups: readonly Group[];
  readonly #hash: HashText;

  private constructor(groups: readonly Group[], hash: HashText) {
    this.#groups = groups;
    this.#hash = hash;
    this.root = hash(groups.map((group) => group.hash).join('\n'));
  }

  /** From the leaves of a whole state. */
  static of(leaves: Iterable<readonly [EntryId, string]>, hash: HashText): StateTree {
    const buckets: (readonly [EntryId, string])[][] = Array.from({ length: FANOUT * FANOUT }, () => []);
    for (const leaf of leaves) buckets[bucketOf(leaf[0])]?.push(leaf);
    const groups: Group[] = [];
    const empty = makeBucket([], hash);
    for (let group = 0; group < FANOUT; group++)
      groups.push(
        makeNode(
          buckets
            .slice(group * FANOUT, (group + 1) * FANOUT)
            .map((bucket) => (bucket.length === 0 ? empty : makeBucket(bucket.sort(byId), hash))),
          hash,
        ),
      );
    return new StateTree(groups, hash);
  }

  /** The tree after changes: entries with their new leaves; undefined for those that went. */
  apply(leaves: readonly (readonly [EntryId, string | undefined])[]): StateTree {
    const touched = new Map<number, Map<number, Map<EntryId, string | undefined>>>();
    for (const [id, leaf] of leaves) {
      const bucket = bucketOf(id);
      const buckets = findOrAdd(touched, Math.floor(bucket / FANOUT));
      findOrAdd(buckets, bucket % FANOUT).set(id, leaf);
    }
    const groups = this.#groups.slice();
    for (const [group, changed] of touched) {
      const buckets = (groups[group]?.children ?? []).slice();
      for (const [bucket, leaves] of changed) {
        const merged = new Map(buckets[bucket]?.children ?? []);
        for (const [id, leaf] of leaves) {
          if (leaf === undefined) merged.delete(id);
          else merged.set(id, leaf);
        }
        buckets[bucket] = makeBucket([...merged].sort(byId), this.#hash);
      }
      groups[group] = makeNode(buckets, this.#hash);
    }
    return new StateTree(groups, this.#hash);
  }
}

function findOrAdd<K, L, V>(map: Map<K, Map<L, V>>, key: K): Map<L, V> {
  let found = map.get(key);
  if (found === undefined) map.set(key, (found = new Map<L, V>()));
  return found;
}

function makeBucket(leaves: readonly (readonly [EntryId, string])[], hash: HashText): Bucket {
  return { children: leaves, hash: hash(leaves.map(([id, leaf]) => `${id} ${leaf}`).join('\n')) };
}

function makeNode(buckets: readonly Bucket[], hash: HashText): Group {
  return { children: buckets, hash: hash(buckets.map((bucket) => bucket.hash).join('\n')) };
}

function byId(left: readonly [EntryId, string], right: readonly [EntryId, string]): number {
  return left[0] < right[0] ? -1 : left[0] > right[0] ? 1 : 0;
}

/** FNV-1a, 32 bits, folded to 12. */
function bucketOf(id: EntryId): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++) hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  return ((hash >>> 20) ^ hash) & (FANOUT * FANOUT - 1);
}
