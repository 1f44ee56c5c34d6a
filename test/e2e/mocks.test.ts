// Functions of the app that a test puts something else in the place of: the tests are the app's own.
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { passesItsTests } from './app-tests.js';
import { TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
beforeAll(buildOnce);
afterAll(() => folders.clean());

it('passes the tests of the app test/e2e/apps/mocks', { timeout: 60_000 }, async () => {
  const { stderr } = await passesItsTests(folders, 'mocks', 6);
  expect(stderr).toBe('');
});

it('refuses mocks outside of tests', { timeout: 60_000 }, async () => {
  const app = folders.make({});
  cpSync(fileURLToPath(new URL('apps/mocks', import.meta.url)), app, { recursive: true });
  const { code, stdout } = await cli(['--app', app, '--json', 'call', 'app:in_process']);
  expect(code).toBe(1);
  expect(stdout).toContain('the real bank');
});
