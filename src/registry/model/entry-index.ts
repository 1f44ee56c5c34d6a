// Indexes over the entries of a state: by field, by several fields at once, by what an entry depends on. Sealed.
// X1: an index never changes; the next version's is made from it at the cost of the change.
// X2: indexes are made when they are first needed and kept for the versions that follow; the least recently used goes first.
import type { Entry } from './entry.js';
import { type Condition, scalarText, valueOf } from './query.js';
import { SortedMap } from './sorted-map.js';

/** The keys under which an entry is found. */
export type KeysOf = (entry: Entry) => readonly string[];
/** Entries by id. */
export type Postings = SortedMap<Entry>;

/** One entry on both sides of a change. */
export interface EntryChange {
  readonly before: Entry | undefined;
  readonly after: Entry | undefined;
}

export class EntryIndex {
  readonly #keysOf: KeysOf;
  readonly #postings: SortedMap<Postings>;

  private constructor(keysOf: KeysOf, postings: SortedMap<Postings>) {
    this.#keysOf = keysOf;
    this.#postings = postings;
  }

  static of(entries: Iterable<Entry>, keysOf: KeysOf): EntryIndex {
    const lists = new Map<string, [string, Entry][]>();
    for (const entry of entries)
      for (const key of keysOf(entry)) {
        const list = lists.get(key);
        if (list === undefined) lists.set(key, [[entry.id, entry]]);
        else list.push([entry.id, entry]);
      }
    const pairs = [...lists].map(([key, list]) => [key, SortedMap.of(list)] as const);
    return new EntryIndex(keysOf, SortedMap.of(pairs));
  }

  get(key: string): Postings | undefined {
    return this.#postings.get(key);
  }

  apply(changes: readonly EntryChange[]): EntryIndex {
    let postings = this.#postings;
    for (const { before, after } of changes) {
      const gone = new Set(before === undefined ? [] : this.#keysOf(before));
      for (const key of after === undefined ? [] : this.#keysOf(after)) {
        gone.delete(key);
        if (after !== undefined)
          postings = postings.set(key, (postings.get(key) ?? SortedMap.empty<Entry>()).set(after.id, after));
      }
      for (const key of gone) {
        const rest = before === undefined ? undefined : postings.get(key)?.delete(before.id);
        if (rest === undefined) continue;
        postings = rest.size === 0 ? postings.delete(key) : postings.set(key, rest);
      }
    }
    return new EntryIndex(this.#keysOf, postings);
  }
}

/** Values of several fields in one key. */
const SEPARATOR = '\u0000';

/** The key of an entry in the index over `fields`; undefined when one of them has no scalar value. */
function fieldsKey(entry: Entry, fields: readonly string[]): string | undefined {
  const texts: string[] = [];
  for (const field of fields) {
    const text = scalarText(valueOf(entry, field));
    if (text === undefined) return undefined;
    texts.push(text);
  }
  return texts.join(SEPARATOR);
}

/** Most indexes that are kept. */
const KEPT = 24;
/** An index over several fields is made when the best single one leaves more than this to look at. */
const MANY = 128;
/** A change of more than this part of a state is large. */
const LARGE = 8;
/** Below this a state is looked through. */
const FEW = 64;

/** The indexes of one state. */
export class IndexSet {
  readonly #entries: () => Iterable<Entry>;
  readonly #size: number;
  readonly #made: Map<string, EntryIndex>;

  constructor(size: number, entries: () => Iterable<Entry>, made = new Map<string, EntryIndex>()) {
    this.#size = size;
    this.#entries = entries;
    this.#made = made;
  }

  /** The index of a name, made now if it is missing. */
  named(name: string, keysOf: KeysOf): EntryIndex {
    const known = this.#made.get(name);
    this.#made.delete(name);
    const index = known ?? EntryIndex.of(this.#entries(), keysOf);
    this.#made.set(name, index);
    if (this.#made.size > KEPT) this.#made.delete(this.#made.keys().next().value ?? name);
    return index;
  }

  /** Entries that may meet the conditions, and all that do; undefined: everything may. */
  candidates(conditions: readonly Condition[]): Postings | undefined {
    if (this.#size < FEW) return undefined;
    const exact = conditions.filter(
      ({ field, operator, wanted }) =>
        operator === 'equal' && field !== '.id' && scalarText(wanted) !== undefined,
    );
    if (exact.length === 0) return undefined;
    const fields = [...new Set(exact.map(({ field }) => field))].sort();
    if (fields.length > 1 && fields.length === exact.length) {
      const all = this.#made.get(nameOf(fields));
      if (all !== undefined) return this.#lookUp(fields, exact);
    }
    let best: Postings | undefined;
    for (const condition of exact) {
      const found = this.#lookUp([condition.field], [condition]);
      if (best === undefined || found.size < best.size) best = found;
    }
    if (best === undefined || best.size <= MANY || fields.length !== exact.length || fields.length < 2)
      return best;
    return this.#lookUp(fields, exact);
  }

  #lookUp(fields: readonly string[], conditions: readonly Condition[]): Postings {
    const index = this.named(nameOf(fields), (entry) => {
      const key = fieldsKey(entry, fields);
      return key === undefined ? [] : [key];
    });
    const wanted = fields.map((field) => scalarText(conditions.find((one) => one.field === field)?.wanted));
    return index.get(wanted.join(SEPARATOR)) ?? SortedMap.empty();
  }

  /** Of the state after the changes. */
  apply(size: number, entries: () => Iterable<Entry>, changes: readonly EntryChange[]): IndexSet {
    const made = new Map<string, EntryIndex>();
    // After large changes making them anew costs less.
    if (changes.length * LARGE < size)
      for (const [name, index] of this.#made) made.set(name, index.apply(changes));
    return new IndexSet(size, entries, made);
  }
}

const nameOf = (fields: readonly string[]): string => `fields ${fields.join(' ')}`;
