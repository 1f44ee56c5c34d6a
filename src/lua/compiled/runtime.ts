// Everything that generated code may name (compiler/unit-emitter.ts RUNTIME_NAMES). One object per realm. Sealed.
import { LuaFloat } from '../../core/data.js';
import { index, setField, setIndex } from './access.js';
import * as arithmetic from './arithmetic.js';
import { ELEMENT_BYTES, lookSoon, refill } from './budget.js';
import { checkClosable, closeValue, RAISE, toThrown } from './closing.js';
import { concat, concatAll, equals, length, lessOrEqual, lessThan, rawEquals } from './compare.js';
import { overflow } from './coroutine.js';
import { raiseHere } from './errors.js';
import { emptyFields, fieldsPrototype, NO_FIELDS } from './fields.js';
import type { Fields } from './fields.js';
import { fromHalves, I64 } from './int64.js';
import { iteratorOf } from './iteration.js';
import { callable, getStringMetatable } from './metatables.js';
import { float, fromSlot, toSlot } from './number.js';
import { EMPTY, machine, push, results, S } from './protocol.js';
import type { Result, Value } from './protocol.js';
import { joined, sameText } from './ropes.js';
import { pause, pauseAtEntry } from './turn.js';
import { Table } from './table.js';
import type { RUNTIME_NAMES } from './compiler/unit-emitter.js';

type RecordConstructor = new (...values: Value[]) => Fields;

const shapes = new Map<string, RecordConstructor>();
/** Each keeps the unit alive that it stands in, so those of old versions of programs must go. */
const MAX_SHAPES = 1000;

/** The constructor of records with these keys: the first one that was made for them, so that they share a hidden class. */
function shape(keys: readonly string[], make: RecordConstructor): RecordConstructor {
  const id = keys.join('\u0100');
  const known = shapes.get(id);
  if (known !== undefined) return known;
  make.prototype = fieldsPrototype();
  if (shapes.size >= MAX_SHAPES) shapes.clear();
  shapes.set(id, make);
  return make;
}

/** A table of these fields and positions, of which any may be nil. */
const arrayTable = (fields: Fields, values: Value[]): Table => new Table(fields, withoutLastNils(values));

function withoutLastNils(values: Value[]): Value[] {
  let size = values.length;
  while (size > 0 && values[size - 1] === undefined) size--;
  values.length = size;
  return values;
}

/** Positions `offset`+1 .. of a constructor. */
function extend(table: Table, offset: number, values: Value[]): void {
  if (table.array.length === offset && table.hash === null) {
    machine.memory -= ELEMENT_BYTES * values.length;
    table.array = withoutLastNils(offset === 0 ? values : table.array.concat(values));
  } else values.forEach((value, at) => table.setInteger(offset + at + 1, value));
}

/** Instructions of passing a value on, where there are many. */
const PASSED_COST = 3;
/** So many values cost no more to pass on than the call. */
const FEW = 16;

/** All values of a result that is not S; many are counted. */
function allOf(result: Result): Value[] {
  if (!Array.isArray(result)) return [result];
  if (result.length > FEW && (machine.budget -= PASSED_COST * result.length) < machine.watch) lookSoon(); // stopped where there is a line
  return result;
}

/** Bytes of stack that arguments may take together with what is under way. */
const MOST_STACK = 600_000;

/** The same for the arguments of a call. */
function spread(result: Result): Value[] {
  const values = allOf(result);
  if (values.length > FEW && machine.depth + 8 * values.length > MOST_STACK)
    raiseHere('stack overflow (too many arguments)');
  return values;
}

/** `[key] = value` of a constructor. */
function setRaw(table: Table, key: Value, value: Value): void {
  if (key === undefined) raiseHere('table index is nil');
  if (key !== key) raiseHere('table index is NaN');
  table.write(key, value);
}

export type Runtime = Readonly<Record<(typeof RUNTIME_NAMES)[number], unknown>>;

/** Made when the first unit is loaded, after the library has set the strings' metatable. */
export function makeRuntime(): Runtime {
  const strings = getStringMetatable()?.getString('__index');
  return Object.freeze({
    S,
    EMPTY,
    A: Array.isArray,
    M: machine,
    T: Table,
    D: LuaFloat,
    NF: NO_FIELDS,
    NR: emptyFields(),
    ST: strings instanceof Table ? strings : new Table(),
    floor: Math.floor,
    imul: Math.imul,
    I: I64,
    push,
    overflow,
    callable,
    index,
    setIndex,
    setField,
    add: arithmetic.add,
    subtract: arithmetic.subtract,
    multiply: arithmetic.multiply,
    divide: arithmetic.divide,
    floorDivide: arithmetic.floorDivide,
    modulo: arithmetic.modulo,
    power: arithmetic.power,
    negate: arithmetic.negate,
    bitAnd: arithmetic.bitAnd,
    bitOr: arithmetic.bitOr,
    bitXor: arithmetic.bitXor,
    bitNot: arithmetic.bitNot,
    shiftLeft: arithmetic.shiftLeft,
    shiftRight: arithmetic.shiftRight,
    equals,
    rawEquals,
    lessThan,
    lessOrEqual,
    length,
    concat,
    concatAll,
    joined,
    sameText,
    all: allOf,
    spread,
    results,
    arrayTable,
    extend,
    setRaw,
    iteratorOf,
    loopLimit: arithmetic.loopLimit,
    planLoop: arithmetic.planLoop,
    loopValue: arithmetic.loopValue,
    float,
    floatModulo: arithmetic.floatModulo,
    toSlot,
    fromSlot,
    integer: fromHalves,
    shape,
    refill,
    pause,
    pauseAtEntry,
    checkClosable,
    closeValue,
    toThrown,
    RAISE,
  });
}
