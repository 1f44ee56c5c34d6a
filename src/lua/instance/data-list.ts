// Several Lua values on their way across a border, as arguments, a message or results. Sealed.
import type { Data } from '../../core/data.js';
import type { HostResult, LuaValue } from '../values.js';
import { tryToData } from './convert.js';
import { failure } from './error-object.js';

export type DataList =
  { readonly ok: true; readonly data: Data[] } | { readonly ok: false; readonly result: HostResult };

/** The values as data, or the `nil, err` that says which one does not cross; `nameOf` names a value by its place from 1. */
export function dataList(values: readonly LuaValue[], nameOf: (place: number) => string): DataList {
  const data: Data[] = [];
  for (const [index, value] of values.entries()) {
    const converted = tryToData(value);
    if (!converted.ok)
      return {
        ok: false,
        result: failure('Invalid', `${nameOf(index + 1)}: ${converted.error.value.message}`),
      };
    data.push(converted.data);
  }
  return { ok: true, data };
}

/** Arguments of a call or a start; `target` says whose. */
export const argumentList = (values: readonly LuaValue[], target: string): DataList =>
  dataList(values, (place) => `argument ${place} of ${target}`);
