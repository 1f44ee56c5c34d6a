// The files of an app, and nothing outside it.
// F1: a file is read only when its real path (links followed) is inside the app's real folder and it is a regular file.
// F2: what is not a regular file (folder, pipe, device) is never opened. F3: nothing above the bytes that the caller takes is read.
import { constants } from 'node:fs';
import { lstat, open, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';

export const MAX_FILE_BYTES = 4 * 1024 * 1024;

export type FileProblem =
  'missing' | 'outside' | 'folder' | 'special' | 'too-big' | 'other-case' | 'unreadable';
export type ReadResult =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly problem: FileProblem; readonly detail: string };

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
const failed = (problem: FileProblem, detail = ''): ReadResult => ({ ok: false, problem, detail });

export interface FoundFile {
  /** Absolute. */
  readonly path: string;
  readonly name: string;
  /** Set for a link that leads out of the app, or something else that cannot be followed. */
  readonly problem?: FileProblem;
}

export class AppFiles {
  /** Real path of the app's folder. */
  readonly root: string;
  /** Absolute paths that were asked for, there or not: what the app was made of. */
  readonly asked = new Set<string>();

  private constructor(root: string) {
    this.root = root;
  }

  /** undefined when there is no such folder. */
  static async open(folder: string): Promise<AppFiles | undefined> {
    try {
      const root = await realpath(folder);
      return (await lstat(root)).isDirectory() ? new AppFiles(root) : undefined;
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES'].includes(codeOf(error))) return undefined;
      throw error;
    }
  }

  /** Relative to the app's folder, with forward slashes. */
  relative(absolute: string): string {
    return path.relative(this.root, absolute).split(path.sep).join('/');
  }

  contains(absolute: string): boolean {
    const relative = path.relative(this.root, absolute);
    return (
      relative === '' ||
      (relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative))
    );
  }

  /** The real path, if it is inside the app. */
  async #real(absolute: string): Promise<{ readonly path: string } | Extract<ReadResult, { ok: false }>> {
    if (!this.contains(absolute)) return { ok: false, problem: 'outside', detail: '' };
    try {
      const real = await realpath(absolute);
      if (!this.contains(real)) return { ok: false, problem: 'outside', detail: '' };
      return { path: real };
    } catch (error) {
      const code = codeOf(error);
      const missing = code === 'ENOENT' || code === 'ENOTDIR';
      return { ok: false, problem: missing ? 'missing' : 'unreadable', detail: code };
    }
  }

  async folderExists(absolute: string): Promise<boolean> {
    const real = await this.#real(absolute);
    return 'path' in real && (await lstat(real.path)).isDirectory();
  }

  async read(absolute: string, most = MAX_FILE_BYTES): Promise<ReadResult> {
    this.asked.add(absolute);
    const real = await this.#real(absolute);
    if (!('path' in real)) return real;
    // A file system that does not tell `Order.lua` from `order.lua` would take a name that fails on the next machine.
    const name = path.basename(real.path);
    if (name !== path.basename(absolute) && name.toLowerCase() === path.basename(absolute).toLowerCase())
      if (!(await lstat(absolute)).isSymbolicLink()) return failed('other-case', name);
    try {
      const before = await lstat(real.path);
      if (before.isDirectory()) return failed('folder');
      if (!before.isFile()) return failed('special');
      if (before.size > most) return failed('too-big');
      const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
      await using file = await open(real.path, flags);
      const now = await file.stat();
      // Swapped between the look and the opening: what was opened is not what was judged.
      if (!now.isFile() || now.ino !== before.ino || now.dev !== before.dev) return failed('special');
      const chunks: Uint8Array[] = [];
      for (let length = 0; ;) {
        const chunk = Buffer.alloc(Math.min(before.size + 1, 64 * 1024));
        const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
        length += bytesRead;
        if (length > most) return failed('too-big');
        if (bytesRead === 0) return { ok: true, bytes: Buffer.concat(chunks) };
        chunks.push(chunk.subarray(0, bytesRead));
      }
    } catch (error) {
      const code = codeOf(error);
      if (code === 'UNKNOWN') throw error;
      return failed(code === 'ENOENT' ? 'missing' : 'unreadable', code);
    }
  }

  /** Names in a folder of the app; none when it is missing or outside. */
  async list(absolute: string): Promise<string[]> {
    const real = await this.#real(absolute);
    if (!('path' in real) || !(await lstat(real.path)).isDirectory()) return [];
    return readdir(real.path);
  }

  /**
   * All files below a folder in the order of their paths, without `node_modules`, folders whose name starts with a dot, and `skip`.
   * Links to folders are followed while they stay inside the app, each real folder once.
   */
  async walk(folder: string, skip: ReadonlySet<string>): Promise<FoundFile[]> {
    const found: FoundFile[] = [];
    const seen = new Set<string>();
    const visit = async (absolute: string): Promise<void> => {
      const real = await this.#real(absolute);
      if (!('path' in real) || seen.has(real.path) || skip.has(real.path)) return;
      seen.add(real.path);
      let entries;
      try {
        entries = await readdir(absolute, { withFileTypes: true });
      } catch (error) {
        if (codeOf(error) !== 'EACCES') throw error;
        found.push({ path: absolute, name: path.basename(absolute), problem: 'unreadable' });
        return;
      }
      entries.sort((a, b) => (a.name < b.name ? -1 : 1));
      for (const entry of entries) {
        if (entry.name === 'node_modules') continue; // a link to a shared one as well
        const at = path.join(absolute, entry.name);
        let isFolder = entry.isDirectory();
        if (entry.isSymbolicLink()) {
          const target = await this.#real(at);
          if (!('path' in target)) {
            found.push({ path: at, name: entry.name, problem: target.problem });
            continue;
          }
          isFolder = (await lstat(target.path)).isDirectory();
        }
        if (!isFolder) found.push({ path: at, name: entry.name });
        else if (!entry.name.startsWith('.')) await visit(at);
      }
    };
    await visit(folder);
    return found;
  }
}
