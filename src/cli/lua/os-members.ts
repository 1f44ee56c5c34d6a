// What `os` of `moontide lua` needs of this process. Messages are those of PUC's library.
import { renameSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toBytes, toText } from '../../core/text.js';
import { Arguments, argumentError, luaErrorAt } from '../../lua/instance/arguments.js';
import type { HostCall } from '../../lua/instance-context.js';
import { fn } from '../../lua/module.js';
import type { MemberSpec } from '../../lua/module.js';
import { LuaFloat } from '../../lua/values.js';
import type { HostResult, LuaValue } from '../../lua/values.js';
import { broken, secondsOf, strftime } from './dates.js';
import type { BrokenTime } from './dates.js';
import { reasonOf } from './errno.js';

const NOT_REPRESENTED = 'time result cannot be represented in this installation';
const CATEGORIES = ['all', 'collate', 'ctype', 'monetary', 'numeric', 'time'];

const float = (value: number): LuaValue => (Number.isInteger(value) ? new LuaFloat(value) : value);
const now = (): number => Math.floor(Date.now() / 1000);

/** A path as the system takes it. */
export const pathOf = (bytes: string): string => toText(bytes) ?? bytes;

/** What `act` gives; `nil, why, errno` where the system refuses. */
export function tried(act: () => LuaValue): HostResult {
  try {
    return act();
  } catch (thrown) {
    return [undefined, ...reasonOf(thrown)];
  }
}

/** The same, with the path before the reason. */
export function attempt(path: string, act: (path: string) => LuaValue): HostResult {
  try {
    return act(pathOf(path));
  } catch (thrown) {
    const [reason, errno] = reasonOf(thrown);
    return [undefined, `${path}: ${reason}`, errno];
  }
}

function tableOf(call: HostCall, time: BrokenTime): LuaValue {
  const table = call.instance.newTable();
  const fields = {
    year: time.year,
    month: time.month + 1,
    day: time.day,
    hour: time.hour,
    min: time.minute,
    sec: time.second,
    yday: time.dayOfYear + 1,
    wday: time.weekday + 1,
    isdst: time.isDst,
  };
  for (const [name, value] of Object.entries(fields)) table.set(name, value);
  return table;
}

function date(call: HostCall, ...values: LuaValue[]): LuaValue {
  const args = new Arguments(call, 'date', values);
  const given = args.optionalString(1) ?? '%c';
  const at = args.has(2) ? secondsIn(call, given, numeric(values[1])) : now();
  const isUtc = given.startsWith('!');
  const format = isUtc ? given.slice(1) : given;
  const time = broken(at, isUtc);
  if (time === undefined) throw luaErrorAt(call, NOT_REPRESENTED);
  if (format === '*t') return tableOf(call, time);
  const text = strftime(format, time);
  if (typeof text === 'string') return toBytes(text);
  throw argumentError(call, 1, 'date', `invalid conversion specifier '%${format.slice(text.badAt)}'`);
}

function secondsIn(call: HostCall, format: string, value: LuaValue): number {
  if (typeof value === 'bigint') throw luaErrorAt(call, NOT_REPRESENTED);
  return new Arguments(call, 'date', [format, value]).integer(2);
}

/** Texts stand for numbers, as in the whole library. */
const numeric = (value: LuaValue): LuaValue =>
  typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value)) ? Number(value) : value;

/** The time of a date whose parts the prelude has checked, and the date as it should have been written. */
function mktime(call: HostCall, ...values: LuaValue[]): LuaValue[] {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = values.map(Number);
  const isDst = values[6];
  const wanted = isDst === undefined ? undefined : isDst !== false;
  const seconds = secondsOf([year, month, day, hour, minute, second], wanted);
  const time = seconds === undefined ? undefined : broken(seconds, false);
  if (seconds === undefined || time === undefined) throw luaErrorAt(call, NOT_REPRESENTED);
  return [seconds, tableOf(call, time)];
}

function difftime(call: HostCall, ...values: LuaValue[]): LuaValue {
  const args = new Arguments(call, 'difftime', values.map(numeric));
  return float(args.number(1) - args.number(2));
}

function setlocale(call: HostCall, ...values: LuaValue[]): LuaValue {
  const args = new Arguments(call, 'setlocale', values);
  const locale = args.optionalString(1);
  const category = args.optionalString(2) ?? 'all';
  if (!CATEGORIES.includes(category)) throw args.error(2, `invalid option '${category}'`);
  return ['C', 'POSIX', ''].includes(locale ?? '') ? 'C' : undefined;
}

function remove(path: string): true {
  try {
    unlinkSync(path);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code !== 'EISDIR' && code !== 'EPERM') throw thrown;
    rmdirSync(path);
  }
  return true;
}

let temporary = 0;

function tmpname(): string {
  for (;;) {
    const name = join(tmpdir(), `lua_${process.pid}_${(temporary += 1)}`);
    try {
      writeFileSync(name, '', { flag: 'wx', mode: 0o600 });
      return toBytes(name);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
    }
  }
}

export const osMembers: Readonly<Record<string, MemberSpec>> = {
  now: fn('', [], [], () => now()),
  date: fn('', [], [], date),
  mktime: fn('', [], [], mktime),
  difftime: fn('', [], [], difftime),
  setlocale: fn('', [], [], setlocale),
  remove: fn('', [], [], (call, ...values) =>
    attempt(new Arguments(call, 'remove', values).string(1), remove),
  ),
  rename: fn('', [], [], (call, ...values) => {
    const args = new Arguments(call, 'rename', values);
    const [from, to] = [pathOf(args.string(1)), pathOf(args.string(2))];
    return tried(() => (renameSync(from, to), true));
  }),
  tmpname: fn('', [], [], tmpname),
  getenv: fn('', [], [], (call, ...values) => {
    const value = process.env[new Arguments(call, 'getenv', values).string(1)];
    return value === undefined ? undefined : toBytes(value);
  }),
  clock: fn('', [], [], () => {
    const { user, system } = process.cpuUsage();
    return float((user + system) / 1e6);
  }),
};
