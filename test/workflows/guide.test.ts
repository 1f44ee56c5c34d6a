// docs/workflows.md: each Lua block is a whole workflow, and ends with true.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { resultOf, startRun } from '../../src/temporal/client.js';
import { skippingClient } from '../../src/temporal/time-skipping.js';
import { fn, luaSuite, workflow } from '../support/lua-suite.js';

const page = readFileSync(new URL('../../docs/workflows.md', import.meta.url), 'utf8');
const blocks = [...page.matchAll(/^## (.*)$[^#]*?^```lua\n([^]*?)^```$/gm)].map(
  ([, title = '', code = '']) => [title, code] as const,
);

describe('the guide to workflows', () => {
  const { app } = luaSuite();

  it('has a block for each of its sections on code', () => {
    expect(blocks.map(([title]) => title)).toEqual([
      'Steps, and what undoes them',
      'Parts that are given up',
      'Time',
      'Questions and changes',
      'For ever',
      'Code that changes',
      'To be found, and who comes first',
    ]);
  });

  it.each(blocks)('is right about: %s', async (_title, code) => {
    const it = await app({
      'app:w': workflow(code),
      'app:reserve_stock': fn('return function(what) return what end'),
      'app:release_stock': fn('return function(what) return what end'),
      'app:child': workflow('return function(n) return n end'),
      'app:charge_card': fn(
        'return function() return nil, errors.new({ kind = errors.UNAVAILABLE, message = "the bank is away" }) end',
      ),
    });
    const client = skippingClient(it.client);
    expect(
      await resultOf(client, await startRun(client, { type: 'app:w', taskQueue: it.queue, args: [] })),
    ).toEqual([true]);
  });
});
