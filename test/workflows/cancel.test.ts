// What a cancellation does to a Lua workflow: with and without a listener to events, with compensation, while it waits for nothing.
import { describe, expect, it } from 'vitest';
import { queryRun, resultOf, signalRun } from '../../src/temporal/client.js';
import type { Command } from '../../src/core/command.js';
import type { RunReference } from '../../src/temporal/client.js';
import type { LuaApp } from '../support/lua-app.js';
import { fn, luaSuite, workflow } from '../support/lua-suite.js';

describe('a cancelled workflow', () => {
  const { app, start, temporal } = luaSuite();

  const cancel = async (app: LuaApp, ref: RunReference, reason = ''): Promise<void> => {
    await queryRun(app.client, ref, 'moontide.program', []);
    await app.client.connection.workflowService.requestCancelWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: ref.workflowId },
      reason,
    });
  };
  const statusOf = async (app: LuaApp, ref: RunReference): Promise<string> =>
    (await app.client.workflow.getHandle(ref.workflowId).describe()).status.name;

  it('gets a CANCEL event with the reason, and decides itself', async () => {
    const it = await app({
      'app:w': workflow(`return function()
        local e = process.events():receive()
        local after = process.inbox():receive()
        return { kind = e.kind, reason = e.reason, after = after:topic() }
      end`),
    });
    const ref = await start(it, 'app:w');
    await cancel(it, ref, 'closing time');
    await signalRun(it.client, ref, 'go', []);
    expect(await resultOf(it.client, ref)).toEqual([
      expect.objectContaining({ kind: 'CANCEL', reason: 'closing time', after: 'go' }),
    ]);
  });

  it('is cancelled when it takes the event and ends with Canceled', async () => {
    const it = await app({
      'app:w': workflow(`return function()
        process.events():receive()
        return nil, errors.new({ kind = errors.CANCELED, message = "as asked" })
      end`),
    });
    const ref = await start(it, 'app:w');
    await cancel(it, ref);
    await expect(resultOf(it.client, ref)).rejects.toMatchObject({ kind: 'Canceled' });
    expect(await statusOf(it, ref)).toBe('CANCELLED');
  });

  it('that does not listen is told through what it waits for, and may undo what it did', async () => {
    const it = await app({
      'app:saga': workflow(`
        local funcs = require("funcs")
        return function()
          funcs.call("app:step", "reserve")
          local _, err = funcs.call("app:slow")
          if err then
            funcs.call("app:step", "release")
            return nil, err
          end
        end`),
      'app:step': fn('return function() end'),
      'app:slow': fn('local time = require("time") return function() time.sleep("60s") end'),
    });
    const ref = await start(it, 'app:saga');
    while (!it.calls.some(({ entry }) => entry === 'app:slow'))
      await new Promise((next) => setTimeout(next, 20));
    await cancel(it, ref);
    await expect(resultOf(it.client, ref)).rejects.toMatchObject({ kind: 'Canceled' });
    expect(await statusOf(it, ref)).toBe('CANCELLED');
    expect(it.calls.map(({ entry, args }) => [entry, ...args])).toEqual([
      ['app:step', 'reserve'],
      ['app:slow'],
      ['app:step', 'release'],
    ]);
  });

  it('that waits for messages only is over', async () => {
    const it = await app({ 'app:w': workflow('return function() process.inbox():receive() end') });
    const ref = await start(it, 'app:w');
    await cancel(it, ref);
    await expect(resultOf(it.client, ref)).rejects.toMatchObject({ kind: 'Canceled' });
    expect(await statusOf(it, ref)).toBe('CANCELLED');
  });

  it('that sleeps wakes', async () => {
    const it = await app({
      'app:w': workflow('local time = require("time") return function() time.sleep("24h") return "woke" end'),
    });
    const ref = await start(it, 'app:w');
    await cancel(it, ref);
    const ended = await resultOf(it.client, ref).then(
      (values) => values,
      (error: unknown) => error,
    );
    // Whether sleep raises or returns is the time module's matter; it must not go on sleeping.
    expect(['CANCELLED', 'COMPLETED']).toContain(await statusOf(it, ref));
    expect(ended).toBeDefined();
  });

  it('is told only after what it has shielded is done, in coroutines of it too, and then cleans up', async () => {
    const it = await app({
      'app:w': workflow(`
        local funcs, time, workflow = require("funcs"), require("time"), require("workflow")
        return function()
          local done = channel.new(1)
          local first, second = workflow.shielded(function(a, b)
            coroutine.spawn(function() time.sleep("300ms") done:send(funcs.call("app:step", "beside")) end)
            process.listen("ready"):receive()
            time.sleep("300ms")
            funcs.call("app:step", "whole")
            done:receive()
            return a, b
          end, 1, 2)
          assert(first == 1 and second == 2)
          local ok, caught = pcall(workflow.shielded, function() error("inside") end)
          assert(not ok and tostring(caught):find("inside"))
          local _, err = funcs.call("app:step", "never")
          funcs.call("app:step", "undo")
          return nil, err
        end`),
      'app:step': fn('return function(what) return what end'),
    });
    const ref = await start(it, 'app:w');
    await signalRun(it.client, ref, 'ready', []);
    await cancel(it, ref);
    await expect(resultOf(it.client, ref)).rejects.toMatchObject({ kind: 'Canceled' });
    expect(await statusOf(it, ref)).toBe('CANCELLED');
    expect(it.calls.map(({ args }) => args[0]).sort()).toEqual(['beside', 'undo', 'whole']);
  });

  it('leaves alone what waits in a shield for a message, and is told after it, also by itself', async () => {
    const entries = {
      'app:w': workflow(`
        local funcs, workflow = require("funcs"), require("workflow")
        return function()
          local got = workflow.shielded(function()
            assert(process.cancel(process.pid()))
            return process.listen("ready"):receive()
          end)
          local _, err = funcs.call("app:step", "never")
          funcs.call("app:step", got .. " " .. err:kind())
          return nil, err
        end`),
      'app:step': fn('return function(what) return what end'),
    };
    // As a node does it: a run cannot ask the server for its own cancellation.
    const cancelRun = async ({ to }: Command): Promise<null> => {
      const id = /\|(.*)\}$/.exec(String(to))?.[1] ?? '';
      await temporal().temporal.client.workflow.getHandle(id).cancel();
      return null;
    };
    const it = await app(entries, { handlers: { 'process.cancel': cancelRun } });
    const ref = await start(it, 'app:w');
    const handle = it.client.workflow.getHandle(ref.workflowId);
    const asked = async (): Promise<boolean> =>
      ((await handle.fetchHistory()).events ?? []).some(
        (event) => event.workflowExecutionCancelRequestedEventAttributes,
      );
    while (!(await asked())) await new Promise((next) => setTimeout(next, 50));
    await queryRun(it.client, ref, 'moontide.state', []);
    await signalRun(it.client, ref, 'ready', ['whole']);
    await expect(resultOf(it.client, ref)).rejects.toMatchObject({ kind: 'Canceled' });
    expect(await statusOf(it, ref)).toBe('CANCELLED');
    expect(it.calls.map(({ args }) => args[0])).toEqual(['whole Canceled']);
  });
});
