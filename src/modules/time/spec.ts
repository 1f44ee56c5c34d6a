// The `time` module: instants, durations, places and timers. Sealed; the clock is the host's.
import { command } from '../../lua/suspend.js';
import { constant, define, defineModuleSpec, members } from '../../lua/module.js';
import type { MemberSpec } from '../../lua/module.js';
import { raisedError } from '../../lua/instance/arguments.js';
import { errorFromData, failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { any, integer, number, optional, Refusal, text, userdata } from '../../lua/parameters.js';
import type { Parameter } from '../../lua/parameters.js';
import { LuaError } from '../../lua/values.js';
import type { HostResult, LuaValue } from '../../lua/values.js';
import { FixedZone, instantOf, LOCAL, SECOND, UTC } from './calendar.js';
import { DurationType, readDuration, wrapDuration } from './duration.js';
import { LayoutError, parseTime } from './layout.js';
import { after, sleepCommand, Ticker, TickerType, Timer, TimerType } from './timers.js';
import { dateField, LocationType, MAX_YEAR, RFC3339, RFC3339_NANO, TimeType, wrapTime } from './values.js';
import { findZone } from './zones.js';

const anyDuration = any(
  'duration',
  'Nanoseconds, text such as `1h30m`, or a Duration.',
  'number|string|Duration',
);

/** A duration whose misuse must not pass unseen: sleep and after give no error to look at. */
function requiredDuration(call: HostCall, value: LuaValue): bigint {
  const read = readDuration(value);
  if (!read.ok) throw raisedError(call, 'Invalid', read.problem);
  return read.nanoseconds;
}

/** `nil, err` for what timers and tickers do not take. */
function interval(value: LuaValue, what: string): bigint | HostResult {
  const read = readDuration(value);
  if (!read.ok) return failure('Invalid', read.problem);
  if (read.nanoseconds <= 0n) return failure('Invalid', `a ${what} needs a duration above zero`);
  return read.nanoseconds;
}

/** A number within `limit` of zero. */
function bounded(name: string, meaning: string, limit: number): Parameter<number> {
  const plain = number(name, meaning);
  return {
    ...plain,
    take: (value) => {
      const taken = plain.take(value);
      return typeof taken === 'number' && !(Math.abs(taken) <= limit)
        ? new Refusal('value out of range')
        : taken;
    },
  };
}

const now = define('now', {
  summary: 'The current time, in UTC. In a workflow the time of the current task, the same at every replay.',
  params: [],
  returns: ['Time'],
  workflow: 'deterministic',
  run: (call) => wrapTime(call.instance.host.now(), UTC),
});

const date = define('date', {
  summary:
    'The time of a date. Fields out of range carry over: month 13 is January of the next year. A time that a change of the clocks skips or repeats is read by the offset on one side of it, as in Go.',
  params: [
    dateField('year', '', MAX_YEAR),
    dateField('month', '1 to 12.'),
    dateField('day'),
    optional(dateField('hour', 'Default 0.')),
    optional(dateField('minute', 'Default 0.')),
    optional(dateField('second', 'Default 0.')),
    optional(dateField('nanosecond', 'Default 0.', Number.MAX_SAFE_INTEGER)),
    optional(userdata('location', LocationType, 'Default `time.localtz`.')),
  ],
  returns: ['Time'],
  run: (_call, year, month, day, hour = 0, minute = 0, second = 0, nanosecond = 0, zone = LOCAL) =>
    wrapTime(instantOf({ year, month, day, hour, minute, second, nanosecond }, zone), zone),
});

const unix = define('unix', {
  summary: 'The time of so many seconds, and nanoseconds on top, since 1970-01-01 UTC.',
  params: [
    bounded('seconds', 'The fraction of a float counts.', MAX_YEAR * 366 * 86_400),
    optional(bounded('nanoseconds', 'Default 0.', Number.MAX_SAFE_INTEGER)),
  ],
  returns: ['Time'],
  run: (_call, seconds, nanoseconds = 0) => {
    const whole = Math.floor(seconds);
    const fraction = Math.round((seconds - whole) * 1e9);
    return wrapTime(BigInt(whole) * SECOND + BigInt(fraction) + BigInt(Math.trunc(nanoseconds)), UTC);
  },
});

const parse = define('parse', {
  summary:
    "Reads a text by a layout: Go's reference time `Mon Jan 2 15:04:05 MST 2006`, written as the text is.",
  params: [
    text('layout'),
    text('value', 'The text to read.'),
    optional(userdata('location', LocationType, 'The place of a text that names none. Default UTC.')),
  ],
  returns: ['Time?', 'Error?'],
  fails: { Invalid: 'the text is not as the layout says, or is no date' },
  run: (call, layout, value, zone = UTC) => {
    call.charge(layout.length * 14 + 150);
    try {
      const parsed = parseTime(layout, value, zone);
      return wrapTime(parsed.instant, parsed.zone);
    } catch (error) {
      if (!(error instanceof LayoutError)) throw error;
      return failure('Invalid', `cannot read '${shorten(value)}' as '${shorten(layout)}': ${error.message}`);
    }
  },
});

const shorten = (long: string): string => (long.length > 80 ? `${long.slice(0, 77)}...` : long);

const parseDuration = define('parse_duration', {
  summary: "A Duration from nanoseconds, from text in Go's syntax (`1h30m`, `500ms`), or from a Duration.",
  params: [any('value', '', 'number|string|Duration')],
  returns: ['Duration?', 'Error?'],
  fails: { Invalid: 'the value is no duration' },
  run: (_call, value) => {
    const read = readDuration(value);
    return read.ok ? wrapDuration(read.nanoseconds) : failure('Invalid', read.problem);
  },
});

const loadLocation = define('load_location', {
  summary:
    'A place by its IANA name, such as `Europe/London`; `UTC`; or `Local`, which is UTC on every machine.',
  params: [text('name')],
  returns: ['Location?', 'Error?'],
  fails: { Invalid: 'the name is empty', NotFound: 'there is no place of that name' },
  run: (_call, name) => {
    if (name === '') return failure('Invalid', 'the name of a location is empty');
    if (name === 'UTC') return LocationType.wrap(UTC);
    if (name === 'Local') return LocationType.wrap(LOCAL);
    const zone = findZone(name);
    return zone === undefined
      ? failure(
          'NotFound',
          `no location '${shorten(name)}'; use a name of the IANA database, such as Europe/London`,
        )
      : LocationType.wrap(zone);
  },
});

const fixedZone = define('fixed_zone', {
  summary: 'A place whose clocks are always so many seconds ahead of UTC.',
  params: [text('name'), integer('offset', 'Seconds ahead of UTC.', { least: -86_400, most: 86_400 })],
  returns: ['Location'],
  run: (_call, name, offset) => LocationType.wrap(new FixedZone(name, offset)),
});

const sleep = define('sleep', {
  summary: 'Waits. In a workflow a durable timer, which survives restarts. Zero and less return at once.',
  params: [anyDuration],
  workflow: 'recorded',
  run: (call, value) => {
    const nanoseconds = requiredDuration(call, value);
    if (nanoseconds <= 0n) return [];
    return command(sleepCommand(nanoseconds, 'sleep'), (answer) => {
      if (!answer.ok) throw new LuaError(errorFromData(answer.error));
      return [];
    });
  },
});

const afterMember = define('after', {
  summary: 'A channel that gets the time once, after the duration.',
  params: [anyDuration],
  returns: ['Channel'],
  workflow: 'recorded',
  run: (call, value) => after(call, requiredDuration(call, value)),
});

const timer = define('timer', {
  summary: 'A timer that fires once and can be stopped and reset.',
  params: [anyDuration],
  returns: ['Timer?', 'Error?'],
  fails: { Invalid: 'the duration is none, or not above zero' },
  workflow: 'recorded',
  run: (call, value) => {
    const nanoseconds = interval(value, 'timer');
    return typeof nanoseconds === 'bigint'
      ? TimerType.wrap(new Timer(call.instance, nanoseconds))
      : nanoseconds;
  },
});

const ticker = define('ticker', {
  summary: 'A timer that fires again and again until it is stopped; ticks that nobody takes are dropped.',
  params: [anyDuration],
  returns: ['Ticker?', 'Error?'],
  fails: { Invalid: 'the duration is none, or not above zero' },
  workflow: 'recorded',
  run: (call, value) => {
    const nanoseconds = interval(value, 'ticker');
    return typeof nanoseconds === 'bigint'
      ? TickerType.wrap(new Ticker(call.instance, nanoseconds))
      : nanoseconds;
  },
});

const numbered = (names: string, from: number): Record<string, MemberSpec> =>
  Object.fromEntries(names.split(' ').map((name, index) => [name, constant(index + from)]));

export const timeSpec = defineModuleSpec({
  name: 'time',
  summary: 'Times, durations and timers',
  workflow: 'sealed',
  members: {
    ...members(
      now,
      date,
      unix,
      parse,
      parseDuration,
      loadLocation,
      fixedZone,
      sleep,
      afterMember,
      timer,
      ticker,
    ),
    utc: constant(LocationType.wrap(UTC)),
    localtz: constant(LocationType.wrap(LOCAL)),
    NANOSECOND: constant(1),
    MICROSECOND: constant(1e3),
    MILLISECOND: constant(1e6),
    SECOND: constant(1e9),
    MINUTE: constant(60e9),
    HOUR: constant(3600e9),
    RFC3339: constant(RFC3339),
    RFC3339NANO: constant(RFC3339_NANO),
    RFC822: constant('02 Jan 06 15:04 MST'),
    RFC822Z: constant('02 Jan 06 15:04 -0700'),
    RFC850: constant('Monday, 02-Jan-06 15:04:05 MST'),
    RFC1123: constant('Mon, 02 Jan 2006 15:04:05 MST'),
    RFC1123Z: constant('Mon, 02 Jan 2006 15:04:05 -0700'),
    DATE_TIME: constant('2006-01-02 15:04:05'),
    DATE_ONLY: constant('2006-01-02'),
    TIME_ONLY: constant('15:04:05'),
    KITCHEN: constant('3:04PM'),
    STAMP: constant('Jan _2 15:04:05'),
    STAMP_MILLI: constant('Jan _2 15:04:05.000'),
    STAMP_MICRO: constant('Jan _2 15:04:05.000000'),
    STAMP_NANO: constant('Jan _2 15:04:05.000000000'),
    ...numbered('JANUARY FEBRUARY MARCH APRIL MAY JUNE JULY AUGUST SEPTEMBER OCTOBER NOVEMBER DECEMBER', 1),
    ...numbered('SUNDAY MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY', 0),
  },
  types: [TimeType, DurationType, LocationType, TimerType, TickerType],
});
