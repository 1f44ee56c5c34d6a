// Programs against lua5.3: those that once differed, and new ones from seeds. `npm run fuzz -- lua` has no end.
import { readdirSync, readFileSync } from 'node:fs';
import { describe as group, expect, it } from 'vitest';
import { compiledEngine } from '../../src/lua/compiled/engine.js';
import { describe, findDifferences } from './differences.js';
import { hasOracle, runEngine, runOracle, sameOutput } from './judges.js';
import { chunkOf, generate } from './generator.js';
import { fuzzParser } from './parser-fuzz.js';

const oracle = hasOracle();
const folder = new URL('regressions/', import.meta.url);
const PROGRAMS = 2000;
const PAUSING_PROGRAMS = 120;

group('a program that once differed', () => {
  it.runIf(oracle).each(readdirSync(folder))('%s says what it says on lua5.3', (file) => {
    const source = `${readFileSync(new URL(file, folder), 'latin1')}\nreturn function() end`;
    const expected = runOracle([source])[0]?.split('\n') ?? [];
    const got = runEngine(compiledEngine, source).split('\n');
    expect(got.length).toBe(expected.length);
    const other = expected.flatMap((line, at) => (sameOutput(line, got[at] ?? '') ? [] : [[line, got[at]]]));
    expect(other).toEqual([]);
  });
});

group('generated programs', () => {
  it('say the same when they pause wherever they can', { timeout: 300_000 }, () => {
    for (let seed = 1; seed <= PAUSING_PROGRAMS; seed++) {
      const source = chunkOf(generate(seed).statements);
      const whole = runEngine(compiledEngine, source);
      for (const turn of [1, 37])
        expect(`seed ${seed}, turn ${turn}: ${runEngine(compiledEngine, source, turn)}`).toBe(
          `seed ${seed}, turn ${turn}: ${whole}`,
        );
    }
  });

  it.runIf(oracle)('say what they say on lua5.3', { timeout: 600_000 }, () => {
    const open: number[] = [];
    const undecided = (seed: number): void => void open.push(seed);
    const found = findDifferences({ engine: compiledEngine, seed: 1, count: PROGRAMS, most: 1, undecided });
    expect(found.map(describe)).toEqual([]);
    expect(open.length, `lua5.3 did not finish seeds ${open.join(', ')}`).toBeLessThan(PROGRAMS / 100);
  });

  it('and random bytes neither crash nor hang the parser', { timeout: 120_000 }, () => {
    expect(fuzzParser({ seed: 1, count: PROGRAMS })).toEqual([]);
  });
});
