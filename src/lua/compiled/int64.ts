// 64-bit integers as two int32 halves. Sealed.
// I1: an integer is a plain number iff -2^53 <= n < 2^53, else an I64; `fromHalves` keeps that form, so equal integers have one form.
// I2: an I64 is immutable; all arithmetic wraps around modulo 2^64 as Lua's does.
// I3: a plain number that stands for an integer is never -0.

export class I64 {
  readonly hi: number;
  readonly lo: number;
  /** Use fromHalves, which keeps I1. */
  constructor(hi: number, lo: number) {
    this.hi = hi;
    this.lo = lo;
  }
}

export type Integer = number | I64;

const TWO32 = 4294967296;
const TWO63 = 9223372036854775808;
const { imul, floor } = Math;

export function fromHalves(hi: number, lo: number): Integer {
  return hi >= -0x200000 && hi < 0x200000 ? hi * TWO32 + (lo >>> 0) : new I64(hi, lo);
}

export function highOf(value: Integer): number {
  return typeof value === 'number' ? floor(value / TWO32) | 0 : value.hi;
}

export function lowOf(value: Integer): number {
  return typeof value === 'number' ? value | 0 : value.lo;
}

export const MIN_INTEGER = new I64(-0x80000000, 0);
export const MAX_INTEGER = new I64(0x7fffffff, -1);

/** The low 64 bits of a BigInt. */
export function fromBigInt(value: bigint): Integer {
  return fromHalves(Number(BigInt.asIntN(32, value >> 32n)), Number(BigInt.asIntN(32, value)));
}

export function toBigInt(value: Integer): bigint {
  return typeof value === 'number' ? BigInt(value) : (BigInt(value.hi) << 32n) | BigInt(value.lo >>> 0);
}

/** The nearest double. */
export function toDouble(value: Integer): number {
  return typeof value === 'number' ? value : value.hi * TWO32 + (value.lo >>> 0);
}

/** The integer of an integral double, or undefined when it has a fraction or is out of range. */
export function fromDouble(value: number): Integer | undefined {
  if (value !== floor(value)) return undefined;
  if (value >= -9007199254740992 && value < 9007199254740992) return value + 0;
  if (value >= -TWO63 && value < TWO63) return fromHalves(floor(value / TWO32) | 0, value | 0);
  return undefined;
}

export function integerToString(value: Integer): string {
  return typeof value === 'number' ? String(value) : toBigInt(value).toString();
}

/** Carry out of the low halves of a + b, where `lo` is their int32 sum. */
const carry = (a: number, lo: number): number => (lo >>> 0 < a >>> 0 ? 1 : 0);

export function add(a: Integer, b: Integer): Integer {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (sum >= -9007199254740991 && sum <= 9007199254740991) return sum;
  }
  const low = lowOf(a);
  const lo = (low + lowOf(b)) | 0;
  return fromHalves((highOf(a) + highOf(b) + carry(low, lo)) | 0, lo);
}

export function subtract(a: Integer, b: Integer): Integer {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b;
    if (difference >= -9007199254740991 && difference <= 9007199254740991) return difference;
  }
  const lowA = lowOf(a);
  const lowB = lowOf(b);
  const borrow = lowA >>> 0 < lowB >>> 0 ? 1 : 0;
  return fromHalves((highOf(a) - highOf(b) - borrow) | 0, (lowA - lowB) | 0);
}

/** High half of the low 64 bits of a product of unsigned low halves; `lo` is imul(a, b). */
const productCarry = (a: number, b: number, lo: number): number =>
  (((a >>> 0) * (b >>> 0) - (lo >>> 0)) * 2.3283064365386963e-10 + 0.5) | 0;

export function multiply(a: Integer, b: Integer): Integer {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    if (product > -9007199254740992 && product < 9007199254740992) return product + 0;
  }
  const lowA = lowOf(a);
  const lowB = lowOf(b);
  const lo = imul(lowA, lowB);
  return fromHalves((productCarry(lowA, lowB, lo) + imul(highOf(a), lowB) + imul(lowA, highOf(b))) | 0, lo);
}

/** Floor division; the divisor is not zero. */
export function floorDivide(a: Integer, b: Integer): Integer {
  if (typeof a === 'number' && typeof b === 'number') {
    const quotient = floor(a / b) + 0;
    if (quotient < 9007199254740992) return quotient;
    return new I64(0x200000, 0); // -2^53 // -1
  }
  const dividend = toBigInt(a);
  const divisor = toBigInt(b);
  const quotient = dividend / divisor;
  const inexact = quotient * divisor !== dividend;
  return fromBigInt(inexact && dividend < 0n !== divisor < 0n ? quotient - 1n : quotient);
}

/** Remainder with the sign of the divisor, which is not zero. */
export function modulo(a: Integer, b: Integer): Integer {
  if (typeof a === 'number' && typeof b === 'number') {
    const rest = a % b;
    return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest + 0;
  }
  const divisor = toBigInt(b);
  const rest = toBigInt(a) % divisor;
  return fromBigInt(rest !== 0n && rest < 0n !== divisor < 0n ? rest + divisor : rest);
}

export const negate = (a: Integer): Integer => subtract(0, a);

export const and = (a: Integer, b: Integer): Integer =>
  fromHalves(highOf(a) & highOf(b), lowOf(a) & lowOf(b));
export const or = (a: Integer, b: Integer): Integer => fromHalves(highOf(a) | highOf(b), lowOf(a) | lowOf(b));
export const xor = (a: Integer, b: Integer): Integer =>
  fromHalves(highOf(a) ^ highOf(b), lowOf(a) ^ lowOf(b));
export const not = (a: Integer): Integer => fromHalves(~highOf(a), ~lowOf(a));

/** Logical shift; a negative or large count follows Lua. */
export function shiftLeft(a: Integer, count: Integer): Integer {
  if (typeof count !== 'number') return 0;
  if (count < 0) return shiftRight(a, -count);
  if (count >= 64) return 0;
  const lo = lowOf(a);
  if (count >= 32) return fromHalves(lo << (count - 32), 0);
  if (count === 0) return a;
  return fromHalves((highOf(a) << count) | (lo >>> (32 - count)), lo << count);
}

export function shiftRight(a: Integer, count: Integer): Integer {
  if (typeof count !== 'number') return 0;
  if (count < 0) return shiftLeft(a, -count);
  if (count >= 64) return 0;
  const hi = highOf(a);
  if (count >= 32) return fromHalves(0, hi >>> (count - 32));
  if (count === 0) return a;
  return fromHalves(hi >>> count, (lowOf(a) >>> count) | (hi << (32 - count)));
}

export function equals(a: Integer, b: Integer): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && a.hi === b.hi && a.lo === b.lo);
}

export function lessThan(a: Integer, b: Integer): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a < b;
  const highA = highOf(a);
  const highB = highOf(b);
  return highA < highB || (highA === highB && lowOf(a) >>> 0 < lowOf(b) >>> 0);
}

/** Comparison as unsigned numbers (math.ult). */
export function lessThanUnsigned(a: Integer, b: Integer): boolean {
  const highA = highOf(a) >>> 0;
  const highB = highOf(b) >>> 0;
  return highA < highB || (highA === highB && lowOf(a) >>> 0 < lowOf(b) >>> 0);
}

/** Exact comparison of an integer with a double: negative, zero or positive; NaN when the double is. */
export function compareWithDouble(a: Integer, b: number): number {
  if (typeof a === 'number') return a === b ? 0 : a - b;
  if (b >= TWO63) return -1;
  if (b < -TWO63) return 1;
  if (b !== b) return b;
  const below = fromDouble(floor(b)) as Integer;
  if (equals(a, below)) return below === b || floor(b) === b ? 0 : -1;
  return lessThan(a, below) ? -1 : 1;
}
