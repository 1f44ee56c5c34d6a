// Programs that never end, or take all memory, are stopped by their budgets, at a Lua line, whatever they wrap around themselves.
// Budgets are small here, so that the whole corpus takes seconds; test/faults/hogs.test.ts runs it with the usual ones.
import { describe, expect, it } from 'vitest';
import { DEFAULT_ENGINE, engineNamed } from '../../src/lua/engines.js';
import { openLua, programOf } from '../support/instance.js';
import type { LuaSession } from '../support/instance.js';
import { bombs, loops } from './hogs.js';

const INSTRUCTIONS = 400_000;
/** fengari's own instructions, of which each takes longer. */
const FENGARI_INSTRUCTIONS = 50_000;
const MEMORY = 4_000_000;

function run(text: string, engine = DEFAULT_ENGINE, memory = MEMORY): LuaSession {
  const instructions = engine === 'fengari' ? FENGARI_INSTRUCTIONS : INSTRUCTIONS;
  const program = { ...programOf(text), budget: { instructions, memory } };
  return openLua(text, { engine: engineNamed(engine), program });
}

const STOPPED = /^budget exceeded at main[.]lua:1: more than \d+ (instructions|bytes of memory) in one step/;

describe('a program that never ends', () => {
  it.each(loops.map(({ name, text }) => [name, text]))('is stopped: %s', (_name, text) => {
    const { error } = run(text);
    expect(error?.message).toMatch(STOPPED);
    expect(error).toMatchObject({ kind: 'Internal', retryable: false });
  });
});

describe('a program that keeps all it gets', () => {
  it.each(bombs.map(({ name, text }) => [name, text]))('is stopped: %s', (_name, text) => {
    expect(run(text).error?.message).toMatch(STOPPED);
  });
});

describe('on fengari', () => {
  /** These take no more than a builtin allows, or end before they have done much. */
  const ENDS: Readonly<Record<string, RegExp>> = {
    'a huge rep': /resulting string too large/,
    'rep with a separator': /resulting string too large/,
    'table.concat over a builtin': /number has no integer representation/,
  };
  const hogs = [...loops, ...bombs].filter(({ notOnFengari }) => notOnFengari === undefined);

  it.each(hogs.map(({ name, text }) => [name, text]))('is stopped: %s', (name, text) => {
    const { error } = run(text, 'fengari');
    expect(error?.message).toMatch(ENDS[name] ?? STOPPED);
    if (ENDS[name] === undefined) expect(error).toMatchObject({ kind: 'Internal', retryable: false });
  });

  it('counts the same each time', () => {
    const least = (text: string): number => {
      let [low, high] = [0, 1_000_000];
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        const program = { ...programOf(text), budget: { instructions: middle, memory: MEMORY } };
        if (openLua(text, { engine: engineNamed('fengari'), program }).error === undefined) high = middle;
        else low = middle;
      }
      return high;
    };
    const text =
      'local t = {} for i = 1, 500 do t[i] = ("row " .. i):gsub("%d", "%0.") end table.sort(t) return #table.concat(t, ",")';
    expect(least(text)).toBe(least(text));
  });
});

describe('counts', () => {
  /** The smallest budget that the program gets by with. */
  function need(text: string, what: 'instructions' | 'memory'): number {
    let low = 0;
    let high = 100_000_000;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      const program = { ...programOf(text), budget: { instructions: 1e9, memory: 1e9, [what]: middle } };
      if (openLua(text, { program }).error === undefined) high = middle;
      else low = middle;
    }
    return high;
  }
  const mixed = `
    local rows = {}
    for i = 1, 300 do
      local row = {id = i, name = "row " .. i, tags = {"a", "b", i}}
      rows[#rows + 1] = row
      row.text = string.format("%s:%05d", row.name:upper(), row.id):gsub("%d", function(d) return d + 1 end)
    end
    table.sort(rows, function(a, b) return a.text < b.text end)
    local co = coroutine.wrap(function() for i = 1, 50 do coroutine.yield({i}) end end)
    for i = 1, 50 do rows[i].from = co() end
    pcall(error, {})
    local s = "" for i = 1, 400 do s = s .. rows[i % 300 + 1].text end
    return #s, s:byte(100), select("#", table.unpack(rows))`;

  it.each(['instructions', 'memory'] as const)('of %s are the same each time', (what) => {
    const first = need(mixed, what);
    for (let run = 0; run < 5; run++) openLua(mixed); // V8 optimizes, patterns and formats are kept
    expect(need(mixed, what)).toBe(first);
  });

  it('of the strings that are joined grow with their length, not with its square', () => {
    const joining = (pieces: number): number =>
      need(`local s = "" for i = 1, ${pieces} do s = s .. "0123456789" end return s:byte(1)`, 'memory');
    expect(joining(2000) / joining(1000)).toBeLessThan(2.2);
  });
});
