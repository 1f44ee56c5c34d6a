// Bringing a SQLite registry up to date and naming it, while other processes may be doing the same.
// Q3 of sqlite-store.ts: a lock that is held by another process is waited for without blocking this one.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { type AppliedMigration, type Migration, pendingMigrations } from './migrations.js';
import { RegistryOwnerError, StoreUnavailableError } from './registry-store.js';
import { asNumber, asOptionalText, asText } from './rows.js';
import { type SqliteDatabase, SqliteError } from './sqlite-driver.js';

const PAUSE_MS = 10;

/** Runs synchronous work again while another process holds the lock (Q3). */
export async function waiting<T>(timeoutMs: number, work: () => T): Promise<T> {
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

export async function migrateSqlite(
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

/** Names the registry at its first opening, and refuses another app's. */
export function claimSqlite(database: SqliteDatabase, app: string | undefined): void {
  const found = database.get('select app, host from registry');
  if (found === undefined || (found.app === null && app !== undefined) || found.host !== hostname())
    database.execute(
      `insert into registry (one, id, app, host) values (1, ?, ?, ?)
         on conflict (one) do update set app = coalesce(registry.app, excluded.app), host = excluded.host`,
      [randomUUID(), app ?? null, hostname()],
    );
  const owner = found === undefined ? app : (asOptionalText(found.app) ?? app);
  if (owner !== undefined && app !== undefined && owner !== app)
    throw new RegistryOwnerError(`'${database.path}'`, owner, app);
}
