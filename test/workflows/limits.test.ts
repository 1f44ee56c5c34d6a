// What is too large for a history is an error that Lua can act on, never a task or an activity that is tried for ever.
import { describe, expect, it } from 'vitest';
import { luaSuite, fn, workflow } from '../support/lua-suite.js';

describe('a value that is larger than Temporal takes', () => {
  const { app, run } = luaSuite();
  const big = '("x"):rep(2200000)';

  it('is INVALID with its size as the result of a function, at once', async () => {
    const it = await app({
      'app:w': workflow(`return function()
        local _, err = require("funcs").call("app:big")
        return { err:kind(), err:message(), err:retryable() }
      end`),
      'app:big': fn(`return function() return ${big} end`),
    });
    expect(await run(it, 'app:w')).toEqual([
      [
        'Invalid',
        expect.stringMatching(
          /^the result of 'app:big': the value takes 2\.2 MB and Temporal records 2\.1 MB at most; /,
        ),
        false,
      ],
    ]);
    expect(it.calls).toHaveLength(1);
  });

  it('is INVALID as an argument, a child input, a message and a memo', async () => {
    const it = await app({
      'app:w': workflow(`return function()
        local workflow, funcs = require("workflow"), require("funcs")
        local kinds = {}
        local function note(_, err) kinds[#kinds + 1] = err and err:kind() or "none" end
        note(funcs.call("app:fine", ${big}))
        note(workflow.exec("app:child", ${big}))
        note(process.send("{app:worker|nobody}", "topic", ${big}))
        note(workflow.attrs({ memo = { big = ${big} } }))
        note(funcs.call("app:fine", "small"))
        return kinds
      end`),
      'app:child': workflow('return function() return 1 end'),
      'app:fine': fn('return function(text) return #text end'),
    });
    expect(await run(it, 'app:w')).toEqual([['Invalid', 'Invalid', 'Invalid', 'Invalid', 'none']]);
  });

  it('fails the run as its result', async () => {
    const it = await app({ 'app:w': workflow(`return function() return ${big} end`) });
    await expect(run(it, 'app:w')).rejects.toMatchObject({
      kind: 'Invalid',
      message: expect.stringContaining('the result of the run: the value takes 2.2 MB') as string,
    });
  });

  it('is clipped in the message, the stack and the details of an error', async () => {
    const it = await app({
      'app:w': workflow(`return function()
        local _, err = require("funcs").call("app:fails")
        return { #err:message(), err:kind(), type(err:details()), err:details() }
      end`),
      'app:fails': fn(`return function()
        return nil, errors.new({ message = ${big}, kind = errors.CONFLICT, details = { text = ${big} } })
      end`),
    });
    const [result] = await run(it, 'app:w');
    expect(result).toEqual([
      expect.any(Number),
      'Conflict',
      'string',
      expect.stringContaining('details left out: 22000'),
    ]);
    expect((result as number[])[0]).toBeLessThan(70_000);
    await expect(
      run(await app({ 'app:w': workflow(`return function() error(${big}) end`) }), 'app:w'),
    ).rejects.toMatchObject({ kind: 'Internal' });
  });

  it('may be many values: what one step carries together has a bound of its own', async () => {
    const it = await app({
      'app:w': workflow(`return function()
        local funcs = require("funcs")
        local text, pending, kinds = ("x"):rep(1000000), {}, {}
        for i = 1, 6 do
          local future, err = funcs.async("app:fine", text)
          pending[i] = future
          if err then kinds[#kinds + 1] = err:kind() end
        end
        local done = 0
        for _, future in pairs(pending) do
          future:channel():receive()
          local value, err = future:result()
          if err then kinds[#kinds + 1] = err:kind() else done = done + 1 end
        end
        return { done, kinds[1] }
      end`),
      'app:fine': fn('return function(text) return #text end'),
    });
    expect(await run(it, 'app:w')).toEqual([[3, 'Invalid']]);
  });
});
