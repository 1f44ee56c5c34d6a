// Equality, order, length and concatenation with metamethods. Sealed.
import { LuaFloat } from '../../core/data.js';
import { LuaUserdata } from '../values.js';
import { compareError, operandError } from './errors.js';
import { compareWithDouble, I64, lessThan as integerLessThan } from './int64.js';
import { callMeta, metaOf } from './metatables.js';
import { isInteger, isNumber, numberToString, doubleOf } from './number.js';
import type { LuaNumber } from './number.js';
import { Frame, first, push, S } from './protocol.js';
import type { Result, Value } from './protocol.js';
import { compareText, joined, LONG, lookAt, sameText } from './ropes.js';
import { Table } from './table.js';

/** Raw equality of values that are not identical. */
export function rawEquals(a: Value, b: Value): boolean {
  if (typeof a === 'string' && a.length >= LONG ? sameText(a, b) : a === b) return true;
  if (a instanceof LuaFloat) return floatEquals(a.n, b);
  if (b instanceof LuaFloat) return floatEquals(b.n, a);
  return a instanceof I64 && b instanceof I64 && a.hi === b.hi && a.lo === b.lo;
}

function floatEquals(a: number, b: Value): boolean {
  if (typeof b === 'number') return a === b;
  if (b instanceof LuaFloat) return a === b.n;
  return b instanceof I64 && compareWithDouble(b, a) === 0;
}

const isTruthy = (value: Value): boolean => value !== undefined && value !== false;

/** Turns the result of a comparison metamethod into a boolean after a suspension. */
class TruthFrame extends Frame {
  readonly #negated: boolean;
  constructor(negated = false) {
    super();
    this.#negated = negated;
  }
  override resume(result: Result): Result {
    return isTruthy(first(result)) !== this.#negated;
  }
}

function truth(result: Result, negated = false): Result {
  return result === S ? push(new TruthFrame(negated)) : isTruthy(first(result)) !== negated;
}

/** `a == b`; S when a metamethod suspends. */
export function equals(a: Value, b: Value): Result {
  if (typeof a === 'string' && a.length >= LONG ? sameText(a, b) : a === b) return true;
  if (typeof a !== 'object' && typeof b !== 'object') return false;
  const isPair =
    (a instanceof Table && b instanceof Table) || (a instanceof LuaUserdata && b instanceof LuaUserdata);
  if (!isPair) return rawEquals(a, b);
  const handler = metaOf(a)?.eq ?? metaOf(b)?.eq;
  return handler === undefined ? false : truth(callMeta(handler, a, b));
}

/** Negative, zero or positive; NaN when unordered. */
function compareNumbers(a: LuaNumber, b: LuaNumber): number {
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : a === b ? 0 : NaN;
  if (isInteger(a)) {
    if (isInteger(b)) return integerLessThan(a, b) ? -1 : integerLessThan(b, a) ? 1 : 0;
    return compareWithDouble(a, doubleOf(b));
  }
  if (isInteger(b)) return -compareWithDouble(b, doubleOf(a));
  const left = doubleOf(a);
  const right = doubleOf(b);
  return left < right ? -1 : left > right ? 1 : left === right ? 0 : NaN;
}

function compareTexts(a: string, b: string): void {
  if (a.length < LONG || b.length < LONG) return;
  compareText(Math.min(a.length, b.length));
  lookAt(Math.max(a.length, b.length));
}

export function lessThan(a: Value, b: Value): Result {
  if (typeof a === 'string' && typeof b === 'string') {
    compareTexts(a, b);
    return a < b;
  }
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b) < 0;
  const handler = metaOf(a)?.table.getString('__lt') ?? metaOf(b)?.table.getString('__lt');
  if (handler === undefined) compareError(a, b);
  return truth(callMeta(handler, a, b));
}

export function lessOrEqual(a: Value, b: Value): Result {
  if (typeof a === 'string' && typeof b === 'string') {
    compareTexts(a, b);
    return a <= b;
  }
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b) <= 0;
  const handler = metaOf(a)?.table.getString('__le') ?? metaOf(b)?.table.getString('__le');
  if (handler !== undefined) return truth(callMeta(handler, a, b));
  // 5.3: `a <= b` is `not (b < a)` where there is no __le.
  const less = metaOf(b)?.table.getString('__lt') ?? metaOf(a)?.table.getString('__lt');
  if (less === undefined) compareError(a, b);
  return truth(callMeta(less, b, a), true);
}

/** `#value` */
export function length(value: Value): Result {
  if (typeof value === 'string') return value.length;
  const handler = metaOf(value)?.len;
  if (handler !== undefined) return callMeta(handler, value, value);
  if (value instanceof Table) return value.array.length;
  operandError('get length of', value, 0);
}

/** The text of a value that `..` takes as it is. */
function concatText(value: Value): string | undefined {
  if (typeof value === 'string') return value;
  return isNumber(value) ? numberToString(value) : undefined;
}

/** `a .. b`; `at` is the place of `a` among the operands of the chain, for error messages. */
export function concat(a: Value, b: Value, at = 0, isLast = true): Result {
  const left = concatText(a);
  const right = concatText(b);
  if (left !== undefined && right !== undefined) return joined(left + right);
  const handler = metaOf(a)?.table.getString('__concat') ?? metaOf(b)?.table.getString('__concat');
  if (handler !== undefined) return callMeta(handler, a, b);
  if (left === undefined) operandError('concatenate', a, at);
  operandError('concatenate', b, isLast ? at + 1 : NAMELESS);
}

/** An operand that the source does not name. */
const NAMELESS = 1000;

/** Goes on with a chain of `..` after a metamethod in it suspended. */
class ConcatFrame extends Frame {
  readonly #values: Value[];
  readonly #at: number;
  constructor(values: Value[], at: number) {
    super();
    this.#values = values;
    this.#at = at;
  }
  override resume(result: Result): Result {
    return concatFrom(this.#values, this.#at, first(result));
  }
}

/** `values[0] .. values[1] .. ...`, from the right as Lua does it. */
export function concatAll(values: Value[]): Result {
  const at = values.length - 1;
  return concatFrom(values, at - 1, values[at]);
}

function concatFrom(values: Value[], from: number, last: Value): Result {
  let result: Result = last;
  for (let at = from; at >= 0; at--) {
    result = concat(values[at], result as Value, at, at === values.length - 2);
    if (result === S) return at === 0 ? S : push(new ConcatFrame(values, at - 1));
  }
  return result;
}
