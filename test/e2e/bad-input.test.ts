// What people get wrong on the command line: one clear line, the right exit code, and nothing is changed.
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliProcess, TestFolders, buildOnce, cli } from './cli-process.js';
import type { CliResult } from './cli-process.js';

const folders = new TestFolders();
const nodes: CliProcess[] = [];
beforeAll(buildOnce);
afterAll(async () => {
  for (const node of nodes) node.signal('SIGTERM');
  await Promise.all(nodes.map(({ ended }) => ended));
  await folders.clean();
});

const FILES = {
  'src/_index.yaml': `
version: "1.0"
namespace: app
entries:
  - { name: add, kind: function.lua, source: file://add.lua }
  - { name: wait, kind: workflow.lua, source: file://wait.lua }
  - { name: other, kind: workflow.lua, source: file://wait.lua }
`,
  'src/add.lua': 'return function(a, b) return a + b end',
  'src/wait.lua': 'return function() return process.inbox():receive() end',
};
const named = { ...FILES, 'moontide.yaml': 'name: inputs\n' };

type Told = readonly [code: number | null, firstLine: string | undefined];
const told = ({ code, stderr }: CliResult): Told => [code, stderr.split('\n')[0]];

describe('a folder without an app', () => {
  // One for each way to the app: its runs and registry, its nodes, its folder, a node of its own.
  const COMMANDS = [['inspect', 'o-1'], ['ps'], ['services'], ['run']];

  it('is told as such by every command, with what to do', async () => {
    const empty = folders.make({});
    const results = await Promise.all(COMMANDS.map((command) => cli(['--app', empty, ...command])));
    for (const [index, result] of results.entries())
      expect([COMMANDS[index], ...told(result)]).toEqual([
        COMMANDS[index],
        2,
        `moontide: there is no app here: '${empty}' has neither moontide.yaml nor an _index.yaml; go to the app's folder or name it with --app, or make a new app with \`moontide init\``,
      ]);
    expect(readdirSync(empty)).toEqual([]);
  });

  it('inside of an app names the app', async () => {
    const app = folders.make({ ...named, 'docs/pages/one.md': 'x' });
    expect(told(await cli(['--app', join(app, 'docs'), 'doctor']))).toEqual([
      2,
      `moontide: there is no app here: '${join(app, 'docs')}' has neither moontide.yaml nor an _index.yaml; the app is in '${app}': go there, or give --app '${app}'`,
    ]);
    expect(told(await cli(['--app', join(app, 'src'), 'doctor']))[1]).toContain('there is no registry in');
  });
});

describe('an app without a name', () => {
  const NAMELESS =
    "moontide.yaml: the app has no name, and what it runs on is not its own alone; add 'name: my-app'";

  it('runs where everything is its own', async () => {
    const app = folders.make(FILES);
    expect(await cli(['--app', app, 'call', 'app:add', '1', '2'])).toMatchObject({ code: 0, stdout: '3\n' });
    const alone = await cli(['--app', app, '--no-embedded', 'call', 'app:add', '1', '2']);
    expect(alone).toMatchObject({ code: 0, stdout: '3\n' });
  });

  it('is refused a Temporal and a database that others use too', async () => {
    const app = folders.make(FILES);
    const env = { TEMPORAL_ADDRESS: '127.0.0.1:9' };
    for (const command of [['run'], ['start', 'app:wait'], ['send', 'x', 'topic']])
      expect(told(await cli(['--app', app, ...command], { env }))).toEqual([2, NAMELESS]);
    const database = { DATABASE_URL: 'postgres://127.0.0.1:9/none' };
    const { code, stderr } = await cli(['--app', app, 'call', 'app:add', '1', '2'], { env: database });
    expect(stderr).toContain(NAMELESS);
    expect(code).toBe(2);
  });
});

describe('a Temporal that cannot be', () => {
  it('is told by its address, wherever that was written', async () => {
    const app = folders.make(named);
    const tell = async (...args: string[]) => told(await cli(['--app', app, ...args]));
    const such = (from: string, value: string, why = ''): string =>
      `moontide: ${from} must be a Temporal address such as 'localhost:7233', got '${value}'${why}`;
    const PORT = ': a port is a number from 1 to 65535';
    expect(await tell('run', '--address', '127.0.0.1:99999')).toEqual([
      2,
      such('--address', '127.0.0.1:99999', PORT),
    ]);
    expect(await tell('send', 'x', 't', '--address', 'http://x')).toEqual([2, such('--address', 'http://x')]);
    expect(told(await cli(['--app', app, 'run'], { env: { TEMPORAL_ADDRESS: 'x:0' } }))).toEqual([
      2,
      such('TEMPORAL_ADDRESS', 'x:0', PORT),
    ]);
    const [code, line] = await tell('start', 'app:wait', '--address', 'no-such-host.invalid:7233');
    expect(code).toBe(3);
    expect(line).toContain("the host name 'no-such-host.invalid' cannot be found");
  });

  it('is not looked for elsewhere when the CLI that is named is none', async () => {
    const app = folders.make(named);
    const env = { MOONTIDE_TEMPORAL_BIN: '/no/such/temporal' };
    const { code, stderr } = await cli(['--app', app, 'run'], { env });
    expect([code, stderr.trim().split('\n').at(-1)]).toEqual([
      3,
      "moontide: MOONTIDE_TEMPORAL_BIN cannot be used: '/no/such/temporal' does not exist; set it to the path of the Temporal CLI, or unset it to have one looked for",
    ]);
  });

  it('is missed only by what needs it', async () => {
    const app = folders.make(named);
    const none =
      'moontide: no Temporal is named and the embedded server is switched off; set TEMPORAL_ADDRESS or --address';
    const tell = async (...args: string[]) => told(await cli(['--app', app, '--no-embedded', ...args]));
    expect((await tell('call', 'app:add', '1', '2'))[0]).toBe(0);
    expect(await tell('call', 'app:add', '1', '2', '--durable')).toEqual([3, none]);
    expect(await tell('run')).toEqual([3, none]);
    expect(await tell('start', 'app:wait')).toEqual([3, none]);
  });
});

describe('a workflow id', () => {
  it('that Temporal cannot have is refused before anything is asked', async () => {
    const app = folders.make(named);
    const tell = async (...args: string[]) => told(await cli(['--app', app, ...args]));
    const long = 'ü'.repeat(501);
    expect(await tell('start', 'app:wait', '--id', long)).toEqual([
      2,
      'moontide: --id has 1002 bytes; a workflow id has at most 1000',
    ]);
    expect(await tell('send', '', 'topic')).toEqual([
      2,
      'moontide: the workflow id is empty; a workflow id has at least one character',
    ]);
  });

  it('of a run of another type, and what is not there, are named', { timeout: 60_000 }, async () => {
    const app = folders.make(named);
    const node = new CliProcess(['--app', app, '--json', 'run']);
    nodes.push(node);
    await node.until(/^\{"ready".*\}$/m);
    const tell = async (...args: string[]) => told(await cli(['--app', app, ...args]));
    expect((await tell('start', 'app:wait', '--id', 'w-1'))[0]).toBe(0);
    expect((await tell('start', 'app:wait', '--id', 'w-1'))[0]).toBe(0);
    expect(await tell('start', 'app:other', '--id', 'w-1')).toEqual([
      2,
      "moontide: 'w-1' is the id of a running 'app:wait', not of a 'app:other'; choose another --id",
    ]);
    const [code, line] = await tell('send', 'nobody', 'topic');
    expect(code).toBe(1);
    expect(line).toMatch(/^error: NotFound: .*nobody/);
    expect(await tell('send', 'w-1', '')).toEqual([
      2,
      'moontide: the topic is empty; give the name under which the workflow takes the message',
    ]);
    const [refused, why] = await tell('send', 'w-1', 't'.repeat(2000));
    expect(refused).toBe(2);
    expect(why).toMatch(/^error: Invalid: Temporal refused the call: /);
    const [missing, wrong] = await tell('--namespace', 'nowhere-at-all', '--address', addressOf(node), 'run');
    expect(missing).toBe(3);
    expect(wrong).toContain("has no namespace 'nowhere-at-all'");
    while ((await tell('send', 'w-1', 'end'))[0] === 0); // the first of them ends it
    const ended = async (...args: string[]) => {
      const [code, line] = await tell(...args, 'w-1', 'again');
      expect(code).toBe(1);
      expect(line).toMatch(
        /^error: NotFound: the workflow 'w-1' has ended \(failed at 20[-\d]+T[:.\d]+Z\); what has ended takes nothing any more$/,
      );
    };
    await ended('send');
    await ended('update');
  });
});

const addressOf = (node: CliProcess): string =>
  /"address":"([^"]+)"/.exec(node.stdout)?.[1] ?? 'no address was said';

describe('a registry file that is none', () => {
  it('is named, kept as it is, and nothing starts', async () => {
    const app = folders.make(named);
    mkdirSync(join(app, '.moontide'));
    const file = join(app, '.moontide/registry.db');
    writeFileSync(file, 'not a database, whatever its name says');
    for (const command of [['call', 'app:add', '1', '2'], ['run']]) {
      const { code, stderr } = await cli(['--app', app, ...command]);
      expect(stderr).toContain(`the registry's file '${file}' cannot be read (file is not a database)`);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(code).toBe(3);
    }
  });

  it('is told when a folder has its name', async () => {
    const app = folders.make({ ...named, '.moontide/registry.db/x': '' });
    const [code, line] = told(await cli(['--app', app, 'call', 'app:add', '1', '2']));
    expect(code).toBe(3);
    expect(line).toContain(
      `the registry's file '${join(app, '.moontide/registry.db')}' cannot be used (no such place, or no permission)`,
    );
  });
});

describe('a registry.path that cannot be a file', () => {
  it('is told at its place in moontide.yaml, and nothing starts', async () => {
    const tell = async (path: string) => {
      const app = folders.make({ ...FILES, 'moontide.yaml': `name: inputs\nregistry:\n  path: ${path}\n` });
      const { code, stderr } = await cli(['--app', app, 'call', 'app:add', '1', '2']);
      return [code, stderr.split('\n')[0]?.replaceAll(app, '.')];
    };
    const such = (path: string, why: string): string =>
      `moontide.yaml:3:9: 'registry.path' is '${path}', ${why}`;
    expect(await tell('src')).toEqual([
      2,
      such('src', 'which is a folder; name a file in a folder that is there'),
    ]);
    expect(await tell('src/add.lua/registry.db')).toEqual([
      2,
      such('src/add.lua/registry.db', "and './src/add.lua' is a file; name a file in a folder that is there"),
    ]);
    expect(await tell('src/add.lua/data/registry.db')).toEqual([
      2,
      such(
        'src/add.lua/data/registry.db',
        "and './src/add.lua' is a file; name a file in a folder that is there",
      ),
    ]);
    expect(await tell('data/registry.db')).toEqual([
      2,
      such('data/registry.db', "and there is no folder './data'; create it"),
    ]);
    expect(await tell('/dev/null')).toEqual([
      2,
      such('/dev/null', 'which is not a regular file; name a file in a folder that is there'),
    ]);
  });

  it.skipIf(process.getuid?.() === 0)('is told when it cannot be written', async () => {
    const app = folders.make({
      ...named,
      'moontide.yaml': 'name: inputs\nregistry: { path: own.db }\n',
      'own.db': '',
    });
    chmodSync(join(app, 'own.db'), 0o400);
    const [code, line] = told(await cli(['--app', app, 'call', 'app:add', '1', '2']));
    expect([code, line]).toEqual([
      2,
      "moontide.yaml:2:19: 'registry.path' is 'own.db', which cannot be written; check the permissions of the file and of its folder",
    ]);
  });
});

it('`--json --version` is JSON too', async () => {
  const { stdout } = await cli(['--json', '--version']);
  expect(JSON.parse(stdout)).toEqual({ version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string });
});

describe('a workflow with `meta.type: test`', () => {
  it(
    'is run as a workflow by `moontide test`, and judged by what it returns',
    { timeout: 60_000 },
    async () => {
      const entry = (name: string, more = ''): string =>
        `  - { name: ${name}, kind: workflow.lua, source: file://${name}.lua, modules: [time], meta: { type: test${more} } }\n`;
      const app = folders.make({
        'moontide.yaml': 'name: flows\n',
        'src/_index.yaml': `version: "1.0"\nnamespace: app\nentries:\n${entry('good')}${entry('bad')}${entry('slow', ', timeout: 500ms')}`,
        'src/good.lua': 'return function() time.sleep("20ms") return true end',
        'src/bad.lua': 'return function() return nil, "it is wrong" end',
        'src/slow.lua': 'return function() time.sleep("1h") end',
      });
      const { code, stdout, stderr } = await cli(['--app', app, '--json', 'test']);
      const results = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { id: string; status: string; error?: { message: string } });
      expect(
        results.map(({ id, status }) => [id, status]),
        stderr,
      ).toEqual([
        ['app:bad', 'failed'],
        ['app:good', 'passed'],
        ['app:slow', 'failed'],
      ]);
      expect(results[0]?.error?.message).toBe('it is wrong');
      expect(results[2]?.error).toMatchObject({ kind: 'Timeout' });
      expect(code).toBe(1);
    },
  );
});
