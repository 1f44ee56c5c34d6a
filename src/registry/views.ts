// Versions as views: the newest from a snapshot of the store, older ones by walking its changesets back.
// W1: the state hash of every version that is read is checked against what it was computed from.
import { createHash } from 'node:crypto';
import type { Change } from './model/changes.js';
import type { VersionInfo } from './model/registry.js';
import { changesAlong, versionPath } from './model/version-path.js';
import { VersionState } from './model/version-state.js';
import { RegistryVersionError } from './apply-request.js';
import { StateView } from './registry-view.js';
import {
  type RegistryStore,
  StoreCorruptError,
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
export function checkRoot(state: VersionState, version: StoredVersion): void {
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
