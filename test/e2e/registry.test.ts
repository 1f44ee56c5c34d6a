// `moontide registry` on a real app: what it prints, what it changes, and how it fails.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/registry/store/sqlite-store.js';
import { SqliteDatabase } from '../../src/registry/store/sqlite-driver.js';
import { CliProcess, TestFolders, buildOnce, cli, type CliResult } from './cli-process.js';

const folders = new TestFolders();
const INDEX = `
version: "1.0"
namespace: app
entries:
  - { name: limits, kind: registry.entry, orders: 10, meta: { comment: How much is allowed, type: config } }
  - { name: greet, kind: function.lua, source: file://greet.lua }
  - { name: flow, kind: workflow.lua, source: file://flow.lua }
`;
const GREET = 'return function(name)\n  return "hello " .. name\nend\n';
const FLOW = (code: string): string =>
  `return function()\n  process.inbox():receive()\n  return "${code}"\nend\n`;

let app = '';
const registry = (...args: string[]): Promise<CliResult> => cli(['--app', app, 'registry', ...args]);
async function json(...args: string[]): Promise<unknown> {
  const { stdout } = await cli(['--app', app, '--json', 'registry', ...args]);
  return JSON.parse(stdout);
}

beforeAll(async () => {
  await buildOnce();
  app = folders.make({
    'moontide.yaml': 'name: cli-registry\n',
    'src/_index.yaml': INDEX,
    'src/greet.lua': GREET,
    'src/flow.lua': FLOW('old'),
    'changes.yaml': `
comment: more orders
update: [{ id: app:limits, data: { orders: 20 } }]
create:
  - { id: app:hi, kind: function.lua, data: { source: 'return function() return "hi" end' } }
`,
    'broken.yaml': `
create: [{ id: app:bad, kind: function.lua, data: { source: 'return 1 +' } }]
update: [{ id: app:greet, data: { source: 'return 1', imports: { x: app:nowhere } } }]
`,
  });
}, 120_000);
afterAll(() => folders.clean());

describe('moontide registry', () => {
  it('says that there is no registry before the first start', async () => {
    const { code, stderr } = await registry('list');
    expect(code).toBe(3);
    expect(stderr).toContain('the first start makes it');
  });

  it('lists, finds and prints entries, for people and as JSON', async () => {
    expect(await cli(['--app', app, 'call', 'app:greet', '"Ada"'])).toMatchObject({
      stdout: '"hello Ada"\n',
    });
    expect((await registry('list')).stdout).toBe(
      'app:flow    workflow.lua\napp:greet   function.lua\napp:limits  registry.entry    How much is allowed\n',
    );
    expect(await json('list', '--kind', '*.lua')).toMatchObject({
      version: 1,
      entries: [{ id: 'app:flow' }, { id: 'app:greet', kind: 'function.lua', origin: 'folder' }],
    });
    expect((await registry('find', 'meta.type=config', '.kind=registry.entry')).stdout).toMatch(
      /^app:limits /,
    );
    expect((await registry('find', '^.name=gr')).stdout).toMatch(/^app:greet /);
    expect((await registry('get', 'app:greet')).stdout).toBe(
      'id: app:greet\nkind: function.lua\nmeta: {}\ndata:\n  source: |\n    return function(name)\n      return "hello " .. name\n    end\n  chunk: greet.lua\n',
    );
    expect(await json('get', 'app:limits')).toEqual({
      id: 'app:limits',
      kind: 'registry.entry',
      meta: { comment: 'How much is allowed', type: 'config' },
      data: { orders: 10 },
      origin: 'folder',
      version: 1,
    });
  });

  it('applies a file as one version, after a dry run that changes nothing', async () => {
    const file = join(app, 'changes.yaml');
    expect(await registry('apply', file, '--dry-run')).toMatchObject({
      code: 0,
      stdout: '2 changes can be applied to version 1\n',
    });
    const { code, stdout } = await registry('apply', file);
    expect(code).toBe(0);
    expect(stdout).toContain('version 2: more orders\n');
    expect(stdout).toContain('+ create app:hi (function.lua)\n');
    expect(stdout).toContain('    -  orders: 10\n    +  orders: 20\n');
    expect(await json('show', '2')).toMatchObject({
      version: 2,
      via: 'cli',
      comment: 'more orders',
      parent: 1,
    });
  });

  it('tells all that is wrong with a file, and changes nothing', async () => {
    const { code, stdout, stderr } = await registry('apply', join(app, 'broken.yaml'));
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('app:bad:1:11: unexpected symbol near <eof>');
    expect(stderr).toContain("app:greet: unknown entry 'app:nowhere'");
    expect(stderr).toContain('2 errors; nothing was changed');
    const conflict = await registry('apply', join(app, 'changes.yaml'), '--base', '1');
    expect(conflict).toMatchObject({ code: 1 });
    expect(conflict.stderr).toContain('the registry is at version 2, not 1');
    expect(await json('history')).toMatchObject({ versions: [{ version: 2 }, { version: 1 }] });
  });

  it('tells all that is wrong with the entries of a file in one go', async () => {
    const file = join(app, 'wrong.yaml');
    writeFileSync(
      file,
      `create: [{ id: app:limits, kind: x }, { id: bad id }, { kind: y }, { id: app:new, kind: registry.entry }]
update: [{ id: app:nobody }, { id: app:new, orders: 3 }, { id: app:limits, meta: 3 }]
delete: [app:nothing, 3]
`,
    );
    const { code, stderr } = await registry('apply', file);
    expect(code).toBe(2);
    expect(stderr.trimEnd().split('\n')).toEqual([
      `${file}: create[0] ('app:limits') is there already; name it in 'update' or 'put'`,
      `${file}: create[1] 'bad id' is no id; write 'namespace:name'`,
      `${file}: create[2] has no 'id'; write 'id: app:limits'`,
      `${file}: update[0] ('app:nobody') is not there; name it in 'create' or 'put'`,
      `${file}: update[1] ('app:new') has an unknown key 'orders'; fields stand below 'data'`,
      `${file}: update[2] ('app:limits') 'meta' is no mapping`,
      `${file}: delete[0] 'app:nothing' is not there`,
      `${file}: delete[1] is no id; write 'namespace:name'`,
      'moontide: 8 errors; nothing was changed',
    ]);
  });

  it('shows Lua line by line between versions', async () => {
    writeFileSync(join(app, 'src/greet.lua'), GREET.replace('hello', 'good morning'));
    const node = new CliProcess(['--app', app, 'run']);
    await node.until(/^ready/m, 60_000);
    node.signal('SIGTERM');
    expect(await node.ended).toMatchObject({ code: 0 });
    const { stdout } = await registry('diff', '2', '3');
    expect(stdout).toBe(
      [
        '',
        '~ update app:greet (function.lua)',
        '    --- source v2',
        '    +++ source v3',
        '    @@ -1,3 +1,3 @@',
        '     return function(name)',
        '    -  return "hello " .. name',
        '    +  return "good morning " .. name',
        '     end',
        '',
      ].join('\n'),
    );
    expect((await registry('diff', '2', '2')).stdout).toBe('versions 2 and 2 hold the same\n');
    expect(await json('history', 'app:greet')).toMatchObject({
      entry: 'app:greet',
      changes: [
        { version: 3, via: 'start', change: { operation: 'update' } },
        { version: 1, change: { operation: 'create' } },
      ],
    });
  }, 90_000);

  it('keeps what was made at run time over a start, and goes back to any version', async () => {
    expect(await json('get', 'app:hi')).toMatchObject({ origin: 'runtime', version: 3 });
    expect(await json('get', 'app:limits')).toMatchObject({ data: { orders: 20 } });
    expect(await json('rollback', '1')).toMatchObject({ version: 4, comment: 'roll back to version 1' });
    expect((await registry('get', 'app:hi')).code).toBe(2);
    expect((await registry('rollback', '1')).stdout).toBe('the registry holds what version 1 held already\n');
    expect((await registry('diff', '1', '4')).stdout).toBe('versions 1 and 4 hold the same\n');
  });

  it('exports what `apply` takes', async () => {
    const file = join(app, 'export.yaml');
    expect((await registry('export', '--at', '2', '--output', file)).stdout).toBe(
      `4 entries of version 2 are in '${file}'\n`,
    );
    expect(existsSync(file)).toBe(true);
    expect(readFileSync(file, 'utf8')).toMatch(/^version: 2\nhash: [0-9a-f]{64}\nput:\n {2}- id: app:flow\n/);
    await registry('apply', file);
    expect(await json('diff', '2', '5')).toMatchObject({ changes: [] });
  });

  it('finds what was changed behind its back', async () => {
    expect(await registry('verify')).toMatchObject({
      code: 0,
      stdout: 'all is as its hashes say: 5 versions, 4 entries, 4 programs\n',
    });
    const path = join(app, '.moontide/registry.db');
    {
      using database = new SqliteDatabase(path);
      database.exec(`update entries set body = replace(body, '20', '99') where id = 'app:limits'`);
    }
    const { code, stderr } = await registry('verify');
    expect([code, stderr]).toEqual([
      1,
      "entry 'app:limits' is not what its hash says\nversion 5 does not have the state that its hash says\n",
    ]);
    expect(await json('verify')).toMatchObject({ ok: false, versions: 0, entries: 4 });
    {
      using database = new SqliteDatabase(path);
      database.exec(`update entries set body = replace(body, '99', '20') where id = 'app:limits'`);
    }
    expect((await registry('verify')).code).toBe(0);
  });

  it('drops old versions but not the program of a run that is open, which ends on its old code', async () => {
    const programs = async (): Promise<number> => {
      await using store = await openSqliteStore({ path: join(app, '.moontide/registry.db') });
      return (await store.programs()).length;
    };
    expect(await registry('prune')).toMatchObject({ code: 3 }); // Temporal cannot be asked
    const node = new CliProcess(['--app', app, '--json', 'dev']);
    const [ready] = await node.until(/^\{"ready".*$/m, 90_000);
    const started = await cli(['--app', app, '--json', 'start', 'app:flow', '--id', 'open-run']);
    expect(started.code).toBe(0);
    // A workflow of the registry alone can be started as those of the folder.
    const later = join(app, 'later.yaml');
    writeFileSync(
      later,
      `create: [{ id: app:later, kind: workflow.lua, data: { source: 'return function() return "later" end' } }]`,
    );
    expect((await registry('apply', later)).code).toBe(0);
    expect(await cli(['--app', app, 'start', 'app:later', '--wait'])).toMatchObject({
      code: 0,
      stdout: '"later"\n',
    });
    const change = join(app, 'flow.yaml');
    writeFileSync(change, JSON.stringify({ update: [{ id: 'app:flow', data: { source: FLOW('new') } }] }));
    expect((await registry('apply', change)).code).toBe(0);
    const before = await programs();
    writeFileSync(join(app, 'src/greet.lua'), 'return function('); // the folder is not needed
    const { code, stdout } = await registry('prune', '--keep', '0s');
    writeFileSync(join(app, 'src/greet.lua'), GREET);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^dropped \d+ versions, \d+ programs and 0 files; runs need 2 programs\n$/);
    expect(await programs()).toBeLessThan(before);
    expect((await cli(['--app', app, 'send', 'open-run', 'go'])).code).toBe(0);
    const { address } = JSON.parse(ready) as { address: string };
    const connection = await Connection.connect({ address });
    expect(await new Client({ connection }).workflow.getHandle('open-run').result()).toBe('old');
    await connection.close();
    expect((await registry('verify')).code).toBe(0);
    expect((await registry('show', '1')).code).toBe(2);
    node.signal('SIGTERM');
    await node.ended;
  }, 180_000);

  it('refuses changes of what counts from a start on', async () => {
    const far = join(app, 'far.yaml');
    writeFileSync(far, 'create: [{ id: app:far, kind: temporal.client, data: { address: 127.0.0.1:1 } }]\n');
    const { code, stderr } = await registry('apply', far);
    expect(code).toBe(2);
    expect(stderr).toContain(
      "app:far: a 'temporal.client' counts from the start of a node on and cannot be changed at run time; change it in the folder, and start the nodes anew",
    );
  });

  it('refuses what no node could serve, in place of leaving it to the next start', async () => {
    writeFileSync(
      join(app, 'workers.yaml'),
      `create:
  - { id: app:first, kind: temporal.worker, data: { task_queue: q } }
  - { id: app:second, kind: temporal.worker, data: { task_queue: q, worker_options: { max_concurrent_activity_execution_size: 3 } } }
`,
    );
    const { code, stderr } = await registry('apply', join(app, 'workers.yaml'));
    expect(code).toBe(1);
    expect(stderr).toContain("workers 'app:first' and 'app:second' share the task queue 'q' but differ");
    expect(stderr).toContain('nothing was changed');
    expect((await registry('get', 'app:first')).code).toBe(2);
  }, 60_000);

  it('never takes an app back to before it had anything', async () => {
    const { code, stderr } = await registry('rollback', '0');
    expect([code, stderr]).toEqual([2, 'moontide: the registry has no version 0\n']);
  });

  it('answers mistakes with one line and exit code 2, in JSON too', async () => {
    for (const [args, said] of [
      [['show', 'seven'], "the version is a number, got 'seven'"],
      [['show', '999'], 'the registry has no version 999'],
      [['get', 'nonsense'], "expected 'namespace:name', got 'nonsense'"],
      [['find', 'kind'], "'kind' is no field=value"],
      [['find', 'kind=x'], "unknown field 'kind'"],
      [['apply', '/nowhere.yaml'], "cannot read '/nowhere.yaml': there is no such file"],
      [['apply', '/tmp'], "cannot read '/tmp': it is a folder"],
      [['history', '--limit', '0'], "--limit is at least 1, got '0'"],
      [['history', '--limit', 'x'], "--limit is a number, got 'x'; as in 100"],
      [['prune', '--keep', 'long'], "--keep is a time such as 30d or 12h, got 'long'"],
      [['shw'], "unknown command 'shw'"],
    ] as const) {
      const { code, stderr } = await registry(...args);
      expect([args, code]).toEqual([args, 2]);
      expect(stderr).toContain(said);
    }
    expect(await json('show', '999')).toMatchObject({
      ok: false,
      error: { code: 'REGISTRY_VERSION_NOT_FOUND' },
    });
  }, 60_000);
});
