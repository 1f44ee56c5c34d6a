// A db.sql.sqlite entry on a node: one connection, shared by all, with transactions that belong to whoever began them.
// D1: nothing runs on the connection between the begin and the end of a transaction but what its owner runs.
// D2: a database that another process holds is waited for a while without blocking the node.
import { setTimeout as delay } from 'node:timers/promises';
import { dataObject } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import type {
  BeginOptions,
  SqlCaller,
  SqlDatabase,
  SqlResult,
  SqlStatement,
  SqlTransaction,
} from '../../modules/sql/host.js';
import { SqliteError } from '../../registry/store/sqlite-driver.js';
import type { SqliteDatabase } from '../../registry/store/sqlite-driver.js';
import { ConnectionLock } from './connection-lock.js';
import { Effects } from './effects.js';
import { RESULT_LIMITS, SqliteRunner } from './sqlite-runner.js';
import type { ResultLimits } from './sqlite-runner.js';
import { SqliteTransaction } from './sqlite-transaction.js';
import { inspectSql } from './statement.js';

export interface SqliteServiceOptions {
  /** Entry id, for messages. */
  readonly entry: string;
  /** How long anybody waits for a transaction of somebody else to end. Milliseconds. Default 15 000. */
  readonly lockWaitMs?: number;
  /** How long a write waits for another process that holds the file. Milliseconds. Default 5 000. */
  readonly busyWaitMs?: number;
  readonly limits?: Partial<ResultLimits>;
  /** Hears of statements that kept the node from everything else for long. */
  readonly slow?: (sql: string, milliseconds: number) => void;
  /** What counts as long. Milliseconds. Default 500. */
  readonly slowMs?: number;
}

/** Between two tries on a file that another process holds. Milliseconds. */
const RETRY_MS = 20;

export class SqliteService implements SqlDatabase, AsyncDisposable {
  readonly type = 'sqlite';
  readonly #database: SqliteDatabase;
  readonly #lock: ConnectionLock;
  readonly #runner: SqliteRunner;
  readonly #effects: Effects;
  readonly #options: SqliteServiceOptions;
  #transaction: SqliteTransaction | undefined;

  /** Takes `database` over. */
  constructor(database: SqliteDatabase, options: SqliteServiceOptions) {
    this.#database = database;
    this.#options = options;
    this.#lock = new ConnectionLock(options.entry, options.lockWaitMs ?? 15_000);
    this.#runner = new SqliteRunner(database, { ...RESULT_LIMITS, ...options.limits });
    this.#effects = new Effects(database);
  }

  query(statement: SqlStatement, caller: SqlCaller): Promise<DataObject[]> {
    return this.#alone(statement.sql, caller, () => {
      const { key } = caller;
      if (key === undefined || !isRecorded(statement) || this.#runner.reads(statement))
        return this.#runner.query(statement);
      return this.#effects.once(key, statement, () => this.#runner.query(statement));
    });
  }

  execute(statement: SqlStatement, caller: SqlCaller): Promise<SqlResult> {
    return this.#alone(statement.sql, caller, () => {
      const { key } = caller;
      if (key === undefined || !isRecorded(statement)) return this.#runner.execute(statement);
      const answer: Data[] = this.#effects.once(key, statement, () => {
        const { rowsAffected, lastInsertId } = this.#runner.execute(statement);
        return [rowsAffected, lastInsertId];
      });
      const [rowsAffected, lastInsertId] = answer as [number, number | bigint];
      return { rowsAffected, lastInsertId };
    });
  }

  check(sql: string, caller: SqlCaller): Promise<void> {
    return this.#alone(sql, caller, () => this.#runner.check(sql));
  }

  async begin({ readOnly }: BeginOptions, caller: SqlCaller): Promise<SqlTransaction> {
    const leave = await this.#lock.take(caller.name, () => caller.signal);
    try {
      // A writer takes the lock of the file now: later it could find that it read what is no longer true.
      await this.#patiently(caller, () => this.#database.exec(readOnly ? 'begin' : 'begin immediate'));
      if (readOnly) this.#database.exec('pragma query_only = on');
    } catch (error) {
      if (this.#database.inTransaction) this.#database.exec('rollback');
      leave();
      throw error;
    }
    this.#transaction = new SqliteTransaction({
      database: this.#database,
      run: (sql, work) => this.#timed(sql, work),
      runner: this.#runner,
      readOnly,
      ended: () => {
        this.#transaction = undefined;
        leave();
      },
    });
    return this.#transaction;
  }

  stats(): DataObject {
    const { count, milliseconds } = this.#lock.waits;
    const inUse = this.#lock.held ? 1 : 0;
    return dataObject({
      max_open_connections: 1,
      open_connections: 1,
      in_use: inUse,
      idle: 1 - inUse,
      wait_count: count,
      wait_duration: Math.round(milliseconds * 1e6),
      max_idle_closed: 0,
      max_idle_time_closed: 0,
      max_lifetime_closed: 0,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transaction?.rollback();
    this.#database.close();
  }

  async #alone<T>(sql: string, caller: SqlCaller, work: () => T): Promise<T> {
    const leave = await this.#lock.take(caller.name, () => caller.signal);
    try {
      return await this.#patiently(caller, () => this.#timed(sql, work));
    } finally {
      leave();
    }
  }

  /** Tries again while another process holds the file (D2). Only for what is not inside a transaction. */
  async #patiently<T>(caller: SqlCaller, work: () => T): Promise<T> {
    const until = performance.now() + (this.#options.busyWaitMs ?? 5000);
    for (;;)
      try {
        return work();
      } catch (error) {
        if (!(error instanceof SqliteError) || !error.retryable || performance.now() > until) throw error;
        await delay(RETRY_MS, undefined, { signal: caller.signal });
      }
  }

  #timed<T>(sql: string, work: () => T): T {
    const started = performance.now();
    try {
      return work();
    } finally {
      const took = performance.now() - started;
      if (took > (this.#options.slowMs ?? 500)) this.#options.slow?.(sql, took);
    }
  }
}

/** What cannot run in a transaction cannot be recorded; doing it twice is harmless (VACUUM, PRAGMA). */
const isRecorded = ({ sql }: SqlStatement): boolean => !inspectSql(sql).alone;
