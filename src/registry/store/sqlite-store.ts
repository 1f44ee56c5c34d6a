// The registry's store on SQLite: one file, WAL, for one node or a few processes of one machine.
// Q1: every call is one synchronous transaction, so nothing else of this process gets in between.
// Q2: `synchronous = full`: a version that was acknowledged survives the machine, since runs are pinned to its programs.
// Q3: a lock held by another process is waited for without blocking this one: short blocking waits, then a pause.
import { setTimeout as pause } from 'node:timers/promises';
import type { PinnedProgram } from '../../core/program.js';
import type { Change } from '../model/changes.js';
import { changedId } from '../model/changes.js';
import { decodeEntry, decodeProgram, encodeEntry, encodeProgram } from './bodies.js';
import { type AppliedMigration, loadMigrations, type Migration, pendingMigrations } from './migrations.js';
import {
  type AppendRequest,
  RegistryConflictError,
  type RegistryStore,
  type StoreCapabilities,
  StoreCorruptError,
  type StoredChange,
  type StoredVersion,
  type StoreSnapshot,
  StoreUnavailableError,
} from './registry-store.js';
import { SqliteDatabase, SqliteError, type SqliteRow, type SqliteValue } from './sqlite-driver.js';

export interface SqliteStoreOptions {
  /** Path of the database file; its folder must exist. */
  readonly path: string;
  /** How long a call waits for another process's lock in all. Milliseconds. Default 10 000. */
  readonly busyTimeoutMs?: number;
  /** How often `watch` looks for other processes' commits. Milliseconds. Default 500. */
  readonly pollMs?: number;
  /** Default: those of this release. */
  readonly migrations?: readonly Migration[];
}

/** One blocking wait for a lock; between two of them the process goes on. */
const BLOCKING_WAIT_MS = 20;
const PAUSE_MS = 10;

/** Opens the file, makes it if it is missing, and brings its schema up to date. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<RegistryStore> {
  const { path, busyTimeoutMs = 10_000, pollMs = 500, migrations = loadMigrations('sqlite') } = options;
  const open = (): SqliteDatabase =>
    new SqliteDatabase(path, { busyTimeoutMs: BLOCKING_WAIT_MS, journal: 'wal', synchronous: 'full' });
  const database = await waiting(busyTimeoutMs, open);
  try {
    await migrate(database, migrations, busyTimeoutMs);
  } catch (error) {
    database.close();
    throw error;
  }
  return new SqliteStore(database, busyTimeoutMs, pollMs);
}

/** Runs synchronous work again while another process holds the lock (Q3). */
async function waiting<T>(timeoutMs: number, work: () => T): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof SqliteError) || !error.retryable) throw error;
      if (performance.now() > deadline)
        throw new StoreUnavailableError(
          `the registry's database was locked for ${timeoutMs} ms; end the process that holds it`,
          { cause: error },
        );
    }
    await pause(PAUSE_MS + Math.random() * PAUSE_MS);
  }
}

async function migrate(
  database: SqliteDatabase,
  migrations: readonly Migration[],
  timeoutMs: number,
): Promise<void> {
  const applied = (): AppliedMigration[] =>
    database.all('select number, name, checksum from migrations order by number').map((row) => ({
      number: asNumber(row.number),
      name: asText(row.name),
      checksum: asText(row.checksum),
    }));
  await waiting(timeoutMs, () =>
    database.exec(
      'create table if not exists migrations (number integer primary key, name text not null, checksum text not null, time text not null) strict',
    ),
  );
  for (const { number, name, checksum, sql } of pendingMigrations(
    migrations,
    applied(),
    `'${database.path}'`,
  ))
    await waiting(timeoutMs, () =>
      database.transaction(() => {
        const time = new Date().toISOString();
        const claim =
          'insert into migrations (number, name, checksum, time) values (?, ?, ?, ?) on conflict do nothing';
        if (database.run(claim, [number, name, checksum, time]).changes === 1) database.exec(sql);
      }),
    );
  pendingMigrations(migrations, applied(), `'${database.path}'`); // a newer release may have migrated meanwhile
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
    return this.#run(() => {
      const row = this.#database.get(`${SELECT_VERSION} where number = ?`, [number]);
      return row === undefined ? undefined : toVersion(row);
    });
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
      const sql =
        'select operation, entry, body_before, body_after, program_before, program_after from changes where version = ? order by position';
      const rows = this.#database.all(sql, [number]);
      if (
        rows.length === 0 &&
        this.#database.get('select 1 from versions where number = ?', [number]) === undefined
      )
        return undefined;
      return rows.map(toChange);
    });
  }

  snapshot(): Promise<StoreSnapshot> {
    return this.#run(() =>
      this.#database.transaction(() => {
        const version = this.#head();
        const { rows } = this.#database.rows('select id, body, program, leaf from entries order by id');
        const entries = rows.map(([id, body, program, leaf]) => ({
          entry: decodeEntry(asText(id), asText(body)),
          program: asOptionalText(program),
          leaf: asText(leaf),
        }));
        return { version, entries };
      }, 'deferred'),
    );
  }

  append(request: AppendRequest): Promise<void> {
    // Outside the transaction: the lock is held for as short a time as possible.
    const programs = request.programs.map(
      ({ hash, program }) => [hash, program.entry, encodeProgram(program)] as const,
    );
    const changes = request.changes.map(toRow);
    return this.#run(() => this.#database.transaction(() => this.#append(request, programs, changes)));
  }

  program(hash: string): Promise<PinnedProgram | undefined> {
    return this.#run(() => {
      const row = this.#database.get('select body from programs where hash = ?', [hash]);
      return row === undefined ? undefined : decodeProgram(hash, asText(row.body));
    });
  }

  missingPrograms(hashes: readonly string[]): Promise<readonly string[]> {
    return this.#run(() => {
      const sql = 'select value from json_each(?) where value not in (select hash from programs)';
      const { rows } = this.#database.rows(sql, [JSON.stringify([...new Set(hashes)])]);
      return rows.map(([hash]) => asText(hash));
    });
  }

  watch(onChange: () => void): Disposable {
    let last = this.#database.dataVersion();
    const timer = setInterval(() => {
      let version: number;
      try {
        version = this.#database.dataVersion();
      } catch (error) {
        if (error instanceof SqliteError && error.retryable) return; // locked just now; the next look finds it
        throw error;
      }
      if (version === last) return;
      last = version;
      onChange();
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
    const row = this.#database.get(`${SELECT_VERSION} order by number desc limit 1`);
    return row === undefined ? undefined : toVersion(row);
  }

  #append(
    { version, expectedHead }: AppendRequest,
    programs: readonly (readonly [hash: string, entry: string, body: string])[],
    changes: readonly ChangeRow[],
  ): void {
    const database = this.#database;
    const head = this.#head()?.number ?? 0;
    if (head !== expectedHead || version.number !== expectedHead + 1)
      throw new RegistryConflictError(expectedHead, head);
    const { number, hash, state, comment, author, time } = version;
    database.run(
      'insert into versions (number, parent, hash, state, comment, author, time) values (?, ?, ?, ?, ?, ?, ?)',
      [number, expectedHead, hash, state, comment, author, time],
    );
    for (const [program, entry, body] of programs)
      database.run(
        'insert into programs (hash, entry, body, version) values (?, ?, ?, ?) on conflict do nothing',
        [program, entry, body, number],
      );
    changes.forEach(({ operation, id, before, after, programBefore, programAfter, leaf }, position) => {
      database.run(
        'insert into changes (version, position, operation, entry, body_before, body_after, program_before, program_after) values (?, ?, ?, ?, ?, ?, ?, ?)',
        [number, position, operation, id, before, after, programBefore, programAfter],
      );
      const done =
        operation === 'delete'
          ? database.run('delete from entries where id = ?', [id])
          : operation === 'create'
            ? database.run('insert into entries (id, body, program, leaf, version) values (?, ?, ?, ?, ?)', [
                id,
                after,
                programAfter,
                leaf,
                number,
              ])
            : database.run('update entries set body = ?, program = ?, leaf = ?, version = ? where id = ?', [
                after,
                programAfter,
                leaf,
                number,
                id,
              ]);
      if (done.changes !== 1)
        throw new StoreCorruptError(
          `version ${number} cannot ${operation} entry '${id}', which is not in version ${head}`,
        );
    });
  }
}

const SELECT_VERSION = 'select number, parent, hash, state, comment, author, time from versions';

interface ChangeRow {
  readonly operation: Change['op'];
  readonly id: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly programBefore: string | null;
  readonly programAfter: string | null;
  readonly leaf: string | null;
}

function toRow(change: StoredChange): ChangeRow {
  return {
    operation: change.op,
    id: changedId(change),
    before: change.op === 'create' ? null : encodeEntry(change.before),
    after: change.op === 'delete' ? null : encodeEntry(change.after),
    programBefore: change.programBefore ?? null,
    programAfter: change.programAfter ?? null,
    leaf: change.leaf ?? null,
  };
}

function toVersion(row: SqliteRow): StoredVersion {
  return Object.freeze({
    number: asNumber(row.number),
    parent: asNumber(row.parent),
    hash: asText(row.hash),
    state: asText(row.state),
    comment: asText(row.comment),
    author: asText(row.author),
    time: asText(row.time),
  });
}

function toChange(row: SqliteRow): Change {
  const id = asText(row.entry);
  const before = asOptionalText(row.body_before);
  const after = asOptionalText(row.body_after);
  const programs = {
    programBefore: asOptionalText(row.program_before),
    programAfter: asOptionalText(row.program_after),
  };
  if (after === undefined) return { op: 'delete', before: decodeEntry(id, before ?? ''), ...programs };
  if (before === undefined) return { op: 'create', after: decodeEntry(id, after), ...programs };
  return { op: 'update', before: decodeEntry(id, before), after: decodeEntry(id, after), ...programs };
}

function asText(value: SqliteValue | undefined): string {
  if (typeof value !== 'string')
    throw new StoreCorruptError(`expected text in the registry's database, got ${typeof value}`);
  return value;
}

function asOptionalText(value: SqliteValue | undefined): string | undefined {
  return value === null ? undefined : asText(value);
}

function asNumber(value: SqliteValue | undefined): number {
  if (typeof value !== 'number')
    throw new StoreCorruptError(`expected a number in the registry's database, got ${typeof value}`);
  return value;
}
