// A workflow whose step is over its budget fails, or parks until somebody lets it go on: the same when it is replayed.
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import type { Budget } from '../../src/core/program.js';
import { queryRun, resultOf, signalRun, updateRun } from '../../src/temporal/client.js';
import type { RunReference } from '../../src/temporal/client.js';
import { workerDataConverter } from '../../src/temporal/data-converter.js';
import { RESUME } from '../../src/temporal/names.js';
import { testBundle } from '../support/lua-app.js';
import type { LuaApp, SourceEntry } from '../support/lua-app.js';
import { fn, luaSuite, workflow } from '../support/lua-suite.js';

const withBudget = (source: string, budget: Budget): SourceEntry => ({ ...workflow(source), budget });
const PARKS: Budget = { instructions: 200_000, on_exceed: 'park' };

/** About one and a half budgets of work, a call, and again. */
const HEAVY = `
  local workflow, funcs = require("workflow"), require("funcs")
  local passes = 0
  workflow.query("passes", function() return passes end)
  return function()
    local heard = process.listen("note")
    local function work() for i = 1, 100000 do passes = passes + 1 end end
    work()
    local doubled = funcs.call("app:double", passes)
    local ok, err = pcall(work)
    local note = heard:receive()
    return { passes = passes, doubled = doubled, ok = ok, note = note }
  end`;

describe('a workflow over its budget', () => {
  const { app, idle, start } = luaSuite();

  const stack = async (it: LuaApp, ref: RunReference): Promise<string> =>
    it.client.workflow.getHandle(ref.workflowId).query<string>('__stack_trace');

  const parked = async (it: LuaApp, ref: RunReference): Promise<string> => {
    for (;;) {
      const text = await stack(it, ref);
      if (text.startsWith('PARKED')) return text;
      await sleep(20);
    }
  };

  const replay = async (it: LuaApp, ref: RunReference): Promise<void> =>
    Worker.runReplayHistory(
      { workflowBundle: { code: await testBundle() }, dataConverter: workerDataConverter(it.artifacts) },
      await it.client.workflow.getHandle(ref.workflowId).fetchHistory(),
      ref.workflowId,
    );

  it('fails by default, with the Lua line', async () => {
    const it = await app({
      'app:w': withBudget('return function()\n  while true do end\nend', { instructions: 50_000 }),
    });
    await expect(resultOf(it.client, await start(it, 'app:w'))).rejects.toMatchObject({
      kind: 'Internal',
      message: expect.stringMatching(/^budget exceeded at w[.]lua:2: more than 50000 instructions/) as string,
    });
  });

  it('parks where its entry says so, answers queries, and goes on where it was', async () => {
    const it = await app({
      'app:w': withBudget(HEAVY, PARKS),
      'app:double': fn('return function(n) return 2 * n end'),
    });
    const ref = await start(it, 'app:w');
    await expect(updateRun(it.client, ref, 'nothing', [])).rejects.toThrow();
    let resumes = 0;
    while (it.calls.length === 0) {
      const text = await parked(it, ref);
      expect(text).toMatch(
        /^PARKED: budget exceeded at w[.]lua:7: more than 200000 instructions in one step; /,
      );
      expect(text).toContain(`update or signal '${RESUME}'`);
      expect(text).toContain('main: waits for a new budget\n    at w.lua:7 in ');
      await updateRun(it.client, ref, RESUME, []);
      resumes += 1;
      await sleep(100);
    }
    expect(resumes).toBeGreaterThan(0);
    await parked(it, ref);
    await signalRun(it.client, ref, 'note', ['heard while it was parked']);
    const [passes] = await queryRun(it.client, ref, 'passes', []);
    expect(passes).toBeGreaterThan(100_000);
    expect(passes).toBeLessThan(200_000);
    for (let resume = 0; resume < resumes; resume++) {
      await signalRun(it.client, ref, RESUME, []);
      await sleep(200);
    }
    expect(await resultOf(it.client, ref)).toEqual([
      { passes: 200_000, doubled: 200_000, ok: true, note: 'heard while it was parked' },
    ]);
    await replay(it, ref);
  });

  it('parks at the same place when a worker takes it up that does not know it', async () => {
    const it = idle({
      'app:w': withBudget(HEAVY, PARKS),
      'app:double': fn('return function(n) return 2 * n end'),
    });
    const worker = await it.worker();
    const ref = await start(it, 'app:w');
    const before = await parked(it, ref);
    await worker.shutdown();
    await it.worker({ overrides: { maxCachedWorkflows: 0 } });
    expect(await stack(it, ref)).toBe(before);
    await signalRun(it.client, ref, 'note', [1]);
    const finished = resultOf(it.client, ref).then((values) => ({ values }));
    for (;;) {
      const done = await Promise.race([finished, sleep(300)]);
      if (done !== undefined) {
        expect(done.values).toEqual([{ passes: 200_000, doubled: 200_000, ok: true, note: 1 }]);
        break;
      }
      await signalRun(it.client, ref, RESUME, []).catch(() => undefined); // it may have ended meanwhile
    }
    await replay(it, ref);
  });

  it('parks for memory too, and a builtin that alone takes far more fails it', async () => {
    const it = await app({
      'app:w': withBudget(
        'return function(size) local t = {} for i = 1, 30000 do t[i] = {} end return #t + #("x"):rep(size) end',
        { memory: 1_000_000, on_exceed: 'park' },
      ),
    });
    const ref = await start(it, 'app:w', [10]);
    expect(await parked(it, ref)).toMatch(/more than 1000000 bytes of memory/);
    const finished = resultOf(it.client, ref).then((values) => ({ values }));
    let done: { readonly values: unknown } | undefined;
    while (done === undefined) {
      await signalRun(it.client, ref, RESUME, []).catch(() => undefined);
      done = (await Promise.race([finished, sleep(100)])) ?? undefined;
    }
    expect(done.values).toEqual([30_010]);
    const other = await start(it, 'app:w', [10_000_000]);
    const failed = expect(resultOf(it.client, other)).rejects.toMatchObject({
      message: expect.stringContaining('more than 1000000 bytes of memory') as string,
    });
    for (let resume = 0; resume < 8; resume++) {
      await signalRun(it.client, other, RESUME, []).catch(() => undefined);
      await sleep(50);
    }
    await failed;
  });

  it('that is not parked refuses to go on', async () => {
    const it = await app({ 'app:w': workflow('return function() process.inbox():receive() return 1 end') });
    const ref = await start(it, 'app:w');
    await expect(updateRun(it.client, ref, RESUME, [])).rejects.toThrow(/not parked/);
    await signalRun(it.client, ref, RESUME, []); // says nothing, does nothing
    await signalRun(it.client, ref, 'go', []);
    expect(await resultOf(it.client, ref)).toEqual([1]);
  });

  it('ends as cancelled when it is cancelled while it is parked', async () => {
    const it = await app({
      'app:w': withBudget('return function() process.events() while true do end end', PARKS),
    });
    const ref = await start(it, 'app:w');
    await parked(it, ref);
    await it.client.workflow.getHandle(ref.workflowId).cancel();
    await expect(resultOf(it.client, ref)).rejects.toMatchObject({ kind: 'Canceled' });
  });

  it('never parks in a query', async () => {
    const it = await app({
      'app:w': withBudget(
        `local workflow = require("workflow")
        workflow.query("loop", function() while true do end end)
        return function() process.inbox():receive() return 1 end`,
        PARKS,
      ),
    });
    const ref = await start(it, 'app:w');
    await expect(queryRun(it.client, ref, 'loop', [])).rejects.toThrow(/budget exceeded at w[.]lua:2/);
    await signalRun(it.client, ref, 'go', []);
    expect(await resultOf(it.client, ref)).toEqual([1]);
  });
});
