import { describe, expect, it } from 'vitest';
import { LuaFloat } from '../../src/core/data.js';
import type { CommandContext } from '../../src/core/handler.js';
import { timeHandlers } from '../../src/modules/time/host.js';
import { timeSpec } from '../../src/modules/time/spec.js';
import { openLua, runLua } from '../support/instance.js';
import { evaluate, openListed } from './evaluate.js';

const modules = [timeSpec];
const lua = (text: string) => evaluate(text, { modules });
const one = async (expression: string) => (await lua(`return ${expression}`))[0];

describe('time: instants', () => {
  it('takes now from the host, in UTC', async () => {
    expect(await one('time.now():format_rfc3339()')).toBe('2024-06-15T14:30:45Z');
    expect(await one('time.now():unix()')).toBe(1718461845);
    const nano = await one('time.now():unix_nano()');
    // An engine without 64-bit integers gives the nearest float.
    expect(nano instanceof LuaFloat ? nano.n : Number(nano)).toBe(1718461845e9);
  });

  it('makes dates and carries over what is out of range', async () => {
    expect(await one('time.date(2024, time.DECEMBER, 25, 10, 30, 0, 0, time.utc):format_rfc3339()')).toBe(
      '2024-12-25T10:30:00Z',
    );
    expect(await one('time.date(2023, 14, -1, 25, 61, 61, 1500000000):format(time.RFC3339NANO)')).toBe(
      '2024-01-31T02:02:02.5Z',
    );
    expect(await one('time.date(-44, 3, 15):format(time.DATE_ONLY)')).toBe('-0044-03-15');
    expect(await one('time.date(1, 1, 1):is_zero()')).toBe(true);
  });

  it('refuses dates that are far out of range, at the caller', async () => {
    const { error } = await runLua('return time.date(1e12, 1, 1)', { modules });
    expect(error?.message).toBe("main.lua:1: bad argument #1 to 'date' (value out of range)");
    expect((await runLua('return time.date(0/0, 1, 1)', { modules })).error?.message).toContain(
      "bad argument #1 to 'date'",
    );
  });

  it('reads Unix seconds with fractions and nanoseconds on top', async () => {
    expect(await one('time.unix(1703862245, 0):utc():format_rfc3339()')).toBe('2023-12-29T15:04:05Z');
    expect(await one('time.unix(1703862245, 500000000):format(time.RFC3339NANO)')).toBe(
      '2023-12-29T15:04:05.5Z',
    );
    expect(await one('time.unix(-1.5):format(time.RFC3339NANO)')).toBe('1969-12-31T23:59:58.5Z');
  });

  it('gives its parts', async () => {
    expect(
      await lua(`local t = time.date(2024, 12, 31, 23, 5, 9, 42)
        return t:year(), t:month(), t:day(), t:hour(), t:minute(), t:second(), t:nanosecond(), t:weekday(), t:year_day()`),
    ).toEqual([2024, 12, 31, 23, 5, 9, 42, 2, 366]);
    expect(await lua('return time.date(2024, 2, 29):date()')).toEqual([2024, 2, 29]);
    expect(await lua('return time.date(2024, 2, 29, 1, 2, 3):clock()')).toEqual([1, 2, 3]);
  });

  it('adds, subtracts and compares', async () => {
    expect(
      await lua(`local t = time.date(2024, 1, 31, 12)
        local d = time.parse_duration("1h30m")
        return t:add("24h"):format_rfc3339(), t:add(5 * time.MINUTE):format_rfc3339(), t:add(d):format_rfc3339(),
          (t + d):format_rfc3339(), (t - "12h"):format_rfc3339(), t:add_date(0, 1, 0):format(time.DATE_ONLY),
          t:add_date(1, 0, -7):format(time.DATE_ONLY)`),
    ).toEqual([
      '2024-02-01T12:00:00Z',
      '2024-01-31T12:05:00Z',
      '2024-01-31T13:30:00Z',
      '2024-01-31T13:30:00Z',
      '2024-01-31T00:00:00Z',
      '2024-03-02',
      '2025-01-24',
    ]);
    expect(
      await lua(`local a, b = time.date(2024, 1, 1), time.date(2024, 1, 2)
        return b:sub(a):hours(), tostring(b - a), a:before(b), a:after(b), a:equal(a), a < b, b <= a,
          a == time.date(2024, 1, 1)`),
    ).toEqual([24, '24h0m0s', true, false, true, true, false, true]);
    expect(
      await lua(`local a, b = time.date(1, 1, 1), time.date(3000, 1, 1)
        return tostring(b:sub(a)), tostring(a - b), b - a == b:sub(a)`),
    ).toEqual(['2562047h47m16.854775807s', '-2562047h47m16.854775808s', true]);
  });

  it('rounds and truncates by a Duration only', async () => {
    expect(
      await lua(`local h = time.parse_duration("1h") local t = time.date(2024, 1, 1, 10, 30)
        return t:round(h):format(time.TIME_ONLY), t:truncate(h):format(time.TIME_ONLY),
          time.date(2024, 1, 1, 10, 29, 59):round(h):format(time.TIME_ONLY)`),
    ).toEqual(['11:00:00', '10:00:00', '10:00:00']);
    expect((await runLua('time.now():round("1h")', { modules })).error?.message).toContain(
      'Duration expected, got string',
    );
  });

  it('shows itself in fixed zones', async () => {
    expect(
      await lua(`local ist = time.fixed_zone("IST", 5*3600 + 30*60)
        local t = time.date(2024, 1, 15, 12, 0, 0, 0, ist)
        return t:format_rfc3339(), t:utc():format_rfc3339(), t:format("MST -0700"), t:location():string(),
          t:in_location(time.utc) == t, t:in_local():location():string()`),
    ).toEqual(['2024-01-15T12:00:00+05:30', '2024-01-15T06:30:00Z', 'IST +0530', 'IST', true, 'Local']);
  });

  it('knows UTC, and Local as UTC', async () => {
    expect(
      await lua('return time.load_location("UTC") == time.utc, time.load_location("Local"):string()'),
    ).toEqual([true, 'Local']);
  });
});

describe('time: layouts', () => {
  it.each([
    ['Mon Jan 2, 2006', 'Sun Dec 29, 2024'],
    ['Monday, 02-Jan-06 15:04:05 MST', 'Sunday, 29-Dec-24 05:04:03 UTC'],
    ['02 January 2006', '29 December 2024'],
    ['3:04PM 03 pm', '5:04AM 05 am'],
    ['Jan _2 15:04:05.000', 'Dec 29 05:04:03.012'],
    ['05.999 05.000000', '03.012 03.012000'],
    ['2006-002 __2', '2024-364 364'],
    ['1/2/06 4 5', '12/29/24 4 3'],
    ['Month Janet', 'Month Janet'],
    ['-07 -07:00 Z0700 -07:00:00', '+00 +00:00 Z +00:00:00'],
  ])('formats %s as %s', async (layout, text) => {
    expect(await one(`time.date(2024, 12, 29, 5, 4, 3, 12000000):format("${layout}")`)).toBe(text);
  });

  it.each([
    ['time.RFC3339', '2024-12-29T15:04:05Z', '2024-12-29T15:04:05Z'],
    ['time.RFC3339', '2024-12-29T15:04:05.25+02:00', '2024-12-29T13:04:05.25Z'],
    ['time.RFC1123Z', 'Sun, 29 Dec 2024 15:04:05 -0500', '2024-12-29T20:04:05Z'],
    ['time.RFC850', 'Sunday, 29-Dec-24 15:04:05 UTC', '2024-12-29T15:04:05Z'],
    ['"2006-01-02"', '2024-12-29', '2024-12-29T00:00:00Z'],
    ['"15:04:05"', '14:30:00', '0000-01-01T14:30:00Z'],
    ['time.KITCHEN', '12:05AM', '0000-01-01T00:05:00Z'],
    ['time.KITCHEN', '12:05PM', '0000-01-01T12:05:00Z'],
    ['"Jan _2 2006"', 'feb  3 2024', '2024-02-03T00:00:00Z'],
    ['"2006-002"', '2024-060', '2024-02-29T00:00:00Z'],
    ['"2006-01-02 15:04:05 MST"', '2024-12-29 14:30:00 EST', '2024-12-29T14:30:00Z'],
  ])('reads %s', async (layout, text, instant) => {
    expect(await one(`time.parse(${layout}, "${text}"):utc():format(time.RFC3339NANO)`)).toBe(instant);
  });

  it('reads a time without a zone in the location that it is given', async () => {
    expect(
      await one(
        'time.parse("2006-01-02 15:04", "2024-12-29 14:30", time.fixed_zone("X", -18000)):utc():format_rfc3339()',
      ),
    ).toBe('2024-12-29T19:30:00Z');
  });

  it.each([
    ['time.RFC3339', 'invalid', "a year expected at 'invalid'"],
    ['"2006-01-02"', '2023-02-29', 'day 29 is out of range'],
    ['"2006-01-02"', '2023-13-01', 'month 13 is out of range'],
    ['"15:04"', '24:00', 'hour 24 is out of range'],
    ['"2006"', '2023 ', "' ' is left over"],
    ['"Jan"', 'Foo', "the name of a month expected at 'Foo'"],
  ])('refuses %s for %s', async (layout, text, why) => {
    const [kind, message] = await lua(
      `local t, err = time.parse(${layout}, "${text}") assert(t == nil) return err:kind(), err:message()`,
    );
    expect(kind).toBe('Invalid');
    expect(message).toContain(why);
  });

  it('formats and reads back any instant', async () => {
    const [count] = await lua(`local bad = 0
      for i = -4000, 4000 do
        local t = time.unix(i * 86400 * 97 + i * 7919, (i % 1000) * 1000003 % 1000000000)
        local text = t:format(time.RFC3339NANO)
        local year = t:year()
        if year >= 0 and year <= 9999 and time.parse(time.RFC3339NANO, text) ~= t then bad = bad + 1 end
      end
      return bad`);
    expect(count).toBe(0);
  });
});

describe('time: durations', () => {
  it('reads numbers, text and Durations', async () => {
    expect(
      await lua(`local d = time.parse_duration("1h30m45s500ms")
        return d:hours(), d:minutes(), d:seconds(), d:milliseconds(), d:microseconds(), d:nanoseconds(),
          time.parse_duration(time.SECOND):seconds(), time.parse_duration(d) == d, time.parse_duration(1.5e9):seconds()`),
    ).toEqual([
      1.5126388888888889,
      90.75833333333334,
      5445.5,
      5445500,
      5445500000,
      5445500000000,
      1,
      true,
      1.5,
    ]);
    expect(await one('time.HOUR')).toBe(3600000000000);
  });

  it.each(['"soon"', '""', '{}', '1e300', '0/0', 'true', 'nil'])('refuses %s', async (value) => {
    const [kind] = await lua(`local d, err = time.parse_duration(${value}) return err:kind(), d`);
    expect(kind).toBe('Invalid');
  });

  it('counts, compares and prints', async () => {
    expect(
      await lua(`local a, b = time.parse_duration("1m"), time.parse_duration("30s")
        return tostring(a + b), tostring(a - b), tostring(a * 3), tostring(2 * b), tostring(a / 4), a / b, tostring(-a),
          b < a, a <= b, a == time.parse_duration(time.MINUTE), "wait " .. b, tostring(b + "1s"), tostring(b * 0.5)`),
    ).toEqual([
      '1m30s',
      '30s',
      '3m0s',
      '1m0s',
      '15s',
      new LuaFloat(2),
      '-1m0s',
      true,
      false,
      true,
      'wait 30s',
      '31s',
      '15s',
    ]);
  });

  it('raises what arithmetic cannot take', async () => {
    expect((await runLua('return time.parse_duration("1m") + {}', { modules })).error?.message).toContain(
      'attempt to perform arithmetic on a duration',
    );
    expect((await runLua('return time.parse_duration("1m") / 0.0', { modules })).error?.message).toContain(
      'it must be finite',
    );
  });

  it('crosses borders as text that every function takes', async () => {
    expect(await one('time.parse_duration("90s")')).toBe('1m30s');
  });
});

describe('time: waiting', () => {
  it('sleeps by a command and goes on with its answer', async () => {
    const session = openLua('time.sleep("1h") time.sleep(5 * time.MILLISECOND) time.sleep(0) return 1', {
      modules,
    });
    expect(session.commands).toEqual([{ type: 'time.sleep', ns: 3600000000000, purpose: 'sleep' }]);
    session.answer('time.sleep', null);
    expect(session.commands[1]).toEqual({ type: 'time.sleep', ns: 5000000, purpose: 'sleep' });
    session.answer('time.sleep', null);
    expect(session.values).toEqual([1]);
  });

  it('raises a wrong duration of sleep and after', async () => {
    for (const call of ['time.sleep("x")', 'time.after({})', 'time.sleep()']) {
      const values = await lua(`local ok, err = pcall(function() ${call} end) return ok, err:kind()`);
      expect(values).toEqual([false, 'Invalid']);
    }
  });

  it('after feeds a channel once, and select takes it', async () => {
    const { session, results } = openListed(
      `local timeout = time.after("5s")
       local r = channel.select{ channel.new():case_receive(), timeout:case_receive() }
       return r.channel == timeout, r.value:format_rfc3339(), r.ok`,
      { modules },
    );
    expect(session.commands).toEqual([{ type: 'time.sleep', ns: 5000000000, purpose: 'after' }]);
    session.answer('time.sleep', null);
    expect(results()).toEqual([true, '2024-06-15T14:30:45Z', true]);
  });

  it('withdraws the timer of an after that is left behind when main ends', async () => {
    const session = openLua('time.after("5s") return 1', { modules });
    expect(session.values).toEqual([1]);
    expect(session.open.size).toBe(0);
  });

  it('stops and resets timers', async () => {
    const session = openLua(
      `local timer = time.timer("5s")
       local again = timer:reset("1s")
       timer:response():receive()
       local late = timer:stop()
       local fresh = timer:reset("1m")
       return again, late, fresh, timer:stop(), timer:response() == timer:channel()`,
      { modules },
    );
    expect(session.withdrawn).toEqual([]);
    session.answer('time.sleep', null);
    expect(session.values).toEqual([true, false, false, true, true]);
  });

  it('ticks at the interval, skips what was missed, and stops', async () => {
    let now = 1_000_000_000_000n;
    const session = openLua(
      `local ticker = time.ticker("10s")
       local n = 0
       for i = 1, 3 do ticker:response():receive() n = n + 1 end
       return n, ticker:stop(), ticker:stop()`,
      { modules, host: { now: () => now } },
    );
    const tick = (seconds: bigint): void => {
      now += seconds * 1_000_000_000n;
      session.answer('time.sleep', null);
    };
    tick(10n);
    tick(37n); // 27 s late: the ticks of 30 s and 40 s are gone, the next is at 50 s
    tick(3n);
    expect(session.commands.map(({ ns }) => ns)).toEqual([10e9, 10e9, 3e9]);
    expect(session.values).toEqual([3, true, false]);
  });

  it.each(['timer', 'ticker'])('refuses a %s without a positive duration', async (name) => {
    for (const value of ['0', '"-1s"', '"x"', '{}']) {
      const values = await lua(`local t, err = time.${name}(${value}) return t == nil, err:kind()`);
      expect(values).toEqual([true, 'Invalid']);
    }
  });

  it('sleeps on a node for at least the time, and ends at once when withdrawn', async () => {
    const sleep = timeHandlers['time.sleep'];
    let abort = (): void => undefined;
    const context = { onAbort: (listener: () => void) => (abort = listener) } as unknown as CommandContext;
    const started = performance.now();
    await sleep?.({ type: 'time.sleep', ns: 30_000_000 }, context);
    expect(performance.now() - started).toBeGreaterThanOrEqual(30);
    const long = Promise.resolve(sleep?.({ type: 'time.sleep', ns: 3_600_000_000_000_000n }, context));
    abort();
    await expect(long).rejects.toMatchObject({ kind: 'Canceled' });
  });
});
