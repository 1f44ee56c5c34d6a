// A Lua thread of a process host (runtime/threads): the modules of the app with those of its extensions, and nothing else of a node.
import { parentPort, workerData } from 'node:worker_threads';
import { moduleLookup } from '../lua/instance/modules.js';
import { engineNamed } from '../lua/engines.js';
import { declaredModules, globalModules } from '../modules/index.js';
import { loadExtensions } from '../runtime/extensions.js';
import { runLuaThread } from '../runtime/threads/lua-thread.js';
import type { ThreadData } from '../runtime/threads/protocol.js';
import { prepareLua } from './lua-support.js';
import type { LuaThreadData } from './lua-thread-data.js';

if (parentPort === null) throw new TypeError('this file is what a thread runs');
const { claims, data } = workerData as ThreadData;
const { environment, extensions } = data as LuaThreadData;
prepareLua(environment);
const { modules } = await loadExtensions(extensions);
runLuaThread({
  port: parentPort,
  claims,
  modules: moduleLookup([...declaredModules, ...modules.map(({ spec }) => spec)], globalModules),
  load: (artifact) => engineNamed(artifact.engine).load(artifact),
});
