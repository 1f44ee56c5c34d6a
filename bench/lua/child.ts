// Runs one file of Lua on one of our engines: `node child.js compiled|fengari FILE`. What it prints goes out at once.
import { readFileSync, writeSync } from 'node:fs';
import type { Program } from '../../src/core/program.js';
import type { LuaEngine } from '../../src/lua/engine.js';
import { benchInstance } from './instance.js';

async function engineNamed(name: string | undefined): Promise<LuaEngine> {
  // Only the one that is measured is loaded.
  if (name === 'fengari') return (await import('../../src/lua/fengari/engine.js')).fengariEngine;
  return (await import('../../src/lua/compiled/engine.js')).compiledEngine;
}

const [name, file = ''] = process.argv.slice(2);
const engine = await engineNamed(name);
const program: Program = {
  entry: 'bench:main',
  kind: 'function.lua',
  units: {
    'bench:main': {
      id: 'bench:main',
      chunk: 'bench.lua',
      source: `return function(...) ${readFileSync(file, 'latin1')}\nend`,
      imports: {},
    },
  },
  // Counted as in an application, but never used up.
  budget: { instructions: 1e15 },
};
const compiled = engine.compile(program);
if (!compiled.ok) throw new SyntaxError(compiled.diagnostics.map(({ message }) => message).join('; '));
const instance = benchInstance(engine.load(compiled.artifact), (line) => void writeSync(1, `${line}\n`));
const { outcome } = instance.start([]);
if (outcome === undefined || !outcome.ok) {
  writeSync(2, `${outcome === undefined ? 'main waits' : outcome.error.message}\n`);
  process.exit(1);
}
