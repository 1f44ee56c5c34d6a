// The command line on apps that need no Temporal. Each command is a process that boots: what one can show is in one.
import { existsSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliProcess, TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
let app = '';

beforeAll(async () => {
  await buildOnce();
  app = folders.make({
    'src/_index.yaml': `
version: "1.0"
namespace: app
entries:
  - { name: add, kind: function.lua, source: file://add.lua, method: add }
  - { name: fail, kind: function.lua, source: file://add.lua, method: fail }
  - { name: sleep, kind: function.lua, source: file://add.lua, method: sleep, modules: [time] }
  - { name: nest, kind: function.lua, source: file://add.lua, method: nest, modules: [funcs] }
  - { name: ask, kind: function.lua, source: file://add.lua, method: ask, modules: [io, system] }
  - { name: shop, kind: registry.entry, meta: { title: A shop } }
`,
    'src/add.lua': `
local M = {}
function M.add(a, b) print("adding") return a + b end
function M.fail(kind) return nil, errors.new({ kind = kind, message = "no luck", details = { n = 1 } }) end
function M.sleep() require("time").sleep("10s") end
function M.ask()
  local io = require("io")
  io.write("Name: ")
  io.print(io.readline(), #io.read(), table.concat(io.args(), "|"))
  io.eprint("leaving")
  require("system").exit(7)
  return "not printed"
end
function M.nest(depth)
  if depth == 0 then return "bottom" end
  return require("funcs").call("app:nest", depth - 1)
end
return M
`,
  });
});
afterAll(() => folders.clean());

const run = (...args: string[]) => cli(['--app', app, ...args]);

describe('moontide call', () => {
  it('prints the result as JSON and what the function prints', async () => {
    const { code, stdout } = await run('call', 'app:add', '2', '3.5');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'adding\n5.5\n' });
  });
  it('keeps stdout to one JSON document with --json', async () => {
    const { code, stdout, stderr } = await run('--json', 'call', 'app:add', '20', '22');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '42\n' });
    expect(stderr).toContain('adding');
  });
  it('fails with the error that the function returned, exit code 1', async () => {
    const { code, stdout, stderr } = await run('--json', 'call', 'app:fail', '"Conflict"');
    expect(code).toBe(1);
    expect(stderr).toContain('error: Conflict: no luck\ndetails: {"n":1}');
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      error: { kind: 'Conflict', message: 'no luck', details: { n: 1 } },
    });
  });
  it('gives the function its terminal, and ends with the code that it asks for', async () => {
    const input = 'Ann\nmore';
    const { code, stdout, stderr } = await cli(['--app', app, 'call', 'app:ask', '"a b"', '2'], { input });
    expect({ code, stdout, stderr }).toEqual({
      code: 7,
      stdout: 'Name: Ann\t4\t"a b"|2\n',
      stderr: 'leaving\n',
    });
    const json = await cli(['--app', app, '--json', 'call', 'app:ask'], { input });
    expect(json).toMatchObject({ code: 7, stdout: '', stderr: 'Name: Ann\t4\t\nleaving\n' });
  });
  it('ends a function that takes too long', async () => {
    const { code, stderr } = await run('call', 'app:sleep', '--timeout', '50ms');
    expect(code).toBe(1);
    expect(stderr).toContain("error: Timeout: 'app:sleep' did not end within 50 ms");
  });
  it('calls functions from functions, as deep as they go', async () => {
    expect((await run('call', 'app:nest', '40')).stdout).toBe('"bottom"\n');
    const endless = await run('call', 'app:nest', '100000');
    expect(endless.code).toBe(1);
    expect(endless.stderr).toContain('calls deep');
  });
  it('names the argument that is not JSON, and its position', async () => {
    const told = async (argument: string): Promise<string> => {
      const { code, stderr } = await run('call', 'app:add', '1', argument);
      expect(code).toBe(2);
      return stderr.trim();
    };
    expect(await told('two')).toBe(
      `moontide: argument 2 (two): invalid JSON at 1:1: expected a value, found 't'; a text is written '"two"', quotes and all`,
    );
    expect(await told('{"a":1,"a":2}')).toBe(
      `moontide: argument 2 ({"a":1,"a":2}): invalid JSON at 1:8: the key 'a' is given twice; remove one`,
    );
    expect(await told(' ')).toBe(
      `moontide: argument 2 is empty; give one JSON value, '""' for an empty text`,
    );
  });
  it('takes integers of 64 bits as they are', async () => {
    expect((await run('call', 'app:add', '9223372036854775800', '7')).stdout).toBe(
      'adding\n9223372036854775807\n',
    );
  });
  it('names the nearest entry, and says what an entry of another kind is', async () => {
    const near = await run('call', 'app:ad');
    expect(near).toMatchObject({
      code: 2,
      stderr: "moontide: there is no entry 'app:ad'; did you mean 'app:add'?\n",
    });
    const other = await run('call', 'app:shop');
    expect(other).toMatchObject({
      code: 2,
      stderr: "moontide: 'app:shop' is a registry.entry; only a function.lua can be called\n",
    });
  });
});

describe('moontide run', () => {
  it('is ready without Temporal when nothing needs it, prints its boot with --explain-boot, and stops in order on SIGINT', async () => {
    const node = new CliProcess(['--app', app, 'run', '--explain-boot']);
    await node.until(/^ready: .*without Temporal, 0 workflows, 5 functions/m);
    node.signal('SIGINT');
    const { code, stdout } = await node.ended;
    expect(code).toBe(0);
    expect(existsSync(join(app, '.moontide/temporal.json'))).toBe(false);
    const table = stdout
      .split('\n')
      .filter((line) => /^ +\d/.test(line))
      .map((line) => line.trim().split(/\s+/).slice(0, 2).join(' '));
    expect(table).toEqual([
      '0 pids',
      '1 dispatcher',
      '2 registry',
      '3 finder',
      '3 relay',
      '3 supervisor-client',
      '4 topology',
      '5 lifecycle',
      '6 factory',
      '7 control',
      '7 functions',
      '7 processes',
    ]);
  });
  it('gives the boot levels as data with --explain-boot and --json', async () => {
    const node = new CliProcess(['--app', app, '--json', 'run', '--explain-boot']);
    const [ready] = await node.until(/^\{"ready".*$/m);
    const { boot } = JSON.parse(ready) as {
      boot: { components: { level: number; name: string; start_ms: number }[]; phases: { name: string }[] };
    };
    expect([...new Set(boot.components.map(({ level }) => level))]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(boot.components.every(({ start_ms }) => start_ms >= 0)).toBe(true);
    expect(boot.phases.map(({ name }) => name)).toEqual(['infrastructure', 'load', 'activate', 'entries']);
    node.signal('SIGTERM');
    await node.ended;
  });
  it('tells everything that is wrong with the app, starts nothing, exit code 2', async () => {
    const broken = folders.make({
      'src/_index.yaml':
        'version: "1.0"\nnamespace: app\nentries:\n  - { name: a, kind: functon.lua }\n  - { name: b, kind: workflow.lua, source: file://b.lua }\n',
      'src/b.lua': 'return = 1\n',
    });
    const { code, stderr } = await cli(['--app', broken, 'run']);
    expect(code).toBe(2);
    expect(stderr).toContain(
      "src/_index.yaml:4:22: unknown kind 'functon.lua'; did you mean 'function.lua'?",
    );
    expect(stderr).toContain('src/b.lua:1');
    expect(stderr).toContain('2 errors in the app; nothing was started');
    expect(existsSync(join(broken, '.moontide'))).toBe(false);
  });
  it('says in one line that the state cannot be kept', async () => {
    const blocked = folders.make({
      'src/_index.yaml': 'version: "1.0"\nnamespace: app\nentries:\n  - { name: a, kind: registry.entry }\n',
    });
    writeFileSync(join(blocked, '.moontide'), '');
    const { code, stderr } = await cli(['--app', blocked, 'run']);
    expect(code).toBe(3);
    expect(stderr).toMatch(
      /^moontide: cannot keep the app's state in .*: a file is in its place; remove or rename that file\n$/,
    );
  });
});

/** Whether this user may mount, which makes a folder read-only for everybody. */
const mayMount = spawnSync('unshare', ['--mount', 'true']).status === 0;

describe('an app in a folder that cannot be written to', () => {
  /** Runs a command where the app is read-only. */
  const readOnly = (app: string, ...args: string[]) => {
    const script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"';
    const command = [process.execPath, 'bin/moontide.js', '--app', app, ...args];
    const { status, stdout, stderr } = spawnSync(
      'unshare',
      ['--mount', 'sh', '-c', script, app, ...command],
      {
        env: { ...process.env, MOONTIDE_SKIP_BUILD: '1' },
        encoding: 'utf8',
      },
    );
    return { code: status, stdout, stderr };
  };
  const why = (app: string): string =>
    `cannot keep the app's state in '${join(app, '.moontide')}': the file system is read-only; run the app from a copy that can be written to\n`;

  it.skipIf(!mayMount)('can call its functions and run its tests, and is told that nothing is kept', () => {
    const app = realpathSync(
      folders.make({
        'src/_index.yaml':
          'version: "1.0"\nnamespace: app\nentries:\n  - { name: one, kind: function.lua, source: "return function() return 1 end", meta: { type: test } }\n',
      }),
    );
    const call = readOnly(app, '--json', 'call', 'app:one');
    expect(call).toMatchObject({ code: 0, stdout: '1\n' });
    expect(call.stderr).toMatch(/^\S+ WARN {2}nothing of this command is kept: /);
    expect(call.stderr.endsWith(why(app))).toBe(true);
    expect(readOnly(app, 'test')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('1 passed') as string,
    });
    expect(existsSync(join(app, '.moontide'))).toBe(false);
    for (const command of [['run'], ['call', 'app:one', '--durable']]) {
      const { code, stderr } = readOnly(app, ...command);
      expect([code, stderr.split('moontide: ').at(-1)]).toEqual([3, why(app)]);
    }
  });
});

describe('the command line', () => {
  it('answers wrong usage with exit code 2, on stdout as JSON when asked', async () => {
    const HINT = 'run `moontide --help` for the commands';
    for (const [args, message, hint = ''] of [
      [['frobnicate'], "unknown command 'frobnicate'", HINT],
      [['strat'], "unknown command 'strat'; did you mean 'start'?", HINT],
      [['help', 'strat'], "unknown command 'strat'; did you mean 'start'?"],
      [['start'], "missing required argument 'workflow'", 'run `moontide help start` for examples'],
      [['--address=', 'run'], '--address is empty; give it a value, or leave it out'],
      [
        ['call', 'app:add', '--timeout', '0s'],
        "--timeout is '0s'; give a duration above zero such as '10s', or leave it out",
      ],
    ] as const) {
      const told = `moontide: ${message}\n${hint === '' ? '' : `${hint}\n`}`;
      expect(await cli([...args])).toEqual({ code: 2, stdout: '', stderr: told });
      const { stdout } = await cli(['--json', ...args]);
      expect(JSON.parse(stdout)).toEqual({ ok: false, error: { code: 'USAGE', kind: 'Invalid', message } });
    }
  });
  it('without a command prints its help, and says with --json what is missing', async () => {
    expect(await cli([])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Usage: /) as string });
    const { code, stdout, stderr } = await cli(['--json']);
    const message = 'a command is missing; --help lists them';
    expect(JSON.parse(stdout)).toEqual({ ok: false, error: { code: 'USAGE', kind: 'Invalid', message } });
    expect(stderr).toMatch(/^Usage: moontide/);
    expect(stderr.endsWith(`\nmoontide: ${message}\n`)).toBe(true);
    expect(code).toBe(2);
  });
  it('has help that names the options of every command, as JSON when asked', async () => {
    for (const args of [
      ['help', 'call'],
      ['call', '--help'],
    ]) {
      const { stdout } = await cli(args);
      expect(stdout).toContain('--app <folder>');
      expect(JSON.parse((await cli(['--json', ...args])).stdout)).toEqual({ help: stdout.trim() });
    }
  });
  it('has help with examples for every command', async () => {
    for (const command of ['dev', 'run', 'start', 'call', 'send', 'test']) {
      const { code, stdout } = await cli(['help', command]);
      expect({ command, code, examples: /Examples:\n/.test(stdout) }).toEqual({
        command,
        code: 0,
        examples: true,
      });
    }
  });
  it('applies overrides', async () => {
    const { code, stderr } = await run('-o', 'app:add:method=nothing', 'call', 'app:add', '1', '2');
    expect(code).toBe(1);
    expect(stderr).toContain('nothing');
  });
});

describe('an extension', () => {
  it('brings kinds and modules', async () => {
    const copy = folders.copy('extension');
    const { code, stdout } = await cli(['--app', copy, 'call', 'app:hello', '"Ada"']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '"Guten Tag, Ada!"\n' });
  });
  it('brings components, which start after what they depend on and stop before it', async () => {
    const copy = folders.copy('extension');
    writeFileSync(
      join(copy, 'parts.js'),
      `import { defineComponent, keys } from 'moontide';
export const part = defineComponent({
  name: 'part',
  dependsOn: ['functions'],
  load: (app) => app.get(keys.dispatcher).add('part', { 'part.answer': () => 42 }),
  start: async (app) => {
    const outcome = await app.get(keys.functions).call({ entry: 'app:nothing', args: [] });
    console.error('start', app.get(keys.dispatcher).has('part.answer'), outcome.error.kind);
  },
  stop: () => console.error('stop'),
});`,
    );
    writeFileSync(join(copy, 'moontide.yaml'), 'name: parts\nextensions: [./greetings.js, ./parts.js]\n');
    const { code, stderr } = await cli(['--app', copy, 'call', 'app:hello']);
    expect(code).toBe(0);
    expect(stderr).toBe('start true NotFound\nstop\n');
  });
  it('that fails in stop is named with its place, after the result and beside what else failed', async () => {
    const copy = folders.copy('extension');
    writeFileSync(
      join(copy, 'parts.js'),
      `import { defineComponent } from 'moontide';
export const parts = ['one', 'two'].map((name) => defineComponent({
  name,
  dependsOn: ['functions'],
  stop: () => { throw new Error(name + ' is stuck'); },
}));`,
    );
    writeFileSync(join(copy, 'moontide.yaml'), 'name: parts\nextensions: [./greetings.js, ./parts.js]\n');
    const place = (name: string): string =>
      `moontide: component '${name}' failed to stop: ${name} is stuck\n  at Object.stop (file://./parts.js:5:23)\n`;
    const stuck = `${place('two')}${place('one')}`;
    const told = async (...args: string[]) => {
      const { code, stdout, stderr } = await cli(['--app', copy, ...args]);
      return { code, stdout, stderr: stderr.replaceAll(realpathSync(copy), '.') };
    };
    expect(await told('call', 'app:hello', '"Ada"')).toEqual({
      code: 1,
      stdout: '"Guten Tag, Ada!"\n',
      stderr: stuck,
    });
    const bad = await told('--json', 'call', 'app:nothing');
    expect(bad).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`${stuck}moontide: there is no entry 'app:nothing'`) as string,
    });
    expect(JSON.parse(bad.stdout)).toMatchObject({ ok: false, error: { code: 'ENTRY_UNKNOWN' } });
    const node = new CliProcess(['--app', copy, 'run']);
    await node.until(/ready/);
    node.signal('SIGTERM');
    const { code, stderr } = await node.ended;
    expect([code, /component 'one' failed to stop: one is stuck/.test(stderr), /bug/.test(stderr)]).toEqual([
      1,
      true,
      false,
    ]);
  });
  it('that cannot be loaded is told at its place, and so are all the others', async () => {
    const copy = folders.copy('extension');
    const write = (name: string, text: string): void => writeFileSync(join(copy, name), text);
    write('syntax.mjs', 'const a = 1;\nexport const b = = a;\n');
    write('nested.mjs', "import './lib.mjs';\n");
    write('lib.mjs', 'export const x = 1;\nexport let y = ];\n');
    write('throws.mjs', 'const read = (it) => it.name;\nexport const name =\n  read(undefined);\n');
    write('missing.mjs', "import { x } from './lib2.mjs';\n");
    write('package.mjs', "\nimport x from 'no-such-package';\n");
    write('name.mjs', "import { nowhere } from 'moontide';\n");
    write('nothing.mjs', 'export const x = 1;\n');
    write(
      'kind.mjs',
      "export const kind = { name: 'x.y', state: 'full', summary: '', schema: { properties: 5 } };\n",
    );
    write(
      'moontide.yaml',
      `name: parts
extensions:
  - ./nowhere.js
  - ./src
  - ./syntax.mjs
  - ./nested.mjs
  - ./throws.mjs
  - ./missing.mjs
  - ./package.mjs
  - ./name.mjs
  - ./nothing.mjs
  - ./kind.mjs
`,
    );
    const { code, stderr } = await cli(['--app', copy, 'call', 'app:hello']);
    expect(stderr.replaceAll(copy, '.').trim().split('\n')).toEqual([
      "moontide.yaml:3:5: extension './nowhere.js' is not a file; create it, or mend the path, which begins at the app's folder",
      "moontide.yaml:4:5: extension './src' is not a file; create it, or mend the path, which begins at the app's folder",
      "syntax.mjs:2:18: extension './syntax.mjs' cannot be loaded: SyntaxError: Unexpected token '='; mend the file",
      "lib.mjs:2:16: extension './nested.mjs' cannot be loaded: SyntaxError: Unexpected token ']'; mend the file",
      "throws.mjs:1:25: extension './throws.mjs' cannot be loaded: TypeError: Cannot read properties of undefined (reading 'name'); mend the file",
      "missing.mjs:1:22: extension './missing.mjs' cannot be loaded: Error: Cannot find module './lib2.mjs' imported from ./missing.mjs; mend the file",
      "package.mjs:2:16: extension './package.mjs' cannot be loaded: Error: Cannot find package 'no-such-package' imported from ./package.mjs; install it, or mend the import",
      "name.mjs:1:10: extension './name.mjs' cannot be loaded: SyntaxError: The requested module 'moontide' does not provide an export named 'nowhere'; mend the file",
      "moontide.yaml:11:5: extension './nothing.mjs' exports no kind, module or component; export what defineKind, defineModule or defineComponent give",
      "moontide.yaml:12:5: kind 'x.y' of extension './kind.mjs' has a schema that is none: schema/properties must be object; correct it; JSON Schema 2020-12 is taken",
      'moontide: 10 errors in the app; nothing was started',
    ]);
    expect(code).toBe(2);
  });
  it('cannot bring a module into a workflow', async () => {
    const copy = folders.copy('extension');
    writeFileSync(
      join(copy, 'src/_index.yaml'),
      'version: "1.0"\nnamespace: app\nentries:\n  - { name: w, kind: workflow.lua, source: file://hello.lua, method: main, modules: [greetings] }\n',
    );
    const { code, stderr } = await cli(['--app', copy, 'run']);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /workflow 'app:w' uses the module 'greetings', which comes from an extension; use it in a function.lua/,
    );
  });
});
