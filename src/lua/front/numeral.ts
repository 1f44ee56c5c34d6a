// Lua's numerals to values: source text, tonumber, string arithmetic. Sealed.
// N1: the answer is a value of the seam (V2 of values.ts): number or bigint for an integer, LuaFloat or a number for a float.
// N2: decimal and hexadecimal floats are rounded correctly, to even, subnormal ones included.
// N3: time is linear in the text: no pattern below can match the same digits in two ways.
import { LuaFloat } from '../../core/data.js';

export type Numeral = number | bigint | LuaFloat;

/** A float as a value of the seam. */
export const floatValue = (n: number): number | LuaFloat => (Number.isInteger(n) ? new LuaFloat(n) : n);

/** An integer as a value of the seam, wrapped to 64 bits. */
export function integerValue(n: bigint): number | bigint {
  const wrapped = BigInt.asIntN(64, n);
  return wrapped >= -0x20000000000000n && wrapped < 0x20000000000000n ? Number(wrapped) : wrapped;
}

const SPACE = '[ \\t\\n\\v\\f\\r]*';
const DECIMAL_INTEGER = new RegExp(`^${SPACE}([-+]?)([0-9]+)${SPACE}$`);
const HEXADECIMAL_INTEGER = new RegExp(`^${SPACE}([-+]?)0[xX]([0-9a-fA-F]+)${SPACE}$`);
const DECIMAL_FLOAT = new RegExp(
  `^${SPACE}([-+]?(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:[eE][-+]?[0-9]+)?)${SPACE}$`,
);
const HEXADECIMAL_FLOAT = new RegExp(
  `^${SPACE}([-+]?)0[xX]([0-9a-fA-F]*)(?:\\.([0-9a-fA-F]*))?(?:[pP]([-+]?[0-9]+))?${SPACE}$`,
);

/** The number that `text` spells, blanks around it allowed; undefined when it spells none. */
export function parseNumeral(text: string): Numeral | undefined {
  const short = parseShortInteger(text);
  if (short >= 0) return short;
  const decimal = DECIMAL_INTEGER.exec(text);
  if (decimal !== null) return decimalInteger(decimal[1] === '-', (decimal[2] ?? '').replace(/^0+/, ''));
  const hexadecimal = HEXADECIMAL_INTEGER.exec(text);
  if (hexadecimal !== null) {
    const digits = hexadecimal[2] ?? '0';
    const magnitude = BigInt(`0x${digits.length > 16 ? digits.slice(-16) : digits}`);
    return integerValue(hexadecimal[1] === '-' ? -magnitude : magnitude);
  }
  const float = DECIMAL_FLOAT.exec(text);
  if (float !== null) return floatValue(Number(float[1]));
  const hexadecimalFloat = HEXADECIMAL_FLOAT.exec(text);
  if (hexadecimalFloat === null) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = hexadecimalFloat;
  if (whole === '' && fraction === '') return undefined;
  const magnitude = hexadecimalMagnitude(whole, fraction, Number(exponent));
  return floatValue(sign === '-' ? -magnitude : magnitude);
}

/** Digits only, at most 15 of them; -1 for any other text. */
function parseShortInteger(text: string): number {
  const length = text.length;
  if (length === 0 || length > 15) return -1;
  let value = 0;
  for (let i = 0; i < length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** An integer where 64 bits hold it, else a float. */
function decimalInteger(negative: boolean, digits: string): Numeral {
  if (digits.length <= 15) return negative ? 0 - Number(digits) : Number(digits);
  if (digits.length <= 19) {
    const value = negative ? -BigInt(digits) : BigInt(digits);
    if (BigInt.asIntN(64, value) === value) return integerValue(value);
  }
  const magnitude = Number(digits);
  return floatValue(negative ? -magnitude : magnitude);
}

/** More digits than any rounding can need; what is beyond only says that it is not exactly half. */
const ENOUGH_DIGITS = 32;

function hexadecimalMagnitude(whole: string, fraction: string, exponent: number): number {
  const digits = (whole + fraction).replace(/^0+/, '');
  if (digits === '') return 0;
  let mantissa = BigInt(`0x${digits.slice(0, ENOUGH_DIGITS)}`);
  const dropped = Math.max(0, digits.length - ENOUGH_DIGITS);
  if (dropped > 0 && /[^0]/.test(digits.slice(ENOUGH_DIGITS))) mantissa |= 1n;
  return scale(mantissa, exponent + 4 * (dropped - fraction.length));
}

/** mantissa * 2^exponent, rounded once. `mantissa` is positive. */
function scale(mantissa: bigint, exponent: number): number {
  const bits = mantissa.toString(2).length;
  const top = bits - 1 + exponent;
  if (top > 1023) return Infinity;
  const precision = top >= -1022 ? 53 : top + 1075;
  if (precision < 0) return 0;
  const excess = bits - precision;
  if (excess <= 0) return Number(mantissa) * powerOfTwo(exponent);
  const shift = BigInt(excess);
  let kept = mantissa >> shift;
  const rest = mantissa - (kept << shift);
  const half = 1n << (shift - 1n);
  if (rest > half || (rest === half && (kept & 1n) === 1n)) kept += 1n;
  return Number(kept) * powerOfTwo(exponent + excess);
}

/** 2^exponent for -1074 <= exponent <= 1023; no library function, which might round. Beyond 1023: see the caller's mantissa. */
export function powerOfTwo(exponent: number): number {
  if (exponent > 1023) return Infinity;
  let result = 1;
  let factor = exponent < 0 ? 0.5 : 2;
  for (let rest = Math.abs(exponent); rest > 0; rest >>>= 1) {
    if ((rest & 1) === 1) result *= factor;
    factor *= factor;
  }
  return result;
}
