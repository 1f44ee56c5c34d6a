// The engines that every test of a store runs on. STORES=sqlite narrows the list.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RegistryStore } from '../../../src/registry/store/registry-store.js';
import { SqliteDatabase } from '../../../src/registry/store/sqlite-driver.js';
import { openSqliteStore } from '../../../src/registry/store/sqlite-store.js';

/** One empty database; every `open` is another connection to it. */
export interface TestDatabase extends AsyncDisposable {
  open(): Promise<RegistryStore>;
  /** Runs SQL behind the store's back. */
  execute(sql: string): Promise<void>;
}

export interface StoreEngine {
  readonly name: string;
  create(): Promise<TestDatabase>;
}

const sqlite: StoreEngine = {
  name: 'SQLite',
  create() {
    const folder = mkdtempSync(path.join(tmpdir(), 'moontide-store-'));
    const file = path.join(folder, 'registry.db');
    return Promise.resolve({
      open: () => openSqliteStore({ path: file, pollMs: 20 }),
      execute(sql) {
        using database = new SqliteDatabase(file);
        database.exec(sql);
        return Promise.resolve();
      },
      [Symbol.asyncDispose]: () => {
        rmSync(folder, { recursive: true, force: true });
        return Promise.resolve();
      },
    });
  },
};

export function storeEngines(): readonly StoreEngine[] {
  const chosen = process.env.STORES?.split(',');
  return [sqlite].filter(({ name }) => chosen === undefined || chosen.includes(name.toLowerCase()));
}
