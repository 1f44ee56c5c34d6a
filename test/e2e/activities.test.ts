// What functions know of the activity that runs them, and tell it: the tests are the app's own.
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
beforeAll(buildOnce);
afterAll(() => folders.clean());

it('passes the tests of the app test/e2e/apps/activities', { timeout: 60_000 }, async () => {
  const app = folders.make({});
  cpSync(fileURLToPath(new URL('apps/activities', import.meta.url)), app, { recursive: true });
  const { code, stdout, stderr } = await cli(['--app', app, '--json', 'test']);
  const failed = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; status: string; error?: unknown })
    .filter(({ status }) => status !== 'passed');
  expect({ code, failed }).toEqual({ code: 0, failed: [] });
  expect(stdout.trim().split('\n')).toHaveLength(7);
  expect(stderr).not.toContain('MaxListenersExceededWarning');
});
