// string.format. Sealed.
// F1: a format is taken apart once; an error in it is raised when the arguments before it have been converted, as in PUC.
import { argumentError, raise } from '../compiled/errors.js';
import { integerToString, lowOf, MIN_INTEGER } from '../compiled/int64.js';
import * as int64 from '../compiled/int64.js';
import type { Integer } from '../compiled/int64.js';
import { doubleOf, isInteger, isNumber } from '../compiled/number.js';
import { builtin, charge, chargeText } from '../compiled/protocol.js';
import type { Result, Value } from '../compiled/protocol.js';
import { toText } from '../compiled/text.js';
import { doubleArgument, integerArgument, requireAny, textArgument, textOf } from './arguments.js';
import { BoundedCache } from './bounded-cache.js';
import { fillText, formatDecimal, formatDouble, formatUnsigned } from './number-format.js';
import type { Conversion } from './number-format.js';

const NAME = 'string.format';

interface Directive extends Conversion {
  /** The text before it. */
  readonly before: string;
  /** The conversion's letter; '' ends the format; 'error' raises `message`. */
  readonly letter: string;
  readonly message: string;
  readonly isPlain: boolean;
}

const PLAIN: Conversion = {
  left: false,
  plus: false,
  space: false,
  alternate: false,
  zero: false,
  width: 0,
  precision: -1,
};
const FLAGS = '-+ #0';
const DIRECTIVE = /^([-+ #0]*)(\d*)(?:\.(\d*))?/;

const formats = new BoundedCache<readonly Directive[]>(500);

function parseFormat(format: string): readonly Directive[] {
  const directives: Directive[] = [];
  let before = '';
  let at = 0;
  for (;;) {
    const percent = format.indexOf('%', at);
    if (percent < 0) break;
    before += format.slice(at, percent);
    at = percent + 1;
    if (format.charAt(at) === '%') {
      before += '%';
      at++;
      continue;
    }
    const [directive, end] = parseDirective(format, at, before);
    directives.push(directive);
    if (directive.letter === 'error') return directives;
    before = '';
    at = end;
  }
  directives.push({ ...PLAIN, before: before + format.slice(at), letter: '', message: '', isPlain: true });
  return directives;
}

function parseDirective(format: string, start: number, before: string): readonly [Directive, number] {
  const [all = '', flags = '', width = '', precision] = DIRECTIVE.exec(format.slice(start, start + 32)) ?? [];
  const failed = (message: string): readonly [Directive, number] => [
    { ...PLAIN, before, letter: 'error', message, isPlain: false },
    start,
  ];
  if (flags.length > FLAGS.length) return failed('invalid format (repeated flags)');
  if (width.length > 2 || (precision ?? '').length > 2) {
    return failed('invalid format (width or precision too long)');
  }
  const end = start + all.length;
  const letter = format.charAt(end);
  if (letter === '' || !'diouxXcaAeEfgGqs'.includes(letter)) {
    const code = letter === '' ? 0 : letter.charCodeAt(0);
    const shown = code >= 32 && code < 127 ? letter : `<\\${String(code)}>`;
    return failed(`invalid option '%${shown}' to 'format'`);
  }
  const conversion: Conversion = {
    left: flags.includes('-'),
    plus: flags.includes('+'),
    space: flags.includes(' '),
    alternate: flags.includes('#'),
    zero: flags.includes('0') && !flags.includes('-'),
    width: Number(width),
    precision: precision === undefined ? -1 : Number(precision),
  };
  return [{ ...conversion, before, letter, message: '', isPlain: all === '' }, end + 1];
}

/** Instructions of a digit of a float. */
const DIGIT_COST = 5;
/** Instructions of a conversion, besides its characters. */
const DIRECTIVE_COST = 20;

const format = builtin(NAME, function (pattern: Value, ...values: Value[]): Result {
  const text = textArgument(pattern, 1, NAME, arguments.length);
  const directives = formats.get(text) ?? formats.add(text, parseFormat(text));
  let result = '';
  for (let at = 0; at < directives.length; at++) {
    const directive = directives[at] as Directive;
    if (directive.letter === '') {
      chargeText(directive.before.length);
      result += directive.before;
      break;
    }
    if (directive.letter === 'error') {
      if (at >= values.length) argumentError(at + 2, NAME, 'no value');
      raise(directive.message);
    }
    if (at >= values.length) argumentError(at + 2, NAME, 'no value');
    const converted = convert(directive, values[at], at + 2, values.length + 1);
    chargeText(DIRECTIVE_COST + directive.before.length + converted.length);
    result += directive.before + converted;
  }
  return result;
});

function convert(directive: Directive, value: Value, index: number, count: number): string {
  const { letter } = directive;
  switch (letter) {
    case 's':
      return convertText(directive, value, index, count);
    case 'd':
    case 'i': {
      const integer = integerArgument(value, index, NAME, count);
      const digits = integerToString(integer);
      return directive.isPlain ? digits : formatDecimal(digits, directive);
    }
    case 'o':
    case 'u':
    case 'x':
    case 'X': {
      const base = letter === 'o' ? 8 : letter === 'u' ? 10 : 16;
      return formatUnsigned(
        unsignedDigits(integerArgument(value, index, NAME, count), base),
        letter,
        directive,
      );
    }
    case 'c':
      return fillText(
        String.fromCharCode(lowOf(integerArgument(value, index, NAME, count)) & 255),
        directive,
      );
    case 'q':
      return quote(value, index);
    default:
      charge(DIGIT_COST * Math.max(directive.precision, 10)); // ties are found with big integers
      return formatDouble(doubleArgument(value, index, NAME, count), letter, directive);
  }
}

/** As an unsigned number of 64 bits. */
function unsignedDigits(value: Integer, base: number): string {
  if (typeof value === 'number' && value >= 0) return value.toString(base);
  return BigInt.asUintN(64, int64.toBigInt(value)).toString(base);
}

function convertText(directive: Directive, value: Value, index: number, count: number): string {
  if (value === undefined) requireAny(index, NAME, count);
  const text = textOf(value) ?? toText(value);
  if (directive.isPlain) return text;
  charge(text.length);
  if (text.includes('\0')) argumentError(index, NAME, 'string contains zeros');
  const cut = directive.precision >= 0 ? text.slice(0, directive.precision) : text;
  return fillText(cut, directive);
}

/** Instructions of a character that is written otherwise. */
const ESCAPE_COST = 10;

/** %q: source text that reads back as the value. */
function quote(value: Value, index: number): string {
  if (typeof value === 'string') return quoteText(value);
  if (value === undefined || typeof value === 'boolean') return toText(value);
  if (!isNumber(value)) return argumentError(index, NAME, 'value has no literal form');
  if (!isInteger(value)) return formatDouble(doubleOf(value), 'a', PLAIN);
  if (int64.equals(value, MIN_INTEGER)) return `0x${unsignedDigits(value, 16)}`;
  return integerToString(value);
}

function quoteText(text: string): string {
  chargeText(text.length);
  const quoted = text.replace(/["\\\n]|[\0-\x1f\x7f]/g, (character, at: number) => {
    charge(ESCAPE_COST);
    if (character === '"' || character === '\\' || character === '\n') return `\\${character}`;
    const code = String(character.charCodeAt(0));
    const next = text.charCodeAt(at + 1);
    return next >= 48 && next <= 57 ? `\\${code.padStart(3, '0')}` : `\\${code}`;
  });
  return `"${quoted}"`;
}

export { format };
