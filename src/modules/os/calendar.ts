// Days, months and years in UTC from seconds since 1970 and back, and strftime. Sealed: no Date, so that no clock is near.
// Proleptic Gregorian calendar; the arithmetic is the usual one over eras of 400 years beginning in March.

export interface Civil {
  readonly year: number;
  /** 1..12 */
  readonly month: number;
  /** 1..31 */
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}
export interface CivilDate extends Civil {
  /** 0 is Sunday. */
  readonly weekday: number;
  /** 1..366 */
  readonly dayOfYear: number;
}

const DAY = 86_400;
const ERA_DAYS = 146_097;
const DAYS_TO_1970 = 719_468;

/** Days since 1970-01-01; month and day may be out of their range and carry over. */
function daysFromCivil(year: number, month: number, day: number): number {
  const months = year * 12 + (month - 1);
  const y = Math.floor(months / 12);
  const m = months - y * 12 + 1;
  const shifted = m <= 2 ? y - 1 : y;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (m + (m > 2 ? -3 : 9)) + 2) / 5);
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * ERA_DAYS + dayOfEra - DAYS_TO_1970 + (day - 1);
}

export function secondsFromCivil({ year, month, day, hour, minute, second }: Civil): number {
  return daysFromCivil(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
}

export function civilFromSeconds(seconds: number): CivilDate {
  const days = Math.floor(seconds / DAY);
  const rest = seconds - days * DAY;
  const z = days + DAYS_TO_1970;
  const era = Math.floor(z / ERA_DAYS);
  const dayOfEra = z - era * ERA_DAYS;
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
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return {
    year,
    month,
    day,
    hour: Math.floor(rest / 3600),
    minute: Math.floor((rest % 3600) / 60),
    second: rest % 60,
    weekday: (((days + 4) % 7) + 7) % 7,
    dayOfYear: days - daysFromCivil(year, 1, 1) + 1,
  };
}

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

const pad = (n: number, width: number): string => String(n).padStart(width, '0');

/** ISO 8601 week number: weeks begin on Monday, the first has the year's first Thursday. */
function isoWeek({ year, dayOfYear, weekday }: CivilDate): number {
  const week = Math.floor((dayOfYear - ((weekday + 6) % 7) + 9) / 7);
  if (week < 1) return weeksIn(year - 1);
  return week > weeksIn(year) ? 1 : week;
}
function weeksIn(year: number): number {
  const weekday = (y: number): number => (((daysFromCivil(y, 12, 31) + 4) % 7) + 7) % 7;
  return weekday(year) === 4 || weekday(year - 1) === 3 ? 53 : 52;
}

const SPECIFIERS: Readonly<Record<string, (date: CivilDate) => string>> = {
  Y: ({ year }) => String(year),
  y: ({ year }) => pad(((year % 100) + 100) % 100, 2),
  m: ({ month }) => pad(month, 2),
  d: ({ day }) => pad(day, 2),
  H: ({ hour }) => pad(hour, 2),
  I: ({ hour }) => pad(hour % 12 === 0 ? 12 : hour % 12, 2),
  M: ({ minute }) => pad(minute, 2),
  S: ({ second }) => pad(second, 2),
  p: ({ hour }) => (hour < 12 ? 'AM' : 'PM'),
  A: ({ weekday }) => WEEKDAYS[weekday]!,
  a: ({ weekday }) => WEEKDAYS[weekday]!.slice(0, 3),
  B: ({ month }) => MONTHS[month - 1]!,
  b: ({ month }) => MONTHS[month - 1]!.slice(0, 3),
  w: ({ weekday }) => String(weekday),
  j: ({ dayOfYear }) => pad(dayOfYear, 3),
  U: (date) => pad(isoWeek(date), 2),
  z: () => '+0000',
  Z: () => 'UTC',
  c: (date) =>
    `${WEEKDAYS[date.weekday]!.slice(0, 3)} ${MONTHS[date.month - 1]!.slice(0, 3)} ${String(date.day).padStart(2)} ${clockText(date)} ${date.year}`,
  x: (date) => `${pad(date.month, 2)}/${pad(date.day, 2)}/${pad(((date.year % 100) + 100) % 100, 2)}`,
  X: (date) => clockText(date),
  F: (date) => `${date.year}-${pad(date.month, 2)}-${pad(date.day, 2)}`,
  T: (date) => clockText(date),
  D: (date) => `${pad(date.month, 2)}/${pad(date.day, 2)}/${pad(((date.year % 100) + 100) % 100, 2)}`,
  R: ({ hour, minute }) => `${pad(hour, 2)}:${pad(minute, 2)}`,
  e: ({ day }) => String(day).padStart(2),
  n: () => '\n',
  t: () => '\t',
  '%': () => '%',
};
const clockText = ({ hour, minute, second }: Civil): string =>
  `${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}`;

export function strftime(
  format: string,
  date: CivilDate,
): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly specifier: string } {
  let text = '';
  for (let index = 0; index < format.length; index++) {
    const char = format[index]!;
    if (char !== '%') {
      text += char;
      continue;
    }
    index += 1;
    const letter = format[index] ?? '';
    const write = Object.hasOwn(SPECIFIERS, letter) ? SPECIFIERS[letter] : undefined;
    if (write === undefined) return { ok: false, specifier: `%${letter}` };
    text += write(date);
  }
  return { ok: true, text };
}
