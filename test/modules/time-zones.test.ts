// Places of the tz database, against the one that Node has (ICU) and against known changes of clocks.
import { describe, expect, it } from 'vitest';
import { findZone } from '../../src/modules/time/zones.js';
import { timeSpec } from '../../src/modules/time/spec.js';
import { evaluate } from './evaluate.js';

const lua = (text: string) => evaluate(text, { modules: [timeSpec] });

function offsetByIcu(zone: string, seconds: number): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(new Date(seconds * 1000));
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  const local = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return local / 1000 - seconds;
}

describe('places', () => {
  it.each([
    'America/New_York',
    'America/Los_Angeles',
    'America/St_Johns',
    'America/Sao_Paulo',
    'Europe/London',
    'Europe/Berlin',
    'Europe/Dublin',
    'Europe/Moscow',
    'Africa/Lagos',
    'Asia/Tokyo',
    'Asia/Kolkata',
    'Asia/Kathmandu',
    'Asia/Jerusalem',
    'Australia/Sydney',
    'Australia/Lord_Howe',
    'Pacific/Auckland',
    'Pacific/Chatham',
    'Pacific/Apia',
    'Antarctica/Troll',
  ])(
    '%s has the offsets that ICU has, from 1970 to 2090',
    (name) => {
      const zone = findZone(name)!;
      const wrong: string[] = [];
      // Steps of 11 days and some, so that all hours of the day are met.
      for (let seconds = 0; seconds < Date.UTC(2090, 0) / 1000; seconds += 983_713) {
        const wanted = offsetByIcu(name, seconds);
        if (zone.at(seconds).offset !== wanted)
          wrong.push(`${new Date(seconds * 1000).toISOString()}: ${zone.at(seconds).offset}, not ${wanted}`);
      }
      expect(wrong).toEqual([]);
    },
    30_000,
  );

  it.each([
    'America/New_York',
    'America/St_Johns',
    'Europe/London',
    'Europe/Dublin',
    'Europe/Lisbon',
    'America/Sao_Paulo',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'Antarctica/Troll',
  ])('%s changes its clocks on the very second that ICU has, from 1970 to 2037', (name) => {
    const zone = findZone(name)!;
    const offset = (seconds: number) => zone.at(seconds).offset;
    const wrong: string[] = [];
    let changes = 0;
    const STEP = 86_400;
    for (let day = 0; day < Date.UTC(2037, 11) / 1000; day += STEP) {
      if (offset(day) === offset(day + STEP)) continue;
      changes += 1;
      let [before, after] = [day, day + STEP];
      while (after - before > 1) {
        const middle = Math.floor((before + after) / 2);
        if (offset(middle) === offset(day)) before = middle;
        else after = middle;
      }
      if (offsetByIcu(name, before) !== offset(before) || offsetByIcu(name, after) !== offset(after))
        wrong.push(new Date(after * 1000).toISOString());
    }
    expect(changes).toBeGreaterThan(10);
    expect(wrong).toEqual([]);
  });

  it('has every place that ICU has', () => {
    const missing = Intl.supportedValuesOf('timeZone').filter((name) => findZone(name) === undefined);
    expect(missing).toEqual([]);
  });

  it('changes the clocks on the second', async () => {
    expect(
      await lua(`local ny = time.load_location("America/New_York")
        local change = time.date(2024, 3, 10, 7, 0, 0, 0, time.utc)
        return change:add(-1):in_location(ny):format("15:04:05 MST"), change:in_location(ny):format("15:04:05 MST"),
          time.date(2024, 11, 3, 5, 59, 59, 0, time.utc):in_location(ny):format("15:04:05 MST"),
          time.date(2024, 11, 3, 6, 0, 0, 0, time.utc):in_location(ny):format("15:04:05 MST"),
          time.date(2060, 3, 14, 7, 0, 0, 0, time.utc):add("-1ns"):in_location(ny):format("15:04 MST"),
          time.date(2060, 3, 14, 7, 0, 0, 0, time.utc):in_location(ny):format("15:04 MST")`),
    ).toEqual(['01:59:59 EST', '03:00:00 EDT', '01:59:59 EDT', '01:00:00 EST', '01:59 EST', '03:00 EDT']);
  });

  it('reads skipped and repeated times as Go does', async () => {
    expect(
      await lua(`local ny = time.load_location("America/New_York")
        local function at(...) return time.date(..., 0, 0, ny):format(time.RFC3339) end
        return time.date(2024, 3, 10, 2, 30, 0, 0, ny):format(time.RFC3339),
          time.date(2024, 11, 3, 1, 30, 0, 0, ny):format(time.RFC3339),
          time.date(2024, 3, 10, 3, 0, 0, 0, ny):format(time.RFC3339)`),
    ).toEqual(['2024-03-10T01:30:00-05:00', '2024-11-03T01:30:00-04:00', '2024-03-10T03:00:00-04:00']);
  });

  it('adds days by the calendar and hours by the clock', async () => {
    expect(
      await lua(`local berlin = time.load_location("Europe/Berlin")
        local t = time.date(2024, 3, 30, 12, 0, 0, 0, berlin)
        return t:add_date(0, 0, 1):format(time.RFC3339), t:add("24h"):format(time.RFC3339)`),
    ).toEqual(['2024-03-31T12:00:00+02:00', '2024-03-31T13:00:00+02:00']);
  });

  it('reads letters and offsets of a place as that place', async () => {
    expect(
      await lua(`local ny = time.load_location("America/New_York")
        local function read(layout, text) local t = time.parse(layout, text, ny) return t:format(time.RFC3339) .. " " .. t:location():string() end
        return read("2006-01-02 15:04 MST", "2024-07-01 12:00 EDT"), read("2006-01-02 15:04 MST", "2024-07-01 12:00 EST"),
          read("2006-01-02 15:04 MST", "2024-07-01 12:00 CET"), read(time.RFC3339, "2024-07-01T12:00:00-04:00"),
          read(time.RFC3339, "2024-07-01T12:00:00-05:00"), read(time.RFC3339, "2024-07-01T12:00:00Z")`),
    ).toEqual([
      '2024-07-01T12:00:00-04:00 America/New_York',
      '2024-07-01T13:00:00-04:00 America/New_York',
      '2024-07-01T12:00:00Z CET',
      '2024-07-01T12:00:00-04:00 America/New_York',
      '2024-07-01T12:00:00-05:00 ',
      '2024-07-01T12:00:00Z UTC',
    ]);
  });

  it('knows old names, and no others', async () => {
    const kind = async (name: string) =>
      (
        await lua(
          `local place, err = time.load_location("${name}") return place and place:string() or err:kind()`,
        )
      )[0];
    expect(await kind('US/Eastern')).toBe('US/Eastern');
    expect(await kind('Asia/Calcutta')).toBe('Asia/Calcutta');
    for (const name of ['europe/london', 'Nowhere', '../etc/passwd', 'Europe/London|', 'Europe', '|', ' '])
      expect(await kind(name)).toBe('NotFound');
    expect(await kind('')).toBe('Invalid');
  });
});
