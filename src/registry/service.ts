// The registry on a node: the newest version in memory, versions in the store, changes applied one at a time.
// V1: `current` is replaced as a whole, after the store has taken the version: readers see the old one or the new one.
// V2: an apply stores one new version or none: when it throws nothing was changed, here and in the store.
// V3: the state hash of every version that is read is checked against what it was computed from (views.ts).
// V4: a full set is applied again to the newest version when somebody else came first; a list of changes is not.
// V5: an effect with a key is one version, however often it is asked for.
// V6: a version that others have stored is taken when this node can live with it, else it goes on with the one before and
//     changes are refused, but for those that replace the whole: a publish and a rollback go on from the newest version.
import type { EventBus } from '../core/event-bus.js';
import type { Logger } from '../core/logger.js';
import type { PinnedProgram } from '../core/program.js';
import { Announcements } from './announcements.js';
import {
  type ApplyBase,
  type ApplyRequest,
  type ApplyResult,
  type DesiredSet,
  type FullSetRequest,
  desiredSet,
  requestedChanges,
  type RollbackNote,
  VersionRefusedError,
} from './apply-request.js';
import { type ChangeListener, ChangeListeners, RegistryRejectedError } from './change-listeners.js';
import { type Change, squashChanges } from './model/changes.js';
import { buildDelta, type Dependencies, mentionedIds, orderChanges } from './model/delta.js';
import type { RegistryService, VersionInfo } from './model/registry.js';
import { chainHash } from './model/state-hash.js';
import type { VersionState } from './model/version-state.js';
import { StateView } from './registry-view.js';
import {
  RegistryConflictError,
  type EntryChangeRecord,
  type RegistryStore,
  type StoredChange,
  type StoredVersion,
  StoreUnavailableError,
} from './store/registry-store.js';
import { missingFiles, missingPrograms } from './missing-content.js';
import { changesetOf, loadView, noVersion, OldViews, sha256, viewAlong } from './views.js';

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
  readonly current: StateView;
  apply(request: ApplyRequest): Promise<ApplyResult>;
  /** A new version whose state equals that of an old one. */
  rollback(number: number, note?: RollbackNote): Promise<ApplyResult>;
  /** A view of any version. Throws RegistryVersionError when there is none. */
  at(number: number): Promise<StateView>;
  /** Newest first. */
  versions(options?: { readonly before?: number; readonly limit?: number }): Promise<readonly VersionInfo[]>;
  changeset(number: number): Promise<readonly Change[]>;
  /** What was stored under a key, if anything was. */
  resultOf(key: string): Promise<ApplyResult | undefined>;
  /** What happened to one entry, newest first. */
  historyOf(
    entry: string,
    options?: { readonly before?: number; readonly limit?: number },
  ): Promise<readonly EntryChangeRecord[]>;
  /** The content of an embedded file. */
  file(hash: string): Promise<Uint8Array | undefined>;
  /** Takes over what other processes have stored; true when there was something. */
  catchUp(): Promise<boolean>;
  listen(listener: ChangeListener): Disposable;
}

/** Full sets are applied anew at most this often when others keep coming first. */
const ATTEMPTS = 20;
/** Further behind than this, a node reads the whole state instead of the changesets. */
const MAX_STEPS = 200;

/** Reads the newest version and follows the store. */
export async function openRegistry(options: OpenRegistryOptions): Promise<Registry> {
  try {
    return new StoredRegistry(options, loadView(await options.store.snapshot()));
  } catch (error) {
    await options.store[Symbol.asyncDispose]();
    throw error;
  }
}

class StoredRegistry implements Registry {
  readonly #store: RegistryStore;
  readonly #log: Logger;
  readonly #announce: Announcements;
  readonly #dependencies: Dependencies;
  readonly #listeners: ChangeListeners;
  readonly #oldViews: OldViews;
  readonly #watch: Disposable | undefined;
  #view: StateView;
  /** The newest version, where this node cannot take it (V6). */
  #refused: { readonly view: StateView; readonly error: RegistryRejectedError } | undefined;
  /** The end of the last change: they go one at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: OpenRegistryOptions, view: StateView) {
    const { store, log, bus, dependencies = mentionedIds, acceptTimeoutMs = 30_000, follow = true } = options;
    this.#store = store;
    this.#log = log;
    this.#announce = new Announcements(bus);
    this.#oldViews = new OldViews(store);
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

  get current(): StateView {
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

  changeset(number: number): Promise<readonly Change[]> {
    return changesetOf(this.#store, number);
  }

  historyOf(
    entry: string,
    options?: { readonly before?: number; readonly limit?: number },
  ): Promise<readonly EntryChangeRecord[]> {
    return this.#store.changesOf(entry, options);
  }

  resultOf(key: string): Promise<ApplyResult | undefined> {
    return this.#inTurn(() => this.#resultOf(key));
  }

  file(hash: string): Promise<Uint8Array | undefined> {
    return this.#store.file(hash);
  }

  apply(request: ApplyRequest): Promise<ApplyResult> {
    return this.#inTurn(() =>
      this.#once(request.key, async () => {
        if (!('changes' in request)) return this.#takeRetrying((view) => desiredSet(view, request), request);
        if (this.#refused !== undefined) throw this.#refusal(this.#refused.error);
        const base = request.base ?? this.#view.version.number;
        if (base !== this.#view.version.number) await this.#catchUp();
        const { version, state } = this.#view;
        if (base !== version.number) throw new RegistryConflictError(base, version.number);
        try {
          const changes = requestedChanges(state, request);
          const next = state.apply(changes);
          const ordered = orderChanges(changes, state, next, this.#dependenciesOf(request));
          return await this.#take(this.#view, ordered, next, request);
        } catch (error) {
          if (error instanceof RegistryConflictError) await this.#catchUp(); // so that the caller finds the newest here
          throw error;
        }
      }),
    );
  }

  rollback(number: number, note: RollbackNote = {}): Promise<ApplyResult> {
    return this.#inTurn(() =>
      this.#once(note.key, async () => {
        await this.#catchUp();
        if (number === 0) throw noVersion(number); // nobody means to lose all of an app
        const { state } = await this.#oldViews.at(number, this.#newest);
        return this.#takeRetrying(() => ({ set: state }), {
          comment: `roll back to version ${number}`,
          ...note,
        });
      }),
    );
  }

  async at(number: number): Promise<StateView> {
    if (number > this.#newest.version.number) await this.catchUp();
    return this.#oldViews.at(number, this.#newest);
  }

  /** What the next version follows on. */
  get #newest(): StateView {
    return this.#refused?.view ?? this.#view;
  }

  #refusal(error: RegistryRejectedError): VersionRefusedError {
    return new VersionRefusedError(this.#view.version.number, this.#newest.version.number, error);
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

  /** V5 */
  async #once(key: string | undefined, work: () => Promise<ApplyResult>): Promise<ApplyResult> {
    if (key === undefined) return work();
    const before = await this.#resultOf(key);
    if (before !== undefined) return before;
    try {
      return await work();
    } catch (error) {
      const other = error instanceof RegistryConflictError ? await this.#resultOf(key) : undefined;
      if (other === undefined) throw error;
      return other;
    }
  }

  async #resultOf(key: string): Promise<ApplyResult | undefined> {
    const version = await this.#store.versionOfKey(key);
    if (version === undefined) return undefined;
    await this.#catchUp();
    return { version, changes: await this.changeset(version.number) };
  }

  /** From the newest version to what `desired` makes of it, again and again while others come first. */
  async #takeRetrying(
    desired: (view: StateView) => DesiredSet | Promise<DesiredSet>,
    request: ApplyBase & Pick<FullSetRequest, 'files'>,
  ): Promise<ApplyResult> {
    for (let attempt = 1; ; attempt++) {
      try {
        const base = this.#newest;
        const { set, programs } = await desired(base);
        const changes = buildDelta(base.state, set, this.#dependenciesOf(request));
        const wanted = programs === undefined ? request : { ...request, programs };
        return await this.#take(base, changes, base.state.apply(changes), wanted);
      } catch (error) {
        if (!(error instanceof RegistryConflictError) || attempt >= ATTEMPTS) throw error;
        this.#log.debug('somebody else changed the registry first; applying to the newest version', {
          attempt,
        });
        await this.#catchUp();
      }
    }
  }

  /** One new version with the changes to the newest one, or none where there are none. */
  async #take(
    base: StateView,
    changes: readonly Change[],
    state: VersionState,
    request: ApplyBase & Pick<FullSetRequest, 'files'>,
  ): Promise<ApplyResult> {
    const parent = base.version;
    if (changes.length === 0) {
      if (this.#refused !== undefined) throw this.#refusal(this.#refused.error);
      return { version: parent, changes };
    }
    const view = this.#view;
    const here = base === view ? changes : buildDelta(view.state, state, this.#dependenciesOf(request));
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
    const programs = await missingPrograms(this.#store, changes, request.programs);

    const files = await missingFiles(this.#store, changes, request.files);

    this.#announce.begin(version, here);
    let undo: (() => Promise<void>) | undefined;
    try {
      undo = await this.#listeners.accept(here, next, view, this.#announce.answersTo(version));
      await this.#store.append({
        version,
        changes: stored,
        programs,
        files,
        expectedHead: parent.number,
        ...(request.key === undefined ? {} : { key: request.key }),
      });
    } catch (error) {
      await undo?.();
      this.#announce.discard(version, error);
      throw error;
    }
    await this.#swap(next, here);
    return { version, changes };
  }

  /** Takes over the versions that others have stored. */
  async #catchUp(): Promise<boolean> {
    const head = await this.#store.head();
    const from = this.#view;
    const number = head?.number ?? 0;
    if (number === from.version.number && (head === undefined || head.hash === from.version.hash)) {
      this.#refused = undefined; // the store was restored to before it
      return false;
    }
    if (head?.hash === this.#refused?.view.version.hash && this.#refused?.error.retryable === false)
      return false;
    const steps = number - from.version.number;
    const read = steps > 0 && steps <= MAX_STEPS ? await this.#readSteps(number) : undefined;
    if (read !== undefined) return this.#follow(read.view, read.changes);
    // Too far behind, or the store's history is another one (it was restored).
    const view = loadView(await this.#store.snapshot());
    this.#oldViews.clear();
    return this.#follow(view, buildDelta(from.state, view.state, this.#dependencies));
  }

  /** The versions up to `number` by their changesets; undefined when they do not follow on what is here. */
  async #readSteps(number: number): Promise<{ view: StateView; changes: readonly Change[] } | undefined> {
    const from = this.#view;
    const steps = await this.#store.steps(from.version.number, number - from.version.number);
    const found = viewAlong(from, steps);
    if (found === undefined || found.view.version.number < number) return undefined;
    const changes = squashChanges(found.changes);
    return {
      view: found.view,
      changes: orderChanges(changes, from.state, found.view.state, this.#dependencies),
    };
  }

  /** Takes a version that others have stored, if this node can live with it (V6). */
  async #follow(view: StateView, changes: readonly Change[]): Promise<boolean> {
    const { version } = view;
    this.#announce.begin(version, changes);
    try {
      await this.#listeners.follow(changes, view, this.#view, this.#announce.answersTo(version));
    } catch (error) {
      this.#announce.discard(version, error);
      if (!(error instanceof RegistryRejectedError)) throw error;
      this.#refused = { view, error };
      this.#log.error('this node cannot take a version of the registry, and goes on with the one before', {
        version: version.number,
        current: this.#view.version.number,
        via: version.via,
        author: version.author,
        error,
      });
      return false;
    }
    await this.#swap(view, changes);
    return true;
  }

  async #swap(view: StateView, changes: readonly Change[]): Promise<void> {
    this.#view = view; // V1
    this.#refused = undefined;
    const { version } = view;
    await this.#listeners.committed(view, changes);
    this.#announce.commit(version, changes);
    const { number, via, author } = version;
    this.#log.info('registry version applied', { version: number, changes: changes.length, via, author });
  }
}
