// More calls at once than a server takes of one run: its limits are 5 of each kind here, in place of 2,000.
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { dataObject } from '../../src/core/data.js';
import { examineRuns } from '../../src/services/temporal/doctor.js';
import { queryRun, resultOf, signalRun } from '../../src/temporal/client.js';
import type { RunState } from '../../src/temporal/contracts.js';
import { STATE_QUERY } from '../../src/temporal/names.js';
import { figure, whole } from '../faults/scale.js';
import { luaSuite, fn, workflow } from '../support/lua-suite.js';
import { ownTemporal } from '../support/temporal.js';

const LIMIT = 5;
const openLimits = { activities: LIMIT, children: LIMIT, signals: LIMIT, cancels: LIMIT, operations: LIMIT };
const COUNT = 2 * LIMIT + 3;

describe('more calls at once than the server takes of a run', () => {
  const { app, start, run, temporal } = luaSuite(() =>
    ownTemporal({
      'limit.numPendingActivities.error': LIMIT,
      'limit.numPendingChildExecutions.error': LIMIT,
      'limit.numPendingSignals.error': LIMIT,
      'limit.numPendingCancelRequests.error': LIMIT,
    }),
  );
  const limited = { openLimits };

  it('wait in the run and go in their order, functions and commands alike', async () => {
    const it = await app(
      {
        'app:w': workflow(`return function(count)
          local funcs, sql = require("funcs"), require("sql")
          local done, sum, db = channel.new(count), 0, sql.get("app:db")
          for i = 1, count do
            coroutine.spawn(function()
              done:send(i % 4 == 0 and db:query("select " .. i)[1].n or funcs.call("app:echo", i))
            end)
          end
          for _ = 1, count do sum = sum + done:receive() end
          return sum
        end`),
        'app:echo': fn('return function(n) return n end'),
      },
      {
        ...limited,
        handlers: {
          'sql.get': () => dataObject({ type: 'sqlite' }),
          'sql.query': ({ sql }) => [dataObject({ n: Number(String(sql).slice('select '.length)) })],
        },
      },
    );
    const ref = await start(it, 'app:w', [COUNT]);
    expect(await resultOf(it.client, ref)).toEqual([(COUNT * (COUNT + 1)) / 2]);
    // In the order in which they left; a server hands them out as it likes.
    const { events } = await it.client.workflow.getHandle(ref.workflowId).fetchHistory();
    const asked = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => {
      const [payload] = scheduled?.activityType?.name === 'app:echo' ? (scheduled.input?.payloads ?? []) : [];
      return payload?.data == null ? [] : [Number(Buffer.from(payload.data).toString())];
    });
    expect(asked).toEqual(Array.from({ length: COUNT }, (_none, at) => at + 1).filter((n) => n % 4 !== 0));
  });

  it('wait while children run, spawned and executed', async () => {
    const it = await app(
      {
        'app:w': workflow(`return function(count)
          local done = channel.new(count)
          for i = 1, count do
            coroutine.spawn(function() done:send(process.exec("app:child", "app:worker", i)) end)
          end
          local sum = 0
          for _ = 1, count do sum = sum + done:receive() end
          for i = 1, count do assert(process.spawn_monitored("app:child", "app:worker", i)) end
          for _ = 1, count do sum = sum + process.events():receive().result.value end
          return sum
        end`),
        'app:child': workflow('return function(n) return n end'),
      },
      limited,
    );
    expect(await run(it, 'app:w', [COUNT])).toEqual([COUNT * (COUNT + 1)]);
  });

  it('wait while messages and cancellations of many other runs are on their way', async () => {
    const prefix = `many-${randomUUID()}-`;
    const it = await app(
      {
        'app:w': workflow(`return function(count, prefix)
          local done, kinds = channel.new(count), {}
          local function at_once(what)
            for i = 1, count do coroutine.spawn(function() done:send(what("{app:worker|" .. prefix .. i .. "}")) end) end
            local fine = 0
            for _ = 1, count do if done:receive() then fine = fine + 1 end end
            return fine
          end
          return at_once(function(pid) return process.send(pid, "note", 1) end),
            at_once(function(pid) return process.cancel(pid) end)
        end`),
        'app:other': workflow(`return function()
          local note, event = process.listen("note"):receive(), process.events():receive()
          return event.kind .. note
        end`),
      },
      limited,
    );
    const others = await Promise.all(
      Array.from({ length: COUNT }, (_none, at) =>
        it.client.workflow.start('app:other', {
          taskQueue: it.queue,
          workflowId: `${prefix}${at + 1}`,
          args: [],
        }),
      ),
    );
    expect(await run(it, 'app:w', [COUNT, prefix])).toEqual([COUNT, COUNT]);
    for (const { workflowId } of others)
      expect(await resultOf(it.client, { workflowId })).toEqual(['CANCEL1']);
  });

  it('wait for a cancelled call that still runs: the program went on, the server has not', async () => {
    const it = await app(
      {
        'app:w': workflow(`return function(count)
          local funcs, running = require("funcs"), {}
          for i = 1, count do running[i] = funcs.async("app:slow", i) end
          process.listen("go"):receive()
          for i = 1, count do running[i]:cancel() end
          local next = {}
          for i = 1, count do next[i] = funcs.async("app:echo", i) end
          local sum = 0
          for i = 1, count do sum = sum + next[i]:response():receive():data() end
          return sum, running[1]:is_canceled()
        end`),
        'app:slow': fn('local time = require("time") return function() time.sleep("1h") end'),
        'app:echo': fn('return function(n) return n end'),
      },
      limited,
    );
    const ref = await start(it, 'app:w', [LIMIT]);
    await expect.poll(() => it.calls.length).toBe(LIMIT);
    await signalRun(it.client, ref, 'go', [1]);
    expect(await resultOf(it.client, ref)).toEqual([(LIMIT * (LIMIT + 1)) / 2, true]);
  });

  it('are told by the state of the run, and one that is cancelled while it waits never leaves', async () => {
    const it = await app(
      {
        'app:w': workflow(`return function(limit, count)
          local funcs, slow, calls = require("funcs"), {}, {}
          for i = 1, limit do slow[i] = funcs.async("app:slow") end
          for i = 1, count do calls[i] = funcs.async("app:echo", i) end
          process.listen("less"):receive()
          for i = 1, count - 1 do calls[i]:cancel() end
          process.listen("go"):receive()
          slow[1]:cancel()
          return calls[count]:response():receive():data()
        end`),
        'app:slow': fn('local time = require("time") return function() time.sleep("1h") end'),
        'app:echo': fn('return function(n) return n end'),
      },
      limited,
    );
    const ref = await start(it, 'app:w', [LIMIT, COUNT]);
    const queued = async (): Promise<unknown> =>
      ((await queryRun(it.client, ref, STATE_QUERY, [])) as unknown as [RunState])[0].queued;
    await expect.poll(queued).toEqual([{ kind: 'activities', waiting: COUNT, limit: LIMIT }]);
    await signalRun(it.client, ref, 'less', [1]);
    await expect.poll(queued).toEqual([{ kind: 'activities', waiting: 1, limit: LIMIT }]);
    await signalRun(it.client, ref, 'go', [1]);
    expect(await resultOf(it.client, ref)).toEqual([COUNT]);
    expect(it.calls.flatMap(({ args }) => args)).toEqual([COUNT]);
  });

  it('are told by doctor where the server refuses them: what helps, and not as a bug of the platform', async () => {
    const it = await app({
      'app:w': workflow(`return function(count)
        local funcs = require("funcs")
        for i = 1, count do funcs.async("app:slow", i) end
        process.inbox():receive()
      end`),
      'app:slow': fn('local time = require("time") return function() time.sleep("1h") end'),
    });
    const { workflowId } = await start(it, 'app:w', [COUNT]);
    const query = `WorkflowId = '${workflowId}'`;
    await expect
      .poll(async () => (await examineRuns({ temporal: temporal().temporal, query, types: [] })).found, {
        timeout: 20_000,
      })
      .toEqual([
        expect.objectContaining({
          problem: 'refused_by_server',
          message: expect.stringMatching(/^PendingActivitiesLimitExceeded: /) as string,
          cure: expect.stringMatching(
            /^let the program wait for some before it asks for more, then begin again on the newest: `temporal workflow reset /,
          ) as string,
        }),
      ]);
    await it.client.workflow.getHandle(workflowId).terminate();
  });
});

describe.runIf(whole)('2,300 calls at once', { timeout: 300_000 }, () => {
  const { app, run } = luaSuite();

  it('are all answered, at the limit that a server has by itself', async () => {
    const it = await app({
      'app:w': workflow(`return function(count)
        local funcs, calls, sum = require("funcs"), {}, 0
        for i = 1, count do calls[i] = funcs.async("app:echo", i) end
        for i = 1, count do sum = sum + calls[i]:response():receive():data() end
        return sum
      end`),
      'app:echo': fn('return function(n) return n end'),
    });
    const began = performance.now();
    expect(await run(it, 'app:w', [2300])).toEqual([(2300 * 2301) / 2]);
    figure('2,300 calls at once', { seconds: (performance.now() - began) / 1000 });
  });
});
