// SQLite behind one thin driver: the registry's store and the db.sql.sqlite kind both use it. Synchronous, as SQLite is.
// D1: integers are exact: a number within +-2^53, else a bigint; a REAL that is integral is a LuaFloat, so that 3.0 stays 3.0.
// D2: what the native library does in silence is refused: a second statement, a missing parameter, NaN, text with a zero byte
//     (reading would cut it there). What would end the process (booleans) never reaches it.
// D3: every statement runs to its end before the call returns, so that no read lock outlives it.
import { LuaFloat } from '../../core/data.js';
import { asInteger } from '../../core/durations.js';
import { scanSql, type SqlScan } from './sql-scan.js';
import { SqliteError } from './sqlite-error.js';
import {
  type NativeDatabase,
  type NativeStatement,
  openNative,
  type SqliteLibrary,
} from './sqlite-native.js';
export { SqliteError } from './sqlite-error.js';

export type SqliteValue = null | number | bigint | LuaFloat | string | Uint8Array;
export type SqliteParameter = SqliteValue | boolean;
/** By position, or by name without the prefix. */
export type SqliteParameters = readonly SqliteParameter[] | Readonly<Record<string, SqliteParameter>>;
export type SqliteRow = Record<string, SqliteValue>;

export interface SqliteRows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqliteValue[])[];
}
export interface SqliteRunResult {
  readonly changes: number;
  readonly lastInsertRowid: number | bigint;
}

export interface SqliteOptions {
  /** Refuses writes. Default false. */
  readonly readOnly?: boolean;
  /** How long a call blocks the process while another connection holds the lock. Milliseconds. Default 250. */
  readonly busyTimeoutMs?: number;
  /** Default 'wal' for files; memory databases have none. */
  readonly journal?: 'wal' | 'delete';
  /** 'full' syncs at every commit; 'normal' may lose the last commits when the machine (not the process) dies. Default 'full'. */
  readonly synchronous?: 'full' | 'normal';
  /** Default true. */
  readonly foreignKeys?: boolean;
  /** Default: the best that this Node has (sqlite-native.ts). */
  readonly library?: SqliteLibrary;
}

interface Prepared {
  readonly statement: NativeStatement;
  readonly scan: SqlScan;
}

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
/** Prepared statements that are kept. */
const STATEMENTS = 128;

/** Paths of the databases that are open in this process, as often as they are; for tests that look for what was left open. */
export const openDatabases = (): string[] => [...opened].map(({ path }) => path);
const opened = new Set<SqliteDatabase>();

export class SqliteDatabase implements Disposable {
  readonly path: string;
  readonly #native: NativeDatabase;
  readonly #statements = new Map<string, Prepared>();
  #open = true;

  /** Opens (and makes) the database file; `:memory:` is one of its own. */
  constructor(path: string, options: SqliteOptions = {}) {
    const {
      readOnly = false,
      busyTimeoutMs = 250,
      journal = 'wal',
      synchronous = 'full',
      foreignKeys = true,
      library,
    } = options;
    this.path = path;
    // SQLite's own URI form for read-only: libsql ignores the option for it.
    const target = readOnly ? `file:${encodeURI(path).replace(/[?#]/g, encodeURIComponent)}?mode=ro` : path;
    this.#native = openNative(target, busyTimeoutMs, library);
    try {
      if (!readOnly && path !== ':memory:') this.exec(`pragma journal_mode = ${journal}`);
      this.exec(`pragma synchronous = ${synchronous}`);
      this.exec(`pragma foreign_keys = ${foreignKeys ? 'on' : 'off'}`);
    } catch (error) {
      this.close();
      throw error;
    }
    opened.add(this);
  }

  /** Rows as arrays, with the names of columns, which may repeat. */
  rows(sql: string, parameters: SqliteParameters = []): SqliteRows {
    const { statement, scan } = this.#prepare(sql);
    const bound = bind(parameters, scan);
    if (!statement.reader) {
      statement.run(bound);
      return { columns: [], rows: [] };
    }
    const rows = statement.all(bound);
    return { columns: statement.columns(), rows: rows.map((row) => row.map(fromNative)) };
  }

  /** Rows as objects without prototype; of columns with one name the last wins. */
  all(sql: string, parameters: SqliteParameters = []): SqliteRow[] {
    const { columns, rows } = this.rows(sql, parameters);
    return rows.map((row) => {
      const object = Object.create(null) as SqliteRow;
      columns.forEach((column, index) => {
        object[column] = row[index] ?? null;
      });
      return object;
    });
  }

  /** The first row. */
  get(sql: string, parameters: SqliteParameters = []): SqliteRow | undefined {
    return this.all(sql, parameters)[0];
  }

  run(sql: string, parameters: SqliteParameters = []): SqliteRunResult {
    const { statement, scan } = this.#prepare(sql);
    const bound = bind(parameters, scan);
    const before = this.#counters().total;
    // A statement with RETURNING must be read to its end, or it does nothing beyond its first row.
    if (statement.reader) statement.all(bound);
    else statement.run(bound);
    const { total, changes, rowid } = this.#counters();
    // `changes` stays what it was when a statement changes no rows (a query, DDL).
    return { changes: total === before ? 0 : Number(changes), lastInsertRowid: asInteger(rowid) };
  }

  /** Runs a statement whose result nobody wants: a third of the cost of `run`. */
  execute(sql: string, parameters: SqliteParameters = []): void {
    const { statement, scan } = this.#prepare(sql);
    const bound = bind(parameters, scan);
    if (statement.reader) statement.all(bound);
    else statement.run(bound);
  }

  /** Rows that this connection has changed since it was opened. */
  totalChanges(): number {
    return Number(this.#counters().total);
  }

  /** Runs any number of statements without parameters. */
  exec(sql: string): void {
    this.#assertOpen();
    this.#native.exec(sql);
  }

  /** Runs `work` in one transaction; rolls back when it throws. Calls inside each other share the outermost. */
  transaction<T>(work: () => T, mode: 'immediate' | 'deferred' = 'immediate'): T {
    if (this.inTransaction) return work();
    this.exec(`begin ${mode}`);
    let result: T;
    try {
      result = work();
      this.exec('commit');
    } catch (error) {
      // SQLite itself may have rolled back already (a full disk).
      if (this.inTransaction) this.exec('rollback');
      throw error;
    }
    return result;
  }

  get inTransaction(): boolean {
    return this.#open && this.#native.inTransaction;
  }

  /** Changes when another connection has committed since this one last looked. */
  dataVersion(): number {
    return Number(this.get('pragma data_version')?.data_version ?? 0);
  }

  get isOpen(): boolean {
    return this.#open;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    opened.delete(this);
    this.#statements.clear();
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #counters(): { readonly total: bigint; readonly changes: bigint; readonly rowid: bigint } {
    const { statement } = this.#prepare('select total_changes(), changes(), last_insert_rowid()');
    const [[total = 0n, changes = 0n, rowid = 0n] = []] = statement.all([]) as bigint[][];
    return { total, changes, rowid };
  }

  #prepare(sql: string): Prepared {
    this.#assertOpen();
    const known = this.#statements.get(sql);
    if (known !== undefined) {
      this.#statements.delete(sql);
      this.#statements.set(sql, known);
      return known;
    }
    const scan = scanSql(sql);
    if (scan.empty) throw new SqliteError('the SQL text holds no statement', 'SQLITE_ERROR');
    if (scan.several)
      throw new SqliteError('the SQL text holds several statements; run them one by one', 'SQLITE_ERROR');
    const prepared = { statement: this.#native.prepare(sql), scan };
    this.#statements.set(sql, prepared);
    if (this.#statements.size > STATEMENTS)
      for (const oldest of this.#statements.keys()) {
        this.#statements.delete(oldest);
        break;
      }
    return prepared;
  }

  #assertOpen(): void {
    if (!this.#open) throw new SqliteError(`the database '${this.path}' is closed`, 'SQLITE_MISUSE');
  }
}

function bind(parameters: SqliteParameters, scan: SqlScan): unknown {
  if (isList(parameters)) {
    if (parameters.length !== scan.parameterCount)
      throw new SqliteError(
        `the statement takes ${scan.parameterCount} parameter(s), got ${parameters.length}`,
        'SQLITE_RANGE',
      );
    return parameters.map((value, index) => toNative(value, `${index + 1}`));
  }
  if (scan.unnamed) throw new SqliteError("the statement has '?' parameters; pass an array", 'SQLITE_RANGE');
  const bound: Record<string, unknown> = {};
  for (const name of scan.names) {
    const value = parameters[name];
    if (value === undefined) throw new SqliteError(`the parameter '${name}' is missing`, 'SQLITE_RANGE');
    bound[name] = toNative(value, name);
  }
  return bound;
}

const isList = (parameters: SqliteParameters): parameters is readonly SqliteParameter[] =>
  Array.isArray(parameters);

function toNative(value: SqliteParameter, name: string): unknown {
  switch (typeof value) {
    case 'boolean':
      return value ? 1n : 0n;
    case 'number':
      if (Number.isNaN(value))
        throw new SqliteError(`parameter ${name} is NaN, which SQLite cannot hold`, 'SQLITE_MISMATCH');
      return Number.isInteger(value) && Math.abs(value) <= 2 ** 53 ? BigInt(value) : value;
    case 'bigint':
      if (value < MIN_INT64 || value > MAX_INT64)
        throw new SqliteError(`parameter ${name} is an integer beyond 64 bits`, 'SQLITE_MISMATCH');
      return value;
    case 'string':
      if (value.includes('\0'))
        throw new SqliteError(
          `parameter ${name} is text with a zero byte; bind it as bytes`,
          'SQLITE_MISMATCH',
        );
      return value;
    case 'object':
      if (value === null) return null;
      if (value instanceof LuaFloat) return value.n;
      if (value instanceof Uint8Array) return Buffer.from(value);
      break;
    default:
  }
  throw new SqliteError(
    `parameter ${name} is of a type that SQLite cannot hold (${typeof value})`,
    'SQLITE_MISMATCH',
  );
}

function fromNative(value: unknown): SqliteValue {
  switch (typeof value) {
    case 'bigint':
      return asInteger(value);
    case 'number':
      return Number.isInteger(value) ? new LuaFloat(value) : value;
    case 'string':
      return value;
    default:
      if (value instanceof ArrayBuffer) return new Uint8Array(value);
      // A Buffer, as a plain array over the same memory.
      return value instanceof Uint8Array
        ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
        : null;
  }
}
