// Programs that take much ask for a collection of garbage: seldom enough, and without changing what is counted.
import { afterEach, describe, expect, it } from 'vitest';
import { setCollector, took } from '../../src/lua/compiled/collection.js';
import { LuaSession, openLua, programOf } from '../support/instance.js';
import { smallest } from '../support/smallest.js';

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
  it('is asked for when the next big step begins, whatever the last one left', () => {
    const asked: boolean[] = [];
    setCollector((anew) => asked.push(anew));
    const steps = [40, 12, 12].map((mb) => `local t = {} for i = 1, ${mb * 8192} do t[i] = {} end`);
    for (const step of steps) expect(takes(step)).toBeUndefined();
    expect(asked).toEqual([false, true]);
  });

  it('is asked for by a program that takes a whole budget, every 32 MB', () => {
    const count = collections(() => {
      for (let hog = 0; hog < 2; hog++) expect(takes(BOMB)).toMatch(/bytes of memory/);
    });
    expect(count).toBeGreaterThanOrEqual(3);
    expect(count).toBeLessThanOrEqual(4);
  });

  it('is asked for by a program that gives up its turn before it has taken much, time and again', () => {
    const text = 'local s, t = ("x"):rep(1e6), {} for i = 1, 40 do t[i] = s:upper() end';
    let turns = 1;
    const count = collections(() => {
      const session = new LuaSession(text, { host: { turnInstructions: 500_000 } });
      for (let step = session.instance.start([]); step.paused !== undefined; turns++)
        step = session.instance.goOn();
    });
    expect(turns).toBeGreaterThan(20);
    expect(count).toBe(1);
  });

  it('is not asked for by any number of small steps', () => {
    const small = 'local t = {} for i = 1, 10000 do t[i] = {i} end return #t';
    const count = collections(() => {
      for (let step = 0; step < 50; step++) expect(takes(small)).toBeUndefined();
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
    const text = 'local t = {} for i = 1, 150000 do t[i] = {} end return #t';
    const least = smallest((memory) => takes(text, memory) === undefined, 64 * MB);
    expect(least).toBeGreaterThan(16 * MB); // several portions
    setCollector(() => undefined);
    expect(takes(text, least)).toBeUndefined();
    expect(takes(text, least - 1)).toBeDefined();
  });
});
