// Tables of named options that a program gives: every one is known, of its type and in its bounds, or the call is refused. Sealed.
// O1: an unknown option is refused with the nearest known name: a slip must not pass as a wish that is ignored.
// O2: durations come out as whole milliseconds, whether they came as milliseconds or as text in Go's syntax.
import { isMap } from './data-values.js';
import { dataObject, LuaFloat } from './data.js';
import type { Data, DataObject } from './data.js';
import { DurationError, parseDurationMs } from './durations.js';
import { encodeWire } from './wire.js';
import { didYouMean } from './nearest.js';

export type OptionType =
  /** `positive`: 0 is refused. */
  | { readonly is: 'duration'; readonly positive?: boolean }
  /** `most`: bytes. `problem`: what is wrong with it. */
  | {
      readonly is: 'text';
      readonly most?: number;
      readonly problem?: (text: string) => string | undefined;
    }
  | { readonly is: 'flag' | 'table' }
  | { readonly is: 'number'; readonly least?: number }
  | { readonly is: 'count'; readonly least: number }
  | { readonly is: 'choice'; readonly of: readonly string[] }
  | { readonly is: 'texts' }
  /** `check`: what is wrong with them together. */
  | {
      readonly is: 'options';
      readonly of: OptionTypes;
      readonly check?: (options: DataObject) => string | undefined;
    };
export type OptionTypes = Readonly<Record<string, OptionType>>;

export type ReadOptions =
  { readonly ok: true; readonly options: DataObject } | { readonly ok: false; readonly problem: string };

/** Bytes of an id or the name of a queue: what the server takes. What it refuses of a run's commands fails the run's task for ever. */
export const MOST_NAME_BYTES = 1000;

/** What the server takes for an initial_interval that is not said. */
const DEFAULT_INITIAL_INTERVAL_MS = 1000;

/** Temporal's retry policy, as `with_options` of funcs and process take it. */
export const RETRY_POLICY: OptionType = {
  is: 'options',
  of: {
    initial_interval: { is: 'duration' },
    backoff_coefficient: { is: 'number', least: 1 },
    maximum_interval: { is: 'duration' },
    maximum_attempts: { is: 'count', least: 0 },
    non_retryable_error_types: { is: 'texts' },
  },
  check: ({ initial_interval: initial = DEFAULT_INITIAL_INTERVAL_MS, maximum_interval: most }) =>
    typeof most === 'number' && most > 0 && typeof initial === 'number' && most < initial
      ? `maximum_interval (${most} ms) is shorter than initial_interval (${initial} ms)`
      : undefined,
};

/** What the server takes of a summary and of details, of which some is for their envelope. Bytes of JSON. */
const MOST_SUMMARY_BYTES = 350;
const MOST_DETAILS_BYTES = 19_900;

const shown = (most: number): OptionType => ({
  is: 'text',
  problem: (text) => {
    const { length } = encodeWire(text);
    return length <= most ? undefined : `it has ${length} bytes as JSON; at most ${most} are shown`;
  },
});
/** For people, in one line, and as Markdown. */
export const SUMMARY: OptionType = shown(MOST_SUMMARY_BYTES);
export const DETAILS: OptionType = shown(MOST_DETAILS_BYTES);

/** Options of one activity, as calls and entries give them. */
export const ACTIVITY_OPTIONS: OptionTypes = {
  'activity.start_to_close_timeout': { is: 'duration', positive: true },
  'activity.schedule_to_close_timeout': { is: 'duration' },
  'activity.schedule_to_start_timeout': { is: 'duration' },
  'activity.heartbeat_timeout': { is: 'duration' },
  'activity.task_queue': { is: 'text', most: MOST_NAME_BYTES },
  'activity.wait_for_cancellation': { is: 'flag' },
  'activity.disable_eager_execution': { is: 'flag' },
  'activity.priority': { is: 'count', least: 1 },
  'activity.fairness_key': { is: 'text' },
  'activity.fairness_weight': { is: 'number' },
  'activity.summary': SUMMARY,
  'activity.retry_policy': RETRY_POLICY,
};

/** `others` says whether a key that is not among the types is let through as it is. */
export function readOptions(
  given: Data,
  types: OptionTypes,
  others: (key: string) => boolean = () => false,
): ReadOptions {
  const options = dataObject();
  if (Array.isArray(given) && given.length === 0) return { ok: true, options };
  if (!isMap(given)) return { ok: false, problem: `options are a table with string keys` };
  for (const [key, value] of Object.entries(given)) {
    const type = Object.hasOwn(types, key) ? types[key] : undefined;
    if (type === undefined) {
      if (!others(key))
        return { ok: false, problem: `unknown option '${key}'${didYouMean(key, Object.keys(types))}` };
      options[key] = value;
      continue;
    }
    const read = readOption(value, type);
    if (typeof read === 'object') options[key] = read.value;
    else return { ok: false, problem: `option '${key}' ${read}` };
  }
  return { ok: true, options };
}

/** The value, or what is wrong with it. */
function readOption(value: Data, type: OptionType): { readonly value: Data } | string {
  switch (type.is) {
    case 'duration':
      return readMilliseconds(value, type.positive === true);
    case 'text':
      if (typeof value !== 'string' || value === '') return `is a text, got ${show(value)}`;
      if (type.most !== undefined && value.length > type.most)
        return `has ${value.length} bytes; at most ${type.most} are taken`;
      return wrong(type.problem?.(value)) ?? { value };
    case 'flag':
      return typeof value === 'boolean' ? { value } : `is true or false, got ${show(value)}`;
    case 'number': {
      const number = numberOf(value);
      if (number === undefined) return `is a number, got ${show(value)}`;
      return type.least === undefined || number >= type.least
        ? { value: number }
        : `is a number of at least ${type.least}, got ${show(value)}`;
    }
    case 'count': {
      const number = numberOf(value);
      return number !== undefined && Number.isSafeInteger(number) && number >= type.least
        ? { value: number }
        : `is a whole number of at least ${type.least}, got ${show(value)}`;
    }
    case 'choice':
      if (typeof value === 'string' && type.of.includes(value)) return { value };
      return `is one of ${type.of.map((one) => `'${one}'`).join(', ')}, got ${show(value)}${
        typeof value === 'string' ? didYouMean(value, type.of) : ''
      }`;
    case 'texts':
      return Array.isArray(value) && value.every((item) => typeof item === 'string')
        ? { value }
        : `is a list of texts, got ${show(value)}`;
    case 'table':
      if (Array.isArray(value) && value.length === 0) return { value: dataObject() };
      return isMap(value) ? { value } : `is a table with string keys, got ${show(value)}`;
    case 'options': {
      const read = readOptions(value, type.of);
      if (!read.ok) return `is wrong: ${read.problem}`;
      return wrong(type.check?.(read.options)) ?? { value: read.options };
    }
  }
}

const wrong = (problem: string | undefined): string | undefined =>
  problem === undefined ? undefined : `is wrong: ${problem}`;

function readMilliseconds(value: Data, positive: boolean): { readonly value: Data } | string {
  let milliseconds = numberOf(value);
  if (typeof value === 'string')
    try {
      milliseconds = parseDurationMs(value);
    } catch (error) {
      if (error instanceof DurationError) return `is wrong: ${error.message}`;
      throw error;
    }
  if (milliseconds === undefined || !Number.isFinite(milliseconds) || milliseconds < 0)
    return `is a duration ('30s', or milliseconds), got ${show(value)}`;
  if (positive && milliseconds === 0) return 'is a duration of more than 0';
  // Less than a millisecond but not nothing must not become "no limit".
  return { value: Math.ceil(milliseconds) };
}

/** A number of either kind that is no bigint. */
export const numberOf = (value: Data): number | undefined =>
  typeof value === 'number' ? value : value instanceof LuaFloat ? value.n : undefined;

/** A value as messages repeat it. */
export function show(value: Data): string {
  if (typeof value === 'string') return `'${value.length > 40 ? `${value.slice(0, 37)}...` : value}'`;
  if (value === null) return 'nil';
  return typeof value === 'object' && !(value instanceof LuaFloat)
    ? 'a table'
    : String(value instanceof LuaFloat ? value.n : value);
}
