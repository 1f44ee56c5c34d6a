// Times as text, after Go's layouts: the layout is the moment `Mon Jan 2 15:04:05 MST 2006` written as wanted. Sealed.
// L1: layouts and texts are byte strings; names of months and days are English.
// L2: a text is taken only as a whole; what a layout does not name is that of 0000-01-01T00:00:00 UTC.
import {
  daysInMonth,
  fieldsOf,
  FixedZone,
  instantOf,
  periodOf,
  secondsOf,
  UTC,
  weekdayOf,
  yearDayOf,
} from './calendar.js';
import type { DateFields, Zone } from './calendar.js';

const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/** Every element of a layout; where two could begin, the longer stands first. */
const ELEMENT = new RegExp(
  [
    'January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST',
    '002|0[1-6]|15|1|2006|__2|_2(?!006)|2|3|4|5|PM|pm',
    '[-Z]07:00:00|[-Z]070000|[-Z]07:00|[-Z]0700|[-Z]07',
    '[.,](?:0+|9+)(?!\\d)',
  ].join('|'),
  'g',
);

interface Part {
  /** Literal text when not an element. */
  readonly element: boolean;
  readonly text: string;
}

/** Layouts come from programs: few and repeated, but a hostile one must not fill the memory. */
const CACHED_LAYOUTS = 64;
const cache = new Map<string, readonly Part[]>();

function partsOf(layout: string): readonly Part[] {
  const known = cache.get(layout);
  if (known !== undefined) return known;
  const parts: Part[] = [];
  let end = 0;
  for (const match of layout.matchAll(ELEMENT)) {
    if (match.index > end) parts.push({ element: false, text: layout.slice(end, match.index) });
    parts.push({ element: true, text: match[0] });
    end = match.index + match[0].length;
  }
  if (end < layout.length) parts.push({ element: false, text: layout.slice(end) });
  if (cache.size < CACHED_LAYOUTS) cache.set(layout, parts);
  return parts;
}

const pad = (value: number, width: number, fill = '0'): string =>
  value < 0 ? `-${String(-value).padStart(width, fill)}` : String(value).padStart(width, fill);

export function formatTime(instant: bigint, zone: Zone, layout: string): string {
  const fields = fieldsOf(instant, zone);
  let text = '';
  for (const part of partsOf(layout))
    text += part.element ? formatElement(part.text, instant, zone, fields) : part.text;
  return text;
}

function formatElement(element: string, instant: bigint, zone: Zone, fields: DateFields): string {
  switch (element) {
    case 'January':
      return MONTHS[fields.month - 1] ?? '';
    case 'Jan':
      return (MONTHS[fields.month - 1] ?? '').slice(0, 3);
    case 'Monday':
      return DAYS[weekdayOf(instant, zone)] ?? '';
    case 'Mon':
      return (DAYS[weekdayOf(instant, zone)] ?? '').slice(0, 3);
    case 'MST':
      return abbreviation(instant, zone);
    case '2006':
      return pad(fields.year, 4);
    case '06':
      return pad(((fields.year % 100) + 100) % 100, 2);
    case '01':
      return pad(fields.month, 2);
    case '1':
      return String(fields.month);
    case '02':
      return pad(fields.day, 2);
    case '_2':
      return pad(fields.day, 2, ' ');
    case '2':
      return String(fields.day);
    case '002':
      return pad(yearDayOf(instant, zone), 3);
    case '__2':
      return pad(yearDayOf(instant, zone), 3, ' ');
    case '15':
      return pad(fields.hour, 2);
    case '03':
      return pad(fields.hour % 12 === 0 ? 12 : fields.hour % 12, 2);
    case '3':
      return String(fields.hour % 12 === 0 ? 12 : fields.hour % 12);
    case '04':
      return pad(fields.minute, 2);
    case '4':
      return String(fields.minute);
    case '05':
      return pad(fields.second, 2);
    case '5':
      return String(fields.second);
    case 'PM':
      return fields.hour >= 12 ? 'PM' : 'AM';
    case 'pm':
      return fields.hour >= 12 ? 'pm' : 'am';
    default:
      return element.startsWith('.') || element.startsWith(',')
        ? formatFraction(element, fields.nanosecond)
        : formatOffset(element, periodOf(instant, zone).offset);
  }
}

function formatFraction(element: string, nanosecond: number): string {
  const digits = pad(nanosecond, 9)
    .slice(0, element.length - 1)
    .padEnd(element.length - 1, '0');
  if (element[1] === '0') return (element[0] ?? '.') + digits;
  const short = digits.replace(/0+$/, '');
  return short === '' ? '' : (element[0] ?? '.') + short;
}

function formatOffset(element: string, offset: number): string {
  if (element.startsWith('Z') && offset === 0) return 'Z';
  const size = Math.abs(offset);
  const hours = pad(Math.floor(size / 3600), 2);
  const minutes = pad(Math.floor(size / 60) % 60, 2);
  const seconds = pad(size % 60, 2);
  const separator = element.includes(':') ? ':' : '';
  const parts = [hours, minutes, seconds].slice(0, (element.replaceAll(':', '').length - 1) / 2);
  return (offset < 0 ? '-' : '+') + parts.join(separator);
}

/** What `MST` prints: the zone's short name, or its offset where it has none. */
export function abbreviation(instant: bigint, zone: Zone): string {
  const { abbreviation: name, offset } = periodOf(instant, zone);
  return name === '' ? formatOffset(offset % 3600 === 0 ? '-07' : '-0700', offset) : name;
}

export interface ParsedTime {
  readonly instant: bigint;
  readonly zone: Zone;
}

/** Why a text does not follow its layout. */
export class LayoutError extends Error {
  override readonly name = 'LayoutError';
}

/** What the elements of a text said so far. */
interface Draft {
  year: number;
  month: number | undefined;
  day: number | undefined;
  yearDay: number | undefined;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  afternoon: boolean | undefined;
  offset: number | undefined;
  zoneName: string | undefined;
}

/** The instant of `text`; `zone` is that of texts without one. Throws LayoutError. */
export function parseTime(layout: string, text: string, zone: Zone): ParsedTime {
  const draft: Draft = {
    year: 0,
    month: undefined,
    day: undefined,
    yearDay: undefined,
    hour: 0,
    minute: 0,
    second: 0,
    nanosecond: 0,
    afternoon: undefined,
    offset: undefined,
    zoneName: undefined,
  };
  let rest = text;
  const parts = partsOf(layout);
  for (const [index, part] of parts.entries()) {
    if (!part.element) {
      rest = skipLiteral(rest, part.text);
      continue;
    }
    rest = parseElement(part.text, rest, draft);
    // Seconds take a fraction along that the layout does not name.
    const next = parts[index + 1]?.text ?? '';
    if ((part.text === '05' || part.text === '5') && !/^[.,][09]/.test(next)) {
      const fraction = /^[.,]\d+/.exec(rest)?.[0];
      if (fraction !== undefined) {
        draft.nanosecond = nanosecondsOf(fraction);
        rest = rest.slice(fraction.length);
      }
    }
  }
  if (rest !== '') throw new LayoutError(`'${rest}' is left over`);
  return finish(draft, zone);
}

/** Runs of spaces in a layout take any number of spaces. */
function skipLiteral(text: string, literal: string): string {
  let rest = text;
  for (const piece of literal.split(/( +)/)) {
    if (piece === '') continue;
    if (piece.startsWith(' ')) {
      if (rest !== '' && !rest.startsWith(' ')) throw new LayoutError(`a space expected at '${rest}'`);
      rest = rest.replace(/^ +/, '');
      continue;
    }
    if (!rest.startsWith(piece)) throw new LayoutError(`'${piece}' expected at '${rest}'`);
    rest = rest.slice(piece.length);
  }
  return rest;
}

function parseElement(element: string, text: string, draft: Draft): string {
  const take = (pattern: RegExp, what: string): string => {
    const found = pattern.exec(text)?.[0];
    if (found === undefined) throw new LayoutError(`${what} expected at '${text}'`);
    return found;
  };
  const number = (pattern: RegExp, what: string, low: number, high: number): [number, string] => {
    const found = take(pattern, what);
    const value = Number(found);
    if (value < low || value > high) throw new LayoutError(`${what} ${value} is out of range`);
    return [value, text.slice(found.length)];
  };
  let rest: string;
  switch (element) {
    case 'January':
    case 'Jan':
    case 'Monday':
    case 'Mon': {
      const names = element.startsWith('J') ? MONTHS : DAYS;
      const short = element.length === 3;
      const index = names.findIndex((name) => {
        const wanted = (short ? name.slice(0, 3) : name).toLowerCase();
        return text.slice(0, wanted.length).toLowerCase() === wanted;
      });
      const name = names[index];
      if (name === undefined)
        throw new LayoutError(`the name of a ${names === MONTHS ? 'month' : 'day'} expected at '${text}'`);
      if (names === MONTHS) draft.month = index + 1;
      return text.slice(short ? 3 : name.length);
    }
    case 'MST': {
      const name = take(/^(?:UTC|GMT[+-]\d{1,2}|[+-]\d\d|[A-Z]{3,5})/, 'a zone');
      if (name === 'UTC') draft.offset = 0;
      else draft.zoneName = name;
      return text.slice(name.length);
    }
    case '2006':
      [draft.year, rest] = number(/^\d{4}/, 'a year', 0, 9999);
      return rest;
    case '06':
      [draft.year, rest] = number(/^\d\d/, 'a year', 0, 99);
      draft.year += draft.year >= 69 ? 1900 : 2000;
      return rest;
    case '01':
      [draft.month, rest] = number(/^\d\d/, 'month', 1, 12);
      return rest;
    case '1':
      [draft.month, rest] = number(/^\d\d?/, 'month', 1, 12);
      return rest;
    case '02':
      [draft.day, rest] = number(/^\d\d/, 'day', 1, 31);
      return rest;
    case '_2':
    case '2':
      [draft.day, rest] = number(/^ ?\d\d?/, 'day', 1, 31);
      return rest;
    case '002':
      [draft.yearDay, rest] = number(/^\d{3}/, 'day of the year', 1, 366);
      return rest;
    case '__2':
      [draft.yearDay, rest] = number(/^ {0,2}\d{1,3}/, 'day of the year', 1, 366);
      return rest;
    case '15':
      [draft.hour, rest] = number(/^\d\d?/, 'hour', 0, 23);
      return rest;
    case '03':
    case '3':
      [draft.hour, rest] = number(element === '03' ? /^\d\d/ : /^\d\d?/, 'hour', 0, 12);
      return rest;
    case '04':
    case '4':
      [draft.minute, rest] = number(element === '04' ? /^\d\d/ : /^\d\d?/, 'minute', 0, 59);
      return rest;
    case '05':
    case '5':
      [draft.second, rest] = number(element === '05' ? /^\d\d/ : /^\d\d?/, 'second', 0, 59);
      return rest;
    case 'PM':
    case 'pm': {
      const half = take(element === 'PM' ? /^[AP]M/ : /^[ap]m/, `'AM' or 'PM'`);
      draft.afternoon = half.toLowerCase() === 'pm';
      return text.slice(2);
    }
    default:
      return /^[.,]/.test(element)
        ? parseFraction(element, text, draft)
        : parseOffset(element, text, draft, take);
  }
}

/** `.000` wants exactly that many digits, `.999` takes any number, or none. */
function parseFraction(element: string, text: string, draft: Draft): string {
  const pattern = element[1] === '0' ? new RegExp(`^[.,]\\d{${element.length - 1}}`) : /^[.,]\d+/;
  const found = pattern.exec(text)?.[0];
  if (found === undefined) {
    if (element[1] === '9') return text;
    throw new LayoutError(`${element.length - 1} digits of a fraction expected at '${text}'`);
  }
  draft.nanosecond = nanosecondsOf(found);
  return text.slice(found.length);
}

const nanosecondsOf = (fraction: string): number => Number(fraction.slice(1, 10).padEnd(9, '0'));

function parseOffset(
  element: string,
  text: string,
  draft: Draft,
  take: (pattern: RegExp, what: string) => string,
): string {
  if (element.startsWith('Z') && text.startsWith('Z')) {
    draft.offset = 0;
    return text.slice(1);
  }
  const pairs = (element.replaceAll(':', '').length - 1) / 2;
  const separator = element.includes(':') ? ':' : '';
  const found = take(new RegExp(`^[+-]\\d\\d(?:${separator}\\d\\d){${pairs - 1}}`), 'an offset from UTC');
  const [hours = 0, minutes = 0, seconds = 0] = (found.match(/\d\d/g) ?? []).map(Number);
  if (hours > 24 || minutes > 59 || seconds > 59) throw new LayoutError(`offset '${found}' is out of range`);
  draft.offset = (found.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds);
  return text.slice(found.length);
}

function finish(draft: Draft, zone: Zone): ParsedTime {
  let { hour, month, day } = draft;
  if (draft.afternoon === true && hour < 12) hour += 12;
  else if (draft.afternoon === false && hour === 12) hour = 0;
  if (draft.yearDay !== undefined) {
    const given = fieldsOf(instantOf(fields(draft.year, 1, draft.yearDay), UTC), UTC);
    if (given.year !== draft.year) throw new LayoutError(`day of the year ${draft.yearDay} is out of range`);
    if ((month ?? given.month) !== given.month || (day ?? given.day) !== given.day)
      throw new LayoutError(`day of the year ${draft.yearDay} is another date`);
    ({ month, day } = given);
  }
  month ??= 1;
  day ??= 1;
  if (day > daysInMonth(draft.year, month)) throw new LayoutError(`day ${day} is out of range`);
  const { minute, second, nanosecond } = draft;
  const date = { year: draft.year, month, day, hour, minute, second, nanosecond };
  const place = zoneOf(draft, instantOf(date, UTC), zone);
  return { instant: instantOf(date, place.reading), zone: place.zone };
}

const fields = (year: number, month: number, day: number): DateFields => ({
  year,
  month,
  day,
  hour: 0,
  minute: 0,
  second: 0,
  nanosecond: 0,
});

/** The zone that a text says, and the one to read its date by: for a place at a known offset that is not the place itself. */
interface Place {
  readonly zone: Zone;
  readonly reading: Zone;
}
const same = (zone: Zone): Place => ({ zone, reading: zone });

/**
 * As in Go: an offset or letters that the wanted zone has at that time are that zone; other letters alone are taken as UTC
 * under that name. `asUtc` is the date read as if it were UTC.
 */
function zoneOf({ offset, zoneName }: Draft, asUtc: bigint, zone: Zone): Place {
  const { seconds } = secondsOf(asUtc);
  if (offset !== undefined) {
    if (offset === 0 && zoneName === undefined) return same(UTC);
    const period = zone.at(seconds - offset);
    const fits = period.offset === offset && (zoneName === undefined || zoneName === period.abbreviation);
    const fixed = new FixedZone(zoneName ?? '', offset);
    return { zone: fits ? zone : fixed, reading: fixed };
  }
  if (zoneName === undefined) return same(zone);
  const offsets = zone.named(zoneName);
  const known = offsets.find((one) => zone.at(seconds - one).abbreviation === zoneName) ?? offsets[0];
  if (known !== undefined) return { zone, reading: new FixedZone(zoneName, known) };
  const hours = /^(?:GMT)?([+-]\d{1,2})$/.exec(zoneName)?.[1];
  return same(new FixedZone(zoneName, hours === undefined ? 0 : Number(hours) * 3600));
}
