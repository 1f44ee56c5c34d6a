// All values that a Lua body returns, whatever they are: a second string would else count as the call's error.
import type { Data } from '../../src/core/data.js';
import { openLua, runLua } from '../support/instance.js';
import type { LuaOptions, LuaSession } from '../support/instance.js';

/** Wraps a body so that its results come as one list; a nil comes as '<nil>'. */
const listed = (body: string): string =>
  `local all = table.pack((function(...) ${body}
end)(...)) for i = 1, all.n do if all[i] == nil then all[i] = "<nil>" end end all.n = nil return all`;

const listOf = (values: readonly Data[]): readonly Data[] => {
  const [list] = values;
  // A list of nothing once had a key (n), so it comes as an empty object.
  if (typeof list === 'object' && list !== null && Object.keys(list).length === 0) return [];
  if (!Array.isArray(list)) throw new TypeError('the body did not end with a list of results');
  return list;
};

export async function evaluate(body: string, options: LuaOptions = {}): Promise<readonly Data[]> {
  return listOf((await runLua(listed(body), options)).values);
}

/** As openLua; `results` are those of the body once main has ended. */
export function openListed(
  body: string,
  options: LuaOptions = {},
): { readonly session: LuaSession; readonly results: () => readonly Data[] } {
  const session = openLua(listed(body), options);
  return { session, results: () => listOf(session.values) };
}
