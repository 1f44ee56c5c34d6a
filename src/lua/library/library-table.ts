// Tables of builtins, shared by all instances of a realm. Sealed.
import { Table } from '../compiled/table.js';
import type { Value } from '../compiled/protocol.js';

/** A frozen table of these members: writing to it is a Lua error. */
export function libraryTable(members: Readonly<Record<string, Value>>): Table {
  const table = new Table();
  for (const [name, value] of Object.entries(members)) table.setField(name, value);
  return table.freeze();
}
