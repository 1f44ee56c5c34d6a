// The registry's store on SQLite: one file, WAL, for one node or a few processes of one machine.
// Q1: every call is one synchronous transaction, so nothing else of this process gets in between.
// Q2: `synchronous = full`: a version that was acknowledged survives the machine, since runs are pinned to its programs.
// Q3: a lock held by another process is waited for without blocking this one: short blocking waits, then a pause.
import type { PinnedProgram } from '../../core/program.js';
import type { Change } from '../model/changes.js';
import { decodeProgram, encodeProgram } from './bodies.js';
import { loadMigrations, type Migration } from './migrations.js';
import {
  type AppendRequest,
  type EntryChangeRecord,
  type ProgramSummary,
  type PruneRequest,
  type PruneResult,
  PrunedMeanwhileError,
  RegistryConflictError,
  RegistryDamagedError,
  type RegistryStore,
  type StoreCapabilities,
  type StoredStep,
  type StoredVersion,
  type StoreSnapshot,
  StoreUnavailableError,
  type StoreWatcher,
} from './registry-store.js';
import {
  asBytes,
  asText,
  byVersion,
  CHANGE_COLUMNS,
  type ChangeRow,
  HISTORY_COLUMNS,
  misfit,
  namedBefore,
  toChange,
  toChangeRow,
  toStoredEntry,
  toVersion,
  VERSION_COLUMNS,
} from './rows.js';
import { claimSqlite, migrateSqlite, waiting } from './sqlite-migrate.js';
import { pruneSqlite } from './sqlite-prune.js';
import { SqliteDatabase, SqliteError } from './sqlite-driver.js';
import type { SqliteParameters } from './sqlite-driver.js';

export interface SqliteStoreOptions {
  /** Path of the database file; its folder must exist. */
  readonly path: string;
  /** How long a call waits for another process's lock in all. Milliseconds. Default 10 000. */
  readonly busyTimeoutMs?: number;
  /** How often `watch` looks for other processes' commits. Milliseconds. Default 500. */
  readonly pollMs?: number;
  /** Whose registry this is; another app's is refused. Absent: anybody's. */
  readonly app?: string;
  /** Default: those of this release. */
  readonly migrations?: readonly Migration[];
}

/** One blocking wait for a lock; between two of them the process goes on. */
const BLOCKING_WAIT_MS = 20;

/** Opens the file, makes it if it is missing, and brings its schema up to date. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<RegistryStore> {
  const { path, busyTimeoutMs = 10_000, pollMs = 500, migrations = loadMigrations('sqlite'), app } = options;
  const open = (): SqliteDatabase =>
    new SqliteDatabase(path, { busyTimeoutMs: BLOCKING_WAIT_MS, journal: 'wal', synchronous: 'full' });
  const database = await waiting(busyTimeoutMs, open).catch((error: unknown) => {
    throw openingError(path, error);
  });
  try {
    await migrateSqlite(database, migrations, busyTimeoutMs);
    await waiting(busyTimeoutMs, () => claimSqlite(database, app));
  } catch (error) {
    database.close();
    throw openingError(path, error);
  }
  return new SqliteStore(database, busyTimeoutMs, pollMs);
}

function openingError(path: string, error: unknown): unknown {
  if (!(error instanceof SqliteError)) return error;
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(error.sqlite))
    return new RegistryDamagedError(path, error.message, { cause: error });
  if (!/^SQLITE_(CANTOPEN|READONLY|PERM|AUTH|IOERR|FULL)/.test(error.sqlite)) return error;
  const why = error.sqlite.startsWith('SQLITE_CANTOPEN') ? 'no such place, or no permission' : error.message;
  return new StoreUnavailableError(
    `the registry's file '${path}' cannot be used (${why}); check its folder and its permissions`,
    { cause: error },
  );
}

class SqliteStore implements RegistryStore {
  readonly supports: StoreCapabilities = { parallelWriters: false, listen: false };
  readonly description: string;
  readonly #database: SqliteDatabase;
  readonly #busyTimeoutMs: number;
  readonly #pollMs: number;
  readonly #watches = new Set<Disposable>();

  constructor(database: SqliteDatabase, busyTimeoutMs: number, pollMs: number) {
    this.#database = database;
    this.#busyTimeoutMs = busyTimeoutMs;
    this.#pollMs = pollMs;
    this.description = `SQLite file '${database.path}'`;
  }

  head(): Promise<StoredVersion | undefined> {
    return this.#run(() => this.#head());
  }

  version(number: number): Promise<StoredVersion | undefined> {
    return this.#run(() => this.#oneVersion('where number = ?', [number]));
  }

  versions({ before = Number.MAX_SAFE_INTEGER, limit = 100 } = {}): Promise<readonly StoredVersion[]> {
    return this.#run(() =>
      this.#database
        .all(`${SELECT_VERSION} where number < ? order by number desc limit ?`, [before, limit])
        .map(toVersion),
    );
  }

  changeset(number: number): Promise<readonly Change[] | undefined> {
    return this.#run(() => {
      if (this.#database.get('select 1 from versions where number = ?', [number]) === undefined)
        return undefined;
      return this.#database
        .all(`${SELECT_CHANGES} where version = ? order by position`, [number])
        .map(toChange);
    });
  }

  changesOf(
    entry: string,
    { before = Number.MAX_SAFE_INTEGER, limit = 100 } = {},
  ): Promise<readonly EntryChangeRecord[]> {
    return this.#run(() =>
      this.#database
        .all(
          `select ${HISTORY_COLUMNS} from changes c join versions v on v.number = c.version
            where c.entry = ? and c.version < ? order by c.version desc limit ?`,
          [entry, before, limit],
        )
        .map((row) => ({ version: toVersion(row), change: toChange(row) })),
    );
  }

  steps(after: number, limit: number): Promise<readonly StoredStep[]> {
    return this.#run(() =>
      this.#database.transaction(() => {
        const versions = this.#database
          .all(`${SELECT_VERSION} where number > ? order by number limit ?`, [after, limit])
          .map(toVersion);
        const last = versions.at(-1)?.number ?? after;
        const rows = this.#database.all(
          `${SELECT_CHANGES} where version > ? and version <= ? order by version, position`,
          [after, last],
        );
        const sets = byVersion(rows);
        return versions.map((version) => ({ version, changes: sets.get(version.number) ?? [] }));
      }, 'deferred'),
    );
  }

  snapshot(): Promise<StoreSnapshot> {
    return this.#run(() =>
      this.#database.transaction(() => {
        const version = this.#head();
        const sql = 'select id, body, program, origin, leaf from entries order by id';
        const { rows } = this.#database.rows(sql);
        return { version, entries: rows.map((row) => toStoredEntry(row[0], row[1], row[2], row[3], row[4])) };
      }, 'deferred'),
    );
  }

  append(request: AppendRequest): Promise<void> {
    // Outside the transaction: the lock is held for as short a time as possible.
    const programs = request.programs.map(
      ({ hash, program }) => [hash, program.entry, encodeProgram(program)] as const,
    );
    const changes = request.changes.map(toChangeRow);
    return this.#run(() => {
      let committing = false;
      try {
        this.#database.transaction(() => {
          this.#append(request, programs, changes);
          committing = true;
        });
      } catch (error) {
        // A commit can fail after it took: what counts is whether the version is there (R4).
        if (!committing || !this.#isStored(request.version)) throw error;
      }
    });
  }

  versionOfKey(key: string): Promise<StoredVersion | undefined> {
    return this.#run(() => this.#oneVersion('where key = ?', [key]));
  }

  program(hash: string): Promise<PinnedProgram | undefined> {
    return this.#run(() => {
      const row = this.#database.get('select body from programs where hash = ?', [hash]);
      return row === undefined ? undefined : decodeProgram(hash, asText(row.body));
    });
  }

  programs(): Promise<readonly ProgramSummary[]> {
    return this.#run(() =>
      this.#database
        .rows('select hash, entry from programs order by hash')
        .rows.map(([hash, entry]) => ({ hash: asText(hash), entry: asText(entry) })),
    );
  }

  missingPrograms(hashes: readonly string[]): Promise<readonly string[]> {
    return this.#missing('programs', hashes);
  }

  file(hash: string): Promise<Uint8Array | undefined> {
    return this.#run(() => {
      const row = this.#database.get('select bytes from files where hash = ?', [hash]);
      return row === undefined ? undefined : asBytes(row.bytes);
    });
  }

  missingFiles(hashes: readonly string[]): Promise<readonly string[]> {
    return this.#missing('files', hashes);
  }

  prune(request: PruneRequest): Promise<PruneResult> {
    return this.#run(() => this.#database.transaction(() => pruneSqlite(this.#database, request)));
  }

  watch(watcher: StoreWatcher): Disposable {
    let last = this.#database.dataVersion();
    let away = false;
    const timer = setInterval(() => {
      let version: number;
      try {
        version = this.#database.dataVersion();
      } catch (error) {
        if (!(error instanceof SqliteError)) throw error;
        if (error.retryable || away) return; // locked just now, or told already; the next look finds it
        away = true;
        watcher.away?.(error.message);
        return;
      }
      if (version === last && !away) return;
      last = version;
      away = false;
      watcher.changed();
    }, this.#pollMs);
    timer.unref();
    const watch = {
      [Symbol.dispose]: () => {
        clearInterval(timer);
        this.#watches.delete(watch);
      },
    };
    this.#watches.add(watch);
    return watch;
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const watch of [...this.#watches]) watch[Symbol.dispose]();
    this.#database.close();
    return Promise.resolve();
  }

  #run<T>(work: () => T): Promise<T> {
    return waiting(this.#busyTimeoutMs, work);
  }

  #head(): StoredVersion | undefined {
    return this.#oneVersion('order by number desc limit 1');
  }

  #oneVersion(which: string, values: SqliteParameters = []): StoredVersion | undefined {
    const row = this.#database.get(`${SELECT_VERSION} ${which}`, values);
    return row === undefined ? undefined : toVersion(row);
  }

  #isStored({ number, hash, time }: StoredVersion): boolean {
    const found = this.#oneVersion('where number = ?', [number]);
    return found !== undefined && found.hash === hash && found.time === time;
  }

  #missing(table: 'programs' | 'files', hashes: readonly string[]): Promise<readonly string[]> {
    return this.#run(() => {
      const sql = `select value from json_each(?) where value not in (select hash from ${table})`;
      const { rows } = this.#database.rows(sql, [JSON.stringify([...new Set(hashes)])]);
      return rows.map(([hash]) => asText(hash));
    });
  }

  #append(
    request: AppendRequest,
    programs: readonly (readonly [hash: string, entry: string, body: string])[],
    changes: readonly ChangeRow[],
  ): void {
    const { version, expectedHead, files = [], key } = request;
    const database = this.#database;
    const head = this.#head()?.number ?? 0;
    if (head !== expectedHead || version.number !== expectedHead + 1)
      throw new RegistryConflictError(expectedHead, head);
    if (key !== undefined && database.get('select 1 from versions where key = ?', [key]) !== undefined)
      throw new RegistryConflictError(expectedHead, head);
    const { number, hash, state, comment, author, via, time } = version;
    database.execute(
      'insert into versions (number, parent, hash, state, comment, author, via, key, time) values (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      [number, expectedHead, hash, state, comment, author, via, key ?? null, time],
    );
    for (const [program, entry, body] of programs)
      database.execute(
        'insert into programs (hash, entry, body, version) values (?, ?, ?, ?) on conflict do nothing',
        [program, entry, body, number],
      );
    for (const file of files)
      database.execute('insert into files (hash, bytes, version) values (?, ?, ?) on conflict do nothing', [
        file.hash,
        file.bytes,
        number,
      ]);
    for (const [table, hashes] of Object.entries(namedBefore(request))) {
      const sql = `select value from json_each(?) where value not in (select hash from ${table}) limit 1`;
      const [[gone] = []] = hashes.length === 0 ? [] : database.rows(sql, [JSON.stringify(hashes)]).rows;
      if (gone !== undefined) throw new PrunedMeanwhileError(head, asText(gone));
    }
    this.#checkFits(number, changes);
    for (const [position, change] of changes.entries()) this.#appendChange(number, position, change);
  }

  /** The changes follow from the state in memory; here it is seen whether that is the one in the database. */
  #checkFits(version: number, changes: readonly ChangeRow[]): void {
    const check = (creates: boolean): void => {
      const ids = changes.filter(({ operation }) => (operation === 'create') === creates).map(({ id }) => id);
      if (ids.length === 0) return;
      const sql = `select value from json_each(?) where value ${creates ? '' : 'not '}in (select id from entries) limit 1`;
      const [[wrong] = []] = this.#database.rows(sql, [JSON.stringify(ids)]).rows;
      if (wrong !== undefined) throw misfit(version, changes, asText(wrong));
    };
    check(true);
    check(false);
  }

  #appendChange(version: number, position: number, change: ChangeRow): void {
    const database = this.#database;
    const { operation, id, bodyAfter, programAfter, originAfter, leaf } = change;
    database.execute(INSERT_CHANGE, [
      version,
      position,
      operation,
      id,
      change.bodyBefore,
      bodyAfter,
      change.programBefore,
      programAfter,
      change.originBefore,
      originAfter,
    ]);
    const held = [bodyAfter, programAfter, originAfter, leaf, version, id];
    if (operation === 'delete') database.execute('delete from entries where id = ?', [id]);
    else if (operation === 'create')
      database.execute(
        'insert into entries (body, program, origin, leaf, version, id) values (?, ?, ?, ?, ?, ?)',
        held,
      );
    else
      database.execute(
        'update entries set body = ?, program = ?, origin = ?, leaf = ?, version = ? where id = ?',
        held,
      );
  }
}

const SELECT_VERSION = `select ${VERSION_COLUMNS} from versions`;
const SELECT_CHANGES = `select ${CHANGE_COLUMNS} from changes`;
const INSERT_CHANGE =
  'insert into changes (version, position, operation, entry, body_before, body_after, program_before, program_after, origin_before, origin_after) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';
