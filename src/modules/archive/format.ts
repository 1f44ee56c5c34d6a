// What the formats of archives share: entries, limits, errors, numbers in bytes. Sealed.

/** An archive that cannot be read as one, or is larger than its limits. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
}

export interface ArchiveEntry {
  /** Bytes, as the archive has them. */
  readonly name: string;
  /** Bytes, uncompressed. */
  readonly size: number;
  readonly compressedSize: number;
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
  readonly mode: number;
  /** Seconds since the epoch. */
  readonly modified: number;
  readonly method: 'store' | 'deflate';
  /** Of zip only. */
  readonly crc32: number | undefined;
  /** Where its data begins, within the archive (of tar.gz and tar.zst within the tar). Throws an ArchiveError. */
  data(): string;
}

export interface NewEntry {
  readonly name: string;
  readonly data: string;
  /** `data` as it is stored. */
  readonly stored: string;
  readonly method: 'store' | 'deflate';
  readonly isDirectory: boolean;
  readonly mode: number;
  readonly modified: number;
}

/** A little-endian number of 1 to 4 bytes; 0s beyond the end. */
export function littleEndian(bytes: string, at: number, size: number): number {
  let value = 0;
  for (let index = size - 1; index >= 0; index--) value = value * 256 + (bytes.charCodeAt(at + index) || 0);
  return value;
}

/** The number as that many bytes, the lowest first. */
export function toLittleEndian(value: number, size: number): string {
  let bytes = '';
  let rest = value;
  for (let index = 0; index < size; index++) {
    bytes += String.fromCharCode(rest % 256);
    rest = Math.floor(rest / 256);
  }
  return bytes;
}

const TABLE = Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

/** CRC-32 of zip. */
export function crc32(bytes: string): number {
  let crc = 0xffffffff;
  for (let index = 0; index < bytes.length; index++)
    crc = (crc >>> 8) ^ (TABLE[(crc ^ bytes.charCodeAt(index)) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Why a name could lead out of the folder that an archive is extracted to; undefined for one that cannot. */
export function unsafeName(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.includes('\0')) return 'has a NUL character';
  if (name.includes('\\')) return 'has a backslash';
  if (name.startsWith('/')) return 'is absolute';
  if (/^[A-Za-z]:/.test(name)) return 'names a drive';
  if (name.split('/').includes('..')) return "has '..' in it";
  return undefined;
}
