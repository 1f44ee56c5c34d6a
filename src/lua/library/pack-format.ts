// The format strings of string.pack and its kin, read option by option. Sealed.
import { argumentError, raise } from '../compiled/errors.js';
import { charge } from '../compiled/protocol.js';

export type PackKind =
  'int' | 'unsigned' | 'float' | 'double' | 'char' | 'string' | 'zero' | 'padding' | 'align' | 'none';

/** Instructions of a character of a format. */
const OPTION_COST = 8;
const MAX_INTEGER_SIZE = 16;
const NATIVE_ALIGNMENT = 8;
export const MAX_SIZE = 2147483647;

/** A byte as PUC's messages show it. */
function printable(byte: string): string {
  return /^[ -~]$/.test(byte) ? byte : `<\\${String(byte.charCodeAt(0))}>`;
}

export class PackFormat {
  isLittle = true;
  kind: PackKind = 'none';
  size = 0;
  /** Bytes of padding before the option. */
  padding = 0;
  readonly #text: string;
  readonly #name: string;
  #at = 0;
  #maxAlignment = 1;

  constructor(text: string, name: string) {
    // A format is a text of C's: it ends where a zero is.
    const zero = text.indexOf('\0');
    this.#text = zero < 0 ? text : text.slice(0, zero);
    charge(this.#text.length * OPTION_COST);
    this.#name = name;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Reads the next option, which begins at offset `total` of the result. */
  next(total: number): void {
    this.#option();
    let alignment = this.size;
    if (this.kind === 'align') {
      if (this.isAtEnd) this.#invalidNext();
      alignment = this.#alignmentOfNext();
      this.kind = 'align';
      this.size = 0;
    }
    this.padding = 0;
    if (alignment <= 1 || this.kind === 'char' || this.kind === 'padding') return;
    alignment = Math.min(alignment, this.#maxAlignment);
    if ((alignment & (alignment - 1)) !== 0) {
      argumentError(1, this.#name, 'format asks for alignment not power of 2');
    }
    this.padding = (alignment - (total & (alignment - 1))) & (alignment - 1);
  }

  #alignmentOfNext(): number {
    this.#option();
    if (this.kind === 'char' || this.size === 0) this.#invalidNext();
    return this.size;
  }

  #invalidNext(): never {
    return argumentError(1, this.#name, "invalid next option for option 'X'");
  }

  #set(kind: PackKind, size: number): void {
    this.kind = kind;
    this.size = size;
  }

  #option(): void {
    const letter = this.#text.charAt(this.#at++);
    switch (letter) {
      case 'b':
        return this.#set('int', 1);
      case 'B':
        return this.#set('unsigned', 1);
      case 'h':
        return this.#set('int', 2);
      case 'H':
        return this.#set('unsigned', 2);
      case 'l':
      case 'j':
        return this.#set('int', 8);
      case 'L':
      case 'J':
      case 'T':
        return this.#set('unsigned', 8);
      case 'f':
        return this.#set('float', 4);
      case 'd':
      case 'n':
        return this.#set('double', 8);
      case 'i':
        return this.#set('int', this.#integerSize(4));
      case 'I':
        return this.#set('unsigned', this.#integerSize(4));
      case 's':
        return this.#set('string', this.#integerSize(8));
      case 'c': {
        const size = this.#number(-1);
        if (size === -1) raise("missing size for format option 'c'");
        return this.#set('char', size);
      }
      case 'z':
        return this.#set('zero', 0);
      case 'x':
        return this.#set('padding', 1);
      case 'X':
        return this.#set('align', 0);
      case ' ':
        break;
      case '<':
      case '=':
        this.isLittle = true;
        break;
      case '>':
        this.isLittle = false;
        break;
      case '!':
        this.#maxAlignment = this.#integerSize(NATIVE_ALIGNMENT);
        break;
      default:
        raise(`invalid format option '${printable(letter)}'`);
    }
    this.#set('none', 0);
  }

  /** A decimal number, if one is there. */
  #number(otherwise: number): number {
    const isDigit = (): boolean => {
      const code = this.#text.charCodeAt(this.#at);
      return code >= 48 && code <= 57;
    };
    if (!isDigit()) return otherwise;
    let value = 0;
    do value = value * 10 + this.#text.charCodeAt(this.#at++) - 48;
    while (isDigit() && value <= 214748363);
    return value;
  }

  #integerSize(otherwise: number): number {
    const size = this.#number(otherwise);
    if (size > MAX_INTEGER_SIZE || size <= 0) {
      raise(`integral size (${String(size)}) out of limits [1,${String(MAX_INTEGER_SIZE)}]`);
    }
    return size;
  }
}
