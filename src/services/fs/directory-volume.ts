// fs.directory: a folder of the machine. Nothing outside it is ever read or written, whatever links do meanwhile.
// D1: a path is followed to where it really is, and has to be inside the real root.
// D2: the directory that it lies in is opened and asked where it is (Linux: /proc/self/fd); what follows goes through that handle,
//     with the last name not followed. A link that is put in the way after the check so leads nowhere. Elsewhere than on
//     Linux the second look is missing: D1 alone holds.
// D3: only files and directories: pipes, devices and sockets are refused, and opening one does not wait.
// D4: `w` writes beside the file and takes its place: nobody sees half of it, also after a crash.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import type { Stats } from 'node:fs';
import {
  chmod,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  realpath,
  rename,
  rmdir,
  unlink,
} from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { tryText } from '../../core/text.js';
import { FileError, MOST_BYTES } from '../../modules/fs/host.js';
import type { FileFacts, FileType, OpenFile, OpenMode, Volume, WriteMode } from '../../modules/fs/host.js';
import { DiskFile, factsOf } from './disk-file.js';
import { told } from './errors.js';

export interface DirectoryOptions {
  /** Absolute; it is there. */
  readonly root: string;
  /** Permission bits of what is made; execute bits are for directories. */
  readonly mode: number;
}

const {
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  O_CREAT,
  O_EXCL,
  O_TRUNC,
  O_APPEND,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_DIRECTORY,
} = constants;
const FLAGS: Readonly<Record<OpenMode, number>> = {
  r: O_RDONLY,
  'r+': O_RDWR,
  w: O_WRONLY | O_CREAT | O_TRUNC,
  'w+': O_RDWR | O_CREAT | O_TRUNC,
  a: O_WRONLY | O_CREAT | O_APPEND,
  'a+': O_RDWR | O_CREAT | O_APPEND,
  wx: O_WRONLY | O_CREAT | O_EXCL,
  'wx+': O_RDWR | O_CREAT | O_EXCL,
};
const HANDLES = '/proc/self/fd';
const canAsk = process.platform === 'linux';

/** A path inside the volume, with its directory held open. */
interface Located {
  /** What system calls take: below the held directory where that is possible. */
  readonly path: string;
}

export class DirectoryVolume implements Volume, AsyncDisposable {
  readonly #root: string;
  readonly #fileMode: number;
  readonly #directoryMode: number;

  private constructor(root: string, mode: number) {
    this.#root = root;
    this.#fileMode = mode & 0o666;
    // Whoever may read a directory may also look into it.
    this.#directoryMode = mode | ((mode & 0o444) >> 2);
  }

  static async open({ root, mode }: DirectoryOptions): Promise<DirectoryVolume> {
    return new DirectoryVolume(await realpath(root), mode);
  }

  read(path: string): Promise<string> {
    return this.#at(path, async (at) => {
      await using file = await openFile(at.path, O_RDONLY, 0);
      const { size } = await regular(file, path);
      if (size > MOST_BYTES) throw tooLarge(path, size);
      const data = await file.readFile();
      if (data.length > MOST_BYTES) throw tooLarge(path, data.length); // it grew meanwhile
      return data.toString('latin1');
    });
  }

  async write(path: string, data: string, mode: WriteMode): Promise<void> {
    if (data.length > MOST_BYTES) throw tooLarge(path, data.length);
    return this.#at(path, async (at) => {
      const bytes = Buffer.from(data, 'latin1');
      if (mode === 'w') return this.#replace(at, path, bytes);
      await using file = await openFile(at.path, FLAGS[mode], this.#fileMode);
      await regular(file, path);
      await file.writeFile(bytes);
    });
  }

  stat(path: string): Promise<FileFacts | undefined> {
    return this.#at(path, async (at) => factsOf(name(path), await lstat(at.path))).catch((error: unknown) => {
      if (error instanceof FileError && error.kind === 'NotFound') return undefined;
      throw error;
    });
  }

  mkdir(path: string): Promise<void> {
    return this.#at(path, (at) => mkdir(at.path, { mode: this.#directoryMode }).then(() => undefined), 'new');
  }

  async remove(path: string): Promise<void> {
    if (path === '/') throw new FileError('PermissionDenied', 'the root of a volume cannot be removed');
    // A link is removed itself, not what it leads to.
    return this.#at(
      path,
      async (at) => ((await lstat(at.path)).isDirectory() ? rmdir(at.path) : unlink(at.path)),
      'new',
    );
  }

  list(path: string): Promise<readonly { readonly name: string; readonly type: FileType }[]> {
    return this.#at(path, async (at) => {
      // Reading it by its name would follow a link that has come there.
      await using folder = await open(at.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      const there = canAsk ? `${HANDLES}/${folder.fd}` : at.path;
      const found = await readdir(there, { withFileTypes: true, encoding: 'buffer' });
      return found
        .filter((one) => one.isFile() || one.isDirectory())
        .map((one) => ({
          name: one.name.toString('latin1'),
          type: one.isDirectory() ? ('directory' as const) : ('file' as const),
        }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    });
  }

  open(path: string, mode: OpenMode): Promise<OpenFile> {
    return this.#at(path, async (at) => {
      const flags = FLAGS[mode];
      // Emptied only once it is known to be a file of the volume.
      const file = await openFile(at.path, flags & ~O_TRUNC, this.#fileMode);
      try {
        await regular(file, path);
        if ((flags & O_TRUNC) !== 0) await file.truncate(0);
      } catch (error) {
        await file.close();
        throw error;
      }
      return new DiskFile(file, path, (flags & O_APPEND) !== 0);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // It holds nothing open: files belong to who opened them.
  }

  /** D4 */
  async #replace(at: Located, path: string, bytes: Buffer): Promise<void> {
    const before = await lstat(at.path).catch(() => undefined);
    if (before !== undefined && !before.isFile()) throw new FileError('Invalid', `'${path}' is no file`);
    const beside = join(
      dirname(at.path),
      `.${basename(at.path).slice(0, 200)}.${randomBytes(6).toString('hex')}.tmp`,
    );
    try {
      await using file = await openFile(beside, O_WRONLY | O_CREAT | O_EXCL, this.#fileMode);
      await file.writeFile(bytes);
      if (before !== undefined) await file.chmod(before.mode & 0o777);
      await file.sync();
      await rename(beside, at.path);
    } catch (error) {
      await unlink(beside).catch(() => undefined); // why it failed is the error to tell
      throw error;
    }
  }

  /** D1 and D2. `new`: the last name is taken as it is, not followed. */
  async #at<T>(
    path: string,
    work: (at: Located) => Promise<T>,
    last: 'followed' | 'new' = 'followed',
  ): Promise<T> {
    return told(path, async () => {
      const wanted = this.#root + systemPath(path);
      const real = path === '/' ? this.#root : await realOf(wanted, last);
      this.#assertInside(real, path);
      if (real === this.#root) return work({ path: real });
      const folder = dirname(real);
      const held = await open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      try {
        if (!canAsk) return await work({ path: real });
        const there = `${HANDLES}/${held.fd}`;
        const now = await readlink(there);
        this.#assertInside(now, path);
        return await work({ path: `${there}/${basename(real)}` });
      } finally {
        await held.close();
      }
    });
  }

  #assertInside(real: string, path: string): void {
    if (real !== this.#root && !real.startsWith(this.#root === sep ? sep : this.#root + sep))
      throw new FileError('PermissionDenied', `'${path}' leads out of the volume by a link`);
  }
}

/** Where a path really is; what is not there yet, below where its directory really is. */
async function realOf(path: string, last: 'followed' | 'new'): Promise<string> {
  if (last === 'followed')
    try {
      return await realpath(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      // A link to what is not there yet may lead anywhere.
      const link = await lstat(path).catch(() => undefined);
      if (link?.isSymbolicLink() === true) throw error;
    }
  return join(await realpath(dirname(path)), basename(path));
}

/** A path of bytes as Node takes it. */
function systemPath(path: string): string {
  const text = tryText(path);
  if (text === undefined) throw new FileError('Invalid', 'the path is not UTF-8');
  return text;
}

const name = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

const openFile = async (path: string, flags: number, mode: number): Promise<FileHandle> =>
  open(path, flags | O_NOFOLLOW | O_NONBLOCK, mode);

/** D3 */
async function regular(file: FileHandle, path: string): Promise<Stats> {
  const stats = await file.stat();
  if (stats.isFile()) return stats;
  throw new FileError('Invalid', stats.isDirectory() ? `'${path}' is a directory` : `'${path}' is no file`);
}

const tooLarge = (path: string, size: number): FileError =>
  new FileError(
    'Invalid',
    `'${path}' has ${size} bytes, more than ${MOST_BYTES} at once; open it and go through it in parts`,
  );

/** Makes the root of a volume; `mode` as the entry has it. */
export async function makeRoot(root: string, mode: number): Promise<void> {
  await mkdir(root, { recursive: true });
  await chmod(root, mode | ((mode & 0o444) >> 2));
}
