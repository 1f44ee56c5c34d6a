// Functions that start, watch, message and end workflows, in Lua, on a real Temporal: the tests are the app's own.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testTemporal } from '../support/temporal.js';
import { passesItsTests } from './app-tests.js';
import { TestFolders, buildOnce } from './cli-process.js';

const folders = new TestFolders();
beforeAll(buildOnce);
afterAll(() => folders.clean());

it(
  'passes the tests of the app test/e2e/apps/workflows on the server that --address names, and starts none',
  { timeout: 60_000 },
  async () => {
    await using server = await testTemporal();
    const app = folders.make({});
    await passesItsTests(folders, 'workflows', 8, { app, flags: ['--address', server.address] });
    expect(existsSync(join(app, '.moontide/temporal.json'))).toBe(false);
    const { executions } = await server.temporal.connection.workflowService.listWorkflowExecutions({
      namespace: server.temporal.namespace,
      query: "WorkflowType = 'app:counter' AND ExecutionStatus = 'Terminated'",
    });
    expect(executions).not.toEqual([]); // they ran there
  },
);
