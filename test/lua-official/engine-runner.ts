// Runs a test file in an instance of the compiled engine. What applications do not have and the suite needs is made here,
// of the engine's own parts: `load`, and the line that runs as `debug.getinfo` tells it.
import { readFileSync } from 'node:fs';
import type { Program } from '../../src/core/program.js';
import { compiledEngine } from '../../src/lua/compiled/engine.js';
import { load } from '../../src/lua/compiled/chunk-loading.js';
import { createInstance } from '../../src/lua/instance/instance.js';
import { moduleLookup } from '../../src/lua/instance/modules.js';
import { defineModuleSpec, fn } from '../../src/lua/module.js';
import type { HostFunction } from '../../src/lua/values.js';
import { standardGlobals, testHost } from '../support/instance.js';
import type { ChunkRunner } from './run-file.js';

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
  budget: { instructions: 1e15, memory: 1e15 },
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
