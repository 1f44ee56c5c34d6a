// Queries and updates that Lua declares, on a real server, with the run evicted and replayed at every task.
import { randomUUID } from 'node:crypto';
import { WithStartWorkflowOperation } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { dataObject } from '../../src/core/data.js';
import { queryRun, resultOf, signalRun, updateRun } from '../../src/temporal/client.js';
import { fn, luaSuite, workflow } from '../support/lua-suite.js';

const EVICTED = { worker: { overrides: { maxCachedWorkflows: 0 } } };

const CART = workflow(`
  local time, workflow = require("time"), require("workflow")
  return function()
    local items = {}
    workflow.query("count", { handle = function() return #items end, description = "How many items there are." })
    workflow.query("item", function(at) return items[at], { at = at } end)
    workflow.update("add", {
      description = "Adds an item.",
      validate = function(item)
        if item == "boom" then error("no bombs") end
        if item == "none" then return false end
        if item == "dear" then return nil, errors.new({ kind = errors.CONFLICT, message = "too dear", details = { price = 7 } }) end
      end,
      handle = function(item)
        time.sleep("5ms")
        if item == "breaks" then error("it broke") end
        table.insert(items, item)
        return #items, { item = item }
      end,
    })
    process.listen("checkout"):receive()
    return items
  end`);

describe('queries and updates of a Lua workflow', () => {
  const { app, idle, start } = luaSuite();

  it('change and tell the state, also after the end and when replayed at every task', async () => {
    const it = await app({ 'app:cart': CART }, EVICTED);
    const ref = await start(it, 'app:cart');
    expect(await updateRun(it.client, ref, 'add', ['mug'])).toEqual([1, dataObject({ item: 'mug' })]);
    expect(await updateRun(it.client, ref, 'add', ['gr\xc3\xbcn'])).toEqual([
      2,
      dataObject({ item: 'gr\xc3\xbcn' }),
    ]);
    expect(await queryRun(it.client, ref, 'count', [])).toEqual([2]);
    expect(await queryRun(it.client, ref, 'item', [2])).toEqual(['gr\xc3\xbcn', dataObject({ at: 2 })]);
    await signalRun(it.client, ref, 'checkout', []);
    expect(await resultOf(it.client, ref)).toEqual([['mug', 'gr\xc3\xbcn']]);
    expect(await queryRun(it.client, ref, 'count', [])).toEqual([2]);
  });

  it('show their names and descriptions to people', async () => {
    const it = await app({ 'app:cart': CART });
    const ref = await start(it, 'app:cart');
    await queryRun(it.client, ref, 'count', []);
    const handle = it.client.workflow.getHandle(ref.workflowId);
    const { definition } = await handle.query<{
      definition: Record<string, { name: string; description: string }[]>;
    }>('__temporal_workflow_metadata');
    expect(definition['updateDefinitions']).toContainEqual({ name: 'add', description: 'Adds an item.' });
    expect(definition['queryDefinitions']).toContainEqual({
      name: 'count',
      description: 'How many items there are.',
    });
    await signalRun(it.client, ref, 'checkout', []);
  });

  it('refuse by raising, by false and by an error, and leave no trace of what was refused', async () => {
    const it = await app({ 'app:cart': CART }, EVICTED);
    const ref = await start(it, 'app:cart');
    await expect(updateRun(it.client, ref, 'add', ['boom'])).rejects.toMatchObject({
      data: { kind: 'Internal', message: 'cart.lua:10: no bombs' },
    });
    await expect(updateRun(it.client, ref, 'add', ['none'])).rejects.toMatchObject({
      data: { kind: 'Invalid' },
    });
    await expect(updateRun(it.client, ref, 'add', ['dear'])).rejects.toMatchObject({
      data: { kind: 'Conflict', message: 'too dear', details: { price: 7 } },
    });
    await signalRun(it.client, ref, 'checkout', []);
    expect(await resultOf(it.client, ref)).toEqual([[]]);
    const { events } = await it.client.workflow.getHandle(ref.workflowId).fetchHistory();
    expect(
      (events ?? []).filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes != null),
    ).toEqual([]);
  });

  it('fail the update, not the task, when a handler breaks', async () => {
    const it = await app({ 'app:cart': CART });
    const ref = await start(it, 'app:cart');
    await expect(updateRun(it.client, ref, 'add', ['breaks'])).rejects.toMatchObject({
      data: { kind: 'Internal', message: 'cart.lua:16: it broke' },
    });
    expect(await updateRun(it.client, ref, 'add', ['mug'])).toEqual([1, dataObject({ item: 'mug' })]);
    await signalRun(it.client, ref, 'checkout', []);
    const { events } = await it.client.workflow.getHandle(ref.workflowId).fetchHistory();
    expect((events ?? []).some((event) => event.workflowTaskFailedEventAttributes != null)).toBe(false);
  });

  it('wait for the start: what comes with it or before it is neither lost nor refused', async () => {
    const it = idle({ 'app:cart': CART });
    const workflowId = `t-${randomUUID()}`;
    const operation = () =>
      new WithStartWorkflowOperation('app:cart', {
        taskQueue: it.queue,
        workflowId,
        workflowIdConflictPolicy: 'USE_EXISTING',
      });
    const added = ['a', 'b', 'none'].map((item) =>
      it.client.workflow.executeUpdateWithStart('add', {
        args: [item],
        startWorkflowOperation: operation(),
      }),
    );
    const settled = Promise.allSettled(added);
    await it.worker();
    const asked = queryRun(it.client, { workflowId }, 'count', []);
    expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(await asked).toEqual([expect.any(Number)]);
    await signalRun(it.client, { workflowId }, 'checkout', []);
    const [items] = await resultOf(it.client, { workflowId });
    expect([...(items as string[])].sort()).toEqual(['a', 'b']);
  });

  it('may be declared after a wait: what names them until then waits, what nobody mentions is refused at once', async () => {
    const it = await app(
      {
        'app:late': workflow(`
          local funcs, workflow = require("funcs"), require("workflow")
          return function()
            local total = funcs.call("app:load")
            workflow.update("add", { validate = function(n) return n > 0 end, handle = function(n) total = total + n return total end })
            workflow.query("total", function() return total end)
            process.listen("stop"):receive()
            return total
          end`),
        'app:load': fn('local time = require("time") return function() time.sleep("600ms") return 10 end'),
      },
      EVICTED,
    );
    const ref = await start(it, 'app:late');
    const early = await Promise.allSettled([
      updateRun(it.client, ref, 'add', [5]),
      updateRun(it.client, ref, 'add', [-5]),
      updateRun(it.client, ref, 'nope', [5]),
    ]);
    expect(early[0]).toMatchObject({ status: 'fulfilled', value: [15] });
    expect(early[1]).toMatchObject({ status: 'rejected', reason: { data: { kind: 'Invalid' } } });
    expect(early[2]).toMatchObject({ status: 'rejected' });
    expect(await queryRun(it.client, ref, 'total', [])).toEqual([15]);
    await signalRun(it.client, ref, 'stop', []);
    expect(await resultOf(it.client, ref)).toEqual([15]);
  });

  it('end with the workflow: an update that runs is finished first, one that was never declared fails', async () => {
    const it = await app({
      'app:ends': workflow(`
        local time, workflow = require("time"), require("workflow")
        return function()
          if os.time() == 0 then workflow.update("never", function() end) end
          workflow.update("slow", function() time.sleep("1s") return "done" end)
          process.listen("stop"):receive()
          return "over"
        end`),
    });
    const ref = await start(it, 'app:ends');
    const slow = updateRun(it.client, ref, 'slow', []);
    const never = updateRun(it.client, ref, 'never', []).catch((error: unknown) => error);
    const accepted = async (): Promise<boolean> => {
      const { events } = await it.client.workflow.getHandle(ref.workflowId).fetchHistory();
      const isAccepted = (event: object): boolean =>
        'workflowExecutionUpdateAcceptedEventAttributes' in event &&
        event.workflowExecutionUpdateAcceptedEventAttributes != null;
      return (events ?? []).filter(isAccepted).length === 2;
    };
    while (!(await accepted())) await new Promise((resolve) => setTimeout(resolve, 20));
    await signalRun(it.client, ref, 'stop', []);
    expect(await slow).toEqual(['done']);
    expect(String(await never)).toContain("before it declared the update 'never'");
    expect(await resultOf(it.client, ref)).toEqual(['over']);
  });

  it.each([
    ['time.sleep("1h")', 'time.sleep'],
    ['funcs.call("app:f")', 'funcs.call'],
    ['coroutine.spawn(function() end)', 'coroutine.spawn'],
    ['ch:send(1)', 'channel send'],
    ['uuid.v4()', 'a random id'],
    ['workflow.query("other", function() end)', 'workflow.query'],
    ['process.inbox()', 'process.inbox'],
  ])('look and do not act: a query that calls %s fails and the run goes on', async (call, what) => {
    const it = await app({
      'app:acts': workflow(`
        local time, workflow, funcs, uuid = require("time"), require("workflow"), require("funcs"), require("uuid")
        return function()
          local ch = channel.new(10)
          workflow.query("act", function() ${call} return "acted" end)
          workflow.update("stop", { validate = function() ${call} end, handle = function() end })
          process.listen("stop"):receive()
          return "over"
        end`),
    });
    const ref = await start(it, 'app:acts');
    await expect(queryRun(it.client, ref, 'act', [])).rejects.toThrow(what);
    await expect(updateRun(it.client, ref, 'stop', [])).rejects.toThrow(what);
    await signalRun(it.client, ref, 'stop', []);
    expect(await resultOf(it.client, ref)).toEqual(['over']);
  });
});
