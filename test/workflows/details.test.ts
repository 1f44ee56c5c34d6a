// What a program says of itself and of its calls to people who look at its run.
import { Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { queryRun, resultOf, signalRun } from '../../src/temporal/client.js';
import type { RunState } from '../../src/temporal/contracts.js';
import { STATE_QUERY } from '../../src/temporal/names.js';
import { fn, luaSuite, workflow } from '../support/lua-suite.js';

describe('a workflow that tells people', () => {
  const { app, start } = luaSuite();
  const text = (payload: { data?: Uint8Array | null } | null | undefined): unknown =>
    payload?.data == null ? undefined : JSON.parse(Buffer.from(payload.data).toString());

  it('where it is: its details stand above what its coroutines wait for, and stay when it ends', async () => {
    const it = await app(
      {
        'app:w': workflow(`local workflow = require("workflow")
          return function()
            local kinds = {}
            local function note(_, err) kinds[#kinds + 1] = err and err:kind() or "none" end
            workflow.query("asks", function() return workflow.get_current_details() end)
            workflow.query("acts", function() return workflow.set_current_details("x") end)
            note(workflow.set_current_details(7))
            note(workflow.set_current_details(("x"):rep(20000)))
            assert(workflow.get_current_details() == "")
            workflow.set_current_details("**packing** é 3 of 7")
            process.inbox():receive()
            workflow.set_current_details("packed")
            return kinds
          end`),
      },
      { worker: { overrides: { maxCachedWorkflows: 0 } } },
    );
    const ref = await start(it, 'app:w');
    const told = async () =>
      (
        await new Client({ connection: it.client.connection }).workflow // as the UI does
          .getHandle(ref.workflowId)
          .query<{ currentDetails: string }>('__temporal_workflow_metadata')
      ).currentDetails;
    expect(await queryRun(it.client, ref, 'asks', [])).toEqual([
      Buffer.from('**packing** é 3 of 7').toString('latin1'),
    ]);
    expect(await told()).toMatch(/^\*\*packing\*\* é 3 of 7\n\napp:w, program .*\n\n- main waits for /);
    const [state] = (await queryRun(it.client, ref, STATE_QUERY, [])) as unknown as [RunState];
    expect(Buffer.from(state.details ?? '', 'latin1').toString()).toBe('**packing** é 3 of 7');
    await expect(queryRun(it.client, ref, 'acts', [])).rejects.toThrow(/only looks/);
    await signalRun(it.client, ref, 'go', []);
    expect(await resultOf(it.client, ref)).toEqual([['Invalid', 'Invalid']]);
    expect(await told()).toBe('packed');
  });

  it('what its calls and children are for, in place of their arguments', async () => {
    const it = await app({
      'app:w': workflow(`return function()
        local funcs = require("funcs")
        local ship = funcs.new():with_options({ ["activity.summary"] = "Pack the lamp, é" })
        ship:call("app:echo", 1)
        local child = process.with_options({
          ["temporal.workflow.static_summary"] = "Tell Ada",
          ["temporal.workflow.static_details"] = "By **mail**.",
        })
        child:exec("app:child", "app:worker", 1)
        local _, long = funcs.new():with_options({ ["activity.summary"] = ("x"):rep(400) })
        local _, err = process.with_options({ ["temporal.workflow.static_details"] = ("x"):rep(20000) }):exec("app:child", "app:worker")
        return { long:message(), err:message() }
      end`),
      'app:echo': fn('return function(n) return n end'),
      'app:child': workflow('return function(n) return n end'),
    });
    const ref = await start(it, 'app:w');
    expect(await resultOf(it.client, ref)).toEqual([
      [
        "option 'activity.summary' is wrong: it has 402 bytes as JSON; at most 350 are shown",
        "option 'temporal.workflow.static_details' is wrong: it has 20002 bytes as JSON; at most 19900 are shown",
      ],
    ]);
    const { events } = await it.client.workflow.getHandle(ref.workflowId).fetchHistory();
    const scheduled = (events ?? []).find(({ activityTaskScheduledEventAttributes: a }) => a != null);
    expect(text(scheduled?.userMetadata?.summary)).toBe('Pack the lamp, é');
    const begun = (events ?? []).find(
      ({ startChildWorkflowExecutionInitiatedEventAttributes: a }) => a != null,
    );
    expect(text(begun?.userMetadata?.summary)).toBe('Tell Ada');
    expect(text(begun?.userMetadata?.details)).toBe('By **mail**.');
  });
});
