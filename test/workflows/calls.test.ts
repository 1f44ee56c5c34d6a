// Calls from Lua workflows: options, retries, local activities, activities of other SDKs, context, cancellation.
import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/activity';
import { Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { dataObject } from '../../src/core/data.js';
import { IdentitySeal } from '../../src/core/identity-host.js';
import { identityFromData } from '../../src/core/identity.js';
import { resultOf } from '../../src/temporal/client.js';
import type { RunReference } from '../../src/temporal/client.js';
import type { LuaApp } from '../support/lua-app.js';
import { fn, luaSuite, workflow } from '../support/lua-suite.js';

describe('a call from a workflow', () => {
  const { temporal, app, start, run } = luaSuite();

  const eventsOf = async (app: LuaApp, ref: RunReference) =>
    (await app.client.workflow.getHandle(ref.workflowId).fetchHistory()).events ?? [];

  it('is refused with a reason where the server would refuse it, which would fail the task for ever', async () => {
    const it = await app({
      'app:w': workflow(`
        local funcs, workflow = require("funcs"), require("workflow")
        return function()
          local told, long = {}, ("q"):rep(1200)
          local function tell(_, err) told[#told + 1] = err:kind() .. ": " .. err:message() end
          for _, options in ipairs({
            { ["activity.start_to_close_timeout"] = 0 },
            { ["activity.retry_policy"] = { backoff_coefficient = 0.5 } },
            { ["activity.retry_policy"] = { initial_interval = "2s", maximum_interval = "1s" } },
            { ["activity.task_queue"] = long },
          }) do tell(funcs.new():with_options(options)) end
          tell(process.with_options({ ["temporal.workflow.id"] = long }):spawn("app:w", "app:worker"))
          tell(process.with_options({ ["temporal.workflow.task_queue"] = long }):spawn("app:w", "app:worker"))
          tell(process.with_options({}):with_name(long):spawn("app:w", "app:worker"))
          tell(workflow.exec("app:f"))
          tell(process.exec("app:f", "app:worker"))
          return told
        end`),
      'app:f': fn('return function() return 1 end'),
    });
    const policy = "Invalid: option 'activity.retry_policy' is wrong: ";
    expect(await run(it, 'app:w')).toEqual([
      [
        "Invalid: option 'activity.start_to_close_timeout' is a duration of more than 0",
        `${policy}option 'backoff_coefficient' is a number of at least 1, got 0.5`,
        `${policy}maximum_interval (1000 ms) is shorter than initial_interval (2000 ms)`,
        "Invalid: option 'activity.task_queue' has 1200 bytes; at most 1000 are taken",
        "Invalid: option 'temporal.workflow.id' has 1200 bytes; at most 1000 are taken",
        "Invalid: option 'temporal.workflow.task_queue' has 1200 bytes; at most 1000 are taken",
        'Invalid: a name has at most 1000 bytes, got 1200',
        "Invalid: 'app:f' is a function, no workflow; call it with funcs.call",
        "Invalid: 'app:f' is a function, no workflow; call it with funcs.call",
      ],
    ]);
  });

  it('tries again what says that it may pass, and not what is final', async () => {
    const it = await app({
      'app:w': workflow(`
          local funcs = require("funcs")
          return function()
            local quick = funcs.new():with_options({ ["activity.retry_policy"] = { initial_interval = 10, maximum_attempts = 3 } })
            local _, err = quick:call("app:flaky")
            local _, final = quick:call("app:final")
            local _, unsaid = funcs.call("app:unsaid")
            return { attempts = err:message(), kind = final:kind(), retryable = final:retryable(), unsaid = unsaid:kind() }
          end`),
      'app:flaky': fn('return function() return nil, "passing" end'),
      'app:final': fn(
        'return function() return nil, errors.new({ message = "no", kind = errors.INVALID }) end',
      ),
      'app:unsaid': fn('return function() return nil, "once" end'),
    });
    expect(await run(it, 'app:w')).toEqual([
      expect.objectContaining({ attempts: 'passing', kind: 'Invalid', unsaid: 'Unknown' }),
    ]);
    const count = (entry: string) => it.calls.filter((call) => call.entry === entry).length;
    expect([count('app:flaky'), count('app:final'), count('app:unsaid')]).toEqual([3, 1, 1]);
  });

  it('of a function that nobody has is NotFound at once', async () => {
    const it = await app({
      'app:w': workflow(`
        local funcs = require("funcs")
        return function(name)
          local _, literal = funcs.call("app:nobody")
          local _, made = funcs.call("app:" .. name)
          return { literal:kind(), made:kind(), made:message() }
        end`),
    });
    expect(await run(it, 'app:w', ['ghost'])).toEqual([
      ['NotFound', 'NotFound', "there is no function or workflow 'app:ghost'"],
    ]);
    expect(it.calls).toEqual([]);
  });

  it('finds a function that is published after it was missed', async () => {
    const it = await app({
      'app:w': workflow(`
        local funcs, time = require("funcs"), require("time")
        return function(name)
          local first = select(2, funcs.call("app:" .. name)):kind()
          for attempt = 1, 50 do
            local value = funcs.call("app:" .. name)
            if value then return { first, value } end
            time.sleep("100ms")
          end
        end`),
    });
    const ref = await start(it, 'app:w', ['late']);
    await expect
      .poll(async () => (await it.client.workflow.getHandle(ref.workflowId).describe()).historyLength, {
        timeout: 30_000,
      })
      .toBeGreaterThan(6);
    it.publish('app:late', fn('return function() return "here" end'));
    expect(await resultOf(it.client, ref)).toEqual([['NotFound', 'here']]);
  });

  it('that takes too long is a Timeout', async () => {
    const it = await app({
      'app:w': workflow(`
        local funcs = require("funcs")
        return function()
          local _, err = funcs.new():with_options({
            ["activity.start_to_close_timeout"] = "100ms",
            ["activity.retry_policy"] = { maximum_attempts = 1 },
          }):call("app:slow")
          return { err:kind(), err:retryable(), err:message() }
        end`),
      'app:slow': fn('local time = require("time") return function() time.sleep("30s") end'),
    });
    expect(await run(it, 'app:w')).toEqual([
      ['Timeout', false, "activity 'app:slow' took longer than its start to close timeout"],
    ]);
  });

  it('of a local function is a marker, and refuses what it cannot honour', async () => {
    const it = await app({
      'app:w': workflow(`
        local funcs = require("funcs")
        return function()
          local a = funcs.call("app:check", 20)
          local _, err = funcs.new():with_options({ ["activity.heartbeat_timeout"] = "5s" }):call("app:check", 1)
          return { a, err:kind(), err:message() }
        end`),
      'app:check': fn(
        'return function(n) return n + 1 end',
        dataObject({ temporal: dataObject({ activity: dataObject({ local: true }) }) }),
      ),
    });
    const ref = await start(it, 'app:w');
    expect(await resultOf(it.client, ref)).toEqual([
      [
        21,
        'Invalid',
        "'app:check' is a local activity, which has no 'activity.heartbeat_timeout'; drop the option or `local: true`",
      ],
    ]);
    const events = await eventsOf(it, ref);
    expect(events.some(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled != null)).toBe(
      false,
    );
  });

  it('reaches a TypeScript activity on another queue with plain JSON, and its failures come back', async () => {
    const queue = `ts-${randomUUID()}`;
    const received: unknown[] = [];
    const other = await Worker.create({
      connection: await temporal().temporal.native(),
      taskQueue: queue,
      activities: {
        greet: (...args: unknown[]) => {
          received.push(...args);
          return { text: `Grüße, ${String(args[0])}`, n: 5 };
        },
        decline: () => {
          throw ApplicationFailure.create({
            message: 'no',
            type: 'CardDeclined',
            nonRetryable: true,
            details: [{ code: 51 }],
          });
        },
        bytes: () => new Uint8Array([0, 255]),
      },
    });
    const it = await app({
      'app:w': workflow(`
        local funcs = require("funcs")
        return function(queue)
          local there = funcs.new():with_options({ ["activity.task_queue"] = queue })
          local greeting = there:call("greet", "Ada", { list = { 1, 2 }, empty = {} })
          local _, declined = there:call("decline")
          local bytes = there:call("bytes")
          local _, nobody = there:call("nope")
          return greeting.text, greeting.n, declined:details().type, declined:details().details[1].code, #bytes, nobody:kind()
        end`),
    });
    const ref = await other.runUntil(async () => {
      const started = await start(it, 'app:w', [queue]);
      expect(await resultOf(it.client, started)).toEqual([
        'Gr\xc3\xbc\xc3\x9fe, Ada',
        5,
        'CardDeclined',
        51,
        2,
        'NotFound',
      ]);
      return started;
    });
    expect(received).toEqual(['Ada', { list: [1, 2], empty: [] }]);
    expect(ref.workflowId).not.toBe('');
  });

  it('acts for whom its start was signed for, as its child, its functions and its next run do', async () => {
    const it = await app({
      'app:w': {
        ...workflow(`
        local funcs, security, workflow = require("funcs"), require("security"), require("workflow")
        return function(step)
          local me = security.actor() and security.actor():id() or "nobody"
          if step == "child" then return me end
          if step == nil then return workflow.continue_as_new("again") end
          local child = assert(workflow.exec("app:w", "child"))
          assert(funcs.call("app:noted"))
          return { me, child, security.scope():contains("app:mails") }
        end`),
        modules: ['funcs', 'security', 'workflow'],
      },
      'app:noted': fn('return function() return true end'),
    });
    const identity = it.seal.seal(
      identityFromData(
        dataObject({
          actor: dataObject({ id: 'service:mailer', meta: dataObject({}) }),
          policies: ['app:mails'],
        }),
      ),
    );
    const ref = await start(it, 'app:w', [], { identity });
    expect(await resultOf(it.client, { workflowId: ref.workflowId })).toEqual([
      ['service:mailer', 'service:mailer', true],
    ]);
    expect(it.calls.map((call) => it.seal.open(call.identity ?? '').actor?.id)).toEqual(['service:mailer']);

    const forged = new IdentitySeal('test', () => 'a key of somebody else').seal(it.seal.open(identity));
    await expect(
      resultOf(it.client, await start(it, 'app:w', ['child'], { identity: forged })),
    ).rejects.toThrow(/the actor that this run was started for is not signed by a node of its app/);
    expect(await run(it, 'app:w', ['child'])).toEqual(['nobody']);
  });

  it('passes context on: from the start to the run, and from the run to functions', async () => {
    const it = await app({
      'app:w': workflow(`
        local ctx, funcs = require("ctx"), require("funcs")
        return function()
          local seen = funcs.new():with_context({ extra = "e" }):call("app:who")
          return { ctx.get("user"), seen.user, seen.extra, tostring(ctx.all().extra) }
        end`),
      'app:who': fn('local ctx = require("ctx") return function() return ctx.all() end'),
    });
    const identity = it.seal.seal(identityFromData(dataObject({ policies: ['app:p'] })));
    const ref = await start(it, 'app:w', [], {
      values: dataObject({ user: 'ada' }),
      identity,
      from: '{app:http|0x1}',
    });
    expect(await resultOf(it.client, ref)).toEqual([['ada', 'ada', 'e', 'nil']]);
    expect(it.calls[0]).toMatchObject({ identity, from: `{app:worker|${ref.workflowId}}` });
  });

  it.each([
    ['named in the text', '"app:slow"'],
    ['asked for when it runs', '("app:s" .. "low")'],
  ])('is cancelled when nobody wants it any more: the function, %s, is aborted', async (_, id) => {
    const it = await app({
      'app:w': workflow(`
        local funcs, time = require("funcs"), require("time")
        return function()
          local future = funcs.async(${id})
          time.sleep("300ms")
          return future:cancel(), future:is_canceled()
        end`),
      'app:slow': fn('local time = require("time") return function() time.sleep("60s") return "never" end'),
    });
    const ref = await start(it, 'app:w');
    expect(await resultOf(it.client, ref)).toEqual([true, true]);
    const [call] = it.calls;
    // The activity hears of it with its next heartbeat.
    await new Promise<void>((resolve) => {
      if (call?.signal.aborted === true) resolve();
      call?.signal.addEventListener('abort', () => resolve());
    });
    expect(call?.signal.aborted).toBe(true);
  });

  it('shows a line for people on activities, timers and children', async () => {
    const it = await app({
      'app:w': workflow(`
        local funcs, time, workflow = require("funcs"), require("time"), require("workflow")
        return function(order)
          funcs.call("app:reserve", order)
          time.sleep("1ms")
          funcs.call("app:plain")
          workflow.exec("app:parcel", "London")
        end`),
      'app:parcel': workflow('return function() end'),
      'app:plain': fn('return function() end'),
      'app:reserve': fn('return function() end', dataObject({ title: 'Reserve stock' })),
    });
    const ref = await start(it, 'app:w', [dataObject({ id: 'o-1', n: 2 })]);
    await resultOf(it.client, ref);
    const summaries = (await eventsOf(it, ref)).flatMap(({ userMetadata }) =>
      userMetadata?.summary?.data == null ? [] : [Buffer.from(userMetadata.summary.data).toString()],
    );
    expect(summaries).toContain('"Reserve stock: {id: o-1, n: 2}"');
    expect(summaries).toContain('"sleep 1ms"');
    expect(summaries).toContain('"app:parcel: London"'); // the UI shows it in place of the child's type
    expect(summaries).not.toContain('""'); // without words and arguments there is nothing to say
  });
});
