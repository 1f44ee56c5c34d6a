// What functions know of the activity that runs them, and tell it: the tests are the app's own.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { passesItsTests } from './app-tests.js';
import { TestFolders, buildOnce } from './cli-process.js';

const folders = new TestFolders();
beforeAll(buildOnce);
afterAll(() => folders.clean());

it('passes the tests of the app test/e2e/apps/activities', { timeout: 60_000 }, async () => {
  const { stderr } = await passesItsTests(folders, 'activities', 7);
  expect(stderr).not.toContain('MaxListenersExceededWarning');
});
