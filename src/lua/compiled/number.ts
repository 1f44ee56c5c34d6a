// Lua numbers: subtypes, conversions, text. Sealed.
// N1: an integer is a number or an I64 (int64.ts); a float is a number with a fraction, an infinity, NaN, or a LuaFloat.
// N2: only `float` makes floats from doubles, so that an integral double is never a bare number.
import { LuaFloat } from '../../core/data.js';
import { parseNumeral } from '../front/numeral.js';
import { charge } from './budget.js';
import { machine } from './machine.js';
import {
  fromBigInt,
  fromDouble,
  fromHalves,
  highOf,
  I64,
  integerToString,
  lowOf,
  toDouble,
} from './int64.js';
import type { Integer } from './int64.js';

export type LuaNumber = number | LuaFloat | I64;

const { floor } = Math;

/** The float of a double: an integral one is boxed. */
export function float(value: number): number | LuaFloat {
  return value === floor(value) && value - value === 0 ? new LuaFloat(value) : value;
}

/** The value of a variable that compiled code keeps raw: a number is a float, an integer is an I64 of any size. */
export type Slot = number | object | string | boolean | undefined;

/** A value as such a variable keeps it; what is no number stays what it is, a call's sign of suspension too. */
export function toSlot(value: Slot): Slot {
  if (typeof value === 'number') return isInteger(value) ? new I64(highOf(value), lowOf(value)) : value;
  return value instanceof LuaFloat ? value.n : value;
}

export function fromSlot(slot: Slot): Slot {
  if (typeof slot === 'number') return float(slot);
  return slot instanceof I64 ? fromHalves(slot.hi, slot.lo) : slot;
}

export function isNumber(value: unknown): value is LuaNumber {
  return typeof value === 'number' || value instanceof LuaFloat || value instanceof I64;
}

export function isInteger(value: unknown): value is Integer {
  return typeof value === 'number' ? value === floor(value) && value - value === 0 : value instanceof I64;
}

export function isFloat(value: unknown): value is number | LuaFloat {
  return typeof value === 'number'
    ? value !== floor(value) || value - value !== 0
    : value instanceof LuaFloat;
}

/** A number as a double. */
export function doubleOf(value: LuaNumber): number {
  return typeof value === 'number' ? value : value instanceof LuaFloat ? value.n : toDouble(value);
}

/** A number as an integer when it has an exact one. */
export function integerOf(value: LuaNumber): Integer | undefined {
  if (typeof value === 'number') return isInteger(value) ? value : undefined;
  return value instanceof LuaFloat ? fromDouble(value.n) : value;
}

/** A number, or a string that is one, as an integer when it has an exact one. */
export function toInteger(value: unknown): Integer | undefined {
  if (isNumber(value)) return integerOf(value);
  if (typeof value !== 'string') return undefined;
  const number = parseNumber(value);
  return number === undefined ? undefined : integerOf(number);
}

/** A number, or a string that is one, as a number. */
export function toNumber(value: unknown): LuaNumber | undefined {
  if (isNumber(value)) return value;
  return typeof value === 'string' ? parseNumber(value) : undefined;
}

/** Reading a text up to this length costs no more than an instruction or two. */
const SHORT = 64;

/** The number that a text is, as `tonumber(text)` reads it. */
export function parseNumber(text: string): LuaNumber | undefined {
  if (text.length > SHORT) charge(text.length);
  const numeral = parseNumeral(text);
  return typeof numeral === 'bigint' ? fromBigInt(numeral) : numeral;
}

/** A number as `tostring` writes it. */
export function numberToString(value: LuaNumber): string {
  if (typeof value === 'number') {
    if (value === (value | 0)) return `${value}`;
    if (isInteger(value)) return String(value);
    return formatFloat(value);
  }
  return value instanceof LuaFloat ? formatFloat(value.n) : integerToString(value);
}

/** Instructions of a float's digits. */
const FLOAT_TEXT_COST = 60;

/** `%.14g`, with `.0` added where the text would read as an integer. */
function formatFloat(value: number): string {
  machine.budget -= FLOAT_TEXT_COST;
  if (value !== value) return '-nan'; // JavaScript cannot see a NaN's sign; this is what 0/0 prints in PUC on x86
  if (value === Infinity) return 'inf';
  if (value === -Infinity) return '-inf';
  const text = formatG(value, 14);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** C's `%.<precision>g` of a finite double, without the `#` flag; precision at least 1. */
export function formatG(value: number, precision: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [digits, exponent] = roundDigits(Math.abs(value), precision);
  const sign = value < 0 ? '-' : '';
  const significant = digits.replace(/0+$/, '');
  if (exponent < -4 || exponent >= precision) {
    const mantissa = significant.length > 1 ? `${significant[0]}.${significant.slice(1)}` : significant;
    const size = Math.abs(exponent);
    return `${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${size < 10 ? '0' : ''}${size}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${significant}`;
  const whole = digits.slice(0, exponent + 1);
  const rest = significant.slice(exponent + 1);
  return rest === '' ? sign + whole : `${sign}${whole}.${rest}`;
}

/** `precision` decimal digits and the exponent of the first, ties to even as C does (toExponential rounds them up). */
function roundDigits(value: number, precision: number): readonly [string, number] {
  const text = value.toExponential(Math.min(precision - 1, 100));
  const at = text.indexOf('e');
  const exponent = Number(text.slice(at + 1));
  const digits = text[0] + text.slice(2, at);
  if (precision > 17) return [digits, exponent]; // a tie has few digits more than the precision, far more than 17 cannot be told here
  const longer = value.toExponential(precision);
  if (longer[longer.indexOf('e') - 1] !== '5') return [digits, exponent];
  const exact = value.toExponential(Math.min(precision + 60, 100));
  const from = precision + 1; // past the first digit and the point
  const rest = exact.slice(from, exact.indexOf('e'));
  if (!/^50*$/.test(rest)) return [digits, exponent];
  const even = exact[0] + exact.slice(2, from);
  return (even.charCodeAt(even.length - 1) & 1) === 0
    ? [even, Number(exact.slice(exact.indexOf('e') + 1))]
    : [digits, exponent];
}
