// Tokens of a template: its text, and what stands between delimiters. Sealed.
// L1: the source is bytes; a byte above 127 is a letter, so names may hold any.
// L2: each delimiter is searched for once from left to right: a text without comments is not read to its end at every action.
// L3: `{{- ` and ` -}}` take the white space of the text beside them away; comments leave nothing.
import { toBytes, toTextLossy } from '../../core/text.js';
import { TemplateSyntaxError } from './errors.js';

export interface Delimiters {
  readonly left: string;
  readonly right: string;
  readonly commentLeft: string;
  readonly commentRight: string;
}
export const USUAL_DELIMITERS: Delimiters = {
  left: '{{',
  right: '}}',
  commentLeft: '{*',
  commentRight: '*}',
};

type Kind =
  'text' | 'open' | 'close' | 'name' | 'field' | 'keyword' | 'number' | 'string' | 'operator' | 'end';
export interface Token {
  readonly is: Kind;
  /** Of a string its content, of a field its name without the point. */
  readonly value: string;
  readonly at: number;
  /** White space stands before it. */
  readonly apart: boolean;
}

const KEYWORDS = new Set(
  (
    'extends import include block end yield content if else range try catch return and or not nil true false ' +
    'msg trans'
  ).split(' '),
);
const SPACE = /[ \t\r\n]*/y;
const NAME = /[A-Za-z_\x80-\xff][\w\x80-\xff]*/y;
const NUMBER = /0[xX][0-9a-fA-F]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const OPERATOR = /:=|==|!=|<=|>=|&&|\|\||[-+*/%=<>!?:;,|()[\].]/y;
const WORDS: Readonly<Record<string, string>> = { and: '&&', or: '||', not: '!' };
const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

export function tokenize(source: string, delimiters: Delimiters): readonly Token[] {
  return new Lexer(source, delimiters).run();
}

class Lexer {
  readonly #source: string;
  readonly #delimiters: Delimiters;
  readonly #tokens: Token[] = [];
  /** Where each delimiter was found last. L2 */
  readonly #found = new Map<string, number>();
  #at = 0;

  constructor(source: string, delimiters: Delimiters) {
    this.#source = source;
    this.#delimiters = delimiters;
  }

  run(): readonly Token[] {
    const { left, commentLeft, commentRight } = this.#delimiters;
    let trimmed = false;
    for (;;) {
      const from = this.#at;
      const action = this.#find(left);
      const comment = this.#find(commentLeft);
      // Where one begins as the other does, the longer is meant.
      const isComment =
        comment < action ||
        (comment === action && commentLeft.length > left.length && comment < this.#source.length);
      const to = Math.min(action, comment);
      const trims = !isComment && this.#startsWith('- ', to + left.length);
      this.#text(this.#source.slice(from, to), from, trimmed, trims);
      trimmed = false;
      if (to === this.#source.length) break;
      if (isComment) {
        const end = this.#source.indexOf(commentRight, to + commentLeft.length);
        if (end < 0) throw this.#wrong(to, `the comment is not closed; end it with '${commentRight}'`);
        this.#at = end + commentRight.length;
      } else {
        this.#at = to + left.length + (trims ? 2 : 0);
        this.#push('open', left, to, false);
        trimmed = this.#action(to);
      }
    }
    this.#push('end', '', this.#source.length, false);
    return this.#tokens;
  }

  #find(text: string): number {
    const known = this.#found.get(text) ?? -1;
    if (known >= this.#at) return known;
    const found = this.#source.indexOf(text, this.#at);
    const place = found < 0 ? this.#source.length : found;
    this.#found.set(text, place);
    return place;
  }

  #startsWith(text: string, at = this.#at): boolean {
    return this.#source.startsWith(text, at);
  }

  #text(text: string, at: number, start: boolean, end: boolean): void {
    let left = text;
    if (start) left = left.replace(/^[ \t\r\n]+/, '');
    if (end) left = withoutEnd(left);
    if (left !== '') this.#push('text', left, at, false);
  }

  #push(is: Kind, value: string, at: number, apart: boolean): void {
    this.#tokens.push({ is, value, at, apart });
  }

  #wrong(at: number, problem: string): TemplateSyntaxError {
    return new TemplateSyntaxError(this.#source, at, problem);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#source)?.[0] ?? '';
  }

  /** Tokens up to the right delimiter; gives whether the text after it is to be trimmed. */
  #action(open: number): boolean {
    const { right } = this.#delimiters;
    for (;;) {
      const space = this.#match(SPACE);
      this.#at += space.length;
      const at = this.#at;
      const apart = space !== '';
      if (apart && this.#startsWith(`-${right}`)) {
        this.#at += 1 + right.length;
        this.#push('close', right, at, apart);
        return true;
      }
      if (this.#startsWith(right)) {
        this.#at += right.length;
        this.#push('close', right, at, apart);
        return false;
      }
      if (at >= this.#source.length)
        throw this.#wrong(open, `the action is not closed; end it with '${right}'`);
      this.#token(at, apart);
    }
  }

  #token(at: number, apart: boolean): void {
    const first = this.#source[at] ?? '';
    if (first === '"' || first === '`' || first === "'") return this.#quoted(first, at, apart);
    const name = this.#match(NAME);
    if (name !== '') {
      this.#at += name.length;
      const word = WORDS[name];
      if (Object.hasOwn(WORDS, name) && word !== undefined) return this.#push('operator', word, at, apart);
      return this.#push(KEYWORDS.has(name) ? 'keyword' : 'name', name, at, apart);
    }
    const number = this.#match(NUMBER);
    if (number !== '') {
      this.#at += number.length;
      const rest = this.#match(NAME);
      if (rest !== '') throw this.#wrong(at, `'${number}${rest}' is no number`);
      return this.#push('number', number, at, apart);
    }
    const operator = this.#match(OPERATOR);
    if (operator === '') throw this.#wrong(at, `unexpected '${first}' in an action`);
    this.#at += operator.length;
    if (operator === '.') {
      const field = this.#match(NAME);
      if (field !== '') {
        this.#at += field.length;
        return this.#push('field', field, at, apart);
      }
    }
    this.#push('operator', operator, at, apart);
  }

  #quoted(quote: string, at: number, apart: boolean): void {
    const raw = quote === '`';
    let end = at + 1;
    for (; this.#source[end] !== quote; end++) {
      if (this.#source[end] === '\\' && !raw) end += 1;
      if (end >= this.#source.length || (!raw && this.#source[end] === '\n'))
        throw this.#wrong(at, `the string is not closed; end it with ${quote}`);
    }
    const content = this.#source.slice(at + 1, end);
    this.#at = end + 1;
    const value = raw ? content : this.#unescape(content, at);
    if (quote !== "'") return this.#push('string', value, at, apart);
    const [char, ...more] = toTextLossy(value);
    if (char === undefined || more.length > 0)
      throw this.#wrong(at, `'${content}' is not one character; write strings in double quotes`);
    this.#push('number', String(char.codePointAt(0)), at, apart);
  }

  #unescape(content: string, at: number): string {
    if (!content.includes('\\')) return content;
    return content.replace(
      /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([^]))/g,
      (whole: string, byte?: string, short?: string, long?: string, octal?: string, one?: string) => {
        if (byte !== undefined) return String.fromCharCode(parseInt(byte, 16));
        if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8) & 0xff);
        const hex = short ?? long;
        if (hex !== undefined && parseInt(hex, 16) <= 0x10ffff)
          return toBytes(String.fromCodePoint(parseInt(hex, 16)));
        const known = one !== undefined && Object.hasOwn(ESCAPES, one) ? ESCAPES[one] : undefined;
        if (known === undefined) throw this.#wrong(at, `unknown escape '${whole}' in a string`);
        return known;
      },
    );
  }
}

/** Not by a pattern, which would begin anew at each space of a long run. */
function withoutEnd(text: string): string {
  let end = text.length;
  while (end > 0 && ' \t\r\n'.includes(text[end - 1] ?? 'x')) end -= 1;
  return text.slice(0, end);
}
