// The coroutine library on fengari: as Lua has it, but a wait for the host passes through resume and wrap. Sealed.
// R1: a coroutine inside which a thread waits for the host, and a scheduled thread itself, are not the user's to resume.
// R2: a scheduled thread (main, coroutine.spawn) is where yield has nobody to go to: an error, as in Lua's main thread.
import { lauxlib, lua } from './internals.js';
import type { CFunction, lua_State } from './internals.js';
import { LuaThread } from '../values.js';
import type { Bridge } from './bridge.js';
import type { Calls } from './calls.js';
import { toBytes } from './strings.js';

const THREAD_EXPECTED = toBytes('coroutine expected');

export interface Threads {
  /** Whether the state is a scheduled thread of the instance. */
  isScheduled(state: lua_State): boolean;
}

export function coroutineLibrary(bridge: Bridge, calls: Calls, threads: Threads): Record<string, CFunction> {
  const coroutineAt = (L: lua_State): lua_State => {
    const value = L.top > L.ci.funcOff + 1 ? bridge.read(L.stack[L.ci.funcOff + 1]!) : undefined;
    if (value instanceof LuaThread && 'state' in value) return value.state as lua_State;
    return lauxlib.luaL_argerror(L, 1, THREAD_EXPECTED);
  };
  const statusOf = (co: lua_State): LuaThread['status'] => coroutineStatus(co, calls, threads);

  /** Moves what the coroutine gave to `L`; a negative number says that it is an error. */
  const moved = (L: lua_State, co: lua_State, status: number): number => {
    if (status !== lua.LUA_OK && status !== lua.LUA_YIELD) {
      lua.lua_xmove(co, L, 1);
      return -1;
    }
    const count = lua.lua_gettop(co);
    if (!lua.lua_checkstack(L, count + 1)) {
      lua.lua_settop(co, 0);
      bridge.push(L, 'too many results to resume');
      return -1;
    }
    lua.lua_xmove(co, L, count);
    return count;
  };

  const resume = (L: lua_State, co: lua_State, nargs: number, finish: (count: number) => number): number => {
    const status = statusOf(co);
    const problem =
      status === 'dead'
        ? 'cannot resume dead coroutine'
        : status !== 'suspended'
          ? 'cannot resume non-suspended coroutine'
          : lua.lua_checkstack(co, nargs)
            ? undefined
            : 'too many arguments to resume';
    if (problem !== undefined) {
      bridge.push(L, problem);
      return finish(-1);
    }
    lua.lua_xmove(L, co, nargs);
    return calls.resume(L, co, nargs, (ended) => finish(moved(L, co, ended)));
  };

  const create = (L: lua_State): lua_State => {
    lauxlib.luaL_checktype(L, 1, lua.LUA_TFUNCTION);
    const co = lua.lua_newthread(L);
    lua.lua_pushvalue(L, 1);
    lua.lua_xmove(L, co, 1);
    return co;
  };

  return {
    create(L) {
      create(L);
      return 1;
    },
    wrap(L) {
      const co = create(L);
      lua.lua_pushcfunction(L, (caller) =>
        resume(caller, co, lua.lua_gettop(caller), (count) => {
          if (count >= 0) return count;
          if (lua.lua_type(caller, -1) === lua.LUA_TSTRING) {
            lauxlib.luaL_where(caller, 1);
            lua.lua_insert(caller, -2);
            lua.lua_concat(caller, 2);
          }
          return lua.lua_error(caller);
        }),
      );
      return 1;
    },
    resume(L) {
      const co = coroutineAt(L);
      return resume(L, co, lua.lua_gettop(L) - 1, (count) => {
        lua.lua_pushboolean(L, count >= 0);
        const values = count < 0 ? 1 : count;
        lua.lua_insert(L, -(values + 1));
        return values + 1;
      });
    },
    yield(L) {
      if (threads.isScheduled(L)) {
        bridge.push(L, 'attempt to yield from outside a coroutine');
        return lua.lua_error(L);
      }
      return lua.lua_yieldk(L, lua.lua_gettop(L), 0, null);
    },
    status(L) {
      const co = coroutineAt(L);
      bridge.push(L, L === co ? 'running' : statusOf(co));
      return 1;
    },
    isyieldable(L) {
      lua.lua_pushboolean(L, L.nny === 0 && !threads.isScheduled(L));
      return 1;
    },
    running(L) {
      bridge.push(L, bridge.threadOf(L));
      lua.lua_pushboolean(L, threads.isScheduled(L));
      return 2;
    },
  };
}

/** The status of a state that is not the one asking. */
export function coroutineStatus(co: lua_State, calls: Calls, threads: Threads): LuaThread['status'] {
  const status = lua.lua_status(co);
  if (status !== lua.LUA_OK && status !== lua.LUA_YIELD) return 'dead';
  if (calls.running === co) return 'running';
  if (status === lua.LUA_YIELD)
    return calls.isWaiting(co) || threads.isScheduled(co) ? 'normal' : 'suspended';
  if (co.ci !== co.base_ci) return 'normal';
  if (lua.lua_gettop(co) === 0) return 'dead';
  return threads.isScheduled(co) ? 'normal' : 'suspended';
}
