// The Duration that Lua sees, and how every function reads one: a number of nanoseconds, Go's syntax, or a Duration. Sealed.
// D1: a Duration crosses a border as text in Go's syntax, which every function that takes a duration takes.
import { asInteger, DurationError, formatDuration, parseDuration } from '../../core/durations.js';
import { toBytes } from '../../core/text.js';
import { asText } from '../../lua/instance/arguments.js';
import { defineType, methodsOf } from '../../lua/module.js';
import { LuaError, LuaFloat, LuaUserdata, luaType } from '../../lua/values.js';
import type { LuaValue, UserdataType } from '../../lua/values.js';

const MAX = 2n ** 63n - 1n;
const MIN = -MAX - 1n;

export class Duration {
  /** Within 64 bits, signed. */
  readonly nanoseconds: bigint;
  constructor(nanoseconds: bigint) {
    this.nanoseconds = BigInt.asIntN(64, nanoseconds);
  }
  toString(): string {
    return toBytes(formatDuration(this.nanoseconds));
  }
}

/** Why a value is no duration, as text; else its nanoseconds. */
export type ReadDuration =
  { readonly ok: true; readonly nanoseconds: bigint } | { readonly ok: false; readonly problem: string };

const refused = (problem: string): ReadDuration => ({ ok: false, problem });

export function readDuration(value: LuaValue): ReadDuration {
  const duration = DurationType.unwrap(value);
  if (duration !== undefined) return { ok: true, nanoseconds: duration.nanoseconds };
  switch (typeof value) {
    case 'bigint':
      return { ok: true, nanoseconds: value };
    case 'number':
      return fromNumber(value);
    case 'string':
      try {
        return { ok: true, nanoseconds: parseDuration(value) };
      } catch (error) {
        if (error instanceof DurationError) return refused(error.message);
        throw error;
      }
    default:
      if (value instanceof LuaFloat) return fromNumber(value.n);
      return refused(`expected a duration (nanoseconds, '1h30m' or a Duration), got ${typeText(value)}`);
  }
}

function fromNumber(value: number): ReadDuration {
  if (!Number.isFinite(value)) return refused(`invalid duration '${value}': it must be finite`);
  const nanoseconds = BigInt(Math.trunc(value));
  if (nanoseconds > MAX || nanoseconds < MIN)
    return refused(`invalid duration '${value}': it is longer than 292 years`);
  return { ok: true, nanoseconds };
}

const typeText = (value: LuaValue): string =>
  value instanceof LuaUserdata ? value.type.name : luaType(value);

/** An operand of arithmetic with a Duration; raises what Lua raises for a wrong one. */
function operand(value: LuaValue): bigint {
  const read = readDuration(value);
  if (!read.ok) throw new LuaError(`attempt to perform arithmetic on a duration: ${read.problem}`);
  return read.nanoseconds;
}

const plainNumber = (value: LuaValue): number | undefined =>
  typeof value === 'number'
    ? value
    : typeof value === 'bigint'
      ? Number(value)
      : value instanceof LuaFloat
        ? value.n
        : undefined;

/** `duration * factor`, exact for integers. */
function scaled(nanoseconds: bigint, factor: LuaValue): LuaUserdata<Duration> {
  if (typeof factor === 'bigint') return wrapDuration(nanoseconds * factor);
  const number = plainNumber(factor);
  if (number === undefined)
    throw new LuaError(`attempt to multiply a duration with a ${typeText(factor)}; use a number`);
  if (Number.isSafeInteger(number)) return wrapDuration(nanoseconds * BigInt(number));
  return fromFloat(Number(nanoseconds) * number);
}

function fromFloat(nanoseconds: number): LuaUserdata<Duration> {
  const read = fromNumber(nanoseconds);
  if (!read.ok) throw new LuaError(read.problem);
  return wrapDuration(read.nanoseconds);
}

const method = methodsOf<Duration>();

/** A count in a unit, with a fraction where it has one. */
const inUnit = (name: string, unit: bigint) =>
  method(name, {
    summary: `The duration in ${name}, with a fraction where it has one.`,
    params: [],
    returns: ['number'],
    run: (_call, { nanoseconds }) =>
      nanoseconds % unit === 0n
        ? asInteger(nanoseconds / unit)
        : Number(nanoseconds / unit) + Number(nanoseconds % unit) / Number(unit),
  });

const wholeUnits = (name: string, unit: bigint) =>
  method(name, {
    summary: `The whole ${name} of the duration.`,
    params: [],
    returns: ['integer'],
    run: (_call, self) => asInteger(self.nanoseconds / unit),
  });

export const DurationType: UserdataType<Duration> = defineType<Duration>(
  'Duration',
  'A span of time, exact to the nanosecond, up to 292 years. It adds, subtracts, compares, and multiplies and divides with numbers.',
  [
    inUnit('hours', 3_600_000_000_000n),
    inUnit('minutes', 60_000_000_000n),
    inUnit('seconds', 1_000_000_000n),
    wholeUnits('milliseconds', 1_000_000n),
    wholeUnits('microseconds', 1_000n),
    wholeUnits('nanoseconds', 1n),
    method('string', {
      summary: "The duration in Go's syntax: `1h30m0s`.",
      params: [],
      returns: ['string'],
      run: (_call, self) => self.toString(),
    }),
  ],
  {
    tostring: (self) => self.toString(),
    concat: (a, b) => text(a) + text(b),
    eq: (a, b) => a.nanoseconds === b.nanoseconds,
    lt: (a, b) => a.nanoseconds < b.nanoseconds,
    le: (a, b) => a.nanoseconds <= b.nanoseconds,
    add: (a, b) => wrapDuration(operand(a) + operand(b)),
    sub: (a, b) => wrapDuration(operand(a) - operand(b)),
    mul: (a, b) => {
      const left = DurationType.unwrap(a);
      const right = DurationType.unwrap(b);
      if (left !== undefined) return scaled(left.nanoseconds, b);
      return scaled(right?.nanoseconds ?? 0n, a);
    },
    div: (a, b) => {
      const over = DurationType.unwrap(b);
      if (over !== undefined) return float(Number(operand(a)) / Number(over.nanoseconds));
      const by = plainNumber(b);
      if (by === undefined) throw new LuaError(`attempt to divide a duration by a ${typeText(b)}`);
      if (Number.isSafeInteger(by) && by !== 0) return wrapDuration(operand(a) / BigInt(by));
      return fromFloat(Number(operand(a)) / by);
    },
    unm: (a) => wrapDuration(-operand(a)),
    data: (self) => self.toString(),
  },
);

/** Between two instants; the longest or the shortest where they are further apart than a Duration holds, as in Go. */
export const wrapSpan = (nanoseconds: bigint): LuaUserdata<Duration> =>
  wrapDuration(nanoseconds > MAX ? MAX : nanoseconds < MIN ? MIN : nanoseconds);

export const wrapDuration = (nanoseconds: bigint): LuaUserdata<Duration> =>
  DurationType.wrap(new Duration(nanoseconds));

/** A float as Lua has it: `/` never gives an integer. */
const float = (value: number): LuaValue => (Number.isInteger(value) ? new LuaFloat(value) : value);

function text(value: LuaValue): string {
  const known = DurationType.unwrap(value)?.toString() ?? asText(value);
  if (known === undefined) throw new LuaError(`attempt to concatenate a ${typeText(value)} value`);
  return known;
}
