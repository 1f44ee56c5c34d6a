// Functions that start, watch, message and end workflows, in Lua, on a real Temporal: the tests are the app's own.
import { afterAll, beforeAll, it } from 'vitest';
import { passesItsTests } from './app-tests.js';
import { TestFolders, buildOnce } from './cli-process.js';

const folders = new TestFolders();
beforeAll(buildOnce);
afterAll(() => folders.clean());

it('passes the tests of the app test/e2e/apps/workflows', { timeout: 60_000 }, async () => {
  await passesItsTests(folders, 'workflows', 8);
});
