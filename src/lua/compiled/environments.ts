// What is always there, for each set of modules: made once per realm, inherited by the environments of instances. Sealed.
import type { Unit } from '../../core/program.js';
import type { ModuleLookup } from '../engine.js';
import { modulesOf } from '../instance/units.js';
import { standardLibrary } from '../library/standard.js';
import type { ModuleSpec } from '../module.js';
import { uncounted } from './budget.js';
import { inheritingRecords, isArrayIndexText } from './fields.js';
import type { Fields } from './fields.js';
import { memberTable, memberValue } from './host-functions.js';
import type { Callable, Value } from './protocol.js';
import { tostring } from './text.js';
import { Table } from './table.js';

export interface StandardEnvironment {
  readonly modules: ModuleLookup;
  readonly globals: Readonly<Record<string, Value>>;
  /** An environment of the unit: `globals`, its modules, its `require`, and itself as `_G`. */
  newEnvironment(unit: Unit): Table;
  /** The module's frozen table. */
  module(spec: ModuleSpec): Table;
}

/** Makes the `require` of a unit, the same one for all instances. */
export type RequireOf = (unit: Unit) => Callable;

const environments = new WeakMap<ModuleLookup, StandardEnvironment>();
const tables = new WeakMap<ModuleSpec, Table>();

function tableOf(spec: ModuleSpec): Table {
  let table = tables.get(spec);
  if (table === undefined) tables.set(spec, (table = uncounted(() => memberTable(spec.members))));
  return table;
}

export function environmentOf(modules: ModuleLookup, requireOf: RequireOf): StandardEnvironment {
  let environment = environments.get(modules);
  if (environment === undefined)
    environments.set(modules, (environment = uncounted(() => new SharedEnvironment(modules, requireOf))));
  return environment;
}

class SharedEnvironment implements StandardEnvironment {
  readonly globals: Record<string, Value> = { ...standardLibrary().globals, tostring };
  readonly modules: ModuleLookup;
  readonly #requireOf: RequireOf;
  /** Tables of modules that join a library's. */
  readonly #joined = new Map<ModuleSpec, Table>();
  readonly #records = new WeakMap<Unit, () => Fields>();

  constructor(modules: ModuleLookup, requireOf: RequireOf) {
    this.modules = modules;
    this.#requireOf = requireOf;
    const { globals } = this;
    for (const spec of modules.globals) {
      const present = globals[spec.name];
      const table = present instanceof Table ? memberTable(spec.members, membersOf(present)) : tableOf(spec);
      this.#joined.set(spec, table);
      globals[spec.name] = table;
      addGlobals(globals, spec);
    }
  }

  module(spec: ModuleSpec): Table {
    return this.#joined.get(spec) ?? tableOf(spec);
  }

  newEnvironment(unit: Unit): Table {
    let newRecord = this.#records.get(unit);
    if (newRecord === undefined)
      this.#records.set(unit, (newRecord = uncounted(() => inheritingRecords(this.#globalsOf(unit)))));
    const environment = new Table(newRecord());
    environment.setField('_G', environment);
    return environment;
  }

  #globalsOf(unit: Unit): Record<string, Value> {
    const globals = { ...this.globals, require: this.#requireOf(unit) };
    for (const [name, spec] of modulesOf(unit, this.modules)) {
      Object.assign(globals, { [name]: this.module(spec) });
      addGlobals(globals, spec);
    }
    return globals;
  }
}

function addGlobals(globals: Record<string, Value>, spec: ModuleSpec): void {
  for (const [name, member] of Object.entries(spec.globals ?? {})) globals[name] = memberValue(member);
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
