// `moontide lua`: files with the plain standard library, and lines as people type them.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestFolders, buildOnce, cli } from './cli-process.js';
import type { CliResult } from './cli-process.js';

const folders = new TestFolders();
beforeAll(buildOnce);
afterAll(() => folders.clean());

async function lua(text: string, ...args: string[]): Promise<CliResult> {
  const folder = folders.make({ 'main.lua': text, 'lib/point.lua': 'return { x = 1, name = ... }' });
  return cli(['lua', 'main.lua', ...args], { cwd: folder });
}

describe('moontide lua', () => {
  it('leaves all words behind the file to the program, options too', async () => {
    const { stdout, code } = await lua('print(...)', '--json', '--help', '-x', '--', '--app');
    expect([stdout, code]).toEqual(['--json\t--help\t-x\t--\t--app\n', 0]);
  });

  it('runs a file with its arguments, in `...` and in arg', async () => {
    const { stdout, code } = await lua('print(select("#", ...), ..., arg[0], arg[2])', 'one', 'two');
    expect([code, stdout]).toEqual([0, '2\tone\tmain.lua\ttwo\n']);
  });

  it('has load, require, package, io, os and libraries that can be written', async () => {
    const { stdout, stderr } = await lua(`
      print(load("return 1 + ...")(41), load("x ="))
      function string.twice(s) return s .. s end
      print(("ab"):twice(), require("string") == string, package.loaded.math == math)
      print(require("lib.point").name, require("lib.point") == package.loaded["lib.point"])
      package.preload.made = function(name) return { name = name } end
      print(require("made").name, pcall(require, "nothing"))
      local file = assert(io.open("out.txt", "w")) file:write("one\\n", 2, "\\n") file:close()
      for line in io.lines("out.txt") do io.write("<", line, ">") end
      print(io.open("nowhere"))
      print(debug.getinfo(1).currentline, os.getenv("NO_COLOR"), collectgarbage("count") > 1)
      return os.exit(true)`);
    expect(stderr).toBe('');
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      '42\tnil\t[string "x ="]:1: unexpected symbol near <eof>',
      'abab\ttrue\ttrue',
      'lib.point\ttrue',
      "made\tfalse\tmodule 'nothing' not found:",
    ]);
    expect(stdout).toContain('<one><2>nil\tnowhere: No such file or directory\t2\n11\t1\ttrue\n');
  });

  it('lets a program that names debug look at itself, and change what it finds', async () => {
    const { stdout, stderr } = await lua(`
      local function f(a, b, ...)
        local c = a + b
        print(debug.getlocal(1, 3))
        print(debug.setlocal(1, 3, 99), c, debug.getlocal(1, -1))
        local i = debug.getinfo(1)
        print(i.currentline, i.linedefined, i.lastlinedefined, i.what, i.nparams, i.isvararg, i.func == f, i.nups)
        local activelines = i.activelines
        print(activelines[3], activelines[2], debug.getinfo(2).what, debug.getinfo(50), debug.getlocal(f, 2))
      end
      f(1, 2, "x")
      local u, w = 1, 2
      local function g() return u + w end
      local function h() return w end
      print(debug.getupvalue(g, 1), debug.setupvalue(g, 1, 10), g(), u)
      print(debug.upvalueid(g, 2) == debug.upvalueid(h, 1), debug.upvalueid(g, 1) == debug.upvalueid(h, 1))
      debug.upvaluejoin(g, 1, h, 1)
      print(g(), debug.getinfo(print).what, pcall(debug.upvaluejoin, print, 1, h, 1))
      local co = coroutine.create(function(p) local q = p * 2 coroutine.yield() return q end)
      coroutine.resume(co, 21)
      print(debug.getlocal(co, 1, 2), debug.setlocal(co, 1, 2, "changed"), coroutine.resume(co))
      debug.setmetatable(0, { __index = math })
      print((-4):abs(), debug.getmetatable(1).__index == math)`);
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toEqual([
      'c\t3',
      'c\t99\t(*vararg)\tx',
      '6\t2\t10\tLua\t2\ttrue\ttrue\t2',
      'true\tnil\tmain\tnil\tb',
      'u\tu\t12\t10',
      'true\tfalse',
      "4\tC\tfalse\tbad argument #2 to 'upvaluejoin' (invalid upvalue index)",
      'q\tq\ttrue\tchanged',
      '4\ttrue',
      '',
    ]);
  });

  it('calls hooks for lines, calls and returns, and counts', async () => {
    const { stdout } = await lua(`
      local seen = {}
      local function f(n)
        return n
      end
      debug.sethook(function(event, line) seen[#seen + 1] = event:sub(1, 1) .. (line or "") end, "crl")
      local x = 1
      for i = 1, 2 do
        x = f(x)
      end
      debug.sethook()
      local count = 0
      debug.sethook(function() count = count + 1 end, "", 10)
      for i = 1, 100 do local y = i end
      debug.sethook()
      print(table.concat(seen, " "), debug.gethook())
      print(count > 5 and count < 30)
      print(pcall(function()
        debug.sethook(function() error("enough") end, "", 1000)
        while true do local z = 1 end
      end))`);
    expect(stdout.split('\n')).toEqual([
      'l7 l8 l9 c l4 r l9 c l4 r l11\tnil',
      'true',
      expect.stringMatching(/^false\tmain[.]lua:\d+: enough$/),
      '',
    ]);
  });

  it('loads what string.dump gives, also in another process, and refuses what was changed', async () => {
    const { stdout, stderr } = await lua(`
      local a = 20
      local function f(x) assert(true) if x then a = x end return a end
      local dumped = string.dump(f)
      local g = load(dumped)
      print(g(), g(5), g(), f(), load(dumped, "f", "t"))
      print(select(2, load(dumped:sub(1, -2))), select(2, load((dumped:gsub("return", "Return")))))
      print(load(string.dump(function() return nothing end), "", "b", { nothing = "env" })())
      print(pcall(load(string.dump(function() error("x") end, true))))
      print(pcall(string.dump, print))
      print(load(string.dump(load("return function() return 'named' end", "=a\\nb")()))())
      io.open("f.luac", "wb"):write(string.dump(function(...) return "from a file", ... end)):close()
      print(loadfile("f.luac")(1))`);
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toEqual([
      "nil\t5\t5\t20\tnil\tattempt to load a binary chunk (mode is 't')",
      'binary string: truncated precompiled chunk\tbinary string: bad binary format (precompiled chunk was changed)',
      'env',
      'false\t?:-1: x',
      'false\tunable to dump given function',
      'named',
      'from a file\t1',
      '',
    ]);
  });

  it('clears weak tables when it collects, and between turns', async () => {
    const { stdout, stderr } = await lua(`
      local kept = {}
      local keys, values = setmetatable({}, { __mode = "k" }), setmetatable({}, { __mode = "v" })
      keys[{}], keys[kept], keys.text = 1, { kept }, {}
      values[1], values[2], values.text = {}, kept, "text"
      local own = {}
      keys[own] = { own }
      own = nil
      collectgarbage()
      local left = {}
      for key in pairs(keys) do left[#left + 1] = key == kept and "kept" or tostring(key) end
      print(table.concat(left, " "), values[1], values[2] == kept, values.text)
      local gone = setmetatable({ {} }, { __mode = "v" })
      local passes = 0
      while gone[1] do passes = passes + 1 end
      print(gone[1], passes > 0, table.sort({ 3, 1, 2 }, function(a, b) collectgarbage() return a < b end))`);
    expect(stderr).toBe('');
    expect(stdout).toBe('text kept\tnil\ttrue\ttext\nnil\ttrue\n');
  });

  it('tells an error with the stack of the program, and fails', async () => {
    const { code, stderr } = await lua(
      'local function deep() error("boom") end\nlocal function f() deep() end\nf()',
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/^moontide lua: main[.]lua:1: boom\nstack traceback:\n/);
    expect(stderr).toMatch(/\tmain[.]lua:3: in main chunk/);
    expect(stderr).not.toContain('[moontide lua]');
  });

  it('tells a syntax error and a file that is not there', async () => {
    expect(await lua('x = = 1')).toMatchObject({
      code: 1,
      stderr: "moontide lua: main.lua:1: unexpected symbol near '='\n",
    });
    const missing = await cli(['lua', 'nowhere.lua']);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain("cannot read 'nowhere.lua'");
  });

  it('writes and reads bytes as they are', async () => {
    const folder = folders.make({});
    writeFileSync(join(folder, 'bytes'), Buffer.from([0, 255, 200, 10, 65]));
    writeFileSync(join(folder, 'main.lua'), 'local s = io.open("bytes"):read("a") print(s:byte(1, -1))');
    expect((await cli(['lua', 'main.lua'], { cwd: folder })).stdout).toBe('0\t255\t200\t10\t65\n');
  });

  it('ends a program that waits for what cannot come', async () => {
    const { code, stderr } = await lua('coroutine.yield()');
    expect(code).toBe(1);
    expect(stderr).toContain('attempt to yield from outside a coroutine');
  });

  it('tells the whole stack of an error, and the text of one that has __tostring', async () => {
    const { code, stderr } = await lua(`
      local function deep(x)
        if x then error(setmetatable({}, { __tostring = function() return "told so" end })) end
        error("boom")
      end
      local function f(...) deep(...) return 1 end
      f(...)`);
    expect([code, stderr.split('\n')]).toEqual([
      1,
      [
        'moontide lua: main.lua:4: boom',
        'stack traceback:',
        "\t[C]: in function 'error'",
        "\tmain.lua:4: in function 'deep'",
        "\tmain.lua:6: in function 'f'",
        '\tmain.lua:7: in main chunk',
        '\t[C]: in ?',
        '',
      ],
    ]);
    const told = await lua('error(setmetatable({}, { __tostring = function() return "told so" end }))');
    expect([told.code, told.stderr]).toEqual([1, 'moontide lua: told so\n']);
    const silent = await lua('error({})');
    expect(silent.stderr).toMatch(/^moontide lua: [(]error object is a table value[)]\nstack traceback:\n/);
  });

  it('gives message handlers the stack of the error, in coroutines too', async () => {
    const { stdout } = await lua(`
      local function f() error("boom") end
      local function g() f() return 1 end
      print(select(2, xpcall(g, debug.traceback)))
      coroutine.wrap(function()
        print(select(2, xpcall(function() coroutine.yield() local x x() end, debug.traceback)))
      end)()
      local co = coroutine.wrap(function()
        print(select(2, xpcall(function() coroutine.yield() g() end, debug.traceback)))
      end)
      co() co()`);
    expect(stdout.split('\n')).toEqual([
      'main.lua:2: boom',
      'stack traceback:',
      "\t[C]: in function 'error'",
      "\tmain.lua:2: in function 'f'",
      "\tmain.lua:3: in function 'g'",
      "\t[C]: in function 'xpcall'",
      '\tmain.lua:4: in main chunk',
      '\t[C]: in ?',
      'main.lua:2: boom',
      'stack traceback:',
      "\t[C]: in function 'error'",
      "\tmain.lua:2: in function 'f'",
      "\tmain.lua:3: in function 'g'",
      '\tmain.lua:9: in function <main.lua:9>',
      "\t[C]: in function 'xpcall'",
      '\tmain.lua:9: in function <main.lua:8>',
      '',
    ]);
  });
});

describe('the library of programs outside of apps', () => {
  const folder = fileURLToPath(new URL('judged-lua/', import.meta.url));
  const hasJudge = spawnSync('lua5.3', ['-v']).status === 0;
  /** Some functions of the library are called by their first name here, where lua5.3 finds none at the call. */
  const comparable = (text: string): string[] => text.replace(/ to '(?:os|io)[.]/g, " to '").split('\n');

  it.runIf(hasJudge).each(readdirSync(folder))('prints what lua5.3 prints: %s', async (file) => {
    const env = { ...process.env, TZ: 'UTC', LC_ALL: 'C' };
    const args = [join(folder, file)];
    const theirs = spawnSync('lua5.3', args, { cwd: folders.make({}), env, encoding: 'latin1' });
    expect([theirs.status, theirs.stderr]).toEqual([0, '']);
    const cwd = folders.make({});
    const ours = await cli(['lua', ...args], { cwd, env: { TZ: 'UTC' } });
    expect(ours.stderr).toBe('');
    expect(comparable(ours.stdout)).toEqual(comparable(theirs.stdout));
    if (file === 'io.lua') expect(readFileSync(join(cwd, 'never'), 'latin1')).toBe('closed by exit');
  });
});
