// SQL on a node: the commands, and what a database must offer to answer them. services/sql has the databases.
// `sql.get` { id } -> { type }
// `sql.query` { db, tx?, sql, params? } -> list of rows (objects; NULL is null)
// `sql.execute` { db, tx?, sql, params? } -> { last_insert_id, rows_affected }
// `sql.prepare` { db, tx?, sql } -> null, when the text is a statement
// `sql.begin` { db, isolation, read_only } -> handle of the transaction, a number
// `sql.commit` | `sql.rollback` { tx } -> null
// `sql.savepoint` | `sql.rollback_to` | `sql.release` { tx, name } -> null
// `sql.stats` { db } -> object of numbers
//   params: a list by position or an object by name; a value is null, a boolean, a number, a byte string (text where it is
//   UTF-8), or { $sql: 'binary', value } for bytes that are no text whatever they look like
// W1: what a workflow asks is done once: the answer is recorded under its idempotency key in the same transaction.
import { dataObject, LuaFloat } from '../../core/data.js';
import type { Command } from '../../core/command.js';
import type { Data, DataObject } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';
import type { CommandContext, HostHandlers } from '../../core/handler.js';
import { tryText } from '../../core/text.js';

export interface SqlStatement {
  /** Text, not bytes. */
  readonly sql: string;
  readonly params: readonly Data[] | Readonly<DataObject>;
}
/** Who runs a statement, and how. */
export interface SqlCaller {
  /** For messages: entry and PID. */
  readonly name: string;
  readonly signal: AbortSignal;
  /** Set when the same call may come again: the second one gets the recorded answer. */
  readonly key: string | undefined;
}
export interface SqlResult {
  readonly rowsAffected: number;
  readonly lastInsertId: number | bigint;
}

interface SqlRunner {
  query(statement: SqlStatement, caller: SqlCaller): Promise<DataObject[]>;
  execute(statement: SqlStatement, caller: SqlCaller): Promise<SqlResult>;
  /** Throws when the text is no statement. */
  check(sql: string, caller: SqlCaller): Promise<void>;
}

export interface BeginOptions {
  readonly isolation: string;
  readonly readOnly: boolean;
}

/** Disposing of one that is still open rolls it back. */
export interface SqlTransaction extends SqlRunner, AsyncDisposable {
  commit(): Promise<void>;
  rollback(): Promise<void>;
  savepoint(name: string): Promise<void>;
  rollbackTo(name: string): Promise<void>;
  release(name: string): Promise<void>;
}

/** What an entry of a kind `db.sql.*` opens to. */
export interface SqlDatabase extends SqlRunner {
  /** As `sql.type` has it. */
  readonly type: 'sqlite' | 'postgres' | 'mysql';
  begin(options: BeginOptions, caller: SqlCaller): Promise<SqlTransaction>;
  stats(): DataObject;
}

/** A command that Lua's side would not have made. */
class SqlCommandError extends PlatformError {
  override readonly name = 'SqlCommandError';
  readonly code = 'SQL_COMMAND';
  override readonly kind = 'Invalid';
}

export const sqlHandlers: HostHandlers = {
  'sql.get': async (command, context) => {
    const { type } = await context.resource<SqlDatabase>(text(command, 'id'), 'db.sql.*');
    return dataObject({ type });
  },
  'sql.query': async (command, context) => {
    const runner = await runnerOf(command, context);
    return runner.query(statement(command), caller(command, context));
  },
  'sql.execute': async (command, context) => {
    const runner = await runnerOf(command, context);
    const result = await runner.execute(statement(command), caller(command, context));
    return dataObject({ last_insert_id: result.lastInsertId, rows_affected: result.rowsAffected });
  },
  'sql.prepare': async (command, context) => {
    const runner = await runnerOf(command, context);
    await runner.check(text(command, 'sql'), caller(command, context));
    return null;
  },
  'sql.begin': async (command, context) => {
    const database = await databaseOf(command, context);
    const { isolation, read_only } = command;
    const options = {
      isolation: typeof isolation === 'string' ? isolation : 'default',
      readOnly: read_only === true,
    };
    return context.own(await database.begin(options, caller(command, context)));
  },
  'sql.commit': (command, context) => end(command, context, 'commit'),
  'sql.rollback': (command, context) => end(command, context, 'rollback'),
  'sql.savepoint': (command, context) => mark(command, context, 'savepoint'),
  'sql.rollback_to': (command, context) => mark(command, context, 'rollbackTo'),
  'sql.release': (command, context) => mark(command, context, 'release'),
  'sql.stats': async (command, context) => (await databaseOf(command, context)).stats(),
};

const databaseOf = (command: Command, context: CommandContext): Promise<SqlDatabase> =>
  context.resource<SqlDatabase>(text(command, 'db'), 'db.sql.*');

async function runnerOf(command: Command, context: CommandContext): Promise<SqlRunner> {
  return command['tx'] === undefined ? databaseOf(command, context) : transactionOf(command, context);
}

const transactionOf = (command: Command, context: CommandContext): SqlTransaction =>
  context.owned<SqlTransaction>(handle(command));

function handle({ type, tx }: Command): number {
  if (typeof tx !== 'number') throw new SqlCommandError(`'${type}' needs the handle of a transaction`);
  return tx;
}

async function end(command: Command, context: CommandContext, how: 'commit' | 'rollback'): Promise<null> {
  try {
    await transactionOf(command, context)[how]();
  } finally {
    await context.release(handle(command));
  }
  return null;
}

async function mark(
  command: Command,
  context: CommandContext,
  how: 'savepoint' | 'rollbackTo' | 'release',
): Promise<null> {
  await transactionOf(command, context)[how](text(command, 'name'));
  return null;
}

function caller({ tx }: Command, context: CommandContext): SqlCaller {
  const { entry, pid, idempotencyKey } = context;
  return {
    name: pid === undefined ? entry : `${entry} ${pid}`,
    // Read only by who has to wait: most commands never need one made.
    get signal() {
      return context.signal;
    },
    // The key of a command that a workflow sent is its own; inside a function it is the function's, shared by all it does.
    key: pid === undefined && tx === undefined ? idempotencyKey : undefined,
  };
}

function statement(command: Command): SqlStatement {
  const { params } = command;
  const known = typeof params === 'object' && params !== null && !(params instanceof LuaFloat) ? params : [];
  return { sql: text(command, 'sql'), params: known };
}

function text(command: Command, field: string): string {
  const value = command[field];
  const known = typeof value === 'string' ? tryText(value) : undefined;
  if (known === undefined) throw new SqlCommandError(`'${command.type}' needs UTF-8 text as ${field}`);
  return known;
}
