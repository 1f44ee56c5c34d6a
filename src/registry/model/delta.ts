// Delta: the shortest list of changes from one state to another, in an order that can be applied one by one. Sealed.
// D1: deletes come first, dependents before what they depend on; then creates and updates, dependencies before dependents.
// D2: the same states give the same list: ties are broken by id. Entries that depend on each other in a circle stand next to
//     each other in the order in which they are found.
import type { Data } from '../../core/data.js';
import { LuaFloat } from '../../core/data.js';
import { type Change, changeBetween, changedId, type EntrySet } from './changes.js';
import type { Entry, EntryId } from './entry.js';

/** Ids of the entries that an entry depends on; ids that are not in the state are ignored. */
export type Dependencies = (entry: Entry) => Iterable<string>;

export function buildDelta(from: EntrySet, to: EntrySet, dependencies: Dependencies = () => []): Change[] {
  const changes: Change[] = [];
  for (const id of new Set([...from.keys(), ...to.keys()])) {
    const change = changeBetween(from.get(id), to.get(id));
    if (change !== undefined) changes.push(change);
  }
  return orderChanges(changes, from, to, dependencies);
}

/** One change per entry, put in order (D1). */
export function orderChanges(
  changes: readonly Change[],
  from: EntrySet,
  to: EntrySet,
  dependencies: Dependencies,
): Change[] {
  const byId = new Map(changes.map((change) => [changedId(change), change]));
  if (byId.size < 2) return [...byId.values()];
  const select = (state: EntrySet, wanted: (change: Change) => boolean): Change[] => {
    const ids = [...byId].filter(([, change]) => wanted(change)).map(([id]) => id);
    const chosen = new Set(ids);
    return dependenciesFirst(ids, state, dependencies).flatMap((id) => {
      const change = chosen.has(id) ? byId.get(id) : undefined;
      return change === undefined ? [] : [change];
    });
  };
  return [
    ...select(from, ({ op }) => op === 'delete').toReversed(),
    ...select(to, ({ op }) => op !== 'delete'),
  ];
}

/** The ids and all that they depend on, in post-order. Iterative: chains of dependencies may be long. */
function dependenciesFirst(ids: readonly EntryId[], state: EntrySet, dependencies: Dependencies): EntryId[] {
  const order: EntryId[] = [];
  const seen = new Set<EntryId>();
  const neededBy = (id: EntryId): EntryId[] => {
    const held = state.get(id);
    if (held === undefined) return [];
    return [...new Set(dependencies(held.entry))]
      .filter((needed): needed is EntryId => state.has(needed as EntryId))
      .sort();
  };
  for (const root of ids.toSorted()) {
    if (seen.has(root)) continue;
    seen.add(root);
    const stack = [{ id: root, needed: neededBy(root), next: 0 }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const needed = top.needed[top.next++];
      if (needed === undefined) {
        order.push(top.id);
        stack.pop();
      } else if (!seen.has(needed)) {
        seen.add(needed);
        stack.push({ id: needed, needed: neededBy(needed), next: 0 });
      }
    }
  }
  return order;
}

/** What an entry seems to depend on when nobody knows its kind: every string in it that looks like an entry id. */
export function mentionedIds(entry: Entry): Set<string> {
  const found = new Set<string>();
  const visit = (data: Data): void => {
    if (typeof data === 'string') {
      if (data.length < 256 && data.includes(':') && data !== entry.id) found.add(data);
    } else if (typeof data === 'object' && data !== null && !(data instanceof LuaFloat))
      for (const item of Array.isArray(data) ? data : Object.values(data)) visit(item);
  };
  for (const part of [entry.meta, entry.data]) for (const item of Object.values(part)) visit(item);
  return found;
}
