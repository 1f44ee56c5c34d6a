// The registry on a node: the newest version in memory, versions in the store, changes applied one at a time.
// V1: `current` is replaced as a whole, after the store has taken the version: readers see the old one or the new one.
// V2: an apply stores one new version or none: when it throws nothing was changed, here and in the store.
// V3: the state hash of every version that is read is checked against what it was computed from.
// V4: a full set is applied again to the newest version when somebody else came first; a list of changes is not.
import { createHash } from 'node:crypto';
import { type Data, dataObject } from '../core/data.js';
import type { EventBus } from '../core/event-bus.js';
import type { Logger } from '../core/logger.js';
import type { PinnedProgram } from '../core/program.js';
import { textDataToBytes } from '../core/text.js';
import {
  type ApplyBase,
  type ApplyRequest,
  type ApplyResult,
  ProgramMissingError,
  RegistryVersionError,
  type VersionNote,
  withChanges,
} from './apply-request.js';
import { type ChangeListener, ChangeListeners } from './change-listeners.js';
import {
  applyChanges,
  type Change,
  changedId,
  invertChanges,
  type RegistryState,
  squashChanges,
  stateOf,
  type VersionedEntry,
} from './model/changes.js';
import { buildDelta, type Dependencies, mentionedIds } from './model/delta.js';
import type { EntryId } from './model/entry.js';
import type { RegistryService, RegistryView, VersionInfo } from './model/registry.js';
import { chainHash, leafHash, StateTree } from './model/state-hash.js';
import { StateView } from './registry-view.js';
import {
  RegistryConflictError,
  type RegistryStore,
  StoreCorruptError,
  type StoredChange,
  type StoredVersion,
  type StoreSnapshot,
  StoreUnavailableError,
} from './store/registry-store.js';

export interface OpenRegistryOptions {
  /** Closed with the registry. */
  readonly store: RegistryStore;
  readonly log: Logger;
  readonly bus: EventBus;
  /** What an entry depends on, for the order of changes. Default: every id that it mentions. */
  readonly dependencies?: Dependencies;
  /** How long one listener may take to accept one change. Milliseconds. Default 30 000. */
  readonly acceptTimeoutMs?: number;
  /** Takes over versions that other processes store. Default true. */
  readonly follow?: boolean;
}

export interface Registry extends RegistryService, AsyncDisposable {
  apply(request: ApplyRequest): Promise<ApplyResult>;
  /** A new version whose state equals that of an old one. */
  rollback(number: number, note?: VersionNote): Promise<ApplyResult>;
  /** A view of any version. Throws RegistryVersionError when there is none. */
  at(number: number): Promise<RegistryView>;
  /** Newest first. */
  versions(options?: { readonly before?: number; readonly limit?: number }): Promise<readonly VersionInfo[]>;
  changeset(number: number): Promise<readonly Change[]>;
  /** Takes over what other processes have stored; true when there was something. */
  catchUp(): Promise<boolean>;
  listen(listener: ChangeListener): Disposable;
}

/** Full sets are applied anew at most this often when others keep coming first. */
const ATTEMPTS = 20;
/** Further behind than this, a node reads the whole state instead of the changesets. */
const MAX_STEPS = 200;
/** Views of old versions that are kept. */
const OLD_VIEWS = 8;

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
const leafOf = (held: VersionedEntry): string => leafHash(held, sha256);
const leafAfter = (change: Change): string =>
  change.op === 'delete' ? '' : leafOf({ entry: change.after, program: change.programAfter });

/** Reads the newest version and follows the store. */
export async function openRegistry(options: OpenRegistryOptions): Promise<Registry> {
  return new StoredRegistry(options, loadState(await options.store.snapshot()));
}

interface Loaded {
  readonly view: StateView;
  readonly tree: StateTree;
}

function loadState({ version, entries }: StoreSnapshot): Loaded {
  const tree = StateTree.of(
    entries.map(({ entry, leaf }) => [entry.id, leaf] as const),
    sha256,
  );
  const state: RegistryState = new Map(entries.map(({ entry, program }) => [entry.id, { entry, program }]));
  if (version !== undefined) checkRoot(tree, version);
  return { tree, view: new StateView(version ?? emptyVersion(), state) };
}

function checkRoot(tree: StateTree, version: StoredVersion): void {
  if (tree.root !== version.state)
    throw new StoreCorruptError(
      `the entries of version ${version.number} do not match its hash; restore the database from a backup`,
    );
}

function emptyVersion(): VersionInfo {
  const hash = StateTree.of([], sha256).root;
  return Object.freeze({
    number: 0,
    parent: undefined,
    hash,
    comment: '',
    author: '',
    time: new Date(0).toISOString(),
  });
}

class StoredRegistry implements Registry {
  readonly #store: RegistryStore;
  readonly #log: Logger;
  readonly #bus: EventBus;
  readonly #dependencies: Dependencies;
  readonly #listeners: ChangeListeners;
  readonly #oldViews = new Map<number, StateView>();
  readonly #watch: Disposable | undefined;
  #loaded: Loaded;
  /** The end of the last change: they go one at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: OpenRegistryOptions, loaded: Loaded) {
    const { store, log, bus, dependencies = mentionedIds, acceptTimeoutMs = 30_000, follow = true } = options;
    this.#store = store;
    this.#log = log;
    this.#bus = bus;
    this.#dependencies = dependencies;
    this.#listeners = new ChangeListeners(acceptTimeoutMs, log);
    this.#loaded = loaded;
    if (follow)
      this.#watch = store.watch(() => {
        this.catchUp().catch((error: unknown) => {
          if (!this.#closed)
            log.warn('the registry cannot follow its store; it goes on with what it has', { error });
        });
      });
  }

  get current(): RegistryView {
    return this.#loaded.view;
  }

  program(hash: string): Promise<PinnedProgram | undefined> {
    return this.#store.program(hash);
  }

  listen(listener: ChangeListener): Disposable {
    return this.#listeners.add(listener);
  }

  versions(options?: { readonly before?: number; readonly limit?: number }): Promise<readonly VersionInfo[]> {
    return this.#store.versions(options);
  }

  async changeset(number: number): Promise<readonly Change[]> {
    const changes = number === 0 ? [] : await this.#store.changeset(number);
    if (changes === undefined) throw noVersion(number);
    return changes;
  }

  apply(request: ApplyRequest): Promise<ApplyResult> {
    return this.#inTurn(async () => {
      if ('changes' in request) {
        const { view } = this.#loaded;
        const base = request.base ?? view.version.number;
        if (base !== view.version.number) await this.#catchUp();
        if (base !== this.current.version.number)
          throw new RegistryConflictError(base, this.current.version.number);
        try {
          return await this.#take(withChanges(this.#loaded.view.state, request), request);
        } catch (error) {
          if (error instanceof RegistryConflictError) await this.#catchUp(); // so that the caller finds the newest here
          throw error;
        }
      }
      const programs = request.programs;
      const desired = stateOf(request.entries, (id) => programs?.get(id)?.hash);
      return this.#takeRetrying(desired, request);
    });
  }

  rollback(number: number, note: VersionNote = {}): Promise<ApplyResult> {
    return this.#inTurn(async () => {
      await this.#catchUp();
      const { state } = await this.#viewAt(number);
      return this.#takeRetrying(state, { comment: `roll back to version ${number}`, ...note });
    });
  }

  async at(number: number): Promise<RegistryView> {
    if (number > this.current.version.number) await this.catchUp();
    return this.#viewAt(number);
  }

  catchUp(): Promise<boolean> {
    return this.#inTurn(() => this.#catchUp());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#watch?.[Symbol.dispose]();
    await this.#turn;
    await this.#store[Symbol.asyncDispose]();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed)
      return Promise.reject(new StoreUnavailableError('the registry is closed; the node is stopping'));
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined); // its caller hears of it
    return result;
  }

  async #takeRetrying(desired: RegistryState, request: ApplyBase): Promise<ApplyResult> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#take(desired, request);
      } catch (error) {
        if (!(error instanceof RegistryConflictError) || attempt >= ATTEMPTS) throw error;
        this.#log.debug('somebody else changed the registry first; applying to the newest version', {
          attempt,
        });
        await this.#catchUp();
      }
    }
  }

  /** One new version from the newest here to `desired`, or none when they are equal. */
  async #take(desired: RegistryState, request: ApplyBase): Promise<ApplyResult> {
    const { view, tree } = this.#loaded;
    const changes = buildDelta(
      view.state,
      desired,
      (entry) => request.dependencies?.get(entry.id) ?? this.#dependencies(entry),
    );
    if (changes.length === 0) return { version: view.version, changes };

    const parent = view.version;
    const stored = changes.map((change): StoredChange => ({
      ...change,
      leaf: change.op === 'delete' ? undefined : leafAfter(change),
    }));
    const leaves = new Map(stored.map((change) => [changedId(change), change.leaf ?? '']));
    const nextTree = tree.apply(changes, (change) => leaves.get(changedId(change)) ?? '');
    const version: StoredVersion = Object.freeze({
      number: parent.number + 1,
      parent: parent.number,
      hash: chainHash(parent.hash, nextTree.root, sha256),
      state: nextTree.root,
      comment: request.comment ?? '',
      author: request.author ?? '',
      time: new Date().toISOString(),
    });
    const next = new StateView(version, applyChanges(view.state, changes));
    const programs = await this.#missingPrograms(changes, request.programs);

    this.#announce('begin', version, { changes: changes.length });
    for (const change of changes) this.#announceChange(change.op, change, version);
    let undo: (() => Promise<void>) | undefined;
    try {
      undo = await this.#listeners.accept(changes, next, view, (change) => {
        this.#announceChange('accept', change, version);
      });
      await this.#store.append({ version, changes: stored, programs, expectedHead: parent.number });
    } catch (error) {
      await undo?.();
      this.#announce('discard', version, { reason: error instanceof Error ? error.message : String(error) });
      throw error;
    }
    await this.#swap({ view: next, tree: nextTree }, changes);
    return { version, changes };
  }

  /** The programs of the changes that the store does not have yet. */
  async #missingPrograms(
    changes: readonly Change[],
    given: ReadonlyMap<string, PinnedProgram> | undefined,
  ): Promise<PinnedProgram[]> {
    const wanted = new Map<string, EntryId>();
    for (const change of changes)
      if (
        change.op !== 'delete' &&
        change.programAfter !== undefined &&
        change.programAfter !== change.programBefore
      )
        wanted.set(change.programAfter, changedId(change));
    if (wanted.size === 0) return [];
    const missing = await this.#store.missingPrograms([...wanted.keys()]);
    return missing.map((hash) => {
      const entry = wanted.get(hash) ?? '';
      const program = given?.get(entry);
      if (program?.hash === hash) return program;
      throw new ProgramMissingError(
        `the program '${hash}' of entry '${entry}' is not stored any more; publish the entry anew`,
      );
    });
  }

  /** Takes over the versions that others have stored. */
  async #catchUp(): Promise<boolean> {
    const head = await this.#store.head();
    const from = this.#loaded.view;
    const number = head?.number ?? 0;
    if (number === from.version.number && (head === undefined || head.hash === from.version.hash))
      return false;
    const steps = number - from.version.number;
    const read = steps > 0 && steps <= MAX_STEPS ? await this.#readSteps(number) : undefined;
    if (read !== undefined) {
      await this.#follow(read.loaded, read.changes);
      return true;
    }
    // Too far behind, or the store's history is another one (it was restored).
    const loaded = loadState(await this.#store.snapshot());
    this.#oldViews.clear();
    await this.#follow(loaded, buildDelta(from.state, loaded.view.state, this.#dependencies));
    return true;
  }

  /** The versions up to `number` by their changesets; undefined when they do not follow on what is here. */
  async #readSteps(number: number): Promise<{ loaded: Loaded; changes: readonly Change[] } | undefined> {
    let { view, tree } = this.#loaded;
    const all: Change[] = [];
    for (let next = view.version.number + 1; next <= number; next++) {
      const version = await this.#store.version(next);
      const changes = await this.#store.changeset(next);
      if (version === undefined || changes === undefined) return undefined;
      if (version.hash !== chainHash(view.version.hash, version.state, sha256)) return undefined;
      tree = tree.apply(changes, leafAfter);
      checkRoot(tree, version); // V3
      view = new StateView(version, applyChanges(view.state, changes));
      all.push(...changes);
    }
    return { loaded: { view, tree }, changes: squashChanges(all) };
  }

  async #follow(loaded: Loaded, changes: readonly Change[]): Promise<void> {
    const { version } = loaded.view;
    this.#announce('begin', version, { changes: changes.length });
    for (const change of changes) this.#announceChange(change.op, change, version);
    await this.#listeners.follow(changes, loaded.view);
    await this.#swap(loaded, changes);
  }

  async #swap(loaded: Loaded, changes: readonly Change[]): Promise<void> {
    this.#loaded = loaded; // V1
    const { version } = loaded.view;
    await this.#listeners.committed(loaded.view, changes);
    this.#announce('commit', version, { changes: changes.length });
    this.#announce('version', version, {
      hash: version.hash,
      comment: version.comment,
      author: version.author,
    });
    this.#log.info('registry version applied', { version: version.number, changes: changes.length });
  }

  /** Walks back from the newest version here. */
  async #viewAt(number: number): Promise<StateView> {
    const { view } = this.#loaded;
    if (number === view.version.number) return view;
    const known = this.#oldViews.get(number);
    if (known !== undefined) return known;
    if (number === 0) return new StateView(emptyVersion(), new Map());
    const version = number < view.version.number ? await this.#store.version(number) : undefined;
    if (version === undefined) throw noVersion(number);
    let state: RegistryState = view.state;
    for (let step = view.version.number; step > number; step--)
      state = applyChanges(state, invertChanges(await this.changeset(step)));
    const old = new StateView(version, state);
    this.#oldViews.set(number, old);
    if (this.#oldViews.size > OLD_VIEWS) this.#oldViews.delete(this.#oldViews.keys().next().value ?? number);
    return old;
  }

  #announce(
    kind: 'begin' | 'commit' | 'discard' | 'version',
    version: VersionInfo,
    data: Record<string, Data>,
  ): void {
    const content = dataObject({ version: version.number, parent: version.parent ?? null, ...data });
    this.#bus.publish('registry', kind, String(version.number), textDataToBytes(content));
  }

  #announceChange(what: Change['op'] | 'accept', change: Change, version: VersionInfo): void {
    const entry = change.op === 'delete' ? change.before : change.after;
    const data = dataObject({
      id: entry.id,
      kind: entry.kind,
      operation: change.op,
      version: version.number,
    });
    this.#bus.publish('registry', `entry.${what}`, entry.id, textDataToBytes(data));
  }
}

function noVersion(number: number): RegistryVersionError {
  return new RegistryVersionError(`the registry has no version ${number}`);
}
