// What entries may refer to: the set that is prepared, or a whole version of which only some entries are prepared anew.
import type { Entry, EntryId } from '../model/entry.js';

export interface EntryScope {
  get(id: string): Entry | undefined;
  ids(): Iterable<EntryId>;
  ofKind(kind: string): Iterable<Entry>;
}

export function scopeOf(entries: readonly Entry[]): EntryScope {
  const byId = new Map<string, Entry>(entries.map((entry) => [entry.id, entry]));
  return {
    get: (id) => byId.get(id),
    ids: () => byId.keys() as Iterable<EntryId>,
    ofKind: (kind) => entries.filter((entry) => entry.kind === kind),
  };
}
