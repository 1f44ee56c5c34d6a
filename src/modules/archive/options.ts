// Options of archives: which format, and what may come out of one. Sealed.
import { asNumber, typeName } from '../../lua/instance/arguments.js';
import type { LuaTable } from '../../lua/values.js';
import { ArchiveError } from './format.js';
import { isTar } from './tar.js';
import { isZip } from './zip.js';

export type Format = 'zip' | 'tar' | 'tar.gz' | 'tar.zst';
export const FORMATS: readonly Format[] = ['zip', 'tar', 'tar.gz', 'tar.zst'];
export const CODECS: Readonly<Partial<Record<Format, string>>> = { 'tar.gz': 'gzip', 'tar.zst': 'zstd' };

const MEGABYTE = 1024 * 1024;
export interface Limits {
  readonly max_entries: number;
  readonly max_total_bytes: number;
  readonly max_file_bytes: number;
  readonly max_inline_bytes: number;
  readonly buffer_bytes: number;
}
const USUAL: Limits = {
  max_entries: 100_000,
  max_total_bytes: 2048 * MEGABYTE,
  max_file_bytes: 1024 * MEGABYTE,
  max_inline_bytes: 16 * MEGABYTE,
  buffer_bytes: 64 * 1024,
};
/** Most that one command unpacks, and that an archive in memory may have. */
export const MOST_BYTES = 512 * MEGABYTE;
/** Instructions a byte of looking at a directory and of a sum. */
export const BYTE_COST = 1;

export function limitsOf(options: LuaTable | undefined): Limits {
  const limits: Record<string, number> = { ...USUAL };
  for (const name of Object.keys(USUAL)) {
    const value = options?.get(name);
    if (value === undefined) continue;
    const number = asNumber(value);
    if (number === undefined || !Number.isSafeInteger(number) || number < 1)
      throw new ArchiveError(`${name} is a whole number of 1 or more, got ${number ?? typeName(value)}`);
    limits[name] = number;
  }
  return limits as unknown as Limits;
}

export function formatOption(options: LuaTable | undefined): Format | undefined {
  const value = options?.get('format');
  if (value === undefined) return undefined;
  const format = FORMATS.find((one) => one === value);
  if (format === undefined)
    throw new ArchiveError(
      `the format is one of ${FORMATS.join(', ')}, got ${typeof value === 'string' ? `'${value.slice(0, 40)}'` : typeName(value)}`,
    );
  return format;
}

/** By the first bytes, else by the end of the name; a format that is given must be that. */
export function formatOf(data: string, options: LuaTable | undefined, name = ''): Format {
  const wanted = formatOption(options);
  const found: Format | undefined = isZip(data)
    ? 'zip'
    : data.startsWith('\x1f\x8b')
      ? 'tar.gz'
      : data.startsWith('\x28\xb5\x2f\xfd')
        ? 'tar.zst'
        : isTar(data) || name.toLowerCase().endsWith('.tar')
          ? 'tar'
          : undefined;
  if (found === undefined)
    throw new ArchiveError(`the data is no archive of the formats ${FORMATS.join(', ')}`);
  if (wanted !== undefined && wanted !== found)
    throw new ArchiveError(`the data is a ${found}, not a ${wanted}`);
  return found;
}
