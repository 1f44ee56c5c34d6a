// `workflow.await`: a condition over the state of the program.
import { describe, expect, it } from 'vitest';
import { resultOf, signalRun, updateRun } from '../../src/temporal/client.js';
import { luaSuite, workflow } from '../support/lua-suite.js';

describe('workflow.await', () => {
  const { app, start, run } = luaSuite();

  it('goes on when updates, messages or other coroutines have made its condition true', async () => {
    const it = await app({
      'app:w': workflow(`
        local workflow, time = require("workflow"), require("time")
        return function()
          local items, told, closed = {}, {}, false
          workflow.update("add", function(item) items[#items + 1] = item return #items end)
          coroutine.spawn(function()
            process.listen("close"):receive()
            closed = true
          end)
          coroutine.spawn(function()
            table.insert(told, workflow.await(function() return #items >= 1 end))
            told[#told + 1] = "first"
          end)
          local both = workflow.await(function() return #items >= 2 and closed end)
          return { told, both, workflow.await(function() return true end) }
        end`),
    });
    const started = await start(it, 'app:w');
    const { workflowId } = started;
    expect(await updateRun(it.client, { workflowId }, 'add', ['a'])).toEqual([1]);
    expect(await updateRun(it.client, { workflowId }, 'add', ['b'])).toEqual([2]);
    await signalRun(it.client, { workflowId }, 'close', []);
    expect(await resultOf(it.client, started)).toEqual([[[true, 'first'], true, true]]);
  });

  it('gives up at its timeout, and leaves no timer when it does not need one', async () => {
    const it = await app({
      'app:w': workflow(`
        local workflow, time = require("workflow"), require("time")
        return function()
          local done = false
          coroutine.spawn(function() time.sleep("20ms") done = true end)
          return { workflow.await(function() return false end, 10), workflow.await(function() return done end, "1h") }
        end`),
    });
    expect(await run(it, 'app:w')).toEqual([[false, true]]);
  });

  it('tells what is wrong: with its arguments, with a condition that raises, acts or waits', async () => {
    const it = await app({
      'app:w': workflow(`
        local workflow, time = require("workflow"), require("time")
        return function()
          local told = {}
          local function note(value, err) told[#told + 1] = tostring(err or value) end
          note(workflow.await(true))
          note(workflow.await(function() end, "soon"))
          local broken = false
          coroutine.spawn(function() broken = true time.sleep(1000000) end)
          note(select(2, pcall(workflow.await, function() return broken and nil + 1 end)))
          broken = false
          coroutine.spawn(function() broken = true end)
          note(select(2, pcall(workflow.await, function() return broken and time.sleep("1s") end)))
          return told
        end`),
    });
    expect(await run(it, 'app:w')).toEqual([
      [
        'the condition is a function, got boolean',
        expect.stringMatching(/^the timeout is wrong: /),
        expect.stringMatching(/:10: attempt to perform arithmetic on a nil value/),
        expect.stringMatching(/^an? .*awaited condition only looks, and this would act: time\.sleep/),
      ],
    ]);
  });
});
