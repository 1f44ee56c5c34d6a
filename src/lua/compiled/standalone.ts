// What a program outside of apps may do that apps may not: `load`, `debug`, libraries that can be written. Sealed.
// A1: only for a process that runs one program: the library's tables belong to the realm.
import { luaErrorAt } from '../instance/arguments.js';
import { defineModuleSpec, fn } from '../module.js';
import type { HostCall } from '../instance-context.js';
import type { HostFunction, HostResult, LuaValue } from '../values.js';
import { load } from './chunk-loading.js';
import { metaOfTable, metatableOf } from './metatables.js';
import { stackWith } from './positions.js';
import { fromHostValue, Table, toHostValue } from './table.js';

/** Level 0 is the function that asks. */
const getinfo: HostFunction = (call, subject, what) => {
  if (typeof subject === 'function') return infoOfFunction(call, subject);
  if (typeof subject !== 'number' || subject < 0)
    throw luaErrorAt(call, "bad argument #1 to 'getinfo' (function or level expected)");
  if (what !== undefined && typeof what !== 'string')
    throw luaErrorAt(call, "bad argument #2 to 'getinfo' (string expected)");
  const entry = stackWith(subject + 1).entries(subject + 1)[subject];
  if (entry === undefined) return undefined;
  const info = call.instance.newTable();
  const isLua = entry.is === 'lua';
  const title = isLua ? entry.title : entry.name;
  const isMain = title === 'main chunk';
  const [, name] = /^function '(.*)'$/.exec(title) ?? [];
  info.set('currentline', isLua ? entry.line : -1);
  info.set('short_src', isLua ? entry.chunk : '[C]');
  info.set('source', isLua ? `@${entry.chunk}` : '=[C]');
  info.set('what', isLua ? (isMain ? 'main' : 'Lua') : 'C');
  info.set('name', isLua ? name : title);
  info.set('namewhat', name === undefined && isLua ? '' : 'function');
  return info;
};

function infoOfFunction(call: HostCall, subject: LuaValue & object): HostResult {
  const info = call.instance.newTable();
  const isNative = 'name' in subject && String(subject.name).startsWith('[C]:');
  info.set('what', isNative ? 'C' : 'Lua');
  info.set('short_src', isNative ? '[C]' : '?');
  info.set('source', isNative ? '=[C]' : '=?');
  info.set('currentline', -1);
  info.set('func', subject);
  return info;
}

const setmetatable: HostFunction = (call, subject, metatable) => {
  if (!(subject instanceof Table))
    throw luaErrorAt(call, "bad argument #1 to 'setmetatable' (only metatables of tables can be set)");
  if (metatable !== undefined && !(metatable instanceof Table))
    throw luaErrorAt(call, "bad argument #2 to 'setmetatable' (nil or table expected)");
  subject.meta = metatable === undefined ? null : metaOfTable(metatable);
  return subject;
};

const thaw: HostFunction = (_call, table) => (table instanceof Table ? table.thaw() : table);

export const standaloneSpec = defineModuleSpec({
  name: 'standalone',
  summary: 'What a program outside of apps may do that apps may not.',
  workflow: 'refused',
  members: {
    load: fn('As in PUC; the environment is given.', [], [], load),
    getinfo: fn('Of a level or a function, as far as it is known.', [], [], getinfo),
    traceback: fn('The Lua stack.', [], [], (call) => call.traceback()),
    getmetatable: fn('Past `__metatable`.', [], [], (_call, subject) =>
      toHostValue(metatableOf(fromHostValue(subject))),
    ),
    setmetatable: fn('Past `__metatable`.', [], [], setmetatable),
    thaw: fn('Makes a table of the library one that can be written.', [], [], thaw),
  },
});
