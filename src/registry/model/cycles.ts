// Cycles in a graph of entries: each found once, by the path along which it closes. Sealed. Iterative: chains may be long.
import type { EntryId } from './entry.js';

export function findCycles(edges: ReadonlyMap<EntryId, ReadonlyMap<EntryId, unknown>>): EntryId[][] {
  const cycles: EntryId[][] = [];
  const done = new Set<EntryId>();
  for (const start of edges.keys()) {
    if (done.has(start)) continue;
    const path: EntryId[] = [start];
    const onPath = new Map([[start, 0]]);
    const iterators = [targets(edges, start)];
    while (path.length > 0) {
      const next = iterators.at(-1)?.next();
      const at = path.at(-1);
      if (at === undefined || next === undefined) break;
      if (next.done === true) {
        done.add(at);
        onPath.delete(at);
        path.pop();
        iterators.pop();
        continue;
      }
      const index = onPath.get(next.value);
      if (index !== undefined) cycles.push([...path.slice(index), next.value]);
      else if (!done.has(next.value)) {
        onPath.set(next.value, path.length);
        path.push(next.value);
        iterators.push(targets(edges, next.value));
      }
    }
  }
  return cycles;
}

const targets = (
  edges: ReadonlyMap<EntryId, ReadonlyMap<EntryId, unknown>>,
  from: EntryId,
): Iterator<EntryId> => (edges.get(from) ?? new Map<EntryId, unknown>()).keys();
