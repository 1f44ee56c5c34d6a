// Where the values of variables are kept: entries of the kinds env.storage.*.
// S1: they are asked at once and in step: a value is wanted wherever an entry is read.
// S2: what is in memory lives as long as the node and as its entry does.
import { resolve } from 'node:path';
import { LuaFloat } from '../../core/data.js';
import type { Data } from '../../core/data.js';
import { namespaceOf, resolveReference } from '../../registry/model/ids.js';
import type { Entry } from '../../registry/model/entry.js';
import { EnvFile } from './env-file.js';
import type { EnvFileOptions } from './env-file.js';
import { EnvironmentError } from './errors.js';

export interface StoragesOptions {
  readonly entry: (id: string) => Entry | undefined;
  /** Usually process.env. */
  readonly os: Readonly<Record<string, string | undefined>>;
  /** What relative paths of files begin at. */
  readonly appFolder: string;
  /** Puts variables into a text. */
  readonly fill: (text: string) => string;
}

const USUAL_FILE_MODE = 0o644;
const USUAL_FOLDER_MODE = 0o755;

export class Storages {
  readonly #options: StoragesOptions;
  readonly #memory = new Map<string, Map<string, string>>();
  readonly #files = new Map<string, EnvFile>();
  /** Storages that are being asked: a router or the path of a file may lead back to them. */
  readonly #asking = new Set<string>();

  constructor(options: StoragesOptions) {
    this.#options = options;
  }

  get(id: string, key: string): string | undefined {
    return this.#ask(id, (entry) => {
      switch (entry.kind) {
        case 'env.storage.memory':
          return this.#memory.get(id)?.get(key);
        case 'env.storage.file':
          return this.#file(entry).get(key);
        case 'env.storage.static':
          return staticValue(entry, key);
        case 'env.storage.router': {
          for (const storage of storagesOf(entry)) {
            const value = this.get(storage, key);
            if (value !== undefined) return value;
          }
          return undefined;
        }
        default:
          return this.ofProcess(key);
      }
    });
  }

  /** Throws where the storage is for reading only. */
  set(id: string, key: string, value: string): void {
    this.#ask(id, (entry) => {
      switch (entry.kind) {
        case 'env.storage.memory': {
          const values = this.#memory.get(id) ?? new Map<string, string>();
          this.#memory.set(id, values.set(key, value));
          return;
        }
        case 'env.storage.file':
          this.#file(entry).set(key, value);
          return;
        case 'env.storage.router':
          this.set(storagesOf(entry)[0] ?? '', key, value);
          return;
        default:
          throw readOnly(
            entry.kind === 'env.storage.static' ? `'${id}' holds values that stand in its entry` : OF_PROCESS,
          );
      }
    });
  }

  /** The environment of the process. */
  ofProcess(key: string): string | undefined {
    return Object.hasOwn(this.#options.os, key) ? this.#options.os[key] : undefined;
  }

  #ask<T>(id: string, work: (entry: Entry) => T): T {
    const entry = this.#options.entry(id);
    if (entry?.kind !== 'env.storage.memory') this.#memory.delete(id);
    if (entry === undefined) throw new EnvironmentError(`the storage '${id}' does not exist`, 'NotFound');
    if (!entry.kind.startsWith('env.storage.'))
      throw new EnvironmentError(`'${id}' is a '${entry.kind}', and no storage of variables`, 'Invalid');
    if (this.#asking.has(id))
      throw new EnvironmentError(
        `the storage '${id}' leads back to itself: ${[...this.#asking, id].join(' -> ')}`,
        'Invalid',
      );
    this.#asking.add(id);
    try {
      return work(entry);
    } finally {
      this.#asking.delete(id);
    }
  }

  #file({ id, data }: Entry): EnvFile {
    const given = data['file_path'];
    const path = this.#options.fill(typeof given === 'string' ? given : '');
    if (path === '') throw new EnvironmentError(`the file_path of '${id}' is empty; name a file`, 'Invalid');
    const options: EnvFileOptions = {
      entry: id,
      path: resolve(this.#options.appFolder, path),
      create: data['auto_create'] === true,
      fileMode: bits(data['file_mode']) ?? USUAL_FILE_MODE,
      folderMode: bits(data['dir_mode']) ?? USUAL_FOLDER_MODE,
    };
    const known = this.#files.get(id);
    if (known !== undefined && isSame(known.options, options)) return known;
    const file = new EnvFile(options);
    this.#files.set(id, file);
    return file;
  }
}

export const OF_PROCESS = 'it is kept in the environment of the process';
export const readOnly = (why: string): EnvironmentError =>
  new EnvironmentError(`the variable cannot be set: ${why}, which is read-only`, 'PermissionDenied');

const isSame = (a: EnvFileOptions, b: EnvFileOptions): boolean => JSON.stringify(a) === JSON.stringify(b);

const bits = (value: Data | undefined): number | undefined => (typeof value === 'number' ? value : undefined);

function storagesOf({ id, data }: Entry): readonly string[] {
  const { storages } = data;
  const namespace = namespaceOf(id);
  return (Array.isArray(storages) ? storages : []).flatMap((storage) =>
    typeof storage === 'string' ? [resolveReference(storage, namespace) ?? storage] : [],
  );
}

function staticValue({ data }: Entry, key: string): string | undefined {
  const { values } = data;
  if (typeof values !== 'object' || values === null || Array.isArray(values) || values instanceof LuaFloat)
    return undefined;
  return Object.hasOwn(values, key) ? scalarText(values[key]) : undefined;
}

/** A scalar of an entry as the text of a variable. */
export function scalarText(value: Data | undefined): string | undefined {
  if (value instanceof LuaFloat) return String(value.n);
  return typeof value === 'object' || value === undefined ? undefined : String(value);
}
