// Pieces of SQL with their values, and how they become one statement. Sealed.
// F1: values never become part of the text; names that a program gives do, so those that hold quotes of text, comments,
//     semicolons or placeholders are refused.
// F2: keys of a table come in sorted order, so that equal tables give equal text.
import { asNumber, typeName } from '../../../lua/instance/arguments.js';
import { defineUserdata, LuaTable } from '../../../lua/values.js';
import type { LuaValue, UserdataType } from '../../../lua/values.js';
import { TypedValueType } from '../values.js';

/** SQL with a `?` for each value. */
export interface Fragment {
  readonly sql: string;
  readonly args: readonly LuaValue[];
}

/** What is wrong with a statement; its text is that of the `nil, err` that Lua gets. */
export class BuilderError extends Error {
  override readonly name = 'BuilderError';
}

/** Anything that can be put into a statement: a condition, an expression, a SELECT. */
export class Sqlizer {
  readonly make: () => Fragment;
  /** Stands in parentheses where a value is expected. */
  readonly isQuery: boolean;
  constructor(make: () => Fragment, isQuery = false) {
    this.make = make;
    this.isQuery = isQuery;
  }
}

export const SqlizerType: UserdataType<Sqlizer> = defineUserdata<Sqlizer>('Sqlizer', {
  to_sql: (call, self) => {
    const { sql, args } = self.make();
    const list = call.instance.newTable();
    for (const [index, arg] of args.entries()) list.set(index + 1, arg);
    return [sql, list];
  },
});

/** Types of other files whose values are Sqlizers too (the SELECT builder). */
const readers: ((value: LuaValue) => Sqlizer | undefined)[] = [(value) => SqlizerType.unwrap(value)];
export const alsoSqlizer = (read: (value: LuaValue) => Sqlizer | undefined): void => void readers.push(read);

export function sqlizerOf(value: LuaValue): Sqlizer | undefined {
  for (const read of readers) {
    const found = read(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

export const join = (fragments: readonly Fragment[], separator: string): Fragment => ({
  sql: fragments.map(({ sql }) => sql).join(separator),
  args: fragments.flatMap(({ args }) => args),
});

export const literal = (sql: string): Fragment => ({ sql, args: [] });

/** A column, table or expression that stands in the text as it is. */
export function name(value: LuaValue, what: string): string {
  if (typeof value !== 'string' || value.trim() === '')
    throw new BuilderError(`${what} is a text that is not empty, got ${typeName(value)}`);
  if (/[';?\0]|--|\/\*/.test(value))
    throw new BuilderError(`${what} '${value.slice(0, 60)}' holds what a name cannot hold`);
  return value;
}

/** Keys (columns) and values of a table, by column. */
export function columnsOf(table: LuaValue, what: string): [string, LuaValue][] {
  if (!(table instanceof LuaTable))
    throw new BuilderError(`${what} is a table of columns and values, got ${typeName(table)}`);
  return [...table.entries()]
    .map(([key, value]): [string, LuaValue] => [name(key, 'a column'), value])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The items of a table that is a list; undefined for other values. */
export function listOf(value: LuaValue): LuaValue[] | undefined {
  if (!(value instanceof LuaTable)) return undefined;
  return Array.from({ length: value.length() }, (_, index) => value.get(index + 1));
}

/** A value where SQL expects one: `?`, or the expression or query that it is. */
export function valueFragment(value: LuaValue): Fragment {
  const sqlizer = sqlizerOf(value);
  if (sqlizer === undefined) return { sql: '?', args: [value] };
  const made = sqlizer.make();
  return sqlizer.isQuery ? { sql: `(${made.sql})`, args: made.args } : made;
}

/** SQL text with `?` and its values: expressions go into the text, lists become `?, ?, ?`. */
export function expression(sql: LuaValue, values: readonly LuaValue[]): Fragment {
  if (typeof sql !== 'string' || sql === '')
    throw new BuilderError(`an SQL expression is a text that is not empty, got ${typeName(sql)}`);
  const args: LuaValue[] = [];
  let used = 0;
  const text = replaceMarks(sql, (mark) => {
    if (used >= values.length) return mark;
    const value = values[used++];
    const list = listOf(value);
    const made =
      list === undefined
        ? valueFragment(value)
        : list.length === 0
          ? literal('NULL')
          : join(list.map(valueFragment), ', ');
    args.push(...made.args);
    return made.sql;
  });
  if (used < values.length)
    throw new BuilderError(`'${sql.slice(0, 60)}' has ${used} placeholder(s) for ${values.length} value(s)`);
  return { sql: text, args };
}

/** Strings, quoted names and comments are left alone; `??` stands for a plain `?`. */
const MARKS = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|\/\*[\s\S]*?\*\/|\?\?|\?/g;

function replaceMarks(sql: string, make: (mark: string) => string, plain = '??'): string {
  return sql.replace(MARKS, (found) => (found === '?' ? make(found) : found === '??' ? plain : found));
}

/** How placeholders are written. */
export class PlaceholderFormat {
  readonly name: 'question' | 'dollar' | 'at' | 'colon';
  readonly #prefix: string | undefined;
  constructor(name: PlaceholderFormat['name'], prefix?: string) {
    this.name = name;
    this.#prefix = prefix;
  }
  apply(sql: string): string {
    const prefix = this.#prefix;
    let number = 0;
    return replaceMarks(sql, () => (prefix === undefined ? '?' : `${prefix}${++number}`), '?');
  }
}
export const PlaceholderType: UserdataType<PlaceholderFormat> = defineUserdata<PlaceholderFormat>(
  'placeholder format',
  {},
  { tostring: (self) => self.name },
);
export const FORMATS = {
  question: PlaceholderType.wrap(new PlaceholderFormat('question')),
  dollar: PlaceholderType.wrap(new PlaceholderFormat('dollar', '$')),
  at: PlaceholderType.wrap(new PlaceholderFormat('at', '@p')),
  colon: PlaceholderType.wrap(new PlaceholderFormat('colon', ':')),
};

export const isNull = (value: LuaValue): boolean =>
  value === undefined || TypedValueType.unwrap(value)?.type === 'null';

/** A number of rows. */
export function count(value: LuaValue, what: string): number {
  const number = asNumber(value);
  if (number === undefined || !Number.isSafeInteger(number) || number < 0)
    throw new BuilderError(`${what} is a whole number of at least 0`);
  return number;
}
