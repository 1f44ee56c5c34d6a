// Arguments of builtins: Lua's conversions, and PUC's words when they do not fit. Sealed.
// A1: `index` counts from 1; `name` is the qualified one (`string.rep`); `count` is how many arguments were given
//     (`arguments.length`), so that a message can tell `got nil` from `got no value`.
// A2: an error object stands for its text wherever a string is wanted.
import { ErrorType } from '../instance/error-object.js';
import { argumentError, argumentTypeError } from '../compiled/errors.js';
import type { Integer } from '../compiled/int64.js';
import { doubleOf, isNumber, numberToString, toInteger, toNumber } from '../compiled/number.js';
import type { LuaNumber } from '../compiled/number.js';
import type { Callable, Value } from '../compiled/protocol.js';
import { LONG, lookAt } from '../compiled/ropes.js';
import { Table } from '../compiled/table.js';

// A name of the global object is looked up slowly in a workflow's sandbox.
const { floor } = Math;

/** Positions in strings and tables are cut to this: no string or table is as long. */
export const FAR = 9007199254740992;

/** luaL_checkany: a value, nil too. */
export function requireAny(index: number, name: string, count: number): void {
  if (count < index) argumentError(index, name, 'value expected');
}

/** A string, a number as its text, an error object as its text; undefined: none of them. */
export function textOf(value: Value): string | undefined {
  if (typeof value === 'string') return value;
  if (isNumber(value)) return numberToString(value);
  return typeof value === 'object' ? ErrorType.unwrap(value)?.message : undefined;
}

export function textArgument(value: Value, index: number, name: string, count: number): string {
  if (typeof value === 'string') {
    if (value.length >= LONG) lookAt(value.length);
    return value;
  }
  return textOf(value) ?? argumentTypeError(index, name, 'string', value, count < index);
}

export function integerArgument(value: Value, index: number, name: string, count: number): Integer {
  const integer = toInteger(value);
  if (integer !== undefined) return integer;
  if (toNumber(value) !== undefined) argumentError(index, name, 'number has no integer representation');
  return argumentTypeError(index, name, 'number', value, count < index);
}

const isSmallInteger = (value: Value): value is number =>
  typeof value === 'number' && value === floor(value) && value - value === 0;

/** An integer, cut to +-2^53. */
export function positionArgument(value: Value, index: number, name: string, count: number): number {
  if (isSmallInteger(value)) return value;
  const integer = integerArgument(value, index, name, count);
  if (typeof integer === 'number') return integer;
  return integer.hi < 0 ? -FAR : FAR;
}

/** The same for an argument that may be left out. */
export function optionalPosition(
  value: Value,
  otherwise: number,
  index: number,
  name: string,
  count: number,
): number {
  return value === undefined ? otherwise : positionArgument(value, index, name, count);
}

export function numberArgument(value: Value, index: number, name: string, count: number): LuaNumber {
  return toNumber(value) ?? argumentTypeError(index, name, 'number', value, count < index);
}

export function doubleArgument(value: Value, index: number, name: string, count: number): number {
  return typeof value === 'number' ? value : doubleOf(numberArgument(value, index, name, count));
}

export function tableArgument(value: Value, index: number, name: string, count: number): Table {
  return value instanceof Table ? value : argumentTypeError(index, name, 'table', value, count < index);
}

export function functionArgument(value: Value, index: number, name: string, count: number): Callable {
  return typeof value === 'function'
    ? value
    : argumentTypeError(index, name, 'function', value, count < index);
}
