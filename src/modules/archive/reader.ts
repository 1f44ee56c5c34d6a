// Archives that are read: in any order, or from the first entry to the last. Sealed.
// R1: nothing is extracted to a name that could lead out of the folder it is meant for, and no link is.
import { volumeOf } from '../../lua/handles.js';
import type { VolumeHandle } from '../../lua/handles.js';
import { iterators } from '../../lua/iterator.js';
import { asNumber, typeName } from '../../lua/instance/arguments.js';
import { failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { defineType, methodsOf } from '../../lua/module.js';
import { bytes, custom, expected, optional, table } from '../../lua/parameters.js';
import { callLua } from '../../lua/suspend.js';
import type { HostResult, LuaFunction, LuaTable, UserdataType } from '../../lua/values.js';
import { ArchiveError, unsafeName } from './format.js';
import type { ArchiveEntry } from './format.js';
import { attempt, CLOSED, EntryStream, facts, invalid, StreamType, unpack } from './opened.js';
import type { Opened, Walker } from './opened.js';
import { FolderMaker, writeFile } from './volumes.js';

const iterator = iterators('archive.Iterator');

const find = (opened: Opened, name: string): ArchiveEntry | undefined =>
  opened.entries.find((entry) => entry.name === name);
const missing = (name: string): HostResult =>
  failure('NotFound', `the archive has no entry '${name.slice(0, 200)}'`);

const close = {
  summary: 'Lets the archive go. Safe to call again.',
  params: [],
  returns: ['boolean'],
  workflow: 'sealed',
} as const;

export const volumeParameter = custom<VolumeHandle>(
  'fs',
  'FS',
  'A volume of `fs.get`.',
  (value) => volumeOf(value) ?? expected('FS', value),
);
const toVolume = {
  Invalid: 'the entry is corrupt, larger than a limit or a link, or its name leads out of the folder',
  PermissionDenied: 'the volume does not take it',
  Internal: 'the archive is closed',
} as const;

/** Why an entry is not extracted; throws. */
function checkExtracted({ name, type }: ArchiveEntry): void {
  const why = unsafeName(name);
  if (why !== undefined) throw new ArchiveError(`'${name.slice(0, 200)}' is not extracted: its name ${why}`);
  if (type === 'symlink' || type === 'other')
    throw new ArchiveError(
      `'${name.slice(0, 200)}' is not extracted: it is ${type === 'symlink' ? 'a symbolic link' : 'no file and no directory'}`,
    );
}

interface Extraction {
  readonly prefix: string;
  readonly strip: number;
  readonly filter: LuaFunction | undefined;
}

function extractionOf(options: LuaTable | undefined): Extraction {
  const prefix = options?.get('prefix') ?? '';
  const strip = options?.get('strip') ?? 0;
  const filter = options?.get('filter');
  const count = asNumber(strip);
  if (typeof prefix !== 'string') throw new ArchiveError(`prefix is a string, got ${typeName(prefix)}`);
  if (count === undefined || !Number.isSafeInteger(count) || count < 0)
    throw new ArchiveError(`strip is a whole number of 0 or more, got ${count ?? typeName(strip)}`);
  if (filter !== undefined && typeof filter !== 'function')
    throw new ArchiveError(`filter is a function, got ${typeName(filter)}`);
  const why = prefix === '' ? undefined : unsafeName(prefix);
  if (why !== undefined) throw new ArchiveError(`the prefix '${prefix.slice(0, 200)}' ${why}`);
  return { prefix, strip: count, filter };
}

/** Extracts the entries one after the other, and tells how many. */
function extractAll(
  call: HostCall,
  self: Opened,
  volume: VolumeHandle,
  { prefix, strip, filter }: Extraction,
): HostResult {
  const folders = new FolderMaker(volume);
  const take = (entry: ArchiveEntry, name: string, then: () => HostResult): HostResult => {
    checkExtracted(entry);
    const path = prefix + name;
    if (entry.type === 'directory') return folders.make(path, then);
    return folders.makeFor(path, () =>
      unpack(call, self, entry, (data) => writeFile(volume, path, data, then)),
    );
  };
  const next = (from: number, count: number): HostResult =>
    attempt(() => {
      for (let at = from; ; at++) {
        if (self.closed) return failure('Internal', CLOSED);
        const entry = self.entries[at];
        if (entry === undefined) return count;
        const name = entry.name.split('/').slice(strip).join('/');
        if (name === '') continue; // all of it is stripped off
        const taken = (): HostResult => take(entry, name, () => next(at + 1, count + 1));
        if (filter === undefined) return taken();
        return callLua(filter, [facts(call, entry)], ([wanted]) =>
          attempt(() => (wanted === undefined || wanted === false ? next(at + 1, count) : taken())),
        );
      }
    });
  return next(0, 0);
}

const reader = methodsOf<Opened>();
const entryName = bytes('name', 'As the archive has it.');
export const ReaderType: UserdataType<Opened> = defineType<Opened>(
  'Reader',
  'An archive, open for reading in any order.',
  [
    reader('entries', {
      summary:
        'Goes over the entries in a loop: name, size, compressed_size, is_dir, type (file, directory, symlink, other), mode, modified (seconds), method, crc32.',
      params: [],
      returns: ['iterator'],
      workflow: 'sealed',
      run: (_call, self) => {
        let at = 0;
        return iterator((call) => {
          const entry = self.closed ? undefined : self.entries[at++];
          return entry === undefined ? [undefined] : facts(call, entry);
        });
      },
    }),
    reader('stat', {
      summary: 'The facts of one entry.',
      params: [entryName],
      returns: ['table?', 'Error?'],
      fails: { NotFound: 'there is no such entry', Internal: 'the archive is closed' },
      workflow: 'sealed',
      run: (call, self, name) => {
        if (self.closed) return failure('Internal', CLOSED);
        const entry = find(self, name);
        return entry === undefined ? missing(name) : facts(call, entry);
      },
    }),
    reader('read', {
      summary: 'The data of one entry, at most `max_inline_bytes`.',
      params: [entryName],
      returns: ['string?', 'Error?'],
      fails: {
        NotFound: 'there is no such entry',
        Invalid: 'the entry is corrupt, encrypted, larger than a limit, or no file',
        Internal: 'the archive is closed',
      },
      run: (call, self, name) =>
        attempt(() => {
          if (self.closed) return failure('Internal', CLOSED);
          const entry = find(self, name);
          if (entry === undefined) return missing(name);
          if (entry.type === 'directory') return invalid(`'${name}' is a directory`);
          const { max_inline_bytes: most } = self.limits;
          if (entry.size > most)
            return invalid(
              `'${name}' has ${entry.size} bytes, more than max_inline_bytes (${most}); use stream()`,
            );
          return unpack(call, self, entry, (data) => data);
        }),
    }),
    reader('stream', {
      summary: 'The data of one entry, piece by piece.',
      params: [entryName],
      returns: ['EntryStream?', 'Error?'],
      fails: { NotFound: 'there is no such entry', Internal: 'the archive is closed' },
      workflow: 'sealed',
      run: (_call, self, name) => {
        if (self.closed) return failure('Internal', CLOSED);
        const entry = find(self, name);
        return entry === undefined ? missing(name) : StreamType.wrap(new EntryStream(self, entry));
      },
    }),
    reader('extract', {
      summary: 'Writes one entry into a volume, and makes the folders that it lies in.',
      params: [
        entryName,
        volumeParameter,
        optional(bytes('path', 'Where to; default: the name of the entry.')),
      ],
      returns: ['boolean?', 'Error?'],
      fails: { ...toVolume, NotFound: 'there is no such entry' },
      returnsWrongArguments: true,
      run: (call, self, name, volume, path = name) =>
        attempt(() => {
          if (self.closed) return failure('Internal', CLOSED);
          const entry = find(self, name);
          if (entry === undefined) return missing(name);
          if (entry.type === 'directory') return invalid(`'${name}' is a directory; use extract_all()`);
          checkExtracted(path === name ? entry : { ...entry, name: 'file' });
          return new FolderMaker(volume).makeFor(path, () =>
            unpack(call, self, entry, (data) => writeFile(volume, path, data, () => true)),
          );
        }),
    }),
    reader('extract_all', {
      summary:
        'Writes the entries into a volume, and tells how many. Options: `prefix` (before each path), `strip` (leading parts of each name to drop), `filter` (a function of the facts of an entry; what it is not true for is left out).',
      params: [volumeParameter, optional(table('options'))],
      returns: ['integer?', 'Error?'],
      fails: { ...toVolume, Invalid: `${toVolume.Invalid}, or an option is wrong` },
      returnsWrongArguments: true,
      run: (call, self, volume, options) =>
        attempt(() => extractAll(call, self, volume, extractionOf(options))),
    }),
    reader('close', {
      ...close,
      run: (_call, self) => {
        self.closed = true;
        return true;
      },
    }),
  ],
);

const walker = methodsOf<Walker>();
export const WalkerType: UserdataType<Walker> = defineType<Walker>(
  'Walker',
  'An archive, read from its first entry to its last.',
  [
    walker('walk', {
      summary:
        'Goes over the entries in a loop: their facts, and a stream of their data that ends with the next step.',
      params: [],
      returns: ['iterator'],
      workflow: 'sealed',
      run: (_call, self) => {
        let at = 0;
        return iterator((call) => {
          const entry = self.closed ? undefined : self.entries[at++];
          self.current = entry;
          if (entry === undefined) return [undefined];
          return [facts(call, entry), StreamType.wrap(new EntryStream(self, entry))];
        });
      },
    }),
    walker('close', {
      ...close,
      run: (_call, self) => {
        self.closed = true;
        return true;
      },
    }),
  ],
);
