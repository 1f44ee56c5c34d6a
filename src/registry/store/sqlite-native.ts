// The two native libraries behind the SQLite driver, in one shape. Integers come as bigints, rows as arrays.
// N1: `node:sqlite` is taken where Node has it without a warning (from 24 on), else `libsql`, which is prebuilt for Node 20.
// N2: libsql ends the process for text that is not UTF-8 (`cast(x'ff' as text)`, a broken file); node:sqlite reads U+FFFD.
import { createRequire } from 'node:module';
import { SqliteError } from './sqlite-error.js';

export interface NativeStatement {
  /** Whether it gives rows. */
  readonly reader: boolean;
  columns(): readonly string[];
  /** An array by position or an object by name. */
  all(parameters: unknown): unknown[][];
  run(parameters: unknown): void;
}

/** Everything throws SqliteError. */
export interface NativeDatabase {
  readonly inTransaction: boolean;
  prepare(sql: string): NativeStatement;
  exec(sql: string): void;
  close(): void;
}

export type SqliteLibrary = 'node:sqlite' | 'libsql';

export function defaultLibrary(): SqliteLibrary {
  return Number(process.versions.node.split('.')[0]) >= 24 && loadNodeSqlite() !== undefined
    ? 'node:sqlite'
    : 'libsql';
}

export function openNative(path: string, busyTimeoutMs: number, library = defaultLibrary()): NativeDatabase {
  return library === 'libsql' ? openLibsql(path, busyTimeoutMs) : openNodeSqlite(path, busyTimeoutMs);
}

// --- node:sqlite ----------------------------------------------------------------------------------------------------

/** What is used of it; the types of Node 20 do not have it. */
interface NodeStatement {
  setReadBigInts(on: boolean): void;
  setReturnArrays(on: boolean): void;
  columns(): readonly { readonly name: string }[];
  all(...parameters: unknown[]): unknown[][];
  run(...parameters: unknown[]): unknown;
}
interface NodeDatabase {
  readonly isTransaction: boolean;
  prepare(sql: string): NodeStatement;
  exec(sql: string): void;
  close(): void;
}
interface NodeSqlite {
  readonly DatabaseSync: new (path: string, options: { timeout: number }) => NodeDatabase;
}

function loadNodeSqlite(): NodeSqlite | undefined {
  return process.getBuiltinModule('node:sqlite') as NodeSqlite | undefined;
}

function openNodeSqlite(path: string, busyTimeoutMs: number): NativeDatabase {
  const sqlite = loadNodeSqlite();
  if (sqlite === undefined)
    throw new SqliteError(`Node ${process.version} has no node:sqlite; use libsql`, 'SQLITE_MISUSE');
  const database = guarded(path, () => new sqlite.DatabaseSync(path, { timeout: busyTimeoutMs }));
  const spread = (parameters: unknown): unknown[] =>
    Array.isArray(parameters) ? (parameters as unknown[]) : [parameters];
  return {
    get inTransaction() {
      return database.isTransaction;
    },
    exec: (sql) => guarded(path, () => database.exec(sql)),
    close: () => guarded(path, () => database.close()),
    prepare: (sql) =>
      guarded(path, () => {
        const statement = database.prepare(sql);
        statement.setReadBigInts(true);
        statement.setReturnArrays(true);
        return {
          reader: statement.columns().length > 0,
          columns: () => statement.columns().map(({ name }) => name),
          all: (parameters) => guarded(path, () => statement.all(...spread(parameters))),
          run: (parameters) => guarded(path, () => void statement.run(...spread(parameters))),
        };
      }),
  };
}

// --- libsql ---------------------------------------------------------------------------------------------------------

interface LibsqlStatement {
  readonly reader: boolean;
  raw(on: boolean): unknown;
  columns(): readonly { readonly name: string }[];
  all(parameters: unknown): unknown[][];
  run(parameters: unknown): unknown;
}
interface LibsqlDatabase {
  readonly inTransaction: boolean;
  defaultSafeIntegers(on: boolean): LibsqlDatabase;
  prepare(sql: string): LibsqlStatement;
  exec(sql: string): void;
  close(): void;
}

function openLibsql(path: string, busyTimeoutMs: number): NativeDatabase {
  const Database = createRequire(import.meta.url)('libsql') as new (
    path: string,
    options: { timeout: number },
  ) => LibsqlDatabase;
  const database = guarded(path, () =>
    new Database(path, { timeout: busyTimeoutMs }).defaultSafeIntegers(true),
  );
  return {
    get inTransaction() {
      return database.inTransaction;
    },
    exec: (sql) => guarded(path, () => database.exec(sql)),
    close: () => guarded(path, () => database.close()),
    prepare: (sql) =>
      guarded(path, () => {
        const statement = database.prepare(sql);
        if (statement.reader) statement.raw(true);
        return {
          reader: statement.reader,
          columns: () => statement.columns().map(({ name }) => name),
          all: (parameters) => guarded(path, () => statement.all(parameters)),
          run: (parameters) => guarded(path, () => void statement.run(parameters)),
        };
      }),
  };
}

// --- errors ---------------------------------------------------------------------------------------------------------

/** node:sqlite gives SQLite's extended result codes as numbers. */
const CODES: Readonly<Record<number, string>> = {
  1: 'SQLITE_ERROR',
  3: 'SQLITE_PERM',
  4: 'SQLITE_ABORT',
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  7: 'SQLITE_NOMEM',
  8: 'SQLITE_READONLY',
  9: 'SQLITE_INTERRUPT',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  17: 'SQLITE_SCHEMA',
  18: 'SQLITE_TOOBIG',
  19: 'SQLITE_CONSTRAINT',
  20: 'SQLITE_MISMATCH',
  21: 'SQLITE_MISUSE',
  23: 'SQLITE_AUTH',
  25: 'SQLITE_RANGE',
  26: 'SQLITE_NOTADB',
  275: 'SQLITE_CONSTRAINT_CHECK',
  787: 'SQLITE_CONSTRAINT_FOREIGNKEY',
  1299: 'SQLITE_CONSTRAINT_NOTNULL',
  1555: 'SQLITE_CONSTRAINT_PRIMARYKEY',
  1811: 'SQLITE_CONSTRAINT_TRIGGER',
  2067: 'SQLITE_CONSTRAINT_UNIQUE',
  2579: 'SQLITE_CONSTRAINT_ROWID',
  3091: 'SQLITE_CONSTRAINT_DATATYPE',
};

function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const code = cause instanceof Error ? sqliteCode(cause) : undefined;
    if (code === undefined || !(cause instanceof Error)) throw cause;
    const message =
      code === 'SQLITE_CANTOPEN'
        ? `cannot open the database '${path}'; check the path and its permissions`
        : cause.message;
    throw new SqliteError(message, code, { cause });
  }
}

function sqliteCode(error: Error): string | undefined {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  if (typeof code === 'string' && code.startsWith('SQLITE_')) return code;
  if (code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number')
    return CODES[errcode] ?? CODES[errcode & 0xff] ?? 'SQLITE_ERROR';
  return error.message.includes('Unable to open connection') ? 'SQLITE_CANTOPEN' : undefined;
}
