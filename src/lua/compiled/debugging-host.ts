// Lua in Node's inspector: scripts carry source maps, and each statement has a line to stop at.
// Not together with a cache: what a debugger shows is made anew.
import { url as inspectorUrl } from 'node:inspector';
import { Script } from 'node:vm';
import { allowLongFunctions } from './long-functions-host.js';
import { sourceMapOf } from './source-map.js';
import type { ScriptText } from './unit.js';
import type { MadeScript, UnitSupport } from './unit-support.js';

/** Not in one word with its comment: tools that look for one would take this file's for theirs. */
const MAPPING = 'sourceMappingURL';

export const debuggingSupport: UnitSupport = Object.freeze({
  marksLines: true,
  keep: allowLongFunctions,
  makeFunction(script: ScriptText): MadeScript {
    const { parameters, body, url } = script;
    const map = Buffer.from(JSON.stringify(sourceMapOf(script, 0)), 'utf8').toString('base64');
    const text =
      `(function(${parameters.join(',')}){${body}\n})\n` +
      `//# ${MAPPING}=data:application/json;charset=utf-8;base64,${map}`;
    const run = new Script(text, { filename: url }).runInThisContext() as MadeScript['run'];
    return { run, headerLines: 0 };
  },
});

/** Whether this process was started with --inspect, or listens for a debugger by now. */
export const isDebugged = (): boolean => inspectorUrl() !== undefined;
