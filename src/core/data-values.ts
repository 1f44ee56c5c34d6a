// Plain data as languages inside the platform (expr, templates) see it: two kinds of numbers, maps, 64-bit integers as in Go. Sealed.
import { dataObject, LuaFloat } from './data.js';
import type { Data, DataObject } from './data.js';

export const isInteger = (value: unknown): value is number | bigint =>
  typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
export const isNumber = (value: unknown): value is number | bigint | LuaFloat =>
  typeof value === 'number' || typeof value === 'bigint' || value instanceof LuaFloat;
export const isMap = (value: Data): value is DataObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LuaFloat);
/** The map that a value is; an empty one for anything else. */
export const mapIn = (value: Data | undefined): DataObject =>
  value !== undefined && isMap(value) ? value : dataObject();

export const toNumber = (value: number | bigint | LuaFloat): number =>
  value instanceof LuaFloat ? value.n : Number(value);
/** Bytes and values in a tree, for what reading or writing it costs; what stands in many places counts each time. */
export function weightOf(data: Data): number {
  if (typeof data === 'string') return data.length + 8;
  if (typeof data !== 'object' || data === null) return 8;
  const items = Array.isArray(data) ? data : Object.values(data as Record<string, Data>);
  return items.reduce<number>((weight, item) => weight + weightOf(item), 8);
}

/** A float, whatever its value. */
export const float = (value: number): number | LuaFloat =>
  Number.isInteger(value) ? new LuaFloat(value) : value;

/** Wraps around at 64 bits, as Go does. */
export function integer(value: bigint): number | bigint {
  const wrapped = BigInt.asIntN(64, value);
  return wrapped >= -(2n ** 53n) && wrapped <= 2n ** 53n ? Number(wrapped) : wrapped;
}
