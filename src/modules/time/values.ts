// The Time and the Location that Lua sees. Sealed.
// T1: a Time is an exact instant and the zone in which it shows itself; two Times of one instant are equal whatever their zones.
import { asInteger } from '../../core/durations.js';
import { Arguments, asText } from '../../lua/instance/arguments.js';
import type { HostCall } from '../../lua/instance-context.js';
import { defineUserdata, LuaError } from '../../lua/values.js';
import type { LuaUserdata, LuaValue, UserdataType } from '../../lua/values.js';
import { abbreviation, formatTime } from './layout.js';
import {
  fieldsOf,
  instantOf,
  LOCAL,
  round,
  secondsOf,
  truncate,
  UTC,
  weekdayOf,
  yearDayOf,
  ZERO_INSTANT,
} from './calendar.js';
import type { DateFields, Zone } from './calendar.js';
import { DurationType, readDuration, wrapDuration } from './duration.js';

export const RFC3339 = '2006-01-02T15:04:05Z07:00';
export const RFC3339_NANO = '2006-01-02T15:04:05.999999999Z07:00';

export class Time {
  readonly instant: bigint;
  readonly zone: Zone;
  constructor(instant: bigint, zone: Zone) {
    this.instant = instant;
    this.zone = zone;
  }
}

export const wrapTime = (instant: bigint, zone: Zone): LuaUserdata<Time> =>
  TimeType.wrap(new Time(instant, zone));

export const LocationType = defineUserdata<Zone>(
  'Location',
  { string: (_call, self) => self.name, name: (_call, self) => self.name },
  { tostring: (self) => self.name, eq: (a, b) => a.name === b.name && a.offset === b.offset },
);

const part = (field: keyof DateFields) => (_call: HostCall, self: Time) =>
  fieldsOf(self.instant, self.zone)[field];

/** The argument of a method that takes another Time. */
const other = (call: HostCall, method: string, values: readonly LuaValue[]): Time =>
  new Arguments(call, method, values).userdata(1, TimeType);

/** Nanoseconds of an argument; raises INVALID's text at the caller's place when it is no duration. */
export function durationArgument(call: HostCall, method: string, values: readonly LuaValue[]): bigint {
  const read = readDuration(values[0]);
  if (!read.ok) throw new Arguments(call, method, values).error(1, read.problem);
  return read.nanoseconds;
}

/** Years beyond this are refused: seconds must stay exact. */
export const MAX_YEAR = 1_000_000;

/** A date field; far out of range is refused, a little is carried over. */
export function dateArgument(args: Arguments, position: number, otherwise?: number): number {
  const value =
    otherwise === undefined ? args.integer(position) : (args.optionalInteger(position) ?? otherwise);
  const limit = position === 1 ? MAX_YEAR : position === 7 ? Number.MAX_SAFE_INTEGER : 1e9;
  if (Math.abs(value) > limit) throw args.error(position, 'value out of range');
  return value;
}

export const TimeType: UserdataType<Time> = defineUserdata<Time>(
  'Time',
  {
    add: (call, self, ...values) => wrapTime(self.instant + durationArgument(call, 'add', values), self.zone),
    sub: (call, self, ...values) => wrapDuration(self.instant - other(call, 'sub', values).instant),
    add_date: (call, self, ...values) => {
      const args = new Arguments(call, 'add_date', values);
      const at = fieldsOf(self.instant, self.zone);
      const year = at.year + dateArgument(args, 1);
      const month = at.month + dateArgument(args, 2, 0);
      const day = at.day + dateArgument(args, 3, 0);
      return wrapTime(instantOf({ ...at, year, month, day }, self.zone), self.zone);
    },
    before: (call, self, ...values) => self.instant < other(call, 'before', values).instant,
    after: (call, self, ...values) => self.instant > other(call, 'after', values).instant,
    equal: (call, self, ...values) => self.instant === other(call, 'equal', values).instant,
    format: (call, self, ...values) =>
      formatTime(self.instant, self.zone, new Arguments(call, 'format', values).string(1)),
    format_rfc3339: (_call, self) => formatTime(self.instant, self.zone, RFC3339),
    unix: (_call, self) => secondsOf(self.instant).seconds,
    unix_nano: (_call, self) => asInteger(BigInt.asIntN(64, self.instant)),
    date: (_call, self) => {
      const { year, month, day } = fieldsOf(self.instant, self.zone);
      return [year, month, day];
    },
    clock: (_call, self) => {
      const { hour, minute, second } = fieldsOf(self.instant, self.zone);
      return [hour, minute, second];
    },
    year: part('year'),
    month: part('month'),
    day: part('day'),
    hour: part('hour'),
    minute: part('minute'),
    second: part('second'),
    nanosecond: part('nanosecond'),
    weekday: (_call, self) => weekdayOf(self.instant, self.zone),
    year_day: (_call, self) => yearDayOf(self.instant, self.zone),
    is_zero: (_call, self) => self.instant === ZERO_INSTANT,
    utc: (_call, self) => wrapTime(self.instant, UTC),
    in_local: (_call, self) => wrapTime(self.instant, LOCAL),
    in_location: (call, self, ...values) =>
      wrapTime(self.instant, new Arguments(call, 'in_location', values).userdata(1, LocationType)),
    location: (_call, self) => LocationType.wrap(self.zone),
    round: (call, self, ...values) => {
      const step = new Arguments(call, 'round', values).userdata(1, DurationType);
      return wrapTime(round(self.instant, step.nanoseconds), self.zone);
    },
    truncate: (call, self, ...values) => {
      const step = new Arguments(call, 'truncate', values).userdata(1, DurationType);
      return wrapTime(truncate(self.instant, step.nanoseconds), self.zone);
    },
  },
  {
    tostring: (self) => describe(self),
    concat: (a, b) => text(a) + text(b),
    eq: (a, b) => a.instant === b.instant,
    lt: (a, b) => a.instant < b.instant,
    le: (a, b) => a.instant <= b.instant,
    add: (a, b) => {
      const left = TimeType.unwrap(a);
      const right = TimeType.unwrap(b);
      if (left !== undefined && right !== undefined)
        throw new LuaError('attempt to add two times; subtract them, or add a duration');
      const read = readDuration(left === undefined ? a : b);
      if (!read.ok) throw new LuaError(`attempt to add to a time: ${read.problem}`);
      const time = left ?? right;
      return time === undefined ? undefined : wrapTime(time.instant + read.nanoseconds, time.zone);
    },
    sub: (a, b) => {
      const left = TimeType.unwrap(a);
      const right = TimeType.unwrap(b);
      if (left === undefined) throw new LuaError('attempt to subtract a time from something else');
      if (right !== undefined) return wrapDuration(left.instant - right.instant);
      const read = readDuration(b);
      if (!read.ok) throw new LuaError(`attempt to subtract from a time: ${read.problem}`);
      return wrapTime(left.instant - read.nanoseconds, left.zone);
    },
  },
);

/** `2024-12-29 15:04:05.5 +0000 UTC` */
const describe = ({ instant, zone }: Time): string =>
  `${formatTime(instant, zone, '2006-01-02 15:04:05.999999999 -0700')} ${abbreviation(zone)}`;

function text(value: LuaValue): string {
  const time = TimeType.unwrap(value);
  const known = time === undefined ? asText(value) : describe(time);
  if (known === undefined) throw new LuaError('attempt to concatenate a time with something that is no text');
  return known;
}
