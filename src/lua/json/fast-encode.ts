// JSON text of plain tables in one go. Sealed.
// F1: it writes exactly what encode.ts would, which is the definition; where something is not plain it gives up, and that one
//     writes the text or says what is wrong.
import { MAX_DEPTH } from '../../core/data.js';
import { isUtf8 } from '../../core/text.js';
import { LuaFloat, LuaTable } from '../values.js';
import type { LuaValue } from '../values.js';

/** Thrown to give up: made once, for its stack is of no use. */
const NOT_PLAIN = new Error('not plain');
/** Thrown where the text would be longer than it may be. */
export const TOO_LONG = new Error('too long');

/** The text; undefined where the value is not plain. Throws TOO_LONG where it would be longer than `most`. */
export function encodePlain(
  value: LuaValue,
  most: number,
  tell: (characters: number) => void,
): string | undefined {
  const writer = new PlainWriter(most, tell);
  try {
    writer.value(value);
    return writer.text;
  } catch (error) {
    if (error === NOT_PLAIN) return undefined;
    throw error;
  } finally {
    writer.tellRest();
  }
}

/** Keys with their quotes and colon, as far as they are few. */
const keys = new Map<string, string>();
const MOST_KEYS = 2000;
const LONGEST_KEY = 40;

function keyText(key: string): string {
  const known = keys.get(key);
  if (known !== undefined) return known;
  const text = `${stringText(key)}:`;
  if (key.length <= LONGEST_KEY) {
    if (keys.size >= MOST_KEYS) keys.clear();
    keys.set(key, text);
  }
  return text;
}

/** What stands in JSON only escaped, or is not ASCII. */
const NOT_BARE = /[^ !#-[\]-~]/;
/** So long a string is looked at char by char: a regular expression costs more to begin. */
const SHORT = 32;

function stringText(text: string): string {
  const { length } = text;
  if (length > SHORT) return NOT_BARE.test(text) ? escaped(text) : `"${text}"`;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code < 32 || code > 126 || code === 34 || code === 92) return escaped(text);
  }
  return `"${text}"`;
}

function escaped(text: string): string {
  if (!isUtf8(text)) throw NOT_PLAIN;
  return JSON.stringify(text);
}

/** What a table costs besides its characters, in characters. */
export const TABLE_CHARACTERS = 40;
/** Tables that are written before it is told. */
export const TOLD_AT_ONCE = 1024;

/** What a table has shown itself to be so far. */
type Kind = 'unknown' | 'items' | 'fields';

class PlainWriter {
  text = '';
  readonly #most: number;
  readonly #tell: (characters: number) => void;
  #tables = 0;
  #told = 0;
  #depth = 0;
  // Of the table under way.
  #kind: Kind = 'unknown';
  #items = 0;

  constructor(most: number, tell: (characters: number) => void) {
    this.#most = most;
    this.#tell = tell;
  }

  tellRest(): void {
    const cost = this.text.length + this.#tables * TABLE_CHARACTERS;
    const rest = cost - this.#told;
    this.#told = cost;
    this.#tell(rest);
  }

  value(value: LuaValue): void {
    switch (typeof value) {
      case 'string':
        this.text += stringText(value);
        return;
      case 'number':
        this.text += value - value === 0 ? value : 'null'; // NaN, infinities
        return;
      case 'boolean':
        this.text += value ? 'true' : 'false';
        return;
      case 'bigint':
        this.text += value.toString();
        return;
      case 'object':
        if (value instanceof LuaTable) this.#table(value);
        else if (value instanceof LuaFloat) this.text += numberText(value.n, true);
        else throw NOT_PLAIN;
        return;
      default:
        throw NOT_PLAIN;
    }
  }

  #table(table: LuaTable): void {
    // A table within itself goes down to here at once.
    if (this.#depth >= MAX_DEPTH) throw NOT_PLAIN;
    if (++this.#tables % TOLD_AT_ONCE === 0) this.tellRest();
    const [kind, items] = [this.#kind, this.#items];
    this.#kind = 'unknown';
    this.#items = 0;
    this.#depth++;
    table.forEach(this.#pair);
    this.text += this.#end(table);
    if (this.text.length - this.#told > TOLD_AT_ONCE * TABLE_CHARACTERS) this.tellRest();
    if (this.text.length > this.#most) throw TOO_LONG;
    this.#depth--;
    this.#kind = kind;
    this.#items = items;
  }

  #end(table: LuaTable): string {
    if (this.#kind === 'fields') return '}';
    if (this.#kind === 'items') return ']';
    return table.hadStringKeys?.() === true ? '{}' : '[]';
  }

  readonly #pair = (key: LuaValue, value: LuaValue): void => {
    const kind = this.#kind;
    if (typeof key === 'string') {
      if (kind === 'items') throw NOT_PLAIN;
      this.#kind = 'fields';
      this.text += (kind === 'fields' ? ',' : '{') + keyText(key);
    } else {
      if (kind === 'fields' || key !== this.#items + 1) throw NOT_PLAIN;
      this.#kind = 'items';
      this.#items++;
      this.text += kind === 'items' ? ',' : '[';
    }
    this.value(value);
  };
}

/** NaN and infinities are `null`, as documented; a float has a point or an exponent. */
export function numberText(value: number, float = false): string {
  if (!Number.isFinite(value)) return 'null';
  const digits = Object.is(value, -0) ? '-0' : String(value);
  return (float || Object.is(value, -0)) && !/[.e]/.test(digits) ? `${digits}.0` : digits;
}
