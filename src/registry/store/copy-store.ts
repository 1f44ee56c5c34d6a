// A shared store with a copy on this node: where the store is away, reads go on from the copy and writes are refused at once.
// A1: away is found by a call that fails or by the watch; from then on nothing waits for the store, until a probe finds it back.
// A2: programs and files never change, so they are taken from the copy first.
// A3: what the node has in memory is never older than what it hears: the newest version that passed here counts as the head.
// A4: the copy is written behind the node's back; when the node stops, what was applied is in it.
// A5: a version that others have stored is live here when its programs are, so that it can be run when the store is gone again.
import { setTimeout as pause } from 'node:timers/promises';
import type { PinnedProgram } from '../../core/program.js';
import { type Change, sidesOf, type VersionedEntry } from '../model/changes.js';
import { embeddedFiles } from '../model/embedded.js';
import type { RegistryCopy } from './registry-copy.js';
import {
  type AppendRequest,
  type EntryChangeRecord,
  type ProgramSummary,
  type PruneRequest,
  type PruneResult,
  type RegistryStore,
  type StoreCapabilities,
  type StoredStep,
  type StoredVersion,
  type StoreSnapshot,
  StoreUnavailableError,
  type StoreWatcher,
} from './registry-store.js';

/** The store is away, and what was asked for is not in the copy, or is a write. */
export class RegistryReadOnlyError extends StoreUnavailableError {
  constructor(since: Date, reason: string) {
    super(`the registry is read-only since ${since.toISOString()}: ${reason}; try again when it is back`);
  }
}

export interface CopyStoreOptions {
  /** Closed with this one. */
  readonly copy: RegistryCopy;
  /** Connects; tried again and again while the store is away. */
  readonly open: () => Promise<RegistryStore>;
  readonly description: string;
  /** Hears of every change of sides. */
  readonly tell: CopyListener;
}
export interface CopyListener {
  away(since: Date, reason: string, version: number | undefined): void;
  back(awayMs: number): void;
  /** The copy could not be written; it is tried again with the next version. */
  failed(error: unknown): void;
}

interface Away {
  readonly since: Date;
  readonly reason: string;
}

/** A version with more new programs than this is not kept waiting for them. */
const MOST_PREPARED = 500;
const FIRST_PROBE_MS = 100;
const LONGEST_PROBE_MS = 1_000;

/** Opens the store, or goes on from the copy. Throws StoreUnavailableError when there is neither. */
export async function openCopyStore(options: CopyStoreOptions): Promise<CopyStore> {
  try {
    return new CopyStore(options, await options.open(), undefined);
  } catch (error) {
    if (error instanceof StoreUnavailableError && options.copy.head() !== undefined)
      return new CopyStore(options, undefined, error.message);
    options.copy[Symbol.dispose]();
    throw error;
  }
}

export class CopyStore implements RegistryStore {
  readonly description: string;
  readonly supports: StoreCapabilities = { parallelWriters: true, listen: true };
  readonly #copy: RegistryCopy;
  readonly #open: () => Promise<RegistryStore>;
  readonly #tell: CopyListener;
  readonly #watchers = new Map<StoreWatcher, Disposable | undefined>();
  readonly #end = new AbortController();
  #remote: RegistryStore | undefined;
  #away: Away | undefined;
  #newest: StoredVersion | undefined;
  #probing: Promise<void> | undefined;
  #writing: Promise<void> = Promise.resolve();
  #waiting: (() => void)[] = [];

  constructor(
    { copy, open, description, tell }: CopyStoreOptions,
    remote: RegistryStore | undefined,
    reason?: string,
  ) {
    this.#copy = copy;
    this.#open = open;
    this.description = description;
    this.#tell = tell;
    this.#remote = remote;
    if (remote === undefined) this.#leave(reason ?? 'it cannot be reached');
  }

  /** Since when, and why; undefined: the store is there. */
  get readOnly(): Away | undefined {
    return this.#away;
  }

  /** Settles when the store can be written to; never when this is closed before. */
  async whenWritable(): Promise<void> {
    if (this.#away !== undefined) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** A version that the node has applied; `changes` are those to the version before. */
  keep(
    version: StoredVersion,
    changes: readonly Change[] | undefined,
    all: () => Iterable<VersionedEntry>,
  ): void {
    this.#see(version);
    this.#writing = this.#writing.then(() => this.#keep(version, changes, all));
  }

  /** Brings the programs and files of a version that others have stored, so that they are here before it is live (A5). */
  async prepare(changes: readonly Change[]): Promise<void> {
    const wanted = this.#namedBy(changes.map((change) => sidesOf(change).after));
    if (wanted.programs.length + wanted.files.length > MOST_PREPARED) return; // they come with `keep`
    await Promise.all(wanted.programs.map((hash) => this.program(hash)));
    for (const hash of wanted.files) await this.file(hash);
  }

  head(): Promise<StoredVersion | undefined> {
    return this.#read(
      async (remote) => this.#see(await remote.head()),
      () => this.#newest ?? this.#copy.head(),
    );
  }

  version(number: number): Promise<StoredVersion | undefined> {
    return this.#read(
      (remote) => remote.version(number),
      () => this.#known().find((version) => version.number === number),
    );
  }

  versions(
    options: { readonly before?: number; readonly limit?: number } = {},
  ): Promise<readonly StoredVersion[]> {
    return this.#read((remote) => remote.versions(options));
  }

  changeset(number: number): Promise<readonly Change[] | undefined> {
    return this.#read((remote) => remote.changeset(number));
  }

  changesOf(
    entry: string,
    options?: { readonly before?: number; readonly limit?: number },
  ): Promise<readonly EntryChangeRecord[]> {
    return this.#read((remote) => remote.changesOf(entry, options));
  }

  async steps(after: number, limit: number): Promise<readonly StoredStep[]> {
    const steps = await this.#read((remote) => remote.steps(after, limit));
    this.#see(steps.at(-1)?.version);
    return steps;
  }

  snapshot(): Promise<StoreSnapshot> {
    return this.#read(
      async (remote) => {
        const snapshot = await remote.snapshot();
        this.#see(snapshot.version);
        return snapshot;
      },
      () => this.#copy.snapshot(),
    );
  }

  async append(request: AppendRequest): Promise<void> {
    await this.#read((remote) => remote.append(request));
    this.#see(request.version);
    this.#writing = this.#writing.then(() =>
      this.#write(() => {
        for (const program of request.programs) this.#copy.keepProgram(program);
        for (const { hash, bytes } of request.files ?? []) this.#copy.keepFile(hash, bytes);
      }),
    );
  }

  versionOfKey(key: string): Promise<StoredVersion | undefined> {
    return this.#read((remote) => remote.versionOfKey(key));
  }

  async program(hash: string): Promise<PinnedProgram | undefined> {
    const kept = this.#copy.program(hash);
    if (kept !== undefined) return kept;
    const found = await this.#read((remote) => remote.program(hash));
    if (found !== undefined) this.#write(() => this.#copy.keepProgram(found));
    return found;
  }

  programs(): Promise<readonly ProgramSummary[]> {
    return this.#read((remote) => remote.programs());
  }

  missingPrograms(hashes: readonly string[]): Promise<readonly string[]> {
    return this.#read((remote) => remote.missingPrograms(hashes));
  }

  async file(hash: string): Promise<Uint8Array | undefined> {
    const kept = this.#copy.file(hash);
    if (kept !== undefined) return kept;
    const found = await this.#read((remote) => remote.file(hash));
    if (found !== undefined) this.#write(() => this.#copy.keepFile(hash, found));
    return found;
  }

  missingFiles(hashes: readonly string[]): Promise<readonly string[]> {
    return this.#read((remote) => remote.missingFiles(hashes));
  }

  prune(request: PruneRequest): Promise<PruneResult> {
    return this.#read((remote) => remote.prune(request));
  }

  watch(watcher: StoreWatcher): Disposable {
    this.#watchers.set(watcher, this.#remote === undefined ? undefined : this.#follow(this.#remote, watcher));
    return {
      [Symbol.dispose]: () => {
        this.#watchers.get(watcher)?.[Symbol.dispose]();
        this.#watchers.delete(watcher);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    for (const watch of this.#watchers.values()) watch?.[Symbol.dispose]();
    this.#watchers.clear();
    await this.#probing;
    await this.#writing; // A4
    await this.#remote?.[Symbol.asyncDispose]();
    this.#copy[Symbol.dispose]();
  }

  /** Of the store; while it is away of the copy, or an error where that has nothing. */
  async #read<T>(ask: (remote: RegistryStore) => Promise<T>, fromCopy?: () => T | undefined): Promise<T> {
    if (this.#remote !== undefined && this.#away === undefined)
      try {
        return await ask(this.#remote);
      } catch (error) {
        if (!(error instanceof StoreUnavailableError) || this.#end.signal.aborted) throw error;
        this.#leave(error.message);
        if (fromCopy === undefined) throw error;
      }
    const found = fromCopy?.();
    if (found !== undefined) return found;
    const { since, reason } = this.#away ?? { since: new Date(), reason: 'it cannot be reached' };
    throw new RegistryReadOnlyError(since, reason);
  }

  #known(): StoredVersion[] {
    return [this.#newest, this.#copy.head()].filter((version) => version !== undefined);
  }

  #see(version: StoredVersion | undefined): StoredVersion | undefined {
    if (version !== undefined) this.#newest = version; // A3
    return version;
  }

  #follow(remote: RegistryStore, watcher: StoreWatcher): Disposable {
    return remote.watch({
      changed: () => {
        this.#return();
        watcher.changed();
      },
      away: (reason) => {
        this.#leave(reason);
        watcher.away?.(reason);
      },
    });
  }

  #leave(reason: string): void {
    if (this.#away !== undefined || this.#end.signal.aborted) return;
    this.#away = { since: new Date(), reason };
    this.#tell.away(this.#away.since, reason, this.#newest?.number ?? this.#copy.head()?.number);
    this.#probing ??= this.#probe().finally(() => {
      this.#probing = undefined;
    });
  }

  #return(): void {
    const away = this.#away;
    if (away === undefined || this.#end.signal.aborted) return;
    this.#away = undefined;
    this.#tell.back(Date.now() - away.since.getTime());
    for (const resume of this.#waiting.splice(0)) resume();
  }

  /** Until the store answers (A1). */
  async #probe(): Promise<void> {
    const { signal } = this.#end;
    for (let wait = FIRST_PROBE_MS; this.#away !== undefined; wait = Math.min(2 * wait, LONGEST_PROBE_MS)) {
      await pause(wait, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        if (this.#remote === undefined) await this.#connect();
        else await this.#remote.head();
      } catch (error) {
        if (error instanceof StoreUnavailableError) continue;
        this.#tell.failed(error); // it answers, and refuses: another app's, a newer release's
        continue;
      }
      this.#return();
      for (const watcher of this.#watchers.keys()) watcher.changed();
    }
  }

  async #connect(): Promise<void> {
    const remote = await this.#open();
    if (this.#end.signal.aborted) {
      await remote[Symbol.asyncDispose]();
      return;
    }
    this.#remote = remote;
    for (const watcher of this.#watchers.keys()) this.#watchers.set(watcher, this.#follow(remote, watcher));
  }

  async #keep(
    version: StoredVersion,
    changes: readonly Change[] | undefined,
    all: () => Iterable<VersionedEntry>,
  ): Promise<void> {
    try {
      const isStep = changes !== undefined && this.#copy.follows(version);
      const wanted = this.#namedBy(isStep ? changes.map((change) => sidesOf(change).after) : all());
      for (const hash of wanted.programs) await this.program(hash);
      for (const hash of wanted.files) await this.file(hash);
      this.#copy.keep(version, changes, all);
    } catch (error) {
      // While the store is away its newest programs may be missing; the copy takes the version once it is back.
      if (!(error instanceof StoreUnavailableError)) this.#tell.failed(error);
    }
  }

  /** Of what entries name, what the copy does not have yet. */
  #namedBy(all: Iterable<VersionedEntry | undefined>): {
    readonly programs: string[];
    readonly files: string[];
  } {
    const programs = new Set<string>();
    const files = new Set<string>();
    for (const held of all) {
      if (held?.program !== undefined) programs.add(held.program);
      for (const { hash } of held === undefined ? [] : embeddedFiles(held.entry)) files.add(hash);
    }
    return {
      programs: this.#copy.missing('programs', [...programs]),
      files: this.#copy.missing('files', [...files]),
    };
  }

  #write(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#tell.failed(error);
    }
  }
}
