// Values of expressions: plain data whose strings are text. An integer is 64 bits, a float a double, as in Go. Sealed.
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { isInteger, isMap, isNumber, toNumber } from '../../core/data-values.js';

/** An evaluation that went wrong. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

const WITH_A_CLOCK = new Set(['now', 'date', 'duration', 'timezone']);

/** Why nothing can be called by a name. */
export const noFunction = (name: string): string =>
  WITH_A_CLOCK.has(name)
    ? `'${name}' is not built in this version; give the moment as a number or a text in the environment`
    : `there is no function '${name}'`;

export function typeOf(value: Data): string {
  if (value === null) return 'nil';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  if (isNumber(value)) return isInteger(value) ? 'int' : 'float';
  return Array.isArray(value) ? 'array' : 'map';
}

export function equal(a: Data, b: Data): boolean {
  if (isNumber(a) && isNumber(b))
    return isInteger(a) && isInteger(b) ? BigInt(a) === BigInt(b) : toNumber(a) === toNumber(b);
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => equal(item, b[index] ?? null));
  if (isMap(a) && isMap(b)) {
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length &&
      keys.every((key) => Object.hasOwn(b, key) && equal(a[key] ?? null, b[key] ?? null))
    );
  }
  return a === b;
}

/** Below zero where `a` comes first. */
export function compare(a: Data, b: Data): number {
  if (isNumber(a) && isNumber(b)) {
    if (isInteger(a) && isInteger(b)) return BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0;
    return toNumber(a) - toNumber(b);
  }
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  throw new ExpressionError(`cannot compare ${typeOf(a)} with ${typeOf(b)}`);
}

export const keysOf = (map: DataObject): string[] => Object.keys(map);
export const mapOf = (entries: Iterable<readonly [string, Data]>): DataObject =>
  dataObject(Object.fromEntries(entries));

export function text(value: Data, what: string): string {
  if (typeof value === 'string') return value;
  throw new ExpressionError(`${what} takes a string, got ${typeOf(value)}`);
}

export function list(value: Data, what: string): Data[] {
  if (Array.isArray(value)) return value;
  throw new ExpressionError(`${what} takes an array, got ${typeOf(value)}`);
}

export function whole(value: Data, what: string): number {
  if (isInteger(value) && Number.isSafeInteger(Number(value))) return Number(value);
  throw new ExpressionError(`${what} takes an integer, got ${typeOf(value)}`);
}

export function truth(value: Data, what: string): boolean {
  if (typeof value === 'boolean') return value;
  throw new ExpressionError(`${what} takes a bool, got ${typeOf(value)}`);
}
