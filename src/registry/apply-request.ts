// What can be asked of the registry's service, what it answers, and what single changes make of a state.
import { PlatformError } from '../core/errors.js';
import type { PinnedProgram } from '../core/program.js';
import {
  bareEntry,
  type Change,
  changeBetween,
  ChangesetError,
  type EntrySet,
  type Origin,
  sameEntry,
  stateOf,
  type VersionedEntry,
} from './model/changes.js';
import type { Entry, EntryId } from './model/entry.js';
import { parseEntryId } from './model/ids.js';
import type { VersionInfo } from './model/registry.js';
import type { StateView } from './registry-view.js';
import type { StoredFile } from './store/registry-store.js';

export interface VersionNote {
  /** Why. */
  readonly comment?: string;
  /** Who: an actor, or a user of a machine. */
  readonly author?: string;
  /** How: `start`, `cli`, `file watch`, `lua <entry>`. */
  readonly via?: string;
}
export interface RollbackNote extends VersionNote {
  /** Names the effect that the version is: asked for again, it is the same version. */
  readonly key?: string;
}
export interface ApplyBase extends RollbackNote {
  /** By entry id, for every runnable entry whose program is new or changed; those not named keep theirs unless they change. */
  readonly programs?: ReadonlyMap<string, PinnedProgram>;
  /** What an entry depends on, where it is known better than by the option of the same name. */
  readonly dependencies?: ReadonlyMap<string, readonly string[]>;
}
/** The whole set of entries that there shall be; every program must be named. */
export interface FullSetRequest extends ApplyBase {
  readonly entries: Iterable<Entry>;
  /** Files that the entries name by their hash; those that are stored already are skipped. */
  readonly files?: readonly StoredFile[];
  /** What becomes of the set over the version that it is applied to. Default: the set replaces it. */
  readonly merge?: (view: StateView, set: Map<EntryId, VersionedEntry>) => Promise<DesiredSet>;
}
export interface DesiredSet {
  readonly set: EntrySet;
  /** Instead of those of the request. */
  readonly programs?: ReadonlyMap<string, PinnedProgram>;
}
/** Single changes to version `base` (default: the newest here). */
export interface ChangesRequest extends ApplyBase {
  readonly changes: readonly RequestedChange[];
  readonly base?: number;
  /** Where created and updated entries come from. Default: the app's folder. */
  readonly origin?: Origin;
}
export type RequestedChange =
  | { readonly op: 'create' | 'update'; readonly entry: Entry }
  | { readonly op: 'delete'; readonly id: string };
export type ApplyRequest = FullSetRequest | ChangesRequest;

export interface ApplyResult {
  /** The newest version; the one before when nothing changed. */
  readonly version: VersionInfo;
  /** In the order in which they were applied. */
  readonly changes: readonly Change[];
}

export class RegistryVersionError extends PlatformError {
  override readonly name = 'RegistryVersionError';
  readonly code = 'REGISTRY_VERSION_NOT_FOUND';
  override readonly kind = 'NotFound';
  override readonly exitCode = 2;
}

/** The newest version cannot be taken here, so a change of this node would be one to a version that it does not have. */
export class VersionRefusedError extends PlatformError {
  override readonly name = 'VersionRefusedError';
  readonly code = 'REGISTRY_REFUSED';
  override readonly kind = 'Unavailable';
  constructor(current: number, refused: number, cause: Error) {
    super(
      `this node goes on with registry version ${current}, since it cannot take version ${refused}: ${cause.message}; mend what is wrong, or go back (\`moontide registry rollback ${current}\`)`,
      { cause },
    );
  }
}

/** A version would name a program that is neither given nor stored. */
export class ProgramMissingError extends PlatformError {
  override readonly name = 'ProgramMissingError';
  readonly code = 'REGISTRY_PROGRAM_MISSING';
  override readonly kind = 'NotFound';
}

/** A version would name a file that is neither given nor stored. */
export class FileMissingError extends PlatformError {
  override readonly name = 'FileMissingError';
  readonly code = 'REGISTRY_FILE_MISSING';
  override readonly kind = 'NotFound';
}

/**
 * The changes that a request asks for, in its order; a changed entry has the program that is given for it, or none.
 * Throws ChangesetError for what does not fit the state.
 */
export function requestedChanges(state: EntrySet, { changes, programs, origin }: ChangesRequest): Change[] {
  const next = new Map<EntryId, VersionedEntry | undefined>();
  const held = (id: EntryId): VersionedEntry | undefined => (next.has(id) ? next.get(id) : state.get(id));
  for (const change of changes) {
    const id = parseEntryId(change.op === 'delete' ? change.id : change.entry.id);
    const present = held(id) !== undefined;
    if (change.op === 'create' && present)
      throw new ChangesetError(id, 'cannot be created: it is there already');
    if (change.op !== 'create' && !present)
      throw new ChangesetError(id, `cannot be ${change.op}d: it is not there`);
    if (change.op === 'delete') next.set(id, undefined);
    else {
      const entry = bareEntry(change.entry);
      const program = programs?.get(id)?.hash;
      const before = held(id);
      const isSame = before !== undefined && before.program === program && sameEntry(before.entry, entry);
      next.set(id, isSame ? before : { entry, program, ...(origin === undefined ? {} : { origin }) });
    }
  }
  for (const [name, { hash }] of programs ?? []) {
    const id = parseEntryId(name);
    const one = held(id);
    if (one !== undefined && one.program !== hash) next.set(id, { ...one, program: hash });
  }
  return [...next].flatMap(([id, after]) => changeBetween(state.get(id), after) ?? []);
}

export function desiredSet(view: StateView, request: FullSetRequest): DesiredSet | Promise<DesiredSet> {
  const { entries, programs, merge } = request;
  const set = stateOf(entries, (id) => programs?.get(id)?.hash);
  return merge === undefined ? { set } : merge(view, set);
}
