// `moontide dev` follows its folder while workflows wait and calls come.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliProcess, TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
const FLOW = (code: string): string =>
  `return function()\n  process.inbox():receive()\n  return "${code}"\nend\n`;
const INDEX = `
version: "1.0"
namespace: app
entries:
  - { name: flow, kind: workflow.lua, source: file://flow.lua, imports: { words: words } }
  - { name: words, kind: library.lua, source: file://words.lua }
  - { name: limits, kind: registry.entry, orders: 10 }
`;

interface History {
  readonly versions: readonly { readonly version: number; readonly via: string; readonly comment: string }[];
}

let app = '';
let node: CliProcess;
let client: Client;
let connection: Connection;

const write = (name: string, text: string): void => writeFileSync(join(app, 'src', name), text);
const history = async (): Promise<History['versions']> => {
  const { stdout } = await cli(['--app', app, '--json', 'registry', 'history']);
  return (JSON.parse(stdout) as History).versions;
};
/** Waits for what the node says on stderr. */
async function told(pattern: RegExp): Promise<void> {
  const said = (): string => (pattern.test(node.stderr) ? 'said' : node.stderr);
  await expect.poll(said, { timeout: 20_000, interval: 50 }).toBe('said');
}
/** Starts a run and waits until it has its program. Our own commands would refuse a broken folder. */
async function start(workflowId: string): Promise<void> {
  const handle = await client.workflow.start('app:flow', { workflowId, taskQueue: 'hot' });
  const memo = async () => Object.keys((await handle.describe()).memo ?? {}).length;
  await expect.poll(memo, { timeout: 20_000 }).toBeGreaterThan(0);
}
async function finish(id: string): Promise<unknown> {
  const handle = client.workflow.getHandle(id);
  await handle.signal('go');
  return handle.result();
}

beforeAll(async () => {
  await buildOnce();
  app = folders.make({
    'moontide.yaml': 'name: hot\n',
    'src/_index.yaml': INDEX,
    'src/flow.lua': FLOW('first'),
    'src/words.lua': 'return {}\n',
  });
  node = new CliProcess(['--app', app, '--json', 'dev']);
  const [ready] = await node.until(/^\{"ready".*$/m, 90_000);
  connection = await Connection.connect({ address: (JSON.parse(ready) as { address: string }).address });
  client = new Client({ connection });
}, 180_000);

afterAll(async () => {
  await connection.close();
  node.signal('SIGTERM');
  await node.ended;
  await folders.clean();
});

describe('hot reload', () => {
  it('takes what is saved, while runs that wait end on the code that they began with', async () => {
    await start('waits');
    write('flow.lua', FLOW('second'));
    await told(/reloaded +version=2/);
    expect(await history()).toMatchObject([
      { version: 2, via: 'file watch', comment: 'changed: src/flow.lua' },
      { version: 1 },
    ]);
    await start('new');
    expect([await finish('waits'), await finish('new')]).toEqual(['first', 'second']);
  }, 60_000);

  it('makes one version of a burst', async () => {
    for (let n = 0; n < 20; n++) write(`more${n}.lua`, 'return 1\n');
    write('flow.lua', FLOW('third'));
    write('words.lua', 'return { 3 }\n');
    write('_index.yaml', INDEX.replace('10', '30'));
    await told(/reloaded +version=3/);
    expect((await history())[0]).toMatchObject({ version: 3 });
    expect((await cli(['--app', app, '--json', 'registry', 'get', 'app:limits'])).stdout).toContain(
      '"orders":30',
    );
  }, 60_000);

  it('tells what is wrong with its place, goes on with what it has, and takes the file once it is mended', async () => {
    write('flow.lua', 'return function()\n  return 1 +\nend\n');
    write('_index.yaml', `${INDEX.replace('10', '30')}  - { name: x, kind: nonsense }\n`);
    await told(/src\/flow\.lua:3:1: unexpected symbol near 'end'/);
    await told(/src\/_index\.yaml:8:22: unknown kind 'nonsense'/);
    await told(/the version before goes on/);
    await start('meanwhile');
    expect(await finish('meanwhile')).toBe('third');
    expect((await history())[0]).toMatchObject({ version: 3 });
    write('_index.yaml', INDEX.replace('10', '30'));
    write('flow.lua', FLOW('fourth'));
    await told(/reloaded +version=4/);
    await start('after');
    expect(await finish('after')).toBe('fourth');
  }, 60_000);

  it('takes a file that an editor puts in place of the old one, and new folders', async () => {
    write('flow.lua~', FLOW('fifth'));
    renameSync(join(app, 'src/flow.lua~'), join(app, 'src/flow.lua'));
    await told(/reloaded +version=5/);
    mkdirSync(join(app, 'src/deep'));
    write(
      'deep/_index.yaml',
      'version: "1.0"\nnamespace: app.deep\nentries:\n  - { name: one, kind: registry.entry }\n',
    );
    await told(/reloaded +version=6 .*app\.deep:one/);
    rmSync(join(app, 'src/deep'), { recursive: true });
    await told(/reloaded +version=7 .*app\.deep:one/);
    expect(existsSync(join(app, '.moontide'))).toBe(true);
  }, 60_000);

  it('takes new and changed files of a folder that is embedded', async () => {
    const path = join(app, 'src/public');
    mkdirSync(path);
    writeFileSync(join(path, 'one.txt'), 'one');
    write(
      'site.yaml',
      'namespace: app\nentries:\n  - { name: site, kind: fs.embed, directory: src/public }\n',
    );
    await told(/reloaded +version=8 .*app:site/);
    writeFileSync(join(path, 'two.txt'), 'two');
    await told(/reloaded +version=9 .*app:site/);
    writeFileSync(join(path, 'one.txt'), 'another');
    await told(/reloaded +version=10 .*app:site/);
    rmSync(join(path, 'two.txt'));
    await told(/reloaded +version=11 .*app:site/);
  }, 60_000);

  it('says that settings wait for the next start', async () => {
    writeFileSync(join(app, 'moontide.yaml'), 'name: hot\nlog: { level: debug }\n');
    await told(/settings of moontide\.yaml have changed; the next start takes them/);
  });
});
