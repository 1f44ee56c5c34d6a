// The `table` table. Sealed.
import { ELEMENT_BYTES } from '../compiled/budget.js';
import { argumentError, raise } from '../compiled/errors.js';
import * as int64 from '../compiled/int64.js';
import type { Integer } from '../compiled/int64.js';
import { doubleOf } from '../compiled/number.js';
import { builtin, charge, chargeMemory, EMPTY, results } from '../compiled/protocol.js';
import type { Callable, Result, Value } from '../compiled/protocol.js';
import { NO_FIELDS } from '../compiled/fields.js';
import { NO_ARRAY, Table } from '../compiled/table.js';
import { luaType } from '../values.js';
import type { LuaValue } from '../values.js';
import { integerArgument, textArgument, textOf } from './arguments.js';
import { getAt, isPlain, listArgument, setAt, writesDirectly } from './list-access.js';
import { lengthNow } from './native-calls.js';
import { sort } from './sort.js';

/** Values that one call may return. */
const MAX_RESULTS = 1_000_000;

const isAtMost = (a: Integer, b: Integer): boolean => !int64.lessThan(b, a);

const insert = builtin('table.insert', function (list: Value, a: Value, b: Value): Result {
  const name = 'table.insert';
  const count = arguments.length;
  if (count === 2 && list instanceof Table && list.meta === null) {
    if (a !== undefined) list.append(a);
    return EMPTY;
  }
  listArgument(list, 'both', true, 1, name, count);
  const next = int64.add(lengthNow(list), 1);
  if (count === 2) {
    setAt(list, next, a);
    return EMPTY;
  }
  if (count !== 3) raise("wrong number of arguments to 'insert'");
  const position = integerArgument(a, 2, name, count);
  if (!isAtMost(1, position) || !isAtMost(position, next)) {
    argumentError(2, name, 'position out of bounds');
  }
  if (typeof position !== 'number' || typeof next !== 'number')
    charge(workOf(int64.subtract(next, position)));
  else {
    charge(next - position);
    chargeMemory(ELEMENT_BYTES);
    if (list instanceof Table && position < next && canShift(list)) {
      list.array.splice(position - 1, 0, b);
      return EMPTY;
    }
  }
  for (let at = next; int64.lessThan(position, at); at = int64.subtract(at, 1)) {
    setAt(list, at, getAt(list, int64.subtract(at, 1)));
  }
  setAt(list, position, b);
  return EMPTY;
});

/** Its array can be moved as a whole: no metamethod has a say in any element, and nothing in the hash may join it. */
const canShift = (table: Table): boolean =>
  (table.hash === null || (table.hash.integers === 0 && !table.hash.frozen)) &&
  (isPlain(table) || (writesDirectly(table) && !table.array.includes(undefined)));

const remove = builtin('table.remove', function (list: Value, position: Value): Result {
  const name = 'table.remove';
  const count = arguments.length;
  listArgument(list, 'both', true, 1, name, count);
  const size = lengthNow(list);
  let at: Integer = size;
  if (count > 1) {
    at = position === undefined ? size : integerArgument(position, 2, name, count);
    // size + 1 is allowed, 0 only where the list is empty.
    if (!int64.equals(at, size) && (!isAtMost(1, at) || !isAtMost(at, int64.add(size, 1)))) {
      argumentError(1, name, 'position out of bounds');
    }
  }
  const removed = getAt(list, at);
  if (int64.lessThan(at, size)) charge(workOf(int64.subtract(size, at)));
  if (typeof at === 'number' && typeof size === 'number' && at < size && at > 0) {
    if (list instanceof Table && canShift(list)) {
      if (at === 1) list.array.shift();
      else list.array.splice(at - 1, 1);
      return removed;
    }
  }
  for (; int64.lessThan(at, size); at = int64.add(at, 1)) setAt(list, at, getAt(list, int64.add(at, 1)));
  setAt(list, at, undefined);
  return removed;
});

/** Characters that are added to a text which is made piece by piece. */
/** More than any budget; where nothing is counted, an error may end the work before it is done. */
const MOST_WORK = 1e12;
const workOf = (positions: Parameters<typeof doubleOf>[0]): number =>
  Math.min(doubleOf(positions), MOST_WORK);

function chargeCopied(length: number): void {
  charge(length + 1);
  chargeMemory(length);
}

/** Pieces that are joined at once: one by one V8 would keep a pair for each. */
const MANY_PIECES = 4096;

const concat = builtin(
  'table.concat',
  function (list: Value, separator: Value, from: Value, to: Value): Result {
    const name = 'table.concat';
    const count = arguments.length;
    listArgument(list, 'read', true, 1, name, count);
    const size = lengthNow(list);
    const between = separator === undefined ? '' : textArgument(separator, 2, name, count);
    const first = from === undefined ? 1 : integerArgument(from, 3, name, count);
    const last = to === undefined ? size : integerArgument(to, 4, name, count);
    const whole = first === 1 && last === size ? joinedTexts(list, between) : undefined;
    return whole ?? joinedOneByOne(list, between, first, last);
  },
);

/** All of a plain list that holds nothing but strings; undefined where it is none. */
function joinedTexts(list: Value, between: string): string | undefined {
  if (!(list instanceof Table) || !isPlain(list)) return undefined;
  const { array } = list;
  let length = 0;
  for (const value of array) {
    if (typeof value !== 'string') return undefined;
    length += value.length + between.length;
  }
  if (array.length === 0) return '';
  length -= between.length;
  charge(length + array.length);
  chargeMemory(length);
  return (array as string[]).join(between);
}

// A function of its own: V8 drops its optimized code whenever a loop in the middle of a longer one ends.
function joinedOneByOne(list: Value, between: string, first: Integer, last: Integer): string {
  let text = '';
  let pieces: string[] = [];
  for (let at: Integer = first; isAtMost(at, last); at = int64.add(at, 1)) {
    const value = getAt(list, at);
    const next = typeof value === 'string' ? value : (textOf(value) ?? invalidValue(value, at));
    const isLast = int64.equals(at, last);
    chargeCopied(next.length + (isLast ? 0 : between.length));
    pieces.push(next);
    if (isLast) break;
    if (pieces.length < MANY_PIECES) continue;
    text += pieces.join(between) + between;
    pieces = [];
  }
  return text + pieces.join(between);
}

/** The index as PUC writes it: its low 32 bits. */
function invalidValue(value: Value, at: Integer): never {
  raise(`invalid value (${luaType(value as LuaValue)}) at index ${int64.lowOf(at)} in table for 'concat'`);
}

const pack = builtin('table.pack', function (...values: Value[]): Result {
  const count = values.length;
  let size = count;
  while (size > 0 && values[size - 1] === undefined) size--;
  values.length = size;
  const table = new Table(NO_FIELDS, size === 0 ? NO_ARRAY : values);
  table.setField('n', count);
  return table;
});

export const unpack = builtin('table.unpack', function (list: Value, from: Value, to: Value): Result {
  const name = 'table.unpack';
  const count = arguments.length;
  const first = from === undefined ? 1 : integerArgument(from, 2, name, count);
  const last = to === undefined ? lengthNow(list) : integerArgument(to, 3, name, count);
  if (int64.lessThan(last, first)) return EMPTY;
  const distance = int64.subtract(last, first);
  if (typeof distance !== 'number' || distance < 0 || distance >= MAX_RESULTS - 1) {
    raise('too many results to unpack');
  }
  charge(distance);
  chargeMemory(8 * distance);
  if (
    list instanceof Table &&
    isPlain(list) &&
    typeof first === 'number' &&
    typeof last === 'number' &&
    first >= 1 &&
    last <= list.array.length
  ) {
    return first === last ? list.array[first - 1] : list.array.slice(first - 1, last);
  }
  const values: Value[] = [];
  for (let at: Integer = first, rest = distance; rest >= 0; rest--, at = int64.add(at, 1)) {
    values.push(getAt(list, at));
  }
  return results(values);
});

const move = builtin(
  'table.move',
  function (source: Value, from: Value, to: Value, target: Value, destination: Value): Result {
    const name = 'table.move';
    const count = arguments.length;
    const first = integerArgument(from, 2, name, count);
    const last = integerArgument(to, 3, name, count);
    const into = integerArgument(target, 4, name, count);
    const goal = destination === undefined ? source : destination;
    listArgument(source, 'read', false, 1, name, count);
    listArgument(goal, 'write', false, destination === undefined ? 1 : 5, name, count);
    if (int64.lessThan(last, first)) return goal;
    const isCountable = int64.lessThan(0, first) || int64.lessThan(last, int64.add(int64.MAX_INTEGER, first));
    if (!isCountable) argumentError(3, name, 'too many elements to move');
    const distance = int64.subtract(last, first);
    if (!isAtMost(into, int64.subtract(int64.MAX_INTEGER, distance))) {
      argumentError(4, name, 'destination wrap around');
    }
    charge(workOf(distance) * 2); // read and written, it may be in a hash
    const isForward =
      int64.lessThan(last, into) || isAtMost(into, first) || (destination !== undefined && source !== goal);
    if (isForward) {
      for (let at: Integer = 0; isAtMost(at, distance); at = int64.add(at, 1)) {
        setAt(goal, int64.add(into, at), getAt(source, int64.add(first, at)));
      }
    } else {
      for (let at: Integer = distance; isAtMost(0, at); at = int64.subtract(at, 1)) {
        setAt(goal, int64.add(into, at), getAt(source, int64.add(first, at)));
      }
    }
    return goal;
  },
);

/** Members of the `table` table. */
export const tableFunctions: Readonly<Record<string, Callable>> = {
  concat,
  insert,
  move,
  pack,
  remove,
  sort,
  unpack,
};
