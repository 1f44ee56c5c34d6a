// Of the programs and files that a version names, those that its store does not have yet.
import type { PinnedProgram } from '../core/program.js';
import { ProgramMissingError } from './apply-request.js';
import { type Change, changedId } from './model/changes.js';
import type { EntryId } from './model/entry.js';
import type { RegistryStore, StoredFile } from './store/registry-store.js';

/** Throws ProgramMissingError for one that is neither stored nor given. */
export async function missingPrograms(
  store: RegistryStore,
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
  const missing = await store.missingPrograms([...wanted.keys()]);
  return missing.map((hash) => {
    const entry = wanted.get(hash) ?? '';
    const program = given?.get(entry);
    if (program?.hash === hash) return program;
    throw new ProgramMissingError(
      `the program '${hash}' of entry '${entry}' is not stored any more; publish the entry anew`,
    );
  });
}

export async function missingFiles(
  store: RegistryStore,
  files: readonly StoredFile[],
): Promise<StoredFile[]> {
  if (files.length === 0) return [];
  const missing = new Set(await store.missingFiles(files.map(({ hash }) => hash)));
  return files.filter(({ hash }) => missing.has(hash));
}
