// `file://` values of an entry's source fields: the text of the file they name, or what is wrong with it.
import path from 'node:path';
import { mapIn } from '../../core/data-values.js';
import { dataObject, type DataObject } from '../../core/data.js';
import type { Diagnostic, Place } from '../../core/diagnostics.js';
import type { KindSpec } from '../model/kind.js';
import type { AppFiles } from './app-files.js';
import { MAX_FILE_BYTES } from './app-files.js';
import { suggest } from './nearest.js';
import { readableValue } from './schema-check.js';
import { decodeText } from './text-file.js';
import type { RawEntry } from './definition.js';
import type { TextStart } from './yaml-tree.js';

const SCHEME = 'file://';
/** `handler.lua` where `file://handler.lua` was meant. */
const BARE_FILE = /^[\w./-]+\.lua$/;
/** `file:main.lua` and `FILE://main.lua`; no Lua begins so. */
const NEARLY_FILE = /^file:\/*(\S+\.lua)$/i;
const ANY_SCHEME = /^([A-Za-z][\w+.-]*):\/\//;

export interface SourceRoot {
  /** Absolute folder that chunk names are relative to. */
  readonly folder: string;
  /** What chunk names of an installed module begin with: `acme/http/`. */
  readonly prefix: string;
  /** The module that the folder is, where it is one. */
  readonly module?: string;
}

export interface ReadSources {
  readonly data: DataObject;
  readonly file?: { readonly chunk: string; readonly path: string };
  readonly inline?: TextStart;
  readonly diagnostics: readonly Diagnostic[];
}

export async function readSources(
  entry: RawEntry,
  spec: KindSpec | undefined,
  files: AppFiles,
  root: SourceRoot,
): Promise<ReadSources> {
  const diagnostics: Diagnostic[] = [];
  let { data } = entry;
  let file: ReadSources['file'];
  let inline: TextStart | undefined;
  for (const field of spec?.sources ?? []) {
    const value = data[field];
    if (typeof value !== 'string') continue;
    const pointer = `${entry.base}/${field}`;
    if (!value.startsWith(SCHEME)) {
      inline = entry.tree.textStartOf(pointer);
      const mistaken = spec?.lua === undefined ? undefined : notLua(field, value);
      if (mistaken !== undefined)
        diagnostics.push({ severity: 'error', place: entry.tree.placeOf(pointer), ...mistaken });
      continue;
    }
    const source = await readSource(value.slice(SCHEME.length), entry, entry.tree.placeOf(pointer), files);
    if ('diagnostic' in source) {
      diagnostics.push(source.diagnostic);
      continue;
    }
    data = dataObject({ ...data, [field]: source.text });
    const inRoot = path.relative(root.folder, source.path).split(path.sep).join('/');
    const appPath = files.relative(source.path);
    const chunk = inRoot.startsWith('../') ? appPath : root.prefix + inRoot;
    file = { chunk, path: appPath };
    if (spec?.lua !== undefined) data['chunk'] = chunk;
  }
  for (const name of spec?.files ?? []) {
    const [outer = '', inner = ''] = name.split('.');
    const map = mapIn(data[outer]);
    const value = map[inner];
    if (typeof value !== 'string' || !value.startsWith(SCHEME)) continue;
    const place = entry.tree.placeOf(`${entry.base}/${outer}/${inner}`);
    const source = await readSource(value.slice(SCHEME.length), entry, place, files);
    if ('diagnostic' in source) diagnostics.push(source.diagnostic);
    else
      data = dataObject({
        ...data,
        [outer]: dataObject({ ...map, [inner]: SCHEME + files.relative(source.path) }),
      });
  }
  return {
    data,
    diagnostics,
    ...(file === undefined ? {} : { file }),
    ...(inline === undefined ? {} : { inline }),
  };
}

/** Why a text that stands where Lua is taken cannot have been meant as Lua. */
function notLua(
  field: string,
  value: string,
): { readonly message: string; readonly fix: string } | undefined {
  if (BARE_FILE.test(value))
    return {
      message: `'${field}' is Lua text here, and '${value}' is a file name`,
      fix: `write 'file://${value}'`,
    };
  const shown = readableValue(value);
  const [, name] = NEARLY_FILE.exec(value) ?? [];
  if (name !== undefined)
    return { message: `${field} ${shown} is neither a file nor Lua`, fix: `write 'file://${name}'` };
  const [, scheme] = ANY_SCHEME.exec(value) ?? [];
  if (scheme === undefined) return undefined;
  return {
    message: `${field} ${shown} has the unknown scheme '${scheme}'`,
    fix: "save the file in the app and write 'file://name.lua', or give the Lua itself",
  };
}

type Source = { readonly text: string; readonly path: string } | { readonly diagnostic: Diagnostic };

async function readSource(name: string, entry: RawEntry, place: Place, files: AppFiles): Promise<Source> {
  const problem = (message: string, fix?: string, at = place): Source => ({
    diagnostic: { severity: 'error', place: at, message, ...(fix === undefined ? {} : { fix }) },
  });
  const written = `source 'file://${name}'`;
  if (name === '') return problem(`${written} names no file`, "write 'file://name.lua'");
  if (name.includes('\0')) return problem(`${written} has a NUL character`, 'remove it');
  if (path.isAbsolute(name) || name.includes('\\'))
    return problem(
      `${written} is not a relative path`,
      'write it relative to this file, with forward slashes; nothing outside the app is read',
    );
  const folder = path.dirname(path.join(files.root, entry.tree.file));
  const absolute = path.join(folder, name);
  const result = await files.read(absolute);
  if (result.ok) {
    const decoded = decodeText(result.bytes);
    if ('text' in decoded) return { text: decoded.text, path: absolute };
    const at = { file: files.relative(absolute), line: decoded.line, column: decoded.column };
    return problem('the file is not UTF-8', 'save it as UTF-8', at);
  }
  switch (result.problem) {
    case 'outside':
      return problem(
        `${written} leads out of the app`,
        'copy the file into the app; nothing outside it is read',
      );
    case 'missing': {
      const near = await files.list(path.dirname(absolute));
      const { fix } = suggest(path.basename(absolute), near);
      return problem(`${written} does not exist`, fix ?? `create '${files.relative(absolute)}'`);
    }
    case 'folder':
      return problem(`${written} is a folder`, 'name a file');
    case 'special':
      return problem(`${written} is not a regular file`, 'name a file; pipes and devices are not read');
    case 'too-big':
      return problem(`${written} is bigger than ${MAX_FILE_BYTES / 1024 / 1024} MiB`, 'make it smaller');
    case 'other-case':
      return problem(`${written} is '${result.detail}' on disk`, 'write the name as the file has it');
    case 'unreadable':
      return problem(`${written} cannot be read (${result.detail})`, 'check its permissions');
  }
}
