// An open transaction on a SQLite connection. Whoever began it holds the connection until it ends.
import type { DataObject } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';
import type { SqlResult, SqlStatement, SqlTransaction } from '../../modules/sql/host.js';
import type { SqliteDatabase } from '../../registry/store/sqlite-driver.js';
import type { SqliteRunner } from './sqlite-runner.js';
import { checkSavepoint, inspectSql, SqlRefusedError } from './statement.js';

class TransactionEndedError extends PlatformError {
  override readonly name = 'TransactionEndedError';
  readonly code = 'TRANSACTION_ENDED';
  override readonly kind = 'Invalid';
  constructor(how: string) {
    super(`the transaction is not active: ${how}; begin another one`);
  }
}

export interface SqliteTransactionParts {
  readonly database: SqliteDatabase;
  readonly runner: SqliteRunner;
  readonly readOnly: boolean;
  /** Runs a statement and watches how long it takes. */
  readonly run: <T>(sql: string, work: () => T) => T;
  /** Called once, when the connection is free again. */
  readonly ended: () => void;
}

export class SqliteTransaction implements SqlTransaction {
  readonly #parts: SqliteTransactionParts;
  #ended: string | undefined;

  constructor(parts: SqliteTransactionParts) {
    this.#parts = parts;
  }

  query(statement: SqlStatement): Promise<DataObject[]> {
    return this.#statement(statement.sql, () => this.#parts.runner.query(statement));
  }

  execute(statement: SqlStatement): Promise<SqlResult> {
    return this.#statement(statement.sql, () => this.#parts.runner.execute(statement));
  }

  check(sql: string): Promise<void> {
    return this.#statement(sql, () => this.#parts.runner.check(sql));
  }

  savepoint(name: string): Promise<void> {
    return this.#mark('savepoint', name);
  }
  rollbackTo(name: string): Promise<void> {
    return this.#mark('rollback to', name);
  }
  release(name: string): Promise<void> {
    return this.#mark('release', name);
  }

  async commit(): Promise<void> {
    this.#check();
    try {
      this.#parts.run('commit', () => this.#parts.database.exec('commit'));
      this.#end('it was committed');
    } catch (error) {
      // A commit that is refused (a deferred constraint, a full disk) must not leave the connection taken.
      this.#rollback();
      this.#end('its commit failed, it was rolled back');
      throw error;
    }
  }

  rollback(): Promise<void> {
    return this.#attempt(() => {
      this.#check();
      this.#rollback();
      this.#end('it was rolled back');
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended === undefined) await this.rollback();
  }

  #mark(verb: string, name: string): Promise<void> {
    return this.#attempt(() => {
      this.#check();
      this.#parts.database.exec(`${verb} ${checkSavepoint(name)}`);
    });
  }

  #statement<T>(sql: string, work: () => T): Promise<T> {
    return this.#attempt(() => {
      this.#check();
      const { alone, verb } = inspectSql(sql);
      if (alone && verb === 'VACUUM') throw new SqlRefusedError("'VACUUM' cannot run inside a transaction");
      try {
        return this.#parts.run(sql, work);
      } finally {
        // SQLite rolls back by itself on some faults (a full disk, a deadlock): the handle must know.
        if (!this.#parts.database.inTransaction) this.#end('the database rolled it back');
      }
    });
  }

  #check(): void {
    if (this.#ended !== undefined) throw new TransactionEndedError(this.#ended);
  }

  #rollback(): void {
    if (this.#parts.database.inTransaction) this.#parts.database.exec('rollback');
  }

  #end(how: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = how;
    if (this.#parts.readOnly && this.#parts.database.isOpen)
      this.#parts.database.exec('pragma query_only = off');
    this.#parts.ended();
  }

  /** The driver is synchronous, the interface is not: what it throws becomes a rejection. */
  async #attempt<T>(work: () => T): Promise<T> {
    return work();
  }
}
