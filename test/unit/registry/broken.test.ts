// Broken apps: each folder of test/broken holds an app and, in expected.txt, every line that must come out, in order.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../../src/core/diagnostics.js';
import type { Program } from '../../../src/core/program.js';
import type { CompileResult } from '../../../src/lua/engine.js';

import { documentedModules } from '../../../src/registry/kinds/known-modules.js';
import { loadApp } from '../../../src/registry/load/app.js';
import { prepareApp } from '../../../src/registry/pipeline/index.js';
import type { CompileProgram } from '../../../src/registry/pipeline/programs.js';
import { kinds } from '../../../src/services/kinds.js';
import { setups } from './broken-setups.js';

const here = path.join(import.meta.dirname, '../../broken');
const engines = path.join(here, '../../src/lua/engines.ts');

async function findCompiler(): Promise<CompileProgram | undefined> {
  if (!existsSync(engines)) return undefined;
  const { compileProgram } = (await import(engines)) as {
    compileProgram?: (program: Program) => CompileResult;
  };
  if (compileProgram === undefined) return undefined;
  return (program) => {
    const result = compileProgram(program);
    return result.ok ? [] : result.diagnostics;
  };
}
const compile = await findCompiler();

/** Cases whose problem is in Lua. */
const needsCompiler = (name: string): boolean => name.includes('lua-syntax');

const modules = {
  built: [
    'channel',
    'env',
    'errors',
    'funcs',
    'json',
    'logger',
    'process',
    'sql',
    'time',
    'uuid',
    'workflow',
  ],
  known: documentedModules,
};
const temporary = mkdtempSync(path.join(tmpdir(), 'moontide-broken-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

async function diagnose(name: string): Promise<string[]> {
  const folder = path.join(temporary, name);
  cpSync(path.join(here, name), folder, { recursive: true });
  mkdirSync(path.join(folder, 'app'), { recursive: true });
  setups[name]?.(folder);
  const optionsFile = path.join(folder, 'overrides.txt');
  const overrides = existsSync(optionsFile) ? readFileSync(optionsFile, 'utf8').trim().split('\n') : [];
  const loaded = await loadApp(path.join(folder, 'app'), { kinds });
  const result = prepareApp(loaded, {
    kinds,
    modules,
    overrides,
    ...(compile === undefined ? {} : { compile }),
  });
  expect(result.ok).toBe(false);
  return (result.ok ? result.warnings : result.diagnostics).map(
    (diagnostic) => (diagnostic.severity === 'warning' ? 'warning: ' : '') + formatDiagnostic(diagnostic),
  );
}

const names = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

describe('broken apps', () => {
  for (const name of names)
    it.skipIf(needsCompiler(name) && compile === undefined)(
      `tells all that is wrong in ${name}`,
      async () => {
        const lines = await diagnose(name);
        const file = path.join(here, name, 'expected.txt');
        if (process.env['UPDATE_EXPECTED'] === '1') writeFileSync(file, `${lines.join('\n')}\n`);
        expect(lines).toEqual(readFileSync(file, 'utf8').trimEnd().split('\n'));
        expect(lines.join('\n')).not.toContain('canary"');
      },
    );

  it('has a folder for every setup', () => {
    expect(Object.keys(setups).filter((name) => !names.includes(name))).toEqual([]);
  });
});
