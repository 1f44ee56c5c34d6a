// Functions that start, watch, message and end workflows, in Lua, on a real Temporal: the tests are the app's own.
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
beforeAll(buildOnce);
afterAll(() => folders.clean());

it('passes the tests of the app test/e2e/apps/workflows', { timeout: 60_000 }, async () => {
  const app = folders.make({});
  cpSync(fileURLToPath(new URL('apps/workflows', import.meta.url)), app, { recursive: true });
  const { code, stdout } = await cli(['--app', app, '--json', 'test']);
  const failed = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; status: string; error?: unknown })
    .filter(({ status }) => status !== 'passed');
  expect({ code, failed }).toEqual({ code: 0, failed: [] });
  expect(stdout.trim().split('\n')).toHaveLength(8);
});
