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
  requestedChanges,
  type VersionNote,
} from './apply-request.js';
import { type ChangeListener, ChangeListeners } from './change-listeners.js';
import { type Change, changedId, type EntrySet, stateOf } from './model/changes.js';
import { buildDelta, type Dependencies, mentionedIds, orderChanges } from './model/delta.js';
import type { EntryId } from './model/entry.js';
import type { RegistryService, RegistryView, VersionInfo } from './model/registry.js';
import { chainHash } from './model/state-hash.js';
import { changesAlong, versionPath } from './model/version-path.js';
import { VersionState } from './model/version-state.js';
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
/** Reads the newest version and follows the store. */
export async function openRegistry(options: OpenRegistryOptions): Promise<Registry> {
  try {
    return new StoredRegistry(options, loadView(await options.store.snapshot()));
  } catch (error) {
    await options.store[Symbol.asyncDispose]();
    throw error;
  }
}

function loadView({ version, entries }: StoreSnapshot): StateView {
  const state = VersionState.of(entries, sha256);
  if (version !== undefined) checkRoot(state, version);
  return new StateView(version ?? emptyVersion(), state);
}

function checkRoot(state: VersionState, version: StoredVersion): void {
  if (state.root !== version.state)
    throw new StoreCorruptError(
      `the entries of version ${version.number} do not match its hash; restore the database from a backup`,
    );
}

function emptyVersion(): VersionInfo {
  const hash = VersionState.empty(sha256).root;
  return Object.freeze({
    number: 0,
    parent: undefined,
    hash,
    comment: '',
    author: '',
    via: '',
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
  #view: StateView;
  /** The end of the last change: they go one at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: OpenRegistryOptions, view: StateView) {
    const { store, log, bus, dependencies = mentionedIds, acceptTimeoutMs = 30_000, follow = true } = options;
    this.#store = store;
    this.#log = log;
    this.#bus = bus;
    this.#dependencies = dependencies;
    this.#listeners = new ChangeListeners(acceptTimeoutMs, log);
    this.#view = view;
    if (follow)
      this.#watch = store.watch({
        changed: () => {
          this.catchUp().catch((error: unknown) => {
            if (!this.#closed)
              log.warn('the registry cannot follow its store; it goes on with what it has', { error });
          });
        },
      });
  }

  get current(): RegistryView {
    return this.#view;
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
      if (!('changes' in request)) {
        const { programs } = request;
        return this.#takeRetrying(
          stateOf(request.entries, (id) => programs?.get(id)?.hash),
          request,
        );
      }
      const base = request.base ?? this.#view.version.number;
      if (base !== this.#view.version.number) await this.#catchUp();
      if (base !== this.current.version.number)
        throw new RegistryConflictError(base, this.current.version.number);
      try {
        const { state } = this.#view;
        const changes = requestedChanges(state, request);
        const next = state.apply(changes);
        return await this.#take(
          orderChanges(changes, state, next, this.#dependenciesOf(request)),
          next,
          request,
        );
      } catch (error) {
        if (error instanceof RegistryConflictError) await this.#catchUp(); // so that the caller finds the newest here
        throw error;
      }
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

  #dependenciesOf(request: ApplyBase): Dependencies {
    return (entry) => request.dependencies?.get(entry.id) ?? this.#dependencies(entry);
  }

  /** From the newest version to `desired`, again and again while others come first. */
  async #takeRetrying(desired: EntrySet, request: ApplyBase): Promise<ApplyResult> {
    for (let attempt = 1; ; attempt++) {
      try {
        const { state } = this.#view;
        const changes = buildDelta(state, desired, this.#dependenciesOf(request));
        return await this.#take(changes, state.apply(changes), request);
      } catch (error) {
        if (!(error instanceof RegistryConflictError) || attempt >= ATTEMPTS) throw error;
        this.#log.debug('somebody else changed the registry first; applying to the newest version', {
          attempt,
        });
        await this.#catchUp();
      }
    }
  }

  /** One new version with the changes, or none where there are none. */
  async #take(changes: readonly Change[], state: VersionState, request: ApplyBase): Promise<ApplyResult> {
    const view = this.#view;
    if (changes.length === 0) return { version: view.version, changes };

    const parent = view.version;
    const stored = changes.map((change): StoredChange => ({
      ...change,
      leaf: state.leafOf(change),
    }));
    const version: StoredVersion = Object.freeze({
      number: parent.number + 1,
      parent: parent.number,
      hash: chainHash(parent.hash, state.root, sha256),
      state: state.root,
      comment: request.comment ?? '',
      author: request.author ?? '',
      via: request.via ?? '',
      time: new Date().toISOString(),
    });
    const next = new StateView(version, state);
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
    await this.#swap(next, changes);
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
    const from = this.#view;
    const number = head?.number ?? 0;
    if (number === from.version.number && (head === undefined || head.hash === from.version.hash))
      return false;
    const steps = number - from.version.number;
    const read = steps > 0 && steps <= MAX_STEPS ? await this.#readSteps(number) : undefined;
    if (read !== undefined) {
      await this.#follow(read.view, read.changes);
      return true;
    }
    // Too far behind, or the store's history is another one (it was restored).
    const view = loadView(await this.#store.snapshot());
    this.#oldViews.clear();
    await this.#follow(view, buildDelta(from.state, view.state, this.#dependencies));
    return true;
  }

  /** The versions up to `number` by their changesets; undefined when they do not follow on what is here. */
  async #readSteps(number: number): Promise<{ view: StateView; changes: readonly Change[] } | undefined> {
    const from = this.#view;
    const sets = new Map<number, readonly Change[]>();
    let { version, state } = from;
    for (let next = version.number + 1; next <= number; next++) {
      const stored = await this.#store.version(next);
      const changes = await this.#store.changeset(next);
      if (stored === undefined || changes === undefined) return undefined;
      if (stored.hash !== chainHash(version.hash, stored.state, sha256)) return undefined;
      state = state.apply(changes);
      checkRoot(state, stored); // V3
      version = stored;
      sets.set(next, changes);
    }
    const path = versionPath(from.version.number, number, (one) => one - 1);
    const changes = path === undefined ? [] : changesAlong(path, (one) => sets.get(one) ?? []);
    return {
      view: new StateView(version, state),
      changes: orderChanges(changes, from.state, state, this.#dependencies),
    };
  }

  async #follow(view: StateView, changes: readonly Change[]): Promise<void> {
    const { version } = view;
    this.#announce('begin', version, { changes: changes.length });
    for (const change of changes) this.#announceChange(change.op, change, version);
    await this.#listeners.follow(changes, view);
    await this.#swap(view, changes);
  }

  async #swap(view: StateView, changes: readonly Change[]): Promise<void> {
    this.#view = view; // V1
    const { version } = view;
    await this.#listeners.committed(view, changes);
    this.#announce('commit', version, { changes: changes.length });
    this.#announce('version', version, {
      hash: version.hash,
      comment: version.comment,
      author: version.author,
    });
    this.#log.info('registry version applied', { version: version.number, changes: changes.length });
  }

  /** Walks from the newest version here. */
  async #viewAt(number: number): Promise<StateView> {
    const view = this.#view;
    if (number === view.version.number) return view;
    const known = this.#oldViews.get(number);
    if (known !== undefined) return known;
    if (number === 0) return new StateView(emptyVersion(), VersionState.empty(sha256));
    const version = number < view.version.number ? await this.#store.version(number) : undefined;
    if (version === undefined) throw noVersion(number);
    const path = versionPath(view.version.number, number, (one) => one - 1);
    const sets = new Map<number, readonly Change[]>();
    for (const step of path?.back ?? []) sets.set(step, await this.changeset(step));
    const state =
      path === undefined ? view.state : view.state.apply(changesAlong(path, (one) => sets.get(one) ?? []));
    checkRoot(state, version); // V3
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
