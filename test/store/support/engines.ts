// The engines that every test of a store runs on. STORES=sqlite narrows the list.
// Leaks are failures: a SQLite file that is still open, a Postgres connection that is still there.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Migration } from '../../../src/registry/store/migrations.js';
import { openPostgresStore } from '../../../src/registry/store/postgres-store.js';
import type { RegistryStore } from '../../../src/registry/store/registry-store.js';
import { openDatabases, SqliteDatabase } from '../../../src/registry/store/sqlite-driver.js';
import { openSqliteStore } from '../../../src/registry/store/sqlite-store.js';
import { createDatabase, type PostgresDatabase } from '../../support/postgres.js';

export interface StorePlace {
  readonly engine: 'sqlite' | 'postgres';
  /** Path or URL. */
  readonly where: string;
}

export interface OpenOptions {
  readonly app?: string;
  readonly migrations?: readonly Migration[];
}

export const openPlace = (
  { engine, where }: StorePlace,
  options: OpenOptions = {},
): Promise<RegistryStore> =>
  engine === 'sqlite'
    ? openSqliteStore({ path: where, pollMs: 20, ...options })
    : openPostgresStore({ url: where, ...options });

/** One empty database; every `open` is another connection to it. */
export interface TestDatabase extends AsyncDisposable {
  /** What another process is told to open the same place. */
  readonly place: StorePlace;
  open(options?: OpenOptions): Promise<RegistryStore>;
  /** Runs SQL behind the store's back. */
  execute(sql: string): Promise<void>;
}

export interface StoreEngine extends AsyncDisposable {
  readonly name: string;
  readonly engine: StorePlace['engine'];
  /** `bare`: nothing was ever stored there, not even tables. */
  create(options?: { readonly bare?: boolean }): Promise<TestDatabase>;
}

const sqlite: StoreEngine = {
  name: 'SQLite',
  engine: 'sqlite',
  create() {
    const folder = mkdtempSync(path.join(tmpdir(), 'moontide-store-'));
    const file = path.join(folder, 'registry.db');
    const place: StorePlace = { engine: 'sqlite', where: file };
    return Promise.resolve({
      place,
      open: (options) => openPlace(place, options),
      execute(sql) {
        using database = new SqliteDatabase(file);
        database.exec(sql);
        return Promise.resolve();
      },
      [Symbol.asyncDispose]: () => {
        const open = openDatabases().filter((name) => name.startsWith(folder));
        rmSync(folder, { recursive: true, force: true });
        if (open.length > 0) return Promise.reject(new Error(`files were left open: ${open.join(', ')}`));
        return Promise.resolve();
      },
    });
  },
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

const TABLES = 'versions, changes, entries, programs, files, registry';

/** One database for a test file, emptied for each test. */
class PostgresEngine implements StoreEngine {
  readonly name = 'Postgres';
  readonly engine = 'postgres';
  #database: PostgresDatabase | undefined;

  async create({ bare = false } = {}): Promise<TestDatabase> {
    const database = (this.#database ??= await createDatabase());
    const { url } = database;
    await database.query(
      bare ? 'drop schema moontide cascade' : `set search_path to moontide; truncate ${TABLES}`,
    );
    const place: StorePlace = { engine: 'postgres', where: url };
    return {
      place,
      open: (options) => openPlace(place, options),
      execute: async (sql) => {
        await database.query(`set search_path to moontide; ${sql}`);
      },
      [Symbol.asyncDispose]: async () => {
        await database.assertNobodyConnected();
        if (!bare) return;
        // The next one gets its tables from the template.
        this.#database = undefined;
        await database[Symbol.asyncDispose]();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const database = this.#database;
    this.#database = undefined;
    await database?.[Symbol.asyncDispose]();
  }
}

export function storeEngines(): readonly StoreEngine[] {
  const chosen = process.env.STORES?.split(',');
  return [sqlite, new PostgresEngine()].filter(
    ({ name }) => chosen === undefined || chosen.includes(name.toLowerCase()),
  );
}
