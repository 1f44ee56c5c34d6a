// `workflow.saga`: compensations in reverse, all of them.
import { describe, expect, it } from 'vitest';
import { fn, luaSuite, workflow } from '../support/lua-suite.js';

describe('workflow.saga', () => {
  const { app, run } = luaSuite();

  it('undoes what was done, the last first, through functions, and only once', async () => {
    const it = await app({
      'app:w': workflow(`
        local workflow, funcs, time = require("workflow"), require("funcs"), require("time")
        return function()
          local saga, undone = workflow.saga(), {}
          for _, what in ipairs({ "stock", "card", "ship" }) do
            saga:add(function(id, how)
              time.sleep("1ms")
              undone[#undone + 1] = funcs.call("app:undo", id) .. how
            end, what, "!")
          end
          local first = saga:compensate()
          saga:add(function() undone[#undone + 1] = "later" end)
          local second = saga:compensate()
          saga:add(function() undone[#undone + 1] = "never" end)
          saga:clear()
          return { undone = undone, all = first and second and saga:compensate() }
        end`),
      'app:undo': fn('return function(id) return "undid " .. id end'),
    });
    expect(await run(it, 'app:w')).toEqual([
      { undone: ['undid ship!', 'undid card!', 'undid stock!', 'later'], all: true },
    ]);
  });

  it('runs every compensation, also after one that failed, and tells what failed', async () => {
    const it = await app({
      'app:w': workflow(`
        local workflow, funcs = require("workflow"), require("funcs")
        return function()
          local saga, told = workflow.saga(), {}
          saga:add(function() told[#told + 1] = "first" end)
          saga:add(function() return nil, errors.new({ kind = errors.CONFLICT, message = "taken" }) end)
          local ok, one = saga:compensate()
          saga:add(function() told[#told + 1] = "second" end)
          saga:add(function() error("broken") end)
          saga:add(function() return nil, errors.new({ kind = errors.CONFLICT, message = "taken" }) end)
          local _, two = saga:compensate()
          local _, bad = saga:add("app:undo")
          return { told, ok == nil, one:kind(), two:message(), bad:message() }
        end`),
    });
    expect(await run(it, 'app:w')).toEqual([
      [
        ['first', 'second'],
        true,
        'Conflict',
        '2 compensations failed, the first with: taken',
        'a compensation is a function, got string',
      ],
    ]);
  });
});
