// JSON text to Lua values, both as bytes. Sealed.
// J1: a number with a point or an exponent is a float, any other an integer, or a float beyond 64 bits.
// J3: what native parsing reads without a loss becomes tables in place; the reader of core/wire.ts is the definition.
// J2: null is nil: a field of that value is absent, an array has a hole.
import { LuaFloat, MAX_DEPTH } from '../../core/data.js';
import type { Data } from '../../core/data.js';
import { isAscii, toBytes, tryText } from '../../core/text.js';
import { decodeWire, isNativeText, WireSyntaxError } from '../../core/wire.js';
import type { LuaTable, LuaValue } from '../values.js';

export type Decoded =
  { readonly ok: true; readonly value: LuaValue } | { readonly ok: false; readonly problem: string };

/** `slowly` is told before the text is read one character after the other, which takes a multiple. */
export function decodeJson(bytes: string, newTable: () => LuaTable, slowly: () => void): Decoded {
  const native = decodeNative(bytes, newTable);
  if (native !== undefined) return native;
  slowly();
  const text = tryText(bytes);
  if (text === undefined) return { ok: false, problem: 'invalid JSON: the text is not UTF-8' };
  try {
    return { ok: true, value: toLua(decodeWire(text, { strings: 'text' }), newTable) };
  } catch (error) {
    if (error instanceof WireSyntaxError) return { ok: false, problem: toBytes(error.message) };
    throw error;
  }
}

/** Undefined where the text is for the slow way, be it only to say what is wrong with it. */
function decodeNative(bytes: string, newTable: () => LuaTable): Decoded | undefined {
  if (!isAscii(bytes) || bytes.includes('\\u') || !isNativeText(bytes, false)) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes);
  } catch {
    return undefined;
  }
  const value = taken(parsed, newTable, 0);
  return value === TOO_DEEP ? undefined : { ok: true, value };
}

const TOO_DEEP = Symbol('too deep');

/** The tables of what JSON.parse gave, made of its own arrays and objects. */
function taken(parsed: unknown, newTable: () => LuaTable, depth: number): LuaValue | typeof TOO_DEEP {
  if (typeof parsed !== 'object') return parsed as LuaValue;
  if (parsed === null) return undefined;
  if (depth >= MAX_DEPTH) return TOO_DEEP;
  if (Array.isArray(parsed)) return takenItems(parsed as unknown[], newTable, depth);
  const fields = parsed as Record<string, LuaValue>;
  for (const name in fields) {
    const item: unknown = fields[name];
    if (typeof item !== 'object') continue;
    const value = taken(item, newTable, depth + 1);
    if (value === TOO_DEEP) return TOO_DEEP;
    fields[name] = value;
  }
  return newTable().takeFields(fields);
}

function takenItems(items: unknown[], newTable: () => LuaTable, depth: number): LuaValue | typeof TOO_DEEP {
  let holes = false;
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    if (typeof item !== 'object') continue;
    const value = taken(item, newTable, depth + 1);
    if (value === TOO_DEEP) return TOO_DEEP;
    if (value === undefined) holes = true;
    items[index] = value;
  }
  if (!holes) return newTable().takeItems(items as LuaValue[]);
  const table = newTable();
  for (const [index, value] of (items as LuaValue[]).entries())
    if (value !== undefined) table.set(index + 1, value);
  return table;
}

function toLua(data: Data, newTable: () => LuaTable): LuaValue {
  if (data === null) return undefined;
  if (typeof data === 'string') return toBytes(data);
  if (typeof data !== 'object' || data instanceof LuaFloat) return data;
  const table = newTable();
  if (Array.isArray(data)) {
    for (const [index, item] of data.entries())
      if (item !== null) table.set(index + 1, toLua(item, newTable));
    return table;
  }
  let empty = true;
  for (const key of Object.keys(data)) {
    const item = data[key];
    if (item === undefined || item === null) continue;
    table.set(toBytes(key), toLua(item, newTable));
    empty = false;
  }
  if (empty) {
    // An empty object stays one: a table that once had a string key.
    table.set('x', true);
    table.set('x', undefined);
  }
  return table;
}
