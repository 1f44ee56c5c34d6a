// What a program outside of apps may do that apps may not: `load`, `debug`, libraries that can be written. Sealed.
// A1: only for a process that runs one program: the library's tables belong to the realm.
import { defineUserdata } from '../values.js';
import type { HostFunction } from '../values.js';
import { defineModuleSpec, fn, table } from '../module.js';
import { dump } from './binary-chunks.js';
import { load } from './chunk-loading.js';
import { canSuspendToHost } from './coroutine.js';
import { debugMembers } from './debug-library.js';
import { setUserdataMetatable } from './metatables.js';
import { Table } from './table.js';

const FileType = defineUserdata<object>('FILE*', {});

/** A userdata of type FILE* with this metatable. */
const newfile: HostFunction = (_call, metatable) => {
  const file = FileType.wrap({});
  setUserdataMetatable(file, metatable instanceof Table ? metatable : undefined);
  return file;
};

const thaw: HostFunction = (_call, table) => (table instanceof Table ? table.thaw() : table);

export const standaloneSpec = defineModuleSpec({
  name: 'standalone',
  summary: 'What a program outside of apps may do that apps may not.',
  workflow: 'refused',
  members: {
    load: fn('As in PUC; the environment is given.', [], [], load),
    traceback: fn('The Lua stack.', [], [], (call) => call.traceback()),
    dump: fn('A handle of a function that `load` takes.', [], [], dump),
    debug: table(debugMembers),
    newfile: fn('A userdata of type FILE*.', [], [], newfile),
    may_wait: fn('Whether a command can be asked for here.', [], [], () => canSuspendToHost()),
    thaw: fn('Makes a table of the library one that can be written.', [], [], thaw),
  },
});
