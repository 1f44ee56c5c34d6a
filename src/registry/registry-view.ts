// One version of the registry in memory: immutable, with indexes made when they are first asked for.
import type { RegistryState } from './model/changes.js';
import type { Entry, EntryId } from './model/entry.js';
import type { RegistryView, VersionInfo } from './model/registry.js';

export class StateView implements RegistryView {
  readonly version: VersionInfo;
  readonly state: RegistryState;
  #sorted: readonly Entry[] | undefined;
  #byKind: ReadonlyMap<string, readonly Entry[]> | undefined;

  constructor(version: VersionInfo, state: RegistryState) {
    this.version = version;
    this.state = state;
  }

  get(id: string): Entry | undefined {
    return this.state.get(id as EntryId)?.entry;
  }

  /** Sorted by id. */
  all(): readonly Entry[] {
    return (this.#sorted ??= [...this.state.values()]
      .map(({ entry }) => entry)
      .sort((left, right) => (left.id < right.id ? -1 : 1)));
  }

  ofKind(kind: string): readonly Entry[] {
    if (!kind.endsWith('*')) return this.#kinds().get(kind) ?? [];
    const prefix = kind.slice(0, -1);
    return this.all().filter((entry) => entry.kind.startsWith(prefix));
  }

  programHash(id: string): string | undefined {
    return this.state.get(id as EntryId)?.program;
  }

  #kinds(): ReadonlyMap<string, readonly Entry[]> {
    if (this.#byKind === undefined) {
      const byKind = new Map<string, Entry[]>();
      for (const entry of this.all()) {
        const found = byKind.get(entry.kind);
        if (found === undefined) byKind.set(entry.kind, [entry]);
        else found.push(entry);
      }
      this.#byKind = byKind;
    }
    return this.#byKind;
  }
}
