// Changes: what leads from one version to the next, and the arithmetic of lists of them. Sealed.
// C1: a change holds the entry before and after, so that it can be turned back.
// C2: a change also holds the program's hash before and after: a program may change (through an import) while its entry does not.
import type { Data } from '../../core/data.js';
import { LuaFloat } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';
import type { Entry, EntryId } from './entry.js';
import type { Operation } from './registry.js';

/** Where an entry comes from; absent: from the app's folder. */
export type Origin = 'runtime';

/** An operation with what belongs to its entry on both sides (VersionedEntry). */
export type Change = Operation & {
  readonly programBefore?: string | undefined;
  readonly programAfter?: string | undefined;
  readonly originBefore?: Origin | undefined;
  readonly originAfter?: Origin | undefined;
};

/** An entry as a version holds it. */
export interface VersionedEntry {
  readonly entry: Entry;
  /** Hash of the program it stands for; undefined for entries that do not run. */
  readonly program: string | undefined;
  /** 'runtime': made or changed while the app ran; publishing the app's folder does not delete it. */
  readonly origin?: Origin | undefined;
}

/** The entries of a state, by id. */
export interface EntrySet {
  get(id: EntryId): VersionedEntry | undefined;
  has(id: EntryId): boolean;
  keys(): Iterable<EntryId>;
}

/** A list of changes that cannot follow on each other or on a state. */
export class ChangesetError extends PlatformError {
  override readonly name = 'ChangesetError';
  readonly code = 'REGISTRY_CHANGESET';
  override readonly kind = 'Invalid';
  readonly entry: string;
  constructor(entry: string, why: string) {
    super(`entry '${entry}' ${why}`);
    this.entry = entry;
  }
}

export function changedId(change: Operation): EntryId {
  return change.op === 'delete' ? change.before.id : change.after.id;
}

/** The entry before and after, where there is one. */
export function changedSides(change: Operation): readonly Entry[] {
  switch (change.op) {
    case 'create':
      return [change.after];
    case 'delete':
      return [change.before];
    case 'update':
      return [change.before, change.after];
  }
}

/** The change between two sides; undefined when there is none. */
export function changeBetween(
  before: VersionedEntry | undefined,
  after: VersionedEntry | undefined,
): Change | undefined {
  if (before !== undefined && after !== undefined && sameHeld(before, after)) return undefined;
  return changeOf(before, after);
}

function changeOf(before: VersionedEntry | undefined, after: VersionedEntry | undefined): Change | undefined {
  const beside = {
    ...(before?.program === undefined ? {} : { programBefore: before.program }),
    ...(after?.program === undefined ? {} : { programAfter: after.program }),
    ...(before?.origin === undefined ? {} : { originBefore: before.origin }),
    ...(after?.origin === undefined ? {} : { originAfter: after.origin }),
  };
  if (before === undefined)
    return after === undefined ? undefined : { op: 'create', after: after.entry, ...beside };
  if (after === undefined) return { op: 'delete', before: before.entry, ...beside };
  return { op: 'update', before: before.entry, after: after.entry, ...beside };
}

/** What a change's entry was and is. */
export function sidesOf(change: Change): {
  readonly before: VersionedEntry | undefined;
  readonly after: VersionedEntry | undefined;
} {
  return {
    before:
      change.op === 'create'
        ? undefined
        : { entry: change.before, program: change.programBefore, origin: change.originBefore },
    after:
      change.op === 'delete'
        ? undefined
        : { entry: change.after, program: change.programAfter, origin: change.originAfter },
  };
}

/** The changes that undo these, in reverse order. */
export function invertChanges(changes: readonly Change[]): Change[] {
  return changes.toReversed().flatMap((change) => {
    const { before, after } = sidesOf(change);
    return changeOf(after, before) ?? [];
  });
}

/**
 * One change per entry with the same effect: create+update=create, create+delete=nothing, update+delete=delete,
 * delete+create=update. Each stands where the last change of its entry stood. Throws ChangesetError for a list that no state allows.
 */
export function squashChanges(changes: readonly Change[]): Change[] {
  const squashed = new Map<EntryId, Change>();
  const gone = new Set<EntryId>();
  for (const change of changes) {
    const id = changedId(change);
    const earlier = squashed.get(id);
    if (earlier === undefined) {
      if (gone.has(id) && change.op !== 'create')
        throw new ChangesetError(id, `cannot ${change.op}: it was deleted before`);
      gone.delete(id);
      squashed.set(id, change);
      continue;
    }
    if ((earlier.op === 'delete') !== (change.op === 'create'))
      throw new ChangesetError(
        id,
        earlier.op === 'delete'
          ? `cannot ${change.op}: it was deleted before`
          : 'cannot create: it is there already',
      );
    squashed.delete(id);
    const joined = changeOf(sidesOf(earlier).before, sidesOf(change).after);
    if (joined === undefined) gone.add(id);
    else squashed.set(id, joined);
  }
  return [...squashed.values()];
}

/** A state from entries and the programs they stand for. */
export function stateOf(
  entries: Iterable<Entry>,
  programOf: (id: EntryId) => string | undefined = () => undefined,
): Map<EntryId, VersionedEntry> {
  const state = new Map<EntryId, VersionedEntry>();
  for (const entry of entries) {
    if (state.has(entry.id)) throw new ChangesetError(entry.id, 'stands twice in the set; ids are unique');
    state.set(entry.id, { entry: bareEntry(entry), program: programOf(entry.id) });
  }
  return state;
}

/** Only what an entry is: without places and whatever else a loader put on it. */
export function bareEntry({ id, kind, meta, data }: Entry): Entry {
  return Object.freeze({ id, kind, meta, data });
}

export function sameHeld(left: VersionedEntry, right: VersionedEntry): boolean {
  return left.program === right.program && left.origin === right.origin && sameEntry(left.entry, right.entry);
}

export function sameEntry(left: Entry, right: Entry): boolean {
  return (
    left === right ||
    (left.id === right.id &&
      left.kind === right.kind &&
      sameData(left.meta, right.meta) &&
      sameData(left.data, right.data))
  );
}

/** Equal on the wire: the order of keys does not count, 3 and 3.0 differ. */
export function sameData(left: Data | undefined, right: Data | undefined): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (left instanceof LuaFloat || right instanceof LuaFloat)
    return left instanceof LuaFloat && right instanceof LuaFloat && Object.is(left.n, right.n);
  if (Array.isArray(left) || Array.isArray(right))
    return (
      Array.isArray(left) &&
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => sameData(item, right[index]))
    );
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && sameData(left[key], right[key]))
  );
}
