// Functions that are longer than what V8 optimizes unless it is told to.
import { describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';

const run = async (what: 'allow' | 'leave'): Promise<readonly string[]> => {
  const child = new Child(new URL('../support/long-function.ts', import.meta.url), [what]);
  await child.ended;
  return child.lines;
};

describe('a function of more bytecode than V8 optimizes', () => {
  it('is optimized once a unit with such a function was seen', { timeout: 90_000 }, async () => {
    expect(await run('allow')).toEqual(['optimized']);
  });

  it('is not where none was, so that this file has something to show', { timeout: 60_000 }, async () => {
    expect(await run('leave')).toEqual(['not optimized']);
  });
});
