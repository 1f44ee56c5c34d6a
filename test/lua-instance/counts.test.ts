// What a budget counts of a program is the same wherever and however often it runs: a replay must stop where the run did.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const support = (file: string): string => fileURLToPath(new URL(`../support/${file}`, import.meta.url));

function counts(node: string, ...flags: readonly string[]): unknown {
  const words = [...flags, '--import', support('typescript-hooks.js'), support('count-programs.ts')];
  const { stdout, stderr, status } = spawnSync(node, words, { encoding: 'utf8', timeout: 240_000 });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout);
}

/** The Node that `npm run test:node24` has fetched. */
const other = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  `moontide/node-24/node_modules/node-${process.platform}-${process.arch}/bin/node`,
);

it(
  'are equal in the first run and the hundredth, without V8 optimizing and with',
  { timeout: 300_000 },
  () => {
    const usual = counts(process.execPath) as Record<string, unknown>;
    expect(Object.keys(usual)).toHaveLength(9);
    for (const [name, needed] of Object.entries(usual))
      expect({ [name]: needed }).toEqual({ [name]: [expect.any(Number), expect.any(Number)] });
    expect(counts(process.execPath, '--no-opt')).toEqual(usual);
  },
);

it.runIf(existsSync(other))('are equal on another Node', { timeout: 300_000 }, () => {
  expect(counts(other)).toEqual(counts(process.execPath));
});
