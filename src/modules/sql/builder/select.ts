// SELECT statements. Sealed.
import { defineUserdata } from '../../../lua/values.js';
import type { HostResult, LuaValue, UserdataType } from '../../../lua/values.js';
import { change, emptyParts, names, rowClauses, rowMethods } from './builder.js';
import type { Builder, CommonParts } from './builder.js';
import { clause, condition } from './conditions.js';
import { alsoSqlizer, BuilderError, expression, join, literal, name, Sqlizer } from './fragment.js';
import type { Fragment, PlaceholderFormat } from './fragment.js';

interface SelectParts extends CommonParts {
  readonly columns: readonly string[];
  readonly from: string | undefined;
  readonly joins: readonly Fragment[];
  readonly groupBy: readonly string[];
  readonly having: readonly Fragment[];
  readonly distinct: boolean;
}

export class SelectBuilder implements Builder<SelectParts> {
  readonly parts: SelectParts;
  constructor(parts: SelectParts) {
    this.parts = parts;
  }
  get format(): PlaceholderFormat {
    return this.parts.format;
  }
  with(parts: Partial<SelectParts>): HostResult {
    return SelectType.wrap(new SelectBuilder({ ...this.parts, ...parts }));
  }
  build(): Fragment {
    const { columns, from, joins, groupBy, having, distinct, suffix } = this.parts;
    if (columns.length === 0)
      throw new BuilderError('a SELECT needs columns: sql.builder.select("id") or :columns("id")');
    return join(
      [
        literal(`SELECT ${distinct ? 'DISTINCT ' : ''}${columns.join(', ')}`),
        ...(from === undefined ? [] : [literal(`FROM ${from}`)]),
        ...joins,
        ...rowClauses(this.parts, [
          ...(groupBy.length === 0 ? [] : [literal(`GROUP BY ${groupBy.join(', ')}`)]),
          ...clause('HAVING', having),
        ]),
        ...suffix,
      ],
      ' ',
    );
  }
}

const joinMethod = (keyword: string) =>
  change<SelectBuilder>(({ parts }, [sql, ...values]) => {
    const made = expression(sql, values);
    return { joins: [...parts.joins, { sql: `${keyword} ${made.sql}`, args: made.args }] };
  });

export const SelectType: UserdataType<SelectBuilder> = defineUserdata<SelectBuilder>('SelectBuilder', {
  ...rowMethods<SelectBuilder>(),
  columns: change<SelectBuilder>(({ parts }, values) => ({
    columns: [...parts.columns, ...names(values, 'a column')],
  })),
  from: change<SelectBuilder>((_self, [table]) => ({ from: name(table, 'a table') })),
  join: joinMethod('JOIN'),
  left_join: joinMethod('LEFT JOIN'),
  right_join: joinMethod('RIGHT JOIN'),
  inner_join: joinMethod('INNER JOIN'),
  group_by: change<SelectBuilder>(({ parts }, values) => ({
    groupBy: [...parts.groupBy, ...names(values, 'a column')],
  })),
  having: change<SelectBuilder>(({ parts }, [value, ...values]) => ({
    having: [...parts.having, condition(value, values)],
  })),
  distinct: change<SelectBuilder>(() => ({ distinct: true })),
});

alsoSqlizer((value) => {
  const select = SelectType.unwrap(value);
  return select === undefined ? undefined : new Sqlizer(() => select.build(), true);
});

export const newSelect = (format: PlaceholderFormat, values: readonly LuaValue[]): HostResult =>
  SelectType.wrap(
    new SelectBuilder({
      ...emptyParts(format),
      columns: names(values, 'a column'),
      from: undefined,
      joins: [],
      groupBy: [],
      having: [],
      distinct: false,
    }),
  );
