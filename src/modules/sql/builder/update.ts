// UPDATE and DELETE statements. Sealed.
import { typeName } from '../../../lua/instance/arguments.js';
import { defineUserdata } from '../../../lua/values.js';
import type { HostResult, LuaValue, UserdataType } from '../../../lua/values.js';
import { change, emptyParts, rowClauses, rowMethods } from './builder.js';
import type { Builder, CommonParts } from './builder.js';
import { BuilderError, columnsOf, join, literal, name, valueFragment } from './fragment.js';
import type { Fragment, PlaceholderFormat } from './fragment.js';
import { SelectType } from './select.js';

interface UpdateParts extends CommonParts {
  readonly table: string | undefined;
  readonly set: readonly (readonly [column: string, value: LuaValue])[];
  readonly from: Fragment | undefined;
}

class UpdateBuilder implements Builder<UpdateParts> {
  readonly parts: UpdateParts;
  constructor(parts: UpdateParts) {
    this.parts = parts;
  }
  get format(): PlaceholderFormat {
    return this.parts.format;
  }
  with(parts: Partial<UpdateParts>): HostResult {
    return UpdateType.wrap(new UpdateBuilder({ ...this.parts, ...parts }));
  }
  build(): Fragment {
    const { table, set, from, suffix } = this.parts;
    if (table === undefined) throw new BuilderError('an UPDATE needs a table: :table("users")');
    if (set.length === 0) throw new BuilderError('an UPDATE needs values: :set(column, value)');
    const values = set.map(([column, value]): Fragment => {
      const made = valueFragment(value);
      return { sql: `${column} = ${made.sql}`, args: made.args };
    });
    const assigned = join(values, ', ');
    return join(
      [
        literal(`UPDATE ${table}`),
        { sql: `SET ${assigned.sql}`, args: assigned.args },
        ...(from === undefined ? [] : [{ sql: `FROM ${from.sql}`, args: from.args }]),
        ...rowClauses(this.parts),
        ...suffix,
      ],
      ' ',
    );
  }
}

export const UpdateType: UserdataType<UpdateBuilder> = defineUserdata<UpdateBuilder>('UpdateBuilder', {
  ...rowMethods<UpdateBuilder>(),
  table: change<UpdateBuilder>((_self, [table]) => ({ table: name(table, 'a table') })),
  set: change<UpdateBuilder>(({ parts }, [column, value]) => ({
    set: [...parts.set, [name(column, 'a column'), value] as const],
  })),
  set_map: change<UpdateBuilder>(({ parts }, [map]) => ({
    set: [...parts.set, ...columnsOf(map, 'set_map')],
  })),
  from: change<UpdateBuilder>((_self, [table]) => ({ from: literal(name(table, 'a table')) })),
  from_select: change<UpdateBuilder>((_self, [query, alias]) => {
    const select = SelectType.unwrap(query);
    if (select === undefined) throw new BuilderError(`a SELECT builder expected, got ${typeName(query)}`);
    const made = select.build();
    return { from: { sql: `(${made.sql}) AS ${name(alias, 'an alias')}`, args: made.args } };
  }),
});

export const newUpdate = (format: PlaceholderFormat, table: LuaValue): HostResult =>
  UpdateType.wrap(
    new UpdateBuilder({
      ...emptyParts(format),
      table: table === undefined ? undefined : name(table, 'a table'),
      set: [],
      from: undefined,
    }),
  );

interface DeleteParts extends CommonParts {
  readonly table: string | undefined;
}

class DeleteBuilder implements Builder<DeleteParts> {
  readonly parts: DeleteParts;
  constructor(parts: DeleteParts) {
    this.parts = parts;
  }
  get format(): PlaceholderFormat {
    return this.parts.format;
  }
  with(parts: Partial<DeleteParts>): HostResult {
    return DeleteType.wrap(new DeleteBuilder({ ...this.parts, ...parts }));
  }
  build(): Fragment {
    const { table, suffix } = this.parts;
    if (table === undefined) throw new BuilderError('a DELETE needs a table: :from("users")');
    return join([literal(`DELETE FROM ${table}`), ...rowClauses(this.parts), ...suffix], ' ');
  }
}

export const DeleteType: UserdataType<DeleteBuilder> = defineUserdata<DeleteBuilder>('DeleteBuilder', {
  ...rowMethods<DeleteBuilder>(),
  from: change<DeleteBuilder>((_self, [table]) => ({ table: name(table, 'a table') })),
});

export const newDelete = (format: PlaceholderFormat, table: LuaValue): HostResult =>
  DeleteType.wrap(
    new DeleteBuilder({
      ...emptyParts(format),
      table: table === undefined ? undefined : name(table, 'a table'),
    }),
  );
