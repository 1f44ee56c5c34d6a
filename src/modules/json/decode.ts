// JSON text to Lua values, both as bytes. Sealed.
// J1: a number with a point or an exponent is a float, any other an integer, or a float beyond 64 bits.
// J2: null is nil: a field of that value is absent, an array has a hole.
import { LuaFloat } from '../../core/data.js';
import type { Data } from '../../core/data.js';
import { toBytes, tryText } from '../../core/text.js';
import { decodeWire, WireSyntaxError } from '../../core/wire.js';
import type { LuaTable, LuaValue } from '../../lua/values.js';

export type Decoded =
  { readonly ok: true; readonly value: LuaValue } | { readonly ok: false; readonly problem: string };

export function decodeJson(bytes: string, newTable: () => LuaTable): Decoded {
  const text = tryText(bytes);
  if (text === undefined) return { ok: false, problem: 'invalid JSON: the text is not UTF-8' };
  try {
    return { ok: true, value: toLua(decodeWire(text, { strings: 'text' }), newTable) };
  } catch (error) {
    if (error instanceof WireSyntaxError) return { ok: false, problem: toBytes(error.message) };
    throw error;
  }
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
