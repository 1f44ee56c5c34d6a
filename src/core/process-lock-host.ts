// Locks between the processes of one machine, held by the operating system: who dies lets go, however it dies.
// L1: a lock is SQLite's own on a file that stays empty. Nothing is written, and no process id decides anything.
// L2: taking never waits, so that it also works while a process exits. Two holders in one process count like two processes.
// L3: nothing else of this process may open the file: POSIX drops a process's locks on it when any such handle closes.
import { createRequire } from 'node:module';
import { PlatformError } from './errors.js';
import type { ExitCode } from './errors.js';

/** A lock's file cannot be used, for another reason than that somebody holds the lock. */
class ProcessLockError extends PlatformError {
  override readonly name = 'ProcessLockError';
  readonly code = 'PROCESS_LOCK';
  override readonly kind = 'Unavailable' as const;
  override readonly exitCode: ExitCode = 3;
}

/** Any number of 'shared' holders, or one 'exclusive'. */
export type LockMode = 'shared' | 'exclusive';

/** Lets go; called again it does nothing. */
export type Release = () => void;

interface LockDatabase {
  exec(sql: string): void;
  close(): void;
}
type OpenDatabase = new (path: string, options: { readonly timeout: number }) => LockDatabase;

let library: OpenDatabase | undefined;

/** The same choice as the registry's driver makes: Node's own SQLite where it has one without a warning. */
function open(path: string): LockDatabase {
  const builtin =
    Number(process.versions.node.split('.')[0]) >= 24
      ? (process.getBuiltinModule('node:sqlite') as { readonly DatabaseSync: OpenDatabase } | undefined)
      : undefined;
  library ??= builtin?.DatabaseSync ?? (createRequire(import.meta.url)('libsql') as OpenDatabase);
  return new library(path, { timeout: 0 });
}

const TAKE: Readonly<Record<LockMode, string>> = {
  shared: 'BEGIN; SELECT count(*) FROM sqlite_master',
  exclusive: 'BEGIN EXCLUSIVE',
};

/** Undefined when somebody holds it in a way that excludes `mode`. Makes the file. */
export function tryLock(path: string, mode: LockMode): Release | undefined {
  let database: LockDatabase | undefined;
  try {
    database = open(path);
    // No journal file: a process killed while it holds the lock would leave one behind.
    database.exec('PRAGMA journal_mode = memory');
    database.exec(TAKE[mode]);
  } catch (error) {
    database?.close();
    if (isBusy(error)) return undefined;
    const why = error instanceof Error ? error.message : String(error);
    throw new ProcessLockError(`cannot lock '${path}': ${why}; if it is damaged, remove it`, {
      cause: error,
    });
  }
  const held = database;
  let released = false;
  return () => {
    if (released) return;
    released = true;
    held.exec('ROLLBACK');
    held.close();
  };
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown };
  return code === 'SQLITE_BUSY' || (typeof errcode === 'number' && (errcode & 0xff) === SQLITE_BUSY);
}
