// Workflows whose histories are kept with each release (golden.test.ts): together they use every durable handler.
import { fn, workflow } from '../support/lua-suite.js';
import type { SourceEntry } from '../support/lua-app.js';
import { generateProgram } from '../faults/workflow-programs.js';

/** What comes from outside while it runs. */
export type Outside =
  | { readonly signal: string; readonly value: string | number }
  | { readonly update: string; readonly value: string | number }
  | { readonly cancel: true };

export interface GoldenProgram {
  readonly source: string;
  readonly outside?: readonly Outside[];
}

export const partners: Readonly<Record<string, SourceEntry>> = {
  'app:echo': fn('return function(n) return n end'),
  'app:fail': fn(
    'return function(n) return nil, errors.new({ kind = errors.INVALID, message = "no " .. n, retryable = false }) end',
  ),
  'app:flaky': fn(
    'return function() return nil, errors.new({ kind = errors.UNAVAILABLE, message = "away", retryable = true }) end',
  ),
  'app:slow': fn('local time = require("time") return function() time.sleep("200ms") end'),
  'app:child': workflow(
    'local time = require("time") return function(n) time.sleep(n .. "ms") return n * 2 end',
  ),
  'app:broken': workflow('return function(n) error("child " .. n) end'),
  'app:actor': workflow(
    'return function(n) for m in function() return process.inbox():receive() end do if m:topic() == "stop" then return n end n = n + 1 end end',
  ),
};

const HANDWRITTEN: Readonly<Record<string, GoldenProgram>> = {
  saga: {
    source: `local funcs, workflow = require("funcs"), require("workflow")
      return function()
        local saga = workflow.saga()
        saga:add(funcs.call, "app:echo", "release")
        funcs.call("app:echo", "reserve")
        local _, err = funcs.call("app:fail", 1)
        return err:kind(), saga:compensate()
      end`,
  },
  time: {
    source: `local time, workflow = require("time"), require("workflow")
      return function()
        time.sleep("2ms")
        local limit, ticker = time.after("30ms"), time.ticker("2ms")
        local ticks = 0
        while true do
          local got = channel.select({ ticker:channel():case_receive(), limit:case_receive() })
          if got.channel == limit then break end
          ticks = ticks + 1
          if ticks == 2 then ticker:stop() end
        end
        return ticks, workflow.await(function() return false end, "3ms"), time.now():unix() > 0
      end`,
  },
  messages: {
    source: `local workflow = require("workflow")
      return function()
        local items, closed = {}, false
        workflow.query("items", function() return items end)
        workflow.update("add", {
          validate = function(item) if item == "" then return false, "an item has a name" end end,
          handle = function(item) require("time").sleep("1ms") items[#items + 1] = item return #items end,
        })
        coroutine.spawn(function() process.listen("close"):receive() closed = true end)
        process.send(process.id(), "own", 1)
        workflow.await(function() return closed end)
        return items, process.inbox():receive():topic()
      end`,
    outside: [
      { update: 'add', value: 'lamp' },
      { signal: 'note', value: 1 },
      { update: 'add', value: 'mug' },
      { signal: 'close', value: 1 },
    ],
  },
  children: {
    source: `local workflow = require("workflow")
      return function()
        local six = workflow.exec("app:child", 3)
        local _, err = workflow.exec("app:broken", 1)
        local pid = process.spawn_monitored("app:actor", "app:worker", 40)
        for i = 1, 3 do process.send(pid, "add", i) end
        process.send(pid, "stop")
        local event = process.events():receive()
        return six, tostring(err), event.kind, event.result.value
      end`,
  },
  'continue-as-new': {
    source: `local time, workflow = require("time"), require("workflow")
      return function(round, seen)
        round, seen = round or 1, seen or {}
        time.sleep("1ms")
        if round < 3 then workflow.continue_as_new(round + 1, seen) end
        seen[#seen + 1] = process.listen("tick"):receive()
        return round, seen
      end`,
    outside: [{ signal: 'tick', value: 7 }],
  },
  cancelled: {
    source: `local funcs = require("funcs")
      return function()
        process.listen("ready"):receive()
        local _, err = funcs.call("app:slow")
        funcs.call("app:echo", "undo")
        return nil, err
      end`,
    outside: [{ signal: 'ready', value: 1 }, { cancel: true }],
  },
  heard: {
    source: `return function()
        local event = process.events():receive()
        return event.kind, event.reason
      end`,
    outside: [{ cancel: true }],
  },
  failed: { source: `return function() local order = nil return order.id end` },
  versions: {
    source: `local uuid, workflow = require("uuid"), require("workflow")
      return function()
        local a, b = workflow.version("gift", 1, 2), workflow.version("gift", 1, 3)
        workflow.attrs({ memo = { step = "packed" } })
        if math.random() < 0.5 then require("time").sleep("1ms") end
        return a, b, #uuid.v4(), workflow.info().attempt
      end`,
  },
  futures: {
    source: `local funcs = require("funcs")
      return function()
        local futures, sum = {}, 0
        for i = 1, 4 do futures[i] = funcs.async("app:echo", i) end
        local slow = funcs.async("app:slow")
        for _, future in ipairs(futures) do sum = sum + future:response():receive():data() end
        slow:cancel()
        local retried = funcs.new():with_options({ ["activity.retry_policy"] = { maximum_attempts = 2, initial_interval = "1ms" } })
        local _, err = retried:call("app:flaky")
        return sum, err:kind()
      end`,
  },
};

/** Seeds of generated programs that are kept too. */
const SEEDS = [11, 23, 37, 59, 71, 97];

export const goldenPrograms: Readonly<Record<string, GoldenProgram>> = {
  ...HANDWRITTEN,
  ...Object.fromEntries(
    SEEDS.map((seed): [string, GoldenProgram] => [
      `generated-${seed}`,
      { source: generateProgram(seed).source },
    ]),
  ),
};
