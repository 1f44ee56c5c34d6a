// Workflows and functions that never end or take all memory, with the usual budgets: they are stopped at a Lua line, the worker
// lives and stays small, and the runs beside them go on. The short form runs every tenth of the corpus and judges no time.
import { describe, expect, it } from 'vitest';
import { bombs, loops } from '../abuse/hogs.js';
import type { Hog } from '../abuse/hogs.js';
import type { LuaApp } from '../support/lua-app.js';
import { fn, luaSuite, workflow } from '../support/lua-suite.js';
import { figure, times, whole } from './scale.js';

const STOPPED = /budget exceeded at \S+:1: more than \d+ (instructions|bytes of memory) in one step/;
const MB = 1024 * 1024;
const BUDGET_MB = 64;

const everyNth = (hogs: readonly Hog[], step: number): readonly Hog[] =>
  hogs.filter((_hog, at) => at % step === 0);
const chosen = [...everyNth(loops, times(10, 1)), ...everyNth(bombs, times(10, 1))];

const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.ceil(share * values.length) - 1] ?? NaN;

describe('beside a hog', () => {
  const { app, start, run } = luaSuite();

  const failureOf = async (it: LuaApp, type: string): Promise<{ message: string; ms: number }> => {
    const reference = await start(it, type);
    const begun = performance.now();
    const failed: unknown = await it.client.workflow
      .getHandle(reference.workflowId)
      .result()
      .catch((error: unknown) => error);
    const { cause } = failed as { readonly cause?: Error };
    return { message: String(cause?.message ?? failed), ms: performance.now() - begun };
  };

  const hogsAs = (make: (text: string) => ReturnType<typeof fn>) =>
    Object.fromEntries(
      chosen.map(({ text }, at) => [`app:hog${at}`, make(`return function() ${text}\nend`)]),
    );

  it(
    'of any kind, a workflow ends with the budget and its line, and the worker stays small',
    { timeout: 600_000 },
    async () => {
      const it = await app(hogsAs(workflow));
      const before = process.memoryUsage.rss();
      let most = 0;
      const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss() - before)), 20);
      const took: number[] = [];
      try {
        for (const [at, { name }] of chosen.entries()) {
          const { message, ms } = await failureOf(it, `app:hog${at}`);
          expect(`${name}: ${message}`).toMatch(STOPPED);
          took.push(ms);
        }
      } finally {
        clearInterval(watch);
      }
      figure('workflow hogs', {
        hogs: chosen.length,
        p50_ms: Math.round(quantile(took, 0.5)),
        max_ms: Math.round(Math.max(...took)),
        rss_mb: Math.round(most / MB),
      });
      expect(most / MB).toBeLessThan(BUDGET_MB + 150);
      if (whole) expect(quantile(took, 0.95)).toBeLessThan(1000);
    },
  );

  it('of any kind, a function ends with the budget and its line', { timeout: 600_000 }, async () => {
    const calls = chosen.map((_hog, at) => `"app:hog${at}"`).join(', ');
    const it = await app({
      ...hogsAs(fn),
      'app:w': workflow(`
        local funcs = require("funcs")
        return function()
          local messages = {}
          for at, name in ipairs{${calls}} do
            local _, err = funcs.call(name)
            messages[at] = err and err:message() or "survived"
          end
          return messages
        end`),
    });
    const [messages] = (await run(it, 'app:w')) as [string[]];
    expect(messages).toHaveLength(chosen.length);
    chosen.forEach(({ name }, at) => expect(`${name}: ${messages[at]}`).toMatch(STOPPED));
  });

  it('twenty small runs go on', { timeout: 300_000 }, async () => {
    const it = await app({
      'app:small': workflow(`
        local funcs = require("funcs")
        return function(n)
          for i = 1, 5 do n = funcs.call("app:step", n) end
          return n
        end`),
      'app:step': fn('return function(n) return n + 1 end'),
      'app:loop': workflow('return function() while true do pcall(function() while true do end end) end end'),
      'app:bomb': workflow('return function() local t = {} while true do t[#t + 1] = {#t} end end'),
    });
    const latencies = async (): Promise<number[]> =>
      Promise.all(
        Array.from({ length: 20 }, async () => {
          const begun = performance.now();
          expect(await run(it, 'app:small', [0])).toEqual([5]);
          return performance.now() - begun;
        }),
      );
    await latencies(); // warm
    const alone: number[][] = [];
    const beside: number[][] = [];
    for (let round = 0; round < times(1, 5); round++) {
      alone.push(await latencies());
      const [small, ...hogs] = await Promise.all([
        latencies(),
        failureOf(it, 'app:loop'),
        failureOf(it, 'app:bomb'),
      ]);
      for (const { message } of hogs) expect(message).toMatch(STOPPED);
      beside.push(small);
    }
    // Of each round its own, then the middle one: other work of the machine comes and goes.
    const middle = (rounds: readonly number[][], share: number): number =>
      quantile(
        rounds.map((round) => quantile(round, share)),
        0.5,
      );
    figure('neighbours of hogs', {
      alone_p95_ms: Math.round(middle(alone, 0.95)),
      beside_p95_ms: Math.round(middle(beside, 0.95)),
      beside_max_ms: Math.round(middle(beside, 1)),
    });
    if (whole) {
      expect(middle(beside, 0.95) / middle(alone, 0.95)).toBeLessThan(2);
      // Where the machine is so busy that they take long alone, the figure is what they take alone.
      expect(middle(beside, 1)).toBeLessThan(Math.max(2000, 2 * middle(alone, 1)));
    }
  });
});
