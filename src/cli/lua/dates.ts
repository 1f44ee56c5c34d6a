// os.date and os.time as C has them, in the locale "C": strftime of C99, local time where it is not UTC that is asked for.

/** A moment as C breaks it down. */
export interface BrokenTime {
  readonly year: number;
  /** 0..11 */
  readonly month: number;
  /** 1..31 */
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** 0..365 */
  readonly dayOfYear: number;
  readonly isDst: boolean;
  /** East of Greenwich. */
  readonly offsetMinutes: number;
  readonly zone: string;
}

const DAY_MS = 86_400_000;

/** undefined: beyond what dates can hold. */
export function broken(seconds: number, isUtc: boolean): BrokenTime | undefined {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return undefined;
  const offsetMinutes = isUtc ? 0 : -date.getTimezoneOffset();
  const shifted = new Date(date.getTime() + offsetMinutes * 60_000);
  if (Number.isNaN(shifted.getTime())) return undefined;
  const year = shifted.getUTCFullYear();
  const first = new Date(0);
  first.setUTCFullYear(year, 0, 1);
  return {
    year,
    month: shifted.getUTCMonth(),
    day: shifted.getUTCDate(),
    hour: shifted.getUTCHours(),
    minute: shifted.getUTCMinutes(),
    second: shifted.getUTCSeconds(),
    weekday: shifted.getUTCDay(),
    dayOfYear: Math.floor((shifted.getTime() - first.getTime()) / DAY_MS),
    isDst: !isUtc && isDst(date),
    offsetMinutes,
    zone: isUtc ? 'GMT' : zoneOf(date),
  };
}

/** The zone is ahead of its standard time, which it has in January or in July. */
function isDst(date: Date): boolean {
  const offset = (month: number): number => -new Date(date.getFullYear(), month, 1).getTimezoneOffset();
  return -date.getTimezoneOffset() > Math.min(offset(0), offset(6));
}

const zoneOf = (date: Date): string =>
  new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' })
    .formatToParts(date)
    .find(({ type }) => type === 'timeZoneName')?.value ?? '';

/** Seconds since 1970 of a local time whose parts may be out of their ranges; undefined: beyond what dates can hold. */
export function secondsOf(
  parts: readonly [year: number, month: number, day: number, hour: number, minute: number, second: number],
  wantsDst: boolean | undefined,
): number | undefined {
  const [year, month, day, hour, minute, second] = parts;
  const date = new Date(2000, 0, 1);
  date.setFullYear(year, month - 1, day);
  date.setHours(hour, minute, second);
  const seconds = date.getTime() / 1000;
  if (Number.isNaN(seconds)) return undefined;
  if (wantsDst === undefined || wantsDst === isDst(date)) return seconds;
  return wantsDst ? seconds - 3600 : seconds + 3600;
}

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);

const pad = (n: number, width = 2, fill = '0'): string =>
  n < 0 ? `-${String(-n).padStart(width - 1, fill)}` : String(n).padStart(width, fill);

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

/** Year and week of ISO 8601. */
function isoWeek({ year, dayOfYear, weekday }: BrokenTime): readonly [year: number, week: number] {
  const thursday = dayOfYear - ((weekday + 6) % 7) + 3;
  if (thursday < 0) return [year - 1, Math.floor((thursday + (isLeap(year - 1) ? 366 : 365)) / 7) + 1];
  const days = isLeap(year) ? 366 : 365;
  return thursday >= days ? [year + 1, 1] : [year, Math.floor(thursday / 7) + 1];
}

const century = (year: number): number => Math.floor(year / 100);
const inCentury = (year: number): number => ((year % 100) + 100) % 100;
const twelve = (hour: number): number => (hour % 12 === 0 ? 12 : hour % 12);

/** By conversion specifier; those with a format stand for it. */
const SPECIFIERS: Readonly<Record<string, string | ((time: BrokenTime) => string)>> = {
  a: ({ weekday }) => (WEEKDAYS[weekday] ?? '').slice(0, 3),
  A: ({ weekday }) => WEEKDAYS[weekday] ?? '',
  b: ({ month }) => (MONTHS[month] ?? '').slice(0, 3),
  B: ({ month }) => MONTHS[month] ?? '',
  c: '%a %b %e %H:%M:%S %Y',
  C: ({ year }) => pad(century(year)),
  d: ({ day }) => pad(day),
  D: '%m/%d/%y',
  e: ({ day }) => pad(day, 2, ' '),
  F: '%Y-%m-%d',
  g: (time) => pad(inCentury(isoWeek(time)[0])),
  G: (time) => String(isoWeek(time)[0]),
  h: '%b',
  H: ({ hour }) => pad(hour),
  I: ({ hour }) => pad(twelve(hour)),
  j: ({ dayOfYear }) => pad(dayOfYear + 1, 3),
  m: ({ month }) => pad(month + 1),
  M: ({ minute }) => pad(minute),
  n: () => '\n',
  p: ({ hour }) => (hour < 12 ? 'AM' : 'PM'),
  r: '%I:%M:%S %p',
  R: '%H:%M',
  S: ({ second }) => pad(second),
  t: () => '\t',
  T: '%H:%M:%S',
  u: ({ weekday }) => String(weekday === 0 ? 7 : weekday),
  U: ({ dayOfYear, weekday }) => pad(Math.floor((dayOfYear + 7 - weekday) / 7)),
  V: (time) => pad(isoWeek(time)[1]),
  w: ({ weekday }) => String(weekday),
  W: ({ dayOfYear, weekday }) => pad(Math.floor((dayOfYear + 7 - ((weekday + 6) % 7)) / 7)),
  x: '%m/%d/%y',
  X: '%H:%M:%S',
  y: ({ year }) => pad(inCentury(year)),
  Y: ({ year }) => String(year),
  z: ({ offsetMinutes: offset }) =>
    `${offset < 0 ? '-' : '+'}${pad(Math.floor(Math.abs(offset) / 60))}${pad(Math.abs(offset) % 60)}`,
  Z: ({ zone }) => zone,
  '%': () => '%',
};

/** The locale "C" has no others. */
const MODIFIED: Readonly<Record<string, string>> = { E: 'cCxXyY', O: 'deHImMSuUVwWy' };

/** The text, or the place of a conversion specifier that C99 does not know. */
export function strftime(format: string, time: BrokenTime): string | { readonly badAt: number } {
  let text = '';
  for (let at = 0; at < format.length; at++) {
    if (format[at] !== '%') {
      text += format[at];
      continue;
    }
    const start = ++at;
    const modified = MODIFIED[format[at] ?? ''];
    if (modified !== undefined) at++;
    const letter = format[at] ?? '';
    const writer = Object.hasOwn(SPECIFIERS, letter) ? SPECIFIERS[letter] : undefined;
    if (writer === undefined || (modified !== undefined && !modified.includes(letter)))
      return { badAt: start };
    const written = typeof writer === 'string' ? strftime(writer, time) : writer(time);
    if (typeof written !== 'string') throw new TypeError(`'%${letter}' stands for a format that is none`);
    text += written;
  }
  return text;
}
