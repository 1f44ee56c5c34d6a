// The `string` table. Sealed.
import { argumentError, raise } from '../compiled/errors.js';
import { builtin, charge, chargeMemory, chargeText, EMPTY, results } from '../compiled/protocol.js';
import type { Callable, Result, Value } from '../compiled/protocol.js';
import { integerArgument, optionalPosition, positionArgument, textArgument } from './arguments.js';
import { format } from './format.js';
import { piece } from './pieces.js';
import { pack, packsize, unpack } from './pack.js';
import { searchFunctions } from './string-search.js';

// A name of the global object is looked up slowly in a workflow's sandbox.
const { fromCharCode } = String;
const { max } = Math;

/** The longest string that `rep` makes: half of what V8 could, which is more than a step should hold. */
const MAX_LENGTH = 268_435_456;
/** Characters that are turned into a string at once. */
const PIECE = 4096;
/** Values that one call may return. */
const MAX_RESULTS = 1_000_000;

const len = builtin('string.len', function (subject: Value): Result {
  return textArgument(subject, 1, 'string.len', arguments.length).length;
});

const sub = builtin('string.sub', function (subject: Value, from: Value, to: Value): Result {
  const count = arguments.length;
  const text = textArgument(subject, 1, 'string.sub', count);
  let start = positionArgument(from, 2, 'string.sub', count);
  let end = to === undefined ? -1 : positionArgument(to, 3, 'string.sub', count);
  const { length } = text;
  if (start < 0) start = start < -length ? 1 : length + start + 1;
  else if (start === 0) start = 1;
  if (end < 0) end = length + end + 1;
  else if (end > length) end = length;
  return start > end ? '' : piece(text, start - 1, end);
});

const NOT_ASCII = /[\x80-\xff]/;

const upper = builtin('string.upper', function (subject: Value): Result {
  const text = textArgument(subject, 1, 'string.upper', arguments.length);
  chargeText(text.length);
  return NOT_ASCII.test(text)
    ? text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())
    : text.toUpperCase();
});

const lower = builtin('string.lower', function (subject: Value): Result {
  const text = textArgument(subject, 1, 'string.lower', arguments.length);
  chargeText(text.length);
  return NOT_ASCII.test(text)
    ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
    : text.toLowerCase();
});

const rep = builtin('string.rep', function (subject: Value, times: Value, separator: Value): Result {
  const count = arguments.length;
  const text = textArgument(subject, 1, 'string.rep', count);
  const n = positionArgument(times, 2, 'string.rep', count);
  const between = separator === undefined ? '' : textArgument(separator, 3, 'string.rep', count);
  if (n <= 0) return '';
  const total = text.length * n + between.length * (n - 1);
  if (total > MAX_LENGTH) raise('resulting string too large');
  chargeText(total);
  return between === '' ? text.repeat(n) : (text + between).repeat(n - 1) + text;
});

const reverse = builtin('string.reverse', function (subject: Value): Result {
  const text = textArgument(subject, 1, 'string.reverse', arguments.length);
  charge(2 * text.length);
  chargeText(text.length);
  let reversed = '';
  for (let end = text.length; end > 0; end -= PIECE) {
    const codes: number[] = [];
    for (let at = end - 1; at >= max(0, end - PIECE); at--) codes.push(text.charCodeAt(at));
    reversed += fromCharCode(...codes);
  }
  return reversed;
});

const byte = builtin('string.byte', function (subject: Value, from: Value, to: Value): Result {
  const count = arguments.length;
  const text = textArgument(subject, 1, 'string.byte', count);
  const { length } = text;
  let start = optionalPosition(from, 1, 2, 'string.byte', count);
  if (to === undefined && start > 0) return start > length ? EMPTY : text.charCodeAt(start - 1);
  if (start < 0) start = start < -length ? 0 : length + start + 1;
  let end = optionalPosition(to, start, 3, 'string.byte', count);
  if (end < 0) end = end < -length ? 0 : length + end + 1;
  if (start < 1) start = 1;
  if (end > length) end = length;
  if (start > end) return EMPTY;
  if (end - start >= MAX_RESULTS) raise('string slice too long');
  charge(4 * (end - start + 1));
  chargeMemory(8 * (end - start + 1));
  const codes: Value[] = [];
  for (let at = start - 1; at < end; at++) codes.push(text.charCodeAt(at));
  return results(codes);
});

const char = builtin('string.char', function (...codes: Value[]): Result {
  let text = '';
  charge(4 * codes.length);
  chargeText(codes.length);
  for (let at = 0; at < codes.length; at++) {
    const code = integerArgument(codes[at], at + 1, 'string.char', codes.length);
    if (typeof code !== 'number' || code < 0 || code > 255) {
      argumentError(at + 1, 'string.char', 'value out of range');
    }
    text += fromCharCode(code);
  }
  return text;
});

/** `string.dump` would need bytecode, which this engine has none of. */
const dump = builtin('string.dump', function (): Result {
  return raise('unable to dump given function');
});

/** Members of the `string` table. */
export const stringFunctions: Readonly<Record<string, Callable>> = {
  byte,
  char,
  dump,
  find: searchFunctions.find,
  format,
  gmatch: searchFunctions.gmatch,
  gsub: searchFunctions.gsub,
  len,
  lower,
  match: searchFunctions.match,
  pack,
  packsize,
  rep,
  reverse,
  sub,
  unpack,
  upper,
};
