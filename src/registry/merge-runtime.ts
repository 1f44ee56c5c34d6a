// The app's folder over a version in which things were made or changed at run time.
// M1: what was made at run time stays; what was changed at run time stays while the folder's entry is the one that was
//     changed; where the folder has moved on since, the folder counts.
// M2: what stays is linked and built anew over the folder's entries, and the folder's entries that import it are built over it;
//     what does not fit any more keeps its old program.
import { formatDiagnostic } from '../core/diagnostics.js';
import type { Logger } from '../core/logger.js';
import type { PinnedProgram } from '../core/program.js';
import type { DesiredSet } from './apply-request.js';
import { sameEntry, type VersionedEntry } from './model/changes.js';
import type { Entry, EntryId } from './model/entry.js';
import type { ChangePipeline } from './pipeline/changes.js';
import { importsOf, linkEntries } from './pipeline/link.js';
import { buildPrograms } from './pipeline/programs.js';
import { type EntryScope, scopeOf } from './pipeline/scope.js';
import type { StateView } from './registry-view.js';
import type { EntryChangeRecord } from './store/registry-store.js';

export interface MergeOptions {
  readonly view: StateView;
  /** By id; becomes the result. */
  readonly folder: Map<EntryId, VersionedEntry>;
  readonly programs: ReadonlyMap<string, PinnedProgram>;
  readonly pipeline: ChangePipeline;
  readonly historyOf: (entry: string, options: { limit: number }) => Promise<readonly EntryChangeRecord[]>;
  readonly log: Logger;
}

/** Entries that a message names. */
const SHOWN = 5;
/** How far back the change that took an entry over is looked for. */
const HISTORY = 1_000;

export async function mergeRuntime(options: MergeOptions): Promise<DesiredSet> {
  const { view, folder, programs, pipeline, log } = options;
  const kept: VersionedEntry[] = [];
  const overruled: EntryId[] = [];
  for (const held of view.state.held()) {
    if (held.origin !== 'runtime') continue;
    const { id } = held.entry;
    const own = folder.get(id)?.entry;
    if (own === undefined || (await isUnchanged(own, options))) {
      folder.set(id, held);
      kept.push(held);
    } else if (!sameEntry(own, held.entry)) overruled.push(id);
  }
  const unknown = kept.map(({ entry }) => entry).filter(({ kind }) => !pipeline.kinds.has(kind));
  if (unknown.length > 0)
    log.warn('entries made at run time are of kinds that nobody knows any more, and stay idle', {
      entries: unknown.slice(0, SHOWN).map(({ id, kind }) => `${id} (${kind})`),
      count: unknown.length,
    });
  if (overruled.length > 0)
    log.warn('the folder has changed what was changed at run time, and counts', {
      entries: overruled.slice(0, SHOWN),
      count: overruled.length,
    });
  return { set: folder, programs: kept.length === 0 ? programs : rebuild(kept, options) };
}

/** Whether the folder's entry is the one that was changed at run time. */
async function isUnchanged(own: Entry, { historyOf }: MergeOptions): Promise<boolean> {
  for (const { change } of await historyOf(own.id, { limit: HISTORY }))
    if (change.op !== 'create' && change.originBefore === undefined) return sameEntry(change.before, own);
  return false;
}

/** M2 */
function rebuild(
  kept: readonly VersionedEntry[],
  { folder, programs: given, pipeline: { kinds, modules }, log }: MergeOptions,
): ReadonlyMap<string, PinnedProgram> {
  const scope = scopeOf([...folder.values()].map(({ entry }) => entry));
  const { entries, diagnostics } = linkEntries(
    kept.map(({ entry }) => entry),
    { kinds, modules, scope },
  );
  const linked = new Map<string, Entry>(entries.map((entry) => [entry.id, entry]));
  const linkedScope: EntryScope = { ...scope, get: (id) => linked.get(id) ?? scope.get(id) };
  const importers = importersOf(linked, folder, kinds);
  const built = buildPrograms([...entries, ...importers], { kinds, scope: linkedScope });
  const programs = new Map<string, PinnedProgram>(given);
  for (const { id } of importers) {
    const held = folder.get(id);
    const program = built.programs.get(id);
    if (held === undefined || program === undefined) continue;
    folder.set(id, { ...held, program: program.hash });
    programs.set(id, program);
  }
  for (const held of kept) {
    const { id } = held.entry;
    // An entry made at run time has its id for a file.
    const problems = diagnostics.filter(({ severity, place }) => severity === 'error' && place.file === id);
    const program = built.programs.get(id);
    if (problems.length > 0 || (program === undefined && held.program !== undefined)) {
      log.warn('an entry made at run time does not fit the folder any more; its old program goes on', {
        entry: id,
        problems: problems.slice(0, SHOWN).map(formatDiagnostic),
      });
      continue;
    }
    folder.set(id, { ...held, entry: linked.get(id) ?? held.entry, program: program?.hash });
    if (program !== undefined) programs.set(id, program);
  }
  return programs;
}

/** The folder's entries that import what stays, directly or through others. */
function importersOf(
  kept: ReadonlyMap<string, Entry>,
  folder: ReadonlyMap<EntryId, VersionedEntry>,
  kinds: ChangePipeline['kinds'],
): Entry[] {
  const importers = new Map<string, Entry[]>();
  for (const { entry } of folder.values())
    for (const id of importsOf(entry, kinds).keys()) {
      const known = importers.get(id);
      if (known === undefined) importers.set(id, [entry]);
      else known.push(entry);
    }
  const found = new Map<string, Entry>();
  const open = [...kept.keys()];
  for (let id = open.pop(); id !== undefined; id = open.pop())
    for (const entry of importers.get(id) ?? [])
      if (!kept.has(entry.id) && !found.has(entry.id)) {
        found.set(entry.id, entry);
        open.push(entry.id);
      }
  return [...found.values()];
}
