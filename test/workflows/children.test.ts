// Workflows that start workflows, and messages between them.
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { dataObject } from '../../src/core/data.js';
import type { RunError } from '../../src/temporal/client.js';
import { resultOf, signalRun } from '../../src/temporal/client.js';
import { luaSuite, workflow } from '../support/lua-suite.js';

describe('a workflow that starts others', () => {
  const { app, start, run } = luaSuite();

  it('runs a child and waits for its result or its error', async () => {
    const it = await app({
      'app:parent': workflow(`
        local workflow = require("workflow")
        return function()
          local r = workflow.exec("app:child", 20)
          local _, err = process.exec("app:failing", "app:worker")
          local _, unknown = workflow.exec("app:" .. "nobody")
          return { r = r, kind = err:kind(), seat = err:details().seat, retryable = err:retryable(), unknown = unknown:kind() }
        end`),
      'app:child': workflow('return function(n) return n + 1 end'),
      'app:failing': workflow(`return function()
        return nil, errors.new({ kind = errors.CONFLICT, message = "taken", details = { seat = 7 }, retryable = false })
      end`),
    });
    expect(await run(it, 'app:parent')).toEqual([
      dataObject({ r: 21, kind: 'Conflict', seat: 7, retryable: false, unknown: 'NotFound' }),
    ]);
  });

  it('hears of the end of what it monitors, with value or error', async () => {
    const it = await app({
      'app:parent': workflow(`
        return function()
          local events, seen = process.events(), {}
          local ok = process.spawn_monitored("app:child", "app:worker", 1)
          local e = events:receive()
          table.insert(seen, e.kind .. " " .. e.result.value .. " " .. tostring(e.from == ok))
          process.spawn_monitored("app:child", "app:worker", 0)
          e = events:receive()
          table.insert(seen, e.kind .. " " .. e.result.error:kind())
          return seen
        end`),
      'app:child': workflow(`return function(n)
        if n == 0 then return nil, errors.new({ kind = errors.INVALID, message = "zero", retryable = false }) end
        return "got " .. n
      end`),
    });
    expect(await run(it, 'app:parent')).toEqual([['EXIT got 1 true', 'EXIT Invalid']]);
  });

  it('ends with what it is linked to, when that ends badly', async () => {
    const it = await app({
      'app:parent': workflow(`return function()
        process.spawn_linked("app:child", "app:worker")
        process.inbox():receive()
      end`),
      'app:child': workflow('return function() error("broken") end'),
    });
    const error = await run(it, 'app:parent').catch((reason: unknown) => reason);
    expect((error as RunError).data).toMatchObject({
      kind: 'Internal',
      cause: { message: 'child.lua:1: broken' },
    });
    expect((error as RunError).message).toMatch(/^the linked process \{app:worker\|app:child-.+\} ended: /);
  });

  it('uses the running one of a name, and sends it the messages of the start', async () => {
    const name = `counter-${randomUUID()}`;
    const it = await app({
      'app:parent': workflow(`
        return function(name)
          local first = process.with_options({}):with_name(name):with_message("add", { n = 3 })
          local second = process.with_options({}):with_name(name):with_message("add", { n = 4 }):with_message("stop")
          local a = first:spawn("app:counter", "app:worker", { initial = 100 })
          local strict = process.with_options({ ["temporal.workflow.id"] = name, ["temporal.workflow.id_conflict_policy"] = "fail" })
          local _, err = strict:spawn("app:counter", "app:worker")
          local b = second:spawn_monitored("app:counter", "app:worker", { initial = 999 })
          local e = process.events():receive()
          return { same = a == b, pid = a, total = e.result.value, err = err:kind() }
        end`),
      'app:counter': workflow(`return function(input)
        local inbox, total = process.inbox(), input.initial
        while true do
          local msg = inbox:receive()
          if msg:topic() == "stop" then return total end
          total = total + msg:payload():data().n
        end
      end`),
    });
    expect(await run(it, 'app:parent', [name])).toEqual([
      dataObject({ same: true, pid: `{app:worker|${name}}`, total: 107, err: 'AlreadyExists' }),
    ]);
  });

  it('sends to other workflows in order, many at once, and learns of those that are not there', async () => {
    const it = await app({
      'app:sender': workflow(`
        return function(to, n)
          local done = channel.new(n)
          for i = 1, n do
            coroutine.spawn(function() process.send(to, "item", i) done:send(true) end)
          end
          for _ = 1, n do done:receive() end
          process.send(to, "stop")
          local _, err = process.send("{app:worker|nobody-there}", "x")
          local platform = "moontide.supervisor/shop"
          local _, far = process.send("{app:worker|" .. platform .. "}", "x")
          local _, cancelled = process.cancel("{app:worker|" .. platform .. "}")
          return { err:kind(), far:kind(), cancelled:kind() }
        end`),
      'app:receiver': workflow(`return function()
        local inbox, seen = process.inbox(), {}
        while true do
          local msg = inbox:receive()
          if msg:topic() == "stop" then return { seen = seen, from = msg:from() } end
          table.insert(seen, msg:payload():data())
        end
      end`),
    });
    const receiver = await start(it, 'app:receiver');
    const sender = await start(it, 'app:sender', [`{app:worker|${receiver.workflowId}}`, 30]);
    expect(await resultOf(it.client, sender)).toEqual([['NotFound', 'PermissionDenied', 'PermissionDenied']]);
    expect(await resultOf(it.client, receiver)).toEqual([
      dataObject({
        seen: Array.from({ length: 30 }, (_, index) => index + 1),
        from: `{app:worker|${sender.workflowId}}`,
      }),
    ]);
    const { events } = await it.client.workflow.getHandle(receiver.workflowId).fetchHistory();
    const signals = (events ?? []).filter(({ workflowExecutionSignaledEventAttributes: s }) => s != null);
    expect(signals.length).toBeLessThan(5); // batched
  });

  it('talks with another in both directions, monitors it late, and cancels it', async () => {
    const it = await app({
      'app:asker': workflow(`
        return function(to)
          local answers = process.listen("answer")
          process.send(to, "ask", 20)
          local answer = answers:receive()
          local ok, err = process.monitor(to)
          if not ok then return nil, err end
          process.send(to, "stop")
          local e = process.events():receive()
          return { answer = answer, exit = e.result.value }
        end`),
      'app:answerer': workflow(`return function()
        local inbox = process.inbox()
        while true do
          local msg = inbox:receive()
          if msg:topic() == "stop" then return "bye" end
          process.send(msg:from(), "answer", msg:payload():data() + 1)
        end
      end`),
      'app:canceller': workflow('return function(to) return process.cancel(to) end'),
    });
    const answerer = await start(it, 'app:answerer');
    const asker = await start(it, 'app:asker', [`{app:worker|${answerer.workflowId}}`]);
    expect(await resultOf(it.client, asker)).toEqual([dataObject({ answer: 21, exit: 'bye' })]);

    const victim = await start(it, 'app:answerer');
    expect(await run(it, 'app:canceller', [`{app:worker|${victim.workflowId}}`])).toEqual([true]);
    await expect(resultOf(it.client, victim)).rejects.toMatchObject({ kind: 'Canceled' });
  });

  it('survives signals that nobody could read', async () => {
    const it = await app({
      'app:w': workflow(`return function()
        local msg = process.inbox():receive()
        return msg:topic()
      end`),
    });
    const ref = await start(it, 'app:w');
    const { workflowService } = it.client.connection;
    const send = (signalName: string, encoding: string, data: string) =>
      workflowService.signalWorkflowExecution({
        namespace: 'default',
        workflowExecution: { workflowId: ref.workflowId },
        signalName,
        input: { payloads: [{ metadata: { encoding: Buffer.from(encoding) }, data: Buffer.from(data) }] },
        requestId: randomUUID(),
      });
    await send('bad', 'json/plain', '{"a":');
    await send('worse', 'binary/encrypted', 'x');
    await send('@events', 'json/plain', '{"kind":"CANCEL"}');
    await send('moontide.inbox', 'json/plain', '[{"seq":"one"}]');
    await send('moontide.nope', 'json/plain', '1');
    await signalRun(it.client, ref, 'good', []);
    expect(await resultOf(it.client, ref)).toEqual(['good']);
  });
});
