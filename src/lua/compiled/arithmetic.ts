// Arithmetic and bit operators on any values: what the inline paths of compiled code leave over. Sealed.
// A1: each gives the operator's value, or S when a metamethod suspends.
// A2: integers wrap; an integral float stays a float (LuaFloat).
import { LuaFloat } from '../../core/data.js';
import { pow } from '../library/elementary/exponential.js';
import { integerError, operandError, raiseHere } from './errors.js';
import * as int64 from './int64.js';
import type { Integer } from './int64.js';
import { callMeta, metaOf } from './metatables.js';
import { doubleOf, float, integerOf, isInteger, toInteger, toNumber } from './number.js';
import type { LuaNumber } from './number.js';
import { machine } from './protocol.js';
import type { Result, Value } from './protocol.js';

const { abs, floor } = Math;

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

const MAX_EXACT = 9007199254740991;

// The first three begin with what the inline paths leave over most often: integers beyond 32 bits and integral floats.

const addNumbers: Operation = (a, b) =>
  isInteger(a) && isInteger(b) ? int64.add(a, b) : float(doubleOf(a) + doubleOf(b));
export function add(a: Value, b: Value): Result {
  if (typeof a === 'number') {
    if (typeof b === 'number') {
      const sum = a + b;
      if (sum !== floor(sum)) return sum;
      if (a === floor(a) && b === floor(b) && sum <= MAX_EXACT && sum >= -MAX_EXACT) return sum;
      return addNumbers(a, b);
    }
    if (b instanceof LuaFloat) return float(a + b.n);
  } else if (a instanceof LuaFloat) {
    if (typeof b === 'number') return float(a.n + b);
    if (b instanceof LuaFloat) return float(a.n + b.n);
  }
  if (isInteger(a) && isInteger(b)) return int64.add(a, b);
  return arithmetic(a, b, '__add', addNumbers);
}

const subtractNumbers: Operation = (a, b) =>
  isInteger(a) && isInteger(b) ? int64.subtract(a, b) : float(doubleOf(a) - doubleOf(b));
export function subtract(a: Value, b: Value): Result {
  if (typeof a === 'number') {
    if (typeof b === 'number') {
      const difference = a - b;
      if (difference !== floor(difference)) return difference;
      if (a === floor(a) && b === floor(b) && difference <= MAX_EXACT && difference >= -MAX_EXACT)
        return difference;
      return subtractNumbers(a, b);
    }
    if (b instanceof LuaFloat) return float(a - b.n);
  } else if (a instanceof LuaFloat) {
    if (typeof b === 'number') return float(a.n - b);
    if (b instanceof LuaFloat) return float(a.n - b.n);
  }
  if (isInteger(a) && isInteger(b)) return int64.subtract(a, b);
  return arithmetic(a, b, '__sub', subtractNumbers);
}

const multiplyNumbers: Operation = (a, b) =>
  isInteger(a) && isInteger(b) ? int64.multiply(a, b) : float(doubleOf(a) * doubleOf(b));
export function multiply(a: Value, b: Value): Result {
  if (typeof a === 'number') {
    if (typeof b === 'number') {
      const product = a * b;
      if (product !== floor(product)) return product;
      if (a === floor(a) && b === floor(b) && product <= MAX_EXACT && product >= -MAX_EXACT)
        return product + 0;
      return multiplyNumbers(a, b);
    }
    if (b instanceof LuaFloat) return float(a * b.n);
  } else if (a instanceof LuaFloat) {
    if (typeof b === 'number') return float(a.n * b);
    if (b instanceof LuaFloat) return float(a.n * b.n);
  }
  if (isInteger(a) && isInteger(b)) return int64.multiply(a, b);
  return arithmetic(a, b, '__mul', multiplyNumbers);
}

const divideNumbers: Operation = (a, b) => float(doubleOf(a) / doubleOf(b));
export function divide(a: Value, b: Value): Result {
  if (typeof a === 'number') {
    if (typeof b === 'number') return float(a / b);
    if (b instanceof LuaFloat) return float(a / b.n);
  } else if (a instanceof LuaFloat) {
    if (typeof b === 'number') return float(a.n / b);
    if (b instanceof LuaFloat) return float(a.n / b.n);
  }
  return arithmetic(a, b, '__div', divideNumbers);
}

/** Instructions of dividing integers that need more than 53 bits. */
const DIVISION_COST = 60;

const floorDivideNumbers: Operation = (a, b) => {
  if (!isInteger(a) || !isInteger(b)) return float(floor(doubleOf(a) / doubleOf(b)));
  if (b === 0) raiseHere('attempt to divide by zero');
  machine.budget -= DIVISION_COST;
  return int64.floorDivide(a, b);
};
const areIntegers = (a: Value, b: Value): boolean =>
  typeof a === 'number' &&
  typeof b === 'number' &&
  a === floor(a) &&
  b === floor(b) &&
  b > 0 &&
  b <= MAX_EXACT;

export function floorDivide(a: Value, b: Value): Result {
  if (areIntegers(a, b)) {
    const quotient = floor((a as number) / (b as number)); // infinite where `a` is
    if (quotient <= MAX_EXACT && quotient >= -MAX_EXACT) return quotient + 0;
  }
  return arithmetic(a, b, '__idiv', floorDivideNumbers);
}

const moduloNumbers: Operation = (a, b) => {
  if (isInteger(a) && isInteger(b)) {
    if (b === 0) raiseHere("attempt to perform 'n%0'");
    machine.budget -= DIVISION_COST;
    return int64.modulo(a, b);
  }
  return float(floatModulo(doubleOf(a), doubleOf(b)));
};
/** `a % b` of floats: the rest has the divisor's sign. */
export function floatModulo(a: number, b: number): number {
  chargeRemainder(a, b);
  const rest = a % b;
  return rest * b < 0 ? rest + b : rest;
}

/** Instructions of a remainder that processors work out a few bits at a time. */
const FAR_COST = 200;
const FAR = 2 ** 60;

/** Counts the remainder of a division of floats that are far apart. */
export function chargeRemainder(a: number, b: number): void {
  if (abs(a / b) >= FAR) machine.budget -= FAR_COST;
}

export function modulo(a: Value, b: Value): Result {
  if (areIntegers(a, b)) {
    const rest = (a as number) % (b as number); // NaN where `a` is infinite
    if (rest >= 0) return rest + 0;
    if (rest < 0) return rest + (b as number);
  }
  return arithmetic(a, b, '__mod', moduloNumbers);
}

/** Instructions of a power. */
const POWER_COST = 15;
const powerNumbers: Operation = (a, b) => {
  machine.budget -= POWER_COST;
  const base = doubleOf(a);
  const exponent = doubleOf(b);
  return float(exponent === 2 ? base * base : pow(base, exponent)); // V8's own differs from Node to Node
};
export const power = (a: Value, b: Value): Result => arithmetic(a, b, '__pow', powerNumbers);

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

export function bitAnd(a: Value, b: Value): Result {
  return isInteger(a) && isInteger(b) ? int64.and(a, b) : bits(a, b, '__band', int64.and);
}
export function bitOr(a: Value, b: Value): Result {
  return isInteger(a) && isInteger(b) ? int64.or(a, b) : bits(a, b, '__bor', int64.or);
}
export function bitXor(a: Value, b: Value): Result {
  return isInteger(a) && isInteger(b) ? int64.xor(a, b) : bits(a, b, '__bxor', int64.xor);
}
export function shiftLeft(a: Value, b: Value): Result {
  return isInteger(a) && isInteger(b) ? int64.shiftLeft(a, b) : bits(a, b, '__shl', int64.shiftLeft);
}
export function shiftRight(a: Value, b: Value): Result {
  return isInteger(a) && isInteger(b) ? int64.shiftRight(a, b) : bits(a, b, '__shr', int64.shiftRight);
}
export function bitNot(a: Value): Result {
  return isInteger(a) ? int64.not(a) : bits(a, a, '__bnot', (value) => int64.not(value));
}

// What numeric for loops need of their bounds.

/** A bound of an integer loop as a double, clipped: floats are rounded towards the loop; NaN runs nothing. */
export function loopLimit(limit: Value, isUp: boolean): number {
  const number = toNumber(limit);
  if (number === undefined) raiseHere("'for' limit must be a number");
  const value = doubleOf(number);
  if (value !== value) return isUp ? -Infinity : Infinity;
  return isInteger(number) ? value : isUp ? floor(value) : Math.ceil(value);
}

/** A numeric loop whose bounds are not known to be small integers: a counter goes from `first` by `step` to `last`. */
export interface LoopPlan {
  /** 0: the counter is the value. 1: it is so, as a float. 2: it counts passes, in multiples of the step. */
  readonly mode: 0 | 1 | 2;
  readonly first: number;
  readonly last: number;
  readonly step: number;
  readonly start: Integer;
  readonly stride: Integer;
}

const SAFE = 4503599627370496;
/** A compiled loop with a constant step up to this advances its counter by that step, whatever the plan. */
const SMALL_STEP = 1024;

/** Strings are taken as floats, as in 5.3. */
export function planLoop(start: Value, limit: Value, step: Value): LoopPlan {
  const end = toNumber(limit);
  if (isInteger(start) && isInteger(step) && end !== undefined) return planIntegers(start, end, step);
  if (end === undefined) raiseHere("'for' limit must be a number");
  const by = toNumber(step);
  if (by === undefined) raiseHere("'for' step must be a number");
  const begin = toNumber(start);
  if (begin === undefined) raiseHere("'for' initial value must be a number");
  const [first, last, stepBy] = [doubleOf(begin), doubleOf(end), doubleOf(by)];
  return { mode: 1, first, last, step: stepBy, start: 0, stride: 0 };
}

function planIntegers(start: Integer, end: LuaNumber, stride: Integer): LoopPlan {
  const isUp = int64.lessThan(0, stride);
  const bound = loopLimit(end, isUp);
  if (typeof start === 'number' && typeof stride === 'number')
    if (Math.abs(start) < SAFE && Math.abs(stride) < SAFE && Math.abs(bound) < SAFE)
      return { mode: 0, first: start, last: bound, step: stride, start, stride };
  // Passes are counted exactly; a loop of more than 2^53 of them never ends anyway.
  const step = typeof stride === 'number' && Math.abs(stride) <= SMALL_STEP ? stride : isUp ? 1 : -1;
  const limit = clip(end, isUp);
  const runs = limit !== undefined && (isUp ? !int64.lessThan(limit, start) : !int64.lessThan(start, limit));
  if (!runs) return { mode: 2, first: 0, last: isUp ? -1 : 1, step, start, stride };
  const by = int64.toBigInt(stride);
  const passes = by === 0n ? Infinity : Number((int64.toBigInt(limit) - int64.toBigInt(start)) / by);
  return {
    mode: 2,
    first: 0,
    last: isUp ? passes * Math.abs(step) : -passes * Math.abs(step),
    step,
    start,
    stride,
  };
}

/** The limit of an integer loop as an integer; undefined when no value of the loop can be within it. */
function clip(limit: LuaNumber, isUp: boolean): Integer | undefined {
  const exact = integerOf(limit);
  if (exact !== undefined) return exact;
  const value = doubleOf(limit);
  if (value !== value || (isUp ? value < -SAFE : value > SAFE)) return undefined;
  const rounded = int64.fromDouble(isUp ? floor(value) : Math.ceil(value));
  return rounded ?? (isUp ? int64.MAX_INTEGER : int64.MIN_INTEGER);
}

/** The loop variable's value. */
export function loopValue(plan: LoopPlan, at: number): Value {
  if (plan.mode === 0) return at;
  if (plan.mode === 1) return float(at);
  return int64.add(plan.start, int64.multiply(plan.step === 0 ? 0 : at / plan.step, plan.stride));
}
