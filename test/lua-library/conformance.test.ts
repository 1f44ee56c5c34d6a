// The files of test/lua say what the language's libraries do. lua5.3 judges the files, then the engine runs them.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runLua } from './engine.js';

const folder = new URL('../lua/', import.meta.url);
const files = [
  'float-variables.lua',
  'format.lua',
  'integer-trees.lua',
  'long-functions.lua',
  'math.lua',
  'numbers.lua',
  'pack.lua',
  'patterns.lua',
  'sort.lua',
  'strings.lua',
  'tables.lua',
  'utf8.lua',
];
const hasJudge = spawnSync('lua5.3', ['-v']).status === 0;

describe.each(files)('%s', (file) => {
  const path = new URL(file, folder);

  it.runIf(hasJudge)('is true of lua5.3', () => {
    const { status, stderr } = spawnSync('lua5.3', [path.pathname], { encoding: 'latin1', timeout: 20_000 });
    expect([status, stderr]).toEqual([0, '']);
  });

  it('is true of the compiled engine', () => {
    expect(runLua(readFileSync(path, 'latin1'), file).values).toEqual([]);
  });
});

it('covers every file that is there', () => {
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(files));
});
