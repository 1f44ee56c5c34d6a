// The Time and the Location that Lua sees. Sealed.
// T1: a Time is an exact instant and the zone in which it shows itself; two Times of one instant are equal whatever their zones.
import { asInteger } from '../../core/durations.js';
import { asText } from '../../lua/instance/arguments.js';
import type { HostCall } from '../../lua/instance-context.js';
import { defineType, methodsOf } from '../../lua/module.js';
import { custom, expected, integer, optional, Refusal, text, userdata } from '../../lua/parameters.js';
import type { Parameter } from '../../lua/parameters.js';
import { LuaError } from '../../lua/values.js';
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
import { DurationType, readDuration, wrapSpan } from './duration.js';
import type { Duration } from './duration.js';

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

const placeMethod = methodsOf<Zone>();
const nameOf = {
  summary: 'The name of the place.',
  params: [],
  returns: ['string'],
  run: (_call: HostCall, self: Zone) => self.name,
} as const;

export const LocationType = defineType<Zone>(
  'Location',
  'A place, by whose clocks times are shown and read.',
  [placeMethod('string', nameOf), placeMethod('name', nameOf)],
  {
    tostring: (self) => self.name,
    eq: (a, b) => a.name === b.name && a.at(0).offset === b.at(0).offset,
  },
);

/** A duration in any of its forms. */
export const duration = (name: string, meaning = ''): Parameter<bigint> =>
  custom(name, 'number|string|Duration', meaning, (value) => {
    const read = readDuration(value);
    return read.ok ? read.nanoseconds : new Refusal(read.problem);
  });

/** Years beyond this are refused: seconds must stay exact. */
export const MAX_YEAR = 1_000_000;

/** A date field within `limit` of zero; one that is a little out of range is carried over. */
export const dateField = (name: string, meaning = '', limit = 1e9): Parameter<number> => {
  const plain = integer(name, meaning);
  return {
    ...plain,
    take: (value) => {
      const taken = plain.take(value);
      return typeof taken === 'number' && Math.abs(taken) > limit ? new Refusal('value out of range') : taken;
    },
  };
};

/** Instructions of the fields of a time by the clocks of a place, of a character of a layout, and of a time as its usual text. */
const FIELDS_COST = 250;
export const LAYOUT_COST = 14;
const TEXT_COST = 400;

const method = methodsOf<Time>();
const other: Parameter<Time> = custom(
  'time',
  'Time',
  '',
  (value) => TimeType.unwrap(value) ?? expected('Time', value),
);
const step: Parameter<Duration> = userdata('duration', DurationType, 'A Duration, not a number and no text.');

const part = (name: string, field: keyof DateFields, summary: string) =>
  method(name, {
    summary,
    params: [],
    returns: ['integer'],
    run: (call, self) => {
      call.charge(FIELDS_COST);
      return fieldsOf(self.instant, self.zone)[field];
    },
  });

const compared = (name: string, summary: string, holds: (a: bigint, b: bigint) => boolean) =>
  method(name, {
    summary,
    params: [other],
    returns: ['boolean'],
    run: (_call, self, { instant }) => holds(self.instant, instant),
  });

const moved = (name: string, summary: string, zone: Zone) =>
  method(name, {
    summary,
    params: [],
    returns: ['Time'],
    run: (_call, self) => wrapTime(self.instant, zone),
  });

const rounded = (name: string, summary: string, by: (instant: bigint, step: bigint) => bigint) =>
  method(name, {
    summary,
    params: [step],
    returns: ['Time'],
    run: (_call, self, { nanoseconds }) => wrapTime(by(self.instant, nanoseconds), self.zone),
  });

const arithmetic = [
  method('add', {
    summary: 'The time a duration later.',
    params: [duration('duration')],
    returns: ['Time'],
    run: (_call, self, nanoseconds) => wrapTime(self.instant + nanoseconds, self.zone),
  }),
  method('sub', {
    summary:
      'The Duration since another time; negative where that is later. At most 292 years: the longest Duration stands for more.',
    params: [other],
    returns: ['Duration'],
    run: (_call, self, { instant }) => wrapSpan(self.instant - instant),
  }),
  method('add_date', {
    summary: 'The time so many years, months and days later. January 31 and a month is March 2 or 3.',
    params: [
      dateField('years', '', MAX_YEAR),
      optional(dateField('months', 'Default 0.')),
      optional(dateField('days', 'Default 0.')),
    ],
    returns: ['Time'],
    run: (call, self, years, months = 0, days = 0) => {
      call.charge(FIELDS_COST * 2);
      const at = fieldsOf(self.instant, self.zone);
      const moved = { ...at, year: at.year + years, month: at.month + months, day: at.day + days };
      return wrapTime(instantOf(moved, self.zone), self.zone);
    },
  }),
  compared('before', 'Whether this time is before another.', (a, b) => a < b),
  compared('after', 'Whether this time is after another.', (a, b) => a > b),
  compared('equal', 'Whether both are the same instant, whatever their places.', (a, b) => a === b),
  rounded('round', 'The nearest multiple of a duration since the zero time; halfway goes up.', round),
  rounded('truncate', 'The last multiple of a duration since the zero time.', truncate),
];

const texts = [
  method('format', {
    summary:
      "The time as text by a layout: Go's reference time `Mon Jan 2 15:04:05 MST 2006` written as wanted.",
    params: [text('layout')],
    returns: ['string'],
    run: (call, self, layout) => {
      call.charge(layout.length * LAYOUT_COST + FIELDS_COST);
      return formatTime(self.instant, self.zone, layout);
    },
  }),
  method('format_rfc3339', {
    summary: 'The time as text of RFC 3339, to the second.',
    params: [],
    returns: ['string'],
    run: (call, self) => {
      call.charge(TEXT_COST);
      return formatTime(self.instant, self.zone, RFC3339);
    },
  }),
];

const fields = [
  method('unix', {
    summary: 'Whole seconds since 1970-01-01 UTC, rounded down.',
    params: [],
    returns: ['integer'],
    run: (_call, self) => secondsOf(self.instant).seconds,
  }),
  method('unix_nano', {
    summary: 'Nanoseconds since 1970-01-01 UTC. Wraps around outside of 1678 to 2262.',
    params: [],
    returns: ['integer'],
    run: (_call, self) => asInteger(BigInt.asIntN(64, self.instant)),
  }),
  method('date', {
    summary: 'Year, month (1 to 12) and day.',
    params: [],
    returns: ['integer', 'integer', 'integer'],
    run: (call, self) => {
      call.charge(FIELDS_COST);
      const { year, month, day } = fieldsOf(self.instant, self.zone);
      return [year, month, day];
    },
  }),
  method('clock', {
    summary: 'Hour, minute and second of the day.',
    params: [],
    returns: ['integer', 'integer', 'integer'],
    run: (call, self) => {
      call.charge(FIELDS_COST);
      const { hour, minute, second } = fieldsOf(self.instant, self.zone);
      return [hour, minute, second];
    },
  }),
  part('year', 'year', 'The year.'),
  part('month', 'month', 'The month, 1 to 12.'),
  part('day', 'day', 'The day of the month.'),
  part('hour', 'hour', 'The hour, 0 to 23.'),
  part('minute', 'minute', 'The minute, 0 to 59.'),
  part('second', 'second', 'The second, 0 to 59.'),
  part('nanosecond', 'nanosecond', 'The nanoseconds within the second.'),
  method('weekday', {
    summary: 'The day of the week: 0 is Sunday.',
    params: [],
    returns: ['integer'],
    run: (call, self) => {
      call.charge(FIELDS_COST);
      return weekdayOf(self.instant, self.zone);
    },
  }),
  method('year_day', {
    summary: 'The day of the year, 1 to 366.',
    params: [],
    returns: ['integer'],
    run: (call, self) => {
      call.charge(FIELDS_COST);
      return yearDayOf(self.instant, self.zone);
    },
  }),
  method('is_zero', {
    summary: 'Whether it is the zero time, 0001-01-01T00:00:00Z.',
    params: [],
    returns: ['boolean'],
    run: (_call, self) => self.instant === ZERO_INSTANT,
  }),
];

const places = [
  moved('utc', 'The same instant, shown in UTC.', UTC),
  moved('in_local', 'The same instant, shown in the local zone, which is UTC on every machine.', LOCAL),
  method('in_location', {
    summary: 'The same instant, shown by the clocks of a place.',
    params: [userdata('location', LocationType)],
    returns: ['Time'],
    run: (_call, self, zone) => wrapTime(self.instant, zone),
  }),
  method('location', {
    summary: 'The place by whose clocks the time is shown.',
    params: [],
    returns: ['Location'],
    run: (_call, self) => LocationType.wrap(self.zone),
  }),
];

export const TimeType: UserdataType<Time> = defineType<Time>(
  'Time',
  'An instant, exact to the nanosecond, and the place by whose clocks it is shown. `+` and `-` take durations, `-` another time, and times compare.',
  [...arithmetic, ...texts, ...fields, ...places],
  {
    textCost: TEXT_COST,
    tostring: (self) => describe(self),
    concat: (a, b) => shown(a) + shown(b),
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
      if (right !== undefined) return wrapSpan(left.instant - right.instant);
      const read = readDuration(b);
      if (!read.ok) throw new LuaError(`attempt to subtract from a time: ${read.problem}`);
      return wrapTime(left.instant - read.nanoseconds, left.zone);
    },
  },
);

/** `2024-12-29 15:04:05.5 +0000 UTC` */
const describe = ({ instant, zone }: Time): string =>
  `${formatTime(instant, zone, '2006-01-02 15:04:05.999999999 -0700')} ${abbreviation(instant, zone)}`;

function shown(value: LuaValue): string {
  const time = TimeType.unwrap(value);
  const known = time === undefined ? asText(value) : describe(time);
  if (known === undefined) throw new LuaError('attempt to concatenate a time with something that is no text');
  return known;
}
