// The functions that are globals themselves; pcall, error, next, pairs and their like are the runtime's. Sealed.
import { rawEquals } from '../compiled/compare.js';
import { argumentError, argumentTypeError, raise } from '../compiled/errors.js';
import * as int64 from '../compiled/int64.js';
import type { Integer } from '../compiled/int64.js';
import { ipairs, next, pairs } from '../compiled/iteration.js';
import { metamethod, noteMetatable, metaOfTable, metatableOf } from '../compiled/metatables.js';
import { isNumber, parseNumber } from '../compiled/number.js';
import { assert, error, pcall, xpcall } from '../compiled/protected.js';
import { builtin, charge, chargeText, EMPTY, results } from '../compiled/protocol.js';
import type { Callable, Result, Value } from '../compiled/protocol.js';
import { READ_ONLY } from '../compiled/hash-part.js';
import { Table } from '../compiled/table.js';
import { toText } from '../compiled/text.js';
import { luaType } from '../values.js';
import { positionArgument, requireAny, tableArgument, textOf } from './arguments.js';
import { libraryHost } from './surroundings.js';

const type = builtin('type', function (value: Value): Result {
  if (value === undefined) requireAny(1, 'type', arguments.length);
  return isNumber(value) ? 'number' : luaType(value);
});

const tostring = builtin('tostring', function (value: Value): Result {
  if (value === undefined) requireAny(1, 'tostring', arguments.length);
  return toText(value);
});

const tonumber = builtin('tonumber', function (value: Value, base: Value): Result {
  if (base === undefined) {
    if (typeof value === 'number') return value;
    if (typeof value === 'string') return parseNumber(value);
    if (isNumber(value)) return value;
    requireAny(1, 'tonumber', arguments.length);
    return undefined;
  }
  const radix = positionArgument(base, 2, 'tonumber', 2);
  if (typeof value !== 'string') argumentTypeError(1, 'tonumber', 'string', value);
  if (radix < 2 || radix > 36) argumentError(2, 'tonumber', 'base out of range');
  return parseInBase(value, radix);
});

/** Instructions of a digit in another base. */
const DIGIT_COST = 4;

/** An integer in another base, wrapped to 64 bits; undefined when the text is none. */
function parseInBase(text: string, base: number): Value {
  const [, sign, digits] = /^[ \t\n\v\f\r]*([-+]?)([0-9A-Za-z]+)[ \t\n\v\f\r]*$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  charge(digits.length * DIGIT_COST);
  let value: Integer = 0;
  for (let at = 0; at < digits.length; at++) {
    const code = digits.charCodeAt(at) | 32; // digits stay, letters become small
    const digit = code < 97 ? code - 48 : code - 87;
    if (digit >= base) return undefined;
    value = int64.add(int64.multiply(value, base), digit);
  }
  return sign === '-' ? int64.negate(value) : value;
}

const select = builtin('select', function (index: Value, ...values: Value[]): Result {
  if (index === '#') return values.length;
  const at = positionArgument(index, 1, 'select', arguments.length);
  if (at === 1) return results(values);
  if (at > 0) return at > values.length ? EMPTY : results(values.slice(at - 1));
  if (at === 0 || -at > values.length) argumentError(1, 'select', 'index out of range');
  return results(values.slice(at));
});

const rawget = builtin('rawget', function (table: Value, key: Value): Result {
  const target = tableArgument(table, 1, 'rawget', arguments.length);
  requireAny(2, 'rawget', arguments.length);
  return target.read(key);
});

const rawset = builtin('rawset', function (table: Value, key: Value, value: Value): Result {
  const target = tableArgument(table, 1, 'rawset', arguments.length);
  requireAny(2, 'rawset', arguments.length);
  requireAny(3, 'rawset', arguments.length);
  target.write(key, value);
  return table;
});

const rawequal = builtin('rawequal', function (a: Value, b: Value): Result {
  requireAny(1, 'rawequal', arguments.length);
  requireAny(2, 'rawequal', arguments.length);
  return rawEquals(a, b);
});

const rawlen = builtin('rawlen', function (value: Value): Result {
  if (value instanceof Table) return value.length();
  if (typeof value === 'string') return value.length;
  return argumentError(1, 'rawlen', 'table or string expected');
});

const getmetatable = builtin('getmetatable', function (value: Value): Result {
  if (value === undefined) requireAny(1, 'getmetatable', arguments.length);
  const metatable = metatableOf(value);
  return metatable?.getString('__metatable') ?? metatable;
});

const setmetatable = builtin('setmetatable', function (table: Value, metatable: Value): Result {
  const target = tableArgument(table, 1, 'setmetatable', arguments.length);
  if (!(metatable instanceof Table) && (metatable !== undefined || arguments.length < 2)) {
    argumentError(2, 'setmetatable', 'nil or table expected');
  }
  if (metamethod(target, '__metatable') !== undefined) raise('cannot change a protected metatable');
  if (target.hash?.frozen === true) raise(READ_ONLY);
  target.meta = metatable === undefined ? null : metaOfTable(metatable);
  noteMetatable(target);
  return table;
});

const print = builtin('print', function (...values: Value[]): Result {
  let line = '';
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    line += (at === 0 ? '' : '\t') + (textOf(value) ?? toText(value));
  }
  chargeText(line.length);
  libraryHost().print(line);
  return EMPTY;
});

/** Global functions by name. */
export const baseFunctions: Readonly<Record<string, Callable>> = {
  assert,
  error,
  getmetatable,
  ipairs,
  next,
  pairs,
  pcall,
  print,
  rawequal,
  rawget,
  rawlen,
  rawset,
  select,
  setmetatable,
  tonumber,
  tostring,
  type,
  xpcall,
};
