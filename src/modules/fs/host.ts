// File systems on a node: the commands, and what a volume must offer to answer them. services/fs has the volumes.
// `fs.get` { id } -> null, where the volume is there
// `fs.read` { id, path } -> bytes
// `fs.write` { id, path, data, mode } -> null
// `fs.stat` { id, path } -> { name, size, mode, modified, is_dir, type } or null
// `fs.mkdir` | `fs.remove` { id, path } -> null; `fs.list` { id, path } -> list of { name, type }
// `fs.open` { id, path, mode } -> handle, a number
// `fs.file_read` { file, size } -> bytes or null at the end; `fs.file_write` { file, data } -> null
// `fs.file_seek` { file, whence, offset } -> position; `fs.file_stat` | `fs.file_sync` | `fs.file_close` { file }
// `fs.file_scan` { file, split } -> the next piece or null at the end
//   path: bytes, absolute within the volume (`/a/b`), as `cleanPath` of lua/handles.ts makes them
import { NotAuthorizedError } from '../../core/authorize.js';
import type { Authorize } from '../../core/authorize.js';
import type { Command } from '../../core/command.js';
import { dataObject, LuaFloat } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';
import type { ErrorKind } from '../../core/errors.js';
import type { CommandContext, HostHandlers } from '../../core/handler.js';
import { nextPiece, SPLITS } from '../../core/pieces.js';
import type { Split } from '../../core/pieces.js';
import { toTextLossy } from '../../core/text.js';

export type FileType = 'file' | 'directory';

export interface FileFacts {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  /** Unix time, seconds. */
  readonly modified: number;
  readonly type: FileType;
}

export type WriteMode = 'w' | 'a' | 'wx';
export const OPEN_MODES = ['r', 'r+', 'w', 'w+', 'a', 'a+', 'wx', 'wx+'] as const;
export type OpenMode = (typeof OPEN_MODES)[number];

/** An open file with a position of its own. Bytes are strings of one char each. */
export interface OpenFile extends AsyncDisposable {
  /** At most `size` bytes; undefined at the end. */
  read(size: number): Promise<string | undefined>;
  write(data: string): Promise<void>;
  /** The new position. */
  seek(whence: 'set' | 'cur' | 'end', offset: number): Promise<number>;
  stat(): Promise<FileFacts>;
  sync(): Promise<void>;
}

/** What an entry of a kind `fs.*` opens to. Throws FileError. */
export interface Volume {
  read(path: string): Promise<string>;
  write(path: string, data: string, mode: WriteMode): Promise<void>;
  stat(path: string): Promise<FileFacts | undefined>;
  mkdir(path: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Sorted by name. */
  list(path: string): Promise<readonly { readonly name: string; readonly type: FileType }[]>;
  open(path: string, mode: OpenMode): Promise<OpenFile>;
}

/** What a file system refuses, or a command that Lua's side would not have made. */
export class FileError extends PlatformError {
  override readonly name = 'FileError';
  readonly code = 'FILE';
  override readonly kind: ErrorKind;
  override readonly retryable: boolean;
  constructor(kind: ErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.retryable = kind === 'Unavailable';
  }
}

/** Most that is read or written at once. Bytes. */
export const MOST_BYTES = 64 * 1024 * 1024;
const CHUNK = 64 * 1024;

export function fsHandlers(authorize: Authorize): HostHandlers {
  const volume = (command: Command, context: CommandContext): Promise<Volume> => {
    const id = toTextLossy(textOf(command, 'id'));
    if (!authorize(context, 'fs.get', id)) throw new NotAuthorizedError(context, 'fs.get', id);
    return context.resource<Volume>(id, 'fs.*');
  };
  const file = (command: Command, context: CommandContext): ScannedFile =>
    context.owned<ScannedFile>(numberOf(command, 'file'));
  return {
    'fs.get': async (command, context) => {
      await volume(command, context);
      return null;
    },
    'fs.read': async (command, context) => (await volume(command, context)).read(textOf(command, 'path')),
    'fs.write': async (command, context) => {
      const { data, mode } = command;
      const open = await volume(command, context);
      await open.write(
        textOf(command, 'path'),
        typeof data === 'string' ? data : '',
        mode === 'a' || mode === 'wx' ? mode : 'w',
      );
      return null;
    },
    'fs.stat': async (command, context) => {
      const facts = await (await volume(command, context)).stat(textOf(command, 'path'));
      return facts === undefined ? null : factsData(facts);
    },
    'fs.mkdir': async (command, context) => {
      await (await volume(command, context)).mkdir(textOf(command, 'path'));
      return null;
    },
    'fs.remove': async (command, context) => {
      await (await volume(command, context)).remove(textOf(command, 'path'));
      return null;
    },
    'fs.list': async (command, context) => {
      const found = await (await volume(command, context)).list(textOf(command, 'path'));
      return found.map(({ name, type }) => dataObject({ name, type }));
    },
    'fs.open': async (command, context) => {
      const { mode } = command;
      const known = OPEN_MODES.find((one) => one === mode) ?? 'r';
      const opened = await (await volume(command, context)).open(textOf(command, 'path'), known);
      return context.own(new ScannedFile(opened));
    },
    'fs.file_read': async (command, context) =>
      (await file(command, context).file.read(numberOf(command, 'size'))) ?? null,
    'fs.file_write': async (command, context) => {
      const { data } = command;
      await file(command, context).file.write(typeof data === 'string' ? data : '');
      return null;
    },
    'fs.file_seek': async (command, context) => {
      const { whence } = command;
      const from = whence === 'cur' || whence === 'end' ? whence : 'set';
      return file(command, context).seek(from, numberOf(command, 'offset'));
    },
    'fs.file_stat': async (command, context) => factsData(await file(command, context).file.stat()),
    'fs.file_sync': async (command, context) => {
      await file(command, context).file.sync();
      return null;
    },
    'fs.file_close': async (command, context) => {
      await context.release(numberOf(command, 'file'));
      return null;
    },
    'fs.file_scan': async (command, context) =>
      (await file(command, context).scan(SPLITS.find((one) => one === command['split']) ?? 'lines')) ?? null,
  };
}

const factsData = ({ name, size, mode, modified, type }: FileFacts): DataObject =>
  dataObject({ name, size, mode, modified, is_dir: type === 'directory', type });

function textOf(command: Command, field: string): string {
  const value = command[field];
  if (typeof value === 'string' && value !== '') return value;
  throw new FileError('Invalid', `'${command.type}' needs a text as ${field}`);
}

function numberOf(command: Command, field: string): number {
  const value: Data | undefined = command[field];
  if (typeof value === 'number') return value;
  if (value instanceof LuaFloat) return value.n;
  throw new FileError('Invalid', `'${command.type}' needs a number as ${field}`);
}

/** Longest piece that a scanner looks for. Bytes. */
const LONGEST_PIECE = 1024 * 1024;

/** A file, and what its scanner has read ahead. */
class ScannedFile implements AsyncDisposable {
  readonly file: OpenFile;
  #buffer = '';
  #ended = false;

  constructor(file: OpenFile) {
    this.file = file;
  }

  async seek(whence: 'set' | 'cur' | 'end', offset: number): Promise<number> {
    this.#buffer = '';
    this.#ended = false;
    return this.file.seek(whence, offset);
  }

  /** The next line, word, byte or UTF-8 character; undefined at the end. */
  async scan(split: Split): Promise<string | undefined> {
    for (;;) {
      const piece = nextPiece(this.#buffer, 0, split, this.#ended);
      if (piece !== undefined) {
        this.#buffer = this.#buffer.slice(piece.taken);
        return piece.text;
      }
      if (this.#ended) return undefined;
      if (this.#buffer.length > LONGEST_PIECE)
        throw new FileError(
          'Invalid',
          `a piece of the file is longer than ${LONGEST_PIECE} bytes; read it in parts`,
        );
      const more = await this.file.read(CHUNK);
      if (more === undefined) this.#ended = true;
      else this.#buffer += more;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.file[Symbol.asyncDispose]();
  }
}
