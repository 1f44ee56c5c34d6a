// Lua values as JSON text, both as bytes. Sealed.
// J1: integers are exact to 64 bits, an integral float is written `3.0`; NaN and infinities are `null`, as documented.
// J2: a table is an array (keys 1..n) or an object (string keys); anything else is refused with its path.
// J3: the text is bounded, so that a table met many times over cannot fill the memory.
import { MAX_DEPTH } from '../../core/data.js';
import { SECRET_STAYS, SecretReference } from '../../core/secret.js';
import { isAscii, isUtf8, toBytes } from '../../core/text.js';
import { encodeWire } from '../../core/wire.js';
import { formatPath } from '../../core/wire-errors.js';
import { asText } from '../instance/arguments.js';
import { LuaFloat, LuaTable, LuaUserdata, luaType } from '../values.js';
import type { LuaValue } from '../values.js';
import { encodePlain, numberText, TABLE_CHARACTERS, TOLD_AT_ONCE, TOO_LONG } from './fast-encode.js';

/** Longest text that is made. Bytes. */
const MAX_TEXT = 64 * 1024 * 1024;

/** A value without a form in JSON. */
export class JsonEncodeError extends Error {
  override readonly name = 'JsonEncodeError';
}

/** What writing costs, as it goes on, also where it comes to nothing: characters, of which a table counts as some. */
export type Tell = (characters: number) => void;

/** A table that stands in many places is written at each. */
export function encodeJson(value: LuaValue, tell: Tell): string {
  const plain = plainText(value, tell);
  if (plain !== undefined) return plain;
  const writer = new JsonWriter(tell);
  try {
    return writer.write(value);
  } finally {
    writer.tellRest();
  }
}

function plainText(value: LuaValue, tell: Tell): string | undefined {
  try {
    return encodePlain(value, MAX_TEXT, tell);
  } catch (error) {
    throw error === TOO_LONG ? tooLong() : error;
  }
}

const tooLong = (): JsonEncodeError =>
  new JsonEncodeError(`cannot encode: the text is longer than ${MAX_TEXT / 1024 / 1024} MB`);

/** A character costs so many here, an element some besides. */
const SLOWLY = 4;
const ITEM_CHARACTERS = 8;

class JsonWriter {
  readonly #path: (string | number)[] = [];
  readonly #around: LuaTable[] = [];
  readonly #tell: Tell;
  #size = 0;
  #tables = 0;
  #items = 0;
  #told = 0;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  tellRest(): void {
    const cost = SLOWLY * (this.#size + this.#tables * TABLE_CHARACTERS + this.#items * ITEM_CHARACTERS);
    const rest = cost - this.#told;
    this.#told = cost;
    this.#tell(rest);
  }

  write(value: LuaValue): string {
    switch (typeof value) {
      case 'undefined':
        return 'null';
      case 'boolean':
        return value ? 'true' : 'false';
      case 'bigint':
        return this.#counted(value.toString());
      case 'number':
        return this.#counted(numberText(value));
      case 'string':
        return this.#string(value);
      case 'function':
        throw this.#refuse('is a function');
      default:
        if (value instanceof LuaFloat) return this.#counted(numberText(value.n, true));
        if (value instanceof LuaTable) return this.#table(value);
        if (value instanceof LuaUserdata) return this.#userdata(value);
        throw this.#refuse(`is a ${luaType(value)}`);
    }
  }

  #table(table: LuaTable): string {
    if (this.#around.includes(table)) throw this.#refuse('contains itself');
    if (this.#around.length >= MAX_DEPTH) throw this.#refuse(`is nested deeper than ${MAX_DEPTH} levels`);
    if (++this.#tables % TOLD_AT_ONCE === 0) this.tellRest();
    this.#around.push(table);
    const items: string[] = [];
    let object: boolean | undefined;
    for (const [key, item] of table.entries()) {
      const isName = typeof key === 'string';
      if (object !== undefined && object !== isName)
        throw this.#refuse('has both string keys and numbers as keys');
      object = isName;
      if (!isName && key !== items.length + 1)
        throw this.#refuse(
          typeof key === 'number' || key instanceof LuaFloat
            ? `is an array with holes (a value at ${key instanceof LuaFloat ? key.n : key}, none at ${items.length + 1})`
            : `has a ${luaType(key)} as key`,
        );
      this.#path.push(isName ? key : items.length);
      const text = this.write(item);
      items.push(isName ? `${this.#string(key)}:${text}` : text);
      this.#path.pop();
      this.#items++;
      this.#count(1);
    }
    this.#around.pop();
    if (object === true || (object === undefined && table.hadStringKeys?.() === true))
      return `{${items.join(',')}}`;
    return `[${items.join(',')}]`;
  }

  #string(bytes: string): string {
    this.#count(bytes.length + 2);
    if (!isAscii(bytes) && !isUtf8(bytes))
      throw this.#refuse('is text that is not UTF-8; encode bytes with base64 first');
    return JSON.stringify(bytes);
  }

  /** Errors and durations are their text; what else crosses borders is what crosses. */
  #userdata(userdata: LuaUserdata): string {
    const { data } = userdata.type.meta;
    if (data === undefined)
      throw this.#refuse(`is a ${userdata.type.name}; write it as text or as a number first`);
    const text = asText(userdata);
    if (text !== undefined) return this.#string(text);
    const plain = data(userdata.value as never);
    if ((plain as unknown) instanceof SecretReference) throw this.#refuse(SECRET_STAYS);
    const encoded = toBytes(encodeWire(plain));
    this.#count(encoded.length);
    return encoded;
  }

  #counted(text: string): string {
    this.#count(text.length);
    return text;
  }

  #count(bytes: number): void {
    this.#size += bytes;
    if (this.#size * SLOWLY - this.#told > TOLD_AT_ONCE * TABLE_CHARACTERS) this.tellRest();
    if (this.#size > MAX_TEXT) throw tooLong();
  }

  #refuse(why: string): JsonEncodeError {
    const path = formatPath(this.#path);
    return new JsonEncodeError(
      `cannot encode: ${path.length > 120 ? `${path.slice(0, 117)}...` : path} ${why}`,
    );
  }
}
