// Brings a schema up to date: one transaction under one lock, so that nodes that start together apply each file once.
import { type Migration, pendingMigrations } from './migrations.js';
import type { PostgresConnection } from './postgres-connection.js';
import { asNumber, asText } from './rows.js';

/** A migration may have much to do, and others wait for whoever does it. */
const WITHIN_MS = 120_000;

export async function migratePostgres(
  connection: PostgresConnection,
  migrations: readonly Migration[],
): Promise<void> {
  const { place, schema } = connection;
  const where = `${place}, schema '${schema}',`;
  const found = await connection.query('select to_regclass($1) is not null as there', [
    `"${schema}".migrations`,
  ]);
  if (found[0]?.['there'] === 't') {
    const applied = await connection.query('select number, name, checksum from @migrations order by number');
    if (pendingMigrations(migrations, applied.map(toApplied), where).length === 0) return;
  }
  await connection.transaction(
    async (run) => {
      await run('select pg_advisory_xact_lock(hashtext($1))', [`moontide migrations of ${schema}`]);
      await run(`create schema if not exists "${schema}"`);
      await run(
        'create table if not exists @migrations (number integer primary key, name text not null, checksum text not null, time timestamptz not null)',
      );
      await run(`set local search_path to "${schema}"`);
      const applied = (await run('select number, name, checksum from @migrations order by number')).map(
        toApplied,
      );
      for (const { number, name, checksum, sql } of pendingMigrations(migrations, applied, where)) {
        await run('insert into @migrations (number, name, checksum, time) values ($1, $2, $3, now())', [
          number,
          name,
          checksum,
        ]);
        await run(sql);
      }
    },
    { withinMs: WITHIN_MS },
  );
}

const toApplied = (row: Readonly<Record<string, unknown>>) => ({
  number: asNumber(row['number']),
  name: asText(row['name']),
  checksum: asText(row['checksum']),
});
