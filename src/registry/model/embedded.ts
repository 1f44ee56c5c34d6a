// The files that an entry brings along: named in its data by their hashes, stored beside the versions. Sealed.
import type { Data, DataObject } from '../../core/data.js';
import { LuaFloat } from '../../core/data.js';
import type { Entry } from './entry.js';

export const EMBED_KIND = 'fs.embed';

export interface EmbeddedFile {
  /** Below the entry's folder, with forward slashes. */
  readonly path: string;
  /** SHA-256 of the content; lower-case hex. */
  readonly hash: string;
  /** Bytes. */
  readonly size: number;
}

const isObject = (value: Data | undefined): value is DataObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LuaFloat);

/** None for entries of other kinds, and for what has not been embedded. */
export function embeddedFiles({ kind, data: { files } }: Entry): readonly EmbeddedFile[] {
  if (kind !== EMBED_KIND || !Array.isArray(files)) return [];
  return files.flatMap((file: Data): EmbeddedFile[] => {
    const { path, hash, size } = isObject(file) ? file : {};
    return typeof path === 'string' && typeof hash === 'string' && typeof size === 'number'
      ? [{ path, hash, size }]
      : [];
  });
}
