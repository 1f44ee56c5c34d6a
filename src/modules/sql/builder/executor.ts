// Running what was built. Sealed.
import { argumentError, typeName } from '../../../lua/instance/arguments.js';
import { failure } from '../../../lua/instance/error-object.js';
import type { HostCall } from '../../../lua/instance-context.js';
import { defineUserdata } from '../../../lua/values.js';
import type { HostResult, LuaValue, UserdataType } from '../../../lua/values.js';
import { run, runnerOf } from '../database.js';
import type { Runner } from '../database.js';
import { readList } from '../values.js';
import { BuilderError } from './fragment.js';
import type { Fragment, PlaceholderFormat } from './fragment.js';

/** A statement that can be made any number of times. */
export interface Buildable {
  readonly format: PlaceholderFormat;
  /** Throws BuilderError. */
  build(): Fragment;
}

class QueryExecutor {
  readonly query: Buildable;
  readonly runner: Runner;
  constructor(query: Buildable, runner: Runner) {
    this.query = query;
    this.runner = runner;
  }
}

/** Instructions of a value of a statement; a byte of its text takes one. */
const VALUE_COST = 40;

/** Runs `work` with the finished statement, or gives `nil, err`. */
function finished(call: HostCall, query: Buildable, work: (made: Fragment) => HostResult): HostResult {
  let made: Fragment;
  try {
    const { sql, args } = query.build();
    call.charge(sql.length + args.length * VALUE_COST);
    made = { sql: query.format.apply(sql), args };
  } catch (error) {
    if (error instanceof BuilderError) return failure('Invalid', error.message);
    throw error;
  }
  return work(made);
}

export const toSql = (call: HostCall, query: Buildable): HostResult =>
  finished(call, query, ({ sql, args }) => {
    const list = call.instance.newTable();
    for (const [index, arg] of args.entries()) list.set(index + 1, arg);
    return [sql, list];
  });

const execute = (call: HostCall, { query, runner }: QueryExecutor, how: 'query' | 'execute'): HostResult =>
  finished(call, query, ({ sql, args }) => run(call, runner, how, sql, readList(args)));

export const ExecutorType: UserdataType<QueryExecutor> = defineUserdata<QueryExecutor>('QueryExecutor', {
  query: (call, self) => execute(call, self, 'query'),
  exec: (call, self) => execute(call, self, 'execute'),
  to_sql: (call, self) => toSql(call, self.query),
});

export function runWith(call: HostCall, query: Buildable, value: LuaValue): HostResult {
  const runner = runnerOf(value);
  if (runner === undefined)
    throw argumentError(call, 1, 'run_with', `DB or Transaction expected, got ${typeName(value)}`);
  return ExecutorType.wrap(new QueryExecutor(query, runner));
}
