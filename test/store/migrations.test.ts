import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entry } from './support/entries.js';
import { loadMigrations, type Migration, MigrationError } from '../../src/registry/store/migrations.js';
import { SqliteDatabase } from '../../src/registry/store/sqlite-driver.js';
import { openSqliteStore } from '../../src/registry/store/sqlite-store.js';
import { type OpenOptions, storeEngines, type TestDatabase } from './support/engines.js';

describe('migrations', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'moontide-migrate-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('have names, numbers without gaps and checksums that ignore line ends', async () => {
    const [first] = loadMigrations('sqlite');
    expect(first).toMatchObject({ number: 1, name: 'create-registry' });
    await writeFile(
      path.join(folder, '0001-create-registry.sql'),
      (first?.sql ?? '').replaceAll('\n', '\r\n'),
    );
    expect(loadMigrations('sqlite', folder)).toEqual([first]);
    await writeFile(path.join(folder, '0003-late.sql'), '');
    expect(() => loadMigrations('sqlite', folder)).toThrow('have no number 2');
    await writeFile(path.join(folder, 'two.sql'), '');
    expect(() => loadMigrations('sqlite', folder)).toThrow("'two.sql' needs a name like");
  });

  it('keep what a SQLite file of the first release holds', async () => {
    const file = path.join(folder, 'registry.db');
    const [first] = loadMigrations('sqlite');
    if (first === undefined) throw new Error('there is no first migration');
    {
      using old = new SqliteDatabase(file);
      old.exec(
        'create table migrations (number integer primary key, name text not null, checksum text not null, time text not null) strict',
      );
      old.exec(first.sql);
      old.run('insert into migrations values (1, ?, ?, ?)', [first.name, first.checksum, '2026-01-01']);
      old.exec(`insert into versions values (1, 0, 'h', 's', 'c', 'a', '2026-01-01T00:00:00.000Z');
        insert into changes values (1, 0, 'create', 'app:a', null, '{"kind":"k","meta":{},"data":{}}', null, 'p');
        insert into entries values ('app:a', '{"kind":"k","meta":{},"data":{}}', 'p', 'l', 1);
        insert into programs values ('p', 'app:a', '{"entry":"app:a","kind":"k","units":{}}', 1);`);
    }
    await using store = await openSqliteStore({ path: file });
    const { version, entries } = await store.snapshot();
    expect(version).toMatchObject({ number: 1, author: 'a', via: '' });
    expect(entries).toMatchObject([{ entry: { id: 'app:a', kind: 'k' }, program: 'p', leaf: 'l' }]);
    expect(await store.changeset(1)).toMatchObject([{ op: 'create', programAfter: 'p' }]);
    expect(await store.program('p')).toMatchObject({ program: { entry: 'app:a' } });
  });
});

for (const engine of storeEngines()) {
  describe(`migrations of ${engine.name}`, () => {
    const current = loadMigrations(engine.engine);
    const number = current.length + 1;
    const next: Migration = {
      number,
      name: 'add-thing',
      checksum: 'abc',
      sql: 'create table thing (x integer)',
    };
    let database: TestDatabase;
    beforeEach(async () => {
      database = await engine.create({ bare: true });
    });
    afterEach(() => database[Symbol.asyncDispose]());
    afterAll(() => engine[Symbol.asyncDispose]());
    const openAndClose = async (options: OpenOptions = {}): Promise<void> =>
      (await database.open(options))[Symbol.asyncDispose]();

    it('are applied once, by whoever comes first', async () => {
      await Promise.all([1, 2, 3, 4].map(() => openAndClose({ migrations: [...current, next] })));
      // Some engines refuse at once, some by a promise.
      const execute = async (sql: string): Promise<void> => database.execute(sql);
      await expect(execute('create table thing (y integer)')).rejects.toThrow('already exists');
    });

    it('bring an older database up to date and refuse a newer one, naming both versions', async () => {
      await openAndClose();
      await openAndClose({ migrations: [...current, next] });
      const older = openAndClose();
      await expect(older).rejects.toMatchObject({ code: 'REGISTRY_MIGRATION', exitCode: 2 });
      await expect(older).rejects.toThrow(
        `is at schema version ${number}, this release knows ${current.length}; use a newer release`,
      );
      await expect(
        openAndClose({ migrations: [...current, { ...next, checksum: 'other' }] }),
      ).rejects.toThrow(MigrationError);
    });

    it('leave nothing of a migration that fails', async () => {
      const broken = { ...next, sql: 'create table thing (x integer); create tabel nothing' };
      await expect(openAndClose({ migrations: [...current, broken] })).rejects.toThrow('syntax error');
      await openAndClose({ migrations: [...current, next] });
    });

    it.runIf(engine.engine === 'postgres')('make changesets that a person can read', async () => {
      await using store = await database.open();
      const version = {
        number: 1,
        parent: 0,
        hash: 'h',
        state: 's',
        comment: 'why',
        author: 'who',
        via: 'how',
        time: new Date(0).toISOString(),
      };
      const after = entry('main', { source: 'local x = 1\nreturn x' }, 'function.lua');
      await store.append({
        version,
        changes: [{ op: 'create', after, leaf: 'l' }],
        programs: [],
        expectedHead: 0,
      });
      const { query } = await import('../support/postgres.js');
      const { rows } = await query(
        database.place.where,
        'select version, author, via, comment, operation, entry, kind, source_after from moontide.readable_changes',
      );
      expect(rows).toEqual([
        {
          version: 1,
          author: 'who',
          via: 'how',
          comment: 'why',
          operation: 'create',
          entry: 'app:main',
          kind: 'function.lua',
          source_after: 'local x = 1\nreturn x',
        },
      ]);
    });
  });
}
