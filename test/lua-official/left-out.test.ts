// What is left out of the official suite is named, found and counted; nothing else is.
import { describe, expect, it } from 'vitest';
import { cut, leftOut } from './left-out.js';
import { FILES, WHOLE } from './run-file.js';

const entry = { file: 'a.lua', lines: [2, 3] as const, starts: 'assert(x', reason: 'because' };
const text = 'local x = 1\n  assert(x == 2)\n  check("y")\nassert(x)\n';

describe('what is left out of the official suite', () => {
  it('goes without moving the lines after it, and its checks are counted', () => {
    expect(cut('a.lua', text, [entry])).toEqual({ text: 'local x = 1\n\n\nassert(x)\n', checks: 2 });
  });

  it('can be replaced, and what stands in its place counts as run', () => {
    const replaced = cut('a.lua', text, [{ ...entry, instead: 'assert(x == 1)' }]);
    expect(replaced).toEqual({ text: 'local x = 1\nassert(x == 1)\n\nassert(x)\n', checks: 1 });
  });

  it('is refused when the suite says something else there', () => {
    expect(() => cut('a.lua', text, [{ ...entry, starts: 'assert(z' }])).toThrow(
      /line 2 of a.lua is 'assert\(x == 2\)'/,
    );
  });

  it('is refused when more lines would come than go', () => {
    expect(() => cut('a.lua', text, [{ ...entry, instead: 'a\nb\nc' }])).toThrow(/more lines than it has/);
  });

  it('has a reason everywhere, and never hides a whole file that is run', () => {
    for (const { reason, file, lines } of leftOut) {
      expect(reason).not.toBe('');
      if (lines === undefined) expect(FILES).not.toContain(file);
    }
  });

  it('leaves the files whole that need neither debug nor dumps nor weak tables', () => {
    expect(WHOLE).toEqual(
      expect.arrayContaining(
        ['strings', 'math', 'pm', 'sort', 'vararg', 'tpack', 'utf8', 'bitwise'].map((name) => `${name}.lua`),
      ),
    );
  });
});
