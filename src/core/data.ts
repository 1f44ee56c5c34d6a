// Plain data: what crosses every border (calls, messages, commands, histories, the registry). Sealed.
// D1: strings are byte strings, one char per byte, as in Lua; the wire (core/wire.ts) turns them into UTF-8 JSON.
// D2: an integer is a number within +-2^53, else a bigint of at most 64 bits; an integral float is a LuaFloat, so 3.0 stays 3.0.
// D3: objects have no prototype (`dataObject`), so that a key such as `__proto__` is a key.
// D4: an empty array is `[]`; an empty object is `{}`: a Lua table that had string keys.
// D5: null stands for nil inside arrays and objects and as a whole value.

/** An integral float (3.0, -0.0, 1e300), told apart from the integer of the same value. Non-integral floats are plain numbers. */
export class LuaFloat {
  readonly n: number;
  constructor(n: number) {
    this.n = n;
  }
}
export interface DataObject {
  [key: string]: Data;
}
export type Data = null | boolean | number | bigint | LuaFloat | string | Data[] | DataObject;

/** An object without a prototype, from pairs or another object's own keys. */
export function dataObject(from: Record<string, Data> = {}): DataObject {
  // Stays fast, unlike Object.create(null).
  return Object.assign(Object.setPrototypeOf({}, null) as DataObject, from);
}

/** The deepest nesting that crosses a border. */
export const MAX_DEPTH = 128;
