// The behaviour of actors, as Lua programs see it: each test is a function of Lua whose only parameter is the host.
// Groups in `everywhere` use only what a durable host has too; the others are of processes in memory.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runNode } from '../../src/cli/run-node.js';
import type { RunningNode } from '../../src/cli/running-node.js';

const app = join(import.meta.dirname, 'app');
const everywhere = ['spawning', 'messages', 'ends', 'bonds'];
const groups = [...everywhere, 'memory'];

const namesIn = (group: string): string[] =>
  [...readFileSync(join(app, 'src', `${group}.lua`), 'utf8').matchAll(/^T\["(.+)"\] = function/gm)].map(
    ([, name]) => name!,
  );

let folder = '';
let node: RunningNode;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'moontide-actors-'));
  await cp(app, folder, { recursive: true });
  node = await runNode({ app: folder, signals: false, log: { level: 'silent' }, environment: {} });
});
afterAll(async () => {
  await node.stop();
  rmSync(folder, { recursive: true });
});

it('has at least 80 tests that any host must pass', () => {
  expect(everywhere.flatMap(namesIn).length).toBeGreaterThanOrEqual(80);
});

/** With threads, in the short form, every fifth. */
const isWhole = process.env['MOONTIDE_FAULTS'] === 'whole';
const hosts = [
  { name: 'a process.host', host: 'app:memory', step: 1 },
  { name: 'a process.host with threads', host: 'app:threads', step: isWhole ? 1 : 5 },
];
for (const { name, host, step } of hosts)
  describe.each(groups)(`%s on ${name}`, (group) => {
    it.each(namesIn(group).filter((_test, at) => at % step === 0))('%s', async (test) => {
      const outcome = await node.call('app:run', [group, test, host]);
      if (!outcome.ok) throw new Error(outcome.error.message);
    });
  });
