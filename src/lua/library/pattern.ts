// Lua patterns, taken apart once. Sealed.
// P1: a pattern is a row of items that a match passes from first to last; so which captures are open or closed at an item is
//     known here, and backtracking needs to undo nothing: going on again writes the captures anew.
// P2: an error in a pattern is an item too: PUC raises it only when a match gets there, and so do we.
// P3: `first` of an item is the set of bytes with which the rest of the pattern from there on can begin. A loop whose bytes
//     cannot begin the rest needs no backtracking.
import { ANY, classSet, intersects, SetBuilder, single } from './byte-sets.js';
import type { ByteSet } from './byte-sets.js';
import { BoundedCache } from './bounded-cache.js';

export const MAX_CAPTURES = 32;

export const I_END = 0;
/** The end of the subject: `$`. */
export const I_AT_END = 1;
/** One byte of `set`. */
export const I_ONE = 2;
/** Zero or more, greedy. */
export const I_MANY = 3;
/** One or more, greedy. */
export const I_SOME = 4;
/** Zero or more, as few as possible. */
export const I_FEW = 5;
export const I_OPTIONAL = 6;
/** As I_MANY and I_SOME where nothing can be gained by giving back. */
export const I_ALL_MANY = 7;
export const I_ALL_SOME = 8;
export const I_OPEN = 9;
export const I_CLOSE = 10;
export const I_POSITION = 11;
/** `%bxy`: `number` is x, `other` is y. */
export const I_BALANCE = 12;
/** `%f[set]` */
export const I_FRONTIER = 13;
/** `%1`: `number` is the capture. */
export const I_BACK = 14;
/** A malformed pattern: `message`. */
export const I_ERROR = 15;

export class PatternItem {
  kind: number;
  readonly set: ByteSet;
  readonly number: number;
  readonly other: number;
  readonly message: string;
  /** P3; meaningless at the end of the subject, where `emptyHere` tells whether the rest can match nothing. */
  first: ByteSet = ANY;
  emptyHere = true;
  /** The one byte of `first` where it has just one and the rest cannot be empty; '' else. */
  only = '';
  constructor(kind: number, set: ByteSet = ANY, number = 0, other = 0, message = '') {
    this.kind = kind;
    this.set = set;
    this.number = number;
    this.other = other;
    this.message = message;
  }
}

export interface Pattern {
  readonly isAnchored: boolean;
  readonly items: readonly PatternItem[];
  /** How many captures there are; 0: the whole match counts as one where one is wanted. */
  readonly captures: number;
  /** By capture: it is a position, `()`. */
  readonly isPosition: readonly boolean[];
  /** Captures that never close: an error once one is wanted. */
  readonly unfinished: readonly number[];
  /** What every match begins with; '' when that is not one text. */
  readonly prefix: string;
}

const PERCENT = 37;
const NONE: ByteSet = new Uint8Array(256);

class PatternParser {
  readonly #text: string;
  #at = 0;
  readonly #items: PatternItem[] = [];
  readonly #isPosition: boolean[] = [];
  readonly #open: number[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Pattern {
    const text = this.#text;
    const isAnchored = text.charCodeAt(0) === 94;
    if (isAnchored) this.#at = 1;
    while (this.#at < text.length && this.#item());
    this.#items.push(new PatternItem(I_END));
    computeFirst(this.#items);
    return {
      isAnchored,
      items: this.#items,
      captures: this.#isPosition.length,
      isPosition: this.#isPosition,
      unfinished: this.#open,
      prefix: prefixOf(this.#items),
    };
  }

  #fail(message: string): false {
    this.#items.push(new PatternItem(I_ERROR, ANY, 0, 0, message));
    return false;
  }

  /** Reads one item; false after an error. */
  #item(): boolean {
    const text = this.#text;
    const code = text.charCodeAt(this.#at);
    if (code === 40) return this.#openCapture();
    if (code === 41) return this.#closeCapture();
    if (code === 36 && this.#at + 1 === text.length) {
      this.#at++;
      this.#items.push(new PatternItem(I_AT_END));
      return true;
    }
    if (code === PERCENT) {
      const next = text.charCodeAt(this.#at + 1);
      if (next === 98) return this.#balance();
      if (next === 102) return this.#frontier();
      if (next >= 48 && next <= 57) return this.#backReference(next - 49);
    }
    const set = this.#class();
    if (set === undefined) return false;
    this.#items.push(new PatternItem(this.#repetition(), set));
    return true;
  }

  #openCapture(): boolean {
    const isPosition = this.#text.charCodeAt(this.#at + 1) === 41;
    const number = this.#isPosition.length;
    if (number >= MAX_CAPTURES) return this.#fail('too many captures');
    this.#isPosition.push(isPosition);
    this.#at += isPosition ? 2 : 1;
    if (!isPosition) this.#open.push(number);
    this.#items.push(new PatternItem(isPosition ? I_POSITION : I_OPEN, ANY, number));
    return true;
  }

  #closeCapture(): boolean {
    const number = this.#open.pop();
    if (number === undefined) return this.#fail('invalid pattern capture');
    this.#at++;
    this.#items.push(new PatternItem(I_CLOSE, ANY, number));
    return true;
  }

  #balance(): boolean {
    const text = this.#text;
    if (this.#at + 3 >= text.length) return this.#fail("malformed pattern (missing arguments to '%b')");
    const item = new PatternItem(
      I_BALANCE,
      ANY,
      text.charCodeAt(this.#at + 2),
      text.charCodeAt(this.#at + 3),
    );
    this.#items.push(item);
    this.#at += 4;
    return true;
  }

  #frontier(): boolean {
    this.#at += 2;
    if (this.#text.charCodeAt(this.#at) !== 91) return this.#fail("missing '[' after '%f' in pattern");
    const set = this.#class();
    if (set === undefined) return false;
    this.#items.push(new PatternItem(I_FRONTIER, set));
    return true;
  }

  #backReference(number: number): boolean {
    if (number < 0 || number >= this.#isPosition.length || this.#open.includes(number)) {
      return this.#fail(`invalid capture index %${String(number + 1)}`);
    }
    this.#at += 2;
    // A position has no text: nothing matches it.
    const isPosition = this.#isPosition[number] === true;
    this.#items.push(isPosition ? new PatternItem(I_ONE, NONE) : new PatternItem(I_BACK, ANY, number));
    return true;
  }

  #repetition(): number {
    switch (this.#text.charCodeAt(this.#at)) {
      case 42:
        this.#at++;
        return I_MANY;
      case 43:
        this.#at++;
        return I_SOME;
      case 45:
        this.#at++;
        return I_FEW;
      case 63:
        this.#at++;
        return I_OPTIONAL;
      default:
        return I_ONE;
    }
  }

  /** One class: a character, `.`, `%x`, `[...]`; undefined after an error. */
  #class(): ByteSet | undefined {
    const text = this.#text;
    const code = text.charCodeAt(this.#at++);
    if (code === 46) return ANY;
    if (code === PERCENT) {
      if (this.#at >= text.length) {
        this.#fail("malformed pattern (ends with '%')");
        return undefined;
      }
      return classSet(text.charCodeAt(this.#at++));
    }
    return code === 91 ? this.#bracket() : single(code);
  }

  #bracket(): ByteSet | undefined {
    const text = this.#text;
    const isComplement = text.charCodeAt(this.#at) === 94;
    if (isComplement) this.#at++;
    const end = this.#bracketEnd();
    if (end === undefined) {
      this.#fail("malformed pattern (missing ']')");
      return undefined;
    }
    const set = new SetBuilder();
    for (let at = this.#at; at < end; at++) {
      const code = text.charCodeAt(at);
      if (code === PERCENT) set.add(classSet(text.charCodeAt(++at)));
      else if (text.charCodeAt(at + 1) === 45 && at + 2 < end) {
        at += 2;
        set.addRange(code, text.charCodeAt(at));
      } else set.addRange(code, code);
    }
    this.#at = end + 1;
    return set.finish(isComplement);
  }

  /** Where the closing bracket is; the first character is a member even where it is `]`. */
  #bracketEnd(): number | undefined {
    const text = this.#text;
    let at = this.#at;
    do {
      if (at >= text.length) return undefined;
      if (text.charCodeAt(at++) === PERCENT && at < text.length) at++;
    } while (text.charCodeAt(at) !== 93);
    return at;
  }
}

function union(a: ByteSet, b: ByteSet): ByteSet {
  if (a === ANY || b === ANY) return ANY;
  const builder = new SetBuilder();
  builder.add(a);
  builder.add(b);
  return builder.finish(false);
}

/** Sets `first` and `emptyHere` of every item, and turns loops that need no backtracking into plain ones. */
function computeFirst(items: readonly PatternItem[]): void {
  let first: ByteSet = ANY;
  let emptyHere = true;
  /** Nothing after this item can fail. */
  let restSucceeds = true;
  for (let at = items.length - 1; at >= 0; at--) {
    const item = items[at] as PatternItem;
    switch (item.kind) {
      case I_AT_END:
        first = NONE;
        emptyHere = true;
        restSucceeds = false;
        break;
      case I_ONE:
        first = item.set;
        emptyHere = restSucceeds = false;
        break;
      case I_SOME:
      case I_MANY: {
        const isAll = restSucceeds || !intersects(item.set, first);
        if (item.kind === I_SOME) {
          if (isAll) item.kind = I_ALL_SOME;
          first = item.set;
          emptyHere = restSucceeds = false;
        } else {
          if (isAll) item.kind = I_ALL_MANY;
          first = union(item.set, first);
        }
        break;
      }
      case I_FEW:
      case I_OPTIONAL:
        first = union(item.set, first);
        break;
      case I_BALANCE:
        first = single(item.number);
        emptyHere = restSucceeds = false;
        break;
      case I_FRONTIER:
      case I_BACK:
      case I_ERROR:
        // They may match nothing, or must be reached: no guess.
        first = ANY;
        emptyHere = true;
        restSucceeds = false;
        break;
    }
    item.first = first;
    item.emptyHere = emptyHere;
    const code = first.indexOf(1);
    if (!emptyHere && code >= 0 && first === single(code)) item.only = String.fromCharCode(code);
  }
}

/** The bytes of single-byte items at the beginning. */
function prefixOf(items: readonly PatternItem[]): string {
  let prefix = '';
  for (const item of items) {
    if (item.kind === I_OPEN || item.kind === I_CLOSE || item.kind === I_POSITION) continue;
    if (item.kind !== I_ONE) break;
    const code = item.set.indexOf(1);
    if (code < 0 || item.set !== single(code)) break;
    prefix += String.fromCharCode(code);
  }
  return prefix;
}

const patterns = new BoundedCache<Pattern>(500);

export function patternOf(text: string): Pattern {
  return patterns.get(text) ?? patterns.add(text, new PatternParser(text).parse());
}

/** Whether a text means itself as a pattern (PUC does not count `)` among the special characters). */
export function isPlainText(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 94: // ^
      case 36: // $
      case 42: // *
      case 43: // +
      case 63: // ?
      case 46: // .
      case 40: // (
      case 91: // [
      case 37: // %
      case 45: // -
        return false;
    }
  }
  return true;
}
