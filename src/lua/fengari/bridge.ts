// Values of one fengari state as the seam's values and back. Sealed.
// B1: the same Lua value is the same JavaScript value both ways for the life of the state.
// B2: fengari's integers have 32 bits. An integer beyond that goes in as a float; an integral float beyond 32 bits and within
//     2^53 comes out as an integer, since that is what it almost always was. So ids and nanoseconds up to 2^53 cross unharmed,
//     1e10 comes out as 10000000000, and integers beyond 2^53 lose their last digits. The compiled engine has no such limit.
// B3: pairs goes in the order of insertion, also for 1..n; LuaTable.entries gives 1..n first.
import { lobject, ltable, lua, tags } from './internals.js';
import type { CFunction, TString, TValue, Table, Udata, lua_State } from './internals.js';
import { LuaError, LuaFloat, LuaTable, LuaThread, LuaUserdata } from '../values.js';
import type { AnyUserdataType, LuaFunction, LuaValue } from '../values.js';
import { keyOf, newString, textOf } from './strings.js';

const MAX_SAFE = Number.MAX_SAFE_INTEGER + 1;

export const isInt32 = (n: number): boolean => (n | 0) === n && !Object.is(n, -0);

export class FengariTable extends LuaTable {
  readonly table: Table;
  readonly #bridge: Bridge;

  constructor(bridge: Bridge, table: Table) {
    super();
    this.#bridge = bridge;
    this.table = table;
  }

  override get(key: LuaValue): LuaValue {
    if (key === undefined) return undefined;
    const entry = this.table.strong.get(this.#bridge.hashOf(key));
    return entry === undefined ? undefined : this.#bridge.read(entry.value);
  }

  override set(key: LuaValue, value: LuaValue): void {
    if (key === undefined) throw new LuaError('table index is nil');
    if (Number.isNaN(key)) throw new LuaError('table index is NaN');
    const bridge = this.#bridge;
    ltable.luaH_setfrom(bridge.state, this.table, bridge.write(key), bridge.write(value));
    ltable.invalidateTMcache(this.table);
  }

  override length(): number {
    return ltable.luaH_getn(this.table);
  }

  override *entries(): Iterable<readonly [LuaValue, LuaValue]> {
    const { strong } = this.table;
    const bridge = this.#bridge;
    let length = 0;
    for (;;) {
      const entry = strong.get(length + 1);
      if (entry === undefined) break;
      length += 1;
      yield [length, bridge.read(entry.value)];
    }
    if (length === strong.size) return;
    for (let entry = this.table.f; entry !== undefined; entry = entry.n) {
      const { key } = entry;
      if (key.type === tags.LUA_TNUMINT && (key.value as number) >= 1 && (key.value as number) <= length)
        continue;
      yield [bridge.read(key), bridge.read(entry.value)];
    }
  }

  override hadStringKeys(): boolean {
    for (const key of this.table.dead_strong.keys()) if (typeof key === 'string') return true;
    return false;
  }
}

export class FengariThread extends LuaThread {
  readonly state: lua_State;
  readonly #statusOf: (state: lua_State) => LuaThread['status'];

  constructor(state: lua_State, statusOf: (state: lua_State) => LuaThread['status']) {
    super();
    this.state = state;
    this.#statusOf = statusOf;
  }

  override get status(): LuaThread['status'] {
    return this.#statusOf(this.state);
  }
}

/** What a userdata of ours carries in fengari's `data`. */
interface Carrier {
  userdata?: LuaUserdata;
}

export interface BridgeHost {
  /** The metatable of a userdata type, made at its first use. */
  metatable(type: AnyUserdataType): Table;
  statusOf(state: lua_State): LuaThread['status'];
}

export class Bridge {
  readonly state: lua_State;
  readonly #host: BridgeHost;
  readonly #tables = new WeakMap<Table, FengariTable>();
  readonly #threads = new WeakMap<lua_State, FengariThread>();
  /** By closure, or by the C function itself. */
  readonly #functions = new WeakMap<object, LuaFunction>();
  readonly #targets = new WeakMap<LuaFunction, TValue>();
  readonly #userdata = new WeakMap<LuaUserdata, Udata>();

  constructor(state: lua_State, host: BridgeHost) {
    this.state = state;
    this.#host = host;
  }

  read(value: TValue): LuaValue {
    switch (value.type) {
      case tags.LUA_TNIL:
        return undefined;
      case tags.LUA_TBOOLEAN:
        return value.value as boolean;
      case tags.LUA_TNUMINT:
        return value.value as number;
      case tags.LUA_TNUMFLT:
        return readFloat(value.value as number);
      case tags.LUA_TLNGSTR:
      case tags.LUA_TSHRSTR:
        return textOf(value.value as TString);
      case tags.LUA_TTABLE:
        return this.tableOf(value.value as Table);
      case tags.LUA_TLCL:
      case tags.LUA_TLCF:
      case tags.LUA_TCCL:
        return this.#functionOf(value);
      case tags.LUA_TUSERDATA:
        return ((value.value as Udata).data as Carrier).userdata;
      case tags.LUA_TTHREAD:
        return this.threadOf(value.value as lua_State);
      default:
        throw new TypeError(`a Lua value of fengari's type ${value.type} cannot be read`);
    }
  }

  write(value: LuaValue): TValue {
    switch (typeof value) {
      case 'undefined':
        return new lobject.TValue(tags.LUA_TNIL, null);
      case 'boolean':
        return new lobject.TValue(tags.LUA_TBOOLEAN, value);
      case 'number':
        return new lobject.TValue((value | 0) === value ? tags.LUA_TNUMINT : tags.LUA_TNUMFLT, value + 0);
      case 'bigint':
        return new lobject.TValue(tags.LUA_TNUMFLT, Number(value));
      case 'string':
        return new lobject.TValue(tags.LUA_TLNGSTR, newString(value));
      case 'function': {
        // A value of its own: fengari changes the values on its stack in place.
        const target = this.#targetOf(value);
        return new lobject.TValue(target.type, target.value);
      }
      default:
        if (value instanceof FengariTable) return new lobject.TValue(tags.LUA_TTABLE, value.table);
        if (value instanceof LuaFloat) return new lobject.TValue(tags.LUA_TNUMFLT, value.n);
        if (value instanceof LuaUserdata) return new lobject.TValue(tags.LUA_TUSERDATA, this.#udataOf(value));
        if (value instanceof FengariThread) return new lobject.TValue(tags.LUA_TTHREAD, value.state);
        throw new TypeError('a value of another engine was handed to fengari');
    }
  }

  /** The key under which fengari keeps a value in a table. */
  hashOf(key: LuaValue): unknown {
    switch (typeof key) {
      case 'string':
        return keyOf(key);
      case 'function':
        return this.#targetOf(key).value;
      case 'bigint':
        return Number(key);
      case 'object':
        if (key instanceof LuaFloat) return key.n;
        return this.write(key).value;
      default:
        return key;
    }
  }

  push(L: lua_State, value: LuaValue): void {
    L.stack[L.top++] = this.write(value);
  }

  pushAll(L: lua_State, values: readonly LuaValue[]): void {
    if (!lua.lua_checkstack(L, values.length + 2)) throw new LuaError('stack overflow (too many values)');
    for (const value of values) this.push(L, value);
  }

  /** The values from stack position `first` (1-based) to the top. */
  readFrom(L: lua_State, first: number): LuaValue[] {
    const values: LuaValue[] = [];
    for (let index = L.ci.funcOff + first; index < L.top; index++) values.push(this.read(L.stack[index]!));
    return values;
  }

  newTable(): FengariTable {
    return this.tableOf(ltable.luaH_new(this.state));
  }

  tableOf(table: Table): FengariTable {
    let wrapped = this.#tables.get(table);
    if (wrapped === undefined) this.#tables.set(table, (wrapped = new FengariTable(this, table)));
    return wrapped;
  }

  threadOf(state: lua_State): FengariThread {
    let thread = this.#threads.get(state);
    if (thread === undefined)
      this.#threads.set(state, (thread = new FengariThread(state, (of) => this.#host.statusOf(of))));
    return thread;
  }

  /** A C function as a Lua function. */
  newFunction(fn: CFunction): LuaFunction {
    return this.#functionOf(new lobject.TValue(tags.LUA_TLCF, fn));
  }

  #functionOf(target: TValue): LuaFunction {
    const key = target.value as object;
    let fn = this.#functions.get(key);
    if (fn === undefined) {
      fn = () => {
        throw new TypeError('a Lua function is called through its instance only');
      };
      this.#functions.set(key, fn);
      this.#targets.set(fn, new lobject.TValue(target.type, target.value));
    }
    return fn;
  }

  #targetOf(fn: LuaFunction): TValue {
    const target = this.#targets.get(fn);
    if (target === undefined) throw new TypeError('a function of another instance was handed to this one');
    return target;
  }

  #udataOf(userdata: LuaUserdata): Udata {
    let udata = this.#userdata.get(userdata);
    if (udata === undefined) {
      udata = new lobject.Udata(this.state, 0);
      (udata.data as Carrier).userdata = userdata;
      udata.metatable = this.#host.metatable(userdata.type);
      this.#userdata.set(userdata, udata);
    }
    return udata;
  }
}

function readFloat(n: number): LuaValue {
  if (!Number.isInteger(n)) return n;
  const isInteger = (n | 0) !== n && n <= MAX_SAFE && n >= -MAX_SAFE;
  return isInteger ? n : new LuaFloat(n);
}
