// The parts of fengari that the engine uses, in the one order in which they load. Sealed.
// Nothing else imports fengari: its modules form cycles, and without a `process` they load only after realm.ts.
import './realm.js';
import './counted-strings.js';
import lua from 'fengari/src/lua.js';
import './counted.js';
import lauxlib from 'fengari/src/lauxlib.js';
import lualib from 'fengari/src/lualib.js';
import defs from 'fengari/src/defs.js';
import lfunc from 'fengari/src/lfunc.js';
import lobject from 'fengari/src/lobject.js';
import lstring from 'fengari/src/lstring.js';
import ltable from 'fengari/src/ltable.js';
import './realm-loaded.js';

export const tags = defs.constant_types;
export { lauxlib, lfunc, lobject, lstring, ltable, lua, lualib };
export type { CallInfo, CFunction, lua_Debug, lua_State } from 'fengari/src/lua.js';
export type { LClosure, TValue, Udata } from 'fengari/src/lobject.js';
export type { Proto } from 'fengari/src/lfunc.js';
export type { Table } from 'fengari/src/ltable.js';
export type { TString } from 'fengari/src/lstring.js';
