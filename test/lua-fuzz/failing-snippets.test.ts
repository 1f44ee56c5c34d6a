// Snippets that fail, each a line of a file (`\n` in it is a line break): places, words and names are those of lua5.3.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { compiledEngine } from '../../src/lua/compiled/engine.js';
import { hasOracle, runEngine, runOracle, sameOutput } from './judges.js';

const snippets = readFileSync(new URL('failing-snippets.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => line.replaceAll('\\n', '\n'));

it('a program whose text another one shares keeps its own lines and names', () => {
  const errorOf = (source: string): string => runEngine(compiledEngine, `return function(${source} end`);
  expect(errorOf(') local x = "abc" return x + 1')).toMatch(/:1: .*local 'x'/);
  expect(errorOf(')\n\n local y = "abc" return y + 1')).toMatch(/:3: .*local 'y'/);
});

it.runIf(hasOracle())('a program that fails says what it says on lua5.3', { timeout: 120_000 }, () => {
  expect(snippets.length).toBeGreaterThan(200);
  // A syntax error is one at the end of the source, too, where nothing may follow.
  const alone = runOracle(snippets);
  const programs = snippets.map((snippet, at) =>
    alone[at]?.startsWith('syntax: ') === true
      ? snippet
      : `return function(...) print(pcall(function(...) ${snippet}\nend)) end`,
  );
  const expected = runOracle(programs);
  const differences = programs.flatMap((program, at) => {
    const got = runEngine(compiledEngine, program);
    return sameOutput(expected[at] ?? '', got) ? [] : [{ program, expected: expected[at], got }];
  });
  expect(differences).toEqual([]);
});
