// Lua workflows on a real server: results, calls, timers, signals, errors.
import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { dataObject } from '../../src/core/data.js';
import { queryRun, resultOf, RunError, signalRun } from '../../src/temporal/client.js';
import { fn, luaSuite, workflow } from '../support/lua-suite.js';

describe('a Lua workflow', () => {
  const { temporal, idle, app, start, run } = luaSuite();

  it('takes arguments and gives results, one or several', async () => {
    const it = await app({
      'app:one': workflow('return function(a, b) return { sum = a + b, text = "gr\u00fc\u00dfe" } end'),
      'app:two': workflow('return function(...) return select("#", ...), "second_is_no_error" == nil end'),
      'app:none': workflow('return function() end'),
    });
    expect(await run(it, 'app:one', [2, 40])).toEqual([dataObject({ sum: 42, text: 'gr\xc3\xbc\xc3\x9fe' })]);
    expect(await run(it, 'app:two', [1, null, 3])).toEqual([3, false]);
    expect(await run(it, 'app:none')).toEqual([null]);
  });

  it('calls functions as activities, sleeps on timers and goes on', async () => {
    const it = await app({
      'app:order': workflow(`
        local funcs, time = require("funcs"), require("time")
        return function(order)
          local charged, err = funcs.call("app:charge", { amount = order.amount })
          if err then return nil, err end
          local before = time.now()
          time.sleep("50ms")
          local slept = time.now():sub(before):milliseconds()
          return { charged = charged.amount, slept = slept >= 50 }
        end`),
      'app:charge': fn('return function(request) return { amount = request.amount * 2 } end'),
    });
    expect(await run(it, 'app:order', [dataObject({ amount: 21 })])).toEqual([
      dataObject({ charged: 42, slept: true }),
    ]);
    expect(it.calls[0]).toMatchObject({
      entry: 'app:charge',
      activity: { attempt: 1 },
      workflow: { type: 'app:order' },
    });
    expect(it.calls[0]?.idempotencyKey).toMatch(/^[0-9a-f-]{36}\/1$/);
  });

  it('is failed by what Lua returns as error, with kind, details and stack', async () => {
    const it = await app({
      'app:fails': workflow(`
        local funcs = require("funcs")
        return function()
          local _, err = funcs.call("app:deep")
          return nil, err
        end`),
      'app:deep': fn(`return function()
        return nil, errors.new({ kind = errors.CONFLICT, message = "taken", details = { seat = 7 }, retryable = false })
      end`),
      'app:raises': workflow('return function() error("boom") end'),
    });
    const error = await run(it, 'app:fails').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RunError);
    expect((error as RunError).data).toMatchObject({
      kind: 'Conflict',
      message: 'taken',
      retryable: false,
      details: { seat: 7 },
    });
    expect((error as RunError).data.stack).toContain("[activity 'app:deep']");
    await expect(run(it, 'app:raises')).rejects.toMatchObject({
      data: { kind: 'Internal', message: 'raises.lua:1: boom' },
    });
  });

  it('receives signals in order, also those that came before its program was there', async () => {
    const it = idle({
      'app:actor': workflow(`return function()
        local seen, inbox = {}, process.inbox()
        while true do
          local msg = inbox:receive()
          if msg:topic() == "stop" then return seen end
          table.insert(seen, msg:topic() .. msg:payload():data())
        end
      end`),
    });
    const ref = await start(it, 'app:actor');
    for (let n = 1; n <= 3; n++) await signalRun(it.client, ref, 'add', [n]);
    await it.worker();
    for (let n = 4; n <= 6; n++) await signalRun(it.client, ref, 'add', [n]);
    await signalRun(it.client, ref, 'stop', []);
    expect(await resultOf(it.client, ref)).toEqual([['add1', 'add2', 'add3', 'add4', 'add5', 'add6']]);
  });

  it('is started, signalled and read by a plain TypeScript client', async () => {
    const it = await app({
      'app:greet': workflow(`return function(name)
        local ch = process.listen("greeting")
        return { text = ch:receive() .. ", " .. name, n = 3, f = 2.5 }
      end`),
    });
    const client = new Client({ connection: temporal().temporal.connection });
    const handle = await client.workflow.start('app:greet', {
      taskQueue: it.queue,
      workflowId: `plain-${randomUUID()}`,
      args: ['Gr\u00fc\u00dfe'],
    });
    await handle.signal('greeting', 'Hallo');
    expect(await handle.result()).toEqual({ text: 'Hallo, Gr\u00fc\u00dfe', n: 3, f: 2.5 });
  });

  it('runs commands without a handler of their own as activities with an idempotency key', async () => {
    const it = await app(
      {
        'app:ids': workflow(`
          local uuid = require("uuid")
          return function() local name, err = process.registry.lookup("x") return name or tostring(err), #uuid.v4() end`),
      },
      { handlers: { 'process.lookup': () => '{app:processes|0x1}' } },
    );
    expect(await run(it, 'app:ids')).toEqual(['{app:processes|0x1}', 36]);
    expect(it.commands).toMatchObject([{ command: { type: 'process.lookup', name: 'x' } }]);
    expect(it.commands[0]?.key).toMatch(/\/1$/);
  });

  it('says which program it is pinned to', async () => {
    const it = await app({ 'app:w': workflow('return function() process.inbox():receive() end') });
    const ref = await start(it, 'app:w');
    expect(await queryRun(it.client, ref, 'moontide.program', [])).toMatchObject([
      {
        entry: 'app:w',
        program: it.hashOf('app:w'),
      },
    ]);
    await expect(queryRun(it.client, ref, 'nope', [])).rejects.toThrow(/did not register a handler for nope/);
    await signalRun(it.client, ref, 'end', []);
    await resultOf(it.client, ref);
  });
});
