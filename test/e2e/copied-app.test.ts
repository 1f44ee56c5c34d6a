// A copy of an app's folder, store and all, on the Temporal that both use: never two registries under one name, and the
// way that the message says lets the runs finish that are pinned to the old one.
import { cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testTemporal } from '../support/temporal.js';
import type { TestTemporal } from '../support/temporal.js';
import { CliProcess, TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
const cache = mkdtempSync(join(tmpdir(), 'moontide-cache-'));
let server: TestTemporal;
beforeAll(async () => {
  [server] = await Promise.all([testTemporal(), buildOnce()]);
}, 120_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await folders.clean();
  rmSync(cache, { recursive: true, force: true });
});

const wait = (version: string): string =>
  `return function() process.listen("go"):receive() return "${version}" end`;

it(
  'is refused, and goes on with the runs once the registry is moved to it',
  { timeout: 120_000 },
  async () => {
    const name = `copied-${process.pid}`;
    const app = folders.make({
      'moontide.yaml': `name: ${name}\n`,
      '_index.yaml': `
version: "1.0"
namespace: app
entries:
  - { name: wait, kind: workflow.lua, source: file://wait.lua }
`,
      'wait.lua': wait('old'),
    });
    const env = { TEMPORAL_ADDRESS: server.address, MOONTIDE_CACHE: cache };
    const start = async (folder: string): Promise<CliProcess> => {
      const node = new CliProcess(['--app', folder, 'run'], { env });
      await node.until(/^ready/m, 60_000);
      return node;
    };
    const stop = async (node: CliProcess): Promise<void> => {
      node.signal('SIGTERM');
      await node.ended;
    };

    const first = await start(app);
    expect((await cli(['--app', app, 'start', 'app:wait', '--id', `${name}-1`], { env })).code).toBe(0);
    const copy = folders.make({});
    // As `cp -r` does, which Node's copy refuses to: the socket of the node that runs is of no use in a copy.
    cpSync(app, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') });
    writeFileSync(join(copy, 'wait.lua'), wait('new'));
    await stop(first);

    const refused = await cli(['--app', copy, 'run'], { env });
    expect(refused.code).toBe(2);
    const [, from = refused.stderr, to = ''] = /move '([^']+)' to '([^']+)'/.exec(refused.stderr) ?? [];
    expect([from, to]).toEqual([join(app, '.moontide'), join(copy, '.moontide')]);

    rmSync(to, { recursive: true });
    renameSync(from, to);
    const second = await start(copy);
    const again = await cli(['--app', app, 'run'], { env });
    expect([again.code, again.stderr]).toEqual([
      2,
      expect.stringContaining(`belongs to the app in '${copy}'`) as string,
    ]);
    await cli(['--app', copy, 'send', `${name}-1`, 'go', '1'], { env });
    const pinned = server.temporal.client.workflow.getHandle(`${name}-1`);
    expect(await pinned.result()).toBe('old');
    const fresh = await cli(['--app', copy, 'start', 'app:wait', '--id', `${name}-2`], { env });
    expect(fresh.code).toBe(0);
    await cli(['--app', copy, 'send', `${name}-2`, 'go', '1'], { env });
    expect(await server.temporal.client.workflow.getHandle(`${name}-2`).result()).toBe('new');
    await stop(second);
  },
);
