// Walks a store's chain of versions from the newest back and checks everything against its hashes.
// V1: the entries that are stored are those of the newest version's hash; each older state follows by turning changes back.
// V2: each version's hash is its state's, chained to its parent's; the oldest one's parent may have been pruned.
// V3: every program and file that is named is stored, and is what its hash says.
import { createHash } from 'node:crypto';
import { changedId, ChangesetError, invertChanges, sidesOf } from './model/changes.js';
import type { Change } from './model/changes.js';
import { embeddedFiles } from './model/embedded.js';
import type { Entry } from './model/entry.js';
import { leafHash } from './model/state-hash.js';
import { chainHash } from './model/state-hash.js';
import { VersionState } from './model/version-state.js';
import { canonicalHash, type CanonicalValue } from './pipeline/canonical-json.js';
import type { RegistryStore, StoredVersion } from './store/registry-store.js';

export interface VerifyResult {
  readonly ok: boolean;
  /** How many were walked. */
  readonly versions: number;
  readonly entries: number;
  readonly programs: number;
  readonly files: number;
  /** Number of the oldest version that is there; 0 when there is none. */
  readonly oldest: number;
  readonly problems: readonly string[];
}

const AT_ONCE = 100;
const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

export async function verifyStore(store: RegistryStore): Promise<VerifyResult> {
  const problems: string[] = [];
  const { version: head, entries } = await store.snapshot();
  const named = new Map<string, string>();
  const name = (program: string | undefined, by: string): void => {
    if (program !== undefined && !named.has(program)) named.set(program, by);
  };
  const files = new Map<string, string>();
  const nameFiles = (entry: Entry | undefined, by: string): void => {
    for (const { hash, path } of entry === undefined ? [] : embeddedFiles(entry))
      if (!files.has(hash)) files.set(hash, `file '${path}' of ${by}`);
  };
  for (const held of entries) {
    nameFiles(held.entry, `entry '${held.entry.id}'`);
    if (leafHash(held, sha256) !== held.leaf)
      problems.push(`entry '${held.entry.id}' is not what its hash says`);
    name(held.program, `entry '${held.entry.id}'`);
  }
  let state = VersionState.of(
    entries.map(({ leaf: _leaf, ...held }) => held),
    sha256,
  );
  let walked = 0;
  let oldest = 0;
  if (head === undefined && entries.length > 0) problems.push('there are entries, but no version');
  for (let at = head; at !== undefined; walked++) {
    oldest = at.number;
    if (state.root !== at.state) {
      problems.push(`version ${at.number} does not have the state that its hash says`);
      break;
    }
    const changes = await store.changeset(at.number);
    if (changes === undefined) {
      problems.push(`version ${at.number} has no changeset`);
      break;
    }
    for (const change of changes) {
      name(change.programBefore, `version ${at.number}`);
      name(change.programAfter, `version ${at.number}`);
      const { before, after } = sidesOf(change);
      for (const side of [before, after])
        nameFiles(side?.entry, `entry '${changedId(change)}' in version ${at.number}`);
    }
    const parent = await parentOf(store, at);
    if (parent === undefined) {
      const isFirst = at.number === 1;
      const empty = VersionState.empty(sha256).root;
      if (isFirst && at.hash !== chainHash(empty, at.state, sha256))
        problems.push('version 1 does not follow on the empty registry');
      const before = stateBefore(state, changes, at, problems);
      if (isFirst && before !== undefined && before.root !== empty)
        problems.push('version 1 changes more than the empty registry has');
      walked++;
      break;
    }
    if (at.hash !== chainHash(parent.hash, at.state, sha256))
      problems.push(`version ${at.number} does not follow on version ${parent.number}`);
    const before = stateBefore(state, changes, at, problems);
    if (before === undefined) break;
    state = before;
    at = parent;
  }
  const missing = new Set<string>();
  for (let from = 0; from < named.size; from += AT_ONCE) {
    const part = [...named.keys()].slice(from, from + AT_ONCE);
    for (const hash of await store.missingPrograms(part)) missing.add(hash);
  }
  for (const [hash, by] of named) {
    if (missing.has(hash)) problems.push(`program '${hash}' of ${by} is not stored`);
    else if (await isForged(store, hash))
      problems.push(`program '${hash}' of ${by} is not what its hash says`);
  }
  for (const [hash, by] of files) {
    const bytes = await store.file(hash);
    if (bytes === undefined) problems.push(`the content '${hash}' of ${by} is not stored`);
    else if (createHash('sha256').update(bytes).digest('hex') !== hash)
      problems.push(`the content '${hash}' of ${by} is not what its hash says`);
  }
  return {
    ok: problems.length === 0,
    versions: walked,
    entries: entries.length,
    programs: named.size,
    files: files.size,
    oldest,
    problems,
  };
}

async function parentOf(store: RegistryStore, { number }: StoredVersion): Promise<StoredVersion | undefined> {
  return number === 1 ? undefined : store.version(number - 1);
}

function stateBefore(
  state: VersionState,
  changes: readonly Change[],
  { number }: StoredVersion,
  problems: string[],
): VersionState | undefined {
  try {
    return state.apply(invertChanges(changes));
  } catch (error) {
    if (!(error instanceof ChangesetError)) throw error;
    const ids = changes.map(changedId).join(', ');
    problems.push(`the changes of version ${number} (${ids}) do not fit its state: ${error.message}`);
    return undefined;
  }
}

async function isForged(store: RegistryStore, hash: string): Promise<boolean> {
  const pinned = await store.program(hash);
  return pinned !== undefined && canonicalHash(pinned.program as unknown as CanonicalValue) !== hash;
}
