// The `sql` module: databases, typed values and statements built step by step. Sealed; commands are told in host.ts.
import { luaErrorAt, typeName } from '../../lua/instance/arguments.js';
import { constant, defineModuleSpec, fn, table } from '../../lua/module.js';
import type { FunctionSpec, MemberSpec } from '../../lua/module.js';
import type { HostCall } from '../../lua/instance-context.js';
import type { HostResult, LuaValue } from '../../lua/values.js';
import { attempt } from './builder/builder.js';
import { combine, compare, COMPARISONS } from './builder/conditions.js';
import { ExecutorType } from './builder/executor.js';
import { expression, FORMATS, PlaceholderType, Sqlizer, SqlizerType } from './builder/fragment.js';
import { InsertType, newInsert } from './builder/insert.js';
import { newSelect, SelectType } from './builder/select.js';
import { DeleteType, newDelete, newUpdate, UpdateType } from './builder/update.js';
import { DbType, getDatabase, ISOLATION, StatementType, TransactionType } from './database.js';
import { NULL, typed, TypedValueType } from './values.js';

const constants = (values: Readonly<Record<string, string>>): MemberSpec =>
  table(Object.fromEntries(Object.entries(values).map(([name, value]) => [name, constant(value)])));

const coercion = (type: keyof typeof typed, summary: string): FunctionSpec =>
  fn(summary, ['value: any'], ['sql value'], (call, value) => {
    const made = typed[type](value);
    if (made === undefined) throw luaErrorAt(call, `sql.as.${type} cannot take ${shown(value)}`);
    return made;
  });

const shown = (value: LuaValue): string =>
  typeof value === 'string' ? `'${value.slice(0, 40)}'` : `a ${typeName(value)}`;

/** A builder's function: what is wrong with its arguments is raised at the caller's place. */
const build = (
  summary: string,
  params: readonly string[],
  returns: string,
  make: (values: readonly LuaValue[]) => HostResult,
): FunctionSpec =>
  fn(summary, params, [returns], (call: HostCall, ...values) => attempt(call, values, () => make(values)));

/** Made at once: what is wrong is raised where it stands. */
const sqlizer = (made: ReturnType<Sqlizer['make']>): HostResult => SqlizerType.wrap(new Sqlizer(() => made));

const COMPARISON_SUMMARIES: Record<keyof typeof COMPARISONS, string> = {
  eq: 'Columns that equal values; sql.NULL is IS NULL, a list is IN.',
  not_eq: 'Columns that differ from values; sql.NULL is IS NOT NULL, a list is NOT IN.',
  lt: 'Columns below values.',
  lte: 'Columns below or equal to values.',
  gt: 'Columns above values.',
  gte: 'Columns above or equal to values.',
  like: 'Columns that match patterns.',
  not_like: 'Columns that do not match patterns.',
};

const question = FORMATS.question.value;

const builder = table({
  select: build('Begins a SELECT.', ['...: string'], 'SelectBuilder', (values) =>
    newSelect(question, values),
  ),
  insert: build('Begins an INSERT.', ['table?: string'], 'InsertBuilder', ([name]) =>
    newInsert(question, name),
  ),
  update: build('Begins an UPDATE.', ['table?: string'], 'UpdateBuilder', ([name]) =>
    newUpdate(question, name),
  ),
  delete: build('Begins a DELETE.', ['table?: string'], 'DeleteBuilder', ([name]) =>
    newDelete(question, name),
  ),
  expr: build(
    'SQL text with `?` and its values, for conditions and values. A list becomes `?, ?, ?`.',
    ['sql: string', '...: any'],
    'Sqlizer',
    ([sql, ...values]) => sqlizer(expression(sql, values)),
  ),
  ...Object.fromEntries(
    Object.entries(COMPARISONS).map(([name, comparison]) => [
      name,
      build(
        COMPARISON_SUMMARIES[name as keyof typeof COMPARISONS],
        ['columns: table'],
        'Sqlizer',
        ([columns]) => sqlizer(compare(comparison, columns)),
      ),
    ]),
  ),
  and_: build('Conditions that must all hold.', ['conditions: table'], 'Sqlizer', ([list]) =>
    SqlizerType.wrap(combine('AND', list)),
  ),
  or_: build('Conditions of which one must hold.', ['conditions: table'], 'Sqlizer', ([list]) =>
    SqlizerType.wrap(combine('OR', list)),
  ),
  question: constant(FORMATS.question),
  default_placeholder: constant(FORMATS.question),
  dollar: constant(FORMATS.dollar),
  at: constant(FORMATS.at),
  colon: constant(FORMATS.colon),
});

export const sqlSpec = defineModuleSpec({
  name: 'sql',
  summary: 'SQL databases: statements, transactions, and a builder of statements',
  workflow: 'recorded',
  members: {
    get: fn('The database of an entry.', ['id: string'], ['DB?', 'Error?'], (_call, id) => getDatabase(id), [
      'Invalid',
      'NotFound',
      'PermissionDenied',
      'Unavailable',
    ]),
    type: constants({ POSTGRES: 'postgres', MYSQL: 'mysql', SQLITE: 'sqlite', UNKNOWN: 'unknown' }),
    isolation: constants(ISOLATION),
    NULL: constant(NULL),
    as: table({
      int: coercion('int', 'A value as an integer.'),
      float: coercion('float', 'A value as a float.'),
      text: coercion('text', 'A value as text.'),
      binary: coercion('binary', 'A byte string as bytes, also where it looks like text.'),
      null: fn('SQL NULL.', [], ['sql value'], () => NULL),
    }),
    builder,
  },
  types: [
    DbType,
    TransactionType,
    StatementType,
    TypedValueType,
    SelectType,
    InsertType,
    UpdateType,
    DeleteType,
    SqlizerType,
    ExecutorType,
    PlaceholderType,
  ],
});
