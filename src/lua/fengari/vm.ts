// One fengari state: its environments, its modules and its threads. Sealed.
// F1: the entry's environment is the global table; a library has its own, which holds what is always there and what the
//     library declares. What any unit writes to an undeclared global is seen by all units of the instance.
// F2: tostring of tables and functions is a counter of the state, pairs goes in insertion order: both repeat on replay.
// F3: nothing mutable is shared between states; prototypes are copied, since fengari caches closures in them.
import { lauxlib, lfunc, lobject, lua, tags } from './internals.js';
import type { Proto, Table, lua_State } from './internals.js';
import type { Program, Unit } from '../../core/program.js';
import type { LuaFrame, ModuleLookup, Vm, VmThread } from '../engine.js';
import { modulesOf, UnitLoader } from '../instance/units.js';
import type { UnitHost } from '../instance/units.js';
import type { InstanceContext } from '../instance-context.js';
import type { MemberSpec, ModuleSpec } from '../module.js';
import { LuaTable } from '../values.js';
import type { AnyUserdataType, HostFunction, LuaFunction, LuaThread, LuaValue } from '../values.js';
import { Bridge } from './bridge.js';
import type { BridgeHost, FengariTable } from './bridge.js';
import { Calls } from './calls.js';
import { coroutineStatus } from './coroutines.js';
import type { Threads } from './coroutines.js';
import { openLibraries } from './libraries.js';
import type { MeterLimits } from './meter.js';
import { FengariVmThread } from './thread.js';
import { newMetatable } from './userdata.js';

/** What a program may execute in one step when its entry says nothing: about a second on a slow machine. */
const DEFAULT_LIMITS: MeterLimits = { instructions: 10_000_000, memory: 64 * 1024 * 1024 };
/** An instruction takes so many times as long as one of the compiled engine, at least: turns have so many fewer. */
const SLOWER = 10;

/** Parsed chunks by unit id; parsed once, copied into each state (F3). */
export type Prototypes = (unit: Unit) => Proto;

export class FengariVm implements Vm, UnitHost, BridgeHost, Threads {
  readonly main: LuaFunction;
  readonly program: Program;
  readonly #state: lua_State;
  readonly #bridge: Bridge;
  readonly #calls: Calls;
  readonly #loader: UnitLoader;
  readonly #lookup: ModuleLookup;
  readonly #prototypes: Prototypes;
  readonly #globals: FengariTable;
  /** What every unit sees without declaring it. */
  readonly #standard: ReadonlyMap<string, LuaValue>;
  readonly #modules = new Map<ModuleSpec, LuaTable>();
  readonly #metatables = new Map<AnyUserdataType, Table>();
  readonly #scheduled = new WeakSet<lua_State>();
  readonly #turn: number;

  constructor(context: InstanceContext, modules: ModuleLookup, prototypes: Prototypes) {
    this.#prototypes = prototypes;
    this.program = context.program;
    this.#lookup = modules;
    this.#state = lauxlib.luaL_newstate();
    this.#bridge = new Bridge(this.#state, this);
    this.#calls = new Calls(this.#bridge, context, { ...DEFAULT_LIMITS, ...context.program.budget });
    lua.lua_atnativeerror(this.#state, (L) => this.#calls.nativeError(L));
    this.#calls.count();
    const { place, turnInstructions = Infinity } = context.host;
    this.#turn = place === 'node' ? turnInstructions / SLOWER : Infinity;
    this.#globals = openLibraries(this.#bridge, this.#calls, this, context.host);
    for (const spec of modules.globals) this.#install(spec);
    this.#standard = namedEntries(this.#globals);
    this.#loader = new UnitLoader(this);
    this.#fill(this.#globals, this.#loader.entry);
    this.#catchImports(this.#globals, this.#loader.entry, undefined);
    this.main = this.#function((call, ...args) => this.#loader.main(call, args));
  }

  find(module: string): ModuleSpec | undefined {
    return this.#lookup.find(module);
  }

  newTable(): LuaTable {
    return this.#bridge.newTable();
  }

  newThread(fn: LuaFunction): VmThread {
    const state = lua.lua_newthread(this.#state);
    lua.lua_settop(this.#state, 0);
    this.#scheduled.add(state);
    return new FengariVmThread(this.#bridge, this.#calls, state, fn);
  }

  frames(): readonly LuaFrame[] {
    return this.#calls.frames(this.#calls.running ?? this.#state);
  }

  beginStep(isWhole = false): void {
    this.#calls.meter.reset();
    this.#calls.beginTurn(isWhole ? Infinity : this.#turn);
  }

  resumeStep(): void {
    this.#calls.beginTurn(this.#turn);
  }

  close(): void {
    // Everything is garbage once the instance lets go of it.
  }

  isScheduled(state: lua_State): boolean {
    return this.#scheduled.has(state);
  }

  statusOf(state: lua_State): LuaThread['status'] {
    return coroutineStatus(state, this.#calls, this);
  }

  metatable(type: AnyUserdataType): Table {
    let metatable = this.#metatables.get(type);
    if (metatable === undefined)
      this.#metatables.set(type, (metatable = newMetatable(this.#bridge, this.#calls, type)));
    return metatable;
  }

  chunk(unit: Unit): LuaFunction {
    const closure = new lobject.LClosure(this.#state, 1);
    closure.p = this.#copy(this.#prototypes(unit));
    lfunc.luaF_initupvals(this.#state, closure);
    closure.upvals[0]!.setfrom(this.#bridge.write(this.#environment(unit)));
    const value = new lobject.TValue(tags.LUA_TLCL, closure);
    return this.#bridge.read(value) as LuaFunction;
  }

  module(spec: ModuleSpec): LuaTable {
    let table = this.#modules.get(spec);
    if (table === undefined) {
      table = this.#members(this.#bridge.newTable(), spec.members);
      this.#modules.set(spec, table);
    }
    return table;
  }

  standard(name: string): LuaValue {
    const value = this.#standard.get(name);
    return value instanceof LuaTable ? value : undefined;
  }

  /** Puts a module that is always there under its name; members of `coroutine` join Lua's own. */
  #install(spec: ModuleSpec): void {
    const present = this.#globals.get(spec.name);
    if (present instanceof LuaTable) this.#modules.set(spec, this.#members(present, spec.members));
    else this.#globals.set(spec.name, this.module(spec));
    this.#members(this.#globals, spec.globals ?? {});
  }

  #members(table: LuaTable, members: Readonly<Record<string, MemberSpec>>): LuaTable {
    for (const [name, member] of Object.entries(members)) table.set(name, this.#member(member));
    return table;
  }

  #member(member: MemberSpec): LuaValue {
    switch (member.is) {
      case 'function':
        return this.#function(member.run);
      case 'constant':
        return member.value;
      case 'table':
        return this.#members(this.#bridge.newTable(), member.members);
    }
  }

  #function(run: HostFunction): LuaFunction {
    return this.#bridge.newFunction(this.#calls.hostFunction(run));
  }

  #environment(unit: Unit): FengariTable {
    if (unit === this.#loader.entry) return this.#globals;
    const environment = this.#bridge.newTable();
    for (const [name, value] of this.#standard) environment.set(name, value);
    this.#fill(environment, unit);
    this.#catchImports(environment, unit, this.#globals);
    return environment;
  }

  #fill(environment: FengariTable, unit: Unit): void {
    environment.set('_G', environment);
    environment.set(
      'require',
      this.#function((call, name) => this.#loader.require(call, unit, name)),
    );
    for (const [name, spec] of modulesOf(unit, this.#lookup)) {
      environment.set(name, this.module(spec));
      this.#members(environment, spec.globals ?? {});
    }
  }

  /** Loads an import when it is first read as a global, and sends a library's other globals to the entry's. */
  #catchImports(environment: FengariTable, unit: Unit, shared: FengariTable | undefined): void {
    const hasUnits = Object.values(unit.imports).some((found) => 'unit' in found);
    if (!hasUnits && shared === undefined) return;
    const hidden = this.#loader.entry.imports;
    const metatable = this.#bridge.newTable();
    metatable.set(
      '__index',
      this.#function((call, _environment, key) => {
        if (typeof key !== 'string') return shared?.get(key);
        const found = this.#loader.importOf(unit, key);
        if (found !== undefined && 'unit' in found) return this.#loader.value(call, unit, key, found);
        return shared === undefined || Object.hasOwn(hidden, key) ? undefined : shared.get(key);
      }),
    );
    if (shared !== undefined) metatable.set('__newindex', shared);
    environment.table.metatable = metatable.table;
  }

  #copy(proto: Proto): Proto {
    const copy = new lfunc.Proto(this.#state);
    const { id } = copy;
    return Object.assign(copy, proto, { id, cache: null, p: proto.p.map((inner) => this.#copy(inner)) });
  }
}

function namedEntries(table: LuaTable): ReadonlyMap<string, LuaValue> {
  const named = new Map<string, LuaValue>();
  for (const [name, value] of table.entries()) if (typeof name === 'string') named.set(name, value);
  return named;
}
