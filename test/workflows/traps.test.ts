// The traps of durable code on Temporal that a naive host falls into, one test each. Trap B is in
// test/faults/lost-sight.test.ts: it takes nodes that can be cut off; trap C is in test/e2e/services.test.ts: it takes a process
// that can be frozen.
import { describe, expect, it } from 'vitest';
import { queryRun, resultOf, signalRun, updateRun } from '../../src/temporal/client.js';
import { WithStartWorkflowOperation } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { dataObject } from '../../src/core/data.js';
import { fn, luaSuite, workflow } from '../support/lua-suite.js';

describe('the traps', () => {
  const { app, start, run, idle } = luaSuite();

  it('trap A: a run that has a call or a bound child pending never continues as new, which would orphan them', async () => {
    const it = await app({
      'app:w': workflow(`
        local funcs, workflow = require("funcs"), require("workflow")
        return function()
          local pending = funcs.async("app:slow")
          local _, err = pcall(workflow.continue_as_new)
          pending:cancel()
          local bound = process.with_options({ ["temporal.workflow.parent_close_policy"] = "terminate" })
          local child = assert(bound:spawn("app:child", "app:worker"))
          local _, other = pcall(workflow.continue_as_new)
          process.cancel(child)
          return { err:kind(), tostring(err:message():find("would be lost") ~= nil), other:kind() }
        end`),
      'app:slow': fn('return function() require("time").sleep("30s") end'),
      'app:child': workflow('return function() process.inbox():receive() end'),
    });
    expect(await run(it, 'app:w')).toEqual([['Conflict', 'true', 'Conflict']]);
  });

  it('trap D: a query before the program is resolved is asked again, not told that there is none', async () => {
    const it = idle({
      'app:w': workflow(`return function()
        require("workflow").query("ready", function() return "yes" end)
        process.inbox():receive()
      end`),
    });
    const ref = await start(it, 'app:w');
    const early = queryRun(it.client, ref, 'ready', []);
    await it.worker();
    expect(await early).toEqual(['yes']);
    await signalRun(it.client, ref, 'go', []);
  });

  it('trap E: an update that comes with the start waits for its handler, whose validator refuses before it is accepted', async () => {
    const it = await app({
      'app:w': workflow(`return function()
        require("workflow").update("add", {
          validate = function(n) if n <= 0 then return false, "only more" end end,
          handle = function(n) return n * 2 end,
        })
        process.inbox():receive()
      end`),
    });
    const withStart = async (n: number): Promise<{ readonly id: string; readonly got: unknown }> => {
      const id = `trap-${randomUUID()}`;
      const got: unknown = await it.client.workflow
        .executeUpdateWithStart('add', {
          args: [n],
          startWorkflowOperation: new WithStartWorkflowOperation('app:w', {
            workflowId: id,
            taskQueue: it.queue,
            args: [],
            workflowIdConflictPolicy: 'FAIL',
          }),
        })
        .catch((error: unknown) => String((error as Error).cause ?? error));
      await it.client.workflow.getHandle(id).signal('go');
      return { id, got };
    };
    expect((await withStart(21)).got).toEqual(42);
    const { id, got } = await withStart(-1);
    expect(got).toContain('only more');
    const { events } = await it.client.workflow.getHandle(id).fetchHistory();
    expect((events ?? []).some((event) => event.workflowExecutionUpdateAcceptedEventAttributes)).toBe(false);
  });

  it('trap F: an error in a handler fails the update, not the task', async () => {
    const it = await app({
      'app:w': workflow(`return function()
        require("workflow").update("breaks", function() local t = nil return t.field end)
        process.inbox():receive()
        return "lives"
      end`),
    });
    const ref = await start(it, 'app:w');
    await expect(updateRun(it.client, ref, 'breaks', [])).rejects.toThrow(/attempt to index a nil value/);
    await signalRun(it.client, ref, 'go', []);
    expect(await resultOf(it.client, ref)).toEqual(['lives']);
    const { events } = await it.client.workflow.getHandle(ref.workflowId).fetchHistory();
    expect((events ?? []).some((event) => event.workflowTaskFailedEventAttributes)).toBe(false);
  });

  it('trap G: messages that one run sends to another without waiting arrive in their order', async () => {
    const it = await app({
      'app:w': workflow(`return function()
        local pid = assert(process.spawn_monitored("app:child", "app:worker"))
        for n = 1, 20 do
          coroutine.spawn(function() assert(process.send(pid, n % 2 == 0 and "even" or "odd", n)) end)
        end
        return process.events():receive().result.value
      end`),
      'app:child': workflow(`return function()
        local seen = {}
        for n = 1, 20 do seen[n] = process.inbox():receive():payload():data() end
        return seen
      end`),
    });
    expect(await run(it, 'app:w')).toEqual([Array.from({ length: 20 }, (_, index) => index + 1)]);
  });

  it('trap H: the pin names the host and the cost model too, and the deployment is the release, not the Lua', async () => {
    const it = await app({ 'app:w': workflow('return function() process.inbox():receive() end') });
    const ref = await start(it, 'app:w');
    const [reference] = (await queryRun(it.client, ref, 'moontide.program', [])) as [object];
    expect(reference).toMatchObject({ entry: 'app:w', host_version: '0.1.0', cost_model: 1 });
    expect(reference).toHaveProperty('program', it.hashOf('app:w'));
    await signalRun(it.client, ref, 'go', []);
  });

  it('trap I: a local activity is bounded to 2 s, since timers and messages wait behind it', async () => {
    const local = dataObject({
      temporal: dataObject({ activity: dataObject({ worker: 'worker', local: true }) }),
    });
    const it = await app({
      'app:w': workflow(`
        local funcs, time = require("funcs"), require("time")
        return function()
          local before = time.now()
          local _, err = funcs.call("app:hangs")
          local _, asked = funcs.new():with_options({ timeout = "10s" }):call("app:hangs")
          return { err:kind(), asked:kind(), asked:message() }
        end`),
      'app:hangs': fn('return function() require("time").sleep("60s") end', local),
    });
    expect(await run(it, 'app:w')).toEqual([
      [
        'Timeout',
        'Invalid',
        "'app:hangs' is a local activity, which may take 2000 ms at most; drop the option or `local: true`",
      ],
    ]);
  });
});

describe('updates past what the server takes at once', () => {
  const { app, start } = luaSuite();

  it('wait for their turn: 40 at a time are all done, each once', async () => {
    const it = await app({
      'app:w': workflow(`
        local time, workflow = require("time"), require("workflow")
        return function()
          local count = 0
          workflow.update("add", function(n) time.sleep("50ms") count = count + 1 return n end)
          process.inbox():receive()
          return count
        end`),
    });
    const ref = await start(it, 'app:w');
    await queryRun(it.client, ref, 'moontide.program', []);
    const numbers = Array.from({ length: 40 }, (_, index) => index);
    const answers = await Promise.all(
      numbers.map((n) => updateRun(it.client, ref, 'add', [n], { updateId: `key-${n}` })),
    );
    expect(answers).toEqual(numbers.map((n) => [n]));
    // The same key again is the same update.
    expect(await updateRun(it.client, ref, 'add', [99], { updateId: 'key-7' })).toEqual([7]);
    await signalRun(it.client, ref, 'go', []);
    expect(await resultOf(it.client, ref)).toEqual([40]);
  });
});
