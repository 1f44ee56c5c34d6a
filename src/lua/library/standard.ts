// All of the standard library: what every instance finds in its globals. Sealed.
// S1: library tables are made once per realm, shared by all instances and frozen.
import { coroutineFunctions } from '../compiled/coroutine-library.js';
import { setStringMetatable } from '../compiled/metatables.js';
import type { Value } from '../compiled/protocol.js';
import type { Table } from '../compiled/table.js';
import { baseFunctions } from './base.js';
import { libraryTable } from './library-table.js';
import { mathMembers } from './math-library.js';
import { stringFunctions } from './string-library.js';
import { tableFunctions, unpack } from './table-library.js';
import { utf8Members } from './utf8-library.js';

export interface StandardLibrary {
  readonly string: Table;
  readonly table: Table;
  readonly math: Table;
  readonly utf8: Table;
  /** Without what a host adds to it. */
  readonly coroutine: Table;
  /** Globals by name, the tables above among them; `_G` is the instance's own. */
  readonly globals: Readonly<Record<string, Value>>;
}

let made: StandardLibrary | undefined;

/** The library of this realm; strings get their metatable when it is first made. */
export function standardLibrary(): StandardLibrary {
  if (made !== undefined) return made;
  const string = libraryTable(stringFunctions);
  const table = libraryTable(tableFunctions);
  const math = libraryTable(mathMembers);
  const utf8 = libraryTable(utf8Members);
  const coroutine = libraryTable(coroutineFunctions);
  setStringMetatable(libraryTable({ __index: string }));
  const globals = { ...baseFunctions, _VERSION: 'Lua 5.3', unpack, coroutine, math, string, table, utf8 };
  return (made = Object.freeze({ string, table, math, utf8, coroutine, globals }));
}
