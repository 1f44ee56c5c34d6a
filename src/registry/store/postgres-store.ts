// The registry's store on Postgres: one schema, for any number of nodes on any number of machines.
// G1: the row of a version is the compare-and-set: number and parent are unique, and who comes second waits for the first to end.
// G2: a COMMIT without an answer is looked into: whether the row can be inserted again says whether it is there (R4).
// G3: `@name` in a statement is the table of that name in the store's schema.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { PinnedProgram } from '../../core/program.js';
import type { Change } from '../model/changes.js';
import { decodeProgram, encodeProgram } from './bodies.js';
import { loadMigrations, type Migration } from './migrations.js';
import { CommitUnknown, PostgresConnection, type RunStatement } from './postgres-connection.js';
import { migratePostgres } from './postgres-migrate.js';
import { prunePostgres } from './postgres-prune.js';
import type { PostgresListener } from './postgres-listener.js';
import { channelOf, postgresWatch } from './postgres-watch.js';
import { changeEntries, headNumber, insertChanges, insertVersion } from './postgres-write.js';
import {
  type AppendRequest,
  type EntryChangeRecord,
  type ProgramSummary,
  type PruneRequest,
  type PruneResult,
  PrunedMeanwhileError,
  RegistryConflictError,
  RegistryOwnerError,
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
  asOptionalText,
  asText,
  byVersion,
  CHANGE_COLUMNS,
  type ChangeRow,
  HISTORY_COLUMNS,
  namedBefore,
  toChange,
  toChangeRow,
  toStoredEntry,
  toVersion,
  VERSION_COLUMNS,
} from './rows.js';

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database?sslmode=...` */
  readonly url: string;
  /** Default 'moontide'. */
  readonly schema?: string;
  /** Whose registry this is; another app's is refused. Absent: anybody's. */
  readonly app?: string;
  /** How long connecting may take. Milliseconds. Default 1 500. */
  readonly connectTimeoutMs?: number;
  /** How long storing a version may take, besides one millisecond for each change. Milliseconds. Default 1 800. */
  readonly appendTimeoutMs?: number;
  /** Default: those of this release. */
  readonly migrations?: readonly Migration[];
}

const SNAPSHOT_MS = 60_000;
const PRUNE_MS = 60_000;
const SETTLE_PAUSE_MS = 50;
/** What a write asks before it writes; together with it a write that fails takes less than two seconds. */
const ASK_MS = 1_500;

/** Connects, and makes the schema or brings it up to date. Throws StoreUnavailableError when Postgres cannot be reached. */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<RegistryStore> {
  const { url, schema = 'moontide', app, connectTimeoutMs = 1_500, appendTimeoutMs = 1_800 } = options;
  const connection = new PostgresConnection({ url, schema, connectTimeoutMs });
  try {
    await migratePostgres(connection, options.migrations ?? loadMigrations('postgres'));
    await claim(connection, app);
  } catch (error) {
    await connection[Symbol.asyncDispose]();
    throw error;
  }
  return new PostgresStore(connection, appendTimeoutMs);
}

/** Names the registry at its first opening, and refuses another app's. */
async function claim(connection: PostgresConnection, app: string | undefined): Promise<void> {
  const find = (): Promise<readonly Record<string, unknown>[]> =>
    connection.query('select app from @registry');
  let [row] = await find();
  if (row === undefined || (row['app'] === null && app !== undefined)) {
    await connection.query(
      `insert into @registry (id, app) values ($1, $2)
         on conflict (one) do update set app = coalesce(registry.app, excluded.app)`,
      [randomUUID(), app ?? null],
    );
    [row] = await find();
  }
  const owner = asOptionalText(row?.['app']);
  if (owner !== undefined && app !== undefined && owner !== app)
    throw new RegistryOwnerError(`${connection.place}, schema '${connection.schema}'`, owner, app);
}

class PostgresStore implements RegistryStore {
  readonly supports: StoreCapabilities = { parallelWriters: true, listen: true };
  readonly description: string;
  readonly #connection: PostgresConnection;
  readonly #appendTimeoutMs: number;
  readonly #watches = new Set<PostgresListener>();

  constructor(connection: PostgresConnection, appendTimeoutMs: number) {
    this.#connection = connection;
    this.#appendTimeoutMs = appendTimeoutMs;
    this.description = `${connection.place}, schema '${connection.schema}'`;
  }

  async head(): Promise<StoredVersion | undefined> {
    return this.#oneVersion(`${SELECT_VERSION} order by number desc limit 1`);
  }

  async version(number: number): Promise<StoredVersion | undefined> {
    return this.#oneVersion(`${SELECT_VERSION} where number = $1`, [number]);
  }

  async versions({ before = MAX_NUMBER, limit = 100 } = {}): Promise<readonly StoredVersion[]> {
    const rows = await this.#connection.query(
      `${SELECT_VERSION} where number < $1 order by number desc limit $2`,
      [Math.min(before, MAX_NUMBER), limit],
    );
    return rows.map(toVersion);
  }

  async changeset(number: number): Promise<readonly Change[] | undefined> {
    return this.#connection.transaction(
      async (run) => {
        const [version] = await run('select number from @versions where number = $1', [number]);
        if (version === undefined) return undefined;
        return (await run(`${SELECT_CHANGES} where version = $1 order by position`, [number])).map(toChange);
      },
      { withinMs: SNAPSHOT_MS, begin: READ_ONLY },
    );
  }

  async changesOf(
    entry: string,
    { before = MAX_NUMBER, limit = 100 } = {},
  ): Promise<readonly EntryChangeRecord[]> {
    const rows = await this.#connection.query(
      `select ${HISTORY_COLUMNS} from @changes c join @versions v on v.number = c.version
        where c.entry = $1 and c.version < $2 order by c.version desc limit $3`,
      [entry, Math.min(before, MAX_NUMBER), limit],
    );
    return rows.map((row) => ({ version: toVersion(row), change: toChange(row) }));
  }

  async steps(after: number, limit: number): Promise<readonly StoredStep[]> {
    return this.#connection.transaction(
      async (run) => {
        const rows = await run(`${SELECT_VERSION} where number > $1 order by number limit $2`, [
          after,
          limit,
        ]);
        const versions = rows.map(toVersion);
        const last = versions.at(-1)?.number ?? after;
        const changes = await run(
          `${SELECT_CHANGES} where version > $1 and version <= $2 order by version, position`,
          [after, last],
        );
        const sets = byVersion(changes);
        return versions.map((version) => ({ version, changes: sets.get(version.number) ?? [] }));
      },
      { withinMs: SNAPSHOT_MS, begin: READ_ONLY },
    );
  }

  async snapshot(): Promise<StoreSnapshot> {
    return this.#connection.transaction(
      async (run) => {
        const [version] = (await run(`${SELECT_VERSION} order by number desc limit 1`)).map(toVersion);
        const rows = await run('select id, body, program, origin, leaf from @entries order by id');
        const entries = rows.map(({ id, body, program, origin, leaf }) =>
          toStoredEntry(id, body, program, origin, leaf),
        );
        return { version, entries };
      },
      { withinMs: SNAPSHOT_MS, begin: READ_ONLY },
    );
  }

  async append(request: AppendRequest): Promise<void> {
    const changes = request.changes.map(toChangeRow);
    const deadline = performance.now() + this.#appendTimeoutMs;
    try {
      await this.#connection.transaction((run) => this.#append(run, request, changes), {
        withinMs: this.#appendTimeoutMs + changes.length,
        begin: `begin; set local lock_timeout = ${this.#appendTimeoutMs}; set local idle_in_transaction_session_timeout = ${2 * this.#appendTimeoutMs + changes.length}`,
      });
    } catch (error) {
      if (!(error instanceof CommitUnknown)) throw error;
      const { number, hash } = request.version;
      switch (await this.#settle(request.version, deadline)) {
        case 'stored':
          return;
        case 'absent':
          throw error.cause;
        case 'unknown':
          throw new StoreUnavailableError(
            `${error.message}; whether version ${number} (${hash.slice(0, 8)}) was stored is seen when Postgres is back`,
            { cause: error },
          );
      }
    }
  }

  async versionOfKey(key: string): Promise<StoredVersion | undefined> {
    return this.#oneVersion(`${SELECT_VERSION} where key = $1`, [key]);
  }

  async program(hash: string): Promise<PinnedProgram | undefined> {
    const [row] = await this.#connection.query('select body from @programs where hash = $1', [hash]);
    return row === undefined ? undefined : decodeProgram(hash, asText(row['body']));
  }

  async programs(): Promise<readonly ProgramSummary[]> {
    const rows = await this.#connection.query('select hash, entry from @programs order by hash');
    return rows.map(({ hash, entry }) => ({ hash: asText(hash), entry: asText(entry) }));
  }

  missingPrograms(hashes: readonly string[]): Promise<readonly string[]> {
    return this.#missing('programs', hashes);
  }

  async file(hash: string): Promise<Uint8Array | undefined> {
    const [row] = await this.#connection.query('select bytes from @files where hash = $1', [hash]);
    return row === undefined ? undefined : asBytes(row['bytes']);
  }

  missingFiles(hashes: readonly string[]): Promise<readonly string[]> {
    return this.#missing('files', hashes);
  }

  prune(request: PruneRequest): Promise<PruneResult> {
    return this.#connection.transaction((run) => prunePostgres(run, request), { withinMs: PRUNE_MS });
  }

  watch(watcher: StoreWatcher): Disposable {
    const watch = postgresWatch(this.#connection, watcher);
    this.#watches.add(watch);
    return {
      [Symbol.dispose]: () => {
        // It ends by itself; the store waits for it when it is closed.
        watch[Symbol.asyncDispose]().then(
          () => this.#watches.delete(watch),
          () => undefined,
        );
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#watches].map((watch) => watch[Symbol.asyncDispose]()));
    await this.#connection[Symbol.asyncDispose]();
  }

  async #oneVersion(sql: string, values: readonly unknown[] = []): Promise<StoredVersion | undefined> {
    const [row] = await this.#connection.query(sql, values, ASK_MS);
    return row === undefined ? undefined : toVersion(row);
  }

  async #missing(
    table: 'programs' | 'files',
    hashes: readonly string[],
    run: RunStatement = (sql, values) => this.#connection.query(sql, values, ASK_MS),
  ): Promise<readonly string[]> {
    if (hashes.length === 0) return [];
    const rows = await run(
      `select hash from unnest($1::text[]) with ordinality as wanted (hash, place)
        where not exists (select from @${table} t where t.hash = wanted.hash) order by place`,
      [[...new Set(hashes)]],
    );
    return rows.map(({ hash }) => asText(hash));
  }

  async #append(run: RunStatement, request: AppendRequest, changes: readonly ChangeRow[]): Promise<void> {
    const { version, expectedHead, programs, files = [] } = request;
    const { number } = version;
    if (number !== expectedHead + 1 || !(await insertVersion(run, version, request.key)))
      throw new RegistryConflictError(expectedHead, await headNumber(run));
    if (programs.length > 0)
      await run(
        `insert into @programs (hash, entry, body, version)
           select hash, entry, body::json, $4 from unnest($1::text[], $2::text[], $3::text[]) as p (hash, entry, body)
           on conflict do nothing`,
        [
          programs.map(({ hash }) => hash),
          programs.map(({ program }) => program.entry),
          programs.map(({ program }) => encodeProgram(program)),
          number,
        ],
      );
    for (const { hash, bytes } of files)
      await run('insert into @files (hash, bytes, version) values ($1, $2, $3) on conflict do nothing', [
        hash,
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
        number,
      ]);
    const needed = namedBefore(request);
    for (const table of ['programs', 'files'] as const) {
      const [gone] = needed[table].length === 0 ? [] : await this.#missing(table, needed[table], run);
      if (gone !== undefined) throw new PrunedMeanwhileError(expectedHead, gone);
    }
    await insertChanges(run, number, changes);
    await changeEntries(run, number, changes);
    await run('select pg_notify($1, $2)', [channelOf(this.#connection.schema), String(number)]);
  }

  /** Whether a version whose COMMIT was not answered is there: a row that others can insert is not (G2). */
  async #settle(version: StoredVersion, deadline: number): Promise<'stored' | 'absent' | 'unknown'> {
    for (;;) {
      const left = deadline - performance.now();
      if (left < SETTLE_PAUSE_MS) return 'unknown';
      try {
        return await this.#connection.transaction(
          async (run) => {
            await run(`set local lock_timeout = ${Math.ceil(left)}`);
            if (await insertVersion(run, version, undefined)) return 'absent';
            const [row] = await run('select hash, time from @versions where number = $1', [version.number]);
            const same = row?.['hash'] === version.hash && timeOf(row['time']) === version.time;
            return same ? 'stored' : 'absent';
          },
          { withinMs: left, end: 'rollback' },
        );
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        await pause(SETTLE_PAUSE_MS);
      }
    }
  }
}

const MAX_NUMBER = 2 ** 31 - 1;
const READ_ONLY = 'begin isolation level repeatable read read only';
const SELECT_VERSION = `select ${VERSION_COLUMNS} from @versions`;
const SELECT_CHANGES = `select ${CHANGE_COLUMNS} from @changes`;

const timeOf = (value: unknown): string => new Date(asText(value)).toISOString();
