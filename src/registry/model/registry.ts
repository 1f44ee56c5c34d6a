// What the rest of the platform sees of the registry. Sealed types; the service is registry/service.ts.
import type { PinnedProgram } from '../../core/program.js';
import type { Entry, EntryId } from './entry.js';
import type { Filter } from './query.js';

export interface VersionInfo {
  readonly number: number;
  readonly parent: number | undefined;
  /** Of the whole state, chained to the parent's; lower-case hex. */
  readonly hash: string;
  /** Why. */
  readonly comment: string;
  /** Who: an actor, or a user of a machine. */
  readonly author: string;
  /** How: `start`, `cli`, `file watch`, `lua <entry>`. */
  readonly via: string;
  /** ISO 8601, UTC. */
  readonly time: string;
}

export type Operation =
  | { readonly op: 'create'; readonly after: Entry }
  | { readonly op: 'update'; readonly before: Entry; readonly after: Entry }
  | { readonly op: 'delete'; readonly before: Entry };

export interface RegistryView {
  readonly version: VersionInfo;
  /** How many entries there are. */
  readonly size: number;
  get(id: EntryId | string): Entry | undefined;
  all(): Iterable<Entry>;
  /** Entries of a kind; `prefix*` matches by prefix. */
  ofKind(kind: string): readonly Entry[];
  /** Entries of one namespace, sorted by id. */
  namespace(namespace: string): readonly Entry[];
  /** Entries that match a filter (query.ts), sorted by id. Throws QueryError. */
  find(filter: Filter, options?: { readonly loose?: boolean }): readonly Entry[];
  /** The program that a runnable entry stands for in this version. */
  programHash(id: EntryId | string): string | undefined;
}

export interface RegistryService {
  /** The newest applied version; a new object after each change. */
  readonly current: RegistryView;
  /** A stored program, whatever version it belongs to; undefined when pruned or never stored. */
  program(hash: string): Promise<PinnedProgram | undefined>;
}
