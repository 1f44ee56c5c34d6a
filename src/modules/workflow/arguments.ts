// Arguments of runs: what crosses into another one. Sealed.
import type { Data } from '../../core/data.js';
import { tryToData } from '../../lua/instance/convert.js';
import { failure } from '../../lua/instance/error-object.js';
import type { HostResult, LuaValue } from '../../lua/values.js';

/** The arguments as data, or the `nil, err` that says which one cannot cross; `target`: whose arguments, for the message. */
export function argumentData(
  values: readonly LuaValue[],
  target: string,
): { readonly ok: true; readonly data: Data[] } | { readonly ok: false; readonly result: HostResult } {
  const data: Data[] = [];
  for (const [index, value] of values.entries()) {
    const converted = tryToData(value);
    if (!converted.ok)
      return {
        ok: false,
        result: failure('Invalid', `argument ${index + 1} of ${target}: ${converted.error.value.message}`),
      };
    data.push(converted.data);
  }
  return { ok: true, data };
}
