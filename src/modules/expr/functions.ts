// The functions of the expression language: how they are called, and what they do. Sealed.
// Not here: what needs a clock or a time zone (now, date, duration, timezone); a program passes such values in the environment.
import { LuaFloat } from '../../core/data.js';
import type { Data } from '../../core/data.js';
import { float, integer, isInteger, isMap, isNumber, toNumber, weightOf } from '../../core/data-values.js';
import { decodeBase64, encodeBase64, toBytes, tryText } from '../../core/text.js';
import { decodeWire, encodeWire, WireValueError } from '../../core/wire.js';
import { compare, ExpressionError, keysOf, list, mapOf, text, truth, typeOf, whole } from './values.js';

/** Asks the predicate about an element. */
export type Ask = (item: Data, index: number, acc?: Data) => Data;

export interface ExpressionFunction {
  /** Least and most arguments, a predicate counted. */
  readonly arguments: readonly [least: number, most: number];
  /** Which argument is a predicate. */
  readonly predicate?: number;
  /** `args` without the predicate. `grow` counts elements and bytes that are made, and stops what makes too many. */
  readonly run: (args: readonly Data[], ask: Ask, grow: (size: number) => void) => Data;
}

/** What a part of a text takes that is cut, in bytes. */
const PART_BYTES = 20;

const first = (args: readonly Data[]): Data => args[0] ?? null;
const second = (args: readonly Data[]): Data => args[1] ?? null;

type Plain = ExpressionFunction['run'];
const plain = (least: number, most: number, run: Plain): ExpressionFunction => ({
  arguments: [least, most],
  run,
});

/** A function of an array and a predicate. */
const over = (
  name: string,
  run: (items: Data[], ask: Ask, args: readonly Data[]) => Data,
  least = 2,
  most = 2,
): ExpressionFunction => ({
  arguments: [least, most],
  predicate: 1,
  run: (args, ask) => run(list(first(args), name), ask, args),
});

const onText = (name: string, change: (value: string) => string): ExpressionFunction =>
  plain(1, 1, (args) => change(text(first(args), name)));

/** Without the characters at both ends; by hand, for a pattern would look at long runs again and again. */
function trimmed(value: string, characters: string): string {
  const all = [...value];
  const set = new Set(characters);
  let from = 0;
  let to = all.length;
  while (from < to && set.has(all[from] ?? '')) from += 1;
  while (to > from && set.has(all[to - 1] ?? '')) to -= 1;
  return all.slice(from, to).join('');
}

/** Where a string or array is in another, in characters; -1 where it is not. */
const position = (name: 'indexOf' | 'lastIndexOf'): ExpressionFunction =>
  plain(2, 2, (args, _ask, grow) => {
    const whole = text(first(args), name);
    grow(whole.length);
    const at = whole[name](text(second(args), name));
    return at < 0 ? -1 : [...whole.slice(0, at)].length;
  });

const numeric = (name: string, change: (value: number) => number): ExpressionFunction =>
  plain(1, 1, (args) => {
    const value = number(first(args), name);
    if (isInteger(value)) return value;
    const changed = change(toNumber(value));
    return Number.isSafeInteger(changed) ? changed + 0 : float(changed);
  });

function number(value: Data, name: string): number | bigint | LuaFloat {
  if (isNumber(value)) return value;
  throw new ExpressionError(`${name} takes a number, got ${typeOf(value)}`);
}

/** Numbers given one by one or as arrays. */
const numbers = (args: readonly Data[], name: string): (number | bigint | LuaFloat)[] =>
  args.flatMap((value) => (Array.isArray(value) ? numbers(value, name) : number(value, name)));

const extreme = (name: string, sign: 1 | -1): ExpressionFunction =>
  plain(1, Infinity, (args) => {
    const all = numbers(args, name);
    if (all.length === 0) throw new ExpressionError(`${name} of nothing`);
    return all.reduce((best, value) => (compare(value, best) * sign > 0 ? value : best));
  });

export function add(a: number | bigint | LuaFloat, b: number | bigint | LuaFloat): Data {
  return isInteger(a) && isInteger(b) ? integer(BigInt(a) + BigInt(b)) : float(toNumber(a) + toNumber(b));
}

const bits = (name: string, run: (a: bigint, b: bigint) => bigint): ExpressionFunction =>
  plain(2, 2, (args) => integer(run(bigOf(first(args), name), bigOf(second(args), name))));
function bigOf(value: Data, name: string): bigint {
  if (isInteger(value)) return BigInt(value);
  throw new ExpressionError(`${name} takes an int, got ${typeOf(value)}`);
}
function shift(value: bigint, name: string): bigint {
  if (value < 0n) throw new ExpressionError(`${name} by a negative count`);
  return value > 64n ? 64n : value;
}

function toInteger(value: Data): Data {
  if (isInteger(value)) return value;
  if (isNumber(value)) {
    const truncated = Math.trunc(toNumber(value));
    if (Number.isFinite(truncated) && Math.abs(truncated) < 2 ** 63) return integer(BigInt(truncated));
  }
  if (
    typeof value === 'string' &&
    /^[+-]?\d{1,19}$/.test(value) &&
    BigInt(value) === BigInt.asIntN(64, BigInt(value))
  )
    return integer(BigInt(value));
  throw new ExpressionError(`cannot make an int of ${shown(value)}`);
}

function toFloat(value: Data): Data {
  if (isNumber(value)) return float(toNumber(value));
  if (typeof value === 'string' && /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(value))
    return float(Number(value));
  throw new ExpressionError(`cannot make a float of ${shown(value)}`);
}

const shown = (value: Data): string =>
  typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : typeOf(value);

function toText(value: Data): string {
  if (typeof value === 'string') return value;
  if (value instanceof LuaFloat) return String(value.n);
  return value === null
    ? 'nil'
    : typeof value === 'object'
      ? encodeWire(value, { strings: 'text' })
      : String(value);
}

/** Instructions for each byte and element of what is read, written or looked at in another form. */
const CONVERTED = 8;

function flatten(items: readonly Data[], grow: (size: number) => void): Data[] {
  grow(items.length * CONVERTED * 3);
  return items.flatMap((item) => (Array.isArray(item) ? flatten(item, grow) : [item]));
}

const length = (value: Data): number => {
  if (typeof value === 'string') return [...value].length;
  if (Array.isArray(value)) return value.length;
  if (isMap(value)) return keysOf(value).length;
  throw new ExpressionError(`len takes a string, an array or a map, got ${typeOf(value)}`);
};

/** Keeps the order of equal elements. */
const sorted = (
  items: readonly Data[],
  descending: boolean,
  key: (item: Data, index: number) => Data,
): Data[] =>
  items
    .map((item, index) => ({ item, by: key(item, index) }))
    .sort((a, b) => (descending ? compare(b.by, a.by) : compare(a.by, b.by)))
    .map(({ item }) => item);

function isDescending(order: Data | undefined, name: string): boolean {
  if (order === undefined || order === 'asc') return false;
  if (order === 'desc') return true;
  throw new ExpressionError(`the order of ${name} is "asc" or "desc"`);
}

function median(values: readonly (number | bigint | LuaFloat)[]): Data {
  const ordered = values.map(toNumber).sort((a, b) => a - b);
  const middle = ordered.length >> 1;
  const upper = ordered[middle] ?? 0;
  return float(ordered.length % 2 === 1 ? upper : ((ordered[middle - 1] ?? 0) + upper) / 2);
}

function pair(value: Data): readonly [string, Data] {
  const [key, item] = list(value, 'fromPairs');
  if (typeof key !== 'string') throw new ExpressionError('fromPairs takes pairs of a string and a value');
  return [key, item ?? null];
}

function decoded(base64: string): string {
  const bytes = decodeBase64(base64);
  const plainText = bytes === undefined ? undefined : tryText(bytes);
  if (plainText === undefined) throw new ExpressionError('fromBase64 takes base64 of text');
  return plainText;
}

function parsed(json: string): Data {
  try {
    return decodeWire(json, { strings: 'text' });
  } catch (error) {
    throw new ExpressionError(`fromJSON: ${error instanceof Error ? error.message : 'no JSON'}`, {
      cause: error,
    });
  }
}

function written(value: Data): string {
  try {
    return encodeWire(value, { strings: 'text', pretty: true });
  } catch (error) {
    if (error instanceof WireValueError)
      throw new ExpressionError(`toJSON: ${error.message}`, { cause: error });
    throw error;
  }
}

const asks = (ask: Ask, item: Data, index: number, name: string): boolean =>
  truth(ask(item, index), `the predicate of ${name}`);

const indexWhere = (items: readonly Data[], ask: Ask, name: string, last: boolean): number => {
  for (let step = 0; step < items.length; step++) {
    const index = last ? items.length - 1 - step : step;
    if (asks(ask, items[index] ?? null, index, name)) return index;
  }
  return -1;
};

const found = (name: string, last: boolean, asIndex: boolean): ExpressionFunction =>
  over(name, (items, ask) => {
    const at = indexWhere(items, ask, name, last);
    return asIndex ? at : (items[at] ?? null);
  });

const counted = (items: readonly Data[], ask: Ask, name: string): number =>
  items.filter((item, index) => asks(ask, item, index, name)).length;

const TEXTS: Readonly<Record<string, ExpressionFunction>> = {
  trim: plain(1, 2, (args) => {
    const value = text(first(args), 'trim');
    return args.length > 1 ? trimmed(value, text(second(args), 'trim')) : value.trim();
  }),
  trimPrefix: plain(1, 2, (args) => {
    const [value, prefix] = [text(first(args), 'trimPrefix'), text(args[1] ?? ' ', 'trimPrefix')];
    return value.startsWith(prefix) ? value.slice(prefix.length) : value;
  }),
  trimSuffix: plain(1, 2, (args) => {
    const [value, suffix] = [text(first(args), 'trimSuffix'), text(args[1] ?? ' ', 'trimSuffix')];
    return suffix !== '' && value.endsWith(suffix) ? value.slice(0, -suffix.length) : value;
  }),
  upper: onText('upper', (value) => value.toUpperCase()),
  lower: onText('lower', (value) => value.toLowerCase()),
  split: plain(2, 3, (args, _ask, grow) => {
    const parts = splitText(text(first(args), 'split'), text(second(args), 'split'), args[2]);
    grow(parts.length);
    return parts;
  }),
  splitAfter: plain(2, 3, (args, _ask, grow) => {
    const by = text(second(args), 'splitAfter');
    const parts = splitText(text(first(args), 'splitAfter'), by, args[2]);
    grow(parts.length);
    return parts.map((part, index) => (index < parts.length - 1 ? part + by : part));
  }),
  replace: plain(3, 4, (args, _ask, grow) => {
    const [value, by] = [text(first(args), 'replace'), text(args[2] ?? null, 'replace')];
    const old = text(second(args), 'replace');
    // As in Go, nothing is found before each character and at the end.
    const parts = old === '' ? ['', ...value, ''] : value.split(old);
    const most = args.length > 3 ? whole(args[3] ?? null, 'replace') : -1;
    const replaced = most < 0 ? parts.length - 1 : Math.min(most, parts.length - 1);
    grow(value.length + by.length * replaced + PART_BYTES * parts.length);
    return [parts.slice(0, replaced + 1).join(by), ...parts.slice(replaced + 1)].join(old);
  }),
  repeat: plain(2, 2, (args, _ask, grow) => {
    const [value, times] = [text(first(args), 'repeat'), whole(second(args), 'repeat')];
    if (times < 0) throw new ExpressionError('repeat takes a count that is not negative');
    grow(value.length * times);
    return value.repeat(times);
  }),
  indexOf: position('indexOf'),
  lastIndexOf: position('lastIndexOf'),
  hasPrefix: plain(2, 2, (args) =>
    text(first(args), 'hasPrefix').startsWith(text(second(args), 'hasPrefix')),
  ),
  hasSuffix: plain(2, 2, (args) => text(first(args), 'hasSuffix').endsWith(text(second(args), 'hasSuffix'))),
};

function splitText(value: string, by: string, most: Data | undefined): string[] {
  const parts = by === '' ? [...value] : value.split(by);
  const limit = most === undefined ? -1 : whole(most, 'split');
  if (limit < 0 || parts.length <= limit) return parts;
  return limit === 0 ? [] : [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(by)];
}

const NUMBERS: Readonly<Record<string, ExpressionFunction>> = {
  max: extreme('max', 1),
  min: extreme('min', -1),
  abs: plain(1, 1, (args) => {
    const value = number(first(args), 'abs');
    if (isInteger(value)) return value < 0 ? integer(-BigInt(value)) : value;
    return float(Math.abs(toNumber(value)));
  }),
  ceil: numeric('ceil', Math.ceil),
  floor: numeric('floor', Math.floor),
  // Halves go away from zero.
  round: numeric('round', (value) => Math.sign(value) * Math.round(Math.abs(value))),
  bitand: bits('bitand', (a, b) => a & b),
  bitor: bits('bitor', (a, b) => a | b),
  bitxor: bits('bitxor', (a, b) => a ^ b),
  bitnand: bits('bitnand', (a, b) => a & ~b),
  bitnot: plain(1, 1, (args) => integer(~bigOf(first(args), 'bitnot'))),
  bitshl: bits('bitshl', (a, b) => a << shift(b, 'bitshl')),
  bitshr: bits('bitshr', (a, b) => a >> shift(b, 'bitshr')),
  bitushr: bits('bitushr', (a, b) => BigInt.asUintN(64, a) >> shift(b, 'bitushr')),
};

const ARRAYS: Readonly<Record<string, ExpressionFunction>> = {
  all: over('all', (items, ask) => items.every((item, index) => asks(ask, item, index, 'all'))),
  any: over('any', (items, ask) => items.some((item, index) => asks(ask, item, index, 'any'))),
  none: over('none', (items, ask) => !items.some((item, index) => asks(ask, item, index, 'none'))),
  one: over('one', (items, ask) => counted(items, ask, 'one') === 1),
  filter: over('filter', (items, ask) => items.filter((item, index) => asks(ask, item, index, 'filter'))),
  map: over('map', (items, ask) => items.map((item, index) => ask(item, index))),
  find: found('find', false, false),
  findIndex: found('findIndex', false, true),
  findLast: found('findLast', true, false),
  findLastIndex: found('findLastIndex', true, true),
  groupBy: over('groupBy', (items, ask) => {
    const groups = new Map<string, Data[]>();
    for (const [index, item] of items.entries()) {
      const key = toText(ask(item, index));
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [item]);
      else group.push(item);
    }
    return mapOf(groups);
  }),
  count: {
    arguments: [1, 2],
    predicate: 1,
    run: (args, ask) => counted(list(first(args), 'count'), ask, 'count'),
  },
  sum: {
    arguments: [1, 2],
    predicate: 1,
    run: (args, ask) =>
      list(first(args), 'sum')
        .map((item, index) => ask(item, index))
        .reduce<Data>((total, value) => add(number(total, 'sum'), number(value, 'sum')), 0),
  },
  sortBy: over(
    'sortBy',
    (items, ask, args) => sorted(items, isDescending(args[1], 'sortBy'), (item, index) => ask(item, index)),
    2,
    3,
  ),
  reduce: over(
    'reduce',
    (items, ask, args) => {
      const started = args.length > 1;
      if (!started && items.length === 0)
        throw new ExpressionError('reduce of nothing needs a value to begin with');
      let acc = started ? second(args) : (items[0] ?? null);
      for (let index = started ? 0 : 1; index < items.length; index++)
        acc = ask(items[index] ?? null, index, acc);
      return acc;
    },
    2,
    3,
  ),
  concat: plain(1, Infinity, (args, _ask, grow) => {
    const all = args.flatMap((value) => list(value, 'concat'));
    grow(all.length);
    return all;
  }),
  flatten: plain(1, 1, (args, _ask, grow) => flatten(list(first(args), 'flatten'), grow)),
  uniq: plain(1, 1, (args, _ask, grow) => {
    const items = list(first(args), 'uniq');
    for (const item of items) grow(CONVERTED * weightOf(item));
    const seen = new Set<string>();
    return items.filter((item) => {
      const key = `${typeOf(isNumber(item) ? 0 : item)} ${toText(item)}`;
      return !seen.has(key) && seen.add(key);
    });
  }),
  join: plain(1, 2, (args, _ask, grow) => {
    const parts = list(first(args), 'join').map((item) => text(item, 'join'));
    const joined = parts.join(text(args[1] ?? '', 'join'));
    grow(joined.length);
    return joined;
  }),
  mean: plain(1, Infinity, (args) => {
    const all = numbers(args, 'mean');
    return float(
      all.length === 0 ? 0 : all.reduce<number>((total, value) => total + toNumber(value), 0) / all.length,
    );
  }),
  median: plain(1, Infinity, (args) => median(numbers(args, 'median'))),
  first: plain(1, 1, (args) => list(first(args), 'first')[0] ?? null),
  last: plain(1, 1, (args) => list(first(args), 'last').at(-1) ?? null),
  take: plain(2, 2, (args) => {
    const count = whole(second(args), 'take');
    if (count < 0) throw new ExpressionError('take takes a count that is not negative');
    return list(first(args), 'take').slice(0, count);
  }),
  reverse: plain(1, 1, (args) => list(first(args), 'reverse').toReversed()),
  sort: plain(1, 2, (args) =>
    sorted(list(first(args), 'sort'), isDescending(args[1], 'sort'), (item) => item),
  ),
};

const OTHERS: Readonly<Record<string, ExpressionFunction>> = {
  keys: plain(1, 1, (args) => keysOf(map(first(args), 'keys'))),
  values: plain(1, 1, (args) => Object.values(map(first(args), 'values'))),
  toPairs: plain(1, 1, (args) =>
    Object.entries(map(first(args), 'toPairs')).map(([key, value]) => [key, value]),
  ),
  fromPairs: plain(1, 1, (args) => mapOf(list(first(args), 'fromPairs').map(pair))),
  type: plain(1, 1, (args) => typeOf(first(args))),
  int: plain(1, 1, (args) => toInteger(first(args))),
  float: plain(1, 1, (args) => toFloat(first(args))),
  string: plain(1, 1, (args) => toText(first(args))),
  toJSON: plain(1, 1, (args) => written(first(args))),
  fromJSON: plain(1, 1, (args, _ask, grow) => {
    const json = text(first(args), 'fromJSON');
    grow(json.length * CONVERTED);
    return parsed(json);
  }),
  toBase64: plain(1, 1, (args, _ask, grow) => {
    const value = text(first(args), 'toBase64');
    grow(value.length * 4);
    return encodeBase64(toBytes(value));
  }),
  fromBase64: plain(1, 1, (args) => decoded(text(first(args), 'fromBase64'))),
  len: plain(1, 1, (args) => length(first(args))),
  get: plain(2, 2, (args) => {
    const [from, key] = [first(args), second(args)];
    if (Array.isArray(from)) return from.at(whole(key, 'get')) ?? null;
    return isMap(from) && typeof key === 'string' && Object.hasOwn(from, key) ? (from[key] ?? null) : null;
  }),
};

function map(value: Data, name: string) {
  if (isMap(value)) return value;
  if (Array.isArray(value) && value.length === 0) return mapOf([]);
  throw new ExpressionError(`${name} takes a map, got ${typeOf(value)}`);
}

export const FUNCTIONS: ReadonlyMap<string, ExpressionFunction> = new Map(
  [TEXTS, NUMBERS, ARRAYS, OTHERS].flatMap((group) => Object.entries(group)),
);
