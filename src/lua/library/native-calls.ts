// Operators of Lua as builtins use them: metamethods run to their end, and may not yield (PUC's C-call boundary). Sealed.
import { index, setIndex } from '../compiled/access.js';
import { length, lessThan } from '../compiled/compare.js';
import { enterNative, finishSpill, leaveNative } from '../compiled/coroutine.js';
import { raise } from '../compiled/errors.js';
import { integerOf, isNumber } from '../compiled/number.js';
import type { Integer } from '../compiled/int64.js';
import { first, S } from '../compiled/protocol.js';
import type { Result, Value } from '../compiled/protocol.js';
import { Table } from '../compiled/table.js';

/** The value of an operation that was begun after `enterNative`. */
function finish(result: Result): Value {
  if (result === S) result = finishSpill();
  leaveNative();
  return first(result);
}

/** `object[key]` */
export function indexNow(object: Value, key: Value): Value {
  enterNative();
  return finish(index(object, key));
}

/** `object[key] = value` */
export function setIndexNow(object: Value, key: Value, value: Value): void {
  enterNative();
  finish(setIndex(object, key, value));
}

/** `a < b` */
export function lessThanNow(a: Value, b: Value): boolean {
  enterNative();
  return finish(lessThan(a, b)) === true;
}

/** `#object`, which must be an integer. */
export function lengthNow(object: Value): Integer {
  if (object instanceof Table && (object.meta === null || object.meta.len === undefined))
    return object.length();
  enterNative();
  const result = finish(length(object));
  const integer = isNumber(result) ? integerOf(result) : undefined;
  return integer ?? raise('object length is not an integer');
}
