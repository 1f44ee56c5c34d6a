// Runs whose program is gone with the registry: said once for each, with the cure, and the cure works.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/server-user.js';
import { CliProcess, TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
beforeAll(buildOnce, 120_000);
afterAll(() => folders.clean());

it('is told once a run, and the runs end once the registry is back', { timeout: 120_000 }, async () => {
  const app = folders.make({
    'moontide.yaml': 'name: missing\n',
    '_index.yaml': `
version: "1.0"
namespace: app
entries:
  - { name: wait, kind: workflow.lua, source: "return function() return process.listen('go'):receive() and 'kept' end" }
`,
  });
  const start = async (): Promise<CliProcess> => {
    const node = new CliProcess(['--app', app, 'run']);
    await node.until(/^ready/m, 60_000);
    return node;
  };
  const stop = async (node: CliProcess): Promise<void> => {
    node.signal('SIGTERM');
    await node.ended;
  };
  const send = async (id: string): Promise<number | null> =>
    (await cli(['--app', app, 'send', id, 'go', '1'])).code;

  const first = await start();
  for (const id of ['m-1', 'm-2'])
    expect((await cli(['--app', app, 'start', 'app:wait', '--id', id])).code).toBe(0);
  await stop(first);
  const [registry, away] = [join(app, '.moontide/registry.db'), join(app, 'away.db')];
  renameSync(registry, away);

  // The registry that comes has another program.
  writeFileSync(
    join(app, '_index.yaml'),
    'version: "1.0"\nnamespace: app\nentries:\n  - { name: wait, kind: workflow.lua, source: "return function() end" }\n',
  );
  const without = await start();
  const told = (): string[] =>
    without.stderr.split('\n').filter((line) => /PROGRAM_MISSING|Failing|bundle/.test(line));
  for (const id of ['m-1', 'm-2', 'm-1', 'm-2', 'm-1']) expect(await send(id)).toBe(0);
  expect(await eventually(() => told().length >= 2)).toBe(true);
  await stop(without);
  expect(told()).toHaveLength(2);
  for (const line of told())
    expect(line).toMatch(
      /ERROR a run waits for its program: PROGRAM_MISSING: program [0-9a-f]{64} of 'app:wait' cannot be had: it is not stored in this registry; bring back the one that has it, or reset the run to its first task, which begins it again on the newest program; the run goes on by itself once it is there run_id=[-0-9a-f]+$/,
    );

  renameSync(away, registry);
  const again = new CliProcess(['--app', app, '--json', 'run']);
  const [, address = ''] = await again.until(/"address":"([^"]+)"/, 60_000);
  const connection = await Connection.connect({ address });
  const { workflow } = new Client({ connection });
  for (const id of ['m-1', 'm-2']) expect(await workflow.getHandle(id).result()).toBe('kept');
  await connection.close();
  await stop(again);
});
