// Bytes to tokens, one at a time. Sealed.
// X1: `token` and its fields describe the current token; `advance` reads the next one into them. Nothing is allocated for a
//     token but its text.
// X2: `line` is the line on which the current token ends (PUC's linenumber, what syntax errors name); `tokenLine` and
//     `tokenColumn` say where it begins.
// Long, since every method moves the same few fields; escapes, numerals and classes of characters have files of their own.
import { CLASSES, C_BLANK, C_DIGIT, C_HEXADECIMAL, C_LETTER, C_NAME, isNewline } from './characters.js';
import { QuotedStringReader } from './escapes.js';
import { parseNumeral } from './numeral.js';
import { LuaFloat } from '../../core/data.js';
import { LuaSyntaxError } from './syntax-error.js';
import {
  KEYWORDS,
  T_CONCAT,
  T_DOTS,
  T_DOUBLE_COLON,
  T_END_OF_SOURCE,
  T_EQUAL,
  T_FLOAT,
  T_FLOOR_DIVIDE,
  T_GREATER_EQUAL,
  T_INTEGER,
  T_LESS_EQUAL,
  T_NAME,
  T_NOT_EQUAL,
  T_SHIFT_LEFT,
  T_SHIFT_RIGHT,
  T_STRING,
  describeToken,
} from './tokens.js';

const BYTE_ORDER_MARK = '\xef\xbb\xbf';
const LONGEST_KEYWORD = 8;

/** What `restore` needs to lex again from an earlier token. */
export interface LexerMark {
  readonly token: number;
  readonly text: string;
  readonly value: number | bigint;
  readonly line: number;
  readonly tokenLine: number;
  readonly tokenColumn: number;
  readonly tokenStart: number;
  readonly position: number;
  readonly lineStart: number;
  readonly previousLine: number;
}

export class Lexer {
  token = 0;
  /** The name, or the string's value. */
  text = '';
  /** The numeral's value; a float is a plain number here, told by the token. */
  value: number | bigint = 0;
  line = 1;
  tokenLine = 1;
  tokenColumn = 1;
  /** Offset of the current token. */
  tokenStart = 0;
  /** Offset after the current token. */
  position = 0;
  /** Line on which the token before the current one ended. */
  previousLine = 1;
  readonly source: string;
  #lineStart = 0;

  constructor(source: string) {
    this.source = source;
    if (source.startsWith(BYTE_ORDER_MARK)) this.position = this.#lineStart = BYTE_ORDER_MARK.length;
    if (source.charCodeAt(this.position) === 35) this.#skipLine();
  }

  mark(): LexerMark {
    const { token, text, value, line, tokenLine, tokenColumn, tokenStart, position, previousLine } = this;
    const lineStart = this.#lineStart;
    return {
      token,
      text,
      value,
      line,
      tokenLine,
      tokenColumn,
      tokenStart,
      position,
      lineStart,
      previousLine,
    };
  }

  restore(mark: LexerMark): void {
    this.token = mark.token;
    this.text = mark.text;
    this.value = mark.value;
    this.line = mark.line;
    this.tokenLine = mark.tokenLine;
    this.tokenColumn = mark.tokenColumn;
    this.tokenStart = mark.tokenStart;
    this.position = mark.position;
    this.#lineStart = mark.lineStart;
    this.previousLine = mark.previousLine;
  }

  /** Keeps only the first byte of the current token, so that `>>` can end two type argument lists. */
  splitToken(): void {
    this.token = this.source.charCodeAt(this.tokenStart);
    this.position = this.tokenStart + 1;
  }

  /** Whether `=` (and not `==`) comes after the current token. */
  isBeforeAssign(): boolean {
    const source = this.source;
    let at = this.position;
    let code = source.charCodeAt(at);
    while (code === 32 || code === 9) code = source.charCodeAt(++at);
    if (code === 61) return source.charCodeAt(at + 1) !== 61;
    if (code !== 45 && code !== 10 && code !== 13 && code !== 11 && code !== 12) return false;
    const mark = this.mark();
    this.advance();
    const found = this.token === 61;
    this.restore(mark);
    return found;
  }

  /** The current token as messages quote it. */
  near(): string {
    const { token } = this;
    if (token === T_STRING) return this.#quote(this.#stringAsRead());
    if (token === T_NAME || token === T_INTEGER || token === T_FLOAT) {
      return this.#quote(this.source.slice(this.tokenStart, this.position));
    }
    return describeToken(token);
  }

  advance(): void {
    this.previousLine = this.line;
    const source = this.source;
    const length = source.length;
    let at = this.position;
    for (;;) {
      if (at >= length) {
        this.position = this.tokenStart = at;
        this.tokenLine = this.line;
        this.tokenColumn = at - this.#lineStart + 1;
        this.token = T_END_OF_SOURCE;
        return;
      }
      const code = source.charCodeAt(at);
      if (code === 32) {
        at++;
        continue;
      }
      const kind = CLASSES[code] ?? 0;
      if ((kind & C_LETTER) !== 0) {
        this.#name(at);
        return;
      }
      if (code === 10 || code === 13) {
        const next = at + 1 < length ? source.charCodeAt(at + 1) : 0;
        at += (next === 10 || next === 13) && next !== code ? 2 : 1;
        this.line++;
        this.#lineStart = at;
        continue;
      }
      if (kind === C_BLANK) {
        at++;
        continue;
      }
      if (code === 45 && at + 1 < length && source.charCodeAt(at + 1) === 45) {
        this.position = at;
        this.#comment();
        at = this.position;
        continue;
      }
      this.tokenStart = at;
      this.tokenLine = this.line;
      this.tokenColumn = at - this.#lineStart + 1;
      if ((kind & C_DIGIT) !== 0) this.#numeral(at);
      else if (code === 34 || code === 39) this.#quoted(at, code);
      else this.#symbol(at, code);
      return;
    }
  }

  #name(start: number): void {
    const source = this.source;
    const length = source.length;
    let at = start + 1;
    while (at < length && ((CLASSES[source.charCodeAt(at)] ?? 0) & C_NAME) !== 0) at++;
    this.tokenStart = start;
    this.tokenLine = this.line;
    this.tokenColumn = start - this.#lineStart + 1;
    this.position = at;
    const text = source.slice(start, at);
    this.text = text;
    this.token = at - start <= LONGEST_KEYWORD ? (KEYWORDS.get(text) ?? T_NAME) : T_NAME;
  }

  #symbol(at: number, code: number): void {
    const source = this.source;
    const next = at + 1 < source.length ? source.charCodeAt(at + 1) : 0;
    switch (code) {
      case 61: // =
        if (next === 61) return this.#finish(T_EQUAL, at + 2);
        break;
      case 60: // <
        if (next === 61) return this.#finish(T_LESS_EQUAL, at + 2);
        if (next === 60) return this.#finish(T_SHIFT_LEFT, at + 2);
        break;
      case 62: // >
        if (next === 61) return this.#finish(T_GREATER_EQUAL, at + 2);
        if (next === 62) return this.#finish(T_SHIFT_RIGHT, at + 2);
        break;
      case 126: // ~
        if (next === 61) return this.#finish(T_NOT_EQUAL, at + 2);
        break;
      case 47: // /
        if (next === 47) return this.#finish(T_FLOOR_DIVIDE, at + 2);
        break;
      case 58: // :
        if (next === 58) return this.#finish(T_DOUBLE_COLON, at + 2);
        break;
      case 46: // .
        if (next === 46) {
          const dots = at + 2 < source.length && source.charCodeAt(at + 2) === 46;
          return this.#finish(dots ? T_DOTS : T_CONCAT, dots ? at + 3 : at + 2);
        }
        if (((CLASSES[next] ?? 0) & C_DIGIT) !== 0) return this.#numeral(at);
        break;
      case 91: // [
        if (next === 91 || next === 61) return this.#longString(at);
        break;
    }
    this.#finish(code, at + 1);
  }

  #finish(token: number, position: number): void {
    this.token = token;
    this.position = position;
  }

  #numeral(start: number): void {
    const source = this.source;
    const length = source.length;
    let at = start;
    let value = 0;
    let code = source.charCodeAt(at);
    while (code >= 48 && code <= 57) {
      value = value * 10 + code - 48;
      at++;
      code = at < length ? source.charCodeAt(at) : 0;
    }
    const goesOn = code === 46 || code === 120 || code === 88 || ((CLASSES[code] ?? 0) & C_HEXADECIMAL) !== 0;
    if (!goesOn && at - start <= 15) {
      this.value = value;
      return this.#finish(T_INTEGER, at);
    }
    this.#longNumeral(start);
  }

  /** Takes what PUC takes for a numeral, then asks what it spells. */
  #longNumeral(start: number): void {
    const source = this.source;
    let at = start;
    const codeAt = (offset: number): number => (offset < source.length ? source.charCodeAt(offset) : 0);
    if (codeAt(at) === 46) at++;
    const hexadecimal = codeAt(at) === 48 && (codeAt(at + 1) | 32) === 120;
    if (hexadecimal) at += 2;
    const exponent = hexadecimal ? 112 : 101;
    for (;;) {
      const code = codeAt(at);
      if ((code | 32) === exponent) {
        at++;
        if (codeAt(at) === 43 || codeAt(at) === 45) at++;
      } else if (code === 46 || ((CLASSES[code] ?? 0) & C_HEXADECIMAL) !== 0) at++;
      else break;
    }
    const text = source.slice(start, at);
    const value = parseNumeral(text);
    if (value === undefined)
      throw new LuaSyntaxError(`malformed number near ${this.#quote(text)}`, this.line, start);
    if (value instanceof LuaFloat) this.value = value.n;
    else this.value = value;
    const integral = typeof value === 'bigint' || Number.isInteger(value);
    this.#finish(integral ? T_INTEGER : T_FLOAT, at);
  }

  #quoted(start: number, quote: number): void {
    const source = this.source;
    const length = source.length;
    let at = start + 1;
    while (at < length) {
      const code = source.charCodeAt(at);
      if (code === quote) {
        this.text = source.slice(start + 1, at);
        return this.#finish(T_STRING, at + 1);
      }
      if (code === 92 || isNewline(code)) break;
      at++;
    }
    const reader = new QuotedStringReader(source, start, this.line);
    this.text = reader.read();
    if (reader.lines > 0) {
      this.line += reader.lines;
      this.#lineStart = reader.lineStart;
    }
    this.#finish(T_STRING, reader.end);
  }

  #longString(start: number): void {
    const level = this.#bracketLevel(start);
    if (level < 0) {
      const seen = this.source.slice(start, start - level);
      throw new LuaSyntaxError(
        `invalid long string delimiter near ${this.#quote(seen)}`,
        this.line,
        start - level,
      );
    }
    const line = this.line;
    const text = this.#longText(start, level);
    if (text === undefined) {
      throw new LuaSyntaxError(
        `unfinished long string (starting at line ${String(line)}) near <eof>`,
        this.line,
        this.source.length,
      );
    }
    this.text = text;
    this.token = T_STRING;
  }

  /** The number of `=` in the long bracket at `start`; for what is none, minus the bytes that were looked at. */
  #bracketLevel(start: number): number {
    let at = start + 1;
    while (this.source.charCodeAt(at) === 61) at++;
    return this.source.charCodeAt(at) === 91 ? at - start - 1 : start - at;
  }

  /** The text in the long bracket at `start`; steps past it and counts its lines. undefined: it does not end. */
  #longText(start: number, level: number): string | undefined {
    const source = this.source;
    let begin = start + level + 2;
    const close = `]${'='.repeat(level)}]`;
    const end = source.indexOf(close, begin);
    const first = source.charCodeAt(begin);
    if (isNewline(first)) {
      const second = source.charCodeAt(begin + 1);
      begin += isNewline(second) && second !== first ? 2 : 1;
      this.line++;
      this.#lineStart = begin;
    }
    const text = source.slice(begin, end < 0 ? source.length : end);
    this.#countLines(begin, begin + text.length);
    this.position = end < 0 ? source.length : end + close.length;
    if (end < 0) return undefined;
    return text.includes('\r') ? text.replace(/\r\n|\n\r|\r/g, '\n') : text;
  }

  #countLines(from: number, to: number): void {
    const source = this.source;
    for (let at = from; at < to; at++) {
      const code = source.charCodeAt(at);
      if (code !== 10 && code !== 13) continue;
      const next = at + 1 < to ? source.charCodeAt(at + 1) : 0;
      if (isNewline(next) && next !== code) at++;
      this.line++;
      this.#lineStart = at + 1;
    }
  }

  /** Steps over the comment whose `--` is at the position. */
  #comment(): void {
    const start = this.position + 2;
    const bracket = this.source.charCodeAt(start) === 91 ? this.#bracketLevel(start) : -1;
    if (bracket < 0) return this.#skipLine();
    const line = this.line;
    if (this.#longText(start, bracket) === undefined) {
      throw new LuaSyntaxError(
        `unfinished long comment (starting at line ${String(line)}) near <eof>`,
        this.line,
        this.source.length,
      );
    }
  }

  #skipLine(): void {
    const source = this.source;
    let at = this.position;
    while (at < source.length && !isNewline(source.charCodeAt(at))) at++;
    this.position = at;
  }

  #stringAsRead(): string {
    const open = this.source.charCodeAt(this.tokenStart);
    if (open !== 91) return String.fromCharCode(open) + this.text + String.fromCharCode(open);
    const level = '='.repeat(this.#bracketLevel(this.tokenStart));
    return `[${level}[${this.text}]${level}]`;
  }

  /** As C prints it: up to the first NUL. */
  #quote(text: string): string {
    const nul = text.indexOf('\0');
    return `'${nul < 0 ? text : text.slice(0, nul)}'`;
  }
}
