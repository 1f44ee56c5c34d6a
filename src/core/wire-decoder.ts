// Reads JSON text into plain data exactly as core/wire.ts defines it, where native JSON.parse would lose something. Sealed.
import { type Data, LuaFloat, MAX_DEPTH, type DataObject } from './data.js';
import { decodeBase64, toBytes } from './text.js';
import { WireSyntaxError } from './wire-errors.js';

const MAX_INTEGER = 2 ** 53;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
const BYTES_KEY = '$bytes';
const HIGH_SURROGATE = /^\\u[dD][89abAB][\dA-Fa-f]{2}$/;
const LOW_SURROGATE = /^\\u[dD][c-fC-F][\dA-Fa-f]{2}$/;
const ESCAPED_KEY = /^\$\$+bytes(?::|$)/;

export interface ReadOptions {
  /** Strings become byte strings. */
  readonly bytes: boolean;
  /** What could only be taken as something else is refused (W6). */
  readonly exact: boolean;
}

/** The data of a JSON text. Throws WireSyntaxError. */
export function readJson(text: string, options: ReadOptions): Data {
  return new JsonReader(text, options).document();
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

class JsonReader {
  readonly #text: string;
  readonly #bytes: boolean;
  readonly #exact: boolean;
  #at = 0;

  constructor(text: string, { bytes, exact }: ReadOptions) {
    this.#text = text;
    this.#bytes = bytes;
    this.#exact = exact;
  }

  document(): Data {
    const value = this.#value(0);
    if (!Number.isNaN(this.#next())) throw this.#unexpected('the end of the text');
    return value;
  }

  /** Skips white space; the code of the next char, NaN at the end. */
  #next(): number {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return code;
      this.#at++;
    }
  }

  #value(depth: number): Data {
    const code = this.#next();
    switch (code) {
      case 34: // "
        return this.#string();
      case 123: // {
        return this.#object(depth);
      case 91: // [
        return this.#array(depth);
      case 116: // t
        return this.#word('true', true);
      case 102: // f
        return this.#word('false', false);
      case 110: // n
        return this.#word('null', null);
      default:
        if (code === 45 || isDigit(code)) return this.#number();
        throw this.#unexpected('a value');
    }
  }

  #word<T extends boolean | null>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#unexpected('a value');
    this.#at += word.length;
    return value;
  }

  #array(depth: number): Data[] {
    if (depth >= MAX_DEPTH) throw this.#error(`nested deeper than ${MAX_DEPTH} levels`);
    const items: Data[] = [];
    this.#at++;
    if (this.#next() === 93) {
      this.#at++;
      return items;
    }
    for (;;) {
      items.push(this.#value(depth + 1));
      const code = this.#next();
      if (code !== 44 && code !== 93) throw this.#unexpected("',' or ']'");
      this.#at++;
      if (code === 93) return items;
    }
  }

  #object(depth: number): DataObject | string {
    if (depth >= MAX_DEPTH) throw this.#error(`nested deeper than ${MAX_DEPTH} levels`);
    const target = Object.setPrototypeOf({}, null) as DataObject; // stays fast, unlike Object.create(null)
    let marked = false;
    this.#at++;
    if (this.#next() === 125) {
      this.#at++;
      return target;
    }
    for (;;) {
      if (this.#next() !== 34) throw this.#unexpected('a key in quotes');
      const start = this.#at;
      const written = this.#string();
      const key = this.#bytes && written.charCodeAt(0) === 36 ? unescapeKey(written) : written;
      if (this.#exact && Object.hasOwn(target, key))
        throw this.#errorAt(
          start,
          `the key '${excerpt(this.#text.slice(start + 1, this.#at - 1))}' is given twice; remove one`,
        );
      if (this.#next() !== 58) throw this.#unexpected("':'");
      this.#at++;
      target[key] = this.#value(depth + 1);
      if (this.#bytes && written === BYTES_KEY) marked = true;
      const code = this.#next();
      if (code !== 44 && code !== 125) throw this.#unexpected("',' or '}'");
      this.#at++;
      if (code === 125) return marked ? unmark(target) : target;
    }
  }

  #string(): string {
    const text = this.#text;
    const start = ++this.#at;
    let all = 0;
    for (;;) {
      const code = text.charCodeAt(this.#at);
      if (code === 34) break;
      if (code === 92) return this.#escaped(start);
      if (!(code >= 32)) throw this.#unexpected('the end of the string');
      all |= code;
      this.#at++;
    }
    const content = text.slice(start, this.#at++);
    return this.#bytes && all > 0x7f ? toBytes(content) : content;
  }

  /** A string with escapes, from the first of them on. */
  #escaped(start: number): string {
    const text = this.#text;
    for (;;) {
      const code = text.charCodeAt(this.#at);
      if (code === 34) break;
      if (!(code >= 32)) throw this.#unexpected('the end of the string');
      if (code !== 92) {
        this.#at++;
        continue;
      }
      const letter = text[this.#at + 1] ?? '';
      if (letter === 'u') {
        if (!/^[\dA-Fa-f]{4}$/.test(text.slice(this.#at + 2, this.#at + 6)))
          throw this.#error("'\\u' needs four hexadecimal digits");
        this.#at += this.#exact ? this.#surrogates() : 6;
      } else {
        if (letter === '' || !'"\\/bfnrt'.includes(letter)) throw this.#error(`unknown escape '\\${letter}'`);
        this.#at += 2;
      }
    }
    const content = JSON.parse(text.slice(start - 1, ++this.#at)) as string;
    return this.#bytes ? toBytes(content) : content;
  }

  /** How long the escape here is, with the one behind it where the two are one character. */
  #surrogates(): number {
    const first = this.#text.slice(this.#at, this.#at + 6);
    const second = this.#text.slice(this.#at + 6, this.#at + 12);
    if (HIGH_SURROGATE.test(first) && LOW_SURROGATE.test(second)) return 12;
    if (!HIGH_SURROGATE.test(first) && !LOW_SURROGATE.test(first)) return 6;
    throw this.#error(`'${first}' is half of a character; write both halves of the surrogate pair`);
  }

  #number(): Data {
    const text = this.#text;
    const start = this.#at;
    if (text.charCodeAt(this.#at) === 45) this.#at++;
    const first = text.charCodeAt(this.#at);
    if (!isDigit(first)) throw this.#unexpected('a digit');
    this.#digits();
    if (first === 48 && isDigit(text.charCodeAt(start + (text.charCodeAt(start) === 45 ? 2 : 1))))
      throw this.#errorAt(start, 'a number cannot begin with a zero');
    let float = false;
    if (text.charCodeAt(this.#at) === 46) {
      float = true;
      this.#at++;
      if (this.#digits() === 0) throw this.#unexpected('a digit');
    }
    if ((text.charCodeAt(this.#at) | 32) === 101) {
      float = true;
      this.#at++;
      const sign = text.charCodeAt(this.#at);
      if (sign === 43 || sign === 45) this.#at++;
      if (this.#digits() === 0) throw this.#unexpected('a digit');
    }
    const token = text.slice(start, this.#at);
    const value = Number(token);
    if (!Number.isFinite(value)) throw this.#errorAt(start, `the number ${excerpt(token)} is too large`);
    if (float) return Number.isInteger(value) ? new LuaFloat(value) : value;
    if (token.length < 16) return value === 0 ? 0 : value;
    const exact = token.length > 20 ? undefined : BigInt(token);
    if (exact === undefined || exact < MIN_INT64 || exact > MAX_INT64) {
      if (!this.#exact) return new LuaFloat(value);
      const why = `the integer ${excerpt(token)} has more than 64 bits`;
      throw this.#errorAt(
        start,
        `${why}; write it as a text in quotes, or with '.0' as a float that is not exact`,
      );
    }
    return exact >= -MAX_INTEGER && exact <= MAX_INTEGER ? Number(exact) : exact;
  }

  /** Skips digits and counts them. */
  #digits(): number {
    const start = this.#at;
    while (isDigit(this.#text.charCodeAt(this.#at))) this.#at++;
    return this.#at - start;
  }

  #unexpected(expected: string): WireSyntaxError {
    const point = this.#text.codePointAt(this.#at);
    const found = point === undefined ? 'the end of the text' : `'${String.fromCodePoint(point)}'`;
    return this.#error(found === expected ? `expected more` : `expected ${expected}, found ${found}`);
  }

  #error(why: string): WireSyntaxError {
    return this.#errorAt(this.#at, why);
  }

  #errorAt(offset: number, why: string): WireSyntaxError {
    return new WireSyntaxError(this.#text, offset, why);
  }
}

/** The key that an encoded key stands for: `$bytes:<base64>` is a key of bytes, `$$bytes` is `$bytes`. */
function unescapeKey(key: string): string {
  if (ESCAPED_KEY.test(key)) return key.slice(1);
  if (!key.startsWith(`${BYTES_KEY}:`)) return key;
  return decodeBase64(key.slice(BYTES_KEY.length + 1)) ?? key;
}

/** The byte string of `{"$bytes":"<base64>"}`; anything else stays the object it is. */
function unmark(target: DataObject): DataObject | string {
  const content = target[BYTES_KEY];
  if (typeof content !== 'string' || Object.keys(target).length !== 1) return target;
  return decodeBase64(content) ?? target;
}

function excerpt(token: string): string {
  return token.length > 24 ? `${token.slice(0, 24)}...` : token;
}
