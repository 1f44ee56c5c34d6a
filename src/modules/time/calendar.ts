// Dates of the proleptic Gregorian calendar in exact nanoseconds, and places as offsets from UTC. Sealed.
// K1: an instant is a bigint of nanoseconds since 1970-01-01T00:00:00Z; nothing here rounds.
// K2: fields out of range carry over (month 13 is January of the next year), as in Go.

export const SECOND = 1_000_000_000n;
const DAY_SECONDS = 86_400;
/** 0001-01-01T00:00:00Z, the zero time. */
export const ZERO_INSTANT = -62_135_596_800n * SECOND;

/** How the clocks of a place are set from `start` until `end`, in seconds since the epoch. */
export interface Period {
  /** Seconds ahead of UTC. */
  readonly offset: number;
  /** `CET`; '' where there is none. */
  readonly abbreviation: string;
  readonly start: number;
  readonly end: number;
}

/** A place: its name, and how its clocks are set at any time. */
export abstract class Zone {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
  abstract at(seconds: number): Period;
  /** Offsets that went by this abbreviation. */
  abstract named(abbreviation: string): readonly number[];
}

export class FixedZone extends Zone {
  readonly #period: Period;
  constructor(name: string, offset: number, abbreviation = name) {
    super(name);
    this.#period = { offset, abbreviation, start: -Infinity, end: Infinity };
  }
  at(): Period {
    return this.#period;
  }
  named(abbreviation: string): readonly number[] {
    return abbreviation === this.#period.abbreviation ? [this.#period.offset] : [];
  }
}
export const UTC: Zone = new FixedZone('UTC', 0);
/** The local zone of a program is UTC on every machine, so that a replay elsewhere sees the same. */
export const LOCAL: Zone = new FixedZone('Local', 0, 'UTC');

export interface DateFields {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
}

const floorDivide = (a: number, b: number): number => Math.floor(a / b);

/** Days since 1970-01-01 of a date; the month may be any integer. */
export function daysOf(year: number, month: number, day: number): number {
  const y = year + floorDivide(month - 1, 12);
  const m = month - 1 - floorDivide(month - 1, 12) * 12;
  // Years begin in March, so that the leap day is the last one.
  const shifted = m < 2 ? y - 1 : y;
  const era = floorDivide(shifted, 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * ((m + 10) % 12) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function dateOfDays(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  const shifted = days + 719_468;
  const era = floorDivide(shifted, 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

/** Local times that a change of the clocks skips or repeats are read as in Go: by the offset on one side of it. */
export function instantOf(fields: DateFields, zone: Zone): bigint {
  const local =
    daysOf(fields.year, fields.month, fields.day) * DAY_SECONDS +
    fields.hour * 3600 +
    fields.minute * 60 +
    fields.second;
  const around = zone.at(local);
  const guess = local - around.offset;
  const { offset } = guess >= around.start && guess < around.end ? around : zone.at(guess);
  return BigInt(local - offset) * SECOND + BigInt(fields.nanosecond);
}

/** Whole seconds since the epoch, rounded down, and the nanoseconds on top. */
export function secondsOf(instant: bigint): { readonly seconds: number; readonly nanosecond: number } {
  const nanosecond = ((instant % SECOND) + SECOND) % SECOND;
  return { seconds: Number((instant - nanosecond) / SECOND), nanosecond: Number(nanosecond) };
}

export const periodOf = (instant: bigint, zone: Zone): Period => zone.at(secondsOf(instant).seconds);

function localDay(instant: bigint, zone: Zone): number {
  const { seconds } = secondsOf(instant);
  return floorDivide(seconds + zone.at(seconds).offset, DAY_SECONDS);
}

export function fieldsOf(instant: bigint, zone: Zone): DateFields {
  const { seconds, nanosecond } = secondsOf(instant);
  const local = seconds + zone.at(seconds).offset;
  const days = floorDivide(local, DAY_SECONDS);
  const rest = local - days * DAY_SECONDS;
  return {
    ...dateOfDays(days),
    hour: Math.floor(rest / 3600),
    minute: Math.floor(rest / 60) % 60,
    second: rest % 60,
    nanosecond,
  };
}

/** 0 is Sunday. 1970-01-01 was a Thursday. */
export function weekdayOf(instant: bigint, zone: Zone): number {
  const day = (localDay(instant, zone) + 4) % 7;
  return day < 0 ? day + 7 : day;
}

/** 1 to 366. */
export function yearDayOf(instant: bigint, zone: Zone): number {
  return localDay(instant, zone) - daysOf(fieldsOf(instant, zone).year, 1, 1) + 1;
}

export const daysInMonth = (year: number, month: number): number =>
  daysOf(year, month + 1, 1) - daysOf(year, month, 1);

/** The last multiple of `step` nanoseconds, counted from the zero time, that is not after `instant`. */
export function truncate(instant: bigint, step: bigint): bigint {
  if (step <= 0n) return instant;
  const since = instant - ZERO_INSTANT;
  return instant - (((since % step) + step) % step);
}

/** The nearest multiple; halfway goes up. */
export function round(instant: bigint, step: bigint): bigint {
  if (step <= 0n) return instant;
  const low = truncate(instant, step);
  return (instant - low) * 2n < step ? low : low + step;
}
