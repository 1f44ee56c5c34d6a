// Text and byte strings: UTF-8 in both directions, and base64 of byte strings. Sealed.
// T1: a byte string has one char (0..255) per byte; text is ordinary JavaScript text.
// T2: ASCII is the same in both forms and is returned as it is.
// T3: a lone surrogate in text becomes U+FFFD, as in every UTF-8 encoder; bytes that are not UTF-8 never become text silently.
import { type Data, LuaFloat, MAX_DEPTH, dataObject } from './data.js';
import { PlatformError } from './errors.js';

export class TextError extends PlatformError {
  override readonly name = 'TextError';
  readonly code = 'TEXT_INVALID';
  override readonly kind = 'Invalid';
  override readonly exitCode = 2;
}

const NOT_ASCII = /[^\0-\x7f]/;
const NOT_BYTES = /[^\0-\xff]/;
/** Units per String.fromCharCode call; well below what engines take as arguments. */
const CHUNK = 8192;

export function isAscii(text: string): boolean {
  return !NOT_ASCII.test(text);
}

/** Whether every char is a byte. */
export function isByteString(text: string): boolean {
  return !NOT_BYTES.test(text);
}

function unitsToString(units: Uint16Array, length: number): string {
  return Reflect.apply(
    String.fromCharCode,
    undefined,
    length === units.length ? units : units.subarray(0, length),
  ) as string;
}

/** The UTF-8 bytes of a text, as a byte string. */
export function toBytes(text: string): string {
  if (!NOT_ASCII.test(text)) return text;
  const units = new Uint16Array(Math.min(CHUNK, text.length * 3));
  let result = '';
  let length = 0;
  for (let index = 0; index < text.length; index++) {
    if (length > units.length - 4 && units.length === CHUNK) {
      result += unitsToString(units, length);
      length = 0;
    }
    let point = text.charCodeAt(index);
    if (point < 0x80) {
      units[length++] = point;
      continue;
    }
    if (point < 0x800) {
      units[length++] = 0xc0 | (point >> 6);
      units[length++] = 0x80 | (point & 0x3f);
      continue;
    }
    if (point >= 0xd800 && point <= 0xdfff) {
      const low = point < 0xdc00 && index + 1 < text.length ? text.charCodeAt(index + 1) : 0;
      if (low >= 0xdc00 && low <= 0xdfff) {
        index++;
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        units[length++] = 0xf0 | (point >> 18);
        units[length++] = 0x80 | ((point >> 12) & 0x3f);
        units[length++] = 0x80 | ((point >> 6) & 0x3f);
        units[length++] = 0x80 | (point & 0x3f);
        continue;
      }
      point = 0xfffd; // T3
    }
    units[length++] = 0xe0 | (point >> 12);
    units[length++] = 0x80 | ((point >> 6) & 0x3f);
    units[length++] = 0x80 | (point & 0x3f);
  }
  return result + unitsToString(units, length);
}

/** The text of UTF-8 bytes; `onInvalid` is called with the offset of a wrong byte and gives false to give up. */
function decodeUtf8(bytes: string, onInvalid: (offset: number) => boolean): string | undefined {
  const units = new Uint16Array(Math.min(CHUNK, bytes.length + 2));
  let result = '';
  let length = 0;
  for (let index = 0; index < bytes.length;) {
    if (length > units.length - 2 && units.length === CHUNK) {
      result += unitsToString(units, length);
      length = 0;
    }
    const first = bytes.charCodeAt(index);
    if (first < 0x80) {
      units[length++] = first;
      index++;
      continue;
    }
    const size =
      first >= 0xc2 && first <= 0xdf ? 2 : first >> 4 === 0xe ? 3 : first >= 0xf0 && first <= 0xf4 ? 4 : 0;
    let point = size === 2 ? first & 0x1f : size === 3 ? first & 0x0f : first & 0x07;
    let taken = 1;
    for (; taken < size; taken++) {
      const next = index + taken < bytes.length ? bytes.charCodeAt(index + taken) : 0;
      // The second byte also excludes overlong forms, surrogates and what lies beyond U+10FFFF.
      const lowest = taken === 1 ? (first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80) : 0x80;
      const highest = taken === 1 ? (first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf) : 0xbf;
      if (next < lowest || next > highest) break;
      point = (point << 6) | (next & 0x3f);
    }
    if (size === 0 || taken < size) {
      if (!onInvalid(index)) return undefined;
      units[length++] = 0xfffd;
    } else if (point > 0xffff) {
      units[length++] = 0xd800 + ((point - 0x10000) >> 10);
      units[length++] = 0xdc00 + ((point - 0x10000) & 0x3ff);
    } else {
      units[length++] = point;
    }
    index += taken;
  }
  return result + unitsToString(units, length);
}

/** The text of a byte string, or undefined when the bytes are not UTF-8. */
export function tryText(bytes: string): string | undefined {
  return NOT_ASCII.test(bytes) ? decodeUtf8(bytes, () => false) : bytes;
}

/** The text of a byte string. Throws TextError with the offset of the first wrong byte. */
export function toText(bytes: string): string {
  if (!NOT_ASCII.test(bytes)) return bytes;
  let wrong = 0;
  const text = decodeUtf8(bytes, (offset) => {
    wrong = offset;
    return false;
  });
  if (text === undefined)
    throw new TextError(
      `the bytes are not UTF-8 text (byte ${wrong + 1}); encode them first, e.g. as base64`,
    );
  return text;
}

/** The text of a byte string for people: what is not UTF-8 becomes U+FFFD. */
export function toTextLossy(bytes: string): string {
  return NOT_ASCII.test(bytes) ? (decodeUtf8(bytes, () => true) ?? '') : bytes;
}

export function isUtf8(bytes: string): boolean {
  return tryText(bytes) !== undefined;
}

/** Data whose strings are text (an entry's) as data whose strings are bytes (what Lua gets). Shares what did not change. */
export function textDataToBytes(data: Data): Data {
  return mapStrings(data, toBytes);
}

/** Data whose strings are bytes as data whose strings are text. Throws TextError for bytes that are not UTF-8. */
export function bytesDataToText(data: Data): Data {
  return mapStrings(data, toText);
}

function mapStrings(data: Data, convert: (text: string) => string, depth = 0): Data {
  if (typeof data === 'string') return convert(data);
  if (typeof data !== 'object' || data === null || data instanceof LuaFloat) return data;
  if (depth >= MAX_DEPTH) throw new TextError(`the data is nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(data)) {
    let changed: Data[] | undefined;
    for (let index = 0; index < data.length; index++) {
      const before = data[index] ?? null;
      const after = mapStrings(before, convert, depth + 1);
      if (after !== before) (changed ??= data.slice())[index] = after;
    }
    return changed ?? data;
  }
  const target = dataObject();
  let changed = false;
  for (const [key, before] of Object.entries(data)) {
    const after = mapStrings(before, convert, depth + 1);
    const name = convert(key);
    if (after !== before || name !== key) changed = true;
    target[name] = after;
  }
  return changed ? target : data;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const NOT_BASE64 = /[^A-Za-z0-9+/]/;

/** A multiple of three. */
const BYTES_AT_ONCE = 6144;

/** Standard base64 with padding. */
export function encodeBase64(bytes: string): string {
  const parts: string[] = [];
  const last = bytes.length - (bytes.length % 3);
  // Codes in an array and not pieces of text: a text of a megabyte would be a tree of a million of them.
  for (let from = 0; from < last; from += BYTES_AT_ONCE) {
    const codes: number[] = [];
    for (let index = from; index < last && index < from + BYTES_AT_ONCE; index += 3) {
      const bits =
        (bytes.charCodeAt(index) << 16) | (bytes.charCodeAt(index + 1) << 8) | bytes.charCodeAt(index + 2);
      codes.push(
        ALPHABET.charCodeAt((bits >> 18) & 63),
        ALPHABET.charCodeAt((bits >> 12) & 63),
        ALPHABET.charCodeAt((bits >> 6) & 63),
        ALPHABET.charCodeAt(bits & 63),
      );
    }
    parts.push(String.fromCharCode(...codes));
  }
  if (last < bytes.length) {
    const isOne = last + 1 === bytes.length;
    const bits = (bytes.charCodeAt(last) << 16) | (isOne ? 0 : bytes.charCodeAt(last + 1) << 8);
    const digit = isOne ? '=' : ALPHABET.charAt((bits >> 6) & 63);
    parts.push(`${ALPHABET.charAt((bits >> 18) & 63)}${ALPHABET.charAt((bits >> 12) & 63)}${digit}=`);
  }
  return parts.join('');
}

function sextet(code: number): number {
  if (code >= 97) return code - 71;
  if (code >= 65) return code - 65;
  if (code >= 48) return code + 4;
  return code === 43 ? 62 : 63;
}

/** The bytes of standard base64; undefined when the text is not canonical base64 (padding included). */
export function decodeBase64(text: string): string | undefined {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  if (text.length % 4 !== 0 || NOT_BASE64.test(text.slice(0, text.length - padding))) return undefined;
  const size = (text.length / 4) * 3 - padding;
  const units = new Uint16Array(Math.min(CHUNK, size + 3));
  let result = '';
  let length = 0;
  for (let index = 0; index < text.length; index += 4) {
    if (length > units.length - 3 && units.length === CHUNK) {
      result += unitsToString(units, length);
      length = 0;
    }
    const last = index + 4 >= text.length ? padding : 0;
    const bits =
      (sextet(text.charCodeAt(index)) << 18) |
      (sextet(text.charCodeAt(index + 1)) << 12) |
      (last > 1 ? 0 : sextet(text.charCodeAt(index + 2)) << 6) |
      (last > 0 ? 0 : sextet(text.charCodeAt(index + 3)));
    // Bits beyond the last byte must be zero, so that each byte string has one form only.
    if (last > 0 && (bits & (last === 2 ? 0xffff : 0xff)) !== 0) return undefined;
    units[length++] = bits >> 16;
    if (last < 2) units[length++] = (bits >> 8) & 0xff;
    if (last < 1) units[length++] = bits & 0xff;
  }
  return result + unitsToString(units, length);
}
