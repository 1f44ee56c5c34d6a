// The `archive` module: zip and tar archives. Sealed; packing and unpacking are the commands of `compress`, files those of `fs`.
// A1: an archive is held in memory while it is open, and each entry while it is read; what a volume gives and takes at once bounds it.
// A2: no more comes out than the limits allow (opened.ts), and nothing beside the folder it is extracted to (reader.ts).
import { streamOf, volumeOf } from '../../lua/handles.js';
import { typeName } from '../../lua/instance/arguments.js';
import { failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { define, defineModuleSpec, members } from '../../lua/module.js';
import { any, optional } from '../../lua/parameters.js';
import type { HostResult, LuaTable, LuaValue } from '../../lua/values.js';
import { LuaTable as Table } from '../../lua/values.js';
import { attempt, entriesOf, invalid, Opened, ScannerType, StreamType, Walker } from './opened.js';
import { CODECS, formatOf, formatOption, FORMATS, limitsOf, MOST_BYTES } from './options.js';
import { ReaderType, WalkerType } from './reader.js';
import { readFile } from './volumes.js';
import { Writer, WriterType } from './writer.js';
import type { Destination } from './writer.js';

interface Source {
  readonly data: string;
  /** Of the file, '' where there is none. */
  readonly name: string;
  readonly options: LuaTable | undefined;
}

const wrongArgument = (at: number, what: string, wanted: string, got: LuaValue): HostResult =>
  invalid(`bad argument #${at} to '${what}' (${wanted} expected, got ${typeName(got)})`);

/** Reads what to open and how: bytes or a stream and options, or a volume, a path and options. */
function withSource(
  call: HostCall,
  what: string,
  [source, second, third]: readonly LuaValue[],
  then: (source: Source) => HostResult,
): HostResult {
  const [volume, stream] = [volumeOf(source), streamOf(source)];
  if (volume === undefined && stream === undefined && typeof source !== 'string')
    return wrongArgument(1, what, 'string, stream or FS', source);
  if (volume !== undefined && typeof second !== 'string') return wrongArgument(2, what, 'string', second);
  const options = volume === undefined ? second : third;
  if (options !== undefined && !(options instanceof Table))
    return wrongArgument(volume === undefined ? 2 : 3, what, 'table', options);
  return attempt(() => {
    limitsOf(options);
    formatOption(options);
    const use = (data: string, name = ''): HostResult => attempt(() => then({ data, name, options }));
    if (volume !== undefined)
      return readFile(volume, second as string, (data) => use(data, second as string));
    return stream === undefined ? use(source as string) : stream.rest(call, MOST_BYTES, use);
  });
}

const reading = {
  params: [
    any(
      'source',
      'The bytes of the archive; an open file or an entry of another archive; or a volume.',
      'string|stream|FS',
    ),
    optional(any('path', 'Of a volume only: the file, of at most 64 MiB.', 'string')),
    optional(
      any(
        'options',
        '`format`, `max_entries`, `max_total_bytes`, `max_file_bytes`, `max_inline_bytes`, `buffer_bytes`.',
        'table',
      ),
    ),
  ],
  fails: {
    Invalid:
      'the data is no archive, is corrupt, of another format, or has too many entries, or an argument is wrong',
    NotFound: 'there is no such file',
    PermissionDenied: 'the file cannot be read',
  },
} as const;

export const archiveSpec = defineModuleSpec({
  name: 'archive',
  summary: 'zip and tar archives: read, extracted and made, bounded against bombs',
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
      fails: { ...reading.fails, Unavailable: 'the format has no random access' },
      run: (call, ...given) =>
        withSource(call, 'open', given, ({ data, name, options }) => {
          const [format, limits] = [formatOf(data, options, name), limitsOf(options)];
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
      run: (call, ...given) =>
        withSource(call, 'scan', given, ({ data, name, options }) => {
          const [format, limits] = [formatOf(data, options, name), limitsOf(options)];
          return entriesOf(call, data, format, limits, (entries) =>
            WalkerType.wrap(new Walker(entries, limits)),
          );
        }),
    }),
    define('create', {
      summary:
        'Begins an archive: for a file of a volume, for a stream that can be written (an open file), or for nowhere, and then `close` gives its bytes.',
      params: [
        optional(any('destination', 'A volume, a stream, or left out.', 'FS|stream')),
        optional(any('path', 'Of a volume only.', 'string')),
        optional(any('options', '`format` (default zip) and limits.', 'table')),
      ],
      returns: ['Writer?', 'Error?'],
      fails: { Invalid: 'an argument or an option is wrong' },
      workflow: 'sealed',
      run: (_call, ...given) => {
        const [first, second] = given;
        const [volume, stream] = [volumeOf(first), streamOf(first)];
        let to: Destination;
        if (volume !== undefined) {
          if (typeof second !== 'string' || second === '')
            return wrongArgument(2, 'create', 'string', second);
          to = { volume, path: second };
        } else if (stream !== undefined) to = { stream };
        else if (first !== undefined && !(first instanceof Table))
          return wrongArgument(1, 'create', 'FS, stream or table', first);
        else if (first !== undefined && second !== undefined)
          return wrongArgument(1, 'create', 'FS or stream', first);
        const at = volume !== undefined ? 2 : stream !== undefined || first === undefined ? 1 : 0;
        const options = given[at];
        if (options !== undefined && !(options instanceof Table))
          return wrongArgument(at + 1, 'create', 'table', options);
        return attempt(() =>
          WriterType.wrap(new Writer(formatOption(options) ?? 'zip', limitsOf(options), to)),
        );
      },
    }),
  ),
  types: [ReaderType, WalkerType, WriterType, StreamType, ScannerType],
});
