// string.find, match, gmatch and gsub. Sealed.
import { index } from '../compiled/access.js';
import { enterNative, finishSpill, leaveNative } from '../compiled/coroutine.js';
import { argumentError, raise, typeName } from '../compiled/errors.js';
import { callSync } from '../compiled/metatables.js';
import { builtin, charge, chargeText, first, S } from '../compiled/protocol.js';
import type { Result, Value } from '../compiled/protocol.js';
import { Table } from '../compiled/table.js';
import { FAR, optionalPosition, textArgument, textOf } from './arguments.js';
import { capture, captures, findMatch, matchEnd } from './matcher.js';
import { isPlainText, patternOf } from './pattern.js';
import type { Pattern } from './pattern.js';
import { piece } from './pieces.js';

/** The 0-based place to begin at; past the end + 1: cannot match. */
function beginning(init: number, length: number): number {
  if (init > 0) return init - 1;
  if (init === 0) return 0;
  return init < -length ? 0 : length + init;
}

const find = builtin(
  'string.find',
  function (subject: Value, pattern: Value, init: Value, plain: Value): Result {
    const count = arguments.length;
    const text = textArgument(subject, 1, 'string.find', count);
    const wanted = textArgument(pattern, 2, 'string.find', count);
    const from =
      init === undefined ? 0 : beginning(optionalPosition(init, 1, 3, 'string.find', count), text.length);
    if (from > text.length) return undefined;
    if ((plain !== undefined && plain !== false) || isPlainText(wanted)) {
      const at = text.indexOf(wanted, from);
      charge((at < 0 ? text.length : at) - from);
      return at < 0 ? undefined : [at + 1, at + wanted.length];
    }
    const compiled = patternOf(wanted);
    const at = findMatch(text, compiled, from);
    if (at < 0) return undefined;
    const end = matchEnd;
    if (compiled.captures === 0) return [at + 1, end];
    return [at + 1, end, ...captures(text, compiled, at, end)];
  },
);

const match = builtin('string.match', function (subject: Value, pattern: Value, init: Value): Result {
  const count = arguments.length;
  const text = textArgument(subject, 1, 'string.match', count);
  const wanted = textArgument(pattern, 2, 'string.match', count);
  const from =
    init === undefined ? 0 : beginning(optionalPosition(init, 1, 3, 'string.match', count), text.length);
  if (from > text.length) return undefined;
  const compiled = patternOf(wanted);
  const at = findMatch(text, compiled, from);
  return at < 0 ? undefined : matched(text, compiled, at, matchEnd);
});

/** The captures of the last match as results. */
function matched(text: string, pattern: Pattern, begin: number, end: number): Result {
  if (pattern.captures === 0) return piece(text, begin, end);
  if (pattern.captures === 1 && pattern.unfinished.length === 0) return capture(text, pattern, 0);
  const values = captures(text, pattern, begin, end);
  return values.length === 1 ? values[0] : values;
}

const gmatch = builtin('string.gmatch', function (subject: Value, pattern: Value): Result {
  const text = textArgument(subject, 1, 'string.gmatch', arguments.length);
  const wanted = textArgument(pattern, 2, 'string.gmatch', arguments.length);
  // An anchor has no meaning here: `^` is an ordinary byte.
  const compiled = patternOf(wanted.startsWith('^') ? `%${wanted}` : wanted);
  let position = 0;
  let lastEnd = -1;
  return () => {
    while (position <= text.length) {
      const at = findMatch(text, compiled, position);
      if (at < 0) break;
      const end = matchEnd;
      if (end === lastEnd) {
        // An empty match where the last one ended: look one byte further.
        position = at + 1;
        continue;
      }
      position = lastEnd = end;
      return matched(text, compiled, at, end);
    }
    position = text.length + 1;
    return undefined;
  };
});

export type Replace = (text: string, pattern: Pattern, begin: number, end: number) => Value;

/** `%0`..`%9` and `%%` of a replacement text, taken apart: texts and capture numbers in turn. */
function parseReplacement(text: string): readonly (string | number)[] {
  const parts: (string | number)[] = [];
  let at = 0;
  for (;;) {
    const percent = text.indexOf('%', at);
    if (percent < 0) break;
    parts.push(text.slice(at, percent));
    const code = text.charCodeAt(percent + 1);
    if (code >= 48 && code <= 57) parts.push(code - 48);
    else if (code === 37) parts.push('%');
    else parts.push(-1);
    at = percent + 2;
  }
  parts.push(text.slice(at));
  return parts;
}

/** Instructions of a part of a replacement, each time that it goes in. */
const PART_COST = 4;

/** Makes a replacement text of gsub into what goes in for each match. */
export function replaceByText(replacement: string): Replace {
  if (!replacement.includes('%')) return () => replacement;
  charge(replacement.length);
  const parts = parseReplacement(replacement);
  return (text, pattern, begin, end) => {
    charge(parts.length * PART_COST);
    let result = '';
    for (const part of parts) {
      if (typeof part === 'string') result += part;
      else if (part === 0) result += piece(text, begin, end);
      else result += replacementCapture(text, pattern, part, begin, end);
    }
    return result;
  };
}

function replacementCapture(
  text: string,
  pattern: Pattern,
  part: number,
  begin: number,
  end: number,
): string {
  if (part < 0) raise("invalid use of '%' in replacement string");
  if (part > Math.max(1, pattern.captures)) raise(`invalid capture index %${String(part)}`);
  if (part === 1) return textOf(firstCapture(text, pattern, begin, end)) ?? '';
  if (pattern.unfinished.includes(part - 1)) raise('unfinished capture');
  return textOf(capture(text, pattern, part - 1)) ?? '';
}

/** The first capture of the last match, or the whole match where there are none. */
function firstCapture(text: string, pattern: Pattern, begin: number, end: number): Value {
  if (pattern.captures === 0) return piece(text, begin, end);
  if (pattern.unfinished.includes(0)) raise('unfinished capture');
  return capture(text, pattern, 0);
}

const replaceByTable =
  (table: Table): Replace =>
  (text, pattern, begin, end) => {
    const key = firstCapture(text, pattern, begin, end);
    if (table.meta === null) return table.read(key);
    enterNative();
    let value = index(table, key);
    if (value === S) value = finishSpill();
    leaveNative();
    return first(value);
  };

const replaceByFunction =
  (callee: Value): Replace =>
  (text, pattern, begin, end) =>
    first(callSync(callee, ...captures(text, pattern, begin, end)));

function replacer(value: Value): Replace {
  if (typeof value === 'function') return replaceByFunction(value);
  if (value instanceof Table) return replaceByTable(value);
  const text = textOf(value);
  if (text !== undefined) return replaceByText(text);
  return argumentError(3, 'string.gsub', 'string/function/table expected');
}

const gsub = builtin(
  'string.gsub',
  function (subject: Value, pattern: Value, replacement: Value, limit: Value): Result {
    const count = arguments.length;
    const text = textArgument(subject, 1, 'string.gsub', count);
    const wanted = textArgument(pattern, 2, 'string.gsub', count);
    const replace = replacer(replacement);
    const most = limit === undefined ? FAR : optionalPosition(limit, FAR, 4, 'string.gsub', count);
    const compiled = patternOf(wanted);
    let result = '';
    let copied = 0;
    let position = 0;
    let lastEnd = -1;
    let replaced = 0;
    while (replaced < most && position <= text.length) {
      const at = findMatch(text, compiled, position);
      if (at < 0) break;
      const end = matchEnd;
      if (end === lastEnd) {
        position = at + 1;
        continue;
      }
      replaced++;
      const by = replacementText(replace(text, compiled, at, end), text, at, end);
      chargeText(at - copied + by.length);
      result += text.slice(copied, at) + by;
      copied = position = lastEnd = end;
      if (compiled.isAnchored) break;
    }
    if (replaced === 0) return [text, 0];
    chargeText(text.length - copied);
    result += text.slice(copied);
    return [result, replaced];
  },
);

/** What goes in for a match: nil and false keep it. */
function replacementText(value: Value, text: string, begin: number, end: number): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === false) return piece(text, begin, end);
  return textOf(value) ?? raise(`invalid replacement value (a ${typeName(value)})`);
}

export const searchFunctions = { find, gmatch, gsub, match };
