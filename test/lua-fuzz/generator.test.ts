// The fuzzer itself: its programs repeat, mean something to lua5.3, and a wrong engine does not get past it.
import { describe as group, expect, it } from 'vitest';
import type { LuaEngine } from '../../src/lua/engine.js';
import { compiledEngine } from '../../src/lua/compiled/engine.js';
import { describe, findDifferences } from './differences.js';
import { chunkOf, generate } from './generator.js';
import { hasOracle, runOracle, sameOutput, UNDECIDED } from './judges.js';
import { brokenSource } from './parser-fuzz.js';
import { line, smaller, textOf } from './tree.js';

const oracle = hasOracle();

group('generated programs', () => {
  it('follow from their seed', () => {
    expect(generate(7)).toEqual(generate(7));
    expect(textOf(generate(7).statements)).not.toBe(textOf(generate(8).statements));
    expect(brokenSource(7)).toBe(brokenSource(7));
  });

  it.skipIf(!oracle)('are Lua, and most of them say something', () => {
    const outputs = runOracle(Array.from({ length: 200 }, (_, at) => chunkOf(generate(at).statements)));
    expect(outputs.filter((output) => output.includes('syntax: '))).toEqual([]);
    expect(outputs.filter((output) => output === 'late')).toEqual([]);
    expect(outputs.filter((output) => output.split('\n').length > 5).length).toBeGreaterThan(150);
  });

  it('lose statements one by one, with and without their blocks', () => {
    const [a, b] = [line('a'), line('b')];
    const loop = { texts: ['do', 'end'], blocks: [[a, b]] };
    const texts = [...smaller([loop, a])].map((statements) => textOf(statements).replace(/\s+/g, ' '));
    expect(texts).toEqual(
      expect.arrayContaining(['', 'a', 'do a b end', 'a b a', 'do a end a', 'do b end a', 'do end a']),
    );
    expect(texts).not.toContain('do a b end a');
  });
});

/** Says that multiplication is addition. */
const wrong: LuaEngine = {
  ...compiledEngine,
  compile: (program) =>
    compiledEngine.compile({
      ...program,
      units: Object.fromEntries(
        Object.entries(program.units).map(([id, unit]) => [
          id,
          { ...unit, source: unit.source.replaceAll(' * ', ' + ') },
        ]),
      ),
    }),
};

group('the judge', () => {
  it.skipIf(!oracle)('leaves open what lua5.3 does not finish, and goes on with the next program', () => {
    const says = (text: string): string => `return function() print('${text}') end`;
    // One call of a C function, which no hook interrupts.
    const endless = `return function() string.find(('a'):rep(60), ('a-'):rep(60) .. 'b') end`;
    const outputs = runOracle([says('one'), endless, says('two'), says('three')], { limitMs: 1000 });
    expect(outputs).toEqual(['one', UNDECIDED, 'two', 'three']);
    expect(sameOutput(UNDECIDED, 'anything')).toBe(true);
  });

  it.skipIf(!oracle)(
    'leaves open what lua5.3 finishes at the second try: it is more than a budget allows',
    () => {
      const slow = `return function() string.find(('a'):rep(60), ('a-'):rep(5) .. 'b') print('slow') end`;
      const quick = `return function() print('quick') end`;
      expect(runOracle([slow, quick], { limitMs: 250 })).toEqual([UNDECIDED, 'quick']);
    },
  );
});

group('differences', () => {
  it.skipIf(!oracle)('are found in a wrong engine, and cut down', { timeout: 180_000 }, () => {
    const found = findDifferences({ engine: wrong, seed: 1, count: 40, most: 3 });
    const shortest = found
      .map(({ text }) => text)
      .filter((text) => text.includes(' * '))
      .sort((one, other) => one.length - other.length)[0];
    expect(shortest).toBeDefined();
    expect(shortest?.split('\n').length).toBeLessThan(12);
    expect(describe(found[0]!)).toMatch(/^seed \d+.*\n {2}lua5[.]3: .*\n {2}ours: /);
  });

  it('are not addresses or the sign of NaN, but everything else', () => {
    expect(sameOutput('table: 0x55aa', 'table: 0x0001')).toBe(true);
    expect(sameOutput('-nan 1', 'nan 1')).toBe(true);
    expect(sameOutput('table: 0x55aa, 1', 'table: 0x0001, 2')).toBe(false);
    expect(sameOutput('1', '1.0')).toBe(false);
    expect(sameOutput('a\nb', 'a')).toBe(false);
  });
});
