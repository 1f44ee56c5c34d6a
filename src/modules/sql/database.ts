// The handles that Lua has of a database: DB, Transaction, Statement. Sealed; commands are told in host.ts.
// H1: a DB is a name, so it works across the steps of a workflow; a transaction lives in a node's memory and does not.
import type { Command } from '../../core/command.js';
import type { Data } from '../../core/data.js';
import { asText, typeName } from '../../lua/instance/arguments.js';
import { fromData } from '../../lua/instance/convert.js';
import { errorFromData, failure } from '../../lua/instance/error-object.js';
import type { HostCall } from '../../lua/instance-context.js';
import { command } from '../../lua/suspend.js';
import { defineUserdata, LuaTable } from '../../lua/values.js';
import type { HostResult, LuaValue, UserdataType } from '../../lua/values.js';
import { readParameters } from './values.js';
import type { Parameters } from './values.js';

export const ISOLATION = {
  DEFAULT: 'default',
  READ_UNCOMMITTED: 'read_uncommitted',
  READ_COMMITTED: 'read_committed',
  WRITE_COMMITTED: 'write_committed',
  REPEATABLE_READ: 'repeatable_read',
  SERIALIZABLE: 'serializable',
} as const;

const invalid = (message: string): HostResult => failure('Invalid', message);

class Db {
  /** Entry id. */
  readonly id: string;
  readonly type: string;
  released = false;
  constructor(id: string, type: string) {
    this.id = id;
    this.type = type;
  }
}

class Transaction {
  readonly db: Db;
  readonly handle: number;
  ended: 'committed' | 'rolled back' | undefined;
  constructor(db: Db, handle: number) {
    this.db = db;
    this.handle = handle;
  }
}

/** What runs statements: a database, or a transaction on it. */
export type Runner = Db | Transaction;

class Statement {
  readonly runner: Runner;
  readonly sql: string;
  closed = false;
  constructor(runner: Runner, sql: string) {
    this.runner = runner;
    this.sql = sql;
  }
}

/** Why a runner cannot be used any more. */
function problemOf(runner: Runner): string | undefined {
  if (runner instanceof Db)
    return runner.released ? `the database '${runner.id}' was released; get it again` : undefined;
  if (runner.ended !== undefined) return `the transaction is not active: it was ${runner.ended}`;
  return undefined;
}

const target = (runner: Runner): { readonly db: string; readonly tx?: number } =>
  runner instanceof Db ? { db: runner.id } : { db: runner.db.id, tx: runner.handle };

const isDone = (asked: Command): HostResult =>
  command(asked, (answer) => (answer.ok ? true : [undefined, errorFromData(answer.error)]));

/** Runs a statement; rows for `query`, last_insert_id and rows_affected for `execute`. */
export function run(
  call: HostCall,
  runner: Runner,
  how: 'query' | 'execute',
  sql: LuaValue,
  parameters: Parameters,
): HostResult {
  const problem = problemOf(runner) ?? sqlProblem(sql);
  if (problem !== undefined || typeof sql !== 'string') return invalid(problem ?? '');
  if (!parameters.ok) return invalid(parameters.problem);
  const { params } = parameters;
  const none = Array.isArray(params) && params.length === 0;
  const { instance } = call;
  return command({ type: `sql.${how}`, ...target(runner), sql, ...(none ? {} : { params }) }, (answer) => {
    if (!answer.ok) return [undefined, errorFromData(answer.error)];
    return fromData(answer.value, () => instance.newTable());
  });
}

const sqlProblem = (sql: LuaValue): string | undefined =>
  typeof sql === 'string'
    ? sql.trim() === ''
      ? 'the SQL text is empty'
      : undefined
    : `the SQL is a text, got ${typeName(sql)}`;

function prepare(runner: Runner, sql: LuaValue): HostResult {
  const problem = problemOf(runner) ?? sqlProblem(sql);
  if (problem !== undefined || typeof sql !== 'string') return invalid(problem ?? '');
  return command({ type: 'sql.prepare', ...target(runner), sql }, (answer) =>
    answer.ok ? StatementType.wrap(new Statement(runner, sql)) : [undefined, errorFromData(answer.error)],
  );
}

export const StatementType: UserdataType<Statement> = defineUserdata<Statement>('Statement', {
  query: (call, self, params) => runStatement(call, self, 'query', params),
  execute: (call, self, params) => runStatement(call, self, 'execute', params),
  close: (_call, self) => {
    self.closed = true;
    return true;
  },
});

function runStatement(
  call: HostCall,
  { runner, sql, closed }: Statement,
  how: 'query' | 'execute',
  params: LuaValue,
): HostResult {
  if (closed) return invalid('the statement is closed; prepare it again');
  return run(call, runner, how, sql, readParameters(params));
}

const CROSSING =
  'a transaction cannot stay open between the steps of a workflow; put its steps into a function.lua and call that with funcs.call';

function begin(call: HostCall, db: Db, options: LuaValue): HostResult {
  if (call.instance.host.place === 'workflow') return invalid(`db:begin: ${CROSSING}`);
  const problem = problemOf(db);
  if (problem !== undefined) return invalid(problem);
  if (options !== undefined && !(options instanceof LuaTable))
    return invalid(`the options of a transaction are a table, got ${typeName(options)}`);
  const isolation = options?.get('isolation') ?? ISOLATION.DEFAULT;
  if (typeof isolation !== 'string' || !Object.values<string>(ISOLATION).includes(isolation))
    return invalid(`unknown isolation ${asText(isolation) ?? typeName(isolation)}; use one of sql.isolation`);
  const readOnly = options?.get('read_only') ?? false;
  if (typeof readOnly !== 'boolean')
    return invalid(`'read_only' is true or false, got ${typeName(readOnly)}`);
  return command({ type: 'sql.begin', db: db.id, isolation, read_only: readOnly }, (answer) => {
    if (!answer.ok) return [undefined, errorFromData(answer.error)];
    if (typeof answer.value !== 'number') return failure('Internal', 'sql.begin gave no handle');
    return TransactionType.wrap(new Transaction(db, answer.value));
  });
}

/** Ends a transaction; when that fails it is over all the same. */
function end(self: Transaction, how: 'commit' | 'rollback'): HostResult {
  const problem = problemOf(self);
  if (problem !== undefined) return invalid(problem);
  self.ended = how === 'commit' ? 'committed' : 'rolled back';
  return isDone({ type: `sql.${how}`, tx: self.handle });
}

const mark =
  (verb: 'savepoint' | 'rollback_to' | 'release') =>
  (_call: HostCall, self: Transaction, name: LuaValue): HostResult => {
    const problem = problemOf(self);
    if (problem !== undefined) return invalid(problem);
    if (typeof name !== 'string' || !/^[A-Za-z0-9_]{1,64}$/.test(name))
      return invalid(`invalid savepoint name; use letters, digits and '_'`);
    return isDone({ type: `sql.${verb}`, tx: self.handle, name });
  };

export const TransactionType: UserdataType<Transaction> = defineUserdata<Transaction>('Transaction', {
  db_type: (_call, self) => self.db.type,
  type: (_call, self) => self.db.type,
  query: (call, self, sql, params) => run(call, self, 'query', sql, readParameters(params)),
  execute: (call, self, sql, params) => run(call, self, 'execute', sql, readParameters(params)),
  prepare: (_call, self, sql) => prepare(self, sql),
  commit: (_call, self) => end(self, 'commit'),
  rollback: (_call, self) => end(self, 'rollback'),
  savepoint: mark('savepoint'),
  rollback_to: mark('rollback_to'),
  release: mark('release'),
});

export const DbType: UserdataType<Db> = defineUserdata<Db>(
  'DB',
  {
    type: (_call, self) => self.type,
    query: (call, self, sql, params) => run(call, self, 'query', sql, readParameters(params)),
    execute: (call, self, sql, params) => run(call, self, 'execute', sql, readParameters(params)),
    prepare: (_call, self, sql) => prepare(self, sql),
    begin: (call, self, options) => begin(call, self, options),
    release: (_call, self) => {
      self.released = true;
      return true;
    },
    stats: (call, self) => {
      const problem = problemOf(self);
      if (problem !== undefined) return invalid(problem);
      const { instance } = call;
      return command({ type: 'sql.stats', db: self.id }, (answer) =>
        answer.ok
          ? fromData(answer.value, () => instance.newTable())
          : [undefined, errorFromData(answer.error)],
      );
    },
  },
  { tostring: (self) => `DB ${self.id}` },
);

/** The runner that a builder is to run with; undefined when the value is none. */
export const runnerOf = (value: LuaValue): Runner | undefined =>
  DbType.unwrap(value) ?? TransactionType.unwrap(value);

export function getDatabase(id: LuaValue): HostResult {
  if (typeof id !== 'string' || id === '')
    return invalid(
      id === '' ? 'the id of the database is empty' : `the id of a database is a text, got ${typeName(id)}`,
    );
  return command({ type: 'sql.get', id }, (answer) =>
    answer.ok ? DbType.wrap(new Db(id, typeOf(answer.value))) : [undefined, errorFromData(answer.error)],
  );
}

function typeOf(value: Data): string {
  const found = typeof value === 'object' && value !== null && 'type' in value ? value['type'] : undefined;
  return typeof found === 'string' ? found : 'unknown';
}
