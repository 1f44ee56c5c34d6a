// Cron expressions as Temporal's schedules take them, checked before a server sees them. Pure.
// C1: five fields are minute, hour, day of month, month, day of week; a sixth is the year; with seven the first is the second.
// C2: a field is `*`, a number or name, a range `a-b`, a step `/n` on one of them, or several of these with commas between.

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  /** Three letters each; the first stands for `least` (months) or 0 (days). */
  readonly names?: readonly string[];
}

const SECOND: Field = { name: 'second', least: 0, most: 59 };
const MINUTE: Field = { name: 'minute', least: 0, most: 59 };
const HOUR: Field = { name: 'hour', least: 0, most: 23 };
const DAY: Field = { name: 'day of month', least: 1, most: 31 };
const MONTH: Field = {
  name: 'month',
  least: 1,
  most: 12,
  names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
};
const WEEKDAY: Field = {
  name: 'day of week',
  least: 0,
  most: 7,
  names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'],
};
const YEAR: Field = { name: 'year', least: 2000, most: 2100 };

const COMMON = [MINUTE, HOUR, DAY, MONTH, WEEKDAY] as const;
const FIELDS: Readonly<Record<number, readonly Field[]>> = {
  5: COMMON,
  6: [...COMMON, YEAR],
  7: [SECOND, ...COMMON, YEAR],
};
const SHORTHANDS = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];

/** What is wrong with an expression; undefined: nothing. */
export function cronProblem(expression: string): string | undefined {
  const text = expression.trim().toLowerCase();
  if (/\b(cron_)?tz=/.test(text)) return "names a time zone; say it in 'time_zone'";
  if (text.startsWith('@every')) return "says '@every'; that is the field 'every'";
  if (text.startsWith('@'))
    return SHORTHANDS.includes(text) ? undefined : `is none of ${SHORTHANDS.join(', ')}`;
  const parts = text.split(/\s+/).filter((part) => part !== '');
  const fields = FIELDS[parts.length];
  if (fields === undefined)
    return `has ${parts.length} ${parts.length === 1 ? 'field' : 'fields'}; it takes minute, hour, day of month, month, day of week, and perhaps a year`;
  for (const [index, field] of fields.entries()) {
    const problem = fieldProblem(parts[index] ?? '', field);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function fieldProblem(text: string, field: Field): string | undefined {
  const { name, least, most } = field;
  for (const part of text.split(',')) {
    const [range = '', step, ...more] = part.split('/');
    if (more.length > 0 || (step !== undefined && !/^[1-9]\d*$/.test(step)))
      return `has a bad step in its ${name}, '${part}'`;
    if (range === '*') continue;
    const [from = '', to, ...others] = range.split('-');
    const [first, last] = [valueOf(from, field), to === undefined ? undefined : valueOf(to, field)];
    if (first === undefined || (to !== undefined && last === undefined) || others.length > 0)
      return `has a bad ${name}, '${part}'; it takes ${least} to ${most}${field.names === undefined ? '' : ` or ${field.names[0] ?? ''}, ${field.names[1] ?? ''}, ...`}`;
    if (last !== undefined && last < first) return `has a ${name} that ends before it begins, '${part}'`;
  }
  return undefined;
}

function valueOf(text: string, { least, most, names }: Field): number | undefined {
  if (/^\d+$/.test(text)) {
    const value = Number(text);
    return value >= least && value <= most ? value : undefined;
  }
  const index = text.length < 3 ? -1 : (names ?? []).findIndex((name) => text.startsWith(name));
  return index < 0 ? undefined : index + (names?.length === 12 ? 1 : 0);
}
