// Of the programs and files that a version names, those that its store does not have yet.
import type { PinnedProgram } from '../core/program.js';
import { FileMissingError, ProgramMissingError } from './apply-request.js';
import { type Change, changedId } from './model/changes.js';
import { embeddedFiles } from './model/embedded.js';
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

/** Throws FileMissingError for one that is neither stored nor given. */
export async function missingFiles(
  store: RegistryStore,
  changes: readonly Change[],
  given: readonly StoredFile[] = [],
): Promise<StoredFile[]> {
  const wanted = new Map<string, string>();
  for (const change of changes)
    for (const { hash, path } of change.op === 'delete' ? [] : embeddedFiles(change.after))
      wanted.set(hash, `file '${path}' of entry '${changedId(change)}'`);
  if (wanted.size === 0) return [];
  const byHash = new Map(given.map((file) => [file.hash, file]));
  return (await store.missingFiles([...wanted.keys()])).map((hash) => {
    const file = byHash.get(hash);
    if (file !== undefined) return file;
    throw new FileMissingError(
      `the content '${hash}' of ${wanted.get(hash) ?? ''} is not stored; publish the entry from the folder of the app`,
    );
  });
}
