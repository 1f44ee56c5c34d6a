// Parts of a Lua workflow that are cancelled by themselves, on the real server, and what they leave in the history.
import { describe, expect, it } from 'vitest';
import { resultOf, signalRun } from '../../src/temporal/client.js';
import type { RunReference } from '../../src/temporal/client.js';
import type { LuaApp } from '../support/lua-app.js';
import { fn, luaSuite, workflow } from '../support/lua-suite.js';

describe('a scope of a workflow', () => {
  const { app, start, run } = luaSuite();

  const NO_CACHE = { worker: { overrides: { maxCachedWorkflows: 0 } } };
  const slow = fn('local time = require("time") return function() time.sleep("60s") return "late" end');

  const typesOf = async (it: LuaApp, ref: RunReference): Promise<string[]> => {
    const { events } = await it.client.workflow.getHandle(ref.workflowId).fetchHistory();
    return (events ?? []).flatMap((event) =>
      Object.keys(event).filter((key) => key.endsWith('EventAttributes') && event[key as never] !== null),
    );
  };

  it('cancels its activities, timers and children, and nothing else; replayed at every task', async () => {
    const it = await app(
      {
        'app:w': workflow(`
          local funcs, time, workflow = require("funcs"), require("time"), require("workflow")
          return function()
            local scope = workflow.scope()
            local told = channel.new(5)
            coroutine.spawn(function()
              process.listen("stop"):receive()
              scope:cancel("somebody asked")
            end)
            local outside = channel.new(1)
            coroutine.spawn(function() time.sleep("1500ms") outside:send("ran on") end)
            local value, err = scope:run(function()
              coroutine.spawn(function() local _, e = funcs.call("app:slow") told:send({ "call", e:kind(), e:message() }) end)
              coroutine.spawn(function() local _, e = workflow.exec("app:child") told:send({ "child", e:kind(), e:message() }) end)
              time.sleep("24h")
              local _, late = funcs.call("app:slow")
              return nil, late
            end)
            local seen = {}
            -- what was raised or sent inside of the scope
            for _ = 1, 2 do local one = told:receive() seen[one[1]] = one[2] .. ": " .. one[3] end
            return { value == nil, err:kind(), err:message(), scope:is_canceled(), seen.call, seen.child, outside:receive(), (funcs.call("app:quick")) }
          end`),
        'app:slow': slow,
        'app:quick': fn('return function() return "quick" end'),
        'app:child': workflow('return function() require("time").sleep("24h") end'),
      },
      NO_CACHE,
    );
    const ref = await start(it, 'app:w');
    while (!it.calls.some(({ entry }) => entry === 'app:slow'))
      await new Promise((next) => setTimeout(next, 20));
    await signalRun(it.client, ref, 'stop', []);
    const canceled = 'Canceled: the scope was cancelled: somebody asked';
    expect(await resultOf(it.client, ref)).toEqual([
      [
        true,
        'Canceled',
        'the scope was cancelled: somebody asked',
        true,
        canceled,
        canceled,
        'ran on',
        'quick',
      ],
    ]);
    const types = await typesOf(it, ref);
    expect(types).toContain('activityTaskCancelRequestedEventAttributes');
    expect(types).toContain('timerCanceledEventAttributes');
    expect(types).toContain('requestCancelExternalWorkflowExecutionInitiatedEventAttributes');
    expect(types.at(-1)).toBe('workflowExecutionCompletedEventAttributes');
  });

  it('with a time is over when that is, and gives an error of kind Timeout', async () => {
    const it = await app(
      {
        'app:w': workflow(`
          local funcs, workflow = require("funcs"), require("workflow")
          return function()
            local inside
            local value, err = workflow.scope({ timeout = "300ms" }):run(function()
              local _, e = funcs.call("app:slow")
              inside = e:kind()
              return nil, e
            end)
            local told = { value == nil, err:kind(), err:message(), inside }
            -- raised out of it
            local _, raised = workflow.scope({ timeout = "200ms" }):run(function() assert(funcs.call("app:slow")) end)
            told[5] = raised:kind()
            -- in time, and what it returns
            local a, b, c = workflow.scope({ timeout = "1h" }):run(function(x) return x, nil, "third" end, 7)
            told[6], told[7], told[8] = a, b == nil, c
            -- caught inside: what the function makes of it counts
            told[9] = workflow.scope({ timeout = "200ms" }):run(function()
              local _, e = funcs.call("app:slow")
              return "gave up: " .. e:kind()
            end)
            return told
          end`),
        'app:slow': slow,
      },
      NO_CACHE,
    );
    const ref = await start(it, 'app:w');
    expect(await resultOf(it.client, ref)).toEqual([
      [
        true,
        'Timeout',
        'the scope was cancelled: its 300ms are over',
        'Canceled',
        'Timeout',
        7,
        true,
        'third',
        'gave up: Canceled',
      ],
    ]);
    const types = await typesOf(it, ref);
    // The hour's timer is taken back before the server has heard of it.
    expect(types.filter((type) => type === 'timerStartedEventAttributes')).toHaveLength(3);
  });

  it('cancels the scopes inside of it, but not past a shield, where cleaning up goes on', async () => {
    const it = await app(
      {
        'app:w': workflow(`
          local funcs, time, workflow = require("funcs"), require("time"), require("workflow")
          return function()
            local log = {}
            local function note(what, err) log[#log + 1] = what .. (err and ": " .. err:kind() or "") end
            local outer = workflow.scope()
            coroutine.spawn(function() time.sleep("300ms") outer:cancel() end)
            local _, err = outer:run(function()
              local inner = workflow.scope()
              local _, e = inner:run(function()
                local _, e = funcs.call("app:slow")
                note("call", e)
                workflow.shielded(function()
                  note((funcs.call("app:echo", "cleaned up")))
                  -- a scope of its own in the shield can still be cancelled
                  local own = workflow.scope()
                  own:cancel()
                  local _, e = own:run(function() note("never") end)
                  note("own", e)
                end)
                local _, again = funcs.call("app:echo", "not any more")
                note("again", again)
                return nil, again
              end)
              note("inner", e)
              assert(inner:is_canceled() and outer:is_canceled())
              return nil, e
            end)
            note("outer", err)
            -- the inner one alone
            local whole = workflow.scope()
            note((whole:run(function()
              local part = workflow.scope()
              part:cancel("enough")
              local _, e = part:run(function() end)
              note("part", e)
              return (funcs.call("app:echo", "the rest of it"))
            end)))
            assert(not whole:is_canceled())
            return log
          end`),
        'app:slow': slow,
        'app:echo': fn('return function(what) return what end'),
      },
      NO_CACHE,
    );
    expect(await run(it, 'app:w')).toEqual([
      [
        'call: Canceled',
        'cleaned up',
        'own: Canceled',
        'again: Canceled',
        'inner: Canceled',
        'outer: Canceled',
        'part: Canceled',
        'the rest of it',
      ],
    ]);
  });

  it('wakes who waits in it for a channel, a condition or a message, and ends what it has spawned', async () => {
    const it = await app({
      'app:w': workflow(`
        local funcs, time, workflow = require("funcs"), require("time"), require("workflow")
        return function()
          local scope, ended = workflow.scope(), channel.new(10)
          local never = channel.new()
          local function waits(name, wait)
            coroutine.spawn(function()
              local ok, err = pcall(wait)
              ended:send(name .. ": " .. tostring(ok) .. " " .. err:kind())
            end)
          end
          local _, err = scope:run(function()
            waits("channel", function() never:receive() end)
            waits("select", function() channel.select({ never:case_receive(), process.inbox():case_receive() }) end)
            waits("condition", function() workflow.await(function() return false end, "24h") end)
            local future = funcs.async("app:slow")
            waits("future", function() future:channel():receive() end)
            local ticks = time.ticker("50ms"):channel()
            coroutine.spawn(function() never:receive() end) -- ends with the scope, quietly
            for _ = 1, 3 do ticks:receive() end
            scope:cancel("by itself")
            local _, e = funcs.call("app:slow") -- nothing is asked for any more
            assert(e:kind() == errors.CANCELED)
            local ok, raised = pcall(ticks.receive, ticks)
            assert(not ok and raised:kind() == errors.CANCELED)
            assert(workflow.version("in-a-scope", 1, 2) == 2)
            return nil, e
          end)
          local seen = {}
          for index = 1, 4 do seen[index] = ended:receive() end
          table.sort(seen)
          seen[5] = err:kind()
          local ok, other = pcall(function() workflow.scope():run(function() error("a fault") end) end)
          seen[6] = tostring(other):match("a fault$")
          local _, wrong = workflow.scope({ timout = "1s" })
          seen[7] = wrong:message()
          local _, no = scope:run("text")
          seen[8] = no:message()
          return seen
        end`),
      'app:slow': slow,
    });
    expect(await run(it, 'app:w')).toEqual([
      [
        'channel: false Canceled',
        'condition: false Canceled',
        'future: false Canceled',
        'select: false Canceled',
        'Canceled',
        'a fault',
        "unknown option 'timout'; did you mean 'timeout'?",
        'what runs in a scope is a function, got string',
      ],
    ]);
  });

  it('waits for an activity that cleans up, where the call says so', async () => {
    const it = await app({
      'app:w': workflow(`
        local funcs, time, workflow = require("funcs"), require("time"), require("workflow")
        return function()
          local scope = workflow.scope({ timeout = "500ms" })
          local polite = funcs.new():with_options({ ["activity.wait_for_cancellation"] = true })
          local value, err = scope:run(function() return polite:call("app:tidies") end)
          return { tostring(value), tostring(err), scope:is_canceled() }
        end`),
      // Its sleep ends when it is cancelled.
      'app:tidies': fn('return function() pcall(require("time").sleep, "60s") return "tidied" end'),
    });
    expect(await run(it, 'app:w')).toEqual([['tidied', 'nil', true]]);
  });

  it('is told apart from a cancellation of the run, after which its Lua may still clean up', async () => {
    const it = await app({
      'app:w': workflow(`
        local funcs, workflow = require("funcs"), require("workflow")
        return function()
          local scope = workflow.scope({ timeout = "1h" })
          local cleaned, err = scope:run(function()
            local _, e = funcs.call("app:slow")
            return (funcs.call("app:echo", "undone")), e
          end)
          workflow.attrs({ memo = { told = tostring(scope:is_canceled()) .. " " .. err:kind() } })
          return nil, err
        end`),
      'app:slow': slow,
      'app:echo': fn('return function(what) return what end'),
    });
    const ref = await start(it, 'app:w');
    while (!it.calls.some(({ entry }) => entry === 'app:slow'))
      await new Promise((next) => setTimeout(next, 20));
    const handle = it.client.workflow.getHandle(ref.workflowId);
    await handle.cancel();
    await expect(resultOf(it.client, ref)).rejects.toMatchObject({ kind: 'Canceled' });
    const { memo, status } = await handle.describe();
    expect(status.name).toBe('CANCELLED');
    expect(memo).toMatchObject({ told: 'false Canceled' });
    expect(it.calls.map(({ entry }) => entry)).toEqual(['app:slow', 'app:echo']);
  });
});
