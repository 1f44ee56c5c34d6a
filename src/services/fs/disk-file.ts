// An open file of the machine, with a position of its own.
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { FileError } from '../../modules/fs/host.js';
import type { FileFacts, OpenFile } from '../../modules/fs/host.js';
import { told } from './errors.js';

export function factsOf(name: string, stats: Stats): FileFacts {
  if (!stats.isFile() && !stats.isDirectory())
    throw new FileError('Invalid', `'${name}' is neither a file nor a directory`);
  return {
    name,
    size: stats.size,
    mode: stats.mode & 0o777,
    modified: Math.floor(stats.mtimeMs / 1000),
    type: stats.isDirectory() ? 'directory' : 'file',
  };
}

export class DiskFile implements OpenFile {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #appends: boolean;
  #position = 0;

  constructor(file: FileHandle, path: string, appends: boolean) {
    this.#file = file;
    this.#path = path;
    this.#appends = appends;
  }

  read(size: number): Promise<string | undefined> {
    return told(this.#path, async () => {
      const buffer = Buffer.allocUnsafe(size);
      const { bytesRead } = await this.#file.read(buffer, 0, size, this.#position);
      this.#position += bytesRead;
      return bytesRead === 0 ? undefined : buffer.toString('latin1', 0, bytesRead);
    }).catch((error: unknown) => this.#wrongMode(error, 'reading', 'writing'));
  }

  write(data: string): Promise<void> {
    return told(this.#path, async () => {
      const bytes = Buffer.from(data, 'latin1');
      for (let from = 0; from < bytes.length;) {
        const at = this.#appends ? null : this.#position;
        const { bytesWritten } = await this.#file.write(bytes, from, bytes.length - from, at);
        from += bytesWritten;
        this.#position += bytesWritten;
      }
    }).catch((error: unknown) => this.#wrongMode(error, 'writing', 'reading'));
  }

  async seek(whence: 'set' | 'cur' | 'end', offset: number): Promise<number> {
    const from = whence === 'set' ? 0 : whence === 'cur' ? this.#position : (await this.stat()).size;
    if (from + offset < 0)
      throw new FileError(
        'Invalid',
        `the position ${from + offset} lies before the start of '${this.#path}'`,
      );
    this.#position = from + offset;
    return this.#position;
  }

  stat(): Promise<FileFacts> {
    return told(this.#path, async () =>
      factsOf(this.#path.slice(this.#path.lastIndexOf('/') + 1), await this.#file.stat()),
    );
  }

  sync(): Promise<void> {
    return told(this.#path, () => this.#file.sync());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  /** EBADF says that the file was opened for the other thing. */
  #wrongMode(error: unknown, wanted: string, opened: string): never {
    const { cause } = error as { readonly cause?: NodeJS.ErrnoException };
    if (cause?.code === 'EBADF')
      throw new FileError('PermissionDenied', `'${this.#path}' was opened for ${opened}, not for ${wanted}`);
    throw error;
  }
}
