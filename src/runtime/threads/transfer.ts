// What goes from one thread to another by structured clone, which knows neither plain data's floats nor its objects without prototypes.
// T1: unpack(clone(pack(x))) is x, for plain data and for objects of it. Nothing else is sent.
// T2: what needs no packing is sent as it is, without a copy of ours; what arrives is changed in place.
import { LuaFloat } from '../../core/data.js';
import { toBytes } from '../../core/text.js';

/** Data never holds such an object, and structured clone keeps it. */
const packedFloat = ({ n }: LuaFloat): unknown => Object(n);

function needsPacking(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof LuaFloat) return true;
  return Array.isArray(value) ? value.some(needsPacking) : Object.values(value).some(needsPacking);
}

export const pack = (value: unknown): unknown => (needsPacking(value) ? packed(value) : value);

function packed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof LuaFloat) return packedFloat(value);
  if (Array.isArray(value)) return value.map(packed);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, packed(one)]));
}

export function unpack(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Number) return new LuaFloat(value.valueOf());
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) value[at] = unpack(value[at]);
    return value;
  }
  const object = Object.setPrototypeOf(value, null) as Record<string, unknown>;
  for (const key of Object.keys(object)) object[key] = unpack(object[key]);
  return object;
}

/** Posts all; `refused` hears of each that holds what cannot be cloned, with the message as bytes, and the others go on their way. */
export function postAll<T>(
  port: { postMessage(told: readonly unknown[]): void },
  told: readonly T[],
  refused: (one: T, message: string) => void,
): void {
  try {
    port.postMessage(told.map(pack));
    return;
  } catch (error) {
    if (told.length === 1) return refused(told[0]!, toBytes((error as Error).message));
  }
  for (const one of told) postAll(port, [one], refused);
}
