// Conditions: comparisons made of tables, and how they are combined. Sealed.
import { typeName } from '../../../lua/instance/arguments.js';
import { LuaTable } from '../../../lua/values.js';
import type { LuaValue } from '../../../lua/values.js';
import {
  BuilderError,
  columnsOf,
  expression,
  isNull,
  join,
  listOf,
  literal,
  Sqlizer,
  sqlizerOf,
  valueFragment,
} from './fragment.js';
import type { Fragment } from './fragment.js';

interface Comparison {
  readonly operator: string;
  /** NULL and lists have forms of their own; absent: they are refused. */
  readonly special?: { readonly isNull: string; readonly isIn: string; readonly empty: string };
}

export const COMPARISONS = {
  eq: { operator: '=', special: { isNull: 'IS NULL', isIn: 'IN', empty: '(1=0)' } },
  not_eq: { operator: '<>', special: { isNull: 'IS NOT NULL', isIn: 'NOT IN', empty: '(1=1)' } },
  lt: { operator: '<' },
  lte: { operator: '<=' },
  gt: { operator: '>' },
  gte: { operator: '>=' },
  like: { operator: 'LIKE' },
  not_like: { operator: 'NOT LIKE' },
} as const satisfies Record<string, Comparison>;

/** `{ column = value, ... }`, all of which must hold. */
export function compare({ operator, special }: Comparison, table: LuaValue): Fragment {
  const parts = columnsOf(table, 'a condition').map(([column, value]): Fragment => {
    const list = listOf(value);
    if (isNull(value) || list !== undefined) {
      if (special === undefined)
        throw new BuilderError(
          `'${column} ${operator}' cannot be compared with ${list === undefined ? 'NULL' : 'a list'}`,
        );
      if (list === undefined) return literal(`${column} ${special.isNull}`);
      if (list.length === 0) return literal(special.empty);
      const items = join(list.map(valueFragment), ',');
      return { sql: `${column} ${special.isIn} (${items.sql})`, args: items.args };
    }
    const made = valueFragment(value);
    return { sql: `${column} ${operator} ${made.sql}`, args: made.args };
  });
  return join(parts, ' AND ');
}

/** A condition as `where` takes it: text with values, a table, or a Sqlizer. Its fragment may be empty. */
export function condition(value: LuaValue, values: readonly LuaValue[]): Fragment {
  if (typeof value === 'string') return expression(value, values);
  if (value instanceof LuaTable) return compare(COMPARISONS.eq, value);
  const sqlizer = sqlizerOf(value);
  if (sqlizer === undefined)
    throw new BuilderError(`a condition is a text, a table or an expression, got ${typeName(value)}`);
  return sqlizer.make();
}

/** Conditions of a list, in parentheses; those that say nothing are left out. */
export function combine(operator: 'AND' | 'OR', list: LuaValue): Sqlizer {
  const items = listOf(list);
  if (items === undefined) throw new BuilderError(`a list of conditions expected, got ${typeName(list)}`);
  // Made now, so that what is wrong is said where it stands.
  const parts = items.map((item) => condition(item, [])).filter(({ sql }) => sql !== '');
  const made = join(parts, ` ${operator} `);
  return new Sqlizer(() => (parts.length === 0 ? literal('') : { sql: `(${made.sql})`, args: made.args }));
}

/** Conditions that must all hold, after `keyword`; nothing when there are none. */
export function clause(keyword: string, conditions: readonly Fragment[]): Fragment[] {
  const parts = conditions.filter(({ sql }) => sql !== '');
  if (parts.length === 0) return [];
  // Each in parentheses where an OR inside it would reach over its end.
  const safe = parts.map((part) =>
    parts.length > 1 && /\bor\b/i.test(part.sql) && !part.sql.startsWith('(')
      ? { sql: `(${part.sql})`, args: part.args }
      : part,
  );
  const made = join(safe, ' AND ');
  return [{ sql: `${keyword} ${made.sql}`, args: made.args }];
}
