// Arithmetic and bit operators on any values: what the inline paths of compiled code leave over. Sealed.
// A1: each gives the operator's value, or S when a metamethod suspends.
// A2: integers wrap; an integral float stays a float (LuaFloat).
import { LuaFloat } from '../../core/data.js';
import { integerError, operandError, raiseHere } from './errors.js';
import * as int64 from './int64.js';
import type { Integer } from './int64.js';
import { callMeta, metaOf } from './metatables.js';
import { doubleOf, float, integerOf, isInteger, toInteger, toNumber } from './number.js';
import type { LuaNumber } from './number.js';
import type { Result, Value } from './protocol.js';

const { floor } = Math;

type Operation = (a: LuaNumber, b: LuaNumber) => Value;

function arithmetic(a: Value, b: Value, event: string, operation: Operation): Result {
  const left = operandOf(a);
  if (left !== undefined) {
    const right = operandOf(b);
    if (right !== undefined) return operation(left, right);
  }
  return metaArithmetic(a, b, event);
}

/** A number; a string that is one counts as a float, as in 5.3 (`"10" + 1` is 11.0). */
function operandOf(value: Value): LuaNumber | undefined {
  if (typeof value === 'number') return value;
  const number = toNumber(value);
  return number !== undefined && typeof value === 'string' ? float(doubleOf(number)) : number;
}

function metaArithmetic(a: Value, b: Value, event: string): Result {
  const handler = metaOf(a)?.table.getString(event) ?? metaOf(b)?.table.getString(event);
  if (handler !== undefined) return callMeta(handler, a, b);
  if (toNumber(a) === undefined) operandError('perform arithmetic on', a, 0);
  operandError('perform arithmetic on', b, 1);
}

const addNumbers: Operation = (a, b) =>
  isInteger(a) && isInteger(b) ? int64.add(a, b) : float(doubleOf(a) + doubleOf(b));
export function add(a: Value, b: Value): Result {
  if (typeof a === 'number' && typeof b === 'number') return addNumbers(a, b);
  return arithmetic(a, b, '__add', addNumbers);
}

const subtractNumbers: Operation = (a, b) =>
  isInteger(a) && isInteger(b) ? int64.subtract(a, b) : float(doubleOf(a) - doubleOf(b));
export function subtract(a: Value, b: Value): Result {
  if (typeof a === 'number' && typeof b === 'number') return subtractNumbers(a, b);
  return arithmetic(a, b, '__sub', subtractNumbers);
}

const multiplyNumbers: Operation = (a, b) =>
  isInteger(a) && isInteger(b) ? int64.multiply(a, b) : float(doubleOf(a) * doubleOf(b));
export function multiply(a: Value, b: Value): Result {
  if (typeof a === 'number' && typeof b === 'number') return multiplyNumbers(a, b);
  return arithmetic(a, b, '__mul', multiplyNumbers);
}

const divideNumbers: Operation = (a, b) => float(doubleOf(a) / doubleOf(b));
export function divide(a: Value, b: Value): Result {
  if (typeof a === 'number' && typeof b === 'number') return float(a / b);
  return arithmetic(a, b, '__div', divideNumbers);
}

const floorDivideNumbers: Operation = (a, b) => {
  if (!isInteger(a) || !isInteger(b)) return float(floor(doubleOf(a) / doubleOf(b)));
  if (b === 0) raiseHere('attempt to divide by zero');
  return int64.floorDivide(a, b);
};
export const floorDivide = (a: Value, b: Value): Result => arithmetic(a, b, '__idiv', floorDivideNumbers);

const moduloNumbers: Operation = (a, b) => {
  if (isInteger(a) && isInteger(b)) {
    if (b === 0) raiseHere("attempt to perform 'n%0'");
    return int64.modulo(a, b);
  }
  const divisor = doubleOf(b);
  const rest = doubleOf(a) % divisor;
  return float(rest * divisor < 0 ? rest + divisor : rest);
};
export const modulo = (a: Value, b: Value): Result => arithmetic(a, b, '__mod', moduloNumbers);

const powerNumbers: Operation = (a, b) => float(powerOf(doubleOf(a), doubleOf(b)));
export const power = (a: Value, b: Value): Result => arithmetic(a, b, '__pow', powerNumbers);

/** C's pow where JavaScript's differs: 1 to any power is 1, also -1 to an infinity. */
function powerOf(base: number, exponent: number): number {
  if (exponent === 2) return base * base;
  if (base === 1 || (base === -1 && (exponent === Infinity || exponent === -Infinity))) return 1;
  return base ** exponent;
}

export function negate(a: Value): Result {
  const number = operandOf(a);
  if (number === undefined) return metaArithmetic(a, a, '__unm');
  return isInteger(number) ? int64.negate(number) : negateFloat(doubleOf(number));
}
const negateFloat = (a: number): Value => (a === floor(a) && a - a === 0 ? new LuaFloat(-a) : -a);

type BitOperation = (a: Integer, b: Integer) => Integer;

function bits(a: Value, b: Value, event: string, operation: BitOperation): Result {
  const left = toInteger(a);
  if (left !== undefined) {
    const right = toInteger(b);
    if (right !== undefined) return operation(left, right);
  }
  const handler = metaOf(a)?.table.getString(event) ?? metaOf(b)?.table.getString(event);
  if (handler !== undefined) return callMeta(handler, a, b);
  if (toNumber(a) === undefined) operandError('perform bitwise operation on', a, 0);
  if (toNumber(b) === undefined) operandError('perform bitwise operation on', b, 1);
  integerError(left === undefined ? 0 : 1);
}

export const bitAnd = (a: Value, b: Value): Result => bits(a, b, '__band', int64.and);
export const bitOr = (a: Value, b: Value): Result => bits(a, b, '__bor', int64.or);
export const bitXor = (a: Value, b: Value): Result => bits(a, b, '__bxor', int64.xor);
export const shiftLeft = (a: Value, b: Value): Result => bits(a, b, '__shl', int64.shiftLeft);
export const shiftRight = (a: Value, b: Value): Result => bits(a, b, '__shr', int64.shiftRight);
export const bitNot = (a: Value): Result => bits(a, a, '__bnot', (value) => int64.not(value));

// What numeric for loops need of their bounds.

/** A bound of an integer loop as a double, clipped: floats are rounded towards the loop; NaN runs nothing. */
export function loopLimit(limit: Value, isUp: boolean): number {
  const number = limit instanceof LuaFloat || typeof limit !== 'string' ? toNumber(limit) : undefined;
  if (number === undefined) raiseHere("'for' limit must be a number");
  const value = doubleOf(number);
  if (value !== value) return isUp ? -Infinity : Infinity;
  return isInteger(number) ? value : isUp ? floor(value) : Math.ceil(value);
}

/** A numeric loop whose bounds are not known to be small integers. `value` of pass n comes from `valueAt(n)`, n = 0 .. count-1. */
export interface LoopPlan {
  /** 0: integers, from `first` by `step` to `last`, all exact doubles. 1: floats by addition. 2: 64-bit integers by number. */
  readonly mode: 0 | 1 | 2;
  readonly first: number;
  readonly last: number;
  readonly step: number;
  readonly start: Integer;
  readonly stride: Integer;
}

const SAFE = 4503599627370496;

export function planLoop(start: Value, limit: Value, step: Value): LoopPlan {
  const begin = typeof start === 'string' ? undefined : toNumber(start);
  const end = typeof limit === 'string' ? undefined : toNumber(limit);
  const by = typeof step === 'string' ? undefined : toNumber(step);
  if (begin !== undefined && end !== undefined && by !== undefined && isInteger(begin) && isInteger(by))
    return planIntegers(begin, end, by);
  if (end === undefined) raiseHere("'for' limit must be a number");
  if (by === undefined) raiseHere("'for' step must be a number");
  if (begin === undefined) raiseHere("'for' initial value must be a number");
  return {
    mode: 1,
    first: doubleOf(begin),
    last: doubleOf(end),
    step: doubleOf(by),
    start: 0,
    stride: 0,
  };
}

function planIntegers(start: Integer, end: LuaNumber, stride: Integer): LoopPlan {
  const isUp = int64.lessThan(0, stride);
  const last = loopLimit(end, isUp);
  if (
    typeof start === 'number' &&
    typeof stride === 'number' &&
    Math.abs(start) < SAFE &&
    Math.abs(stride) < SAFE
  ) {
    if (Math.abs(last) < SAFE) return { mode: 0, first: start, last, step: stride, start, stride };
  }
  // Count passes exactly; a loop of more than 2^53 passes never ends anyway.
  const limit = clip(end, isUp);
  const runs = limit !== undefined && (isUp ? !int64.lessThan(limit, start) : !int64.lessThan(start, limit));
  if (!runs) return { mode: 2, first: 0, last: -1, step: 1, start, stride };
  const span = int64.toBigInt(limit) - int64.toBigInt(start);
  const by = int64.toBigInt(stride);
  const passes = by === 0n ? Infinity : Number(span / by);
  return { mode: 2, first: 0, last: passes, step: 1, start, stride };
}

/** The limit of an integer loop as an integer; undefined when it is NaN. */
function clip(limit: LuaNumber, isUp: boolean): Integer | undefined {
  const exact = integerOf(limit);
  if (exact !== undefined) return exact;
  const value = doubleOf(limit);
  if (value !== value) return undefined;
  const rounded = int64.fromDouble(isUp ? floor(value) : Math.ceil(value));
  return rounded ?? (value > 0 ? int64.MAX_INTEGER : int64.MIN_INTEGER);
}

/** The loop variable's value where the plan's mode is not 0. */
export function loopValue(plan: LoopPlan, at: number): Value {
  return plan.mode === 1 ? float(at) : int64.add(plan.start, int64.multiply(at, plan.stride));
}
