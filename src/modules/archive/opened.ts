// An archive that is open for reading, and the data of its entries. Sealed; unpacking is a command of `compress`.
// O1: no more comes out than the limits allow, and what an archive says of its sizes is believed only after it was true.
import type { Command } from '../../core/command.js';
import { nextPiece, SPLITS } from '../../core/pieces.js';
import type { Split } from '../../core/pieces.js';
import { ByteStream } from '../../lua/handles.js';
import { asNumber, typeName } from '../../lua/instance/arguments.js';
import { errorFromData, failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { defineType, methodsOf } from '../../lua/module.js';
import { any, bytes, optional } from '../../lua/parameters.js';
import { command } from '../../lua/suspend.js';
import type { HostResult, LuaTable, LuaValue, UserdataType } from '../../lua/values.js';
import { ArchiveError, crc32 } from './format.js';
import type { ArchiveEntry } from './format.js';
import { BYTE_COST, CODECS, MOST_BYTES } from './options.js';
import type { Format, Limits } from './options.js';
import { isTar, readTar } from './tar.js';
import { readZip } from './zip.js';

/** What a reader and a walker share. */
export class Opened {
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
export class Walker extends Opened {
  /** The entry whose data can be read now. */
  current: ArchiveEntry | undefined;
}
export const invalid = (message: string): HostResult => failure('Invalid', message);
export const CLOSED = 'the archive is closed';

export function attempt(work: () => HostResult): HostResult {
  try {
    return work();
  } catch (error) {
    if (error instanceof ArchiveError) return invalid(error.message);
    throw error;
  }
}

/** Asks `compress`. */
export function ask(asked: Command, then: (data: string) => HostResult): HostResult {
  return command(asked, (answer) => {
    if (answer.ok) return attempt(() => then(answer.value as string));
    // That a limit was met, or that the data is broken, is Invalid of an archive.
    const error =
      answer.error.kind === 'Internal' ? { ...answer.error, kind: 'Invalid' as const } : answer.error;
    return [undefined, errorFromData(error)];
  });
}

/** The data of an entry, within the limits and as its sum says. */
export function unpack(
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

/** What Lua sees of an entry. */
export function facts(call: HostCall, entry: ArchiveEntry): LuaTable {
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
export function entriesOf(
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

/** The data of an entry, piece by piece. */
export class EntryStream extends ByteStream {
  readonly opened: Opened;
  readonly entry: ArchiveEntry;
  data: string | undefined;
  at = 0;
  closed = false;
  constructor(opened: Opened, entry: ArchiveEntry) {
    super();
    this.opened = opened;
    this.entry = entry;
  }

  rest(call: HostCall, _most: number, then: (data: string) => HostResult): HostResult {
    return attempt(() =>
      withData(call, this, (data) => {
        const rest = data.slice(this.at);
        this.at = data.length;
        return then(rest);
      }),
    );
  }
}

/** The data of a stream that is still open, unpacked when it is first asked for. */
function withData(call: HostCall, stream: EntryStream, then: (data: string) => HostResult): HostResult {
  const { opened, entry } = stream;
  if (stream.closed || opened.closed) return failure('Internal', 'the stream is closed');
  if (opened instanceof Walker && opened.current !== entry)
    return failure('Internal', `the walk has gone on; the data of '${entry.name}' is gone`);
  if (stream.data !== undefined) return then(stream.data);
  return unpack(call, opened, entry, (data) => then((stream.data = data)));
}

const stream = methodsOf<EntryStream>();
export const StreamType: UserdataType<EntryStream> = defineType<EntryStream>(
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
    stream('stat', {
      summary: 'Facts of the stream: `size` and `position` in bytes, `readable`, `writable`, `seekable`.',
      params: [],
      returns: ['table'],
      workflow: 'sealed',
      run: (call, self) => {
        const facts = call.instance.newTable();
        facts.set('size', self.entry.size);
        facts.set('position', self.at);
        facts.set('readable', !self.closed);
        facts.set('writable', false);
        facts.set('seekable', false);
        return facts;
      },
    }),
    stream('scanner', {
      summary: 'Goes through what is left by lines, words, bytes or runes (UTF-8 characters).',
      params: [optional(bytes('split', 'Default: lines.'))],
      returns: ['EntryScanner?', 'Error?'],
      fails: { Invalid: 'the split is unknown' },
      workflow: 'sealed',
      returnsWrongArguments: true,
      run: (_call, self, split = 'lines') => {
        const known = SPLITS.find((one) => one === split);
        return known === undefined
          ? invalid(`unknown split '${split.slice(0, 40)}'; there are ${SPLITS.join(', ')}`)
          : ScannerType.wrap(new EntryScanner(self, known));
      },
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

/** Goes through a stream piece by piece. */
class EntryScanner {
  readonly stream: EntryStream;
  readonly split: Split;
  text = '';
  constructor(stream: EntryStream, split: Split) {
    this.stream = stream;
    this.split = split;
  }
}

const scanner = methodsOf<EntryScanner>();
export const ScannerType: UserdataType<EntryScanner> = defineType<EntryScanner>(
  'EntryScanner',
  'Goes through the data of an entry piece by piece.',
  [
    scanner('scan', {
      summary: 'Reads the next piece; false at the end.',
      params: [],
      returns: ['boolean?', 'Error?'],
      fails: {
        Invalid: 'the entry is corrupt or larger than the limits',
        Internal: 'the stream is closed, or the walk has gone on',
      },
      workflow: 'recorded',
      run: (call, self) =>
        attempt(() =>
          withData(call, self.stream, (data) => {
            const piece = nextPiece(data, self.stream.at, self.split, true);
            call.charge(piece?.taken ?? 1);
            self.text = piece?.text ?? '';
            self.stream.at += piece?.taken ?? 0;
            return piece !== undefined;
          }),
        ),
    }),
    scanner('text', {
      summary: 'The piece that was read last, without what ends it.',
      params: [],
      returns: ['string'],
      workflow: 'sealed',
      run: (_call, self) => self.text,
    }),
  ],
);
