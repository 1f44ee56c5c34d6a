// A store whose new versions stay in this process, on top of a shared one that is only read.
// P1: the shared store as it was at the first look is the floor: what others append later does not show until `share`.
// P2: programs are looked for here first; those of the floor are read from the shared store.
// P3: after `share` it is the shared store, and its private versions are gone; who shares has published what counts before.
// P4: where only the first version may be private, further ones are refused: they would be lost with the process.
import { PlatformError } from '../../core/errors.js';
import type { PinnedProgram } from '../../core/program.js';
import type { Change } from '../model/changes.js';
import { changedId } from '../model/changes.js';
import type { EntryId } from '../model/entry.js';
import { RegistryConflictError } from './registry-store.js';
import type {
  AppendRequest,
  EntryChangeRecord,
  ProgramSummary,
  PruneRequest,
  PruneResult,
  RegistryStore,
  StoreCapabilities,
  StoredChange,
  StoredEntry,
  StoredStep,
  StoredVersion,
  StoreSnapshot,
  StoreWatcher,
} from './registry-store.js';

/** The version that somebody wanted to store would have been private, and so lost. */
export class PrivateRegistryError extends PlatformError {
  override readonly name = 'PrivateRegistryError';
  readonly code = 'REGISTRY_PRIVATE';
  override readonly kind = 'Unavailable';
  constructor(floor: number) {
    super(
      `this command runs on changes of its own over registry version ${floor}, so it cannot change the registry; publish them first (\`moontide run\` or \`moontide dev\`), or drop them`,
    );
  }
}

export interface PrivateStoreOptions {
  /** Closed with this one. */
  readonly shared: RegistryStore;
  /** How many versions may be private (P4). Default: any number. */
  readonly most?: number;
}

interface PrivateVersion {
  readonly version: StoredVersion;
  readonly changes: readonly StoredChange[];
}

export class PrivateStore implements RegistryStore {
  readonly #shared: RegistryStore;
  #floor: Promise<StoreSnapshot> | undefined;
  readonly #own: PrivateVersion[] = [];
  readonly #programs = new Map<string, PinnedProgram>();
  readonly #files = new Map<string, Uint8Array>();
  readonly #most: number;
  /** Watchers, with what ends their watch of the shared store. */
  readonly #watchers = new Map<StoreWatcher, Disposable | undefined>();
  #isShared = false;

  constructor({ shared, most = Number.MAX_SAFE_INTEGER }: PrivateStoreOptions) {
    this.#shared = shared;
    this.#most = most;
  }

  get description(): string {
    return this.#isShared ? this.#shared.description : `private versions over ${this.#shared.description}`;
  }

  get supports(): StoreCapabilities {
    return this.#shared.supports;
  }

  /** Whether anything here is private. */
  get holds(): boolean {
    return this.#own.length > 0;
  }

  /** The store below, for who publishes to it. */
  get shared(): RegistryStore {
    return this.#shared;
  }

  /** From now on reads and writes go to the shared store (P3). */
  share(): void {
    if (this.#isShared) return;
    this.#isShared = true;
    this.#own.length = 0;
    this.#programs.clear();
    this.#files.clear();
    for (const watcher of this.#watchers.keys()) this.#watchers.set(watcher, this.#shared.watch(watcher));
  }

  async head(): Promise<StoredVersion | undefined> {
    if (this.#isShared) return this.#shared.head();
    return this.#own.at(-1)?.version ?? (await this.#readFloor()).version;
  }

  async version(number: number): Promise<StoredVersion | undefined> {
    return this.#ownOf(number)?.version ?? (await this.#below(number, () => this.#shared.version(number)));
  }

  async versions(
    options: { readonly before?: number; readonly limit?: number } = {},
  ): Promise<readonly StoredVersion[]> {
    if (this.#isShared) return this.#shared.versions(options);
    const { before = Number.MAX_SAFE_INTEGER, limit = 100 } = options;
    const own = this.#own.map(({ version }) => version).filter(({ number }) => number < before);
    const newest = own.reverse().slice(0, limit);
    const floor = (await this.#readFloor()).version?.number ?? 0;
    const rest = limit - newest.length;
    if (rest <= 0) return newest;
    return [
      ...newest,
      ...(await this.#shared.versions({ before: Math.min(before, floor + 1), limit: rest })),
    ];
  }

  async changeset(number: number): Promise<readonly Change[] | undefined> {
    return this.#ownOf(number)?.changes ?? (await this.#below(number, () => this.#shared.changeset(number)));
  }

  async changesOf(
    entry: string,
    options: { readonly before?: number; readonly limit?: number } = {},
  ): Promise<readonly EntryChangeRecord[]> {
    if (this.#isShared) return this.#shared.changesOf(entry, options);
    const { before = Number.MAX_SAFE_INTEGER, limit = 100 } = options;
    const own = this.#own
      .filter(({ version }) => version.number < before)
      .flatMap(({ version, changes }) =>
        changes.filter((change) => changedId(change) === entry).map((change) => ({ version, change })),
      )
      .reverse();
    const floor = (await this.#readFloor()).version?.number ?? 0;
    const below = await this.#shared.changesOf(entry, { before: Math.min(before, floor + 1), limit });
    return [...own, ...below].slice(0, limit);
  }

  async snapshot(): Promise<StoreSnapshot> {
    if (this.#isShared) return this.#shared.snapshot();
    const floor = await this.#readFloor();
    if (this.#own.length === 0) return floor;
    const entries = new Map<EntryId, StoredEntry>(floor.entries.map((held) => [held.entry.id, held]));
    for (const { changes } of this.#own)
      for (const change of changes) {
        if (change.op === 'delete') entries.delete(changedId(change));
        else
          entries.set(changedId(change), {
            entry: change.after,
            program: change.programAfter,
            ...(change.originAfter === undefined ? {} : { origin: change.originAfter }),
            leaf: change.leaf ?? '',
          });
      }
    return { version: this.#own.at(-1)?.version, entries: [...entries.values()] };
  }

  async append(request: AppendRequest): Promise<void> {
    if (this.#isShared) return this.#shared.append(request);
    if (this.#own.length >= this.#most)
      throw new PrivateRegistryError((await this.#readFloor()).version?.number ?? 0);
    const head = (await this.head())?.number ?? 0;
    if (head !== request.expectedHead) throw new RegistryConflictError(request.expectedHead, head);
    for (const program of request.programs) this.#programs.set(program.hash, program);
    for (const { hash, bytes } of request.files ?? []) this.#files.set(hash, bytes);
    this.#own.push({ version: request.version, changes: request.changes });
  }

  async steps(after: number, limit: number): Promise<readonly StoredStep[]> {
    if (this.#isShared) return this.#shared.steps(after, limit);
    const floor = (await this.#readFloor()).version?.number ?? 0;
    const below = after < floor ? await this.#shared.steps(after, Math.min(limit, floor - after)) : [];
    const own = this.#own.filter(({ version }) => version.number > after);
    return [...below, ...own].slice(0, limit);
  }

  async versionOfKey(key: string): Promise<StoredVersion | undefined> {
    return this.#shared.versionOfKey(key);
  }

  async programs(): Promise<readonly ProgramSummary[]> {
    const own = [...this.#programs.values()].map(({ hash, program: { entry } }) => ({ hash, entry }));
    return [...own, ...(await this.#shared.programs())];
  }

  async file(hash: string): Promise<Uint8Array | undefined> {
    return this.#files.get(hash) ?? (await this.#shared.file(hash));
  }

  async missingFiles(hashes: readonly string[]): Promise<readonly string[]> {
    return this.#shared.missingFiles(hashes.filter((hash) => !this.#files.has(hash)));
  }

  async prune(request: PruneRequest): Promise<PruneResult> {
    if (!this.#isShared) throw new PrivateRegistryError((await this.#readFloor()).version?.number ?? 0);
    return this.#shared.prune(request);
  }

  async program(hash: string): Promise<PinnedProgram | undefined> {
    return this.#programs.get(hash) ?? (await this.#shared.program(hash));
  }

  async missingPrograms(hashes: readonly string[]): Promise<readonly string[]> {
    return this.#shared.missingPrograms(hashes.filter((hash) => !this.#programs.has(hash)));
  }

  watch(watcher: StoreWatcher): Disposable {
    this.#watchers.set(watcher, this.#isShared ? this.#shared.watch(watcher) : undefined); // P1
    return {
      [Symbol.dispose]: () => {
        this.#watchers.get(watcher)?.[Symbol.dispose]();
        this.#watchers.delete(watcher);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#shared[Symbol.asyncDispose]();
  }

  #readFloor(): Promise<StoreSnapshot> {
    return (this.#floor ??= this.#shared.snapshot());
  }

  #ownOf(number: number): PrivateVersion | undefined {
    return this.#own.find(({ version }) => version.number === number);
  }

  /** What the shared store says of a version that is not above the floor. */
  async #below<T>(number: number, read: () => Promise<T | undefined>): Promise<T | undefined> {
    if (this.#isShared) return read();
    return number <= ((await this.#readFloor()).version?.number ?? 0) ? read() : undefined;
  }
}
