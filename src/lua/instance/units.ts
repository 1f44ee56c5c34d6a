// `require`, imports and main, the same for every engine: an engine only says how a unit's chunk becomes a function. Sealed.
// U1: a unit runs once per instance, when it is first required or read as a global; its value is kept.
// U2: loading may suspend; who requires a unit that another coroutine is loading waits for it.
// U3: units that need each other while they load are an error that names the cycle; nothing waits for itself.
// U4: a unit sees only its own imports and modules, and what is always there.
import type { Import, Program, Unit } from '../../core/program.js';
import type { ModuleLookup } from '../engine.js';
import type { HostCall } from '../instance-context.js';
import type { ModuleSpec } from '../module.js';
import { AS_THEY_ARE, Suspend, wait } from '../suspend.js';
import type { Wake } from '../suspend.js';
import { LuaError, LuaTable, luaType } from '../values.js';
import type { HostResult, LuaFunction, LuaValue } from '../values.js';
import { luaErrorAt } from './arguments.js';

/** What the loader needs of an engine's Vm. */
export interface UnitHost {
  readonly program: Program;
  /** The module of that name, where the program may have it. */
  find(module: string): ModuleSpec | undefined;
  /** The unit's chunk as a function in the unit's own environment. */
  chunk(unit: Unit): LuaFunction;
  /** The module's value in this instance. */
  module(spec: ModuleSpec): LuaValue;
  /** A library or module that is always there (`string`, `process`), by name; undefined when there is none. */
  standard(name: string): LuaValue;
}

interface Loading {
  readonly is: 'loading';
  waiting: Set<Wake> | undefined;
  /** Ids of units that it has asked for. */
  needs: Set<string> | undefined;
}
type UnitState = Loading | { readonly is: 'loaded'; readonly value: LuaValue };

export class UnitLoader {
  readonly #host: UnitHost;
  #entryState: UnitState | undefined;
  /** Of the other units, by id. */
  #states: Map<string, UnitState> | undefined;

  constructor(host: UnitHost) {
    this.#host = host;
  }

  get entry(): Unit {
    return this.unit(this.#host.program.entry);
  }

  /** Loads the entry, picks its method and calls it with its arguments. */
  main(call: HostCall, args: readonly LuaValue[]): HostResult {
    return this.load(call, this.entry, undefined, (value) => {
      const fn = this.runnable(this.entry, value);
      return new Suspend({ on: 'call', fn, args, then: AS_THEY_ARE });
    });
  }

  /** `require(name)` in a unit. */
  require(call: HostCall, unit: Unit, name: LuaValue): HostResult {
    if (typeof name !== 'string')
      throw luaErrorAt(call, `bad argument #1 to 'require' (string expected, got ${luaType(name)})`);
    const found = this.importOf(unit, name);
    if (found !== undefined) return this.value(call, unit, name, found);
    const standard = this.#host.standard(name);
    if (standard !== undefined) return standard;
    throw luaErrorAt(call, `module '${name}' is not declared; add it to the entry's modules`);
  }

  importOf(unit: Unit, name: string): Import | undefined {
    return Object.hasOwn(unit.imports, name) ? unit.imports[name] : undefined;
  }

  /** What an import stands for, loading it if it is a unit. */
  value(call: HostCall, unit: Unit, name: string, found: Import): HostResult {
    if ('unit' in found) return this.load(call, this.unit(found.unit), unit, (value) => value);
    const spec = this.#host.find(found.module);
    if (spec !== undefined) return this.#host.module(spec);
    const standard = this.#host.standard(found.module);
    if (standard !== undefined) return standard;
    throw luaErrorAt(call, `module '${name}' is declared but not built in this version`);
  }

  private unit(id: string): Unit {
    const unit = Object.hasOwn(this.#host.program.units, id) ? this.#host.program.units[id] : undefined;
    if (unit === undefined)
      throw new LuaError(`program of '${this.#host.program.entry}' has no unit '${id}'`);
    return unit;
  }

  private stateOf(id: string): UnitState | undefined {
    return id === this.#host.program.entry ? this.#entryState : this.#states?.get(id);
  }

  private setState(id: string, state: UnitState | undefined): void {
    if (id === this.#host.program.entry) this.#entryState = state;
    else if (state === undefined) this.#states?.delete(id);
    else (this.#states ??= new Map<string, UnitState>()).set(id, state);
  }

  private load(
    call: HostCall,
    unit: Unit,
    from: Unit | undefined,
    then: (value: LuaValue) => HostResult,
  ): HostResult {
    const state = this.stateOf(unit.id);
    if (state?.is === 'loaded') return then(state.value);
    if (from !== undefined) this.need(call, from, unit);
    if (state !== undefined)
      return wait(`import of ${unit.id}`, (wake) => {
        const waiting = (state.waiting ??= new Set<Wake>());
        waiting.add(wake);
        return { withdraw: () => void waiting.delete(wake) };
      });
    const loading: Loading = { is: 'loading', waiting: undefined, needs: undefined };
    this.setState(unit.id, loading);
    return new Suspend({
      on: 'call',
      fn: this.#host.chunk(unit),
      args: [unit.id],
      then: (results) => {
        const value = this.imported(unit, results[0]);
        this.setState(unit.id, { is: 'loaded', value });
        for (const wake of loading.waiting ?? []) wake.done([value]);
        return then(value);
      },
      caught: (error) => {
        // As with Lua's own require, a chunk that failed runs again when it is required again.
        this.setState(unit.id, undefined);
        for (const wake of loading.waiting ?? []) wake.fail(error);
        throw new LuaError(error);
      },
    });
  }

  /** Notes that `from` needs `unit` while it loads, and refuses a cycle (U3). */
  private need(call: HostCall, from: Unit, unit: Unit): void {
    const needing = this.stateOf(from.id);
    if (needing?.is !== 'loading') return;
    const path = this.pathBetween(unit.id, from.id);
    if (path !== undefined)
      throw luaErrorAt(call, `imports form a cycle: ${[from.id, ...path].join(' -> ')}`);
    (needing.needs ??= new Set()).add(unit.id);
  }

  private pathBetween(start: string, goal: string): string[] | undefined {
    if (start === goal) return [start];
    const state = this.stateOf(start);
    if (state?.is !== 'loading') return undefined;
    for (const next of state.needs ?? []) {
      const rest = this.pathBetween(next, goal);
      if (rest !== undefined) return [start, ...rest];
    }
    return undefined;
  }

  /** What an import of the unit gives: a function.lua's method, else what its chunk returned. */
  private imported(unit: Unit, value: LuaValue): LuaValue {
    if (unit.id === this.#host.program.entry) return value;
    if (unit.method === undefined) return value === undefined ? true : value;
    return pick(unit, unit.method, value);
  }

  private runnable(unit: Unit, value: LuaValue): LuaFunction {
    const { method } = this.#host.program;
    if (method !== undefined) return pick(unit, method, value);
    if (typeof value === 'function') return value;
    throw new LuaError(
      `${unit.chunk}: returns ${luaType(value)} and no function; return the function, or name a 'method' of the table`,
    );
  }
}

/** The modules among a unit's imports that are built: what its environment holds from the start. */
export function* modulesOf(unit: Unit, modules: ModuleLookup): Iterable<readonly [string, ModuleSpec]> {
  for (const [name, found] of Object.entries(unit.imports)) {
    const spec = 'module' in found ? modules.find(found.module) : undefined;
    if (spec !== undefined) yield [name, spec];
  }
}

function pick(unit: Unit, method: string, value: LuaValue): LuaFunction {
  if (typeof value === 'function') return value;
  if (!(value instanceof LuaTable))
    throw new LuaError(
      `${unit.chunk}: returns ${luaType(value)}; return a table with the method '${method}', or the function itself`,
    );
  const found = value.get(method);
  if (typeof found === 'function') return found;
  throw new LuaError(`${unit.chunk}: the returned table has no function '${method}'`);
}
