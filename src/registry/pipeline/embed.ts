// The stage `embed`: what an entry's folder holds is named in its data by hashes, and becomes files for the store. Pure.
// E1: the same files give the same entry: nothing of the disk but names and contents goes in.
import { createHash } from 'node:crypto';
import { dataObject } from '../../core/data.js';
import type { Diagnostic } from '../../core/diagnostics.js';
import { changed, locate, type LocatedEntry } from '../load/located-entry.js';
import { EMBED_KIND } from '../model/embedded.js';
import type { Entry } from '../model/entry.js';
import type { StoredFile } from '../store/registry-store.js';

export interface EmbedResult<E extends Entry> {
  readonly entries: readonly E[];
  /** Each content once. */
  readonly files: readonly StoredFile[];
  readonly diagnostics: readonly Diagnostic[];
}

export function embedFiles<E extends Entry & Partial<LocatedEntry>>(entries: readonly E[]): EmbedResult<E> {
  const files = new Map<string, StoredFile>();
  const diagnostics: Diagnostic[] = [];
  const embedded = entries.map((entry): E => {
    const { folder } = entry;
    if (entry.kind !== EMBED_KIND || folder === undefined) return entry;
    if (entry.data['directory'] !== folder.directory) {
      diagnostics.push({
        severity: 'error',
        place: locate(entry).placeOf('/directory'),
        message: `the folder of '${entry.id}' is read before values are put in place of others`,
        fix: 'change it where the entry is defined',
      });
      return entry;
    }
    const named = folder.files.map(({ path, bytes }) => {
      const hash = createHash('sha256').update(bytes).digest('hex');
      if (!files.has(hash)) files.set(hash, { hash, bytes });
      return dataObject({ path, hash, size: bytes.length });
    });
    return changed(entry, { data: dataObject({ ...entry.data, files: named }) });
  });
  return { entries: embedded, files: [...files.values()], diagnostics };
}

/** A folder can be named where it is read: in a definition file of the app. */
export function unembedded(entries: readonly Entry[]): Diagnostic[] {
  return entries.flatMap((entry): Diagnostic[] =>
    entry.kind === EMBED_KIND && entry.data['directory'] !== undefined && entry.data['files'] === undefined
      ? [
          {
            severity: 'error',
            place: locate(entry).placeOf('/directory'),
            message: `'directory' of '${entry.id}' is a folder, and only YAML files of the app can name folders`,
            fix: 'define the entry in the folder of the app',
          },
        ]
      : [],
  );
}
