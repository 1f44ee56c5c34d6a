// Runs a test file in an instance of the compiled engine. What applications do not have and the suite needs is made here,
// of the engine's own parts: `load`, and the line that runs as `debug.getinfo` tells it.
import { readFileSync } from 'node:fs';
import type { Program } from '../../src/core/program.js';
import { compiledEngine } from '../../src/lua/compiled/engine.js';
import { loadChunk } from '../../src/lua/compiled/unit.js';
import { parseChunk } from '../../src/lua/front/parse.js';
import { createInstance } from '../../src/lua/instance/instance.js';
import { moduleLookup } from '../../src/lua/instance/modules.js';
import { defineModuleSpec, fn } from '../../src/lua/module.js';
import { Suspend } from '../../src/lua/suspend.js';
import type { HostFunction, HostResult, LuaFunction, LuaValue } from '../../src/lua/values.js';
import { standardGlobals, testHost } from '../support/instance.js';
import type { ChunkRunner } from './run-file.js';

/** PUC's LUA_IDSIZE, without the final zero. */
const MAX_NAME = 59;

/** How a chunk is called in messages: luaO_chunkid. */
function chunkId(name: string): string {
  if (name.startsWith('=')) return name.slice(1, 1 + MAX_NAME);
  if (name.startsWith('@'))
    return name.length - 1 <= MAX_NAME ? name.slice(1) : `...${name.slice(-(MAX_NAME - 3))}`;
  const [line = ''] = name.split('\n', 1);
  const room = MAX_NAME - '[string "..."]'.length;
  return line === name && line.length <= room + 3
    ? `[string "${line}"]`
    : `[string "${line.slice(0, room)}..."]`;
}

const load: HostFunction = (_call, chunk, name, mode, environment) => {
  if (typeof chunk === 'string') return loadText(chunk, textOr(name, chunk), mode, environment);
  const pieces: string[] = [];
  const read = (): HostResult =>
    new Suspend({
      on: 'call',
      fn: chunk as LuaFunction,
      args: [],
      then: ([piece]) => {
        if (piece === undefined || piece === '')
          return loadText(pieces.join(''), textOr(name, '=(load)'), mode, environment);
        if (typeof piece !== 'string') return [undefined, 'reader function must return a string'];
        pieces.push(piece);
        return read();
      },
      caught: (error) => [undefined, error],
    });
  return read();
};

const textOr = (value: LuaValue, otherwise: string): string =>
  typeof value === 'string' ? value : otherwise;

function loadText(text: string, name: string, mode: LuaValue, environment: LuaValue): HostResult {
  const kind = text.startsWith('\x1b') ? 'binary' : 'text';
  if (kind === 'binary' || (typeof mode === 'string' && !mode.includes('t')))
    return [undefined, `attempt to load a ${kind} chunk (mode is '${textOr(mode, 'bt')}')`];
  // Only files may begin with a line for the shell.
  const parsed = parseChunk(text.startsWith('#') ? ` ${text}` : text, chunkId(name));
  if (parsed.ok) return loadChunk(parsed.chunk, text, environment);
  const { place, message } = parsed.diagnostics[0]!;
  return [undefined, `${place.file}:${place.line}: ${message}`];
}

const getinfo: HostFunction = (call, level) => {
  if (level !== 1) throw new TypeError(`debug.getinfo is emulated for level 1 only`);
  const info = call.instance.newTable();
  info.set('currentline', Number(/:(\d+)$/.exec(call.where())?.[1] ?? -1));
  return info;
};

const suite = defineModuleSpec({
  name: 'suite',
  summary: 'What the official test suite needs beyond what applications have.',
  workflow: 'refused',
  members: {
    load: fn('As in PUC.', [], [], load),
    getinfo: fn('The line that runs.', [], [], getinfo),
    traceback: fn('The Lua stack.', [], [], (call) => call.traceback()),
  },
});

const prelude = readFileSync(new URL('prelude.lua', import.meta.url), 'latin1');
const program: Program = {
  entry: 'suite:prelude',
  kind: 'function.lua',
  budget: { instructions: 1e12, memory: 1e12 },
  units: {
    'suite:prelude': {
      id: 'suite:prelude',
      chunk: 'prelude.lua',
      source: `return function(...) ${prelude}\nend`,
      imports: { suite: { module: 'suite' } },
    },
  },
};

export const runWithEngine: ChunkRunner = (name, source, counting) => {
  const compiled = compiledEngine.compile(program);
  if (!compiled.ok) throw new SyntaxError(compiled.diagnostics.map(({ message }) => message).join('; '));
  const printed: string[] = [];
  const instance = createInstance(
    compiledEngine.load(compiled.artifact),
    testHost(printed, []),
    moduleLookup([suite], standardGlobals),
  );
  const { outcome } = instance.start([name, source, counting ? 'yes' : 'no']);
  if (outcome === undefined)
    printed.push(
      `main waits: ${instance
        .coroutines()
        .map(({ waits }) => waits)
        .join(', ')}`,
    );
  else if (!outcome.ok) printed.push(outcome.error.message);
  return printed;
};
