// Instances share nothing, and Lua has no way out.
import { expect, it } from 'vitest';
import { LuaFloat } from '../../src/core/data.js';
import { createInstance } from '../../src/lua/instance/instance.js';
import { moduleLookup } from '../../src/lua/instance/modules.js';
import { openLua, programOf, standardGlobals, testHost } from '../support/instance.js';
import { onEachEngine } from './engines.js';
import { probeSpec } from './probe.js';

onEachEngine('isolation', (engine) => {
  const options = { engine, modules: [probeSpec] };

  it('keeps two interleaved instances of one loaded program apart', () => {
    const text = `
      local id = ...
      counter = (counter or 0) + 1
      pcall(function() string.mark = id end)
      pcall(function() getmetatable("").__index.own = id end)
      pcall(function() probe.mark = id end)
      local lib_state = lib
      lib_state.id = id
      math.randomseed(id)
      local name = tostring({})
      probe.ask(1)
      local draw = math.random(1000000)
      probe.ask(2)
      return {counter, string.mark or id, ("").own or id, probe.mark or id, lib.id, name}, draw`;
    const compiled = engine.compile(
      programOf(text, { modules: [probeSpec], libraries: { lib: 'return {}' } }),
    );
    if (!compiled.ok) throw new Error('does not compile');
    const loaded = engine.load(compiled.artifact);
    const lookup = moduleLookup([probeSpec], standardGlobals);
    const make = (): ReturnType<typeof createInstance> => createInstance(loaded, testHost([], []), lookup);
    const [a, b] = [make(), make()];
    a.start([1]);
    b.start([2]);
    b.answer(1, { ok: true, value: null });
    a.answer(1, { ok: true, value: null });
    const first = a.answer(2, { ok: true, value: null }).outcome;
    const second = b.answer(2, { ok: true, value: null }).outcome;
    if (first?.ok !== true || second?.ok !== true) throw new Error('did not end well');
    const name = expect.stringMatching(/^table: 0x/) as string;
    // Libraries may be read-only; if they are not, what one instance writes is its own.
    expect(first.values[0]).toEqual([1, 1, 1, 1, 1, name]);
    expect(second.values[0]).toEqual([1, 2, 2, 2, 2, name]);
    expect(first.values[1]).not.toEqual(second.values[1]);
    const alone = make();
    alone.start([1]);
    alone.answer(1, { ok: true, value: null });
    expect(alone.answer(2, { ok: true, value: null }).outcome).toEqual(first);
  });

  it('gives each instance globals of its own, to change, delete and traverse', () => {
    const text = `
      local before = print
      print, extra, type = 'mine', 'new', nil
      local seen, count = {}, 0
      for name, value in pairs(_G) do
        assert(_G[name] == value and rawget(_G, name) == value)
        seen[name], count = value, count + 1
      end
      assert(seen.print == 'mine' and seen.extra == 'new' and seen.type == nil and seen._G == _G)
      assert(seen.math == math and seen.probe == probe and seen.require == require)
      local name, again = next(_G), 0
      while name do assert(seen[name] ~= nil) again, name = again + 1, next(_G, name) end
      assert(again == count and type == nil)
      _G.type, _G.math = 'back', nil
      local rest = 0
      for _ in pairs(_G) do rest = rest + 1 end
      assert(rest == count and type == 'back' and rawget(_G, 'math') == nil)
      return before ~= nil and print`;
    expect(openLua(text, options).values).toEqual(['mine']);
    expect(openLua('return {type(print), type(math), extra == nil}', options).values).toEqual([
      ['function', 'table', true],
    ]);
  });

  it('has names of tables and functions that repeat', () => {
    const once = (): unknown =>
      openLua(
        'local f = function() end return {tostring({}), tostring(f), tostring(print), tostring(coroutine.create(f))}',
        options,
      ).values;
    expect(once()).toEqual(once());
    const [[table]] = openLua('return {tostring({})}', options).values as [[string]];
    expect(table).toMatch(/^table: 0x[0-9a-f]+$/);
  });

  it.each([
    'load',
    'loadstring',
    'loadfile',
    'dofile',
    'debug',
    'package',
    'io',
    'collectgarbage',
    'module',
    'setfenv',
    'js',
    'fengari',
    'globalThis',
    'os.execute',
    'os.exit',
    'os.remove',
    'os.getenv',
    'os.tmpname',
  ])('does not offer %s', (name) => {
    expect(openLua(`return ${name}`, options).values).toEqual([null]);
  });

  it('shows metatables of userdata only by name', () => {
    expect(
      openLua(
        'local b = probe.box(1) return {getmetatable(b), pcall(setmetatable, b, {}) == false, rawequal(b, b), pcall(function() b.x = 1 end)}',
        options,
      ).values,
    ).toEqual([['box', true, true, false, expect.stringMatching(/attempt to index a (userdata|box) value/)]]);
  });

  it('prints whole lines to the host, with tostring of each value', () => {
    const session = openLua(
      'print("a", 1, 2.0, nil, true, setmetatable({}, {__tostring = function() return "T" end})) print() print("x\\ty")',
      options,
    );
    expect(session.printed).toEqual(['a\t1\t2.0\tnil\ttrue\tT', '', 'x\ty']);
  });

  it('draws random numbers from the host until it is seeded, then from the seed', () => {
    const draws = `local t = {} for i = 1, 5 do t[i] = math.random(100) end t[6] = math.random() return t`;
    const host = openLua(draws, options).values[0] as number[];
    expect(openLua(draws, options).values[0]).toEqual(host);
    expect(openLua(draws, { ...options, host: { random: () => 0 } }).values[0]).toEqual([
      1,
      1,
      1,
      1,
      1,
      new LuaFloat(0),
    ]);
    const seeded = (seed: string): unknown => openLua(`math.randomseed(${seed}) ${draws}`, options).values[0];
    expect(seeded('42')).toEqual(seeded('42'));
    expect(seeded('42')).not.toEqual(seeded('43'));
    expect(
      openLua(
        `math.randomseed(7) local low, high = 10, 0
         for i = 1, 2000 do local r = math.random(10) low = math.min(low, r) high = math.max(high, r) end
         return {low, high, pcall(math.random, 2, 1)}`,
        options,
      ).values[0],
    ).toEqual([1, 10, false, expect.stringContaining('interval is empty')]);
  });

  it('has what Lua 5.1 had and applications use', () => {
    expect(
      openLua(
        'return {unpack({1, 2, 3})}, {math.pow(2, 10), math.log10(1000), math.atan2(0, 1), math.sinh(0), math.cosh(0), math.tanh(0)}',
        options,
      ).values,
    ).toMatchObject([
      [1, 2, 3],
      [{ n: 1024 }, expect.anything(), { n: 0 }, { n: 0 }, { n: 1 }, { n: 0 }],
    ]);
  });

  it('iterates tables in the order in which keys came', () => {
    expect(
      openLua(
        `local t, order = {}, {}
         for _, k in ipairs{"z", "b", "q", "a"} do t[k] = true end
         t.b = nil t.n = true
         for k in pairs(t) do order[#order + 1] = k end
         return order`,
        options,
      ).values,
    ).toEqual([['z', 'q', 'a', 'n']]);
  });

  it('reads machine limits as errors that Lua can catch', () => {
    const session = openLua(
      `local function deep(n) return 1 + deep(n + 1) end
       local ok, err = pcall(deep, 1)
       local function nest(n) return pcall(nest, n + 1) end
       nest(1)
       return ok, {err}`,
      options,
    );
    expect(session.values).toEqual([false, [expect.stringMatching(/stack overflow/)]]);
  });
});
