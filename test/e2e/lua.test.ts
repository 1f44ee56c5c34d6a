// `moontide lua`: files with the plain standard library, and lines as people type them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
});
