// Metatables of every kind of value, and calls of what is not a function. Sealed.
// M1: strings share one frozen metatable per realm; a userdata type has one, made from its spec at first use.
import { luaType, LuaUserdata } from '../values.js';
import type { AnyUserdataType } from '../values.js';
import { uncounted } from './budget.js';
import { enterNative, finishSpill, leaveNative, overflow } from './coroutine.js';
import { operandError } from './errors.js';
import { I64 } from './int64.js';
import { first, Frame, machine, push, S } from './protocol.js';
import type { Callable, Result, Value } from './protocol.js';
import { Table } from './table.js';
import type { Meta } from './table.js';

let stringMeta: Meta | null = null;
/** The string library becomes the `__index` of strings; called once, when the library is made. */
export function setStringMetatable(metatable: Table): void {
  stringMeta = metaOfTable(metatable);
}
export const getStringMetatable = (): Table | undefined => stringMeta?.table;

const userdataMetas = new WeakMap<AnyUserdataType, Meta>();
let makeUserdataMetatable: ((type: AnyUserdataType) => Table) | undefined;
/** host-functions.ts says how a userdata type becomes a metatable. */
export function setUserdataFactory(make: (type: AnyUserdataType) => Table): void {
  makeUserdataMetatable = make;
}

function metaOfUserdata(type: AnyUserdataType): Meta | null {
  let meta = userdataMetas.get(type);
  if (meta === undefined) {
    if (makeUserdataMetatable === undefined) return null;
    const make = makeUserdataMetatable;
    userdataMetas.set(type, (meta = uncounted(() => metaOfTable(make(type)))));
  }
  return meta;
}

/** The Meta of a table that serves as a metatable. */
export function metaOfTable(metatable: Table): Meta {
  let meta = metatable.asMeta;
  if (meta === undefined) {
    meta = metatable.becomeMeta();
    if (meta.index instanceof Table) meta.index.promote();
  }
  return meta;
}

/** What `debug.setmetatable` set, by the type's name; undefined: it was never called for such a value. */
let basicMetas: Map<string, Meta | null> | undefined;
let ownMetas: WeakMap<LuaUserdata, Meta | null> | undefined;

/** The metatable of all values of a type; for programs outside of apps, whose realm is their own. */
export function setBasicMetatable(type: string, metatable: Table | undefined): void {
  const meta = metatable === undefined ? null : metaOfTable(metatable);
  if (type === 'string') stringMeta = meta;
  else (basicMetas ??= new Map<string, Meta | null>()).set(type, meta);
}

export function setUserdataMetatable(userdata: LuaUserdata, metatable: Table | undefined): void {
  ownMetas ??= new WeakMap<LuaUserdata, Meta | null>();
  ownMetas.set(userdata, metatable === undefined ? null : metaOfTable(metatable));
}

let watcher: ((table: Table) => void) | undefined;
/** Hears of every table that gets a metatable with `__mode`; for programs outside of apps. */
export function watchWeakTables(watch: (table: Table) => void): void {
  watcher = watch;
}
export function noteMetatable(table: Table): void {
  if (watcher !== undefined && table.meta?.table.getString('__mode') !== undefined) watcher(table);
}

export function metaOf(value: Value): Meta | null {
  if (value instanceof Table) return value.meta;
  if (typeof value === 'string') return stringMeta;
  if (value instanceof LuaUserdata) {
    const own = ownMetas?.get(value);
    return own === undefined ? metaOfUserdata(value.type) : own;
  }
  return basicMetas?.get(value instanceof I64 ? 'number' : luaType(value)) ?? null;
}

export const metatableOf = (value: Value): Table | undefined => metaOf(value)?.table;

/** The metamethod of a value, e.g. `__tostring`. */
export const metamethod = (value: Value, event: string): Value => metaOf(value)?.table.getString(event);

/** A function that calls `value`; an error where it is not callable. `operand`: see operandError. */
export function callable(value: Value, operand = 0): Callable {
  return throughMeta(value, 0) ?? operandError('call', value, operand);
}

/** Handlers of handlers that are looked at. */
const MAX_HANDLERS = 100;

function throughMeta(value: Value, depth: number): Callable | undefined {
  if (typeof value === 'function') return value;
  const handler = metaOf(value)?.call;
  const target = handler === undefined || depth > MAX_HANDLERS ? undefined : throughMeta(handler, depth + 1);
  return target === undefined ? undefined : (...values) => target(value, ...values);
}

/** Calls any value with these arguments. May give S: push a frame then, or return S where the result is yours too. */
export function call(value: Value, values: Value[]): Result {
  return typeof value === 'function' ? value(...values) : callable(value)(...values);
}

/** Calls from native code that cannot wait: a suspension inside is a Lua error. Gives all results (see `first`, `all`). */
export function callSync(value: Value, ...values: Value[]): Result {
  enterNative();
  let result = call(value, values);
  if (result === S) result = finishSpill();
  leaveNative();
  return result;
}

/** Cuts the result of a call to one value, also when the call suspends. */
export class FirstFrame extends Frame {
  override resume(result: Result): Result {
    return first(result);
  }
}

/** What a metamethod's call takes of the stack where compiled code does not count it. */
const METAMETHOD_WEIGHT = 400;

/** Calls a metamethod of two arguments from an operator, for its first value. */
export function callMeta(handler: Value, a: Value, b: Value): Result {
  const target = typeof handler === 'function' ? handler : callable(handler);
  let result: Result;
  if ((machine.depth += METAMETHOD_WEIGHT) > machine.limit) result = overflow(target, [a, b], 0);
  else result = target(a, b);
  machine.depth -= METAMETHOD_WEIGHT;
  if (!Array.isArray(result)) return result;
  return result === S ? push(new FirstFrame()) : result[0];
}

/** The same for `__newindex`, whose result nobody wants: S or undefined. */
export function callNewindex(handler: Callable, object: Value, key: Value, value: Value): Result {
  let result: Result;
  if ((machine.depth += METAMETHOD_WEIGHT) > machine.limit)
    result = overflow(handler, [object, key, value], 0);
  else result = handler(object, key, value);
  machine.depth -= METAMETHOD_WEIGHT;
  return result === S ? S : undefined;
}
