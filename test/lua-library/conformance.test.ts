// The files of test/lua say what the language's libraries do, those of test/lua54 what 5.4 brought. lua5.3 and lua5.4 judge the
// files, then the engine runs them.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runLua } from './engine.js';

const folderOf = (judge: string): URL =>
  new URL(judge === 'lua5.4' ? '../lua54/' : '../lua/', import.meta.url);
const files = [
  'float-trees.lua',
  'float-variables.lua',
  'format.lua',
  'integer-trees.lua',
  'long-functions.lua',
  'math.lua',
  'numbers.lua',
  'pack.lua',
  'patterns.lua',
  'protected.lua',
  'sort.lua',
  'strings.lua',
  'tables.lua',
  'utf8.lua',
];
const judged = [...files.map((file) => ['lua5.3', file] as const), ['lua5.4', 'close.lua'] as const];

describe.each(judged)('%s: %s', (judge, file) => {
  const path = new URL(file, folderOf(judge));
  const hasJudge = spawnSync(judge, ['-v']).status === 0;

  it.runIf(hasJudge)('is true of it', () => {
    const { status, stderr } = spawnSync(judge, [path.pathname], { encoding: 'latin1', timeout: 20_000 });
    expect([status, stderr]).toEqual([0, '']);
  });

  it('is true of the compiled engine', () => {
    expect(runLua(readFileSync(path, 'latin1'), file).values).toEqual([]);
  });
});

it('covers every file that is there', () => {
  for (const judge of ['lua5.3', 'lua5.4'])
    expect(readdirSync(folderOf(judge)).sort()).toEqual(
      judged.filter((each) => each[0] === judge).map(([, file]) => file),
    );
});
