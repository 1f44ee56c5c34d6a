// What crosses a border: the same on the other side, or refused with its path.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dataObject, LuaFloat } from '../../src/core/data.js';
import type { Data, DataObject } from '../../src/core/data.js';
import { openLua } from '../support/instance.js';
import { onEachEngine } from './engines.js';
import { BoxType, probeSpec } from './probe.js';

const bytes = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
const integer = fc.oneof(fc.integer(), fc.maxSafeInteger());
/** Floats within 32 bits when integral: what every engine tells apart from integers. */
const float = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .filter((n) => !Number.isInteger(n) || Math.abs(n) < 2 ** 31 || Math.abs(n) > 2 ** 53)
  .map((n) => (Number.isInteger(n) ? new LuaFloat(n) : n));
const { data } = fc.letrec<{ data: Data; object: DataObject }>((tie) => ({
  data: fc.oneof(
    { maxDepth: 4 },
    fc.boolean(),
    integer,
    float,
    bytes,
    fc.array(tie('data'), { maxLength: 5 }),
    tie('object'),
  ),
  object: fc.dictionary(bytes, tie('data'), { maxKeys: 5 }).map((object) => dataObject(object)),
}));

onEachEngine('conversion', (engine) => {
  const options = { engine, modules: [probeSpec] };

  it('cuts off a value that would be written out without end', () => {
    const session = openLua('local t = {} for i = 1, 60 do t = {t, t} end return t', options);
    expect(session.error).toMatchObject({
      kind: 'Invalid',
      message: 'more than 1000000 tables do not cross at once',
    });
  });

  it('gives back what went in, whatever it is', () => {
    fc.assert(
      fc.property(data, (value) => {
        const session = openLua('local value = ... return value', { ...options, args: [value] });
        expect(session.values).toEqual([value]);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['return 3, 3.0, 3.5, -0.0, 0', [3, new LuaFloat(3), 3.5, new LuaFloat(-0), 0]],
    ['return 10 / 2, 7 // 2, 2^31', [new LuaFloat(5), 3, expect.anything()]],
    ['return "\\0\\255", "h\\xc3\\xa9"', null],
    ['return {}, {a = 1}, {1, 2}, {{}, {}}', [[], { a: 1 }, [1, 2], [[], []]]],
    ['local t = {} t.x = 1 t.x = nil return t', [{}]],
    ['local t = {1, 2} t[2] = nil t[1] = nil return t', [[]]],
    ['return true, false, nil', [true, false, null]],
    ['local t = {} for i = 3, 1, -1 do t[i] = i end return t', [[1, 2, 3]]],
    ['return {[1] = "a", [2.0] = "b"}', [['a', 'b']]],
    ['return {a = nil, b = {c = nil}}', [{ b: [] }]],
  ])('`%s`', (text, expected) => {
    const session = openLua(text, options);
    if (expected === null) expect(session.error).toEqual({ kind: 'Unknown', message: 'h\xc3\xa9' });
    else expect(session.values).toEqual(expected);
  });

  it('hands integers beyond 32 bits to Lua and back', () => {
    const session = openLua('local ns, id = ... return ns, {id, -id}, ns == 3600000000000', {
      ...options,
      args: [3_600_000_000_000, 2 ** 53 - 1],
    });
    expect(session.values).toEqual([3_600_000_000_000, [2 ** 53 - 1, -(2 ** 53 - 1)], true]);
  });

  it('tells an empty array from an empty object both ways', () => {
    const session = openLua('local a, o, n = ... return a, o, n.inner', {
      ...options,
      args: [[], dataObject(), dataObject({ inner: dataObject({ gone: null }) })],
    });
    expect(session.values).toEqual([[], {}, {}]);
  });

  it('keeps keys that JavaScript has other uses for', () => {
    const session = openLua('local t = ... t.constructor = 1 return t, t.toString == nil', {
      ...options,
      args: [dataObject({ hasOwnProperty: 'x', ['__proto__']: 'p', '1': 'one' })],
    });
    const [table, none] = session.values as [DataObject, boolean];
    expect(Object.entries(table)).toEqual(
      expect.arrayContaining([
        ['__proto__', 'p'],
        ['hasOwnProperty', 'x'],
        ['1', 'one'],
        ['constructor', 1],
      ]),
    );
    expect(none).toBe(true);
  });

  it.each([
    ['{items = {{}, {callback = print}}}', 'functions do not cross: $.items[2].callback'],
    ['coroutine.create(print)', 'threads do not cross: $'],
    ['{ch = channel.new()}', 'channels do not cross: $.ch'],
    ['{1, 2, x = 3}', 'a table with both string keys and numbers as keys does not cross: $'],
    ['{list = {1, nil, 3}}', 'a table with holes does not cross (key 3 after 1 items): $.list'],
    ['{[2] = true}', 'a table with holes does not cross (key 2 after 0 items): $'],
    ['{[1.5] = true}', 'a table with holes does not cross (key 1.5 after 0 items): $'],
    ['{[true] = 1}', 'a table with a boolean as key does not cross: $'],
    ['{["odd key"] = {n = 0/0}}', 'NaN does not cross: $["odd key"].n'],
    ['{math.huge}', 'infinity does not cross: $[1]'],
    ['{-math.huge}', '-infinity does not cross: $[1]'],
  ])('refuses `%s`', (text, message) => {
    expect(openLua(`return ${text}`, options).error).toMatchObject({ kind: 'Invalid', message });
  });

  it('refuses cycles and tables that are too deep, and takes what is shared', () => {
    expect(openLua('local t = {a = {}} t.a.b = t return t', options).error?.message).toBe(
      'a table that contains itself does not cross: $.a.b',
    );
    const nested = (depth: number): string => `local t = "end" for i = 1, ${depth} do t = {t} end return t`;
    expect(openLua(nested(129), options).error?.message).toMatch(/nested deeper than 128/);
    expect(openLua(nested(128), options).outcome?.ok).toBe(true);
    expect(openLua('local s = {1} return {s, s}', options).values).toEqual([[[1], [1]]]);
  });

  it('raises a refusal in the function that was called, where Lua can catch it', () => {
    expect(
      openLua('local ok, err = pcall(probe.ask, print) return {ok, err:kind(), err:message()}', options)
        .values,
    ).toEqual([[false, 'Invalid', 'functions do not cross: $']]);
  });

  it('ignores metatables: what is in the table crosses', () => {
    expect(
      openLua(
        'return setmetatable({a = 1}, {__index = {b = 2}, __pairs = function() error("no") end, __len = function() return 9 end})',
        options,
      ).values,
    ).toEqual([{ a: 1 }]);
  });

  it('has payloads cross as what they hold', () => {
    expect(
      openLua('return {probe.payload({1}), probe.payload("[2]", payload.format.JSON)}', options).values,
    ).toEqual([[[1], [2]]]);
  });

  it('keeps userdata what they are inside the instance, with methods and operators', () => {
    const session = openLua(
      `local a, b = probe.box(2), probe.box(3)
       return {a:get(), a.value, a.other == nil, #a, tostring(a), type(a), (a + b):get(), (a + 1):get(), (-a):get()},
         {a < b, a <= b, a > b, a == probe.box(2), a ~= b, a:same(a), probe.echo(a) == a, rawequal(probe.echo(a), a), select("#", a(7)), getmetatable(a)},
         {pcall(function() return a < 1 end)}`,
      options,
    );
    expect(session.values).toEqual([
      [2, 2, true, 2, 'box 2', 'userdata', 5, 3, -2],
      [true, true, false, true, true, true, true, true, 2, 'box'],
      [false, expect.stringMatching(/attempt to compare/)],
    ]);
    expect(BoxType.unwrap('box')).toBeUndefined();
  });

  it('keeps the identity of tables, functions and coroutines that go through the host', () => {
    expect(
      openLua(
        `local t, f, co = {}, function() end, coroutine.create(print)
         local t2, f2, co2, p = probe.echo(t, f, co, print)
         local keyed = {[t] = 1, [f] = 2, [co] = 3, [print] = 4}
         return t == t2 and f == f2 and co == co2 and p == print, {keyed[t2], keyed[f2], keyed[co2], keyed[p]}`,
        options,
      ).values,
    ).toEqual([true, [1, 2, 3, 4]]);
  });

  it('counts results: none, one nil, many', () => {
    expect(
      openLua(
        'return {select("#", probe.none()), select("#", probe.nothing()), select("#", probe.echo(1, nil, nil))}',
        options,
      ).values,
    ).toEqual([[0, 1, 3]]);
    expect(openLua('return select("#", probe.echo(table.unpack({}, 1, 5000)))', options).values).toEqual([
      5000,
    ]);
  });

  it('shows constants and nested tables of a module', () => {
    expect(openLua('return probe.PI, probe.THREE, probe.nested.name == "deep"', options).values).toEqual([
      3.5,
      new LuaFloat(3),
      true,
    ]);
  });

  it('tells strings apart whatever their bytes', () => {
    expect(
      openLua(
        'local t = {["\\1\\35"] = "a", ["\\18\\3"] = "b", ["end"] = "c", ["|656e64"] = "d", ["*x"] = "e"} return {t["\\1\\35"], t["\\18\\3"], t["end"], t["|656e64"], t["*x"]}',
        options,
      ).values,
    ).toEqual([['a', 'b', 'c', 'd', 'e']]);
  });
});
