// Runs `moontide test` on a folder of test/e2e/apps, whose tests are the test.
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { cli } from './cli-process.js';
import type { CliResult, TestFolders } from './cli-process.js';

export interface TestResult {
  readonly id: string;
  readonly status: string;
  readonly error?: unknown;
}

/** One object of `moontide test --json` a test. */
export const testResults = (stdout: string): TestResult[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as TestResult);

/** Expects each of the app's tests to pass, and `count` of them. `app`: where it is put; by default a folder of its own. */
export async function passesItsTests(
  folders: TestFolders,
  name: string,
  count: number,
  { app = folders.make({}), flags = [] }: { readonly app?: string; readonly flags?: readonly string[] } = {},
): Promise<CliResult> {
  cpSync(fileURLToPath(new URL(`apps/${name}`, import.meta.url)), app, { recursive: true });
  const result = await cli(['--app', app, '--json', ...flags, 'test']);
  const all = testResults(result.stdout);
  const failed = all.filter(({ status }) => status !== 'passed');
  expect({ code: result.code, failed }).toEqual({ code: 0, failed: [] });
  expect(all).toHaveLength(count);
  return result;
}
