// `cron_schedule` of a start, as Temporal's server takes it (after robfig's cron): not the dialect of its schedules. Sealed.
// What it does not take fails the task of a run that starts a child with it, for ever; so it is looked at before.
import { DurationError, parseDuration } from './durations.js';
import { zoneData } from './heavy-libraries.cjs';

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  /** Of three letters; the first stands for `least`. */
  readonly names?: readonly string[];
}

const FIELDS: readonly Field[] = [
  { name: 'minute', least: 0, most: 59 },
  { name: 'hour', least: 0, most: 23 },
  { name: 'day of month', least: 1, most: 31 },
  {
    name: 'month',
    least: 1,
    most: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  {
    name: 'day of week',
    least: 0,
    most: 6,
    names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'],
  },
];
const SHORTHANDS = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];

/** What is wrong with it, after `is wrong: `; undefined: nothing. */
export function cronScheduleProblem(text: string): string | undefined {
  const [, zone, spec = text] = /^(?:CRON_)?TZ=([^ ]*)(?: (.*))?$/s.exec(text) ?? [];
  if (zone !== undefined && !isZone(zone))
    return `'${zone}' is no time zone; take one of the IANA database, such as 'Europe/Berlin', or UTC`;
  const rest = zone !== undefined && spec === text ? '' : spec.trim();
  if (rest.startsWith('@every ')) return intervalProblem(rest.slice('@every '.length));
  if (rest.startsWith('@'))
    return SHORTHANDS.includes(rest) ? undefined : `'${rest}' is none of ${SHORTHANDS.join(', ')}, @every 1h`;
  const parts = rest.split(/\s+/).filter((part) => part !== '');
  if (parts.length !== FIELDS.length)
    return `'${rest}' has ${parts.length} ${parts.length === 1 ? 'field' : 'fields'}; it takes 5: minute, hour, day of month, month, day of week`;
  const sets: ReadonlySet<number>[] = [];
  for (const [index, field] of FIELDS.entries()) {
    const values = parseField(parts[index] ?? '', field);
    if (typeof values === 'string') return values;
    sets.push(values);
  }
  // A weekday beside the day is another way to come true.
  if (!/^[*?]/.test(parts[4] ?? '')) return undefined;
  const [, , days = new Set(), months = new Set()] = sets;
  const longest = Math.max(...[...months].map((month) => MOST_DAYS[month - 1] ?? 0));
  return Math.min(...days) > longest ? `'${rest}' names days that those months do not have` : undefined;
}

/** Days of each month; of February in a leap year. */
const MOST_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function intervalProblem(text: string): string | undefined {
  try {
    parseDuration(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    return `'@every ${text}' takes a duration such as 1h30m`;
  }
}

/** Its values, or what is wrong with it. */
function parseField(text: string, field: Field): ReadonlySet<number> | string {
  const { name, least, most, names } = field;
  const values = new Set<number>();
  for (const part of text.split(',').filter((one) => one !== '')) {
    const [range = '', step, ...more] = part.split('/');
    if (more.length > 0 || (step !== undefined && !/^0*[1-9]\d*$/.test(step)))
      return `'${part}' is no step of the ${name}: it takes */n, a/n or a-b/n with n above 0`;
    const isAny = range === '*' || range === '?';
    const [from = '', to, ...others] = range.split('-');
    const first = isAny ? least : valueOf(from, field);
    const last = isAny || (to === undefined && step !== undefined) ? most : valueOf(to ?? from, field);
    if (first === undefined || last === undefined || others.length > 0)
      return `'${part}' is no ${name}: it takes ${least} to ${most}${names === undefined ? '' : ` or ${names[0] ?? ''}, ${names[1] ?? ''}, ...`}`;
    if (last < first) return `'${part}' is a ${name} that ends before it begins`;
    for (let value = first; value <= last; value += Number(step ?? 1)) values.add(value);
  }
  return values;
}

function valueOf(text: string, { least, most, names = [] }: Field): number | undefined {
  const index = names.indexOf(text.toLowerCase());
  const value = index >= 0 ? index + least : /^\d+$/.test(text) ? Number(text) : -1;
  return value >= least && value <= most ? value : undefined;
}

function isZone(name: string): boolean {
  if (name === 'UTC' || name === 'Local') return true;
  const { zones, links } = zoneData();
  return zones.some((zone) => zone.startsWith(`${name}|`)) || links.some((link) => link.endsWith(`|${name}`));
}
