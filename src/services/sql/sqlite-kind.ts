// db.sql.sqlite: opens the file of an entry, beside the app or wherever the entry says; `:memory:` is one per entry.
import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Data } from '../../core/data.js';
import { PlatformError } from '../../core/errors.js';
import type { ErrorKind, ExitCode } from '../../core/errors.js';
import { sqlSqlite } from '../../registry/kinds/index.js';
import { defineKind } from '../../registry/model/kind.js';
import type { Entry } from '../../registry/model/entry.js';
import type { KindHost } from '../../registry/model/kind.js';
import { SqliteDatabase, SqliteError } from '../../registry/store/sqlite-driver.js';
import { fillPlaceholders } from '../env/placeholders.js';
import { SqliteService } from './sqlite-service.js';

/** The file of a database cannot be used. */
class DatabaseOpenError extends PlatformError {
  override readonly name = 'DatabaseOpenError';
  readonly code = 'DATABASE_OPEN';
  override readonly kind: ErrorKind;
  override readonly exitCode: ExitCode = 3;
  constructor(entry: string, file: string, why: string, kind: ErrorKind, options?: ErrorOptions) {
    super(`cannot open '${file}' of '${entry}': ${why}`, options);
    this.kind = kind;
  }
}

export const sqliteKind = defineKind({ ...sqlSqlite, open: openSqlite });

async function openSqlite(entry: Entry, host: KindHost): Promise<SqliteService> {
  const file = fileOf(entry, host);
  const path = file === ':memory:' ? file : resolve(host.appFolder, file);
  if (path !== file || file !== ':memory:') makeFolder(entry, dirname(path));
  return new SqliteService(openFile(entry, path), {
    entry: entry.id,
    slow: (sql, milliseconds) => {
      host.log('warn', 'a slow SQL statement kept the node from everything else', {
        entry: entry.id,
        sql: sql.length > 200 ? `${sql.slice(0, 197)}...` : sql,
        ms: Math.round(milliseconds),
      });
    },
  });
}

function fileOf(entry: Entry, host: KindHost): string {
  const given: Data | undefined = entry.data['file'] ?? entry.data['path'];
  const file = typeof given === 'string' ? fillPlaceholders(given, (name) => host.env(name)) : '';
  if (file === '')
    throw new DatabaseOpenError(entry.id, '', "the entry says no 'file'; name one, or ':memory:'", 'Invalid');
  // SQLite would read a URI, with options that reach past the file.
  if (/^file:/i.test(file) || file.includes('\0'))
    throw new DatabaseOpenError(entry.id, file, 'give a path, not a URI', 'Invalid');
  return file;
}

function makeFolder(entry: Entry, folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    const readOnly = code === 'EROFS' || code === 'EACCES' || code === 'EPERM';
    throw new DatabaseOpenError(
      entry.id,
      folder,
      readOnly
        ? 'the folder is missing and cannot be made: no permission to write; make it, or name another file'
        : `the folder cannot be made (${code}); is there a file of that name?`,
      readOnly ? 'PermissionDenied' : 'Unavailable',
      { cause },
    );
  }
}

function openFile(entry: Entry, path: string): SqliteDatabase {
  try {
    // References are checked only where the app turns that on, as in SQLite itself.
    return new SqliteDatabase(path, { foreignKeys: false });
  } catch (cause) {
    if (!(cause instanceof SqliteError)) throw cause;
    const why =
      cause.kind === 'PermissionDenied'
        ? 'the file or its folder is read-only; SQLite needs to write beside it'
        : cause.message;
    throw new DatabaseOpenError(entry.id, path, why, cause.kind, { cause });
  }
}
