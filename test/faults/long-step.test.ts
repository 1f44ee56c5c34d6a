// A step of a workflow that takes longer than the SDK lets it: the process lives, and the run comes to its end.
import { describe, expect, it } from 'vitest';
import { openLua, programOf } from '../support/instance.js';
import { luaSuite } from '../support/lua-suite.js';
import { whole } from './scale.js';

/** The SDK's own limit is 5 s. */
const STEP_MS = 8000;
const LOOP = 'local s = 0 for i = 1, n do s = (s + i * 7) % 1000003 end return s';

describe.runIf(whole)('a step of more than 5 s', () => {
  const { app } = luaSuite();

  it('does not end the process', { timeout: 600_000 }, async () => {
    const budget = { instructions: 1e12 };
    const timed = (passes: number): number => {
      const text = `local n = ${passes} ${LOOP}`;
      const begun = performance.now();
      expect(openLua(text, { program: { ...programOf(text), budget } }).error).toBeUndefined();
      return performance.now() - begun;
    };
    timed(1e6); // warm
    const passes = Math.ceil((1e7 * STEP_MS) / timed(1e7));
    const it = await app({
      'app:long': { kind: 'workflow.lua', source: `return function(n) ${LOOP} end`, budget },
      'app:short': { kind: 'workflow.lua', source: 'return function() return "alive" end' },
    });
    const options = { taskQueue: it.queue, workflowTaskTimeout: 120_000 };
    const { workflow } = it.client;
    const begun = performance.now();
    const long = await workflow.start('app:long', {
      ...options,
      workflowId: `${it.queue}-1`,
      args: [passes],
    });
    expect(await long.result()).toBeTypeOf('number');
    expect(performance.now() - begun).toBeGreaterThan(5000);
    expect(await workflow.execute('app:short', { ...options, workflowId: `${it.queue}-2` })).toBe('alive');
  });
});
