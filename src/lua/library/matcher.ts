// Matching a subject against a pattern. Sealed.
// M1: captures are left in `starts` and `ends`, for the caller to read before anything else matches.
// M2: steps are counted and charged as they are made, so that a budget ends a match that backtracks without end; none are
//     left over for the next match, so that the same program always pays the same.
import { raise } from '../compiled/errors.js';
import { ANY } from './byte-sets.js';
import { charge } from '../compiled/protocol.js';
import type { Value } from '../compiled/protocol.js';
import {
  I_ALL_MANY,
  I_ALL_SOME,
  I_AT_END,
  I_BACK,
  I_BALANCE,
  I_CLOSE,
  I_END,
  I_ERROR,
  I_FEW,
  I_FRONTIER,
  I_MANY,
  I_ONE,
  I_OPEN,
  I_OPTIONAL,
  I_POSITION,
  I_SOME,
  MAX_CAPTURES,
} from './pattern.js';
import type { Pattern, PatternItem } from './pattern.js';
import { piece } from './pieces.js';

/** Calls within calls, as PUC's MAXCCALLS. */
const MAX_DEPTH = 200;
const CHARGE_EVERY = 4096;
/** Steps of beginning at another place. */
const ATTEMPT_COST = 5;

export const starts = new Int32Array(MAX_CAPTURES);
export const ends = new Int32Array(MAX_CAPTURES);
let depth = 0;
let steps = 0;

function countSteps(count: number): void {
  steps += count;
  if (steps >= CHARGE_EVERY) {
    charge(steps);
    steps = 0;
  }
}

/** The end of a match of `items` from item `at` on that begins at `position`, or -1. */
function run(subject: string, items: readonly PatternItem[], position: number, at: number): number {
  const length = subject.length;
  for (;;) {
    const item = items[at] as PatternItem;
    switch (item.kind) {
      case I_END:
        return position;
      case I_AT_END:
        if (position !== length) return -1;
        break;
      case I_ONE:
        if (position >= length || item.set[subject.charCodeAt(position)] === 0) return -1;
        position++;
        break;
      case I_ALL_SOME:
        if (position >= length || item.set[subject.charCodeAt(position)] === 0) return -1;
        position = skip(subject, item, position + 1);
        break;
      case I_ALL_MANY:
        position = skip(subject, item, position);
        break;
      case I_SOME:
        if (position >= length || item.set[subject.charCodeAt(position)] === 0) return -1;
        return giveBack(subject, items, position + 1, skip(subject, item, position + 1), at + 1);
      case I_MANY:
        return giveBack(subject, items, position, skip(subject, item, position), at + 1);
      case I_FEW:
        return takeMore(subject, items, item, position, at + 1);
      case I_OPTIONAL:
        if (position < length && item.set[subject.charCodeAt(position)] !== 0) {
          const end = attempt(subject, items, position + 1, at + 1);
          if (end >= 0) return end;
        }
        break;
      case I_OPEN:
        starts[item.number] = position;
        break;
      case I_CLOSE:
        ends[item.number] = position;
        break;
      case I_POSITION:
        starts[item.number] = position;
        break;
      case I_BALANCE:
        position = balanced(subject, item, position);
        if (position < 0) return -1;
        break;
      case I_FRONTIER: {
        const before = position === 0 ? 0 : subject.charCodeAt(position - 1);
        const after = position < length ? subject.charCodeAt(position) : 0;
        if (item.set[before] !== 0 || item.set[after] === 0) return -1;
        break;
      }
      case I_BACK: {
        const from = starts[item.number] as number;
        const size = (ends[item.number] as number) - from;
        if (length - position < size || !subject.startsWith(subject.slice(from, from + size), position))
          return -1;
        countSteps(size);
        position += size;
        break;
      }
      case I_ERROR:
        return raise(item.message);
    }
    at++;
  }
}

/** Where the bytes of the item's set that begin at `position` end. */
function skip(subject: string, item: PatternItem, position: number): number {
  const { set } = item;
  const length = subject.length;
  let end = position;
  while (end < length && set[subject.charCodeAt(end)] !== 0) end++;
  countSteps(end - position + 1);
  return end;
}

/** Tries the rest at `most`, then at fewer bytes down to `least`. */
function giveBack(
  subject: string,
  items: readonly PatternItem[],
  least: number,
  most: number,
  rest: number,
): number {
  const { first, emptyHere } = items[rest] as PatternItem;
  const length = subject.length;
  for (let position = most; position >= least; position--) {
    if (position < length ? first[subject.charCodeAt(position)] === 0 : !emptyHere) continue;
    const end = attempt(subject, items, position, rest);
    if (end >= 0) {
      countSteps(most - position);
      return end;
    }
  }
  countSteps(most - least + 1);
  return -1;
}

/** Tries the rest at `position`, then after each further byte of the item's set. */
function takeMore(
  subject: string,
  items: readonly PatternItem[],
  item: PatternItem,
  position: number,
  rest: number,
): number {
  const { set } = item;
  const { first, emptyHere, only } = items[rest] as PatternItem;
  const length = subject.length;
  let at = position;
  for (;;) {
    if (only !== '' && set === ANY) {
      const next = subject.indexOf(only, at);
      if (next < 0) at = length;
      else at = next;
    }
    if (at >= length) break;
    const code = subject.charCodeAt(at);
    if (first[code] !== 0) {
      const end = attempt(subject, items, at, rest);
      if (end >= 0) {
        countSteps(at - position);
        return end;
      }
    }
    if (set[code] === 0) {
      countSteps(at - position);
      return -1;
    }
    at++;
  }
  countSteps(at - position);
  return emptyHere ? attempt(subject, items, length, rest) : -1;
}

function attempt(subject: string, items: readonly PatternItem[], position: number, at: number): number {
  if (++depth > MAX_DEPTH) raise('pattern too complex');
  countSteps(1);
  const end = run(subject, items, position, at);
  depth--;
  return end;
}

function balanced(subject: string, item: PatternItem, position: number): number {
  const { number: open, other: close } = item;
  const length = subject.length;
  if (position >= length || subject.charCodeAt(position) !== open) return -1;
  let nesting = 1;
  for (let at = position + 1; at < length; at++) {
    const code = subject.charCodeAt(at);
    if (code === close) {
      if (--nesting === 0) {
        countSteps(at - position);
        return at + 1;
      }
    } else if (code === open) nesting++;
  }
  countSteps(length - position);
  return -1;
}

/** Where the first match at or after `from` begins, or -1; its end is `matchEnd`. */
export function findMatch(subject: string, pattern: Pattern, from: number): number {
  depth = 0;
  steps = 1;
  const at = search(subject, pattern, from);
  charge(steps);
  return at;
}

function search(subject: string, pattern: Pattern, from: number): number {
  const { items, prefix } = pattern;
  if (pattern.isAnchored) {
    matchEnd = run(subject, items, from, 0);
    return matchEnd < 0 ? -1 : from;
  }
  const length = subject.length;
  const { first, emptyHere } = items[0] as PatternItem;
  for (let at = from; at <= length; at++) {
    if (prefix !== '') {
      const next = subject.indexOf(prefix, at);
      countSteps((next < 0 ? length : next) - at);
      if (next < 0) return -1;
      at = next;
    } else {
      const before = at;
      while (at < length && first[subject.charCodeAt(at)] === 0) at++;
      countSteps(at - before + ATTEMPT_COST);
      if (at === length && !emptyHere) return -1;
    }
    const end = run(subject, items, at, 0);
    if (end >= 0) {
      matchEnd = end;
      return at;
    }
  }
  return -1;
}

/** The end of the match that `findMatch` found. */
export let matchEnd = -1;

/** The value of a capture of the last match. */
export function capture(subject: string, pattern: Pattern, number: number): Value {
  const from = starts[number] as number;
  if (pattern.isPosition[number] === true) return from + 1;
  return piece(subject, from, ends[number] as number);
}

/** All captures of the last match, from `begin` to `end`; the whole match where there are none. */
export function captures(subject: string, pattern: Pattern, begin: number, end: number): Value[] {
  if (pattern.unfinished.length > 0) raise('unfinished capture');
  if (pattern.captures === 0) return [piece(subject, begin, end)];
  const values: Value[] = [];
  for (let number = 0; number < pattern.captures; number++) values.push(capture(subject, pattern, number));
  return values;
}
