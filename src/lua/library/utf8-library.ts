// The `utf8` table: Lua 5.3's, which takes code points up to 10FFFF, surrogates too. Sealed.
import { argumentError, raise } from '../compiled/errors.js';
import { builtin, charge, chargeText, EMPTY, results } from '../compiled/protocol.js';
import type { Result, Value } from '../compiled/protocol.js';
import { encodeUtf8 } from '../front/escapes.js';
import { integerArgument, optionalPosition, positionArgument, textArgument } from './arguments.js';

const MAX_CODE = 0x10ffff;

const isContinuation = (text: string, at: number): boolean =>
  at < text.length && (text.charCodeAt(at) & 0xc0) === 0x80;

/** Offset after the character that `decode` read. */
let decodedEnd = 0;

/** The code point whose first byte is at `at`; -1 where the bytes are not UTF-8. */
function decode(text: string, at: number): number {
  const lead = at < text.length ? text.charCodeAt(at) : 0;
  if (lead < 0x80) {
    decodedEnd = at + 1;
    return lead;
  }
  if (lead < 0xc2 || lead > 0xf4) return -1;
  const more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
  let code = lead & (0x3f >> more);
  for (let n = 1; n <= more; n++) {
    if (!isContinuation(text, at + n)) return -1;
    code = code * 64 + (text.charCodeAt(at + n) & 0x3f);
  }
  if (code > MAX_CODE || code < (more === 2 ? 0x800 : more === 3 ? 0x10000 : 0x80)) return -1;
  decodedEnd = at + more + 1;
  return code;
}

/** A position that may count from the end; 0 where it is before the beginning. */
const fromEnd = (position: number, length: number): number =>
  position >= 0 ? position : -position > length ? 0 : length + position + 1;

const len = builtin('utf8.len', function (subject: Value, from: Value, to: Value): Result {
  const count = arguments.length;
  const text = textArgument(subject, 1, 'utf8.len', count);
  let at = fromEnd(optionalPosition(from, 1, 2, 'utf8.len', count), text.length) - 1;
  const end = fromEnd(optionalPosition(to, -1, 3, 'utf8.len', count), text.length) - 1;
  if (at < 0 || at > text.length) argumentError(2, 'utf8.len', 'initial position out of string');
  if (end >= text.length) argumentError(3, 'utf8.len', 'final position out of string');
  if (end > at) charge(end - at);
  let characters = 0;
  while (at <= end) {
    if (decode(text, at) < 0) return [undefined, at + 1];
    at = decodedEnd;
    characters++;
  }
  return characters;
});

const codepoint = builtin('utf8.codepoint', function (subject: Value, from: Value, to: Value): Result {
  const count = arguments.length;
  const text = textArgument(subject, 1, 'utf8.codepoint', count);
  const first = fromEnd(optionalPosition(from, 1, 2, 'utf8.codepoint', count), text.length);
  const last = fromEnd(optionalPosition(to, first, 3, 'utf8.codepoint', count), text.length);
  if (first < 1) argumentError(2, 'utf8.codepoint', 'out of range');
  if (last > text.length) argumentError(3, 'utf8.codepoint', 'out of range');
  if (last > first) charge(last - first);
  const codes: Value[] = [];
  for (let at = first - 1; at < last; at = decodedEnd) {
    const code = decode(text, at);
    if (code < 0) raise('invalid UTF-8 code');
    codes.push(code);
  }
  return results(codes);
});

const char = builtin('utf8.char', function (...codes: Value[]): Result {
  chargeText(4 * codes.length);
  let text = '';
  for (let at = 0; at < codes.length; at++) {
    const code = integerArgument(codes[at], at + 1, 'utf8.char', codes.length);
    if (typeof code !== 'number' || code < 0 || code > MAX_CODE) {
      argumentError(at + 1, 'utf8.char', 'value out of range');
    }
    text += encodeUtf8(code);
  }
  return text;
});

const offset = builtin('utf8.offset', function (subject: Value, n: Value, from: Value): Result {
  const count = arguments.length;
  const text = textArgument(subject, 1, 'utf8.offset', count);
  let wanted = positionArgument(n, 2, 'utf8.offset', count);
  const otherwise = wanted >= 0 ? 1 : text.length + 1;
  let at = fromEnd(optionalPosition(from, otherwise, 3, 'utf8.offset', count), text.length) - 1;
  if (at < 0 || at > text.length) argumentError(3, 'utf8.offset', 'position out of range');
  if (wanted === 0) {
    while (at > 0 && isContinuation(text, at)) at--;
    return at + 1;
  }
  if (isContinuation(text, at)) raise('initial position is a continuation byte');
  const before = at;
  if (wanted < 0) {
    while (wanted < 0 && at > 0) {
      do at--;
      while (at > 0 && isContinuation(text, at));
      wanted++;
    }
  } else {
    wanted--;
    while (wanted > 0 && at < text.length) {
      do at++;
      while (isContinuation(text, at));
      wanted--;
    }
  }
  charge(Math.abs(at - before));
  return wanted === 0 ? at + 1 : undefined;
});

const nextCode = builtin('for iterator', function (subject: Value, control: Value): Result {
  const text = textArgument(subject, 1, 'for iterator', arguments.length);
  let at = positionArgument(control, 2, 'for iterator', arguments.length) - 1;
  if (at < 0) at = 0;
  else if (at < text.length) {
    at++;
    while (isContinuation(text, at)) at++;
  }
  if (at >= text.length) return EMPTY;
  const code = decode(text, at);
  if (code < 0 || isContinuation(text, decodedEnd)) raise('invalid UTF-8 code');
  return [at + 1, code];
});

const codes = builtin('utf8.codes', function (subject: Value): Result {
  return [nextCode, textArgument(subject, 1, 'utf8.codes', arguments.length), 0];
});

/** Members of the `utf8` table. */
export const utf8Members: Readonly<Record<string, Value>> = {
  char,
  charpattern: '[\0-\x7f\xc2-\xf4][\x80-\xbf]*',
  codepoint,
  codes,
  len,
  offset,
};
