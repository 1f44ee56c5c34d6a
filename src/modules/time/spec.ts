// The `time` module: instants, durations, timers. Sealed; the clock is the host's.
import { command } from '../../lua/suspend.js';
import { constant, defineModuleSpec, fn } from '../../lua/module.js';
import type { MemberSpec } from '../../lua/module.js';
import { Arguments, raisedError } from '../../lua/instance/arguments.js';
import { errorFromData, failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { LuaError } from '../../lua/values.js';
import type { HostResult, LuaValue } from '../../lua/values.js';
import { instantOf, LOCAL, SECOND, UTC, Zone } from './calendar.js';
import { DurationType, readDuration, wrapDuration } from './duration.js';
import { LayoutError, parseTime } from './layout.js';
import { after, sleepCommand, Ticker, TickerType, Timer, TimerType } from './timers.js';
import { dateArgument, LocationType, MAX_YEAR, RFC3339, RFC3339_NANO, TimeType, wrapTime } from './values.js';

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

const now = fn(
  'The current time, in UTC. In a workflow the time of the current task, the same at every replay.',
  [],
  ['Time'],
  (call) => wrapTime(call.instance.host.now(), UTC),
);

const date = fn(
  'The time of a date. Fields out of range carry over: month 13 is January of the next year.',
  [
    'year: integer',
    'month: integer',
    'day: integer',
    'hour?: integer',
    'minute?: integer',
    'second?: integer',
    'nanosecond?: integer',
    'location?: Location',
  ],
  ['Time'],
  (call, ...values) => {
    const args = new Arguments(call, 'date', values);
    const zone = args.has(8) ? args.userdata(8, LocationType) : LOCAL;
    const instant = instantOf(
      {
        year: dateArgument(args, 1),
        month: dateArgument(args, 2),
        day: dateArgument(args, 3),
        hour: dateArgument(args, 4, 0),
        minute: dateArgument(args, 5, 0),
        second: dateArgument(args, 6, 0),
        nanosecond: dateArgument(args, 7, 0),
      },
      zone,
    );
    return wrapTime(instant, zone);
  },
);

const unix = fn(
  'The time of so many seconds, and nanoseconds on top, since 1970-01-01 UTC.',
  ['seconds: number', 'nanoseconds?: number'],
  ['Time'],
  (call, ...values) => {
    const args = new Arguments(call, 'unix', values);
    const seconds = args.number(1);
    const nanoseconds = args.optionalNumber(2) ?? 0;
    const limit = MAX_YEAR * 366 * 86_400;
    if (!(Math.abs(seconds) <= limit)) throw args.error(1, 'value out of range');
    if (!(Math.abs(nanoseconds) <= Number.MAX_SAFE_INTEGER)) throw args.error(2, 'value out of range');
    // The fraction of a float counts as nanoseconds.
    const whole = Math.floor(seconds);
    const fraction = Math.round((seconds - whole) * 1e9);
    return wrapTime(BigInt(whole) * SECOND + BigInt(fraction) + BigInt(Math.trunc(nanoseconds)), UTC);
  },
);

const parse = fn(
  "Reads a text by a layout: Go's reference time `Mon Jan 2 15:04:05 MST 2006`, written as the text is.",
  ['layout: string', 'value: string', 'location?: Location'],
  ['Time?', 'Error?'],
  (call, ...values) => {
    const args = new Arguments(call, 'parse', values);
    const layout = args.string(1);
    const text = args.string(2);
    const zone = args.has(3) ? args.userdata(3, LocationType) : UTC;
    try {
      const parsed = parseTime(layout, text, zone);
      return wrapTime(parsed.instant, parsed.zone);
    } catch (error) {
      if (!(error instanceof LayoutError)) throw error;
      return failure('Invalid', `cannot read '${shorten(text)}' as '${shorten(layout)}': ${error.message}`);
    }
  },
  ['Invalid'],
);

const shorten = (text: string): string => (text.length > 80 ? `${text.slice(0, 77)}...` : text);

const parseDuration = fn(
  "A Duration from nanoseconds, from text in Go's syntax (`1h30m`, `500ms`), or from a Duration.",
  ['value: number|string|Duration'],
  ['Duration?', 'Error?'],
  (_call, value) => {
    const read = readDuration(value);
    return read.ok ? wrapDuration(read.nanoseconds) : failure('Invalid', read.problem);
  },
  ['Invalid'],
);

const loadLocation = fn(
  'A place by its IANA name. This version knows UTC and Local (which is UTC).',
  ['name: string'],
  ['Location?', 'Error?'],
  (call, ...values) => {
    const name = new Arguments(call, 'load_location', values).string(1);
    if (name === '') return failure('Invalid', 'the name of a location is empty');
    if (name === 'UTC') return LocationType.wrap(UTC);
    if (name === 'Local') return LocationType.wrap(LOCAL);
    if (!/^[A-Z][A-Za-z_]*(?:\/[A-Za-z0-9_+-]+)+$/.test(name) || /^(?:Unknown|Invalid)\//.test(name))
      return failure('NotFound', `no location '${shorten(name)}'`);
    return failure(
      'Unavailable',
      `location '${shorten(name)}': zones other than UTC are not built in this version; use time.fixed_zone`,
      undefined,
      false,
    );
  },
  ['Invalid', 'NotFound', 'Unavailable'],
);

const fixedZone = fn(
  'A place whose clocks are always so many seconds ahead of UTC.',
  ['name: string', 'offset: integer'],
  ['Location'],
  (call, ...values) => {
    const args = new Arguments(call, 'fixed_zone', values);
    const name = args.string(1);
    const offset = args.integer(2);
    if (Math.abs(offset) > 86_400) throw args.error(2, 'more than a day');
    return LocationType.wrap(new Zone(name, offset));
  },
);

const sleep = fn(
  'Waits. In a workflow a durable timer, which survives restarts. Zero and less return at once.',
  ['duration: number|string|Duration'],
  [],
  (call, value) => {
    const nanoseconds = requiredDuration(call, value);
    if (nanoseconds <= 0n) return [];
    return command(sleepCommand(nanoseconds, 'sleep'), (answer) => {
      if (!answer.ok) throw new LuaError(errorFromData(answer.error));
      return [];
    });
  },
  ['Invalid'],
);

const afterMember = fn(
  'A channel that receives the time once, after the duration.',
  ['duration: number|string|Duration'],
  ['Channel'],
  (call, value) => after(call, requiredDuration(call, value)),
  ['Invalid'],
);

const timer = fn(
  'A timer that fires once and can be stopped and reset; its channel is `timer:response()`.',
  ['duration: number|string|Duration'],
  ['Timer?', 'Error?'],
  (call, value) => {
    const duration = interval(value, 'timer');
    return typeof duration === 'bigint' ? TimerType.wrap(new Timer(call.instance, duration)) : duration;
  },
  ['Invalid'],
);

const ticker = fn(
  'A timer that fires again and again until it is stopped; ticks that nobody takes are dropped.',
  ['duration: number|string|Duration'],
  ['Ticker?', 'Error?'],
  (call, value) => {
    const duration = interval(value, 'ticker');
    return typeof duration === 'bigint' ? TickerType.wrap(new Ticker(call.instance, duration)) : duration;
  },
  ['Invalid'],
);

const numbered = (names: string, from: number): Record<string, MemberSpec> =>
  Object.fromEntries(names.split(' ').map((name, index) => [name, constant(index + from)]));

export const timeSpec = defineModuleSpec({
  name: 'time',
  summary: 'Times, durations and timers',
  workflow: 'sealed',
  members: {
    now,
    date,
    unix,
    parse,
    parse_duration: parseDuration,
    load_location: loadLocation,
    fixed_zone: fixedZone,
    sleep,
    after: afterMember,
    timer,
    ticker,
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
