// zip archives: the central directory read, and written (PKWARE's APPNOTE 6.3). Sealed.
// Z1: offsets and sizes of a file are believed only as far as they stay within it.
import { isUtf8 } from '../../core/text.js';
import { ArchiveError, crc32, littleEndian, toLittleEndian } from './format.js';
import type { ArchiveEntry, NewEntry } from './format.js';

const END = 'PK\x05\x06';
const END_64 = 'PK\x06\x06';
const LOCATOR_64 = 'PK\x06\x07';
const CENTRAL = 'PK\x01\x02';
const LOCAL = 'PK\x03\x04';
/** The end record and the longest comment behind it. */
const END_REACH = 22 + 0xffff;

export const isZip = (bytes: string): boolean => bytes.startsWith(LOCAL) || bytes.startsWith(END);

interface Directory {
  readonly count: number;
  readonly at: number;
  readonly size: number;
}

function directoryOf(bytes: string): Directory {
  for (let at = bytes.length - 22; at >= Math.max(0, bytes.length - END_REACH); at--) {
    if (bytes.charCodeAt(at) !== 0x50 || !bytes.startsWith(END, at)) continue;
    const [count, size, begin] = [
      littleEndian(bytes, at + 10, 2),
      littleEndian(bytes, at + 12, 4),
      littleEndian(bytes, at + 16, 4),
    ];
    if (count < 0xffff && size < 0xffffffff && begin < 0xffffffff) return { count, at: begin, size };
    return directory64(bytes, at);
  }
  throw new ArchiveError('the zip has no directory at its end; it was cut off, or is none');
}

function directory64(bytes: string, end: number): Directory {
  const at = littleEndian(bytes, end - 20 + 8, 8);
  if (!bytes.startsWith(LOCATOR_64, end - 20) || !bytes.startsWith(END_64, at))
    throw new ArchiveError('the directory of the zip64 cannot be found');
  return {
    count: littleEndian(bytes, at + 32, 8),
    size: littleEndian(bytes, at + 40, 8),
    at: littleEndian(bytes, at + 48, 8),
  };
}

export function readZip(bytes: string, maxEntries: number): ArchiveEntry[] {
  const { count, at: begin, size } = directoryOf(bytes);
  if (count > maxEntries)
    throw new ArchiveError(`the archive has ${count} entries, more than max_entries (${maxEntries})`);
  if (begin + size > bytes.length) throw new ArchiveError('the directory of the zip leads out of the file');
  const entries: ArchiveEntry[] = [];
  let at = begin;
  for (let index = 0; index < count; index++) {
    if (!bytes.startsWith(CENTRAL, at) || at + 46 > bytes.length)
      throw new ArchiveError(`the directory of the zip breaks off at entry ${index + 1}`);
    const lengths = [28, 30, 32].map((offset) => littleEndian(bytes, at + offset, 2)) as [
      number,
      number,
      number,
    ];
    entries.push(entryAt(bytes, at, lengths, begin));
    at += 46 + lengths[0] + lengths[1] + lengths[2];
  }
  return entries;
}

function entryAt(
  bytes: string,
  at: number,
  [nameLength, extraLength]: readonly number[],
  end: number,
): ArchiveEntry {
  const number = (offset: number, size: number): number => littleEndian(bytes, at + offset, size);
  const name = bytes.slice(at + 46, at + 46 + (nameLength ?? 0));
  const extra = bytes.slice(at + 46 + (nameLength ?? 0), at + 46 + (nameLength ?? 0) + (extraLength ?? 0));
  const [method, flags] = [number(10, 2), number(8, 2)];
  const [compressedSize, size, offset] = sizesOf(extra, number(20, 4), number(24, 4), number(42, 4));
  const unixMode = number(4, 2) >> 8 === 3 ? number(40, 2) : 0;
  const kind = unixMode & 0o170000;
  const isDirectory = name.endsWith('/') || kind === 0o040000;
  return {
    name,
    size,
    compressedSize,
    crc32: number(16, 4),
    method: method === 8 ? 'deflate' : 'store',
    type: isDirectory ? 'directory' : kind === 0o120000 ? 'symlink' : 'file',
    mode: unixMode & 0o7777 || (isDirectory ? 0o755 : 0o644),
    modified: fromDosTime(number(14, 2), number(12, 2)),
    data() {
      if ((flags & 1) === 1) throw new ArchiveError(`'${name}' is encrypted, which is not read`);
      if (method !== 0 && method !== 8)
        throw new ArchiveError(`'${name}' is compressed by method ${method}; store and deflate are read`);
      if (!bytes.startsWith(LOCAL, offset) || offset + 30 > end)
        throw new ArchiveError(`'${name}' is not where the directory of the zip says`);
      const start = offset + 30 + littleEndian(bytes, offset + 26, 2) + littleEndian(bytes, offset + 28, 2);
      if (start + compressedSize > end) throw new ArchiveError(`the data of '${name}' leads out of the file`);
      return bytes.slice(start, start + compressedSize);
    },
  };
}

/** Sizes and offset, of which those that do not fit are in the extra field 1. */
function sizesOf(
  extra: string,
  compressed: number,
  plain: number,
  offset: number,
): readonly [number, number, number] {
  const values: [number, number, number] = [compressed, plain, offset];
  for (let at = 0; at + 4 <= extra.length; at += 4 + littleEndian(extra, at + 2, 2)) {
    if (littleEndian(extra, at, 2) !== 1) continue;
    let next = at + 4;
    for (const index of [1, 0, 2])
      if (values[index] === 0xffffffff) {
        values[index] = littleEndian(extra, next, 8);
        next += 8;
      }
  }
  return values;
}

/** Days of the civil calendar since 1970. */
function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146097 +
    yearOfEra * 365 +
    Math.floor(yearOfEra / 4) -
    Math.floor(yearOfEra / 100) +
    dayOfYear -
    719468
  );
}

function fromDosTime(date: number, time: number): number {
  const days = daysOf(1980 + (date >> 9), (date >> 5) & 15, date & 31);
  return days * 86400 + (time >> 11) * 3600 + ((time >> 5) & 63) * 60 + (time & 31) * 2;
}

/** Seconds since the epoch as date and time of DOS; what is before 1980 is 1980. */
function toDosTime(seconds: number): readonly [date: number, time: number] {
  const rest = Math.max(seconds, daysOf(1980, 1, 1) * 86400);
  const days = Math.floor(rest / 86400);
  let year = Math.min(1970 + Math.floor(days / 365.2425), 2107);
  while (daysOf(year + 1, 1, 1) <= days && year < 2107) year++;
  while (daysOf(year, 1, 1) > days) year--;
  let month = 12;
  while (month > 1 && daysOf(year, month, 1) > days) month--;
  const day = Math.min(days - daysOf(year, month, 1) + 1, 31);
  const second = rest - days * 86400;
  const date = ((year - 1980) << 9) | (month << 5) | day;
  const time =
    (Math.floor(second / 3600) << 11) |
    (Math.floor((second % 3600) / 60) << 5) |
    Math.floor((second % 60) / 2);
  return [date, time];
}

const FLAG_UTF8 = 0x800;

export function writeZip(entries: readonly NewEntry[]): string {
  const parts: string[] = [];
  const directory: string[] = [];
  let offset = 0;
  for (const { name, data, stored, method, isDirectory, mode, modified } of entries) {
    const [date, time] = toDosTime(modified);
    const facts =
      toLittleEndian(20, 2) +
      toLittleEndian(isUtf8(name) ? FLAG_UTF8 : 0, 2) +
      toLittleEndian(method === 'deflate' ? 8 : 0, 2) +
      toLittleEndian(time, 2) +
      toLittleEndian(date, 2) +
      toLittleEndian(crc32(data), 4) +
      toLittleEndian(stored.length, 4) +
      toLittleEndian(data.length, 4) +
      toLittleEndian(name.length, 2) +
      toLittleEndian(0, 2);
    const attributes = ((isDirectory ? 0o040000 : 0o100000) | mode) * 65536 + (isDirectory ? 0x10 : 0);
    parts.push(LOCAL, facts, name, stored);
    directory.push(
      CENTRAL +
        toLittleEndian((3 << 8) | 20, 2) +
        facts +
        toLittleEndian(0, 6) +
        toLittleEndian(attributes, 4) +
        toLittleEndian(offset, 4) +
        name,
    );
    offset += 30 + name.length + stored.length;
  }
  const written = directory.join('');
  const count = toLittleEndian(entries.length, 2);
  return `${parts.join('')}${written}${END}${toLittleEndian(0, 4)}${count}${count}${toLittleEndian(written.length, 4)}${toLittleEndian(offset, 4)}${toLittleEndian(0, 2)}`;
}
