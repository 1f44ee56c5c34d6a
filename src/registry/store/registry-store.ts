// What a store of registry versions can do. Stores differ by named capabilities, never by their engine's name.
// R1: `append` is one transaction: a version with all its changes, entries, programs and files is there, or nothing is.
// R2: versions count from 1 without gaps; version 0 is the empty registry and is never stored.
// R3: programs and files are named by their hash and never change once stored; a version never names one that is not there.
// R4: when a connection breaks while a version is stored, the store finds out whether it is there before it answers.
import { PlatformError } from '../../core/errors.js';
import type { PinnedProgram } from '../../core/program.js';
import type { Change, VersionedEntry } from '../model/changes.js';
import type { VersionInfo } from '../model/registry.js';

export interface StoreCapabilities {
  /** Several machines may write to it. */
  readonly parallelWriters: boolean;
  /** `watch` hears of other nodes' versions at once instead of by polling. */
  readonly listen: boolean;
}

export interface StoredVersion extends VersionInfo {
  /** Root of the Merkle tree over the entries (model/state-hash.ts). */
  readonly state: string;
}

/** An entry of the newest version with its leaf of the Merkle tree. */
export interface StoredEntry extends VersionedEntry {
  readonly leaf: string;
}

/** A change with the leaf of what it leaves behind; undefined for a delete. */
export type StoredChange = Change & { readonly leaf: string | undefined };

export interface StoreSnapshot {
  /** undefined: nothing was stored yet. */
  readonly version: StoredVersion | undefined;
  readonly entries: readonly StoredEntry[];
}

/** A version with what it changed. */
export interface StoredStep {
  readonly version: StoredVersion;
  readonly changes: readonly Change[];
}

/** A change of one entry with the version that brought it. */
export interface EntryChangeRecord {
  readonly version: StoredVersion;
  readonly change: Change;
}

/** The content of an embedded file. */
export interface StoredFile {
  /** SHA-256 of the bytes, lower-case hex. */
  readonly hash: string;
  readonly bytes: Uint8Array;
}

export interface AppendRequest {
  /** `number` is `expectedHead + 1`. */
  readonly version: StoredVersion;
  readonly changes: readonly StoredChange[];
  /** Those that are already stored are skipped. */
  readonly programs: readonly PinnedProgram[];
  /** Those that are already stored are skipped. */
  readonly files?: readonly StoredFile[];
  /** Number of the version that this one follows; 0 for the first. */
  readonly expectedHead: number;
  /** Names the effect that this version is: a second one of the same key is refused (`versionOfKey` finds the first). */
  readonly key?: string;
}

export interface PruneRequest {
  /** Versions below this number go, with their changesets; the newest never does. */
  readonly before: number;
  /** Programs that stay although no version that is left names them. */
  readonly keepPrograms: ReadonlySet<string>;
}
export interface PruneResult {
  readonly versions: number;
  readonly programs: number;
  readonly files: number;
}

/** What a watcher of a store hears. */
export interface StoreWatcher {
  /** Others may have appended. */
  changed(): void;
  /** The store cannot be reached any more; `changed` is called when it can be again. */
  away?(reason: string): void;
}

export interface RegistryStore extends AsyncDisposable {
  /** For people: engine and place, without secrets. */
  readonly description: string;
  readonly supports: StoreCapabilities;
  /** The newest version. */
  head(): Promise<StoredVersion | undefined>;
  version(number: number): Promise<StoredVersion | undefined>;
  /** Newest first. */
  versions(options?: {
    readonly before?: number;
    readonly limit?: number;
  }): Promise<readonly StoredVersion[]>;
  /** What a version changed, in order; undefined when there is no such version (any more). */
  changeset(number: number): Promise<readonly Change[] | undefined>;
  /** What versions changed of one entry, newest first; `before` is a version's number. */
  changesOf(
    entry: string,
    options?: { readonly before?: number; readonly limit?: number },
  ): Promise<readonly EntryChangeRecord[]>;
  /** The versions after `number`, oldest first, at most `limit`. */
  steps(after: number, limit: number): Promise<readonly StoredStep[]>;
  /** The newest version and its entries, from one moment. */
  snapshot(): Promise<StoreSnapshot>;
  /** Throws RegistryConflictError when the newest version is not `expectedHead` (R1), or the key is taken. */
  append(request: AppendRequest): Promise<void>;
  /** The version that was stored under a key. */
  versionOfKey(key: string): Promise<StoredVersion | undefined>;
  program(hash: string): Promise<PinnedProgram | undefined>;
  programs(): Promise<readonly ProgramSummary[]>;
  /** Those of the hashes that have no program here. */
  missingPrograms(hashes: readonly string[]): Promise<readonly string[]>;
  file(hash: string): Promise<Uint8Array | undefined>;
  /** Those of the hashes that have no file here. */
  missingFiles(hashes: readonly string[]): Promise<readonly string[]>;
  prune(request: PruneRequest): Promise<PruneResult>;
  /** Ends when disposed. */
  watch(watcher: StoreWatcher): Disposable;
}

export interface ProgramSummary {
  readonly hash: string;
  readonly entry: string;
}

/** Somebody else's version came first. Read again and decide anew: the same request never succeeds, so nobody retries it. */
export class RegistryConflictError extends PlatformError {
  override readonly name = 'RegistryConflictError';
  readonly code = 'REGISTRY_CONFLICT';
  override readonly kind = 'Conflict';
  readonly expected: number;
  readonly actual: number;
  constructor(expected: number, actual: number, why?: string) {
    super(
      why ??
        `the registry is at version ${actual}, not ${expected}; read the newest version and apply the change to it`,
    );
    this.expected = expected;
    this.actual = actual;
  }
}

/** Who pruned came between the look at what is stored and the version that names it. */
export class PrunedMeanwhileError extends RegistryConflictError {
  constructor(head: number, hash: string) {
    super(head, head, `'${hash}' was pruned while a version was made that needs it; apply the change again`);
  }
}

/** The store cannot be reached or is locked for too long. */
export class StoreUnavailableError extends PlatformError {
  override readonly name = 'StoreUnavailableError';
  readonly code = 'REGISTRY_UNAVAILABLE';
  override readonly kind = 'Unavailable';
  override readonly retryable = true;
  override readonly exitCode = 3;
}

/** The file is there and is no registry: damaged, or something else has its name. */
export class RegistryDamagedError extends PlatformError {
  override readonly name = 'RegistryDamagedError';
  readonly code = 'REGISTRY_DAMAGED';
  override readonly kind = 'Unavailable';
  override readonly exitCode = 3;
  constructor(path: string, why: string, options?: ErrorOptions) {
    super(
      `the registry's file '${path}' cannot be read (${why}); bring it back from a backup, or move it away: the next start makes a new one from the app's folder, but runs that began on earlier code need the programs that are in it`,
      options,
    );
  }
}

/** The registry in this place belongs to another app. */
export class RegistryOwnerError extends PlatformError {
  override readonly name = 'RegistryOwnerError';
  readonly code = 'REGISTRY_OWNER';
  override readonly kind = 'Conflict';
  override readonly exitCode = 2;
  constructor(place: string, owner: string, app: string) {
    super(
      `the registry in ${place} belongs to the app '${owner}', not to '${app}'; name another 'registry.schema' or 'registry.path' in moontide.yaml`,
    );
  }
}

/** What is stored contradicts itself. */
export class StoreCorruptError extends PlatformError {
  override readonly name = 'StoreCorruptError';
  readonly code = 'REGISTRY_CORRUPT';
}
