// The parts of fengari 0.1.5 that the engine uses, internals included. fengari has no declarations of its own.
declare module 'fengari/src/lobject.js' {
  import type { lua_State } from 'fengari/src/lua.js';
  import type { Table } from 'fengari/src/ltable.js';
  import type { Proto } from 'fengari/src/lfunc.js';
  class TValue {
    constructor(type: number, value: unknown);
    type: number;
    value: unknown;
    setfrom(other: TValue): void;
  }
  class LClosure {
    constructor(L: lua_State, upvalues: number);
    p: Proto;
    nupvalues: number;
    upvals: TValue[];
  }
  class Udata {
    constructor(L: lua_State, size: number);
    metatable: Table | null;
    data: object;
  }
  const lobject: {
    TValue: typeof TValue;
    LClosure: typeof LClosure;
    Udata: typeof Udata;
    /** Gives the length of the number's text and its end; 0: it is none. */
    luaO_str2num: (bytes: Uint8Array, result: TValue) => number;
  };
  export default lobject;
  export type { LClosure, TValue, Udata };
}
declare module 'fengari/src/ltable.js' {
  import type { lua_State } from 'fengari/src/lua.js';
  import type { TValue } from 'fengari/src/lobject.js';
  interface TableEntry {
    readonly key: TValue;
    readonly value: TValue;
    readonly n: TableEntry | undefined;
  }
  class Table {
    constructor(L: lua_State);
    readonly id: number;
    readonly strong: Map<unknown, TableEntry>;
    readonly dead_strong: Map<unknown, TableEntry>;
    /** First entry in insertion order. */
    readonly f: TableEntry | undefined;
    metatable: Table | null;
  }
  const ltable: {
    Table: typeof Table;
    luaH_new: (L: lua_State) => Table;
    luaH_getn(table: Table): number;
    luaH_setfrom: (L: lua_State, table: Table, key: TValue, value: TValue) => void;
    luaH_setint: (table: Table, key: number, value: TValue) => void;
    invalidateTMcache(table: Table): void;
  };
  export default ltable;
  export type { Table, TableEntry };
}
declare module 'fengari/src/lstring.js' {
  import type { lua_State } from 'fengari/src/lua.js';
  class TString {
    constructor(L: lua_State | null, bytes: Uint8Array);
    hash: unknown;
    readonly realstring: Uint8Array;
    /** Ours, see strings.ts: the same bytes, one char each. */
    text?: string;
    tableKey?: string;
  }
  const lstring: {
    TString: typeof TString;
    luaS_bless: (L: lua_State | null, bytes: Uint8Array) => TString;
    luaS_eqlngstr: (a: TString, b: TString) => boolean;
    luaS_hash(bytes: Uint8Array): string;
    luaS_hashlongstr: (string: TString) => unknown;
    luaS_new: (L: lua_State | null, bytes: Uint8Array) => TString;
  };
  export default lstring;
  export type { TString };
}
declare module 'fengari/src/ldo.js' {
  import type { lua_State } from 'fengari/src/lua.js';
  const ldo: {
    luaD_checkstack: (L: lua_State, n: number) => void;
    luaD_throw: (L: lua_State, status: number) => never;
  };
  export default ldo;
}
declare module 'fengari/src/ltm.js' {
  import type { lua_State } from 'fengari/src/lua.js';
  import type { Table } from 'fengari/src/ltable.js';
  const ltm: { fasttm: (L: lua_State, metatable: Table | null, event: number) => unknown };
  export default ltm;
}
declare module 'fengari/src/lfunc.js' {
  import type { lua_State } from 'fengari/src/lua.js';
  import type { LClosure } from 'fengari/src/lobject.js';
  class Proto {
    constructor(L: lua_State);
    id: number;
    p: Proto[];
    cache: LClosure | null;
    upvalues: unknown[];
  }
  const lfunc: {
    Proto: typeof Proto;
    luaF_initupvals(L: lua_State, closure: LClosure): void;
  };
  export default lfunc;
  export type { Proto };
}
declare module 'fengari/src/defs.js' {
  const defs: {
    readonly constant_types: {
      readonly LUA_TNIL: number;
      readonly LUA_TBOOLEAN: number;
      readonly LUA_TNUMFLT: number;
      readonly LUA_TNUMINT: number;
      readonly LUA_TSHRSTR: number;
      readonly LUA_TLNGSTR: number;
      readonly LUA_TTABLE: number;
      readonly LUA_TLCL: number;
      readonly LUA_TLCF: number;
      readonly LUA_TCCL: number;
      readonly LUA_TUSERDATA: number;
      readonly LUA_TLIGHTUSERDATA: number;
      readonly LUA_TTHREAD: number;
    };
  };
  export default defs;
}
declare module 'fengari/src/lua.js' {
  import type { TValue } from 'fengari/src/lobject.js';
  interface CallInfo {
    readonly funcOff: number;
    readonly previous: CallInfo | null;
  }
  interface lua_State {
    top: number;
    readonly stack: TValue[];
    readonly ci: CallInfo;
    readonly base_ci: CallInfo;
    readonly l_G: { readonly mainthread: lua_State };
    status: number;
    nny: number;
  }
  type CFunction = (L: lua_State) => number;
  type Continuation = (L: lua_State, status: number, context: number) => number;
  class lua_Debug {
    event: number;
    name: Uint8Array | null;
    namewhat: Uint8Array;
    what: Uint8Array;
    source: Uint8Array;
    short_src: Uint8Array;
    currentline: number;
    linedefined: number;
    i_ci: CallInfo;
  }
  const lua: {
    readonly LUA_OK: number;
    readonly LUA_ERRRUN: number;
    readonly LUA_YIELD: number;
    readonly LUA_MULTRET: number;
    readonly LUA_MASKCOUNT: number;
    readonly LUA_TFUNCTION: number;
    readonly LUA_TNIL: number;
    readonly LUA_TNUMBER: number;
    readonly LUA_TSTRING: number;
    readonly LUA_TTABLE: number;
    lua_Debug: typeof lua_Debug;
    lua_atnativeerror(L: lua_State, handler: CFunction): CFunction | null;
    lua_call(L: lua_State, nargs: number, nresults: number): void;
    lua_callk(L: lua_State, nargs: number, nresults: number, context: number, k: Continuation): void;
    lua_checkstack(L: lua_State, n: number): boolean;
    lua_concat(L: lua_State, n: number): void;
    lua_error(L: lua_State): never;
    lua_geti: (L: lua_State, index: number, n: number) => number;
    lua_getinfo(L: lua_State, what: Uint8Array, ar: lua_Debug): number;
    lua_getstack(L: lua_State, level: number, ar: lua_Debug): number;
    lua_gettable(L: lua_State, index: number): number;
    lua_gettop(L: lua_State): number;
    lua_insert(L: lua_State, index: number): void;
    lua_newthread: (L: lua_State) => lua_State;
    lua_pcallk(
      L: lua_State,
      nargs: number,
      nresults: number,
      handler: number,
      context: number,
      k: Continuation,
    ): number;
    lua_pushboolean(L: lua_State, value: boolean | number): void;
    lua_pushcfunction(L: lua_State, fn: CFunction): void;
    lua_pushglobaltable(L: lua_State): void;
    lua_pushvalue(L: lua_State, index: number): void;
    lua_resume(L: lua_State, from: lua_State | null, nargs: number): number;
    lua_seti: (L: lua_State, index: number, n: number) => void;
    lua_sethook(
      L: lua_State,
      hook: ((L: lua_State, ar: lua_Debug) => void) | null,
      mask: number,
      count: number,
    ): void;
    lua_settop(L: lua_State, index: number): void;
    lua_status(L: lua_State): number;
    lua_touserdata(L: lua_State, index: number): unknown;
    lua_type(L: lua_State, index: number): number;
    lua_xmove: (from: lua_State, to: lua_State, n: number) => void;
    lua_yieldk(L: lua_State, nresults: number, context: number, k: Continuation | null): number;
  };
  export default lua;
  export type { CallInfo, CFunction, Continuation, lua_Debug, lua_State };
}
declare module 'fengari/src/lauxlib.js' {
  import type { lua_State } from 'fengari/src/lua.js';
  interface luaL_Buffer {
    readonly L: lua_State;
  }
  const lauxlib: {
    luaL_addlstring: (buffer: luaL_Buffer, bytes: Uint8Array, length: number) => void;
    luaL_addvalue: (buffer: luaL_Buffer) => void;
    luaL_checkstack: (L: lua_State, n: number, message: Uint8Array | string | null) => void;
    luaL_argerror(L: lua_State, position: number, message: Uint8Array): never;
    luaL_error(L: lua_State, format: Uint8Array): never;
    luaL_checkany(L: lua_State, position: number): void;
    luaL_checktype(L: lua_State, position: number, type: number): void;
    luaL_getmetafield(L: lua_State, index: number, name: Uint8Array): number;
    luaL_loadbufferx(
      L: lua_State,
      bytes: Uint8Array,
      length: number,
      name: Uint8Array,
      mode: Uint8Array,
    ): number;
    luaL_newstate(): lua_State;
    luaL_tolstring(L: lua_State, index: number): Uint8Array;
    luaL_where(L: lua_State, level: number): void;
  };
  export default lauxlib;
}
declare module 'fengari/src/lualib.js' {
  import type { CFunction } from 'fengari/src/lua.js';
  const lualib: {
    luaopen_base: CFunction;
    luaopen_math: CFunction;
    luaopen_string: CFunction;
    luaopen_table: CFunction;
    luaopen_utf8: CFunction;
  };
  export default lualib;
}
