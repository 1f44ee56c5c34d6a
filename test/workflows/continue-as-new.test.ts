// `workflow.continue_as_new`: a fresh history, and nothing lost on the way.
import { describe, expect, it } from 'vitest';
import { dataObject } from '../../src/core/data.js';
import { queryRun, resultOf, signalRun, updateRun } from '../../src/temporal/client.js';
import { fn, luaSuite, workflow } from '../support/lua-suite.js';

describe('a run that continues as new', () => {
  const { app, idle, start, run } = luaSuite();

  it('goes on with its arguments under the same id, and says where it came from', async () => {
    const it = await app({
      'app:w': workflow(`
        local workflow = require("workflow")
        return function(n, first)
          local info = workflow.info()
          if n < 3 then
            local ok = pcall(workflow.continue_as_new, n + 1, first or info.run_id)
            return "not reached, pcall gave " .. tostring(ok)
          end
          return { n = n, first = first == info.first_run_id, continued = info.continued_run_id ~= nil, id = info.workflow_id }
        end`),
    });
    const started = await start(it, 'app:w', [1]);
    expect(await resultOf(it.client, started)).toEqual([
      dataObject({ n: 3, first: true, continued: true, id: started.workflowId }),
    ]);
  });

  it('takes along, in order, every message that nobody has received', async () => {
    const it = await app({
      'app:w': workflow(`
        local workflow = require("workflow")
        return function(round, got)
          if round == 1 then
            local go, listened = process.listen("go"), process.listen("part")
            local inbox = process.inbox()
            go:receive()
            got[#got + 1] = inbox:receive():payload():data()
            got[#got + 1] = listened:receive()
            workflow.continue_as_new(2, got)
          end
          local listened = process.listen("part", { message = true })
          local inbox = process.inbox()
          while #got < 7 do
            local chosen = channel.select({ inbox:case_receive(), listened:case_receive() })
            local message = chosen.value
            local values = {}
            for _, payload in ipairs({ message:payload() }) do values[#values + 1] = tostring(payload:data()) end
            got[#got + 1] = message:topic() .. " " .. table.concat(values, ",")
          end
          return got
        end`),
    });
    const started = await start(it, 'app:w', [1, []]);
    const send = (topic: string, ...body: (string | number)[]) =>
      signalRun(it.client, { workflowId: started.workflowId }, topic, body);
    for (const n of [1, 2, 3]) await send('note', n);
    await send('part', 'a', 'b', 'c');
    await send('part', 'd');
    await send('go', 1);
    const result = resultOf(it.client, started);
    await send('note', 4);
    expect(await result).toEqual([[1, 'a', 'note 2', 'note 3', 'part b,c', 'part d', 'note 4']]);
  });

  it('waits for handlers that run, and for what they call', async () => {
    const it = await app({
      'app:w': workflow(`
        local workflow, time, funcs = require("workflow"), require("time"), require("funcs")
        return function(round, total)
          if round == 2 then return total end
          local begun = channel.new(1)
          workflow.update("add", function(n)
            begun:send(true)
            time.sleep("200ms")
            total = total + funcs.call("app:same", n)
            return total
          end)
          begun:receive()
          workflow.continue_as_new(2, total)
        end`),
      'app:same': fn('return function(n) return n end'),
    });
    const started = await start(it, 'app:w', [1, 10]);
    const { workflowId } = started;
    // The argument is taken when the program asks: the handler's change comes later, and the caller has its answer.
    expect(await updateRun(it.client, { workflowId }, 'add', [5])).toEqual([15]);
    expect(await resultOf(it.client, started)).toEqual([10]);
  });

  it('is refused where calls or children would be lost, and by a cancelled run', async () => {
    const it = await app({
      'app:w': workflow(`
        local workflow, funcs = require("workflow"), require("funcs")
        return function()
          local told = {}
          local function try(...) local _, err = pcall(workflow.continue_as_new, ...) told[#told + 1] = err:kind() .. ": " .. err:message() end
          local future = funcs.async("app:slow")
          try()
          future:response():receive()
          local child = process.with_options({ ["temporal.workflow.parent_close_policy"] = "terminate" })
            :spawn_monitored("app:child", "app:worker")
          try()
          process.send(child, "end")
          process.events():receive()
          try(function() end)
          local options = workflow.with_options({ pinn = "program" })
          local _, err = pcall(options.continue_as_new, options)
          told[#told + 1] = err:message()
          try(("x"):rep(2200000))
          return told
        end`),
      'app:slow': fn('return function() return 1 end'),
      'app:child': workflow('return function() process.listen("end"):receive() end'),
      'app:cancelled': workflow(`
        local workflow = require("workflow")
        return function()
          local event = process.events():receive()
          local _, err = pcall(workflow.continue_as_new)
          return event.kind .. " " .. err:kind()
        end`),
    });
    const [told] = (await run(it, 'app:w')) as unknown as [string[]];
    expect(told).toEqual([
      "Conflict: funcs.call 'app:slow' would be lost: wait for what is still running, then continue",
      expect.stringMatching(/^Conflict: the children {app:worker\|app:child-.*} would end with this run: /),
      expect.stringMatching(/^Invalid: argument 1 of the next run: /),
      expect.stringMatching(/^unknown option 'pinn'; did you mean 'pin'\?/),
      expect.stringMatching(/^Invalid: .*takes 2\.2 MB/),
    ]);
    const cancelled = await start(it, 'app:cancelled');
    await it.client.workflow.getHandle(cancelled.workflowId).cancel();
    expect(await resultOf(it.client, cancelled)).toEqual(['CANCEL Conflict']);
  });

  it('leaves updates to the next run that come before its first step, in which it goes on', async () => {
    const it = idle({
      'app:w': workflow(`
        local workflow = require("workflow")
        return function(round, items)
          items = items or {}
          workflow.update("add", function(v) items[#items + 1] = v return #items end)
          if not round then workflow.continue_as_new(2, items) end
          process.listen("stop"):receive()
          return items
        end`),
    });
    const { workflowId } = await start(it, 'app:w', []);
    const added = ['a', 'b', 'c'].map((v) => updateRun(it.client, { workflowId }, 'add', [v]));
    await it.worker();
    expect((await Promise.all(added)).flat().sort()).toEqual([1, 2, 3]);
    await signalRun(it.client, { workflowId }, 'stop', []);
    const [items] = await resultOf(it.client, { workflowId });
    expect([...(items as string[])].sort()).toEqual(['a', 'b', 'c']);
  });

  it('fails an update that waited for its declaration, where that comes with the going on', async () => {
    const it = await app({
      'app:w': workflow(`
        local workflow, time = require("workflow"), require("time")
        return function(round)
          if round == 2 then return "next" end
          process.listen("go"):receive()
          workflow.update("add", function(v) return v end)
          workflow.continue_as_new(2)
        end`),
    });
    const { workflowId } = await start(it, 'app:w', []);
    const added = updateRun(it.client, { workflowId }, 'add', ['a']).catch((error: unknown) => error);
    await expect
      .poll(async () =>
        (await it.client.workflow.getHandle(workflowId).fetchHistory()).events?.some(
          (event) => event.workflowExecutionUpdateAcceptedEventAttributes,
        ),
      )
      .toBe(true);
    await signalRun(it.client, { workflowId }, 'go', []);
    expect(String(await added)).toContain('send it again');
    expect(await resultOf(it.client, { workflowId })).toEqual(['next']);
  });

  it('takes the newest program, or stays on its own when it is asked to', async () => {
    const flow = (version: string): string => `
      local workflow = require("workflow")
      return function(seen, options)
        seen[#seen + 1] = "${version}"
        if #seen == 3 then return seen end
        workflow.query("ready", function() return true end)
        process.listen("go"):receive()
        if #seen == 1 then workflow.with_options({ pin = "program" }):continue_as_new(seen) end
        workflow.continue_as_new(seen)
      end`;
    const it = await app({ 'app:w': workflow(flow('old')) });
    const started = await start(it, 'app:w', [[]]);
    await expect
      .poll(() => queryRun(it.client, { workflowId: started.workflowId }, 'ready', []).catch(() => []))
      .toEqual([true]);
    it.publish('app:w', workflow(flow('new')));
    await signalRun(it.client, { workflowId: started.workflowId }, 'go', []);
    await signalRun(it.client, { workflowId: started.workflowId }, 'go', []);
    expect(await resultOf(it.client, started)).toEqual([['old', 'old', 'new']]);
  });

  it('for an upgrade is woken by OUTDATED where it waits for messages, if it wants that', async () => {
    const actor = (first: string) =>
      workflow(`
        local workflow = require("workflow")
        return function(n)
          ${first}
          process.set_options({ upgradable = true })
          local inbox, events = process.inbox(), process.events()
          while true do
            local got = channel.select({ inbox:case_receive(), events:case_receive() })
            if got.channel == events then
              assert(got.value.kind == process.event.OUTDATED and got.value.sources[1] == "app:actor")
              workflow.continue_as_new(n)
            end
            n = n + 1
          end
        end`);
    const it = await app({ 'app:actor': actor('') });
    const ref = await start(it, 'app:actor', [0]);
    for (const n of [1, 2]) await signalRun(it.client, { workflowId: ref.workflowId }, 'add', [n]);
    await queryRun(it.client, ref, 'moontide.program', []);
    it.publish('app:actor', actor('if n > 0 then return n end'));
    await signalRun(it.client, { workflowId: ref.workflowId }, 'moontide.upgrade', []);
    expect(await resultOf(it.client, { workflowId: ref.workflowId })).toEqual([2]);
  });

  it('still hears of what it monitors, and tells who monitors it', async () => {
    const it = await app({
      'app:parent': workflow(`
        return function()
          local pid = process.spawn_monitored("app:w", "app:worker", 1)
          local event = process.events():receive()
          return { from = event.from == pid, value = event.result.value }
        end`),
      'app:w': workflow(`
        local workflow = require("workflow")
        return function(round, child)
          if round == 1 then
            child = process.spawn_monitored("app:child", "app:worker")
            workflow.continue_as_new(2, child)
          end
          process.send(child, "end")
          local event = process.events():receive()
          return event.kind .. " " .. tostring(event.from == child) .. " " .. event.result.value
        end`),
      'app:child': workflow('return function() process.listen("end"):receive() return "child" end'),
    });
    expect(await run(it, 'app:parent')).toEqual([dataObject({ from: true, value: 'EXIT true child' })]);
  });

  it('keeps memo and attributes, declares its handlers anew, and may become another workflow', async () => {
    const it = await app({
      'app:w': workflow(`
        local workflow = require("workflow")
        return function()
          workflow.attrs({ memo = { kept = "yes", changed = "no" } })
          workflow.with_options({ workflow = "app:other", ["temporal.workflow.memo"] = { changed = "yes" } })
            :continue_as_new("handed on")
        end`),
      'app:other': workflow(`
        local workflow = require("workflow")
        return function(text)
          workflow.query("text", function() return text end)
          process.listen("end"):receive()
          return workflow.info().workflow_type
        end`),
    });
    const started = await start(it, 'app:w');
    const { workflowId } = started;
    await expect
      .poll(() => queryRun(it.client, { workflowId }, 'text', []).catch(() => []))
      .toEqual(['handed on']);
    const { memo } = await it.client.workflow.getHandle(workflowId).describe();
    expect(memo).toMatchObject({ kept: 'yes', changed: 'yes' });
    await signalRun(it.client, { workflowId }, 'end', []);
    expect(await resultOf(it.client, started)).toEqual(['app:other']);
  });

  it('counts its messages anew for those who know it from before', async () => {
    const it = await app({
      'app:main': workflow(`
        return function()
          local me, got = process.id(), {}
          process.spawn("app:w", "app:worker", me, 1)
          local inbox = process.inbox()
          while #got < 4 do got[#got + 1] = inbox:receive():payload():data() end
          return got
        end`),
      'app:w': workflow(`
        local workflow = require("workflow")
        return function(to, round)
          process.send(to, "note", round .. "a")
          process.send(to, "note", round .. "b")
          if round == 1 then workflow.continue_as_new(to, 2) end
        end`),
    });
    expect(await run(it, 'app:main')).toEqual([['1a', '1b', '2a', '2b']]);
  });
});
