// Places of the IANA time zone database, by name. Sealed.
// Z1: the data is that of the package `moment-timezone`, the same on every machine; the system's own is never asked.
// Z2: its table ends in 2037; later years follow the rule that the last ten years of the table show, where they show one.
import { zoneData } from '../../core/heavy-libraries.cjs';
import { daysOf, Zone } from './calendar.js';
import type { Period } from './calendar.js';

interface Transition {
  /** Seconds since the epoch from which the period holds. */
  readonly start: number;
  readonly offset: number;
  readonly abbreviation: string;
}

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX';

/** A number in base 60 with a fraction, as the table writes it. */
function base60(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  const [whole = '', fraction = ''] = text.replace('-', '').split('.');
  let value = 0;
  for (const digit of whole) value = value * 60 + DIGITS.indexOf(digit);
  let unit = 1 / 60;
  for (const digit of fraction) {
    value += DIGITS.indexOf(digit) * unit;
    unit /= 60;
  }
  return sign * value;
}

function unpack(packed: string): readonly Transition[] {
  const [, names = '', offsets = '', indices = '', untils = ''] = packed.split('|');
  const abbreviations = names.split(' ');
  // Minutes west of Greenwich become seconds east of it.
  const seconds = offsets.split(' ').map((offset) => -Math.round(base60(offset) * 60) + 0);
  let until = -Infinity;
  let last = 0;
  const ends = untils.split(' ').filter((text) => text !== '');
  return [...indices].map((digit, position) => {
    const index = DIGITS.indexOf(digit);
    const start = until;
    const next = ends[position];
    if (next !== undefined) until = last = Math.round(last + base60(next) * 60);
    return { start, offset: seconds[index] ?? 0, abbreviation: abbreviations[index] ?? '' };
  });
}

/** A change that comes every year: on the first `weekday` from `day` of `month` on, `second` of the local day. */
interface YearlyChange extends Omit<Transition, 'start'> {
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  readonly second: number;
  /** What the clocks show before it. */
  readonly before: number;
}

const DAY = 86_400;
const yearOf = (seconds: number): number => new Date(seconds * 1000).getUTCFullYear();

interface Seen {
  readonly to: Transition;
  readonly before: number;
  readonly date: Date;
}

/** The rule of the last ten years; undefined where each year has its own dates, or no changes. */
function yearlyChanges(transitions: readonly Transition[]): readonly YearlyChange[] | undefined {
  const last = transitions.at(-1);
  if (last === undefined || !Number.isFinite(last.start)) return undefined;
  const year = yearOf(last.start);
  const seen = new Map<string, Seen[]>();
  for (let index = transitions.length - 1; index > 0; index--) {
    const to = transitions[index]!;
    if (yearOf(to.start) <= year - 10) break;
    const before = transitions[index - 1]!.offset;
    const date = new Date((to.start + before) * 1000);
    const key = `${to.offset} ${to.abbreviation} ${date.getUTCMonth()} ${date.getUTCDay()} ${date.getTime() % (DAY * 1000)}`;
    seen.set(key, [...(seen.get(key) ?? []), { to, before, date }]);
  }
  const changes: YearlyChange[] = [];
  for (const all of seen.values()) {
    const [first] = all;
    const days = all.map(({ date }) => date.getUTCDate());
    const day = Math.min(...days);
    if (first === undefined || all.length < 10 || Math.max(...days) > day + 6) return undefined;
    const { to, before, date } = first;
    changes.push({
      offset: to.offset,
      abbreviation: to.abbreviation,
      month: date.getUTCMonth() + 1,
      day,
      weekday: date.getUTCDay(),
      second: (date.getTime() / 1000) % DAY,
      before,
    });
  }
  return changes.length === 2 ? changes : undefined;
}

function changeIn(year: number, { month, day, weekday, second, before, ...to }: YearlyChange): Transition {
  const days = daysOf(year, month, day);
  const shift = (((weekday - (days + 4)) % 7) + 7) % 7; // 1970-01-01 was a Thursday, the day of number 4
  return { ...to, start: (days + shift) * DAY + second - before };
}

class TableZone extends Zone {
  readonly #transitions: readonly Transition[];
  readonly #yearly: readonly YearlyChange[] | undefined;

  constructor(name: string, transitions: readonly Transition[]) {
    super(name);
    this.#transitions = transitions;
    this.#yearly = yearlyChanges(transitions);
  }

  at(seconds: number): Period {
    const last = this.#transitions.at(-1);
    if (this.#yearly !== undefined && last !== undefined && seconds >= last.start)
      return this.#later(seconds, last, this.#yearly);
    let low = 0;
    let high = this.#transitions.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#transitions[middle]!.start <= seconds) low = middle;
      else high = middle - 1;
    }
    return { ...this.#transitions[low]!, end: this.#transitions[low + 1]?.start ?? Infinity };
  }

  #later(seconds: number, last: Transition, yearly: readonly YearlyChange[]): Period {
    const year = yearOf(seconds);
    const around = [year - 1, year, year + 1]
      .flatMap((one) => yearly.map((change) => changeIn(one, change)))
      .filter(({ start }) => start > last.start)
      .toSorted((a, b) => a.start - b.start);
    const next = around.findIndex(({ start }) => start > seconds);
    return { ...(around[next - 1] ?? last), end: around[next]?.start ?? Infinity };
  }

  named(abbreviation: string): readonly number[] {
    const found = this.#transitions.filter((one) => one.abbreviation === abbreviation);
    return [...new Set(found.map(({ offset }) => offset))];
  }
}

const known = new Map<string, Zone>();

/** The place of an IANA name; undefined where there is none. Names are compared exactly, as in the database. */
export function findZone(name: string): Zone | undefined {
  const before = known.get(name);
  if (before !== undefined) return before;
  const { zones, links } = zoneData();
  const packedOf = (wanted: string): string | undefined =>
    zones.find((packed) => packed.startsWith(`${wanted}|`));
  const target = links.find((link) => link.endsWith(`|${name}`))?.split('|')[0];
  const packed = packedOf(target ?? name);
  if (packed === undefined || !/^[A-Za-z0-9_+/-]+$/.test(name)) return undefined;
  const zone = new TableZone(name, unpack(packed));
  known.set(name, zone);
  return zone;
}
