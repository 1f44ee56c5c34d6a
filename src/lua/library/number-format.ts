// C's number conversions (%d %x %f %e %g %a) to the bit. Sealed.
// F1: JavaScript rounds the exact decimal value too, but ties upwards; C rounds ties to even. Ties are found and done exactly.
// F2: precisions are 0 to 99, as string.format takes them.

import { powerOfTwo } from '../front/numeral.js';

// A name of the global object is looked up slowly in a workflow's sandbox.
const { abs, floor } = Math;
const { is } = Object;

/** Flags, width and precision of a conversion. */
export interface Conversion {
  readonly left: boolean;
  readonly plus: boolean;
  readonly space: boolean;
  readonly alternate: boolean;
  readonly zero: boolean;
  readonly width: number;
  /** -1: none was given. */
  readonly precision: number;
}

/** `digits` with its prefix (sign, 0x), filled up to the width. */
function fill(prefix: string, digits: string, how: Conversion, mayZero: boolean): string {
  const missing = how.width - prefix.length - digits.length;
  if (missing <= 0) return prefix + digits;
  if (how.left) return prefix + digits + ' '.repeat(missing);
  if (how.zero && mayZero) return prefix + '0'.repeat(missing) + digits;
  return ' '.repeat(missing) + prefix + digits;
}

/** Any text, filled up to the width. */
export const fillText = (text: string, how: Conversion): string => fill('', text, how, false);

const signOf = (negative: boolean, how: Conversion): string =>
  negative ? '-' : how.plus ? '+' : how.space ? ' ' : '';

function withPrecision(digits: string, precision: number): string {
  if (precision === 0 && digits === '0') return '';
  return digits.padStart(precision, '0');
}

/** %d of a decimal text such as `-12`. */
export function formatDecimal(text: string, how: Conversion): string {
  const negative = text.startsWith('-');
  const digits = withPrecision(negative ? text.slice(1) : text, how.precision);
  return fill(signOf(negative, how), digits, how, how.precision < 0);
}

/** %x %X %o %u of unsigned digits in the base of `letter`. */
export function formatUnsigned(text: string, letter: string, how: Conversion): string {
  let digits = withPrecision(text, how.precision);
  let prefix = '';
  if (how.alternate) {
    if (letter === 'o' && !digits.startsWith('0')) digits = `0${digits}`;
    if ((letter === 'x' || letter === 'X') && text !== '0') prefix = '0x';
  }
  const whole = fill(prefix, digits, how, how.precision < 0);
  return letter === 'X' ? whole.toUpperCase() : whole;
}

/** %f %e %g %a and their upper-case forms. */
export function formatDouble(value: number, letter: string, how: Conversion): string {
  const kind = letter.toLowerCase();
  const negative = value < 0 || is(value, -0) || value !== value;
  const sign = signOf(negative, how);
  const size = abs(value);
  let text: string;
  if (size === Infinity || value !== value) {
    text = fill(sign, value === value ? 'inf' : 'nan', how, false);
  } else if (kind === 'a') {
    text = fill(`${sign}0x`, hexadecimalDigits(size, how.precision, how.alternate), how, true);
  } else {
    const precision = how.precision < 0 ? 6 : how.precision;
    const digits =
      kind === 'f'
        ? fixed(size, precision, how.alternate)
        : kind === 'e'
          ? exponential(size, precision, how.alternate)
          : general(size, precision, how.alternate);
    text = fill(sign, digits, how, true);
  }
  return letter === kind ? text : text.toUpperCase();
}

/** %.14g as tostring wants it, without the `.0`. */
export function shortest14(value: number): string {
  const size = abs(value);
  if (size >= 1e-4 && size < 1e14) {
    // Where 14 digits or fewer name the double they are also what rounding it to 14 digits gives.
    const text = String(value);
    if (text.length <= 15) return text;
  }
  return (value < 0 || is(value, -0) ? '-' : '') + general(size, 14, false);
}

function fixed(size: number, precision: number, alternate: boolean): string {
  const point = precision === 0 && alternate ? '.' : '';
  if (size >= 1e21) {
    return BigInt(size).toString() + (precision > 0 ? `.${'0'.repeat(precision)}` : point);
  }
  // A tie has exactly one binary digit more than what is kept can hold.
  const scaled = size * powerOfTwo(precision);
  if (size < 9007199254740992 && scaled * 2 === floor(scaled * 2) && scaled !== floor(scaled)) {
    return fixedTie(size, precision) + point;
  }
  return size.toFixed(precision) + point;
}

/** `size` * 10^precision ends in .5 exactly. */
function fixedTie(size: number, precision: number): string {
  // size * 2^(precision + 1) is a whole number, so size * 10^precision is one of halves.
  const halves = BigInt(size * powerOfTwo(precision + 1)) * 5n ** BigInt(precision);
  const below = halves >> 1n;
  const rounded = (below & 1n) === 0n ? below : below + 1n;
  const digits = rounded.toString().padStart(precision + 1, '0');
  const whole = digits.length - precision;
  return precision === 0 ? digits : `${digits.slice(0, whole)}.${digits.slice(whole)}`;
}

/** `count` significant digits and the exponent of the first. */
function significantDigits(size: number, count: number): readonly [digits: string, exponent: number] {
  const [digits, exponent] = split(size.toExponential(count - 1));
  if (count > 99) return [digits, exponent];
  const [longer, longerExponent] = split(size.toExponential(count));
  return longer.endsWith('5')
    ? (evenDigits(size, count, longerExponent) ?? [digits, exponent])
    : [digits, exponent];
}

function split(text: string): readonly [string, number] {
  const at = text.indexOf('e');
  return [text.charAt(0) + text.slice(2, at), Number(text.slice(at + 1))];
}

/** The digits of a tie, to even; undefined where it is none. */
function evenDigits(
  size: number,
  count: number,
  exponent: number,
): readonly [digits: string, exponent: number] | undefined {
  const [mantissa, power] = exactParts(size);
  const shift = count - 1 - exponent;
  let numerator = BigInt(mantissa);
  let denominator = 1n;
  if (shift >= 0) numerator *= 10n ** BigInt(shift);
  else denominator *= 10n ** BigInt(-shift);
  if (power >= 0) numerator <<= BigInt(power);
  else denominator <<= BigInt(-power);
  const quotient = numerator / denominator;
  if ((numerator - quotient * denominator) * 2n !== denominator) return undefined;
  const rounded = ((quotient & 1n) === 0n ? quotient : quotient + 1n).toString();
  return rounded.length > count ? [rounded.slice(0, count), exponent + 1] : [rounded, exponent];
}

const VIEW = new DataView(new ArrayBuffer(8));

/** mantissa * 2^power, exactly. */
function exactParts(size: number): readonly [mantissa: number, power: number] {
  VIEW.setFloat64(0, size);
  const high = VIEW.getUint32(0);
  const exponent = (high >>> 20) & 0x7ff;
  const fraction = (high & 0xfffff) * 4294967296 + VIEW.getUint32(4);
  return exponent === 0 ? [fraction, -1074] : [fraction + 4503599627370496, exponent - 1075];
}

function exponentText(exponent: number): string {
  const size = abs(exponent);
  return `e${exponent < 0 ? '-' : '+'}${size < 10 ? '0' : ''}${String(size)}`;
}

function exponential(size: number, precision: number, alternate: boolean): string {
  const [digits, exponent] =
    size === 0 ? ['0'.repeat(precision + 1), 0] : significantDigits(size, precision + 1);
  const point = precision > 0 || alternate ? '.' : '';
  return digits.charAt(0) + point + digits.slice(1) + exponentText(exponent);
}

function general(size: number, precision: number, alternate: boolean): string {
  const count = precision === 0 ? 1 : precision;
  const [digits, exponent] = size === 0 ? ['0'.repeat(count), 0] : significantDigits(size, count);
  const kept = alternate ? digits : digits.replace(/0+$/, '');
  if (exponent < -4 || exponent >= count) {
    const fraction = kept.slice(1);
    return digits.charAt(0) + (fraction !== '' || alternate ? '.' : '') + fraction + exponentText(exponent);
  }
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${kept}`;
  const fraction = kept.slice(exponent + 1);
  return digits.slice(0, exponent + 1) + (fraction !== '' || alternate ? '.' : '') + fraction;
}

/** %a after its `0x`. */
function hexadecimalDigits(size: number, precision: number, alternate: boolean): string {
  const [mantissa, power] = exactParts(size);
  const isNormal = mantissa >= 4503599627370496;
  let digits = BigInt(mantissa);
  let exponent = power + 52;
  if (mantissa === 0) exponent = 0;
  let places = 13;
  if (precision >= 0 && precision < 13) {
    const dropped = BigInt(4 * (13 - precision));
    const half = 1n << (dropped - 1n);
    const rest = digits & ((1n << dropped) - 1n);
    digits >>= dropped;
    if (rest > half || (rest === half && (digits & 1n) === 1n)) digits += 1n;
    places = precision;
  }
  const text = digits.toString(16).padStart(places + 1, '0');
  const lead = text.slice(0, text.length - places);
  let fraction = text.slice(text.length - places);
  if (precision < 0) fraction = fraction.replace(/0+$/, '');
  else fraction = fraction.padEnd(precision, '0');
  if (!isNormal && mantissa !== 0) exponent = -1022;
  const point = fraction !== '' || alternate ? '.' : '';
  return `${lead}${point}${fraction}p${exponent < 0 ? '-' : '+'}${String(abs(exponent))}`;
}
