// Quoted strings of Lua source, from the first escape on. Sealed.
// E1: what PUC keeps in its buffer while it reads is kept here as `seen`, since the error quotes it: `near '"abc\q'`.
import {
  CLASSES,
  C_BLANK,
  C_DIGIT,
  C_HEXADECIMAL,
  C_NEWLINE,
  hexadecimalValue,
  isNewline,
} from './characters.js';
import { LuaSyntaxError } from './syntax-error.js';

// A name of the global object is looked up slowly in a workflow's sandbox.
const { fromCharCode } = String;
const { floor } = Math;

const SIMPLE: ReadonlyMap<number, string> = new Map(
  Object.entries({
    a: '\x07',
    b: '\b',
    f: '\f',
    n: '\n',
    r: '\r',
    t: '\t',
    v: '\v',
    '\\': '\\',
    '"': '"',
    "'": "'",
  }).map(([letter, value]) => [letter.charCodeAt(0), value]),
);

/** The UTF-8 bytes of a code point up to 2^31, one char per byte. */
export function encodeUtf8(code: number): string {
  if (code < 0x80) return fromCharCode(code);
  let bytes = '';
  let firstLimit = 0x3f;
  let rest = code;
  do {
    bytes = fromCharCode(0x80 | (rest & 0x3f)) + bytes;
    rest = floor(rest / 64);
    firstLimit >>= 1;
  } while (rest > firstLimit);
  return fromCharCode(((~firstLimit << 1) & 0xff) | rest) + bytes;
}

/** Reads a string whose opening quote is at `start`. After `read`, `end` is past the closing quote and `lines` counts the newlines. */
export class QuotedStringReader {
  end: number;
  lines = 0;
  /** Offset after the last newline inside the string. */
  lineStart = 0;
  readonly #source: string;
  readonly #start: number;
  readonly #line: number;
  #value = '';

  constructor(source: string, start: number, line: number) {
    this.#source = source;
    this.#start = start;
    this.#line = line;
    this.end = start + 1;
  }

  read(): string {
    const quote = this.#code(this.#start);
    for (;;) {
      const from = this.end;
      let code = this.#code(from);
      while (code !== quote && code !== 92 && code !== -1 && !isNewline(code)) code = this.#code(++this.end);
      this.#value += this.#source.slice(from, this.end);
      if (code === quote) {
        this.end++;
        return this.#value;
      }
      if (code === -1) this.#fail('unfinished string', '<eof>');
      if (code !== 92) this.#fail('unfinished string', this.#seen(this.end, this.end));
      this.#value += this.#escape();
    }
  }

  #escape(): string {
    const backslash = this.end++;
    const code = this.#code(this.end);
    const simple = SIMPLE.get(code);
    if (simple !== undefined) {
      this.end++;
      return simple;
    }
    if (code === 120) return this.#hexadecimal(backslash);
    if (code === 117) return this.#unicode(backslash);
    if (code === 122) return this.#skipBlanks();
    if (isNewline(code)) {
      this.#newline(code);
      return '\n';
    }
    if (code === -1) return '';
    if (!this.#is(code, C_DIGIT)) this.#refuse('invalid escape sequence', backslash);
    return this.#decimal(backslash);
  }

  #hexadecimal(backslash: number): string {
    let value = 0;
    for (let i = 0; i < 2; i++) {
      const code = this.#code(++this.end);
      if (!this.#is(code, C_HEXADECIMAL)) this.#refuse('hexadecimal digit expected', backslash);
      value = value * 16 + hexadecimalValue(code);
    }
    this.end++;
    return fromCharCode(value);
  }

  #unicode(backslash: number): string {
    if (this.#code(++this.end) !== 123) this.#refuse("missing '{'", backslash);
    let code = this.#code(++this.end);
    if (!this.#is(code, C_HEXADECIMAL)) this.#refuse('hexadecimal digit expected', backslash);
    let value = 0;
    for (; this.#is(code, C_HEXADECIMAL); code = this.#code(++this.end)) {
      value = value * 16 + hexadecimalValue(code);
      if (value > 0x10ffff) this.#refuse('UTF-8 value too large', backslash);
    }
    if (code !== 125) this.#refuse("missing '}'", backslash);
    this.end++;
    return encodeUtf8(value);
  }

  #decimal(backslash: number): string {
    let value = 0;
    for (let i = 0; i < 3; i++) {
      const code = this.#code(this.end);
      if (!this.#is(code, C_DIGIT)) break;
      value = value * 10 + code - 48;
      this.end++;
    }
    if (value > 255) this.#refuse('decimal escape too large', backslash);
    return fromCharCode(value);
  }

  #skipBlanks(): string {
    let code = this.#code(++this.end);
    while (this.#is(code, C_BLANK | C_NEWLINE)) {
      if (isNewline(code)) this.#newline(code);
      else this.end++;
      code = this.#code(this.end);
    }
    return '';
  }

  /** Steps over a newline; `\r\n` and `\n\r` are one. */
  #newline(code: number): void {
    const next = this.#code(++this.end);
    if (isNewline(next) && next !== code) this.end++;
    this.lines++;
    this.lineStart = this.end;
  }

  #code(offset: number): number {
    return offset < this.#source.length ? this.#source.charCodeAt(offset) : -1;
  }

  #is(code: number, classes: number): boolean {
    return code >= 0 && ((CLASSES[code] ?? 0) & classes) !== 0;
  }

  /** PUC's buffer: the quote, the value so far, and the source of the escape that is being read. */
  #seen(escape: number, end: number): string {
    const text = this.#source.charAt(this.#start) + this.#value + this.#source.slice(escape, end);
    const nul = text.indexOf('\0');
    return `'${nul < 0 ? text : text.slice(0, nul)}'`;
  }

  #refuse(message: string, escape: number): never {
    this.#fail(message, this.#seen(escape, Math.min(this.end + 1, this.#source.length)));
  }

  #fail(message: string, near: string): never {
    throw new LuaSyntaxError(`${message} near ${near}`, this.#line + this.lines, this.end);
  }
}
