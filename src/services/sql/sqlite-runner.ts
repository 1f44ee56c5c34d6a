// Runs statements on one SQLite connection, without asking whether it is free.
// R1: reading statements are read through a shell that gives TEXT as bytes: SQLite does not promise that it is UTF-8, and the
//     native driver ends the process when it is not. Rows come back exact, in the order of the statement.
// R2: results are bounded in rows and bytes; more is INVALID and says to use LIMIT.
import type { DataObject } from '../../core/data.js';
import { toBytes } from '../../core/text.js';
import type { SqlResult, SqlStatement } from '../../modules/sql/host.js';
import { SqliteError } from '../../registry/store/sqlite-driver.js';
import type { SqliteDatabase, SqliteParameters, SqliteRows } from '../../registry/store/sqlite-driver.js';
import { scanSql } from '../../registry/store/sql-scan.js';
import { inspectSql, SqlRefusedError } from './statement.js';
import type { InspectedSql } from './statement.js';
import { sizeOf, toParameters, toRow } from './values.js';

export interface ResultLimits {
  /** Default 100 000. */
  readonly maxRows: number;
  /** Sum of text and bytes. Default 64 MB. */
  readonly maxBytes: number;
}
export const RESULT_LIMITS: ResultLimits = Object.freeze({ maxRows: 100_000, maxBytes: 64 * 1024 * 1024 });

/** A reading statement in its shell, with the names of its columns as bytes. */
interface Shell {
  readonly sql: string;
  readonly columns: readonly string[];
}
/** What SQLite takes. */
const MAX_PARAMETERS = 32_766;
/** Shells that are kept. */
const SHELLS = 256;

export class SqliteRunner {
  readonly #database: SqliteDatabase;
  readonly #limits: ResultLimits;
  /** By SQL text; undefined for statements that have none. */
  readonly #shells = new Map<string, Shell | undefined>();

  constructor(database: SqliteDatabase, limits: ResultLimits) {
    this.#database = database;
    this.#limits = limits;
  }

  query(statement: SqlStatement): DataObject[] {
    return hinted(() => this.#query(statement));
  }

  execute(statement: SqlStatement): SqlResult {
    return hinted(() => this.#execute(statement));
  }

  #query({ sql, params }: SqlStatement): DataObject[] {
    const inspected = inspectSql(sql);
    const parameters = toParameters(params);
    const shell = this.#shell(sql, inspected, parameters);
    if (shell === undefined) return this.#plain(sql, inspected, parameters);
    let found: SqliteRows;
    try {
      found = this.#database.rows(shell.sql, parameters);
    } catch (error) {
      // The shell is of an older shape of the tables when somebody else changed them.
      if (!(error instanceof SqliteError) || error.sqlite !== 'SQLITE_ERROR') throw error;
      this.#shells.delete(sql);
      const renewed = this.#shell(sql, inspected, parameters);
      if (renewed === undefined) return this.#plain(sql, inspected, parameters);
      return this.#rows(renewed.columns, this.#database.rows(renewed.sql, parameters));
    }
    return this.#rows(shell.columns, found);
  }

  #execute({ sql, params }: SqlStatement): SqlResult {
    const inspected = inspectSql(sql);
    const { changes, lastInsertRowid } = this.#database.run(sql, toParameters(params));
    if (inspected.schema) this.#shells.clear();
    return { rowsAffected: changes, lastInsertId: lastInsertRowid };
  }

  /** Whether a statement surely changes nothing. */
  reads({ sql, params }: SqlStatement): boolean {
    const inspected = inspectSql(sql);
    if (inspected.verb === 'EXPLAIN') return true;
    return this.#shell(sql, inspected, toParameters(params)) !== undefined;
  }

  /** Throws when the text is no statement of this database. */
  check(sql: string): void {
    const { body, verb } = inspectSql(sql);
    if (verb === '') throw new SqlRefusedError('the SQL text holds no statement');
    if (verb === 'EXPLAIN') return;
    // The body of a trigger holds several statements, so the scan cannot tell whether it is one.
    const { several, parameterCount } = scanSql(body);
    if (several) throw new SqlRefusedError('the SQL text holds several statements; prepare them one by one');
    if (parameterCount > MAX_PARAMETERS)
      throw new SqlRefusedError(`the statement has more than ${MAX_PARAMETERS} parameters`);
    // EXPLAIN compiles and runs nothing; parameters are left unbound, which is NULL.
    if (!/^create\s+(?:temp(?:orary)?\s+)?trigger\b/i.test(body)) this.#database.exec(`explain ${body}`);
  }

  #plain(sql: string, inspected: InspectedSql, parameters: SqliteParameters): DataObject[] {
    const found = this.#database.rows(sql, parameters);
    if (inspected.schema) this.#shells.clear();
    return this.#rows(found.columns.map(toBytes), found);
  }

  #rows(columns: readonly string[], { rows }: SqliteRows): DataObject[] {
    const { maxRows, maxBytes } = this.#limits;
    if (rows.length > maxRows)
      throw new SqlRefusedError(`the result has more than ${maxRows} rows; use LIMIT and OFFSET`);
    let size = 0;
    return rows.map((row) => {
      for (const value of row) size += sizeOf(value);
      if (size > maxBytes)
        throw new SqlRefusedError(`the result has more than ${maxBytes} bytes; use LIMIT, or fewer columns`);
      return toRow(columns, row);
    });
  }

  #shell(sql: string, inspected: InspectedSql, parameters: SqliteParameters): Shell | undefined {
    if (!inspected.wrappable) return undefined;
    if (this.#shells.has(sql)) return this.#shells.get(sql);
    const shell = this.#makeShell(inspected, parameters);
    this.#shells.set(sql, shell);
    if (this.#shells.size > SHELLS)
      for (const oldest of this.#shells.keys()) {
        this.#shells.delete(oldest);
        break;
      }
    return shell;
  }

  /** undefined when the statement cannot stand in parentheses: it writes, or it is wrong, which running it will tell. */
  #makeShell({ body }: InspectedSql, parameters: SqliteParameters): Shell | undefined {
    let names: readonly string[];
    try {
      names = this.#database.rows(`select * from (${body}\n) limit 0`, parameters).columns;
    } catch (error) {
      if (error instanceof SqliteError) return undefined;
      throw error;
    }
    const columns = originalNames(names).map(toBytes);
    const inner = columns.map((_, index) => `c${index}`);
    const outer = inner.map((name) => `iif(typeof(${name}) = 'text', cast(${name} as blob), ${name})`);
    return {
      sql: `with moontide_rows (${inner.join(', ')}) as (${body}\n) select ${outer.join(', ')} from moontide_rows limit ${this.#limits.maxRows + 1}`,
      columns,
    };
  }
}

/** Too few parameters are mostly a nil at the end of a list, which Lua does not count. */
function hinted<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SqliteError) || error.sqlite !== 'SQLITE_RANGE') throw error;
    throw new SqlRefusedError(`${error.message}; for nil pass sql.NULL`, { cause: error });
  }
}

/** In parentheses SQLite calls the second `id` `id:1`; here both are `id` again. */
function originalNames(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.map((name) => {
    const base = /^(.*):\d+$/s.exec(name)?.[1];
    if (base !== undefined && seen.has(base.toLowerCase())) return base;
    seen.add(name.toLowerCase());
    return name;
  });
}
