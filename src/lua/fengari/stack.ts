// Where Lua code stands: frames of a fengari thread and of the coroutines that run inside it. Sealed.
import { lua } from './internals.js';
import type { CallInfo, lua_Debug, lua_State } from './internals.js';
import type { LuaFrame } from '../engine.js';
import { fromBytes, toBytes } from './strings.js';

const SOURCE_LINE_NAME = toBytes('Sln');
const SOURCE_LINE = toBytes('Sl');

const chunkOf = (ar: lua_Debug): string => fromBytes(ar.source).replace(/^[@=]/, '');

/** The Lua frames of one state, innermost first; host functions are left out. */
export function framesOf(L: lua_State): LuaFrame[] {
  const frames: LuaFrame[] = [];
  const ar = new lua.lua_Debug();
  // lua_getstack goes through all levels to the one that it is asked for.
  for (let ci: CallInfo | null = L.ci; ci !== null && ci !== L.base_ci; ci = ci.previous) {
    ar.i_ci = ci;
    lua.lua_getinfo(L, SOURCE_LINE_NAME, ar);
    if (ar.currentline <= 0) continue;
    frames.push({ chunk: chunkOf(ar), line: ar.currentline, name: nameOf(ar) });
  }
  return frames;
}

function nameOf(ar: lua_Debug): string {
  if (fromBytes(ar.what) === 'main') return 'main chunk';
  if (ar.name !== null && ar.namewhat.length > 0) return `${fromBytes(ar.namewhat)} '${fromBytes(ar.name)}'`;
  return `function <${chunkOf(ar)}:${ar.linedefined}>`;
}

/** `file:line` of the innermost Lua frame; '' when there is none. */
export function whereOf(L: lua_State): string {
  const ar = new lua.lua_Debug();
  for (let level = 0; lua.lua_getstack(L, level, ar) !== 0; level++) {
    lua.lua_getinfo(L, SOURCE_LINE, ar);
    if (ar.currentline > 0) return `${chunkOf(ar)}:${ar.currentline}`;
  }
  return '';
}
