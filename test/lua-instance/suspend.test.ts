// A host call may wait at any depth: whoever is around it neither notices nor is in the way.
import { expect, it } from 'vitest';
import type { Data } from '../../src/core/data.js';
import { CommandFailure, openLua, runLua } from '../support/instance.js';
import type { LuaRun } from '../support/instance.js';
import { onEachEngine } from './engines.js';
import { probeSpec } from './probe.js';

onEachEngine('waiting for the host', (engine) => {
  /** Answers every question with its first argument, doubled. */
  const run = (text: string, args: readonly Data[] = []): Promise<LuaRun> =>
    runLua(text, {
      engine,
      args,
      modules: [probeSpec],
      answers: {
        'probe.ask': ({ args }) => {
          const [x] = args as Data[];
          if (x === 'fail') throw new CommandFailure('NotFound', 'nothing there');
          return typeof x === 'number' ? x * 2 : (x ?? null);
        },
      },
    });

  it.each([
    ['the top of main', 'return probe.ask(21)'],
    [
      'a nested call',
      'local function f(n) if n == 0 then return probe.ask(21) end local r = f(n - 1) return r end return f(50)',
    ],
    [
      'a tail call',
      'local function f(n) if n == 0 then return probe.ask(21) end return f(n - 1) end return f(500)',
    ],
    ['pcall', 'local ok, r = pcall(probe.ask, 21) return ok and r'],
    [
      'nested pcalls',
      'local ok, a, r = pcall(pcall, function() return probe.ask(21) end) return ok and a and r',
    ],
    ['xpcall', 'local ok, r = xpcall(function(x) return probe.ask(x) end, print, 21) return ok and r'],
    ['a method', 'local o = {n = 21} function o:get() return probe.ask(self.n) end return o:get()'],
    [
      '__index',
      'local t = setmetatable({}, {__index = function(_, k) return probe.ask(k) end}) return t[21]',
    ],
    [
      '__newindex',
      'local got local t = setmetatable({}, {__newindex = function(_, k, v) got = probe.ask(v) end}) t.x = 21 return got',
    ],
    ['__call', 'local t = setmetatable({}, {__call = function(_, x) return probe.ask(x) end}) return t(21)'],
    ['__add', 'local m = {__add = function(a, b) return probe.ask(b) end} return setmetatable({}, m) + 21'],
    [
      '__concat',
      'local m = {__concat = function(a, b) return probe.ask(21) end} return setmetatable({}, m) .. "x"',
    ],
    ['__unm', 'local m = {__unm = function() return probe.ask(21) end} return -setmetatable({}, m)'],
    ['__len', 'local m = {__len = function() return probe.ask(21) end} return #setmetatable({}, m)'],
    [
      '__eq',
      'local m = {__eq = function() return probe.ask(21) == 42 end} local r = setmetatable({}, m) == setmetatable({}, m) return r and 42',
    ],
    [
      '__lt',
      'local m = {__lt = function() return probe.ask(21) == 42 end} local r = setmetatable({}, m) < setmetatable({}, m) return r and 42',
    ],
    [
      '__le',
      'local m = {__le = function() return probe.ask(21) == 42 end} if setmetatable({}, m) <= setmetatable({}, m) then return 42 end',
    ],
    [
      '__tostring',
      'return tonumber(tostring(setmetatable({}, {__tostring = function() return "" .. probe.ask(21) end})))',
    ],
    [
      '__pairs',
      'local t = setmetatable({}, {__pairs = function() local r = probe.ask(21) return next, {[r] = true} end}) for k in pairs(t) do return k end',
    ],
    [
      'an iterator',
      'local sum = 0 for i in function(_, i) i = (i or 0) + 1 if i <= 6 then probe.ask(i) return i end end do sum = sum + probe.ask(i) end return sum',
    ],
    [
      'an argument of another call',
      'local function add(a, b, c) return a + b + c end return add(probe.ask(1), probe.ask(10), probe.ask(10))',
    ],
    [
      'a table constructor',
      'local t = {probe.ask(1), x = probe.ask(10), probe.ask(10)} return t[1] + t.x + t[2]',
    ],
    [
      'varargs',
      'local function f(...) local r = probe.ask(21) return select("#", ...) == 3 and select(2, ...) == nil and r end return f(1, nil, 3)',
    ],
    ['a loop', 'local sum = 0 for i = 1, 6 do sum = sum + probe.ask(i) end return sum'],
    [
      'a coroutine',
      'local co = coroutine.create(function() return probe.ask(21) end) local ok, r = coroutine.resume(co) return ok and r',
    ],
    ['wrap', 'return coroutine.wrap(function() return probe.ask(21) end)()'],
    [
      'a coroutine in a coroutine',
      'return coroutine.wrap(function() return coroutine.wrap(function() return pcall(probe.ask, 21) end)() end)()',
      [true, 42],
    ],
    ['a method of a userdata', 'return probe.box(21):ask()'],
    [
      'a callback of a host function',
      'local t = probe.map({1, 20}, function(x) return probe.ask(x) end) return t[1] + t[2]',
    ],
    ['a host function that asks twice', 'local a, b = probe.twice() return a + b * 10', [42]],
  ] as const)('works inside %s', async (_where, text, expected: readonly Data[] = [42]) => {
    expect((await run(text)).outcome).toEqual({ ok: true, values: expected });
  });

  it('keeps waiting for the host and yielding to the caller apart', async () => {
    const { outcome } = await run(`
      local seen = {}
      local co = coroutine.wrap(function(a)
        seen[#seen + 1] = a
        local x = probe.ask(1)
        local b = coroutine.yield(x)
        seen[#seen + 1] = b
        local y = probe.ask(2)
        return coroutine.yield(y), probe.ask(3)
      end)
      local results = {co("first"), co("second"), co("third")}
      return seen, results`);
    expect(outcome).toEqual({
      ok: true,
      values: [
        ['first', 'second'],
        [2, 4, 'third', 6],
      ],
    });
  });

  it('lets a generator that waits be iterated', async () => {
    const { values } = await run(`
      local function each(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(probe.ask(i)) end end) end
      local all = {}
      for x in each(4) do all[#all + 1] = x end
      return all`);
    expect(values).toEqual([[2, 4, 6, 8]]);
  });

  it('raises an error where the call waited, through pcall, coroutines and metamethods', async () => {
    const { values } = await run(`
      local ok1, e1 = pcall(probe.must, "fail")
      local ok2, e2 = pcall(function() return setmetatable({}, {__index = function() return probe.must("fail") end}).x end)
      local ok3, e3 = coroutine.resume(coroutine.create(function() probe.must("fail") end))
      local value, e4 = probe.ask("fail")
      local ok5, again = pcall(function()
        local ok, e = pcall(probe.must, "fail")
        probe.ask(1)
        error(e)
      end)
      return {ok1, ok2, ok3, value == nil, ok5}, {e1:kind(), e2:kind(), e3:message(), e4:kind(), again:kind()}`);
    expect(values).toEqual([
      [false, false, false, true, false],
      ['NotFound', 'NotFound', 'nothing there', 'NotFound', 'NotFound'],
    ]);
  });

  it('goes on after an error in what followed a wait', async () => {
    const { values } = await run(`
      local log = {}
      local ok, err = pcall(function()
        log[#log + 1] = probe.ask(1)
        local nothing
        log[#log + 1] = nothing.field
      end)
      log[#log + 1] = probe.ask(2)
      return log, ok, err`);
    expect(values).toEqual([
      [2, 4],
      false,
      expect.stringMatching(/^main[.]lua:6: attempt to index a nil value/),
    ]);
  });

  it('refuses to wait where Lua cannot be left, and says so', async () => {
    const { values } = await run(`
      local ok1, e1 = pcall(table.sort, {3, 2, 1}, function(a, b) probe.ask(1) return a < b end)
      local ok2, e2 = pcall(string.gsub, "abc", ".", function() return probe.ask("x") end)
      local ok3, e3 = pcall(table.sort, {2, 1}, coroutine.wrap(function(a, b) probe.ask(1) return a < b end))
      return {ok1, e1, ok2, e2, ok3, e3}, {probe.ask(21)}`);
    const [refused, after] = values as [Data[], Data];
    for (const index of [0, 2, 4]) expect(refused[index]).toBe(false);
    for (const index of [1, 3, 5]) expect(refused[index]).toMatch(/attempt to yield across/);
    expect(after).toEqual([42]);
  });

  it('calls Lua from the host with errors passed on or caught', async () => {
    const { values } = await run(`
      local ok, err = pcall(probe.map, {1}, function() error("broken", 0) end)
      local a, b = probe.try(function(x) return x, probe.ask(4) end)
      local none, caught = probe.try(function() probe.ask(1) error({code = 7}) end)
      return {ok, err}, {a, b}, {none == nil, caught.code}`);
    expect(values).toEqual([
      [false, 'broken'],
      ['tried', 8],
      [true, 7],
    ]);
  });

  it('calls Lua from the host thousands of times in one call', async () => {
    const { values } = await run(`
      local items, sum = {}, 0
      for i = 1, 20000 do items[i] = i end
      local results = probe.map(items, function(x) if x % 10000 == 0 then return probe.ask(x) end return x end)
      return {#results, results[1], results[20000]}`);
    expect(values).toEqual([[20000, 1, 40000]]);
  });

  it('can call Lua from the host inside a comparator, where nothing may wait', async () => {
    const { values } = await run(`
      local t = {3, 1, 2}
      table.sort(t, function(a, b) return probe.map({a - b}, function(d) return d < 0 end)[1] end)
      return t`);
    expect(values).toEqual([[1, 2, 3]]);
  });

  it('tells where every coroutine waits, with the frames of the coroutines inside', () => {
    const session = openLua(
      `coroutine.spawn(function() probe.pause() end)
       local function inner() return probe.ask(1) end
       local co = coroutine.wrap(function() local r = inner() return r end)
       local r = co()
       return r`,
      { engine, modules: [probeSpec] },
    );
    const states = session.instance.coroutines();
    expect(states.map(({ name, waits }) => `${name}: ${waits}`)).toEqual([
      'main: probe.ask',
      'coroutine 1: pause',
    ]);
    const frames = states[0]!.frames.map(({ chunk, line }) => `${chunk}:${line}`);
    expect(frames.slice(0, 3)).toEqual(['main.lua:2', 'main.lua:3', 'main.lua:4']);
    session.answer('probe.ask', 5);
    expect(session.values).toEqual([5]);
  });

  it('has a coroutine that waits for the host belong to nobody else', () => {
    const session = openLua(
      `local co = coroutine.create(function() return probe.ask(1) end)
       local seen
       coroutine.spawn(function()
         local ok, err = coroutine.resume(co)
         seen = {coroutine.status(co), ok, err}
       end)
       local ok, r = coroutine.resume(co)
       return seen, {ok, r, coroutine.status(co)}`,
      { engine, modules: [probeSpec] },
    );
    session.answer('probe.ask', 9);
    expect(session.values).toEqual([
      ['normal', false, 'cannot resume non-suspended coroutine'],
      [true, 9, 'dead'],
    ]);
  });

  it('has nobody to yield to at the top of main and of spawned functions', async () => {
    const { values } = await run(`
      local ok, err = pcall(coroutine.yield, 1)
      local _, main = coroutine.running()
      local inside = coroutine.wrap(function() return coroutine.isyieldable(), select(2, coroutine.running()) end)
      return {ok, err, coroutine.isyieldable(), main}, {inside()}`);
    expect(values).toEqual([
      [false, 'attempt to yield from outside a coroutine', false, true],
      [true, false],
    ]);
  });

  it('does not let pcall see a bug of the host', () => {
    const start = (): unknown =>
      openLua('pcall(function() pcall(probe.bug) end) return "survived"', { engine, modules: [probeSpec] });
    expect(start).toThrow(new TypeError('a bug of the host'));
    const inCoroutine = (): unknown =>
      openLua('coroutine.resume(coroutine.create(function() probe.bug() end)) return "survived"', {
        engine,
        modules: [probeSpec],
      });
    expect(inCoroutine).toThrow(new TypeError('a bug of the host'));
  });
});
