// The internals of the SDK that we lean on: each of these breaks when a release of the SDK changes one.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { WithStartWorkflowOperation } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { queryRun, resultOf, signalRun, updateRun } from '../../src/temporal/client.js';
import { fn, luaSuite, workflow } from '../support/lua-suite.js';
import { testTemporal } from '../support/temporal.js';
import type { TestTemporal } from '../support/temporal.js';

describe('held updates', () => {
  let temporal: TestTemporal;
  let worker: Worker;
  let running: Promise<void>;
  const taskQueue = `gate-${randomUUID()}`;
  beforeAll(async () => {
    temporal = await testTemporal();
    const path = fileURLToPath(new URL('./fixtures/gate.ts', import.meta.url));
    const bundle = await bundleWorkflowCode({
      workflowsPath: path,
      workflowInterceptorModules: [path],
      logger: new DefaultLogger('ERROR'),
    });
    worker = await Worker.create({
      connection: await temporal.temporal.native(),
      taskQueue,
      workflowBundle: { code: bundle.code },
      activities: { wait: (ms: number) => sleep(ms) },
    });
    running = worker.run();
  });
  afterAll(async () => {
    worker.shutdown();
    await running;
    await temporal[Symbol.asyncDispose]();
  });

  it('that come with the start wait for their handler, in order, and leave no trace when refused', async () => {
    const { client } = temporal.temporal;
    const workflowId = `gated-${randomUUID()}`;
    const options = { taskQueue, workflowId, args: [300], workflowIdConflictPolicy: 'USE_EXISTING' as const };
    const withStart = (n: number) =>
      client.workflow.executeUpdateWithStart('add', {
        args: [n],
        startWorkflowOperation: new WithStartWorkflowOperation('gated', options),
      });
    const first = await Promise.allSettled([withStart(1), withStart(2), withStart(-1)]);
    expect(first.map((result) => (result.status === 'fulfilled' ? result.value : 'refused'))).toEqual([
      2,
      4,
      'refused',
    ]);
    const handle = client.workflow.getHandle(workflowId);
    await expect(handle.executeUpdate('nope', { args: [1] })).rejects.toThrow();
    await handle.signal('end');
    expect([...((await handle.result()) as number[])].sort()).toEqual([1, 2]);
    const { events } = await handle.fetchHistory();
    const accepted = (events ?? []).filter(
      ({ workflowExecutionUpdateAcceptedEventAttributes: a }) => a != null,
    );
    expect(accepted).toHaveLength(2);
    await Worker.runReplayHistory(
      { workflowBundle: worker.options.workflowBundle! },
      { events: events ?? [] },
      workflowId,
    );
  });

  it('and queries that are not ready are asked again', async () => {
    const { client } = temporal.temporal;
    const workflowId = `unready-${randomUUID()}`;
    const handle = await client.workflow.start('unready', { taskQueue, workflowId, args: [800] });
    await expect(handle.query('ready')).rejects.toThrow('NOT_READY');
    expect(await queryRun(client, { workflowId }, 'ready', [])).toEqual(['yes']);
    await handle.signal('end');
  });

  it('and the reason of a cancellation reaches the run', async () => {
    const { client } = temporal.temporal;
    const workflowId = `reason-${randomUUID()}`;
    const handle = await client.workflow.start('reason', { taskQueue, workflowId });
    await client.connection.workflowService.requestCancelWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId },
      reason: 'closing time',
    });
    expect(await handle.result()).toBe('closing time');
  });

  it('and a cancellation reaches the run and what is in the cancelled scope, and nothing else', async () => {
    const { client } = temporal.temporal;
    const handle = await client.workflow.start('scoped', {
      taskQueue,
      workflowId: `scoped-${randomUUID()}`,
    });
    await handle.cancel();
    expect(await handle.result()).toEqual(['run', 'after', 'scope']);
  });
});

describe('what a Lua run shows of itself', () => {
  const { app, start } = luaSuite();

  const WAITS = workflow(`
    local time = require("time")
    local function inner()
      time.sleep("1h")
    end
    return function()
      coroutine.spawn(function()
        inner()
      end)
      local msg = process.inbox():receive()
      return msg:topic()
    end`);

  it('is a stack trace with the Lua lines of every coroutine, also after its end', async () => {
    const it = await app({ 'app:waits': WAITS });
    const ref = await start(it, 'app:waits');
    await queryRun(it.client, ref, 'moontide.program', []);
    const handle = it.client.workflow.getHandle(ref.workflowId);
    const trace = await handle.query<string>('__stack_trace');
    expect(trace).toContain('main: waits for');
    expect(trace).toContain('waits.lua:10');
    expect(trace).toContain('coroutine 1: waits for time.sleep 1h0m0s\n');
    expect(trace).toContain('waits.lua:4');
    const metadata = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(metadata.currentDetails).toContain(trace);
    expect(metadata.currentDetails).toMatch(
      /^app:waits, program [0-9a-f]{12} of registry version 2\n\n- main waits for .* at waits\.lua:10\n- coroutine 1 waits for time\.sleep 1h0m0s at waits\.lua:4\n- timer time\.sleep 1h0m0s fires at 20/,
    );
    await signalRun(it.client, ref, 'end', []);
    expect(await resultOf(it.client, ref)).toEqual(['end']);
    expect(await handle.query<string>('__stack_trace')).toBe('');
  });

  it('is no handler for updates: they are refused at once, not left hanging', async () => {
    const it = await app({ 'app:waits': WAITS, 'app:f': fn('return function() end') });
    const ref = await start(it, 'app:waits');
    const started = performance.now();
    await expect(updateRun(it.client, ref, 'nope', [1])).rejects.toMatchObject({
      data: {
        kind: 'NotFound',
        message: 'the workflow did not register a handler for nope; its updates: none',
      },
    });
    expect(performance.now() - started).toBeLessThan(8000);
    await signalRun(it.client, ref, 'end', []);
  });
});
