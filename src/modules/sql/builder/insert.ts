// INSERT statements. Sealed.
import { typeName } from '../../../lua/instance/arguments.js';
import { defineUserdata } from '../../../lua/values.js';
import type { HostResult, LuaValue, UserdataType } from '../../../lua/values.js';
import { baseMethods, change, emptyParts, names } from './builder.js';
import type { Builder, CommonParts } from './builder.js';
import { BuilderError, columnsOf, expression, join, literal, name, valueFragment } from './fragment.js';
import type { Fragment, PlaceholderFormat } from './fragment.js';
import { SelectType } from './select.js';
import type { SelectBuilder } from './select.js';

interface InsertParts extends CommonParts {
  readonly table: string | undefined;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly LuaValue[])[];
  readonly select: SelectBuilder | undefined;
  readonly options: readonly string[];
}

class InsertBuilder implements Builder<InsertParts> {
  readonly parts: InsertParts;
  constructor(parts: InsertParts) {
    this.parts = parts;
  }
  get format(): PlaceholderFormat {
    return this.parts.format;
  }
  with(parts: Partial<InsertParts>): HostResult {
    return InsertType.wrap(new InsertBuilder({ ...this.parts, ...parts }));
  }
  build(): Fragment {
    const { table, columns, rows, select, options, prefix, suffix } = this.parts;
    if (table === undefined) throw new BuilderError('an INSERT needs a table: :into("users")');
    if (rows.length === 0 && select === undefined)
      throw new BuilderError('an INSERT needs values: :values(...), :set_map{...} or :select(query)');
    const words = ['INSERT', ...options, 'INTO', table];
    if (columns.length > 0) words.push(`(${columns.join(',')})`);
    return join(
      [
        ...prefix,
        literal(words.join(' ')),
        select === undefined ? this.#values() : select.build(),
        ...suffix,
      ],
      ' ',
    );
  }
  #values(): Fragment {
    const { columns, rows } = this.parts;
    const made = rows.map((row): Fragment => {
      if (columns.length > 0 && row.length !== columns.length)
        throw new BuilderError(`an INSERT of ${columns.length} columns has a row of ${row.length} values`);
      const { sql, args } = join(row.map(valueFragment), ',');
      return { sql: `(${sql})`, args };
    });
    const { sql, args } = join(made, ',');
    return { sql: `VALUES ${sql}`, args };
  }
}

export const InsertType: UserdataType<InsertBuilder> = defineUserdata<InsertBuilder>('InsertBuilder', {
  ...baseMethods<InsertBuilder>(),
  into: change<InsertBuilder>((_self, [table]) => ({ table: name(table, 'a table') })),
  columns: change<InsertBuilder>(({ parts }, values) => ({
    columns: [...parts.columns, ...names(values, 'a column')],
  })),
  values: change<InsertBuilder>(({ parts }, values) => ({ rows: [...parts.rows, values] })),
  set_map: change<InsertBuilder>((_self, [map]) => {
    const pairs = columnsOf(map, 'set_map');
    return { columns: pairs.map(([column]) => column), rows: [pairs.map(([, value]) => value)] };
  }),
  select: change<InsertBuilder>((_self, [query]) => {
    const select = SelectType.unwrap(query);
    if (select === undefined) throw new BuilderError(`a SELECT builder expected, got ${typeName(query)}`);
    return { select };
  }),
  prefix: change<InsertBuilder>(({ parts }, [sql, ...values]) => ({
    prefix: [...parts.prefix, expression(sql, values)],
  })),
  options: change<InsertBuilder>(({ parts }, values) => ({
    options: [...parts.options, ...names(values, 'an option')],
  })),
});

export const newInsert = (format: PlaceholderFormat, table: LuaValue): HostResult =>
  InsertType.wrap(
    new InsertBuilder({
      ...emptyParts(format),
      table: table === undefined ? undefined : name(table, 'a table'),
      columns: [],
      rows: [],
      select: undefined,
      options: [],
    }),
  );
