// `moontide run COMMAND` and `run -x ENTRY`: programs of the app on the terminal, and what they make of the exit code.
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
  - { name: terminal, kind: terminal.host }
  - name: greet
    kind: process.lua
    meta: { command: { name: greet, short: Greets people. } }
    source: file://programs.lua
    method: greet
    modules: [io]
  - { name: ends, kind: process.lua, source: file://programs.lua, method: ends }
  - { name: fails, kind: process.lua, source: file://programs.lua, method: fails }
  - { name: waits, kind: process.lua, source: file://programs.lua, method: waits, modules: [io] }
  - { name: second, kind: process.lua, source: file://programs.lua, method: second, modules: [io] }
  - { name: answer, kind: function.lua, source: "return { main = function() return 42 end }", method: main }
  - { name: one, kind: process.lua, meta: { command: { name: once } }, source: file://programs.lua, method: ends }
`,
    'src/programs.lua': `
local M = {}
function M.greet()
  local io = require("io")
  io.write("Name: ")
  io.print("hello " .. io.readline(), table.concat(io.args(), "|"))
  return 7
end
function M.ends(what)
  if what == "false" then return false end
  if what == "float" then return 3.0 end
  return "done"
end
function M.fails() error("it broke") end
function M.waits()
  local io = require("io")
  io.print("waits")
  local event = process.events():receive()
  io.print(event.kind)
  return 4
end
function M.second()
  local pid, problem = process.spawn("app:ends", "app:terminal")
  require("io").print(pid, problem:kind(), problem:message())
end
return M
`,
  });
});
afterAll(() => folders.clean());

const run = (...args: string[]) => cli(['--app', app, 'run', ...args]);

describe('moontide run COMMAND', { timeout: 120_000 }, () => {
  it('runs the program with the terminal, and ends with the number that it returns', async () => {
    const [greeted, json] = await Promise.all([
      cli(['--app', app, 'run', 'greet', 'a', '--', '--loud'], { input: 'Ada\n' }),
      cli(['--app', app, '--json', 'run', 'greet'], { input: 'Eve\n' }),
    ]);
    expect(greeted).toMatchObject({ code: 7, stdout: 'Name: hello Ada\ta|--loud\n', stderr: '' });
    expect(JSON.parse(json.stdout)).toEqual({ ok: false, exit_code: 7, result: 7 });
    expect(json.stderr).toContain('hello Eve');
  });

  it('ends with 1 for false and for an error, with 0 for anything else', async () => {
    const [no, float, done, failed, answer] = await Promise.all([
      run('-x', 'app:ends', 'false'),
      run('-x', 'app:ends', 'float'),
      run('-x', 'app:ends'),
      run('-x', 'app:fails'),
      run('-x', 'app:answer'),
    ]);
    expect([no.code, float.code, done.code, failed.code, answer.code]).toEqual([1, 3, 0, 1, 42]);
    expect(failed.stderr).toMatch(/^error: Internal: .*it broke/);
    expect(done.stdout).toBe('');
  });

  it('says which commands there are, and what is wrong with a name', async () => {
    const [list, unknown, host] = await Promise.all([
      run('list'),
      run('gret'),
      run('-x', 'app:ends', '--host', 'app:nowhere'),
    ]);
    expect(list.stdout).toBe('greet  Greets people.\nonce   app:one\n');
    expect([unknown.code, host.code]).toEqual([2, 2]);
    expect(unknown.stderr).toBe("moontide: the app has no command 'gret'; did you mean 'greet'?\n");
    expect(host.stderr).toContain("'app:nowhere', which is no terminal.host; there are app:terminal");
  });

  it('gives the terminal to one process at a time, and cancels it when it is interrupted', async () => {
    const waiting = new CliProcess(['--app', app, 'run', '-x', 'app:waits']);
    const second = run('-x', 'app:second');
    await waiting.until(/waits\n/);
    waiting.signal('SIGINT');
    expect(await waiting.ended).toMatchObject({ stdout: `waits\nCANCEL\n`, code: 4 });
    expect((await second).stdout).toContain('a terminal runs one at a time; wait until it ends');
  });
});
