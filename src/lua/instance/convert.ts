// Values of Lua to plain data and back, as every border uses them. Sealed.
// C1: error objects cross as `{ "$error": {...} }` wherever they stand, also inside tables, and are error objects again.
// C2: functions, threads, channels and other handles do not cross: INVALID, naming the path of the value.
import type { Data } from '../../core/data.js';
import { LuaError } from '../values.js';
import type { LuaTable, LuaUserdata, LuaValue } from '../values.js';
import { newError, reviveError } from './error-object.js';
import type { ErrorObject } from './error-object.js';
import { fromPlain, toPlain } from './plain-data.js';
import type { ToPlainOptions } from './plain-data.js';

/** Raises INVALID in Lua when the value does not cross. */
export function toData(value: LuaValue): Data {
  const converted = toPlain(value);
  if (converted.ok) return converted.data;
  throw new LuaError(invalid(converted.message));
}

/** For modules that return `nil, err`: the data, or the error object to return. */
export function tryToData(
  value: LuaValue,
  options?: ToPlainOptions,
):
  | { readonly ok: true; readonly data: Data }
  | { readonly ok: false; readonly error: LuaUserdata<ErrorObject> } {
  const converted = toPlain(value, options);
  return converted.ok ? converted : { ok: false, error: invalid(converted.message) };
}

/** Each of several arguments or results; a nil is null. */
export const allToData = (values: readonly LuaValue[]): Data[] => values.map(toData);

export const fromData = (data: Data, newTable: () => LuaTable): LuaValue =>
  fromPlain(data, newTable, reviveError);

const invalid = (message: string): LuaUserdata<ErrorObject> =>
  newError({ kind: 'Invalid', message, retryable: false });
