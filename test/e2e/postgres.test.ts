// Nodes on a registry in Postgres that goes away.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgresServer } from '../support/postgres.js';
import { CliProcess, TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
const INDEX = `
version: "1.0"
namespace: app
entries:
  - { name: greet, kind: function.lua, source: file://greet.lua }
  - { name: write, kind: function.lua, source: file://write.lua, modules: [registry] }
  - { name: flow, kind: workflow.lua, source: file://flow.lua, modules: [funcs] }
`;
const GREET = (word: string): string => `return function() return "${word}" end\n`;
const WRITE = `return function()
  local version, err = registry.snapshot():changes():create({ id = "app:x", kind = "registry.entry" }):apply()
  return version and version:string(), err
end
`;
const FLOW = 'return function() return require("funcs").call("app:greet") end\n';

beforeAll(() => buildOnce(), 120_000);
afterAll(() => folders.clean());

describe('nodes on a registry in Postgres', () => {
  let server: PostgresServer;
  let app = '';
  let env: Record<string, string>;
  const run = (...args: string[]) => cli(['--app', app, ...args], { env });
  const node = async (): Promise<CliProcess> => {
    const started = new CliProcess(['--app', app, '--json', 'run'], { env });
    await started.until(/^\{"ready"/m, 90_000);
    return started;
  };
  async function told(by: CliProcess, pattern: RegExp): Promise<void> {
    const said = (): string => (pattern.test(by.stderr) ? 'said' : by.stderr);
    await expect.poll(said, { timeout: 20_000, interval: 50 }).toBe('said');
  }

  beforeAll(async () => {
    server = await PostgresServer.start({ fsync: true });
    app = folders.make({
      'moontide.yaml': 'name: pg-away\n',
      'src/_index.yaml': INDEX,
      'src/greet.lua': GREET('one'),
      'src/write.lua': WRITE,
      'src/flow.lua': FLOW,
      'more.yaml': 'create: [{ id: app:more, kind: registry.entry }]\n',
    });
    env = { DATABASE_URL: server.url() };
  }, 120_000);
  afterAll(() => server[Symbol.asyncDispose]());

  it('are needed before there is anything to look at', async () => {
    const { code, stderr } = await run('registry', 'list');
    expect(code).toBe(3);
    expect(stderr).toMatch(/^moontide: there is no registry in .* yet; the first start makes it/);
  });

  it('start with exit code 3 while it is away and there is no copy', async () => {
    await server.stop('immediate');
    const { code, stderr } = await run('run');
    await server.start();
    expect(code).toBe(3);
    expect(stderr).toMatch(/^moontide: .*Postgres 127\.0\.0\.1:\d+\/postgres cannot be reached/m);
  });

  it('go on from the copy: workflows, reads, a start; writes are Unavailable; the folder is published when it is back', async () => {
    const first = await node();
    expect((await run('call', 'app:greet')).stdout).toBe('"one"\n');
    await server.stop('immediate');
    await told(first, /registry: read-only since \d{4}-.*copy of version 1/);
    expect((await run('start', 'app:flow', '--id', 'away', '--wait')).stdout).toContain('"one"');
    expect((await run('registry', 'list')).stdout).toContain('app:greet');
    const refused = await run('registry', 'apply', join(app, 'more.yaml'));
    expect(refused.code).toBe(3);
    expect(refused.stderr).toMatch(/moontide: the registry is read-only since /);
    expect((await run('call', 'app:write')).code).not.toBe(0);

    writeFileSync(join(app, 'src/greet.lua'), GREET('two'));
    const second = await node();
    await told(second, /the folder differs from what runs; it is published when the registry is back/);
    await server.start();
    await told(second, /registry: back/);
    await told(second, /registry version applied version=2/);
    await told(first, /registry version applied version=2/);
    expect((await run('start', 'app:flow', '--id', 'back', '--wait')).stdout).toContain('"two"');
    expect(await run('registry', 'rollback', '1')).toMatchObject({ code: 0 });
    for (const one of [first, second]) {
      one.signal('SIGTERM');
      expect((await one.ended).code).toBe(0);
    }
  }, 180_000);

  it('take what was saved while it was away, and call from the copy with changes made at run time', async () => {
    const changed = folders.make({
      'moontide.yaml': 'name: pg-saved\nregistry: { schema: saved }\n',
      'src/_index.yaml': `
namespace: app
entries:
  - { name: limits, kind: registry.entry, orders: 1 }
  - { name: greet, kind: function.lua, source: file://greet.lua }
`,
      'src/greet.lua': GREET('one'),
      'more.yaml': 'update: [{ id: app:limits, data: { orders: 2 } }]\n',
    });
    const there = (...args: string[]) => cli(['--app', changed, ...args], { env });
    const dev = new CliProcess(['--app', changed, '--json', 'dev'], { env });
    await dev.until(/^\{"ready"/m, 90_000);
    expect((await there('registry', 'apply', join(changed, 'more.yaml'))).code).toBe(0);
    await told(dev, /registry version applied version=2/);
    await server.stop('immediate');
    await told(dev, /registry: read-only since .*copy of version 2/);
    expect(await there('call', 'app:greet')).toMatchObject({ code: 0, stdout: '"one"\n' });
    writeFileSync(join(changed, 'src/greet.lua'), GREET('saved'));
    await told(dev, /what was saved is taken when the registry is back files=src\/greet.lua/);
    await server.start();
    await told(dev, /reloaded version=3 entries=app:greet/);
    expect((await there('call', 'app:greet')).stdout).toBe('"saved"\n');
    dev.signal('SIGTERM');
    expect((await dev.ended).code).toBe(0);
  }, 180_000);

  it('never say the password', async () => {
    const secret = 'swordfish-17';
    const url = new URL(server.url());
    url.password = secret;
    env = { DATABASE_URL: url.href };
    const one = await node();
    one.signal('SIGTERM');
    const { stdout, stderr } = await one.ended;
    expect(stdout + stderr).not.toContain(secret);
    const copy = readFileSync(join(app, '.moontide/registry-copy.db'), 'latin1');
    expect(copy).not.toContain(secret);
  }, 90_000);
});
