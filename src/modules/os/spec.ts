// `os`: time and dates, always in UTC, from the host's clock. Always there. Sealed.
// T1: the same moment gives the same text everywhere: there is no local time zone, `!` changes nothing.
import { Arguments } from '../../lua/instance/arguments.js';
import type { HostCall } from '../../lua/instance-context.js';
import { constant, defineModuleSpec, fn } from '../../lua/module.js';
import { LuaFloat } from '../../lua/values.js';
import type { LuaValue, LuaTable } from '../../lua/values.js';
import { civilFromSeconds, secondsFromCivil, strftime } from './calendar.js';

const KEY = {};

const nowSeconds = (call: HostCall): number => Number(call.instance.host.now() / 1_000_000_000n);

function time(call: HostCall, ...values: LuaValue[]): LuaValue {
  const args = new Arguments(call, 'time', values);
  const spec = args.optionalTable(1);
  if (spec === undefined) return nowSeconds(call);
  const today = civilFromSeconds(nowSeconds(call));
  const field = (name: string, otherwise: number): number => {
    const value = spec.get(name);
    const text = typeof value === 'string' ? Number(value) : value instanceof LuaFloat ? value.n : value;
    if (text === undefined) return otherwise;
    if (typeof text !== 'number' || !Number.isSafeInteger(text))
      throw args.error(1, `field '${name}' is not an integer`);
    return text;
  };
  const seconds = secondsFromCivil({
    year: field('year', today.year),
    month: field('month', today.month),
    day: field('day', today.day),
    hour: field('hour', 0),
    minute: field('min', 0),
    second: field('sec', 0),
  });
  if (!Number.isSafeInteger(seconds)) throw args.error(1, 'time is out of range');
  return seconds;
}

function date(call: HostCall, ...values: LuaValue[]): LuaValue {
  const args = new Arguments(call, 'date', values);
  const format = (args.optionalString(1) ?? '%c').replace(/^!/, '');
  const seconds = args.has(2) ? Math.floor(args.number(2)) : nowSeconds(call);
  if (!Number.isSafeInteger(seconds) || Math.abs(seconds) > 8.64e12)
    throw args.error(2, 'time is out of range');
  const civil = civilFromSeconds(seconds);
  if (!format.startsWith('*t')) {
    const text = strftime(format, civil);
    if (text.ok) return text.text;
    throw args.error(1, `invalid conversion specifier '${text.specifier}'`);
  }
  const table = call.instance.newTable();
  table.set('year', civil.year);
  table.set('month', civil.month);
  table.set('day', civil.day);
  table.set('hour', civil.hour);
  table.set('min', civil.minute);
  table.set('sec', civil.second);
  table.set('wday', civil.weekday + 1);
  table.set('yday', civil.dayOfYear);
  table.set('isdst', false);
  return table satisfies LuaTable;
}

/** Seconds since the instance first asked, to the nanosecond. */
function clock(call: HostCall): LuaValue {
  const { instance } = call;
  const now = instance.host.now();
  const { started } = instance.state(KEY, () => ({ started: now }));
  return float(Number(now - started) / 1e9);
}

const float = (n: number): LuaValue => (Number.isInteger(n) ? new LuaFloat(n) : n);

export const osSpec = defineModuleSpec({
  name: 'os',
  summary: "Time and dates from the host's clock, in UTC.",
  workflow: 'sealed',
  members: {
    time: fn(
      'Seconds since 1970 of now, or of a date given by year, month, day (default: today), hour, min, sec (default: 0).',
      ['spec?: table'],
      ['integer'],
      time,
    ),
    date: fn(
      'A moment as text (`%Y-%m-%d`, default `%c`), or as a table for `*t`. `timestamp` is in seconds.',
      ['format?: string', 'timestamp?: number'],
      ['string|table'],
      date,
    ),
    clock: fn('Seconds since the program first asked for them.', [], ['number'], clock),
    difftime: fn(
      'Seconds from `t1` to `t2`.',
      ['t2: number', 't1: number'],
      ['number'],
      (call, ...values) => {
        const args = new Arguments(call, 'difftime', values);
        return float(args.number(1) - (args.optionalNumber(2) ?? 0));
      },
    ),
    platform: constant('moontide'),
  },
});
