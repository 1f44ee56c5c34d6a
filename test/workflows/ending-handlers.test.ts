// Updates whose handlers still run when the run ends.
import { describe, expect, it } from 'vitest';
import { resultOf, updateRun } from '../../src/temporal/client.js';
import { fn, luaSuite, workflow } from '../support/lua-suite.js';

describe('a run that ends', () => {
  const { app, start } = luaSuite();

  const flow = (end: string): ReturnType<typeof workflow> =>
    workflow(`
      local workflow, time, funcs = require("workflow"), require("time"), require("funcs")
      return function()
        local begun = channel.new(1)
        workflow.update("add", function(n)
          begun:send(true)
          time.sleep("200ms")
          return funcs.call("app:same", n)
        end)
        begun:receive()
        ${end}
      end`);
  const same = fn('return function(n) return n end');

  it('waits for handlers that run, and for what they call', async () => {
    const it = await app({ 'app:w': flow('return "done"'), 'app:same': same });
    const started = await start(it, 'app:w', []);
    expect(await updateRun(it.client, started, 'add', [5])).toEqual([5]);
    expect(await resultOf(it.client, started)).toEqual(['done']);
  });

  it.each(['error("broken")', 'return nil, errors.new({ kind = errors.CONFLICT, message = "broken" })'])(
    'by an error does not: the callers of what still runs are told, and nobody waits for ever (%s)',
    async (end) => {
      const it = await app({ 'app:w': flow(end), 'app:same': same });
      const started = await start(it, 'app:w', []);
      await expect(updateRun(it.client, started, 'add', [5])).rejects.toThrow(
        'the instance ended before the handler did',
      );
      await expect(resultOf(it.client, started)).rejects.toThrow('broken');
    },
  );
});
