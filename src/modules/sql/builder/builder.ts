// What the four builders share: immutable parts, and methods that give a new builder. Sealed.
// B1: a builder never changes: each method gives a new one, so a base can be used many times.
// B2: a wrong argument is raised at the caller's place; what is missing in the whole is told by to_sql and the executor.
import { argumentError, luaErrorAt } from '../../../lua/instance/arguments.js';
import type { HostCall } from '../../../lua/instance-context.js';
import { LuaTable } from '../../../lua/values.js';
import type { HostResult, LuaValue, MethodFunction } from '../../../lua/values.js';
import { clause, condition } from './conditions.js';
import { runWith, toSql } from './executor.js';
import type { Buildable } from './executor.js';
import { BuilderError, count, expression, name, PlaceholderType } from './fragment.js';
import type { Fragment, PlaceholderFormat } from './fragment.js';

/** Parts that most statements have; each builder adds its own. */
export interface CommonParts {
  readonly format: PlaceholderFormat;
  readonly where: readonly Fragment[];
  readonly orderBy: readonly string[];
  readonly limit: number | undefined;
  readonly offset: number | undefined;
  readonly prefix: readonly Fragment[];
  readonly suffix: readonly Fragment[];
}

export interface Builder<Parts extends CommonParts> extends Buildable {
  readonly parts: Parts;
  with(change: Partial<Parts>): HostResult;
}

/** Instructions of a field of a table that becomes SQL, of a part that a new builder takes over, of a byte of SQL. */
const FIELD_COST = 50;
const PART_COST = 8;
const BYTE_COST = 2;

/** Instructions of what a program hands over. */
function costOf(value: LuaValue, depth = 0): number {
  if (typeof value === 'string') return value.length * BYTE_COST;
  if (!(value instanceof LuaTable) || depth > 2) return 0;
  let cost = 0;
  for (const [, item] of value.entries()) cost += FIELD_COST + costOf(item, depth + 1);
  return cost;
}

/** Raises what is wrong with an argument at the caller's place. Charges for what the arguments hold. */
export function attempt<T>(call: HostCall, values: readonly LuaValue[], work: () => T): T {
  call.charge(values.reduce<number>((cost, value) => cost + costOf(value), 0));
  try {
    return work();
  } catch (error) {
    if (error instanceof BuilderError) throw luaErrorAt(call, error.message);
    throw error;
  }
}

type Method<Self> = (call: HostCall, self: Self, ...values: LuaValue[]) => HostResult;

/** A method whose arguments become a change of parts. */
export const change =
  <Self extends { readonly parts: object; with(change: never): HostResult }>(
    make: (self: Self, values: LuaValue[]) => Parameters<Self['with']>[0],
  ): Method<Self> =>
  (call, self, ...values) =>
    attempt(call, values, () => {
      // B1: the lists of the builder before are copied, so that a chain of n calls takes n * n / 2.
      for (const part of Object.values(self.parts) as readonly unknown[])
        if (Array.isArray(part)) call.charge(part.length * PART_COST);
      return self.with(make(self, values));
    });

export const names = (values: readonly LuaValue[], what: string): string[] =>
  values.map((value) => name(value, what));

/** Methods of every builder. */
export const baseMethods = <Self extends Builder<CommonParts>>(): Record<string, MethodFunction<Self>> => ({
  suffix: change<Self>((self, [sql, ...values]) => ({
    suffix: [...self.parts.suffix, expression(sql, values)],
  })),
  placeholder_format: (call, self, value) => {
    const format = PlaceholderType.unwrap(value);
    if (format === undefined)
      throw argumentError(call, 1, 'placeholder_format', 'use sql.builder.question, dollar, at or colon');
    return self.with({ format });
  },
  to_sql: (call, self) => toSql(call, self),
  run_with: (call, self, value) => runWith(call, self, value),
});

/** Methods of builders that choose rows. */
export const rowMethods = <Self extends Builder<CommonParts>>(): Record<string, MethodFunction<Self>> => ({
  ...baseMethods<Self>(),
  where: change<Self>((self, [value, ...values]) => ({
    where: [...self.parts.where, condition(value, values)],
  })),
  order_by: change<Self>((self, values) => ({
    orderBy: [...self.parts.orderBy, ...names(values, 'an order')],
  })),
  limit: change<Self>((_self, [value]) => ({ limit: count(value, 'a limit') })),
  offset: change<Self>((_self, [value]) => ({ offset: count(value, 'an offset') })),
});

/** `WHERE ... ORDER BY ... LIMIT ... OFFSET ...`; `between` stands after WHERE. */
export const rowClauses = (parts: CommonParts, between: readonly Fragment[] = []): Fragment[] => [
  ...clause('WHERE', parts.where),
  ...between,
  ...(parts.orderBy.length === 0 ? [] : [{ sql: `ORDER BY ${parts.orderBy.join(', ')}`, args: [] }]),
  ...(parts.limit === undefined ? [] : [{ sql: `LIMIT ${parts.limit}`, args: [] }]),
  ...(parts.offset === undefined ? [] : [{ sql: `OFFSET ${parts.offset}`, args: [] }]),
];

export const emptyParts = (format: PlaceholderFormat): CommonParts => ({
  format,
  where: [],
  orderBy: [],
  limit: undefined,
  offset: undefined,
  prefix: [],
  suffix: [],
});
