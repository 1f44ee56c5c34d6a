// Priority, fairness and versions of deployments, as the server has recorded them.
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { dataObject } from '../../src/core/data.js';
import { resultOf } from '../../src/temporal/client.js';
import type { LuaApp } from '../support/lua-app.js';
import { fn, luaSuite, workflow } from '../support/lua-suite.js';

const historyOf = async (it: LuaApp, workflowId: string) =>
  (await it.client.workflow.getHandle(workflowId).fetchHistory()).events ?? [];

describe('priority and fairness', () => {
  const { app, start, run } = luaSuite();

  it('go with activities, as the call or the entry says, and with children, which inherit them', async () => {
    const it = await app({
      'app:w': workflow(`
        local funcs, workflow = require("funcs"), require("workflow")
        return function(child)
          funcs.new():with_options({ ["activity.priority"] = 1, ["activity.fairness_key"] = "gr\\u{fc}n", ["activity.fairness_weight"] = 2.5 }):call("app:plain")
          funcs.call("app:urgent")
          funcs.new():with_options({ priority = 4 }):call("app:plain")
          funcs.new():with_options({ ["activity.priority"] = 2 }):call("app:urgent")
          return process.with_options({
            ["temporal.workflow.id"] = child, ["temporal.workflow.priority"] = 5, ["temporal.workflow.fairness_key"] = "north",
          }):exec("app:child", "app:worker")
        end`),
      'app:child': workflow('return function() return (require("funcs").call("app:plain")) end'),
      'app:plain': fn('return function() return 1 end'),
      'app:urgent': fn(
        'return function() return 1 end',
        dataObject({
          temporal: dataObject({
            activity: dataObject({
              worker: 'worker',
              priority: 3,
              fairness_key: 'vip',
              start_to_close_timeout: '42s',
              retry_policy: dataObject({ maximum_attempts: 7, initial_interval: 1500 }),
            }),
          }),
        }),
      ),
    });
    const child = `child-${randomUUID()}`;
    const ref = await start(it, 'app:w', [child]);
    await resultOf(it.client, ref);
    const scheduled = (await historyOf(it, ref.workflowId)).flatMap(
      (event) => event.activityTaskScheduledEventAttributes ?? [],
    );
    const seen = scheduled.map(({ priority }) => [
      priority?.priorityKey ?? 0,
      priority?.fairnessKey ?? '',
      priority?.fairnessWeight ?? 0,
    ]);
    expect(seen).toEqual([
      [1, 'gr\u00fcn', 2.5],
      [3, 'vip', 0],
      [4, '', 0],
      [2, 'vip', 0],
    ]);
    expect(Number(scheduled[1]?.startToCloseTimeout?.seconds)).toBe(42);
    expect(scheduled[1]?.retryPolicy?.maximumAttempts).toBe(7);
    expect(Number(scheduled[1]?.retryPolicy?.initialInterval?.seconds)).toBe(1);
    const [begun] = await historyOf(it, child);
    expect(begun?.workflowExecutionStartedEventAttributes?.priority).toMatchObject({
      priorityKey: 5,
      fairnessKey: 'north',
    });
  });

  it('that the server would refuse for ever are errors in Lua', async () => {
    const it = await app({
      'app:w': workflow(`
        local funcs = require("funcs")
        return function()
          local told = {}
          for index, options in ipairs({
            { priority = 1.5 }, { priority = 0 }, { ["activity.fairness_key"] = ("x"):rep(65) }, { ["activity.fairness_weight"] = 1001 },
          }) do
            local _, err = funcs.new():with_options(options):call("app:plain")
            told[index] = err:kind() .. ": " .. err:message()
          end
          local _, err = process.with_options({ ["temporal.workflow.fairness_weight"] = 0 }):spawn("app:w", "app:worker")
          told[5] = err:message()
          return told
        end`),
      'app:plain': fn('return function() return 1 end'),
    });
    expect(await run(it, 'app:w')).toEqual([
      [
        'Invalid: a priority is a whole number from 1, the most urgent, got 1.5',
        'Invalid: a priority is a whole number from 1, the most urgent, got 0',
        "Invalid: 'activity.fairness_key' has 65 bytes; Temporal takes 64",
        "Invalid: 'activity.fairness_weight' is between 0.001 and 1000, got 1001",
        "'temporal.workflow.fairness_weight' is between 0.001 and 1000, got 0",
      ],
    ]);
  });
});

describe('a versioned worker deployment', () => {
  const { idle, start } = luaSuite();

  it('has runs pinned to the build that began them, the Moontide release by default', async () => {
    const it = idle({
      'app:w': workflow('return function() process.inbox():receive() return "done" end'),
    });
    const deployment = `shop-${randomUUID()}`;
    const options = (build?: string) =>
      dataObject({
        deployment_name: deployment,
        use_versioning: true,
        ...(build === undefined ? {} : { build_id: build }),
      });
    await it.worker({ options: options() });
    const service = it.client.connection.workflowService;
    const current = async (buildId: string): Promise<void> => {
      // The server knows a version once its worker polls.
      for (;;)
        try {
          await service.setWorkerDeploymentCurrentVersion({
            namespace: 'default',
            deploymentName: deployment,
            buildId,
            ignoreMissingTaskQueues: true,
          });
          return;
        } catch (error) {
          if (!/NOT_FOUND|FAILED_PRECONDITION|pollers/.test(String(error))) throw error;
          await new Promise((next) => setTimeout(next, 200));
        }
    };
    const release = 'moontide-0.1.0';
    await current(release);
    const old = await start(it, 'app:w');
    const versionOf = async (workflowId: string) => {
      for (;;) {
        const { workflowExecutionInfo: info } = await service.describeWorkflowExecution({
          namespace: 'default',
          execution: { workflowId },
        });
        const { behavior, deploymentVersion } = info?.versioningInfo ?? {};
        if (deploymentVersion?.buildId) return { behavior, build: deploymentVersion.buildId };
        await new Promise((next) => setTimeout(next, 100));
      }
    };
    const PINNED = 1;
    expect(await versionOf(old.workflowId)).toEqual({ behavior: PINNED, build: release });
    await it.worker({ options: options('next') });
    await current('next');
    const fresh = await start(it, 'app:w');
    expect(await versionOf(fresh.workflowId)).toEqual({ behavior: PINNED, build: 'next' });
    expect(await versionOf(old.workflowId)).toEqual({ behavior: PINNED, build: release });
    for (const { workflowId } of [old, fresh]) {
      await it.client.workflow.getHandle(workflowId).signal('go');
      expect(await resultOf(it.client, { workflowId })).toEqual(['done']);
    }
  });
});
