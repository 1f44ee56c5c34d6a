// Values of templates: plain data with byte strings, and what only the inside of a rendering has. Sealed.
// V1: as in Jet, nil, false, zero and '' are false; every list and map is true, empty ones too.
import { LuaFloat } from '../../core/data.js';
import type { Data } from '../../core/data.js';
import { integer, isInteger, isMap, isNumber, float, toNumber } from '../../core/data-values.js';
import { RenderError } from './errors.js';
import type { BinaryOperator } from './tree.js';

/** A function of templates, or a method of the error that is its `self`. */
export class Builtin {
  readonly name: string;
  readonly self: Caught | undefined;
  constructor(name: string, self?: Caught) {
    this.name = name;
    this.self = self;
  }
}

/** A function that writes what it is given by an escape of its own; the last of a pipeline only. */
export class Writer {
  readonly name: string;
  readonly escape: (text: string) => string;
  constructor(name: string, escape: (text: string) => string) {
    this.name = name;
    this.escape = escape;
  }
}

/** Text that is written as it is, made by a function that writes. */
export class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A condition that is never written. */
export class Hidden {
  readonly value: boolean;
  constructor(value: boolean) {
    this.value = value;
  }
}

/** The integers from `from` up to, and without, `to`. */
export class Ints {
  readonly from: number;
  readonly to: number;
  constructor(from: number, to: number) {
    this.from = from;
    this.to = to;
  }
}

/** The error that a `catch` names. */
export class Caught {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

export type Inner = Builtin | Writer | Raw | Hidden | Ints | Caught;
export type Value = Data | Inner;

export const isInner = (value: Value): value is Inner =>
  value instanceof Builtin ||
  value instanceof Writer ||
  value instanceof Raw ||
  value instanceof Hidden ||
  value instanceof Ints ||
  value instanceof Caught;

export function typeOf(value: Value): string {
  if (value === null) return 'nil';
  if (typeof value === 'boolean') return 'a boolean';
  if (typeof value === 'string') return 'a string';
  if (isNumber(value)) return 'a number';
  if (value instanceof Builtin || value instanceof Writer) return `the function '${value.name}'`;
  if (value instanceof Caught) return 'an error';
  if (value instanceof Raw || value instanceof Hidden) return 'the result of a function that writes';
  if (value instanceof Ints || Array.isArray(value)) return 'a list';
  return 'a map';
}

/** Plain data, which is all that functions of values take. */
export function plain(value: Value, what: string): Data {
  if (isInner(value)) throw new RenderError(`${what} takes plain values, got ${typeOf(value)}`);
  return value;
}

export function truth(value: Value): boolean {
  if (value instanceof Hidden) return value.value;
  if (isInner(value)) return true;
  if (isNumber(value)) return toNumber(value) !== 0;
  return value !== null && value !== false && value !== '';
}

export function text(value: Value, what: string): string {
  if (typeof value === 'string') return value;
  throw new RenderError(`${what} takes a string, got ${typeOf(value)}`);
}

/** A whole number; a float is cut, as in Jet. */
export function whole(value: Value, what: string): number {
  const number = isInner(value) || !isNumber(value) ? Number.NaN : Math.trunc(toNumber(value));
  if (!Number.isSafeInteger(number))
    throw new RenderError(`${what} takes a whole number, got ${typeOf(value)}`);
  return number;
}

/** The shortest text that means the number, so that 3.0 is written as 3. */
export const numberAsText = (value: number | bigint | LuaFloat): string =>
  String(value instanceof LuaFloat ? value.n : value);

/** What writes a value piece by piece: `emit` refuses where it gets too much. Maps are sorted by key, as Go prints them. */
export function writeText(value: Value, emit: (piece: string) => void): void {
  if (value === null || value instanceof Hidden) return;
  if (typeof value === 'string') emit(value);
  else if (typeof value === 'boolean') emit(String(value));
  else if (value instanceof Raw) emit(value.text);
  else if (value instanceof Caught) emit(value.message);
  else if (value instanceof Ints || value instanceof Builtin || value instanceof Writer)
    throw new RenderError(`${typeOf(value)} cannot be written`);
  else if (isNumber(value)) emit(numberAsText(value));
  else if (Array.isArray(value)) {
    emit('[');
    for (const [index, item] of value.entries()) {
      if (index > 0) emit(' ');
      writeText(item, emit);
    }
    emit(']');
  } else {
    emit('map[');
    for (const [index, key] of Object.keys(value).sort().entries()) {
      emit(`${index > 0 ? ' ' : ''}${key}:`);
      writeText(value[key] ?? null, emit);
    }
    emit(']');
  }
}

/** `step` counts the work: values that share their parts can be far larger than they look. */
export function equal(a: Value, b: Value, step: (count: number) => void): boolean {
  step(1);
  if (isInner(a) || isInner(b)) return a === b;
  if (isNumber(a) && isNumber(b))
    return isInteger(a) && isInteger(b) ? BigInt(a) === BigInt(b) : toNumber(a) === toNumber(b);
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => equal(item, b[index] ?? null, step));
  if (isMap(a) && isMap(b)) {
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length &&
      keys.every((key) => Object.hasOwn(b, key) && equal(a[key] ?? null, b[key] ?? null, step))
    );
  }
  return a === b;
}

/** A number and nothing else. */
export function numberOf(value: Value, operator: string): number | bigint | LuaFloat {
  if (!isInner(value) && isNumber(value)) return value;
  throw new RenderError(`'${operator}' takes numbers, got ${typeOf(value)}`);
}

/** The other side of a calculation may be a string that is a number, as in Jet. */
function operand(value: Value, operator: string): number | bigint | LuaFloat {
  if (typeof value === 'string' && /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/.test(value))
    return float(Number(value));
  return numberOf(value, operator);
}

/** All but `==`, `!=`, `&&`, `||`, and `+` of strings. Integers stay integers, of 64 bits. */
export function calculate(operator: BinaryOperator, of: Value, right: Value): Value {
  const left = numberOf(of, operator);
  const other = operand(right, operator);
  const whole = isInteger(left) && isInteger(other);
  const [a, b] = [toNumber(left), toNumber(other)];
  switch (operator) {
    case '<':
      return whole ? left < other : a < b;
    case '<=':
      return whole ? left <= other : a <= b;
    case '>':
      return whole ? left > other : a > b;
    case '>=':
      return whole ? left >= other : a >= b;
    case '+':
      return whole ? integer(BigInt(left) + BigInt(other)) : float(a + b);
    case '-':
      return whole ? integer(BigInt(left) - BigInt(other)) : float(a - b);
    case '*':
      return whole ? integer(BigInt(left) * BigInt(other)) : float(a * b);
    case '/':
      if (b === 0) throw new RenderError('division by zero');
      return whole ? integer(BigInt(left) / BigInt(other)) : float(a / b);
    default: {
      const [dividend, divisor] = [cut(left), cut(other)];
      if (divisor === 0n) throw new RenderError('division by zero');
      return integer(dividend % divisor);
    }
  }
}

/** `%` cuts floats. */
function cut(value: number | bigint | LuaFloat): bigint {
  if (isInteger(value)) return BigInt(value);
  const number = Math.trunc(toNumber(value));
  if (!Number.isFinite(number)) throw new RenderError(`'%' takes whole numbers`);
  return BigInt(number);
}
