// Counts what fengari does for one instruction of Lua, or in its libraries, by its size (meter.ts). internals.ts imports it
// after fengari's machine and before its libraries, which keep the functions that they find. Sealed.
import lua from 'fengari/src/lua.js';
import ldo from 'fengari/src/ldo.js';
import lobject from 'fengari/src/lobject.js';
import lauxlib from 'fengari/src/lauxlib.js';
import ltable from 'fengari/src/ltable.js';
import ltm from 'fengari/src/ltm.js';
import type { TString } from 'fengari/src/lstring.js';
import { chargeMemoryRunning, chargeRunning } from './meter.js';

/** Bytes: a table, a new key in one, a coroutine. */
const TABLE_BYTES = 320;
const ENTRY_BYTES = 120;
const THREAD_BYTES = 4000;
/** Instructions of raising an error: JavaScript unwinds for it. */
const ERROR_COST = 2000;
/** Instructions of reading or writing an element in a function of the library. */
const ELEMENT_COST = 4;
/** Characters of a number that are read in the time of an instruction. */
const DIGITS_AT_ONCE = 8;

/** Values that are copied at once; an instruction moves so many without being counted for it. */
const FEW_VALUES = 32;
/** Results that are made in the time of an instruction. */
const VALUES_AT_ONCE = 8;

const { luaD_checkstack, luaD_throw } = ldo;
ldo.luaD_checkstack = (L, n) => {
  if (n > FEW_VALUES) chargeRunning(n);
  luaD_checkstack(L, n);
};
ldo.luaD_throw = (L, status) => {
  if (status > lua.LUA_YIELD) chargeRunning(ERROR_COST);
  return luaD_throw(L, status);
};

const { luaH_new, luaH_setfrom, luaH_setint } = ltable;
ltable.luaH_new = (L) => {
  chargeMemoryRunning(TABLE_BYTES);
  return luaH_new(L);
};
ltable.luaH_setfrom = (L, table, key, value) => {
  const { size } = table.strong;
  luaH_setfrom(L, table, key, value);
  if (table.strong.size > size) chargeMemoryRunning(ENTRY_BYTES);
};
ltable.luaH_setint = (table, key, value) => {
  chargeMemoryRunning(ENTRY_BYTES);
  luaH_setint(table, key, value);
};

/** A chain of __index or __newindex is one instruction of any length. */
const { fasttm } = ltm;
ltm.fasttm = (L, metatable, event) => {
  chargeRunning(1);
  return fasttm(L, metatable, event);
};

const { luaO_str2num } = lobject;
lobject.luaO_str2num = (bytes, result) => {
  chargeRunning(bytes.length / DIGITS_AT_ONCE);
  return luaO_str2num(bytes, result);
};

const { lua_geti, lua_newthread, lua_seti, lua_xmove } = lua;
lua.lua_geti = (L, index, n) => {
  chargeRunning(ELEMENT_COST);
  return lua_geti(L, index, n);
};
lua.lua_seti = (L, index, n) => {
  chargeRunning(ELEMENT_COST);
  lua_seti(L, index, n);
};
lua.lua_newthread = (L) => {
  chargeMemoryRunning(THREAD_BYTES);
  return lua_newthread(L);
};
lua.lua_xmove = (from, to, n) => {
  chargeRunning(n);
  lua_xmove(from, to, n);
};

/** Functions of the library join texts in a buffer, which is counted while it grows: the string that comes of it is too late. */
const { luaL_addlstring, luaL_addvalue, luaL_checkstack } = lauxlib;
lauxlib.luaL_addlstring = (buffer, bytes, length) => {
  chargeMemoryRunning(length);
  luaL_addlstring(buffer, bytes, length);
};
lauxlib.luaL_addvalue = (buffer) => {
  const { L } = buffer;
  const value = L.stack[L.top - 1]?.value as Partial<TString> | number | undefined;
  if (typeof value === 'object') chargeMemoryRunning(value.realstring?.length ?? 0);
  luaL_addvalue(buffer);
};
lauxlib.luaL_checkstack = (L, n, message) => {
  if (n > FEW_VALUES) chargeRunning(n / VALUES_AT_ONCE);
  luaL_checkstack(L, n, message);
};
