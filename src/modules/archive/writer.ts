// Archives that are made: in memory, then given back or written to a volume or a stream. Sealed.
import { streamOf } from '../../lua/handles.js';
import type { ByteStream, VolumeHandle } from '../../lua/handles.js';
import { asNumber, typeName } from '../../lua/instance/arguments.js';
import { failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { defineType, methodsOf } from '../../lua/module.js';
import { bytes, custom, expected, optional, table } from '../../lua/parameters.js';
import type { HostResult, LuaTable, UserdataType } from '../../lua/values.js';
import { ArchiveError, unsafeName } from './format.js';
import type { NewEntry } from './format.js';
import { attempt, ask, invalid } from './opened.js';
import { BYTE_COST, CODECS, MOST_BYTES } from './options.js';
import type { Format, Limits } from './options.js';
import { volumeParameter } from './reader.js';
import { writeTar } from './tar.js';
import { FolderMaker, readFile, writeFile, writeStream } from './volumes.js';
import { writeZip } from './zip.js';

/** Where an archive goes when it is closed; undefined: its bytes are given back. */
export type Destination =
  { readonly volume: VolumeHandle; readonly path: string } | { readonly stream: ByteStream } | undefined;

export class Writer {
  readonly format: Format;
  readonly limits: Limits;
  readonly to: Destination;
  readonly entries: NewEntry[] = [];
  size = 0;
  /** What `close` gave. */
  made: string | true | undefined;
  constructor(format: Format, limits: Limits, to: Destination) {
    this.format = format;
    this.limits = limits;
    this.to = to;
  }
}

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

/** Adds a file of these bytes. */
function add(
  call: HostCall,
  self: Writer,
  name: string,
  data: string,
  options: LuaTable | undefined,
): HostResult {
  checkNew(self, name, data.length);
  if (name.endsWith('/')) return invalid(`'${name}' ends as a directory does; use add_dir`);
  const { method, mode, modified } = entryOptions(call, options, 0o644);
  call.charge(data.length * BYTE_COST);
  self.size += data.length;
  const place = self.entries.length;
  const packs = self.format === 'zip' && method === 'deflate' && data !== '';
  const entry = { name, data, stored: data, method: 'store', isDirectory: false, mode, modified } as const;
  self.entries.push(entry);
  if (!packs) return true;
  return ask({ type: 'compress.encode', algorithm: 'deflate', data, level: 6 }, (stored) => {
    if (stored.length < data.length) self.entries[place] = { ...entry, stored, method: 'deflate' };
    return true;
  });
}

/** Hands the bytes of an archive to where it goes. */
function finish(call: HostCall, self: Writer, data: string): HostResult {
  if (self.to === undefined) return (self.made = data);
  const done = (): HostResult => (self.made = true);
  if ('stream' in self.to) return writeStream(call, self.to.stream, data, done);
  const { volume, path } = self.to;
  return new FolderMaker(volume).makeFor(path, () => writeFile(volume, path, data, done));
}

export const WriterType: UserdataType<Writer> = defineType<Writer>(
  'Writer',
  'An archive that is being made.',
  [
    writerMethod('add', {
      ...adding,
      summary: 'Adds a file. Of a stream it takes what is left of it.',
      params: [
        bytes('name'),
        custom<string | ByteStream>(
          'data',
          'string|stream',
          'Bytes, an open file, or an entry of an archive.',
          (value) =>
            typeof value === 'string' ? value : (streamOf(value) ?? expected('string or stream', value)),
        ),
        entryOption,
      ],
      run: (call, self, name, from, options) =>
        attempt(() => {
          if (self.made !== undefined) return failure('Internal', WRITTEN);
          return typeof from === 'string'
            ? add(call, self, name, from, options)
            : from.rest(call, MOST_BYTES, (data) => attempt(() => add(call, self, name, data, options)));
        }),
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
          self.entries.push({
            name,
            data: '',
            stored: '',
            method: 'store',
            isDirectory: true,
            mode,
            modified,
          });
          return true;
        }),
    }),
    writerMethod('add_file', {
      ...adding,
      fails: {
        ...adding.fails,
        NotFound: 'there is no such file',
        PermissionDenied: 'the file cannot be read',
      },
      summary: 'Adds a file of a volume, of at most 64 MiB.',
      params: [bytes('name'), volumeParameter, bytes('path'), entryOption],
      run: (call, self, name, volume, path, options) =>
        attempt(() => {
          if (self.made !== undefined) return failure('Internal', WRITTEN);
          return readFile(volume, path, (data) => attempt(() => add(call, self, name, data, options)));
        }),
    }),
    writerMethod('close', {
      summary:
        'Ends the archive: writes it to where it was created for, or gives its bytes where that is nowhere. Called again it gives the same again.',
      params: [],
      returns: ['boolean|string?', 'Error?'],
      fails: { Invalid: 'it cannot be packed', PermissionDenied: 'the file or the stream cannot be written' },
      run: (call, self) => {
        if (self.made !== undefined) return self.made;
        call.charge(self.size * BYTE_COST);
        const plain = self.format === 'zip' ? writeZip(self.entries) : writeTar(self.entries);
        const algorithm = CODECS[self.format];
        if (algorithm === undefined) return finish(call, self, plain);
        const level = algorithm === 'gzip' ? 6 : 3;
        return ask({ type: 'compress.encode', algorithm, data: plain, level }, (packed) =>
          finish(call, self, packed),
        );
      },
    }),
  ],
);
