// Programs that never end, or take all memory, are stopped by their budgets, at a Lua line, whatever they wrap around themselves.
// Budgets are small here, so that the whole corpus takes seconds; test/faults/hogs.test.ts runs it with the usual ones.
import { describe, expect, it } from 'vitest';
import { DEFAULT_ENGINE, engineNamed } from '../../src/lua/engines.js';
import { times } from '../faults/scale.js';
import { openLua, programOf } from '../support/instance.js';
import type { LuaSession } from '../support/instance.js';
import { smallest } from '../support/smallest.js';
import { bombs, everyNth, loops } from './hogs.js';

const INSTRUCTIONS = 400_000;
/** fengari's own instructions, of which each takes longer. */
const FENGARI_INSTRUCTIONS = 20_000;
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
  // It is slow: all of them only in `npm run test:faults -- test/abuse`.
  const hogs = everyNth(
    [...loops, ...bombs].filter(({ notOnFengari }) => notOnFengari === undefined),
    times(5, 1),
  );

  it.each(hogs.map(({ name, text }) => [name, text]))('is stopped: %s', (name, text) => {
    const { error } = run(text, 'fengari');
    expect(error?.message).toMatch(ENDS[name] ?? STOPPED);
    if (ENDS[name] === undefined) expect(error).toMatchObject({ kind: 'Internal', retryable: false });
  });

  it('counts the same each time', () => {
    const fits = (text: string, instructions: number): boolean => {
      const program = { ...programOf(text), budget: { instructions, memory: MEMORY } };
      return openLua(text, { engine: engineNamed('fengari'), program }).error === undefined;
    };
    const text =
      'local t = {} for i = 1, 200 do t[i] = ("row " .. i):gsub("%d", "%0.") end table.sort(t) return #table.concat(t, ",")';
    const least = smallest((instructions) => fits(text, instructions), 200_000);
    expect(fits(text, least)).toBe(true);
    expect(fits(text, least - 1)).toBe(false);
  });
});

describe('counts', () => {
  function fits(text: string, what: 'instructions' | 'memory', value: number): boolean {
    const program = { ...programOf(text), budget: { instructions: 1e9, memory: 1e9, [what]: value } };
    return openLua(text, { program }).error === undefined;
  }
  const mixed = `
    local rows = {}
    for i = 1, 100 do
      local row = {id = i, name = "row " .. i, tags = {"a", "b", i}}
      rows[#rows + 1] = row
      row.text = string.format("%s:%05d", row.name:upper(), row.id):gsub("%d", function(d) return d + 1 end)
    end
    table.sort(rows, function(a, b) return a.text < b.text end)
    local co = coroutine.wrap(function() for i = 1, 50 do coroutine.yield({i}) end end)
    for i = 1, 50 do rows[i].from = co() end
    pcall(error, {})
    local s = "" for i = 1, 400 do s = s .. rows[i % 100 + 1].text end
    return #s, s:byte(100), select("#", table.unpack(rows))`;

  it.each(['instructions', 'memory'] as const)('of %s are the same each time', (what) => {
    const least = smallest((value) => fits(mixed, what, value), 4_000_000);
    expect(least).toBeLessThan(4_000_000);
    for (let run = 0; run < 5; run++) openLua(mixed); // V8 optimizes, patterns and formats are kept
    expect(fits(mixed, what, least)).toBe(true);
    expect(fits(mixed, what, least - 1)).toBe(false);
  });

  it('of the strings that are joined grow with their length, not with its square', () => {
    const joining = (pieces: number): number => {
      const text = `local s = "" for i = 1, ${pieces} do s = s .. "0123456789" end return s:byte(1)`;
      return smallest((value) => fits(text, 'memory', value), 4_000_000);
    };
    expect(joining(2000) / joining(1000)).toBeLessThan(2.2);
  });
});
