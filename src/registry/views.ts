// Versions as views: the newest from a snapshot of the store, older ones by walking its changesets back.
// W1: the state hash of every version that is read is checked against what it was computed from.
import { createHash } from 'node:crypto';
import type { Change } from './model/changes.js';
import type { VersionInfo } from './model/registry.js';
import { chainHash } from './model/state-hash.js';
import { changesAlong, versionPath } from './model/version-path.js';
import { VersionState } from './model/version-state.js';
import { RegistryVersionError } from './apply-request.js';
import { StateView } from './registry-view.js';
import {
  type RegistryStore,
  StoreCorruptError,
  type StoredStep,
  type StoredVersion,
  type StoreSnapshot,
} from './store/registry-store.js';

/** Views of old versions that are kept. */
const KEPT = 8;

export const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

export function loadView({ version, entries }: StoreSnapshot): StateView {
  const state = VersionState.of(entries, sha256);
  if (version !== undefined) checkRoot(state, version);
  return new StateView(version ?? emptyVersion(), state);
}

/** Throws StoreCorruptError (W1). */
function checkRoot(state: VersionState, version: StoredVersion): void {
  if (state.root !== version.state)
    throw new StoreCorruptError(
      `the entries of version ${version.number} do not match its hash; restore the database from a backup`,
    );
}

/** Along the versions that follow on a view, with all that they change; undefined when they do not follow on it. */
export function viewAlong(
  from: StateView,
  steps: readonly StoredStep[],
): { readonly view: StateView; readonly changes: readonly Change[] } | undefined {
  let { version, state }: { version: VersionInfo; state: VersionState } = from;
  const changes: Change[] = [];
  for (const step of steps) {
    if (step.version.number !== version.number + 1) return undefined;
    if (step.version.hash !== chainHash(version.hash, step.version.state, sha256)) return undefined;
    state = state.apply(step.changes);
    checkRoot(state, step.version); // W1
    version = step.version;
    changes.push(...step.changes);
  }
  return { view: new StateView(version, state), changes };
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

export const noVersion = (number: number): RegistryVersionError =>
  new RegistryVersionError(`the registry has no version ${number}`);

export async function changesetOf(store: RegistryStore, number: number): Promise<readonly Change[]> {
  const changes = number === 0 ? [] : await store.changeset(number);
  if (changes === undefined) throw noVersion(number);
  return changes;
}

export class OldViews {
  readonly #store: RegistryStore;
  readonly #kept = new Map<number, StateView>();

  constructor(store: RegistryStore) {
    this.#store = store;
  }

  /** Walks from the newest version. Throws RegistryVersionError. */
  async at(number: number, newest: StateView): Promise<StateView> {
    if (number === newest.version.number) return newest;
    const known = this.#kept.get(number);
    if (known !== undefined) return known;
    if (number === 0) return new StateView(emptyVersion(), VersionState.empty(sha256));
    const version = number < newest.version.number ? await this.#store.version(number) : undefined;
    if (version === undefined) throw noVersion(number);
    const path = versionPath(newest.version.number, number, (one) => one - 1);
    const sets = new Map<number, readonly Change[]>();
    for (const step of path?.back ?? []) sets.set(step, await changesetOf(this.#store, step));
    const state =
      path === undefined
        ? newest.state
        : newest.state.apply(changesAlong(path, (one) => sets.get(one) ?? []));
    checkRoot(state, version);
    const view = new StateView(version, state);
    this.#kept.set(number, view);
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value ?? number);
    return view;
  }

  clear(): void {
    this.#kept.clear();
  }
}
