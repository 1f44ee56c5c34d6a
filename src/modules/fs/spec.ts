// The `fs` module: files of the volumes that entries name. Sealed; everything that touches a file is a command.
// F1: a volume holds nothing of the node, so that it can be kept over the steps of a workflow; an open file cannot, and is refused there.
// F2: a path is cleaned here: relative to the working directory of the volume, never above its root.
import type { Command } from '../../core/command.js';
import type { Data } from '../../core/data.js';
import { isMap } from '../../core/data-values.js';
import { didYouMean } from '../../core/nearest.js';
import { SPLITS } from '../../core/pieces.js';
import { ByteStream, cleanPath, pathProblem, streamOf, VolumeHandle } from '../../lua/handles.js';
import { fromData } from '../../lua/instance/convert.js';
import { errorFromData, failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import {
  constant,
  define,
  defineModuleSpec,
  defineType,
  members,
  methodsOf,
  table,
} from '../../lua/module.js';
import { bytes, custom, expected, integer, optional } from '../../lua/parameters.js';
import { iterators } from '../../lua/iterator.js';
import { command } from '../../lua/suspend.js';
import type { HostResult, LuaValue, UserdataType } from '../../lua/values.js';

/** Bytes that one command reads where a whole file is wanted. */
const STREAM_READ = 1024 * 1024;

class FileHandle extends ByteStream {
  readonly handle: number;
  readonly path: string;
  closed = false;
  constructor(handle: number, path: string) {
    super();
    this.handle = handle;
    this.path = path;
  }

  rest(_call: HostCall, most: number, then: (data: string) => HostResult): HostResult {
    const pieces: string[] = [];
    let size = 0;
    const next = (): HostResult =>
      ask({ type: 'fs.file_read', file: this.handle, size: STREAM_READ }, (data) => {
        if (typeof data !== 'string') return then(pieces.join(''));
        size += data.length;
        if (size > most)
          return invalid(`what is left of the file '${this.path}' is larger than ${most} bytes`);
        pieces.push(data);
        return next();
      });
    return CLOSED(this) ?? next();
  }

  override write(_call: HostCall, data: string, then: () => HostResult): HostResult {
    return CLOSED(this) ?? ask({ type: 'fs.file_write', file: this.handle, data }, then);
  }
}
class Scanner {
  readonly file: FileHandle;
  readonly split: string;
  text = '';
  constructor(file: FileHandle, split: string) {
    this.file = file;
    this.split = split;
  }
}
const WRITE_MODES = ['w', 'a', 'wx'];
const OPEN_MODES = ['r', 'r+', 'w', 'w+', 'a', 'a+', 'wx', 'wx+'];
const WHENCES = ['set', 'cur', 'end'];
const USUAL_READ = 4096;
const MOST_READ = 16 * 1024 * 1024;
/** What a volume takes at once. */
const MOST_WRITE = 64 * 1024 * 1024;

const ask = (asked: Command, then: (value: Data) => HostResult): HostResult =>
  command(asked, (answer) => (answer.ok ? then(answer.value) : [undefined, errorFromData(answer.error)]));
const done = (asked: Command): HostResult => ask(asked, () => true);
const asLua = (call: HostCall, value: Data): LuaValue => fromData(value, () => call.instance.newTable());
const invalid = (message: string): HostResult => failure('Invalid', message);

const wrongPathOf = (path: string): HostResult | undefined => {
  const problem = pathProblem(path);
  return problem === undefined ? undefined : invalid(problem);
};

const oneOf = (what: string, value: string, known: readonly string[]): HostResult | undefined =>
  known.includes(value)
    ? undefined
    : invalid(`unknown ${what} '${value}'${didYouMean(value, known) || `; there are ${known.join(', ')}`}`);

const iterator = iterators('fs.Iterator');

const PATH = bytes('path', 'Absolute in the volume, or relative to its working directory.');
const common = { returnsWrongArguments: true } as const;
const wrongPath = 'the path is empty, or names no file but something else';
const notFound = 'there is no such path';
const denied = 'the operating system or the volume does not allow it, or a link leads out of the volume';

const method = methodsOf<VolumeHandle>();

/** A command on a path of a volume. */
const onPath = (
  self: VolumeHandle,
  type: string,
  path: string,
  then: (value: Data, path: string) => HostResult,
  more: Readonly<Record<string, Data>> = {},
): HostResult => {
  const clean = cleanPath(path, self.directory);
  return wrongPathOf(path) ?? ask({ type, id: self.id, path: clean, ...more }, (value) => then(value, clean));
};

const reading = (name: string) =>
  method(name, {
    ...common,
    summary: 'A whole file, of at most 64 MiB.',
    params: [PATH],
    returns: ['string?', 'Error?'],
    fails: { NotFound: notFound, Invalid: `${wrongPath}, or is too large`, PermissionDenied: denied },
    run: (_call, self, path) => onPath(self, 'fs.read', path, (data) => data as string),
  });

const writing = (name: string) =>
  method(name, {
    ...common,
    summary:
      'Writes a file: `w` puts new content in its place at once (nobody sees half of it), `a` appends, `wx` makes it where it must not be.',
    params: [
      PATH,
      custom<string | ByteStream>(
        'data',
        'string|stream',
        'Bytes, or what is left of an open file or of an entry of an archive; of at most 64 MiB.',
        (value) =>
          typeof value === 'string' ? value : (streamOf(value) ?? expected('string or stream', value)),
      ),
      optional(bytes('mode', 'Default: w.')),
    ],
    returns: ['boolean?', 'Error?'],
    fails: {
      AlreadyExists: 'the mode is `wx` and the file is there',
      NotFound: 'its directory is not there',
      Invalid: `${wrongPath}, or the mode is unknown`,
      PermissionDenied: denied,
    },
    run: (call, self, path, data, mode = 'w') => {
      const write = (bytes: string): HostResult =>
        onPath(self, 'fs.write', path, () => true, { data: bytes, mode });
      return (
        oneOf('mode', mode, WRITE_MODES) ??
        wrongPathOf(path) ??
        (typeof data === 'string' ? write(data) : data.rest(call, MOST_WRITE, write))
      );
    },
  });

const VolumeType = defineType<VolumeHandle>(
  'FS',
  'A file system.',
  [
    reading('readfile'),
    reading('read_file'),
    writing('writefile'),
    writing('write_file'),
    method('exists', {
      ...common,
      summary: 'Whether a path is there.',
      params: [PATH],
      returns: ['boolean?', 'Error?'],
      fails: { Invalid: 'the path is empty', PermissionDenied: denied },
      run: (_call, self, path) => onPath(self, 'fs.stat', path, (facts) => facts !== null),
    }),
    method('stat', {
      ...common,
      summary:
        'Facts of a path: `name`, `size` (bytes), `mode` (permission bits), `modified` (Unix time, seconds), `is_dir`, `type`.',
      params: [PATH],
      returns: ['table?', 'Error?'],
      fails: { NotFound: notFound, Invalid: 'the path is empty', PermissionDenied: denied },
      run: (call, self, path) =>
        onPath(self, 'fs.stat', path, (facts, clean) =>
          facts === null ? failure('NotFound', `'${clean}' is not there`) : asLua(call, facts),
        ),
    }),
    method('isdir', {
      ...common,
      summary: 'Whether a path is a directory; false where it is not there.',
      params: [PATH],
      returns: ['boolean?', 'Error?'],
      fails: { Invalid: 'the path is empty', PermissionDenied: denied },
      run: (_call, self, path) =>
        onPath(self, 'fs.stat', path, (facts) => isMap(facts) && facts['is_dir'] === true),
    }),
    method('mkdir', {
      ...common,
      summary: 'Makes a directory. The one it lies in must be there.',
      params: [PATH],
      returns: ['boolean?', 'Error?'],
      fails: {
        AlreadyExists: 'the path is there',
        NotFound: 'the directory that it lies in is not there',
        Invalid: 'the path is empty',
        PermissionDenied: denied,
      },
      run: (_call, self, path) => onPath(self, 'fs.mkdir', path, () => true),
    }),
    method('remove', {
      ...common,
      summary: 'Takes away a file or an empty directory.',
      params: [PATH],
      returns: ['boolean?', 'Error?'],
      fails: {
        NotFound: notFound,
        Invalid: 'the path is empty, or the directory is not',
        PermissionDenied: denied,
      },
      run: (_call, self, path) => onPath(self, 'fs.remove', path, () => true),
    }),
    method('readdir', {
      ...common,
      summary: 'Goes over a directory in a loop, by name: `name` and `type`.',
      params: [PATH],
      returns: ['iterator?', 'Error?'],
      fails: { NotFound: notFound, Invalid: 'the path is empty, or no directory', PermissionDenied: denied },
      run: (_call, self, path) =>
        onPath(self, 'fs.list', path, (found) => {
          const entries = Array.isArray(found) ? found : [];
          let at = 0;
          return iterator((call) => {
            const entry = entries[at++];
            return entry === undefined ? [undefined] : asLua(call, entry);
          });
        }),
    }),
    method('open', {
      ...common,
      summary:
        'Opens a file: `r` reads, `w` writes anew, `a` appends, `wx` makes it where it must not be; with `+` both. Close it when you are done; the end of the program closes it too.',
      params: [PATH, optional(bytes('mode', 'Default: r.'))],
      returns: ['File?', 'Error?'],
      fails: {
        AlreadyExists: 'the mode is `wx` and the file is there',
        NotFound: notFound,
        Invalid: `${wrongPath}, or the mode is unknown`,
        PermissionDenied: denied,
      },
      workflow: 'function',
      run: (_call, self, path, mode = 'r') =>
        oneOf('mode', mode, OPEN_MODES) ??
        onPath(
          self,
          'fs.open',
          path,
          (handle, clean) =>
            typeof handle === 'number'
              ? FileType.wrap(new FileHandle(handle, clean))
              : failure('Internal', 'fs.open gave no handle'),
          { mode },
        ),
    }),
    method('chdir', {
      ...common,
      summary: 'Sets the working directory, which relative paths of this value start in.',
      params: [PATH],
      returns: ['boolean?', 'Error?'],
      fails: { NotFound: notFound, Invalid: 'the path is empty, or no directory', PermissionDenied: denied },
      run: (_call, self, path) =>
        onPath(self, 'fs.stat', path, (facts, clean) => {
          if (!isMap(facts)) return failure('NotFound', `'${clean}' is not there`);
          if (facts['is_dir'] !== true) return invalid(`'${clean}' is no directory`);
          self.directory = clean;
          return true;
        }),
    }),
    method('pwd', {
      summary: 'The working directory.',
      params: [],
      returns: ['string'],
      workflow: 'sealed',
      run: (_call, self) => self.directory,
    }),
  ],
  { tostring: (self) => `fs.FS(${self.id})` },
);

const file = methodsOf<FileHandle>();
const CLOSED = (self: FileHandle): HostResult | undefined =>
  self.closed ? invalid(`the file '${self.path}' is closed`) : undefined;
const onFile = { ...common, workflow: 'function' } as const;
const closedFails = 'the file is closed';

const FileType: UserdataType<FileHandle> = defineType<FileHandle>(
  'File',
  'An open file, with a position.',
  [
    file('read', {
      ...onFile,
      summary: 'The next bytes, as many as there are, at most `size`; nil at the end.',
      params: [optional(integer('size', `Default ${USUAL_READ}, at most 16 MiB.`, { least: 1 }))],
      returns: ['string?', 'Error?'],
      fails: { Invalid: `${closedFails}, or the size is no number of at least 1` },
      run: (_call, self, size = USUAL_READ) =>
        CLOSED(self) ??
        ask({ type: 'fs.file_read', file: self.handle, size: Math.min(size, MOST_READ) }, (data) =>
          typeof data === 'string' ? data : [undefined],
        ),
    }),
    file('write', {
      ...onFile,
      summary: 'Writes at the position, or at the end where the file was opened for appending.',
      params: [bytes('data')],
      returns: ['boolean?', 'Error?'],
      fails: { Invalid: closedFails, PermissionDenied: 'the file was opened for reading' },
      run: (_call, self, data) => CLOSED(self) ?? done({ type: 'fs.file_write', file: self.handle, data }),
    }),
    file('seek', {
      ...onFile,
      summary: 'Sets the position, and gives it.',
      params: [
        optional(bytes('whence', 'set (from the start), cur (from here) or end. Default: cur.')),
        optional(integer('offset', 'Bytes. Default: 0.')),
      ],
      returns: ['integer?', 'Error?'],
      fails: { Invalid: `${closedFails}, whence is unknown, or the position lies before the start` },
      run: (_call, self, whence = 'cur', offset = 0) =>
        CLOSED(self) ??
        oneOf('whence', whence, WHENCES) ??
        ask({ type: 'fs.file_seek', file: self.handle, whence, offset }, (at) => at as number),
    }),
    file('stat', {
      ...onFile,
      summary: 'Facts of the file, as those of `FS:stat`.',
      params: [],
      returns: ['table?', 'Error?'],
      fails: { Invalid: closedFails },
      run: (call, self) =>
        CLOSED(self) ?? ask({ type: 'fs.file_stat', file: self.handle }, (facts) => asLua(call, facts)),
    }),
    file('sync', {
      ...onFile,
      summary: 'Waits until what was written is on the disk.',
      params: [],
      returns: ['boolean?', 'Error?'],
      fails: { Invalid: closedFails },
      run: (_call, self) => CLOSED(self) ?? done({ type: 'fs.file_sync', file: self.handle }),
    }),
    file('scanner', {
      ...onFile,
      summary: 'Goes through the file by lines, words, bytes or runes (UTF-8 characters).',
      params: [optional(bytes('split', 'Default: lines.'))],
      returns: ['Scanner?', 'Error?'],
      fails: { Invalid: `${closedFails}, or the split is unknown` },
      run: (_call, self, split = 'lines') =>
        CLOSED(self) ?? oneOf('split', split, SPLITS) ?? ScannerType.wrap(new Scanner(self, split)),
    }),
    file('close', {
      ...onFile,
      summary: 'Closes the file. A second time it does nothing.',
      params: [],
      returns: ['boolean?', 'Error?'],
      run: (_call, self) => {
        if (self.closed) return true;
        self.closed = true;
        return done({ type: 'fs.file_close', file: self.handle });
      },
    }),
  ],
  { tostring: (self) => `fs.File(${self.path})` },
);

const scanner = methodsOf<Scanner>();
const ScannerType: UserdataType<Scanner> = defineType<Scanner>(
  'Scanner',
  'Goes through a file piece by piece.',
  [
    scanner('scan', {
      ...onFile,
      summary: 'Reads the next piece; false at the end. A piece is at most 1 MiB.',
      params: [],
      returns: ['boolean?', 'Error?'],
      fails: { Invalid: `${closedFails}, or a piece is too long` },
      run: (_call, self) =>
        CLOSED(self.file) ??
        ask({ type: 'fs.file_scan', file: self.file.handle, split: self.split }, (piece) => {
          self.text = typeof piece === 'string' ? piece : '';
          return typeof piece === 'string';
        }),
    }),
    scanner('text', {
      ...onFile,
      summary: 'The piece that was read last, without what ends it.',
      params: [],
      returns: ['string'],
      run: (_call, self) => self.text,
    }),
  ],
);

export const fsSpec = defineModuleSpec({
  name: 'fs',
  summary: 'Files of volumes: folders that entries name, and what travels with the app',
  workflow: 'recorded',
  members: {
    ...members(
      define('get', {
        ...common,
        summary: 'A volume by its entry.',
        params: [bytes('id', 'Entry id of a kind `fs.*`.')],
        returns: ['FS?', 'Error?'],
        fails: {
          Invalid: 'the id is empty, or the entry is of another kind',
          NotFound: 'there is no such entry, or its folder is not there',
          PermissionDenied: 'no policy allows `fs.get` on the id',
        },
        run: (_call, id) =>
          id === ''
            ? invalid('the id of the volume is empty')
            : ask({ type: 'fs.get', id }, () => VolumeType.wrap(new VolumeHandle(id))),
      }),
    ),
    type: table({ FILE: constant('file'), DIR: constant('directory') }),
    seek: table({ SET: constant('set'), CUR: constant('cur'), END: constant('end') }),
  },
  types: [VolumeType, FileType, ScannerType],
});
