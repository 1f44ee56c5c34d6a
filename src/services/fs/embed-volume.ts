// fs.embed: the files that travel with a version of the app, for reading. Their content comes from the registry's store by its hash.
import { toBytes } from '../../core/text.js';
import { FileError } from '../../modules/fs/host.js';
import type { FileFacts, FileType, OpenFile, OpenMode, Volume, WriteMode } from '../../modules/fs/host.js';
import type { EmbeddedFile } from '../../registry/model/embedded.js';

export interface EmbedOptions {
  /** Entry id, for messages. */
  readonly entry: string;
  readonly files: readonly EmbeddedFile[];
  /** Content by hash; undefined: nobody has it any more. */
  readonly content: (hash: string) => Promise<Uint8Array | undefined>;
}

const READABLE = 0o444;

export class EmbedVolume implements Volume, AsyncDisposable {
  readonly #options: EmbedOptions;
  /** By path of the volume. */
  readonly #files = new Map<string, EmbeddedFile>();
  readonly #folders = new Map<string, Map<string, FileType>>([['/', new Map()]]);

  constructor(options: EmbedOptions) {
    this.#options = options;
    for (const file of options.files) {
      const path = `/${toBytes(file.path)}`;
      this.#files.set(path, file);
      this.#addTo(path, 'file');
    }
  }

  async read(path: string): Promise<string> {
    const file = this.#files.get(path);
    if (file === undefined) throw this.#missing(path);
    const content = await this.#options.content(file.hash);
    if (content === undefined)
      throw new FileError(
        'NotFound',
        `the content of '${path}' is not in the registry any more; publish the app again`,
      );
    return Buffer.from(content).toString('latin1');
  }

  async stat(path: string): Promise<FileFacts | undefined> {
    const file = this.#files.get(path);
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (file !== undefined) return { name, size: file.size, mode: READABLE, modified: 0, type: 'file' };
    return this.#folders.has(path)
      ? { name, size: 0, mode: 0o555, modified: 0, type: 'directory' }
      : undefined;
  }

  async list(path: string): Promise<readonly { readonly name: string; readonly type: FileType }[]> {
    const folder = this.#folders.get(path);
    if (folder === undefined) throw this.#missing(path);
    return [...folder].map(([name, type]) => ({ name, type })).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async open(path: string, mode: OpenMode): Promise<OpenFile> {
    if (mode !== 'r') throw this.#readOnly(path);
    const [content, facts] = [await this.read(path), await this.stat(path)];
    return new EmbeddedContent(
      content,
      facts ?? { name: path, size: content.length, mode: READABLE, modified: 0, type: 'file' },
    );
  }

  async write(path: string, _data: string, _mode: WriteMode): Promise<void> {
    throw this.#readOnly(path);
  }
  async mkdir(path: string): Promise<void> {
    throw this.#readOnly(path);
  }
  async remove(path: string): Promise<void> {
    throw this.#readOnly(path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // It holds nothing but names.
  }

  #addTo(path: string, type: FileType): void {
    const at = path.lastIndexOf('/');
    const parent = at <= 0 ? '/' : path.slice(0, at);
    const known = this.#folders.get(parent);
    const folder = known ?? new Map<string, FileType>();
    folder.set(path.slice(at + 1), type);
    if (known !== undefined) return;
    this.#folders.set(parent, folder);
    this.#addTo(parent, 'directory');
  }

  #missing(path: string): FileError {
    return this.#folders.has(path)
      ? new FileError('Invalid', `'${path}' is a directory`)
      : this.#files.has(path)
        ? new FileError('Invalid', `'${path}' is no directory`)
        : new FileError('NotFound', `'${path}' is not there`);
  }

  #readOnly(path: string): FileError {
    return new FileError(
      'PermissionDenied',
      `'${path}' cannot be written: '${this.#options.entry}' travels with the app`,
    );
  }
}

class EmbeddedContent implements OpenFile {
  readonly #content: string;
  readonly #facts: FileFacts;
  #position = 0;

  constructor(content: string, facts: FileFacts) {
    this.#content = content;
    this.#facts = facts;
  }

  async read(size: number): Promise<string | undefined> {
    const data = this.#content.slice(this.#position, this.#position + size);
    this.#position += data.length;
    return data === '' ? undefined : data;
  }

  async write(): Promise<void> {
    throw new FileError('PermissionDenied', `'${this.#facts.name}' was opened for reading, not for writing`);
  }

  async seek(whence: 'set' | 'cur' | 'end', offset: number): Promise<number> {
    const from = whence === 'set' ? 0 : whence === 'cur' ? this.#position : this.#content.length;
    if (from + offset < 0)
      throw new FileError(
        'Invalid',
        `the position ${from + offset} lies before the start of '${this.#facts.name}'`,
      );
    this.#position = from + offset;
    return this.#position;
  }

  async stat(): Promise<FileFacts> {
    return this.#facts;
  }
  async sync(): Promise<void> {
    // Nothing was written.
  }
  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is open.
  }
}
