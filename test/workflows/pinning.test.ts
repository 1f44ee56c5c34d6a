// One program for the life of a run: pins, missing programs that heal, replays.
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { queryRun, resultOf, signalRun } from '../../src/temporal/client.js';
import type { RunReference } from '../../src/temporal/client.js';
import { workerDataConverter } from '../../src/temporal/data-converter.js';
import { testBundle } from '../support/lua-app.js';
import type { LuaApp } from '../support/lua-app.js';
import { fn, luaSuite, workflow } from '../support/lua-suite.js';

const versioned = (answer: string) =>
  workflow(`return function() process.inbox():receive() return "${answer}" end`);

/** A workflow that does a bit of everything. */
const BUSY = workflow(`
  local funcs, time, uuid = require("funcs"), require("time"), require("uuid")
  return function(n)
    local seen = {}
    local ticks = process.listen("tick")
    coroutine.spawn(function()
      while true do
        local v = ticks:receive()
        table.insert(seen, v)
      end
    end)
    local total = 0
    for i = 1, n do
      local r, err = funcs.call("app:double", i)
      if err then return nil, err end
      total = total + r
      time.sleep("5ms")
    end
    local first = channel.select({ time.after("10ms"):case_receive(), time.after("1h"):case_receive() })
    local id = uuid.v4()
    local future = funcs.async("app:double", total)
    local v = workflow.version("change", 1, 2)
    process.inbox():receive()
    return { total = total, id_length = #id, random = math.random() < 1, version = v, later = future:response():receive():data(), seen = #seen }
  end`);

describe('a pinned run', () => {
  const { temporal, idle, app, start, run } = luaSuite();

  const failedTasks = async (app: LuaApp, ref: RunReference): Promise<string[]> => {
    const { events } = await app.client.workflow.getHandle(ref.workflowId).fetchHistory();
    return (events ?? []).flatMap(({ workflowTaskFailedEventAttributes: failed }) =>
      failed?.failure?.message == null ? [] : [failed.failure.message],
    );
  };

  it('finishes on the code it began with, while new runs take the new code', async () => {
    const it = await app({ 'app:w': versioned('old') });
    const before = await start(it, 'app:w');
    await queryRun(it.client, before, 'moontide.program', []); // its first task is done
    const old = it.hashOf('app:w');
    it.publish('app:w', versioned('new'));
    const after = await start(it, 'app:w');
    await queryRun(it.client, after, 'moontide.program', []);
    for (const ref of [before, after]) await signalRun(it.client, ref, 'go', []);
    expect(await resultOf(it.client, before)).toEqual(['old']);
    expect(await resultOf(it.client, after)).toEqual(['new']);
    const { memo } = await it.client.workflow.getHandle(before.workflowId).describe();
    expect(memo).toMatchObject({ 'moontide.entry': 'app:w', 'moontide.program': old });
  });

  it('keeps a program that a start asks for', async () => {
    const it = await app({ 'app:w': versioned('old') });
    const old = it.hashOf('app:w');
    it.publish('app:w', versioned('new'));
    const ref = await start(it, 'app:w', [], { start: { program: old } });
    await signalRun(it.client, ref, 'go', []);
    expect(await resultOf(it.client, ref)).toEqual(['old']);
  });

  it('fails its task, not itself, while its program is missing, and heals', async () => {
    const it = await app({ 'app:w': versioned('there') });
    it.missOnce = true;
    const ref = await start(it, 'app:w');
    await signalRun(it.client, ref, 'go', []);
    expect(await resultOf(it.client, ref)).toEqual(['there']);
    expect(await failedTasks(it, ref)).toEqual([
      expect.stringMatching(
        /^PROGRAM_MISSING: program [0-9a-f]{64} of 'app:w' is not stored; the run goes on/,
      ),
    ]);
  });

  it('fails its task while the codec has no artifact, though the registry knows the program', async () => {
    const it = idle({ 'app:w': versioned('there') });
    let tries = 0;
    const artifact = (hash: string) =>
      tries++ === 0 ? Promise.reject(new Error('away')) : it.artifacts.artifact(hash);
    await it.worker({ artifacts: { artifact } });
    const ref = await start(it, 'app:w');
    await signalRun(it.client, ref, 'go', []);
    expect(await resultOf(it.client, ref)).toEqual(['there']);
    expect(await failedTasks(it, ref)).toEqual([expect.stringMatching(/of 'app:w' cannot be had: away/)]);
  });

  it('waits for a workflow that nobody has published yet, without a timer in its history', async () => {
    const it = await app({});
    const ref = await start(it, 'app:later');
    let failures: string[] = [];
    for (let tries = 0; tries < 100 && failures.length === 0; tries++) {
      await sleep(50);
      failures = await failedTasks(it, ref);
    }
    expect(failures[0]).toMatch(/^PROGRAM_MISSING: no workflow 'app:later' for the task queue/);
    it.publish('app:later', workflow('return function() return "at last" end'));
    // The server waits ten seconds between tries; a signal makes a new task at once.
    await signalRun(it.client, ref, 'nudge', []);
    expect(await resultOf(it.client, ref)).toEqual(['at last']);
    const { events } = await it.client.workflow.getHandle(ref.workflowId).fetchHistory();
    expect((events ?? []).some(({ timerStartedEventAttributes: timer }) => timer != null)).toBe(false);
  });

  it('replays the same with an empty cache at every task, and from its history alone', async () => {
    const it = await app(
      { 'app:busy': BUSY, 'app:double': fn('return function(n) return n * 2 end') },
      { worker: { overrides: { maxCachedWorkflows: 0 } } },
    );
    const refs: RunReference[] = [];
    // One after the other: without any cache the SDK stalls first tasks that run beside each other with local activities.
    for (let count = 0; count < 3; count++) {
      const ref = await start(it, 'app:busy', [3]);
      refs.push(ref);
      for (const n of [1, 2]) await signalRun(it.client, ref, 'tick', [n]);
      await signalRun(it.client, ref, 'end', []);
      expect(await resultOf(it.client, ref)).toEqual([
        expect.objectContaining({ total: 12, id_length: 36, random: true, version: 2, later: 24, seen: 2 }),
      ]);
      expect(await failedTasks(it, ref)).toEqual([]);
    }
    const histories = refs.map(({ workflowId }) => ({ workflowId }));
    const replayed = Worker.runReplayHistories(
      { workflowBundle: { code: await testBundle() }, dataConverter: workerDataConverter(it.artifacts) },
      (async function* () {
        for (const { workflowId } of histories)
          yield { workflowId, history: await it.client.workflow.getHandle(workflowId).fetchHistory() };
      })(),
    );
    let count = 0;
    for await (const { error } of replayed) {
      expect(error).toBeUndefined();
      count += 1;
    }
    expect(count).toBe(3);
    // Queries of closed runs are answered by a replay.
    expect(await queryRun(it.client, refs[0]!, 'moontide.program', [])).toMatchObject([
      { entry: 'app:busy' },
    ]);
  });

  it('refuses to replay on another program', async () => {
    const it = await app({
      'app:w': workflow('local time = require("time") return function() time.sleep("1ms") return 1 end'),
    });
    const ref = await start(it, 'app:w');
    await resultOf(it.client, ref);
    const other = idle({ 'app:w': workflow('return function() return 1 end') });
    const program = await other.artifacts.artifact(other.hashOf('app:w'));
    const history = await it.client.workflow.getHandle(ref.workflowId).fetchHistory();
    const replay = Worker.runReplayHistory(
      {
        workflowBundle: { code: await testBundle() },
        // The same hash must not be answered from a thread's cache: each replay worker has threads of its own.
        dataConverter: workerDataConverter({ artifact: async () => program }),
      },
      history,
      ref.workflowId,
    );
    await expect(replay).rejects.toThrow(/nondeterminism|Nondeterminism/i);
    expect(temporal().address).not.toBe('');
    expect(await run(it, 'app:w')).toEqual([1]);
  });
});
