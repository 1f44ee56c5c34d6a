// The standard library as instances on fengari have it: no way out, no clock, no chance but the host's. Sealed.
// L1: absent on purpose: load, loadfile, dofile, collectgarbage, io, debug, package; os is a module of its own.
// L2: string functions take errors (userdata with a text) as their text.
// L3: what Lua 5.1 had and applications still use is there: unpack, math.pow, log10, atan2, sinh, cosh, tanh.
// L4: patterns are matched by the library's matcher, which a budget can stop (patterns.ts).
import { lauxlib, lua, lualib, tags } from './internals.js';
import type { CFunction, lua_State } from './internals.js';
import { Arguments, asText } from '../instance/arguments.js';
import { random, randomSeed } from '../instance/random.js';
import type { InstanceHost } from '../instance-context.js';
import { LuaFloat } from '../values.js';
import type { HostFunction, LuaValue, LuaTable } from '../values.js';
import type { Bridge, FengariTable } from './bridge.js';
import type { Calls } from './calls.js';
import { coroutineLibrary } from './coroutines.js';
import { patternLibrary } from './patterns.js';
import type { Threads } from './coroutines.js';
import { chargeMemoryRunning, chargeRunning } from './meter.js';
import { fromBytes, toBytes } from './strings.js';

const ABSENT = ['collectgarbage', 'dofile', 'load', 'loadfile', '_G'];
/** The longest string that string.rep makes, in bytes. */
const LONGEST_STRING = 64 * 1024 * 1024;
/** Bytes that are copied in the time of an instruction. */
const BYTES_AT_ONCE = 32;
/** Characters that are decoded in the time of an instruction. */
const CHARACTERS_AT_ONCE = 8;
const TOSTRING = toBytes('__tostring');
const PAIRS = toBytes('__pairs');

/** Fills `globals` (fengari's global table) and gives it back. */
export function openLibraries(
  bridge: Bridge,
  calls: Calls,
  threads: Threads,
  host: InstanceHost,
): FengariTable {
  const L = bridge.state;
  const open = (opener: CFunction): FengariTable => {
    lua.lua_pushcfunction(L, opener);
    lua.lua_call(L, 0, 1);
    const opened = bridge.read(L.stack[L.top - 1]!) as FengariTable;
    lua.lua_settop(L, 0);
    return opened;
  };
  const globals = open(lualib.luaopen_base);
  for (const name of ABSENT) globals.set(name, undefined);
  const define = (table: LuaTable, functions: Readonly<Record<string, CFunction>>): void => {
    for (const [name, fn] of Object.entries(functions)) table.set(name, bridge.newFunction(fn));
  };

  const string = open(lualib.luaopen_string);
  const { find, match, gmatch, gsub } = Object.fromEntries(
    ['find', 'match', 'gmatch', 'gsub'].map((name) => [name, functionOf(bridge, string.get(name))]),
  ) as Record<'find' | 'match' | 'gmatch' | 'gsub', CFunction>;
  define(string, patternLibrary(bridge, { find, match, gmatch, gsub }));
  for (const [name, fn] of [...string.entries()]) string.set(name, bridge.newFunction(withTexts(bridge, fn)));
  string.set('dump', undefined);
  string.set('rep', bridge.newFunction(limitedRep(bridge, string.get('rep'))));
  const table = open(lualib.luaopen_table);
  const math = open(lualib.luaopen_math);
  for (const [name, run] of Object.entries(mathFunctions))
    math.set(name, bridge.newFunction(calls.hostFunction(run)));
  const coroutine = bridge.newTable();
  define(coroutine, coroutineLibrary(bridge, calls, threads));

  globals.set('string', string);
  globals.set('table', table);
  globals.set('math', math);
  const utf8 = open(lualib.luaopen_utf8);
  for (const name of ['len', 'offset'])
    utf8.set(name, bridge.newFunction(goingThrough(bridge, functionOf(bridge, utf8.get(name)))));
  globals.set('utf8', utf8);
  globals.set('coroutine', coroutine);
  globals.set('unpack', table.get('unpack'));
  for (const name of ['pcall', 'xpcall'])
    globals.set(name, bridge.newFunction(calls.protectedCall(functionOf(bridge, globals.get(name)))));
  define(globals, {
    tostring: toString,
    pairs: (caller) => pairs(bridge, caller, globals.get('next')),
    print: (caller) => {
      host.print(printed(caller));
      return 0;
    },
  });
  return globals;
}

const functionOf = (bridge: Bridge, fn: LuaValue): CFunction => bridge.write(fn).value as CFunction;

/** A function that goes through its first argument. */
const goingThrough =
  (bridge: Bridge, target: CFunction): CFunction =>
  (L) => {
    const [text] = bridge.readFrom(L, 1);
    if (typeof text === 'string') chargeRunning(text.length / CHARACTERS_AT_ONCE);
    return target(L);
  };

/** string.rep within what one string may hold; fengari's copies byte by byte. */
function limitedRep(bridge: Bridge, rep: LuaValue): CFunction {
  const target = functionOf(bridge, rep);
  return (L) => {
    const [text, count, separator = ''] = bridge
      .readFrom(L, 1)
      .map((value) => (typeof value === 'number' ? value : asText(value)));
    const length = String(text ?? '').length + String(separator).length;
    if (Number(count) * length > LONGEST_STRING)
      return lauxlib.luaL_error(L, toBytes('resulting string too large'));
    if (typeof text !== 'string' || typeof separator !== 'string' || !Number.isInteger(count))
      return target(L);
    const times = Math.max(Number(count), 0);
    chargeRunning((times * length) / BYTES_AT_ONCE);
    chargeMemoryRunning(times * length);
    bridge.push(L, times === 0 ? '' : (text + separator).repeat(times - 1) + text);
    return 1;
  };
}

/** A function of the string library that also takes values with a text. */
function withTexts(bridge: Bridge, fn: LuaValue): CFunction {
  const target = functionOf(bridge, fn);
  const { LUA_TUSERDATA } = tags;
  return (L) => {
    for (let index = L.ci.funcOff + 1; index < L.top; index++) {
      const slot = L.stack[index]!;
      if (slot.type !== LUA_TUSERDATA) continue;
      const text = asText(bridge.read(slot));
      if (text !== undefined) slot.setfrom(bridge.write(text));
    }
    return target(L);
  };
}

function toString(L: lua_State): number {
  lauxlib.luaL_checkany(L, 1);
  if (lauxlib.luaL_getmetafield(L, 1, TOSTRING) === lua.LUA_TNIL) {
    lauxlib.luaL_tolstring(L, 1);
    return 1;
  }
  const done = (): number => {
    if (lua.lua_type(L, -1) === lua.LUA_TSTRING || lua.lua_type(L, -1) === lua.LUA_TNUMBER) return 1;
    return lauxlib.luaL_error(L, toBytes("'__tostring' must return a string"));
  };
  lua.lua_pushvalue(L, 1);
  lua.lua_callk(L, 1, 1, 0, done);
  return done();
}

function pairs(bridge: Bridge, L: lua_State, next: LuaValue): number {
  lauxlib.luaL_checkany(L, 1);
  if (lauxlib.luaL_getmetafield(L, 1, PAIRS) === lua.LUA_TNIL) {
    bridge.push(L, next);
    lua.lua_pushvalue(L, 1);
    bridge.push(L, undefined);
    return 3;
  }
  lua.lua_pushvalue(L, 1);
  lua.lua_callk(L, 1, 3, 0, () => 3);
  return 3;
}

function printed(L: lua_State): string {
  const count = lua.lua_gettop(L);
  const texts: string[] = [];
  for (let index = 1; index <= count; index++) {
    texts.push(fromBytes(lauxlib.luaL_tolstring(L, index)));
    lua.lua_settop(L, count);
  }
  return texts.join('\t');
}

const float = (n: number): LuaValue => (Number.isInteger(n) ? new LuaFloat(n) : n);
const real =
  (name: string, compute: (x: number) => number): HostFunction =>
  (call, ...values) =>
    float(compute(new Arguments(call, name, values).number(1)));
const real2 =
  (name: string, compute: (x: number, y: number) => number): HostFunction =>
  (call, ...values) => {
    const args = new Arguments(call, name, values);
    return float(compute(args.number(1), args.number(2)));
  };

const mathFunctions: Readonly<Record<string, HostFunction>> = {
  random,
  randomseed: randomSeed,
  pow: real2('pow', (x, y) => x ** y),
  atan2: real2('atan2', Math.atan2),
  log10: real('log10', Math.log10),
  sinh: real('sinh', Math.sinh),
  cosh: real('cosh', Math.cosh),
  tanh: real('tanh', Math.tanh),
};
