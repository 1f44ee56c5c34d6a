// What modules need to read their arguments: checks whose messages are those of Lua's own library. Sealed.
// A1: a wrong argument is a raised error with the caller's place, `order.lua:12: bad argument #1 to 'sleep' (...)`.
import type { ErrorKind } from '../../core/errors.js';
import type { HostCall } from '../instance-context.js';
import { LuaError, LuaFloat, LuaTable, LuaUserdata, luaType } from '../values.js';
import type { LuaFunction, LuaValue, UserdataType } from '../values.js';
import { newError } from './error-object.js';
import { numberText } from './number-text.js';

/** A text error with the caller's place in front, as `error(message)` makes it. */
export function luaErrorAt(call: HostCall, message: string): LuaError {
  const at = call.where();
  return new LuaError(at === '' ? message : `${at}: ${message}`);
}

/** An error object to raise (not to return: that is `failure`). */
export function raisedError(call: HostCall, kind: ErrorKind, message: string): LuaError {
  return new LuaError(newError({ kind, message, stack: call.traceback() }));
}

export function argumentError(call: HostCall, position: number, fn: string, problem: string): LuaError {
  return luaErrorAt(call, `bad argument #${position} to '${fn}' (${problem})`);
}

/** A value's type as messages name it: userdata by its own type's name. */
export function typeName(value: LuaValue): string {
  return value instanceof LuaUserdata ? value.type.name : luaType(value);
}

/** The arguments of one call of `fn`, read by 1-based position. */
export class Arguments {
  readonly call: HostCall;
  readonly fn: string;
  readonly values: readonly LuaValue[];

  constructor(call: HostCall, fn: string, values: readonly LuaValue[]) {
    this.call = call;
    this.fn = fn;
    this.values = values;
  }

  error(position: number, problem: string): LuaError {
    return argumentError(this.call, position, this.fn, problem);
  }

  expected(position: number, expected: string): LuaError {
    const got = position > this.values.length ? 'no value' : typeName(this.values[position - 1]);
    return this.error(position, `${expected} expected, got ${got}`);
  }

  at(position: number): LuaValue {
    return this.values[position - 1];
  }

  has(position: number): boolean {
    return this.values[position - 1] !== undefined;
  }

  /** A string; numbers and values with a text (errors) are taken as their text, as Lua does. */
  string(position: number): string {
    const text = asText(this.at(position));
    if (text === undefined) throw this.expected(position, 'string');
    return text;
  }

  optionalString(position: number): string | undefined {
    return this.has(position) ? this.string(position) : undefined;
  }

  /** A number as a JavaScript number, whatever its Lua type. */
  number(position: number): number {
    const number = asNumber(this.at(position));
    if (number === undefined) throw this.expected(position, 'number');
    return number;
  }

  optionalNumber(position: number): number | undefined {
    return this.has(position) ? this.number(position) : undefined;
  }

  integer(position: number): number {
    const number = this.number(position);
    if (!Number.isSafeInteger(number)) throw this.error(position, 'number has no integer representation');
    return number;
  }

  optionalInteger(position: number): number | undefined {
    return this.has(position) ? this.integer(position) : undefined;
  }

  boolean(position: number): boolean {
    const value = this.at(position);
    if (typeof value !== 'boolean') throw this.expected(position, 'boolean');
    return value;
  }

  optionalBoolean(position: number): boolean | undefined {
    return this.has(position) ? this.boolean(position) : undefined;
  }

  table(position: number): LuaTable {
    const value = this.at(position);
    if (!(value instanceof LuaTable)) throw this.expected(position, 'table');
    return value;
  }

  optionalTable(position: number): LuaTable | undefined {
    return this.has(position) ? this.table(position) : undefined;
  }

  function(position: number): LuaFunction {
    const value = this.at(position);
    if (typeof value !== 'function') throw this.expected(position, 'function');
    return value;
  }

  userdata<T extends object>(position: number, type: UserdataType<T>): T {
    const value = type.unwrap(this.at(position));
    if (value === undefined) throw this.expected(position, type.name);
    return value;
  }
}

export const asNumber = (value: LuaValue): number | undefined =>
  typeof value === 'number'
    ? value
    : value instanceof LuaFloat
      ? value.n
      : typeof value === 'bigint'
        ? Number(value)
        : undefined;

/** The text that string functions take a value for; undefined when they refuse it. */
export function asText(value: LuaValue): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof LuaFloat)
    return numberText(value);
  if (value instanceof LuaUserdata) {
    const { concat, tostring } = value.type.meta;
    if (concat !== undefined) return tostring?.(value.value as never);
  }
  return undefined;
}
