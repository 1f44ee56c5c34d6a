// What a store of registry versions can do. Stores differ by named capabilities, never by their engine's name.
// R1: `append` is one transaction: a version with all its changes, entries and programs is there, or nothing is.
// R2: versions count from 1 without gaps; version 0 is the empty registry and is never stored.
// R3: programs are never changed once stored.
import { PlatformError } from '../../core/errors.js';
import type { PinnedProgram } from '../../core/program.js';
import type { Change, VersionedEntry } from '../model/changes.js';
import type { VersionInfo } from '../model/registry.js';

export interface StoreCapabilities {
  /** Several nodes may write at once. */
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

export interface AppendRequest {
  /** `number` is `expectedHead + 1`. */
  readonly version: StoredVersion;
  readonly changes: readonly StoredChange[];
  /** Those that are already stored are skipped. */
  readonly programs: readonly PinnedProgram[];
  /** Number of the version that this one follows; 0 for the first. */
  readonly expectedHead: number;
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
  /** What a version changed, in order; undefined when there is no such version. */
  changeset(number: number): Promise<readonly Change[] | undefined>;
  /** The newest version and its entries, from one moment. */
  snapshot(): Promise<StoreSnapshot>;
  /** Throws RegistryConflictError when the newest version is not `expectedHead` (R1). */
  append(request: AppendRequest): Promise<void>;
  program(hash: string): Promise<PinnedProgram | undefined>;
  /** Those of the hashes that have no program here. */
  missingPrograms(hashes: readonly string[]): Promise<readonly string[]>;
  /** Calls `onChange` after others may have appended; ends when disposed. */
  watch(onChange: () => void): Disposable;
}

/** Somebody else's version came first. Read again and decide anew. */
export class RegistryConflictError extends PlatformError {
  override readonly name = 'RegistryConflictError';
  readonly code = 'REGISTRY_CONFLICT';
  override readonly kind = 'Conflict';
  override readonly retryable = true;
  readonly expected: number;
  readonly actual: number;
  constructor(expected: number, actual: number, options?: ErrorOptions) {
    super(
      `the registry is at version ${actual}, not ${expected}; read the newest version and apply the change to it`,
      options,
    );
    this.expected = expected;
    this.actual = actual;
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

/** What is stored contradicts itself. */
export class StoreCorruptError extends PlatformError {
  override readonly name = 'StoreCorruptError';
  readonly code = 'REGISTRY_CORRUPT';
}
