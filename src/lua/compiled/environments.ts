// What is always there, for each set of modules: made once per realm, copied into the environments of instances. Sealed.
import type { ModuleLookup } from '../engine.js';
import { standardLibrary } from '../library/standard.js';
import type { ModuleSpec } from '../module.js';
import { memberTable, memberValue } from './host-functions.js';
import type { Value } from './protocol.js';
import { tostring } from './text.js';
import { isArrayIndexText, recordCopier, Table } from './table.js';

export interface StandardEnvironment {
  readonly globals: Readonly<Record<string, Value>>;
  /** A table with all of `globals`. */
  newEnvironment(): Table;
  /** The module's frozen table. */
  module(spec: ModuleSpec): Table;
}

const environments = new WeakMap<ModuleLookup, StandardEnvironment>();
const tables = new WeakMap<ModuleSpec, Table>();

function tableOf(spec: ModuleSpec): Table {
  let table = tables.get(spec);
  if (table === undefined) tables.set(spec, (table = memberTable(spec.members)));
  return table;
}

export function environmentOf(modules: ModuleLookup): StandardEnvironment {
  let environment = environments.get(modules);
  if (environment === undefined) environments.set(modules, (environment = makeEnvironment(modules)));
  return environment;
}

function makeEnvironment(modules: ModuleLookup): StandardEnvironment {
  const globals: Record<string, Value> = { ...standardLibrary().globals, tostring };
  const joined = new Map<ModuleSpec, Table>();
  for (const spec of modules.globals) {
    const present = globals[spec.name];
    const table = present instanceof Table ? memberTable(spec.members, membersOf(present)) : tableOf(spec);
    joined.set(spec, table);
    globals[spec.name] = table;
    for (const [name, member] of Object.entries(spec.globals ?? {})) globals[name] = memberValue(member);
  }
  const copy = recordCopier(globals);
  return {
    globals,
    newEnvironment: () => new Table(copy()),
    module: (spec) => joined.get(spec) ?? tableOf(spec),
  };
}

/** The string fields of a library table that a module's members join (`coroutine.spawn` next to `coroutine.wrap`). */
function membersOf(table: Table): Record<string, Value> {
  const members: Record<string, Value> = {};
  const iterator = table.iterate();
  while (iterator.step()) {
    if (typeof iterator.key === 'string' && !isArrayIndexText(iterator.key))
      members[iterator.key] = iterator.value;
  }
  return members;
}
