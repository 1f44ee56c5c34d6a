// Reading and writing fields with metamethods: the slow halves of `t.k`, `t[k]` and their assignments. Sealed.
import { operandError, raiseHere } from './errors.js';
import { callMeta, callNewindex, metaOf } from './metatables.js';
import { isInteger } from './number.js';
import { charge } from './protocol.js';
import type { Result, Value } from './protocol.js';
import { Table } from './table.js';

/** PUC's MAXTAGLOOP. */
const MAX_CHAIN = 2000;

/** `object[key]`; S when a metamethod suspends. */
export function index(object: Value, key: Value): Result {
  for (let step = 0; step < MAX_CHAIN; step++) {
    let handler: Value;
    if (object instanceof Table) {
      const value = object.read(key);
      if (step > 0) charge(1);
      if (value !== undefined || object.meta === null) return value;
      handler = object.meta.index;
      if (handler === undefined) return undefined;
    } else {
      handler = metaOf(object)?.index;
      if (handler === undefined) operandError('index', object, step === 0 ? 0 : 9);
    }
    if (typeof handler === 'function') return callMeta(handler, object, key);
    object = handler;
  }
  raiseHere("'__index' chain too long; possible loop");
}

/** `object[key] = value`; S when a metamethod suspends, undefined else. */
export function setIndex(object: Value, key: Value, value: Value): Result {
  // What the inline paths leave over most often is the next position of a list.
  if (
    object instanceof Table &&
    object.meta === null &&
    key === object.array.length + 1 &&
    value !== undefined
  ) {
    object.append(value);
    return undefined;
  }
  return store(object, key, value, false);
}

/** `object.key = value` with a key from the source (Table.setField). */
export function setField(object: Value, key: string, value: Value): Result {
  return store(object, key, value, true);
}

function store(object: Value, key: Value, value: Value, named: boolean): Result {
  for (let step = 0; step < MAX_CHAIN; step++) {
    let handler: Value;
    if (step > 0) charge(1);
    if (object instanceof Table) {
      const { meta } = object;
      if (meta === null || (handler = meta.newindex) === undefined || object.read(key) !== undefined) {
        if (named) object.setField(key as string, value);
        else write(object, key, value);
        return undefined;
      }
    } else {
      handler = metaOf(object)?.newindex;
      if (handler === undefined) operandError('index', object, step === 0 ? 0 : 9);
    }
    if (typeof handler === 'function') return callNewindex(handler, object, key, value);
    object = handler;
  }
  raiseHere("'__newindex' chain too long; possible loop");
}

function write(table: Table, key: Value, value: Value): void {
  if (typeof key === 'string') return table.setString(key, value);
  if (typeof key === 'number') {
    if (isInteger(key)) return table.setInteger(key, value);
    if (key !== key) raiseHere('table index is NaN');
  } else if (key === undefined) raiseHere('table index is nil');
  table.write(key, value);
}
