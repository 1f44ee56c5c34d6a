// The `archive` module: zip and tar archives in memory. Sealed; packing and unpacking of data are the commands of `compress`.
// A1: an archive is a byte string, or an entry of another archive, since this version has no file systems and no other streams;
//     what needs one answers Unavailable.
// A2: no more comes out than the limits allow, and what an archive says of its sizes is believed only after it was true.
import type { Command } from '../../core/command.js';
import { asNumber, typeName } from '../../lua/instance/arguments.js';
import { errorFromData, failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { define, defineModuleSpec, defineType, members, methodsOf } from '../../lua/module.js';
import { any, bytes, custom, expected, optional, rest, table } from '../../lua/parameters.js';
import { iterators } from '../../lua/iterator.js';
import { command } from '../../lua/suspend.js';
import type { HostResult, LuaTable, LuaValue, UserdataType } from '../../lua/values.js';
import { LuaTable as Table, LuaUserdata } from '../../lua/values.js';
import { ArchiveError, crc32, unsafeName } from './format.js';
import type { ArchiveEntry, NewEntry } from './format.js';
import { isTar, readTar, writeTar } from './tar.js';
import { isZip, readZip, writeZip } from './zip.js';

type Format = 'zip' | 'tar' | 'tar.gz' | 'tar.zst';
const FORMATS: readonly Format[] = ['zip', 'tar', 'tar.gz', 'tar.zst'];
const CODECS: Readonly<Partial<Record<Format, string>>> = { 'tar.gz': 'gzip', 'tar.zst': 'zstd' };

const MEGABYTE = 1024 * 1024;
interface Limits {
  readonly max_entries: number;
  readonly max_total_bytes: number;
  readonly max_file_bytes: number;
  readonly max_inline_bytes: number;
  readonly buffer_bytes: number;
}
const USUAL: Limits = {
  max_entries: 100_000,
  max_total_bytes: 2048 * MEGABYTE,
  max_file_bytes: 1024 * MEGABYTE,
  max_inline_bytes: 16 * MEGABYTE,
  buffer_bytes: 64 * 1024,
};
/** Most that one command unpacks, and that an archive in memory may have. */
const MOST_BYTES = 512 * MEGABYTE;
/** Instructions a byte of looking at a directory and of a sum. */
const BYTE_COST = 1;

function limitsOf(options: LuaTable | undefined): Limits {
  const limits: Record<string, number> = { ...USUAL };
  for (const name of Object.keys(USUAL)) {
    const value = options?.get(name);
    if (value === undefined) continue;
    const number = asNumber(value);
    if (number === undefined || !Number.isSafeInteger(number) || number < 1)
      throw new ArchiveError(`${name} is a whole number of 1 or more, got ${number ?? typeName(value)}`);
    limits[name] = number;
  }
  return limits as unknown as Limits;
}

function formatOption(options: LuaTable | undefined): Format | undefined {
  const value = options?.get('format');
  if (value === undefined) return undefined;
  const format = FORMATS.find((one) => one === value);
  if (format === undefined)
    throw new ArchiveError(
      `the format is one of ${FORMATS.join(', ')}, got ${typeof value === 'string' ? `'${value.slice(0, 40)}'` : typeName(value)}`,
    );
  return format;
}

/** By the first bytes; a format that is given must be that. */
function formatOf(data: string, options: LuaTable | undefined): Format {
  const wanted = formatOption(options);
  const found: Format | undefined = isZip(data)
    ? 'zip'
    : data.startsWith('\x1f\x8b')
      ? 'tar.gz'
      : data.startsWith('\x28\xb5\x2f\xfd')
        ? 'tar.zst'
        : isTar(data)
          ? 'tar'
          : undefined;
  if (found === undefined)
    throw new ArchiveError(`the data is no archive of the formats ${FORMATS.join(', ')}`);
  if (wanted !== undefined && wanted !== found)
    throw new ArchiveError(`the data is a ${found}, not a ${wanted}`);
  return found;
}

/** What a reader and a walker share. */
class Opened {
  readonly limits: Limits;
  /** Sorted as the archive has them. */
  readonly entries: readonly ArchiveEntry[];
  /** Bytes that came out so far. */
  total = 0;
  closed = false;
  constructor(entries: readonly ArchiveEntry[], limits: Limits) {
    this.entries = entries;
    this.limits = limits;
  }
}
class Walker extends Opened {
  /** The entry whose data can be read now. */
  current: ArchiveEntry | undefined;
}
/** The data of an entry, piece by piece. */
class EntryStream {
  readonly opened: Opened;
  readonly entry: ArchiveEntry;
  data: string | undefined;
  at = 0;
  closed = false;
  constructor(opened: Opened, entry: ArchiveEntry) {
    this.opened = opened;
    this.entry = entry;
  }
}
class Writer {
  readonly format: Format;
  readonly limits: Limits;
  readonly entries: NewEntry[] = [];
  size = 0;
  /** Once it is closed. */
  made: string | undefined;
  constructor(format: Format, limits: Limits) {
    this.format = format;
    this.limits = limits;
  }
}
const invalid = (message: string): HostResult => failure('Invalid', message);
const NO_FILES = 'this version has no file systems; read the entry and hand its data on';
const unavailable = (message = NO_FILES): HostResult => failure('Unavailable', message, undefined, false);
const FROM_FILE =
  'this version has no file systems and no streams of others; give the bytes of the archive as a string';
const TO_FILE =
  'this version has no file systems and no streams of others; call archive.create(options) and keep the bytes that close() returns';
const CLOSED = 'the archive is closed';

function attempt(work: () => HostResult): HostResult {
  try {
    return work();
  } catch (error) {
    if (error instanceof ArchiveError) return invalid(error.message);
    throw error;
  }
}

function ask(asked: Command, then: (data: string) => HostResult): HostResult {
  return command(asked, (answer) => {
    if (answer.ok) return attempt(() => then(answer.value as string));
    // That a limit was met, or that the data is broken, is Invalid of an archive.
    const error =
      answer.error.kind === 'Internal' ? { ...answer.error, kind: 'Invalid' as const } : answer.error;
    return [undefined, errorFromData(error)];
  });
}

/** The data of an entry, within the limits and as its sum says. */
function unpack(
  call: HostCall,
  opened: Opened,
  entry: ArchiveEntry,
  then: (data: string) => HostResult,
): HostResult {
  const { max_file_bytes: most, max_total_bytes: total } = opened.limits;
  if (entry.size > Math.min(most, MOST_BYTES))
    throw new ArchiveError(
      `'${entry.name}' has ${entry.size} bytes, more than max_file_bytes (${Math.min(most, MOST_BYTES)})`,
    );
  if (opened.total + entry.size > total)
    throw new ArchiveError(`the entries together are larger than max_total_bytes (${total})`);
  const stored = entry.data();
  const checked = (data: string): HostResult => {
    if (data.length !== entry.size)
      throw new ArchiveError(`'${entry.name}' has another size than the archive says`);
    opened.total += data.length;
    return then(data);
  };
  if (entry.crc32 !== undefined) call.charge(entry.size * BYTE_COST);
  const summed = (data: string): HostResult => {
    if (entry.crc32 !== undefined && crc32(data) !== entry.crc32)
      throw new ArchiveError(`'${entry.name}' is corrupt: its checksum is another`);
    return checked(data);
  };
  if (entry.method === 'store') return summed(stored);
  if (entry.size === 0) return summed('');
  return ask({ type: 'compress.decode', algorithm: 'deflate', data: stored, max_size: entry.size }, summed);
}

function facts(call: HostCall, entry: ArchiveEntry): LuaTable {
  const info = call.instance.newTable();
  const set = (name: string, value: LuaValue): void => info.set(name, value);
  set('name', entry.name);
  set('size', entry.size);
  set('compressed_size', entry.compressedSize);
  set('is_dir', entry.type === 'directory');
  set('type', entry.type);
  set('mode', entry.mode);
  set('modified', entry.modified);
  set('method', entry.method);
  set('crc32', entry.crc32);
  return info;
}

/** Entries of the archive, which is unpacked first where it is packed as a whole. */
function entriesOf(
  call: HostCall,
  data: string,
  format: Format,
  limits: Limits,
  then: (entries: ArchiveEntry[]) => HostResult,
): HostResult {
  const codec = CODECS[format];
  if (codec === undefined) {
    call.charge(data.length >> 4);
    return then(format === 'zip' ? readZip(data, limits.max_entries) : readTar(data, limits.max_entries));
  }
  const most = Math.min(limits.max_total_bytes, MOST_BYTES);
  return ask({ type: 'compress.decode', algorithm: codec, data, max_size: most }, (tar) => {
    if (!isTar(tar)) throw new ArchiveError(`what is in the ${codec} data is no tar`);
    return then(readTar(tar, limits.max_entries));
  });
}

const iterator = iterators('archive.Iterator');

/** The data of a stream that is still open, unpacked when it is first asked for. */
function withData(call: HostCall, stream: EntryStream, then: (data: string) => HostResult): HostResult {
  const { opened, entry } = stream;
  if (stream.closed || opened.closed) return failure('Internal', 'the stream is closed');
  if (opened instanceof Walker && opened.current !== entry)
    return failure('Internal', `the walk has gone on; the data of '${entry.name}' is gone`);
  if (stream.data !== undefined) return then(stream.data);
  return unpack(call, opened, entry, (data) => then((stream.data = data)));
}

/** All that a stream has not given yet. */
const withRest = (call: HostCall, stream: EntryStream, then: (data: string) => HostResult): HostResult =>
  attempt(() =>
    withData(call, stream, (data) => {
      const rest = data.slice(stream.at);
      stream.at = data.length;
      return then(rest);
    }),
  );

const stream = methodsOf<EntryStream>();
const StreamType: UserdataType<EntryStream> = defineType<EntryStream>(
  'EntryStream',
  'The data of an entry, piece by piece: it is unpacked when it is first read.',
  [
    stream('read', {
      summary: 'The next bytes; nil at the end.',
      params: [optional(any('size', 'Bytes; default and for 0: `buffer_bytes`.'))],
      returns: ['string?', 'Error?'],
      fails: {
        Invalid: 'the size is no number, or the entry is corrupt or larger than the limits',
        Internal: 'the stream is closed, or the walk has gone on',
      },
      workflow: 'recorded',
      run: (call, self, size) =>
        attempt(() => {
          const wanted = size === undefined ? 0 : asNumber(size);
          if (wanted === undefined) return invalid(`the size is a number, got ${typeName(size)}`);
          return withData(call, self, (data) => {
            if (self.at >= data.length) return [undefined];
            const length = wanted >= 1 ? Math.floor(wanted) : self.opened.limits.buffer_bytes;
            const piece = data.slice(self.at, self.at + length);
            self.at += piece.length;
            return piece;
          });
        }),
    }),
    stream('close', {
      summary: 'Lets the data go. Safe to call again.',
      params: [],
      returns: ['boolean'],
      workflow: 'sealed',
      run: (_call, self) => {
        self.closed = true;
        self.data = undefined;
        return true;
      },
    }),
  ],
);

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

const refusing = {
  returns: ['nil', 'Error'],
  fails: { Unavailable: `always: ${NO_FILES}` },
  workflow: 'sealed',
} as const;

const reader = methodsOf<Opened>();
const entryName = bytes('name', 'As the archive has it.');
const ReaderType: UserdataType<Opened> = defineType<Opened>(
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
      ...refusing,
      summary: 'Refused.',
      params: [entryName, optional(any('fs'))],
      run: () => unavailable(),
    }),
    reader('extract_all', {
      ...refusing,
      summary: 'Refused.',
      params: [optional(any('fs'))],
      run: () => unavailable(),
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
const WalkerType: UserdataType<Walker> = defineType<Walker>(
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

interface EntryOptions {
  readonly method: 'store' | 'deflate';
  readonly mode: number;
  readonly modified: number;
}

function entryOptions(call: HostCall, options: LuaTable | undefined, usualMode: number): EntryOptions {
  const whole = (name: string, most: number, usual: number): number => {
    const value = options?.get(name);
    if (value === undefined) return usual;
    const number = asNumber(value);
    if (number === undefined || !Number.isInteger(number) || number < 0 || number > most)
      throw new ArchiveError(`${name} is a whole number of 0 to ${most}, got ${number ?? typeName(value)}`);
    return number;
  };
  const method = options?.get('method') ?? 'deflate';
  if (method !== 'store' && method !== 'deflate')
    throw new ArchiveError("the method is 'store' or 'deflate'");
  const now = Number(call.instance.host.now() / 1_000_000_000n);
  return { method, mode: whole('mode', 0o7777, usualMode), modified: whole('modified', 2 ** 33 - 1, now) };
}

function checkNew(writer: Writer, name: string, size: number): void {
  const why = unsafeName(name);
  if (why !== undefined) throw new ArchiveError(`the name '${name.slice(0, 200)}' ${why}`);
  if (name.length > 65_000) throw new ArchiveError('the name is longer than 65000 bytes');
  const { max_entries: entries, max_file_bytes: most, max_total_bytes: total } = writer.limits;
  const mostEntries = Math.min(entries, writer.format === 'zip' ? 65_534 : entries);
  if (writer.entries.length >= mostEntries) throw new ArchiveError(`more than ${mostEntries} entries`);
  if (size > most) throw new ArchiveError(`'${name}' has ${size} bytes, more than max_file_bytes (${most})`);
  if (writer.size + size > Math.min(total, MOST_BYTES))
    throw new ArchiveError(`the archive is larger than max_total_bytes (${Math.min(total, MOST_BYTES)})`);
}

const writerMethod = methodsOf<Writer>();
const WRITTEN = 'the archive is closed already';
const entryOption = optional(
  table('options', '`method` (store, deflate; of zip), `mode`, `modified` (seconds; default now).'),
);
const adding = {
  returns: ['boolean?', 'Error?'],
  fails: {
    Invalid:
      "a name is empty, absolute or has '..' or a backslash in it, an option is wrong, or a limit is met",
    Internal: 'the archive is closed',
  },
  returnsWrongArguments: true,
} as const;

const WriterType: UserdataType<Writer> = defineType<Writer>('Writer', 'An archive that is being made.', [
  writerMethod('add', {
    ...adding,
    summary: 'Adds a file. Of a stream it takes what is left of it.',
    params: [
      bytes('name'),
      custom<string | EntryStream>('data', 'string|EntryStream', '', (value) =>
        typeof value === 'string'
          ? value
          : (StreamType.unwrap(value) ?? expected('string or EntryStream', value)),
      ),
      entryOption,
    ],
    run: (call, self, name, from, options) => {
      const add = (data: string): HostResult => {
        if (self.made !== undefined) return failure('Internal', WRITTEN);
        checkNew(self, name, data.length);
        if (name.endsWith('/')) return invalid(`'${name}' ends as a directory does; use add_dir`);
        const { method, mode, modified } = entryOptions(call, options, 0o644);
        call.charge(data.length * BYTE_COST);
        self.size += data.length;
        const place = self.entries.length;
        const packs = self.format === 'zip' && method === 'deflate' && data !== '';
        const entry = {
          name,
          data,
          stored: data,
          method: 'store',
          isDirectory: false,
          mode,
          modified,
        } as const;
        self.entries.push(entry);
        if (!packs) return true;
        return ask({ type: 'compress.encode', algorithm: 'deflate', data, level: 6 }, (stored) => {
          if (stored.length < data.length) self.entries[place] = { ...entry, stored, method: 'deflate' };
          return true;
        });
      };
      return attempt(() => (typeof from === 'string' ? add(from) : withRest(call, from, add)));
    },
  }),
  writerMethod('add_dir', {
    ...adding,
    summary: 'Adds a directory.',
    params: [bytes('name'), entryOption],
    workflow: 'sealed',
    run: (call, self, given, options) =>
      attempt(() => {
        if (self.made !== undefined) return failure('Internal', WRITTEN);
        const name = given.endsWith('/') || given === '' ? given : `${given}/`;
        checkNew(self, name, 0);
        const { mode, modified } = entryOptions(call, options, 0o755);
        self.entries.push({ name, data: '', stored: '', method: 'store', isDirectory: true, mode, modified });
        return true;
      }),
  }),
  writerMethod('add_file', {
    ...refusing,
    summary: 'Refused.',
    params: [bytes('name'), optional(any('fs')), optional(any('path'))],
    run: () => unavailable(),
  }),
  writerMethod('close', {
    summary: 'Ends the archive and gives its bytes; called again it gives them again.',
    params: [],
    returns: ['string?', 'Error?'],
    fails: { Invalid: 'it cannot be packed' },
    run: (call, self) => {
      if (self.made !== undefined) return self.made;
      call.charge(self.size * BYTE_COST);
      const plain = self.format === 'zip' ? writeZip(self.entries) : writeTar(self.entries);
      const algorithm = CODECS[self.format];
      if (algorithm === undefined) return (self.made = plain);
      const level = algorithm === 'gzip' ? 6 : 3;
      return ask(
        { type: 'compress.encode', algorithm, data: plain, level },
        (packed) => (self.made = packed),
      );
    },
  }),
]);

/** Reads what to open and how, whichever of the documented forms a program uses. */
function withSource(
  call: HostCall,
  source: LuaValue,
  given: LuaValue,
  what: string,
  then: (data: string, options: LuaTable | undefined) => HostResult,
): HostResult {
  const from = StreamType.unwrap(source) ?? source;
  if (from instanceof Table || from instanceof LuaUserdata) return unavailable(FROM_FILE);
  if (typeof from !== 'string' && !(from instanceof EntryStream))
    return invalid(`bad argument #1 to '${what}' (string expected, got ${typeName(source)})`);
  if (given !== undefined && !(given instanceof Table))
    return invalid(`bad argument #2 to '${what}' (table expected, got ${typeName(given)})`);
  return attempt(() =>
    typeof from === 'string' ? then(from, given) : withRest(call, from, (data) => then(data, given)),
  );
}

const source = any('source', 'The bytes of the archive, or an entry of another one.', 'string|EntryStream');
const options = optional(
  any(
    'options',
    '`format`, `max_entries`, `max_total_bytes`, `max_file_bytes`, `max_inline_bytes`, `buffer_bytes`.',
    'table',
  ),
);
const reading = {
  params: [source, options],
  fails: {
    Invalid:
      'the data is no archive, is corrupt, of another format, or has too many entries, or an option is wrong',
    Unavailable:
      'the source is a file or a stream of another module, or (open) the format has no random access',
  },
} as const;

export const archiveSpec = defineModuleSpec({
  name: 'archive',
  summary: 'zip and tar archives in memory, bounded against bombs',
  workflow: 'recorded',
  members: members(
    define('formats', {
      summary: 'The names of the formats.',
      params: [],
      returns: ['string[]'],
      workflow: 'sealed',
      run: (call) => call.instance.newTable().takeItems([...FORMATS]),
    }),
    define('open', {
      ...reading,
      summary: 'Opens a zip or a tar for reading in any order.',
      returns: ['Reader?', 'Error?'],
      workflow: 'sealed',
      run: (call, from, given) =>
        withSource(call, from, given, 'open', (data, chosen) => {
          const [format, limits] = [formatOf(data, chosen), limitsOf(chosen)];
          if (CODECS[format] !== undefined)
            return failure(
              'Unavailable',
              `a ${format} has no random access; use archive.scan`,
              undefined,
              false,
            );
          return entriesOf(call, data, format, limits, (entries) =>
            ReaderType.wrap(new Opened(entries, limits)),
          );
        }),
    }),
    define('scan', {
      ...reading,
      summary: 'Opens an archive of any format for one walk over it.',
      returns: ['Walker?', 'Error?'],
      run: (call, from, given) =>
        withSource(call, from, given, 'scan', (data, chosen) => {
          const [format, limits] = [formatOf(data, chosen), limitsOf(chosen)];
          return entriesOf(call, data, format, limits, (entries) =>
            WalkerType.wrap(new Walker(entries, limits)),
          );
        }),
    }),
    define('create', {
      summary: 'Begins an archive in memory; `close` gives its bytes.',
      params: [
        optional(any('options', '`format` (default zip) and limits.', 'table')),
        rest(any('destination', 'Refused: archives are made in memory.')),
      ],
      returns: ['Writer?', 'Error?'],
      fails: { Invalid: 'an option is wrong', Unavailable: 'a file system or a stream is given to write to' },
      workflow: 'sealed',
      run: (_call, given, more) =>
        attempt(() => {
          if (more.some((value) => value !== undefined) || (given !== undefined && !(given instanceof Table)))
            return unavailable(TO_FILE);
          return WriterType.wrap(new Writer(formatOption(given) ?? 'zip', limitsOf(given)));
        }),
    }),
  ),
  types: [ReaderType, WalkerType, WriterType, StreamType],
});
