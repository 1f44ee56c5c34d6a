// The values of Lua as every engine, module and host sees them. Sealed.
// V1: nil is undefined; booleans are booleans.
// V2: an integer within +-2^53 is a number, beyond that a bigint of at most 64 bits; a float is a number, an integral float is a LuaFloat.
// V3: a string is a byte string: one char (0..255) per byte. Text is converted at the host's border only (core/text.ts).
// V4: tables, functions, threads and userdata are opaque; the same Lua value is the same JavaScript value for the life of an instance.

import { LuaFloat } from '../core/data.js';
import type { Data } from '../core/data.js';
export { LuaFloat };

/** A Lua table. Each engine has its own class below this one. */
export abstract class LuaTable {
  /** Raw read; `undefined` when absent. */
  abstract get(key: LuaValue): LuaValue;
  /** Raw write; `undefined` deletes. Throws a LuaError for a nil or NaN key. */
  abstract set(key: LuaValue, value: LuaValue): void;
  /** Raw border, as `rawlen`. */
  abstract length(): number;
  /** Pairs in the order of `pairs`: 1..n first, then insertion order. Not affected by metatables. */
  abstract entries(): Iterable<readonly [LuaValue, LuaValue]>;
  /** The pairs of `entries`, without what an iterator costs. `take` must not change the table. */
  forEach(take: (key: LuaValue, value: LuaValue) => void): void {
    for (const [key, value] of this.entries()) take(key, value);
  }
  /**
   * Fills a new table with 1..n; the array belongs to the table from then on. None of `items` is nil, a bigint, -0 or a
   * number beyond 2^53.
   */
  takeItems(items: LuaValue[]): this {
    for (let index = 0; index < items.length; index++) this.set(index + 1, items[index]);
    return this;
  }
  /** Fills a new table with fields, of the same kinds of values; the object, which has own keys only, belongs to the table. */
  takeFields(fields: Record<string, LuaValue>): this {
    let empty = true;
    for (const key of Object.keys(fields)) {
      this.set(key, fields[key]);
      empty = false;
    }
    if (empty) {
      // So that it is `{}` and not `[]` at a border: a table that once had a string key.
      this.set('x', true);
      this.set('x', undefined);
    }
    return this;
  }
  /** Whether an empty table ever had a string key, which makes it `{}` and not `[]` at a border; absent: never. */
  hadStringKeys?(): boolean;
}

/** A Lua function as the host sees it: opaque, called only through the instance (InstanceContext.call or spawn). */
export type LuaFunction = ((...args: never[]) => unknown) & { readonly __lua?: never };

/** A Lua coroutine as the host sees it. */
export abstract class LuaThread {
  abstract readonly status: 'suspended' | 'running' | 'normal' | 'dead';
}

/** A value with methods that the host made (a time, a channel, an error). Its identity in Lua is that of `value`. */
export class LuaUserdata<T extends object = object> {
  readonly type: AnyUserdataType;
  readonly value: T;
  /** Use UserdataType.wrap, which keeps identity. */
  constructor(type: AnyUserdataType, value: T) {
    this.type = type;
    this.value = value;
  }
}

export type LuaValue =
  | undefined
  | boolean
  | number
  | bigint
  | LuaFloat
  | string
  | LuaTable
  | LuaFunction
  | LuaThread
  | LuaUserdata;

/** What a host function returns: one value, several as an array (empty: none), or a request to wait. */
export type HostResult = LuaValue | readonly LuaValue[] | import('./suspend.js').Suspend;
export type HostFunction = (
  call: import('./instance-context.js').HostCall,
  ...args: LuaValue[]
) => HostResult;
export type MethodFunction<T extends object> = (
  call: import('./instance-context.js').HostCall,
  self: T,
  ...args: LuaValue[]
) => HostResult;

export interface UserdataMeta<T extends object> {
  /** Instructions that `tostring` and `concat` take besides those of any call of a module. Default 0. */
  readonly textCost?: number;
  readonly tostring?: (self: T) => string;
  readonly eq?: (a: T, b: T) => boolean;
  readonly lt?: (a: T, b: T) => boolean;
  readonly le?: (a: T, b: T) => boolean;
  readonly len?: (self: T) => LuaValue;
  /** A type with `concat` and `tostring` is also taken by string functions as its text. */
  readonly concat?: (a: LuaValue, b: LuaValue) => string;
  /** Operators on which at least one side is of this type; the other side comes as it is. */
  readonly add?: (a: LuaValue, b: LuaValue) => LuaValue;
  readonly sub?: (a: LuaValue, b: LuaValue) => LuaValue;
  readonly mul?: (a: LuaValue, b: LuaValue) => LuaValue;
  readonly div?: (a: LuaValue, b: LuaValue) => LuaValue;
  readonly unm?: (a: LuaValue) => LuaValue;
  readonly call?: MethodFunction<T>;
  /** A field that is not a method, read with `.`. */
  readonly index?: (self: T, key: LuaValue) => LuaValue;
  /** What crosses a border in the value's place; absent: it does not cross. */
  readonly data?: (self: T) => Data;
}

/** A userdata type whatever its values are: what an engine needs of it. */
export interface AnyUserdataType {
  readonly name: string;
  readonly methods: Readonly<Record<string, MethodFunction<never>>>;
  readonly meta: UserdataMeta<never>;
}

export interface UserdataType<T extends object> extends AnyUserdataType {
  readonly name: string;
  readonly methods: Readonly<Record<string, MethodFunction<T>>>;
  readonly meta: UserdataMeta<T>;
  /** The userdata of a host value; the same value gives the same userdata. */
  wrap(value: T): LuaUserdata<T>;
  /** The host value when `value` is of this type, else undefined. */
  unwrap(value: LuaValue): T | undefined;
}

/** A metamethod that takes so many instructions more. */
export const charged =
  (cost: number, run: HostFunction): HostFunction =>
  (call, ...args) => {
    call.charge(cost);
    return run(call, ...args);
  };

export function defineUserdata<T extends object>(
  name: string,
  methods: Readonly<Record<string, MethodFunction<T>>>,
  meta: UserdataMeta<T> = {},
): UserdataType<T> {
  const own = Symbol(name);
  /** Of values that take no property. */
  const wrapped = new WeakMap<T, LuaUserdata<T>>();
  const wrapFrozen = (value: T): LuaUserdata<T> => {
    const known = wrapped.get(value);
    if (known !== undefined) return known;
    const userdata = new LuaUserdata<T>(type, value);
    wrapped.set(value, userdata);
    return userdata;
  };
  const type: UserdataType<T> = {
    name,
    methods,
    meta,
    // In the value itself, since a weak map keeps what it holds until the next full collection, and with it whole instances.
    wrap(value) {
      const known = (value as { [own]?: LuaUserdata<T> })[own];
      if (known?.value === value) return known; // else it was copied with the value's other properties
      if (!Object.isExtensible(value)) return wrapFrozen(value);
      // Assigned: defining a property costs V8 a hundred times as much.
      return ((value as { [own]?: LuaUserdata<T> })[own] = new LuaUserdata(type, value));
    },
    unwrap(value) {
      return value instanceof LuaUserdata && value.type === type ? (value.value as T) : undefined;
    },
  };
  return type;
}

/** A Lua error in flight in the host: `value` is what `pcall` gives back. */
export class LuaError extends Error {
  override readonly name = 'LuaError';
  readonly value: LuaValue;
  /** Lua traceback, filled where the error is first seen by an engine. */
  traceback: string | undefined;
  constructor(value: LuaValue, traceback?: string) {
    super(typeof value === 'string' ? value : 'Lua error');
    this.value = value;
    this.traceback = traceback;
  }
}

/** Lua's `type` of a value. */
export function luaType(
  value: LuaValue,
): 'nil' | 'boolean' | 'number' | 'string' | 'table' | 'function' | 'thread' | 'userdata' {
  switch (typeof value) {
    case 'undefined':
      return 'nil';
    case 'boolean':
      return 'boolean';
    case 'number':
    case 'bigint':
      return 'number';
    case 'string':
      return 'string';
    case 'function':
      return 'function';
    default:
      if (value instanceof LuaTable) return 'table';
      if (value instanceof LuaFloat) return 'number';
      if (value instanceof LuaUserdata) return 'userdata';
      return 'thread';
  }
}
