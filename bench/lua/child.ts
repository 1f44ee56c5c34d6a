// Runs one file of Lua on one of our engines: `node child.js compiled|uncounted|fengari FILE`. What it prints goes out at once.
import { mkdtempSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Program } from '../../src/core/program.js';
import type { UnitSupport } from '../../src/lua/compiled/unit-support.js';
import type { LuaEngine } from '../../src/lua/engine.js';
import { benchInstance } from './instance.js';

/** As in a node whose cache is empty. */
async function useUnitCache(isCounted: boolean): Promise<void> {
  const { UnitCache } = await import('../../src/lua/compiled/unit-cache-host.js');
  const { setUnitSupport } = await import('../../src/lua/compiled/unit-support.js');
  const folder = mkdtempSync(join(tmpdir(), 'moontide-bench-units-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const cache = new UnitCache({ folder });
  setUnitSupport(isCounted ? cache : withoutBudgets(cache));
}

/** What is generated for budgets is taken out; tables and the library count all the same. */
const withoutBudgets = (support: UnitSupport): UnitSupport => ({
  makeFunction: (script) => support.makeFunction({ ...script, body: uncounted(script.body) }),
});

const uncounted = (text: string): string =>
  text
    .replaceAll(/if\(\(B-=\d+\)<0\)B=refill\(B\);/g, '')
    .replaceAll(/if\(\(B-=\d+\)<0&&\(B=pause\(B\)\)<0\)(?:\{[^}]*\}|[^;]*);/g, ';') // in twins it may be what an else does
    .replaceAll(/\|\|\(B-=\d+\)<0&&\(B=pauseAtEntry\(B,\d+\)\)<0/g, '')
    .replaceAll(/M\.memory-=\d+;/g, '')
    .replaceAll(/\bjoined\(/g, '(');

async function engineNamed(name: string | undefined): Promise<LuaEngine> {
  // Only the one that is measured is loaded.
  if (name === 'fengari') return (await import('../../src/lua/fengari/engine.js')).fengariEngine;
  await useUnitCache(name !== 'uncounted');
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
  budget: { instructions: 1e15, memory: 1e15 },
};
const compiled = engine.compile(program);
if (!compiled.ok) throw new SyntaxError(compiled.diagnostics.map(({ message }) => message).join('; '));
const instance = benchInstance(engine.load(compiled.artifact), (line) => void writeSync(1, `${line}\n`));
const { outcome } = instance.start([]);
if (outcome === undefined || !outcome.ok) {
  writeSync(2, `${outcome === undefined ? 'main waits' : outcome.error.message}\n`);
  process.exit(1);
}
