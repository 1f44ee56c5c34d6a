// Durations in Go's syntax: `1h30m`, `1.5s`, `-2ms`. Sealed.
// Nanoseconds are exact bigints of at most 64 bits; `asInteger` gives the integer that Lua sees.
import { PlatformError } from './errors.js';

export class DurationError extends PlatformError {
  override readonly name = 'DurationError';
  readonly code = 'DURATION_INVALID';
  override readonly kind = 'Invalid';
  override readonly exitCode = 2;
}

const MICROSECOND = 1_000n;
const MILLISECOND = 1_000_000n;
const SECOND = 1_000_000_000n;
const MINUTE = 60n * SECOND;
const HOUR = 60n * MINUTE;
const MAX = 2n ** 63n - 1n;

/** Both spellings of the micro sign, as text and as UTF-8 bytes. */
const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', MICROSECOND],
  ['\u00b5s', MICROSECOND],
  ['\u03bcs', MICROSECOND],
  ['\xc2\xb5s', MICROSECOND],
  ['\xce\xbcs', MICROSECOND],
  ['ms', MILLISECOND],
  ['s', SECOND],
  ['m', MINUTE],
  ['h', HOUR],
]);

/** Longest text that is looked at; real ones are below 40 chars. */
const MAX_LENGTH = 200;

/** Nanoseconds of a duration such as `1h30m`. Throws DurationError, which names the text. */
export function parseDuration(text: string): bigint {
  const invalid = (why: string): DurationError =>
    new DurationError(
      `invalid duration '${text.length > MAX_LENGTH ? `${text.slice(0, 40)}...` : text}': ${why}; write it like '1h30m' or '500ms'`,
    );
  if (text.length > MAX_LENGTH) throw invalid('it is too long');
  const negative = text.startsWith('-');
  const body = negative || text.startsWith('+') ? text.slice(1) : text;
  if (body === '') throw invalid('it is empty');
  if (body === '0') return 0n;
  let total = 0n;
  const part = /(\d*)(?:\.(\d*))?([^\d.]*)/y;
  while (part.lastIndex < body.length) {
    const [, whole = '', fraction = '', unit = ''] = part.exec(body) ?? [];
    if (whole === '' && fraction === '') throw invalid('a number is missing');
    if (unit === '')
      throw invalid(`a unit is missing after '${whole}${fraction === '' ? '' : `.${fraction}`}'`);
    const size = UNITS.get(unit);
    if (size === undefined) throw invalid(`unknown unit '${unit}'`);
    total += BigInt(whole === '' ? 0 : whole) * size;
    if (fraction !== '') total += (BigInt(fraction) * size) / 10n ** BigInt(fraction.length);
    if (total > MAX + (negative ? 1n : 0n)) throw invalid('it is longer than 292 years');
  }
  return negative ? -total : total;
}

/** Milliseconds of a duration, with a fraction where it has one. */
export function parseDurationMs(text: string): number {
  return toMilliseconds(parseDuration(text));
}

export function toMilliseconds(nanoseconds: bigint | number): number {
  return typeof nanoseconds === 'number'
    ? nanoseconds / 1e6
    : Number(nanoseconds / MILLISECOND) + Number(nanoseconds % MILLISECOND) / 1e6;
}

/** Milliseconds of a duration as entries have it: Go's syntax, or nanoseconds; undefined for anything else. */
export function entryMilliseconds(value: unknown): number | undefined {
  if (typeof value === 'string') return parseDurationMs(value);
  return typeof value === 'number' || typeof value === 'bigint' ? toMilliseconds(value) : undefined;
}

/** An integer as plain data and Lua have it: a number up to 2^53, else a bigint. */
export function asInteger(value: bigint): number | bigint {
  return value >= -(2n ** 53n) && value <= 2n ** 53n ? Number(value) : value;
}

/** Text of nanoseconds as Go prints them: `1h30m0s`, `1.5s`, `2ms`, `0s`. A number is truncated to whole nanoseconds. */
export function formatDuration(nanoseconds: bigint | number): string {
  const value = typeof nanoseconds === 'bigint' ? nanoseconds : BigInt(Math.trunc(nanoseconds));
  if (value === 0n) return '0s';
  const sign = value < 0n ? '-' : '';
  const size = value < 0n ? -value : value;
  if (size < MICROSECOND) return `${sign}${size}ns`;
  if (size < MILLISECOND) return `${sign}${decimal(size, MICROSECOND)}\u00b5s`;
  if (size < SECOND) return `${sign}${decimal(size, MILLISECOND)}ms`;
  const hours = size / HOUR;
  const minutes = (size % HOUR) / MINUTE;
  const seconds = `${decimal(size % MINUTE, SECOND)}s`;
  if (hours > 0n) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes > 0n ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
}

function decimal(value: bigint, unit: bigint): string {
  const fraction = (value % unit)
    .toString()
    .padStart(unit.toString().length - 1, '0')
    .replace(/0+$/, '');
  return fraction === '' ? `${value / unit}` : `${value / unit}.${fraction}`;
}
