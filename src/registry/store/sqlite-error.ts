// What SQLite refuses, with its own code and our verdict.
import { type ErrorKind, PlatformError } from '../../core/errors.js';

export class SqliteError extends PlatformError {
  override readonly name = 'SqliteError';
  readonly code = 'SQLITE_FAILED';
  override readonly kind: ErrorKind;
  override readonly retryable: boolean;
  /** SQLite's own code, e.g. `SQLITE_CONSTRAINT_UNIQUE`. */
  readonly sqlite: string;
  constructor(message: string, sqlite: string, options?: ErrorOptions) {
    super(message, options);
    this.sqlite = sqlite;
    this.kind = kindOf(sqlite);
    this.retryable = isBusy(sqlite);
  }
}

const isBusy = (code: string): boolean => code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED');

function kindOf(code: string): ErrorKind {
  if (isBusy(code) || code.startsWith('SQLITE_FULL') || code.startsWith('SQLITE_CANTOPEN'))
    return 'Unavailable';
  if (code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY') return 'AlreadyExists';
  if (code.startsWith('SQLITE_CONSTRAINT')) return 'Conflict';
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_AUTH') || code.startsWith('SQLITE_PERM'))
    return 'PermissionDenied';
  if (['SQLITE_ERROR', 'SQLITE_MISMATCH', 'SQLITE_RANGE', 'SQLITE_TOOBIG'].includes(code)) return 'Invalid';
  return code === 'SQLITE_INTERRUPT' ? 'Canceled' : 'Internal';
}
