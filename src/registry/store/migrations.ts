// Numbered SQL files, one folder per engine, applied once and in order.
// M1: the row that claims a number goes in first, in the same transaction as the file: two starts at once apply it once.
// M2: a file that was applied never changes: its checksum is compared at every start.
// M3: a database that is newer than the code stops the start, naming both versions.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PlatformError } from '../../core/errors.js';

export interface Migration {
  readonly number: number;
  /** What follows the number in the file's name. */
  readonly name: string;
  /** SHA-256 of the text, whatever its line ends. */
  readonly checksum: string;
  readonly sql: string;
}
export type AppliedMigration = Omit<Migration, 'sql'>;

export class MigrationError extends PlatformError {
  override readonly name = 'MigrationError';
  readonly code = 'REGISTRY_MIGRATION';
  override readonly exitCode = 2;
}

/** The migrations of an engine, in order; they stand beside this file, in the sources as in the build. */
export function loadMigrations(engine: 'sqlite' | 'postgres', folder?: string): readonly Migration[] {
  const place = folder ?? fileURLToPath(new URL(`../migrations/${engine}/`, import.meta.url));
  const migrations = readdirSync(place)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file): Migration => {
      const [, number, name] = /^(\d{4})-([a-z0-9-]+)\.sql$/.exec(file) ?? [];
      if (number === undefined || name === undefined)
        throw new MigrationError(`the migration file '${file}' needs a name like '0001-create-registry.sql'`);
      const sql = readFileSync(path.join(place, file), 'utf8').replaceAll('\r\n', '\n');
      return { number: Number(number), name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    });
  migrations.forEach(({ number }, index) => {
    if (number !== index + 1)
      throw new MigrationError(
        `the migrations of ${engine} have no number ${index + 1}; they count from 1 without gaps`,
      );
  });
  if (migrations.length === 0)
    throw new MigrationError(`there are no migrations in '${place}'; reinstall the package`);
  return migrations;
}

/** The migrations still to be applied. Throws MigrationError for a newer database and for a changed file (M2, M3). */
export function pendingMigrations(
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
  database: string,
): readonly Migration[] {
  const newest = applied.reduce((highest, { number }) => Math.max(highest, number), 0);
  if (newest > migrations.length)
    throw new MigrationError(
      `${database} is at schema version ${newest}, this release knows ${migrations.length}; use a newer release or another database`,
    );
  const byNumber = new Map(applied.map((migration) => [migration.number, migration]));
  for (const { number, name, checksum } of migrations) {
    const before = byNumber.get(number);
    if (before !== undefined && (before.checksum !== checksum || before.name !== name))
      throw new MigrationError(
        `migration ${number} '${name}' differs from '${before.name}' that ${database} was made with; restore the file`,
      );
  }
  return migrations.filter(({ number }) => !byNumber.has(number));
}
