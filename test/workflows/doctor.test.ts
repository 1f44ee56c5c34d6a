// What `moontide doctor` says of a run whose commands the server does not take. test/e2e/run-reports.test.ts has the rest of it.
import { describe, expect, it } from 'vitest';
import { examineRuns } from '../../src/services/temporal/doctor.js';
import { luaSuite, workflow } from '../support/lua-suite.js';

describe('a run whose commands the server refuses', () => {
  const { temporal, app, start } = luaSuite();

  it('is told with what helps, and not as a bug of the platform', async () => {
    const it = await app({
      'app:w': workflow(`
        return function()
          process.with_options({ ["temporal.workflow.cron_schedule"] = "never" }):spawn("app:w", "app:worker")
        end`),
    });
    const { workflowId } = await start(it, 'app:w', []);
    const query = `WorkflowId = '${workflowId}'`;
    await expect
      .poll(async () => (await examineRuns({ temporal: temporal().temporal, query, types: [] })).found, {
        timeout: 20_000,
      })
      .toEqual([
        expect.objectContaining({
          problem: 'refused_by_server',
          message: expect.stringMatching(/^BadStartChildExecutionAttributes: .*[cC]ron/) as string,
          cure: expect.stringMatching(
            /^correct what the program asks for, then begin again on the newest: `temporal workflow reset /,
          ) as string,
        }),
      ]);
    await it.client.workflow.getHandle(workflowId).terminate();
  });
});
