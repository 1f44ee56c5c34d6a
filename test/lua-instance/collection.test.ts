// Programs that take much ask for a collection of garbage: seldom enough, and without changing what is counted.
import { afterEach, describe, expect, it } from 'vitest';
import { setCollector, took } from '../../src/lua/compiled/collection.js';
import { openLua, programOf } from '../support/instance.js';

const MB = 1024 * 1024;
afterEach(() => setCollector(undefined));

function collections(run: () => void): number {
  let count = 0;
  setCollector(undefined);
  setCollector(() => (count += 1));
  run();
  return count;
}

const takes = (text: string, memory = 64 * MB): string | undefined =>
  openLua(text, { program: { ...programOf(text), budget: { instructions: 1e9, memory } } }).error?.message;

const BOMB = 'local t = {} while true do t[#t + 1] = {#t} end';

describe('a collection of garbage', () => {
  it('is asked for by a program that takes a whole budget, every 32 MB', () => {
    const count = collections(() => {
      for (let hog = 0; hog < 4; hog++) expect(takes(BOMB)).toMatch(/bytes of memory/);
    });
    expect(count).toBeGreaterThanOrEqual(6);
    expect(count).toBeLessThanOrEqual(8);
  });

  it('is not asked for by any number of small steps', () => {
    const small = 'local t = {} for i = 1, 10000 do t[i] = {i} end return #t';
    const count = collections(() => {
      for (let step = 0; step < 200; step++) expect(takes(small)).toBeUndefined();
    });
    expect(count).toBe(0);
  });

  it('is asked for ever more seldom by one step that takes ever more', () => {
    const count = collections(() => {
      for (let mb = 8; mb <= 4096; mb += 8) took(8 * MB, mb * MB);
    });
    expect(count).toBeGreaterThan(4);
    expect(count).toBeLessThan(20);
  });

  it('changes nothing that is counted', () => {
    const text = 'local t = {} for i = 1, 250000 do t[i] = {} end return #t';
    const need = (): number => {
      let low = 0;
      let high = 128 * MB;
      while (high - low > 1000) {
        const middle = Math.floor((low + high) / 2);
        if (takes(text, middle) === undefined) high = middle;
        else low = middle;
      }
      return high;
    };
    setCollector(undefined);
    const alone = need();
    expect(alone).toBeGreaterThan(16 * MB); // several portions
    setCollector(() => undefined);
    expect(need()).toBe(alone);
  });
});
