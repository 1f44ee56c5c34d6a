// The files of the folder that an entry embeds, or what is wrong with it.
// E1: files and folders whose name begins with a dot, and `node_modules`, are left out: secrets do not travel.
// E2: nothing outside the app is read; a file is at most MOST_FILE_BYTES, all of an entry at most MOST_BYTES.
import path from 'node:path';
import type { Diagnostic, Place } from '../../core/diagnostics.js';
import { EMBED_KIND } from '../model/embedded.js';
import type { AppFiles } from './app-files.js';
import type { RawEntry } from './definition.js';
import type { SourceRoot } from './sources.js';
import { wholeFile } from './text-file.js';

const MIB = 1024 * 1024;
export const MOST_FILE_BYTES = 16 * MIB;
export const MOST_BYTES = 64 * MIB;

/** What an entry's folder holds; never stored as it is. */
export interface FoundFolder {
  /** As the entry has it. */
  readonly directory: string;
  /** Absolute. */
  readonly folder: string;
  /** Sorted by path. */
  readonly files: readonly { readonly path: string; readonly bytes: Uint8Array }[];
}

export interface ReadEmbedded {
  readonly found?: FoundFolder;
  readonly diagnostics: readonly Diagnostic[];
}

export async function readEmbedded(
  entry: RawEntry,
  files: AppFiles,
  root: SourceRoot,
): Promise<ReadEmbedded> {
  const { directory, base, files: written } = entry.data;
  if (entry.kind !== EMBED_KIND) return { diagnostics: [] };
  const place = (field: string): Place => entry.tree.placeOf(`${entry.base}/${field}`);
  const fails = (at: Place, message: string, fix: string): ReadEmbedded => ({
    diagnostics: [{ severity: 'error', place: at, message, fix }],
  });
  if (written !== undefined)
    return fails(
      place('files'),
      "'files' is written when the folder is read",
      "name a folder in 'directory'",
    );
  if (directory === undefined)
    return {
      diagnostics: [
        {
          severity: 'warning',
          place: place(''),
          message: `'${entry.id}' names no folder, so it embeds nothing`,
          fix: "add 'directory: ./public'",
        },
      ],
    };
  if (typeof directory !== 'string' || directory === '') return { diagnostics: [] }; // told by the kind's schema
  const at = place('directory');
  if (path.isAbsolute(directory) || directory.includes('\\') || directory.includes('\0'))
    return fails(
      at,
      `folder '${directory}' is not a relative path`,
      'write it relative to the app, with forward slashes; nothing outside the app is read',
    );
  const folder = path.join(base === 'module' ? root.folder : files.root, directory);
  if (!files.contains(folder))
    return fails(
      at,
      `folder '${directory}' leads out of the app`,
      'copy it into the app; nothing outside it is read',
    );
  if (!(await files.folderExists(folder)))
    return fails(at, `there is no folder '${files.relative(folder)}'`, 'create it, or mend the name');
  return readFolder(directory, folder, at, files);
}

async function readFolder(
  directory: string,
  folder: string,
  at: Place,
  files: AppFiles,
): Promise<ReadEmbedded> {
  const found: { path: string; bytes: Uint8Array }[] = [];
  const diagnostics: Diagnostic[] = [];
  const tell = (file: string, message: string, fix: string): void => {
    diagnostics.push({ severity: 'error', place: wholeFile(files.relative(file)), message, fix });
  };
  let total = 0;
  for (const { path: absolute, name, problem } of await files.walk(folder, new Set())) {
    if (name.startsWith('.')) continue; // E1
    const result =
      problem === undefined ? await files.read(absolute, MOST_FILE_BYTES) : { ok: false as const, problem };
    if (result.ok) {
      total += result.bytes.length;
      if (total > MOST_BYTES) {
        const message = `the files of folder '${directory}' are bigger than ${MOST_BYTES / MIB} MiB together`;
        const fix = 'embed less, or serve them from elsewhere';
        return { diagnostics: [{ severity: 'error', place: at, message, fix }] };
      }
      found.push({ path: path.relative(folder, absolute).split(path.sep).join('/'), bytes: result.bytes });
    } else if (result.problem === 'outside')
      tell(absolute, 'the link leads out of the app', 'copy what it names into the app');
    else if (result.problem === 'too-big')
      tell(
        absolute,
        `the file is bigger than ${MOST_FILE_BYTES / MIB} MiB`,
        'make it smaller, or take it out',
      );
    else tell(absolute, `the file cannot be embedded (${result.problem})`, 'mend it, or take it out');
  }
  if (diagnostics.length > 0) return { diagnostics };
  return { found: { directory, folder, files: found }, diagnostics };
}
