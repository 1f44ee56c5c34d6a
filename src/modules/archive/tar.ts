// tar archives: ustar with the extensions of pax and GNU for long names and large files. Sealed.
import { ArchiveError } from './format.js';
import type { ArchiveEntry, NewEntry } from './format.js';

const BLOCK = 512;

/** Whether a header stands at the beginning: its sum is right. */
export const isTar = (bytes: string): boolean =>
  bytes.length >= BLOCK && sumOf(bytes, 0) === numberAt(bytes, 148, 8);

const padded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK;

/** Sum of a header's bytes, its own field as spaces. */
function sumOf(bytes: string, at: number): number {
  let sum = 8 * 32;
  for (let index = 0; index < BLOCK; index++)
    if (index < 148 || index >= 156) sum += bytes.charCodeAt(at + index);
  return sum;
}

function textAt(bytes: string, at: number, size: number): string {
  const field = bytes.slice(at, at + size);
  const end = field.indexOf('\0');
  return end < 0 ? field : field.slice(0, end);
}

/** Octal digits, or base 256 where the first bit is set. */
function numberAt(bytes: string, at: number, size: number): number {
  if (bytes.charCodeAt(at) >= 0x80) {
    let value = bytes.charCodeAt(at) & 0x7f;
    for (let index = 1; index < size; index++) value = value * 256 + bytes.charCodeAt(at + index);
    return value;
  }
  const digits = textAt(bytes, at, size).trim();
  return /^[0-7]*$/.test(digits) ? parseInt(digits === '' ? '0' : digits, 8) : Number.NaN;
}

/** Records of a pax header: `length key=value\n`. */
function paxRecords(data: string): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < data.length;) {
    const space = data.indexOf(' ', at);
    const length = Number(data.slice(at, space));
    if (space < 0 || !Number.isInteger(length) || length <= space - at || at + length > data.length)
      throw new ArchiveError('a pax header of the tar is broken');
    const record = data.slice(space + 1, at + length - 1);
    const equals = record.indexOf('=');
    if (equals > 0) records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}

const TYPES: Readonly<Record<string, ArchiveEntry['type']>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '5': 'directory',
  '2': 'symlink',
};

export function readTar(bytes: string, maxEntries: number): ArchiveEntry[] {
  const entries: ArchiveEntry[] = [];
  let next = new Map<string, string>();
  for (let at = 0; at + BLOCK <= bytes.length;) {
    if (bytes.charCodeAt(at) === 0 && /^\0*$/.test(bytes.slice(at, at + BLOCK))) return entries;
    if (sumOf(bytes, at) !== numberAt(bytes, at + 148, 8))
      throw new ArchiveError(`the tar is broken at byte ${at}: the sum of a header is wrong`);
    const type = bytes[at + 156] ?? '\0';
    const said = next.get('size');
    const size = said === undefined ? numberAt(bytes, at + 124, 12) : Number(said);
    const start = at + BLOCK;
    if (!Number.isSafeInteger(size) || size < 0)
      throw new ArchiveError(`the tar is broken at byte ${at}: a size is none`);
    if (start + size > bytes.length) throw new ArchiveError('the tar is cut off within an entry');
    const data = (): string => bytes.slice(start, start + size);
    if (type === 'x') next = new Map([...next, ...paxRecords(data())]);
    else if (type === 'L') next = new Map([...next, ['path', textAt(data(), 0, size)]]);
    else if (type !== 'g' && type !== 'K') {
      if (entries.length >= maxEntries)
        throw new ArchiveError(`the archive has more entries than max_entries (${maxEntries})`);
      entries.push(entryAt(bytes, at, next, size, data));
      next = new Map();
    }
    at = start + padded(size);
  }
  if (entries.length === 0) throw new ArchiveError('this is no tar');
  return entries;
}

function entryAt(
  bytes: string,
  at: number,
  pax: ReadonlyMap<string, string>,
  size: number,
  data: () => string,
): ArchiveEntry {
  const prefix = bytes.startsWith('ustar\0', at + 257) ? textAt(bytes, at + 345, 155) : '';
  const own = textAt(bytes, at, 100);
  const name = pax.get('path') ?? (prefix === '' ? own : `${prefix}/${own}`);
  const type = name.endsWith('/') ? 'directory' : (TYPES[bytes[at + 156] ?? '0'] ?? 'other');
  const modified = pax.get('mtime');
  return {
    name,
    size: type === 'file' ? size : 0,
    compressedSize: type === 'file' ? size : 0,
    type,
    mode: numberAt(bytes, at + 100, 8) & 0o7777,
    modified: modified === undefined ? numberAt(bytes, at + 136, 12) : Math.floor(Number(modified)),
    method: 'store',
    crc32: undefined,
    data,
  };
}

const octal = (value: number, size: number): string => `${value.toString(8).padStart(size - 1, '0')}\0`;
const field = (text: string, size: number): string => text.slice(0, size).padEnd(size, '\0');

function header(name: string, type: string, size: number, mode: number, modified: number): string {
  const before =
    field(name, 100) +
    octal(mode, 8) +
    octal(0, 8) +
    octal(0, 8) +
    octal(size, 12) +
    octal(Math.max(0, Math.floor(modified)), 12);
  const after = `${type}${'\0'.repeat(100)}ustar\x0000${'\0'.repeat(32 + 32)}${octal(0, 8)}${octal(0, 8)}`;
  const plain = field(`${before}${' '.repeat(8)}${after}`, BLOCK);
  const sum = `${sumOf(plain, 0).toString(8).padStart(6, '0')}\0 `;
  return plain.slice(0, 148) + sum + plain.slice(156);
}

/** A record tells its own length, with the digits of that. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length;
  while (`${length}${rest}`.length !== length) length = `${length}${rest}`.length;
  return `${length}${rest}`;
}

const block = (data: string): string => data + '\0'.repeat(padded(data.length) - data.length);

export function writeTar(entries: readonly NewEntry[]): string {
  const parts: string[] = [];
  for (const { name, data, isDirectory, mode, modified } of entries) {
    if (name.length > 100) {
      const records = paxRecord('path', name);
      parts.push(header('pax', 'x', records.length, 0o644, modified), block(records));
    }
    parts.push(header(name, isDirectory ? '5' : '0', data.length, mode, modified), block(data));
  }
  return `${parts.join('')}${'\0'.repeat(2 * BLOCK)}`;
}
