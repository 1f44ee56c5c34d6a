// The wire: plain data as JSON text and back, with nothing lost. Sealed.
// W1: decodeWire(encodeWire(x)) is x: integers are exact to 64 bits, an integral float is written `3.0`, `-0.0` stays.
// W2: a byte string that is UTF-8 is JSON text; any other is `{"$bytes":"<base64>"}`, and as a key `"$bytes:<base64>"`.
//     A real key that begins so gets one more `$` in front (`$$bytes`), which decoding takes away.
// W3: what has no form (NaN, infinities, functions, class instances, depth beyond MAX_DEPTH) is refused with its path,
//     `$.items[3].price`, array indexes from 0.
// W4: JSON from elsewhere is taken as it is meant: a number with `.` or an exponent is a float, any other an integer, or a
//     float beyond 64 bits; of duplicate keys the last wins; a lone surrogate becomes U+FFFD.
// W5: with `strings: 'text'` strings are text (an entry's data) and W2 does not apply.
// W6: with `exact` what W4 would change (beyond 64 bits, duplicate keys, lone surrogates) is refused with its place: for JSON
//     that a person wrote, who meant something else.
// Where a cheap test proves that native JSON is exact it does the work; the slow path is the definition.
import { type Data, type DataObject, LuaFloat, MAX_DEPTH } from './data.js';
import { SECRET_STAYS, SecretReference } from './secret.js';
import { encodeBase64, tryText } from './text.js';
import { readJson } from './wire-decoder.js';
import { WireValueError, formatPath } from './wire-errors.js';
export { WireSyntaxError, WireValueError } from './wire-errors.js';

export interface WireOptions {
  /** 'bytes' (default): strings are byte strings, one char per byte. 'text': strings are text. */
  readonly strings?: 'bytes' | 'text';
}
export interface DecodeOptions extends WireOptions {
  /** W6. Default false. */
  readonly exact?: boolean;
}
export interface EncodeOptions extends WireOptions {
  /** Indents by two spaces, for people. Default false. */
  readonly pretty?: boolean;
  /** Sorts keys by code unit, so that equal data gives equal text. Default false. */
  readonly sorted?: boolean;
}

/** Integers up to here are plain numbers; beyond, bigints. */
const MAX_INTEGER = 2 ** 53;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
const NOT_ASCII = /[^\0-\x7f]/;
const BYTES_KEY = '$bytes';
/** Keys that decoding would change (W2). */
const RESERVED_KEY = /^\$+bytes(?::|$)/;

/** A plain object of any realm: no prototype, or a root prototype. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

// --- encode ---------------------------------------------------------------------------------------------------------

/** The JSON text of plain data. Throws WireValueError (W3). */
export function encodeWire(data: Data, options: EncodeOptions = {}): string {
  const bytes = options.strings !== 'text';
  if (options.sorted !== true && isNative(data, bytes, 0))
    return options.pretty === true ? JSON.stringify(data, null, 2) : JSON.stringify(data);
  return new Encoder(bytes, options.sorted === true, options.pretty === true).value(data, 0);
}

/** Whether JSON.stringify writes exactly what the encoder would. */
function isNative(data: Data | undefined, bytes: boolean, depth: number): boolean {
  switch (typeof data) {
    case 'string':
      return !bytes || isAscii(data);
    case 'number':
      return data >= -MAX_INTEGER && data <= MAX_INTEGER;
    case 'boolean':
      return true;
    case 'undefined':
      return depth > 0;
    case 'object':
      break;
    default:
      return false;
  }
  if (data === null) return true;
  if (depth >= MAX_DEPTH) return false;
  if (Array.isArray(data)) {
    for (const item of data) if (!isNative(item, bytes, depth + 1)) return false;
    return true;
  }
  if (!isPlain(data)) return false;
  const source = data as DataObject;
  for (const key in source) {
    if (bytes && (key.charCodeAt(0) === 36 || !isAscii(key))) return false;
    if (!isNative(source[key], bytes, depth + 1)) return false;
  }
  return true;
}

/** For short strings a loop is cheaper than a regular expression. */
function isAscii(text: string): boolean {
  if (text.length > 24) return !NOT_ASCII.test(text);
  let all = 0;
  for (let index = 0; index < text.length; index++) all |= text.charCodeAt(index);
  return all < 0x80;
}

/** Whether a string stands in JSON as it is: printable ASCII without quotes and backslashes. Says no for long strings. */
function isBare(text: string): boolean {
  if (text.length > 64) return false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 32 || code > 126 || code === 34 || code === 92) return false;
  }
  return true;
}

class Encoder {
  readonly #bytes: boolean;
  readonly #sorted: boolean;
  readonly #pretty: boolean;
  readonly #path: (string | number)[] = [];

  constructor(bytes: boolean, sorted: boolean, pretty: boolean) {
    this.#bytes = bytes;
    this.#sorted = sorted;
    this.#pretty = pretty;
  }

  value(data: Data | undefined, depth: number): string {
    switch (typeof data) {
      case 'string':
        return this.#string(data);
      case 'number':
        return this.#number(data);
      case 'bigint':
        if (data < MIN_INT64 || data > MAX_INT64) throw this.#refuse('is an integer beyond 64 bits');
        return data.toString();
      case 'boolean':
        return data ? 'true' : 'false';
      case 'undefined':
        return 'null';
      case 'object':
        break;
      default:
        throw this.#refuse(`is a ${typeof data}, which cannot be sent`);
    }
    if (data === null) return 'null';
    if (data instanceof LuaFloat) return this.#float(data.n);
    if (depth >= MAX_DEPTH) throw this.#refuse(`is nested deeper than ${MAX_DEPTH} levels`);
    if (Array.isArray(data)) {
      const items: string[] = [];
      for (let index = 0; index < data.length; index++) {
        this.#path.push(index);
        items.push(this.value(data[index], depth + 1));
        this.#path.pop();
      }
      return this.#join('[', items, ']', depth);
    }
    if ((data as object) instanceof SecretReference) throw this.#refuse(SECRET_STAYS);
    if (!isPlain(data)) throw this.#refuse(`is a ${className(data)}, which is not plain data`);
    return this.#object(data, depth);
  }

  #object(data: DataObject, depth: number): string {
    const keys = Object.keys(data);
    if (this.#sorted) keys.sort();
    const items: string[] = [];
    for (const key of keys) {
      const value = data[key];
      if (value === undefined) continue; // an absent field, as in JSON.stringify
      this.#path.push(key);
      items.push(`${this.#key(key)}:${this.#pretty ? ' ' : ''}${this.value(value, depth + 1)}`);
      this.#path.pop();
    }
    return this.#join('{', items, '}', depth);
  }

  #join(open: string, items: readonly string[], close: string, depth: number): string {
    if (!this.#pretty || items.length === 0) return open + items.join(',') + close;
    const indent = `\n${'  '.repeat(depth)}`;
    return `${open}${indent}  ${items.join(`,${indent}  `)}${indent}${close}`;
  }

  #string(data: string): string {
    if (isBare(data)) return `"${data}"`;
    if (!this.#bytes) return JSON.stringify(data);
    const text = this.#text(data);
    return text === undefined
      ? `{"${BYTES_KEY}":${this.#pretty ? ' ' : ''}"${encodeBase64(data)}"}`
      : JSON.stringify(text);
  }

  #key(key: string): string {
    if (key.charCodeAt(0) !== 36 && isBare(key)) return `"${key}"`;
    if (!this.#bytes) return JSON.stringify(key);
    const text = this.#text(key);
    if (text === undefined) return `"${BYTES_KEY}:${encodeBase64(key)}"`;
    return JSON.stringify(RESERVED_KEY.test(text) ? `$${text}` : text);
  }

  #text(bytes: string): string | undefined {
    if (!NOT_ASCII.test(bytes)) return bytes;
    const wide = /[^\0-\xff]/.exec(bytes);
    if (wide !== null)
      throw this.#refuse(`holds the character '${wide[0]}', which is no byte; turn text into bytes first`);
    return tryText(bytes);
  }

  #number(data: number): string {
    if (Number.isInteger(data) && data >= -MAX_INTEGER && data <= MAX_INTEGER) return String(data);
    return this.#float(data);
  }

  #float(data: number): string {
    if (!Number.isFinite(data))
      throw this.#refuse(`is ${Number.isNaN(data) ? 'NaN' : 'infinite'}, which has no form in JSON`);
    const digits = Object.is(data, -0) ? '-0' : String(data);
    return Number.isInteger(data) && !digits.includes('e') ? `${digits}.0` : digits;
  }

  #refuse(why: string): WireValueError {
    return new WireValueError(formatPath(this.#path), why);
  }
}

function className(value: object): string {
  const maker: unknown = (value as { constructor?: unknown }).constructor;
  return typeof maker === 'function' && maker.name !== '' ? maker.name : 'object of a class';
}

// --- decode ---------------------------------------------------------------------------------------------------------

/** Plain data from JSON text. Throws WireSyntaxError, also for what plain data cannot hold (depth, infinite numbers). */
export function decodeWire(text: string, options: DecodeOptions = {}): Data {
  const bytes = options.strings !== 'text';
  const reading = { bytes, exact: options.exact === true };
  if (reading.exact || !isNativeText(text, bytes)) return readJson(text, reading);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return readJson(text, reading); // throws with the place, in our words
  }
  // Too deep: read again, which throws with the place.
  return withoutPrototypes(value, 0) ? (value as Data) : readJson(text, reading);
}

/** Takes the prototypes away in place (which keeps objects fast); false when the depth is too great. */
function withoutPrototypes(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth >= MAX_DEPTH) return false;
  if (Array.isArray(value)) {
    for (const item of value) if (!withoutPrototypes(item, depth + 1)) return false;
    return true;
  }
  Object.setPrototypeOf(value, null);
  const source = value as Record<string, unknown>;
  for (const key in source) if (!withoutPrototypes(source[key], depth + 1)) return false;
  return true;
}

/**
 * Whether native parsing loses nothing: no text beyond ASCII and no reserved key in bytes mode, no integer of 16 digits or
 * more, no integral float. May say no where yes is true; the reverse never. Says nothing about syntax.
 */
export function isNativeText(text: string, bytes: boolean): boolean {
  const { length } = text;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code === 34) {
      if (bytes && text.charCodeAt(at + 1) === 36) return false;
      for (at++; at < length; at++) {
        const inner = text.charCodeAt(at);
        if (inner === 34) break;
        if (inner === 92) {
          if (bytes && text.charCodeAt(at + 1) === 117) return false;
          at++;
        } else if (inner > 0x7f && bytes) return false;
      }
    } else if ((code >= 48 && code <= 57) || code === 45) {
      const start = at;
      let point = false;
      let fraction = false;
      for (at++; at < length; at++) {
        const next = text.charCodeAt(at);
        if (next === 46) point = true;
        else if (next >= 48 && next <= 57) fraction ||= point && next !== 48;
        else if (next === 101 || next === 69) return false;
        else break;
      }
      if (point !== fraction) return false;
      if (at - start >= 16 && (!point || Number.isInteger(Number(text.slice(start, at))))) return false;
      if (code === 45 && !point && text.charCodeAt(start + 1) === 48) return false;
      at--;
    }
  }
  return true;
}
