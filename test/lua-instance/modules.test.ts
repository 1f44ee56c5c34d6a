// The modules that are always there: os and payload; and how a lookup is made.
import { expect, it } from 'vitest';
import { LuaFloat } from '../../src/core/data.js';
import type { Data } from '../../src/core/data.js';
import { moduleLookup } from '../../src/lua/instance/modules.js';
import { numberText } from '../../src/lua/instance/number-text.js';
import { parseFrames, formatFrames } from '../../src/lua/instance/traceback.js';
import { osSpec } from '../../src/modules/os/spec.js';
import { openLua } from '../support/instance.js';
import { onEachEngine } from './engines.js';
import { probeSpec } from './probe.js';

onEachEngine('os', (engine) => {
  const run = (text: string): readonly Data[] => openLua(text, { engine }).values;

  it('reads the clock of the host', () => {
    expect(run('return {os.time(), os.date(), os.clock(), os.platform}')).toEqual([
      [1_718_461_845, 'Sat Jun 15 14:30:45 2024', new LuaFloat(0), 'moontide'],
    ]);
    let nanoseconds = 5_000_000_000n;
    const session = openLua('local a = os.clock() local b = os.clock() return a == 0, b - a', {
      engine,
      host: { now: () => (nanoseconds += 250_000_000n) },
    });
    expect(session.values).toEqual([true, 0.25]);
  });

  it('makes timestamps of dates, with today for what is missing', () => {
    expect(
      run(`return os.time{year = 2024, month = 12, day = 25, hour = 10, min = 30}, os.time{year = 2024, month = 6, day = 15},
        os.time{day = 1}, os.time{year = 1969, month = 12, day = 31, hour = 23, min = 59, sec = 59},
        os.time{year = 2024, month = 14, day = -3}, os.time{year = "2000", month = 2.0, day = 29}`),
    ).toEqual([1_735_122_600, 1_718_409_600, 1_717_200_000, -1, 1_738_022_400, 951_782_400]);
  });

  it('writes and takes apart dates', () => {
    const specifiers = 'Y y m d H I M S p A a B b w j U z Z c x X %'.split(' ');
    expect(
      run(`return {${specifiers.map((letter) => `os.date("%${letter}", 1718461845)`).join(', ')}}`),
    ).toEqual([
      [
        ...[
          '2024',
          '24',
          '06',
          '15',
          '14',
          '02',
          '30',
          '45',
          'PM',
          'Saturday',
          'Sat',
          'June',
          'Jun',
          '6',
          '167',
          '24',
        ],
        ...['+0000', 'UTC', 'Sat Jun 15 14:30:45 2024', '06/15/24', '14:30:45', '%'],
      ],
    ]);
    expect(run('return os.date("!%Y-%m-%dT%H:%M:%S", 0), nil, os.date("*t", 951825600)')).toEqual([
      '1970-01-01T00:00:00',
      null,
      { year: 2000, month: 2, day: 29, hour: 12, min: 0, sec: 0, wday: 3, yday: 60, isdst: false },
    ]);
    expect(
      run('return os.difftime(86400, 0), nil, os.date("%Y-%m-%d", -1), os.date("%U", 1609459200)'),
    ).toEqual([new LuaFloat(86_400), null, '1969-12-31', '53']);
  });

  it('agrees with the calendar of the machine over four centuries', () => {
    const seconds = Array.from(
      { length: 400 },
      (_, index) => -6_000_000_000 + index * 31_556_952 + index * 86_399,
    );
    const args = [seconds];
    const session = openLua(
      `local all, out = ..., {}
       for i, s in ipairs(all) do
         local t = os.date("*t", s)
         out[i] = os.date("%Y-%m-%dT%H:%M:%S", s) .. " " .. t.yday .. " " .. t.wday .. " " .. tostring(os.time(t) == s)
       end
       return out`,
      { engine, args },
    );
    expect(session.values).toEqual([
      seconds.map((s) => {
        const date = new Date(s * 1000);
        const start = Date.UTC(date.getUTCFullYear(), 0, 1);
        const yday = Math.floor((date.getTime() - start) / 86_400_000) + 1;
        return `${date.toISOString().slice(0, 19)} ${yday} ${date.getUTCDay() + 1} true`;
      }),
    ]);
  });

  it.each([
    ['os.date("%Q")', "invalid conversion specifier '%Q'"],
    ['os.date("%")', "invalid conversion specifier '%'"],
    ['os.time{year = 1.5}', "field 'year' is not an integer"],
    ['os.time{year = 1e15}', 'time is out of range'],
    ['os.time(5)', 'table expected, got number'],
    ['os.date("%Y", 1e300)', 'time is out of range'],
  ])('refuses %s', (text, problem) => {
    expect(openLua(text, { engine }).error?.message).toContain(problem);
  });
});

onEachEngine('payload', (engine) => {
  const run = (text: string): readonly Data[] => openLua(text, { engine, modules: [probeSpec] }).values;

  it('holds a value and its format', () => {
    expect(
      run(`
        local p = payload.new({user = 1, roles = {"admin"}})
        local e = payload.new(errors.new{message = "m", kind = errors.INVALID})
        local data, err = p:data()
        return {p:get_format(), e:get_format(), payload.new("x"):get_format(), payload.new(nil):data() == nil},
          {data.user, data.roles[1], err == nil, p:data() == data, e:data():kind(), payload.new(42.5):data()}`),
    ).toEqual([
      ['lua/any', 'golang/error', 'lua/any', true],
      [1, 'admin', true, true, 'Invalid', 42.5],
    ]);
  });

  it('goes to JSON and back', () => {
    expect(
      run(`
        local p = payload.new({name = "caf\\xc3\\xa9", n = 3, f = 2.0})
        local json = p:transcode(payload.format.JSON)
        return {json:get_format(), json:unmarshal().n, json:data().name == "caf\\xc3\\xa9", math.type(json:data().f)},
          {probe.payload('{"a":[1,2]}', payload.format.JSON):data().a[2]}`),
    ).toEqual([['json/plain', 3, true, 'float'], [2]]);
  });

  it('says what it cannot do', () => {
    const [values] = run(`
      local none, err = payload.new({1}):transcode("application/none")
      local broken, why = probe.payload("{", payload.format.JSON):data()
      local ok, refused = pcall(payload.new, print)
      return {none == nil, err:kind(), broken == nil, why:kind(), ok, refused:kind()}`);
    expect(values).toEqual([true, 'Internal', true, 'Internal', false, 'Invalid']);
  });
});

it('a lookup refuses two modules of one name', () => {
  expect(() => moduleLookup([osSpec], [osSpec])).toThrow("module 'os' is given twice");
});

it('frames survive being written and read', () => {
  const frames = [
    { chunk: 'orders/order.lua', line: 12, name: "method 'pay'" },
    { chunk: 'main.lua', line: 0, name: 'main chunk' },
  ];
  expect(parseFrames(formatFrames(frames))).toEqual(frames);
  expect(parseFrames('')).toEqual([]);
});

it.each([
  [3, '3'],
  [new LuaFloat(3), '3.0'],
  [new LuaFloat(-0), '-0.0'],
  [0.1, '0.1'],
  [0.1 + 0.2, '0.3'],
  [1 / 3, '0.33333333333333'],
  [-123.456, '-123.456'],
  [0.0001, '0.0001'],
  [0.00001234, '1.234e-05'],
  [new LuaFloat(1e14), '1e+14'],
  [new LuaFloat(123456789012346), '1.2345678901235e+14'],
  [new LuaFloat(1e300), '1e+300'],
  [5e-324, '4.9406564584125e-324'],
  [Infinity, 'inf'],
  [-Infinity, '-inf'],
  [2n ** 62n, '4611686018427387904'],
])('the number %s is written %s, as lua5.3 writes it', (value, text) => {
  expect(numberText(value)).toBe(text);
});
