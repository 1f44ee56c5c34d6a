// require, imports and main: each unit once, lazily, with its own names; and what programs may return.
import { expect, it } from 'vitest';
import type { Import, Program, Unit } from '../../src/core/program.js';
import { openLua } from '../support/instance.js';
import { onEachEngine } from './engines.js';
import { probeSpec } from './probe.js';

interface Files {
  readonly [id: string]: {
    readonly source: string;
    readonly imports?: Record<string, Import>;
    readonly method?: string;
  };
}
function program(files: Files, method?: string): Program {
  const units: Record<string, Unit> = {};
  for (const [id, { source, imports = {}, method: own }] of Object.entries(files))
    units[id] = {
      id,
      chunk: `${id.split(':')[1]}.lua`,
      source,
      imports,
      ...(own === undefined ? {} : { method: own }),
    };
  return { entry: 'app:main', kind: 'function.lua', units, ...(method === undefined ? {} : { method }) };
}
const unit = (id: string): Import => ({ unit: id });
const probe = { probe: { module: 'probe' } };

onEachEngine('imports', (engine) => {
  const open = (files: Files, method?: string): ReturnType<typeof openLua> =>
    openLua('', { engine, modules: [probeSpec], program: program(files, method) });

  it('runs a unit once, when it is first required, and gives the same value after', () => {
    const session = open({
      'app:main': {
        source: `print("main")
          return function()
            local a, b = require("lib"), require("again")
            return a == b, {require("lib").count}
          end`,
        imports: { lib: unit('app:lib'), again: unit('app:lib') },
      },
      'app:lib': { source: 'print("lib", ...) count = (count or 0) + 1 return {count = count}' },
    });
    expect(session.values).toEqual([true, [1]]);
    expect(session.printed).toEqual(['main', 'lib\tapp:lib']);
  });

  it('has imports and modules as globals too, loaded when they are first read', () => {
    const session = open({
      'app:main': {
        source: `return function()
            print("before")
            local value = lib.twice(4)
            return {value, probe == require("probe"), lib == require("lib"), p == probe, probe.PI}
          end`,
        imports: { lib: unit('app:lib'), p: { module: 'probe' }, ...probe },
      },
      'app:lib': { source: 'print("loaded") return {twice = function(x) return 2 * x end}' },
    });
    expect(session.values).toEqual([[8, true, true, true, 3.5]]);
    expect(session.printed).toEqual(['before', 'loaded']);
  });

  it('gives the method of a function.lua, and the whole table of a library', () => {
    const session = open({
      'app:main': {
        source: 'return function() return {add(1, 2), require("direct")(3), lib.x, require("none")} end',
        imports: {
          add: unit('app:add'),
          direct: unit('app:direct'),
          lib: unit('app:lib'),
          none: unit('app:none'),
        },
      },
      'app:add': { source: 'return {handle = function(a, b) return a + b end, other = 1}', method: 'handle' },
      'app:direct': { source: 'return function(x) return x * 10 end', method: 'handle' },
      'app:lib': { source: 'return {x = 5}' },
      'app:none': { source: 'local nothing' },
    });
    expect(session.values).toEqual([[3, 30, 5, true]]);
  });

  it('shows a unit only what it declares, and what is always there', () => {
    const session = open({
      'app:main': {
        source: `shared = "from main"
          return function()
            local seen = lib.look()
            return seen, {from_lib, _G.from_lib, _G == _G._G}
          end`,
        imports: { lib: unit('app:lib'), ...probe },
      },
      'app:lib': {
        source: `from_lib = "from lib"
          local function look()
            local ok, err = pcall(require, "probe")
            return {probe == nil, ok, err, shared, type(channel), type(string), type(process), _G.shared, _G.probe == nil}
          end
          return {look = look}`,
      },
    });
    expect(session.values).toEqual([
      [
        true,
        false,
        expect.stringMatching(/module 'probe' is not declared; add it to the entry's modules$/),
        'from main',
        'table',
        'table',
        'nil',
        'from main',
        true,
      ],
      ['from lib', 'from lib', true],
    ]);
  });

  it('requires what is always there without a declaration, and says what is not declared or not built', () => {
    const session = open({
      'app:main': {
        source: `return function()
            local _, undeclared = pcall(function() return require("http") end)
            local _, unbuilt = pcall(function() return require("excel") end)
            local _, wrong = pcall(function() return require(5) end)
            return {require("string") == string, require("channel") == channel, require("coroutine") == coroutine, http == nil},
              {undeclared, unbuilt, wrong}
          end`,
        imports: { excel: { module: 'excel' } },
      },
    });
    expect(session.values).toEqual([
      [true, true, true, true],
      [
        "app.lua:2: module 'http' is not declared; add it to the entry's modules",
        "app.lua:3: module 'excel' is declared but not built in this version",
        "app.lua:4: bad argument #1 to 'require' (string expected, got number)",
      ].map((text) => text.replace('app.lua', 'main.lua')),
    ]);
  });

  it('lets a unit wait for the host while it loads, and others wait for it', () => {
    const session = open({
      'app:main': {
        source: `return function()
            local results = channel.new(2)
            for i = 1, 2 do coroutine.spawn(function() results:send(require("slow")) end) end
            local a, b = results:receive(), results:receive()
            return a == b, {a.value}
          end`,
        imports: { slow: unit('app:slow') },
      },
      'app:slow': { source: 'print("loading") return {value = probe.ask("config")}', imports: probe },
    });
    expect(session.commands).toHaveLength(1);
    expect(session.waits()).toContain('coroutine 2 waits for import of app:slow');
    session.answer('probe.ask', 'loaded');
    expect(session.values).toEqual([true, ['loaded']]);
    expect(session.printed).toEqual(['loading']);
  });

  it('names a cycle instead of waiting for ever, also when the parts wait for the host', () => {
    const direct = open({
      'app:main': { source: 'require("a") return function() end', imports: { a: unit('app:a') } },
      'app:a': { source: 'local b = require("b")', imports: { b: unit('app:b') } },
      'app:b': { source: 'local a = require("a")', imports: { a: unit('app:a') } },
    });
    expect(direct.error?.message).toBe('b.lua:1: imports form a cycle: app:b -> app:a -> app:b');
    const waiting = open({
      'app:main': {
        source: `return function()
            local out = channel.new()
            coroutine.spawn(function() out:send({pcall(require, "a")}) end)
            coroutine.spawn(function() out:send({pcall(require, "b")}) end)
            local one = out:receive()
            local two = out:receive()
            return {one[1], two[1], one[2], two[2]}
          end`,
        imports: { a: unit('app:a'), b: unit('app:b') },
      },
      'app:a': { source: 'probe.ask(1) return require("b")', imports: { b: unit('app:b'), ...probe } },
      'app:b': { source: 'probe.ask(2) return require("a")', imports: { a: unit('app:a'), ...probe } },
    });
    waiting.answer('probe.ask', null).answer('probe.ask', null);
    expect(waiting.values).toEqual([
      [
        false,
        false,
        expect.stringContaining('imports form a cycle: app:b -> app:a -> app:b'),
        expect.stringContaining('imports form a cycle: app:b -> app:a -> app:b'),
      ],
    ]);
  });

  it('allows units that need each other only when they are called', () => {
    const session = open({
      'app:main': {
        source: 'return function() return {even.check(10), even.check(7)} end',
        imports: { even: unit('app:even') },
      },
      'app:even': {
        source:
          'return {check = function(n) if n == 0 then return true end return require("odd").check(n - 1) end}',
        imports: { odd: unit('app:odd') },
      },
      'app:odd': {
        source: 'return {check = function(n) if n == 0 then return false end return even.check(n - 1) end}',
        imports: { even: unit('app:even') },
      },
    });
    expect(session.values).toEqual([[true, false]]);
  });

  it('raises an error of a chunk where it is required, and tries again the next time', () => {
    const session = open({
      'app:main': {
        source: `return function()
            local ok, err = pcall(require, "lib")
            local again = require("lib")
            return {ok, err, again}
          end`,
        imports: { lib: unit('app:lib') },
      },
      'app:lib': {
        source: 'tries = (tries or 0) + 1\nif tries == 1 then error("not yet") end\nreturn "ready"',
      },
    });
    expect(session.values).toEqual([[false, 'lib.lua:2: not yet', 'ready']]);
  });

  it.each([
    ['return function(...) return select("#", ...) end', undefined, [3]],
    ['return {run = function(a) return a end, other = 1}', 'run', ['a']],
    ['return function(a) return a end', 'run', ['a']],
    ['local M = {} function M.run(a, b) return b end return M', 'run', [2]],
  ])('runs `%s` with method %s', (source, method, expected) => {
    const session = openLua('', {
      engine,
      args: ['a', 2, true],
      program: program({ 'app:main': { source } }, method),
    });
    expect(session.values).toEqual(expected);
  });

  it.each([
    ['return {other = 1}', 'run', "main.lua: the returned table has no function 'run'"],
    ['return 5', 'run', /returns number; return a table with the method 'run'/],
    ['return {}', undefined, /returns table and no function/],
    ['local x', undefined, /returns nil and no function/],
    ['error("while loading")', undefined, 'main.lua:1: while loading'],
  ])('says what is wrong with `%s` and method %s', (source, method, message) => {
    const session = openLua('', { engine, program: program({ 'app:main': { source } }, method) });
    expect(session.error?.message).toMatch(message);
  });
});

onEachEngine('compiling', (engine) => {
  it('tells every syntax error of every unit with its file and line', () => {
    const result = engine.compile(
      program({
        'app:main': { source: 'local x =\nreturn x' },
        'app:good': { source: 'return 1' },
        'app:bad': { source: 'local t = {1, 2\n\nreturn t' },
      }),
    );
    expect(result.ok).toBe(false);
    if (result.ok) return;
    expect(result.diagnostics.map(({ severity, place }) => [severity, place.file, place.line])).toEqual([
      ['error', 'main.lua', 2],
      ['error', 'bad.lua', 3],
    ]);
    expect(result.diagnostics[1]?.message).toBe("'}' expected (to close '{' at line 1) near 'return'");
  });

  it('gives an artifact that is text and says nothing of the sources but there', () => {
    const source = 'return function() return "caf\xc3\xa9 \\0" end';
    const compiled = engine.compile(program({ 'app:main': { source } }));
    if (!compiled.ok) throw new Error('does not compile');
    expect(compiled.artifact.engine).toBe(engine.name);
    expect(compiled.artifact.program.units['app:main']?.source).toBe('');
    expect(engine.compile(program({ 'app:main': { source } }))).toEqual(compiled);
    const travelled = JSON.parse(JSON.stringify(compiled.artifact)) as typeof compiled.artifact;
    expect(engine.load(travelled).program.entry).toBe('app:main');
  });

  it('refuses an artifact of another engine or version', () => {
    const compiled = engine.compile(program({ 'app:main': { source: 'return 1' } }));
    if (!compiled.ok) throw new Error('does not compile');
    expect(() => engine.load({ ...compiled.artifact, engineVersion: 0 })).toThrow(/compile it again/);
  });
});
