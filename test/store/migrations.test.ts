import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventBus } from '../../src/core/event-bus.js';
import { silentLogger } from '../../src/core/logger.js';
import { openRegistry } from '../../src/registry/service.js';
import { loadMigrations, type Migration, MigrationError } from '../../src/registry/store/migrations.js';
import { SqliteDatabase } from '../../src/registry/store/sqlite-driver.js';
import { openSqliteStore } from '../../src/registry/store/sqlite-store.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'moontide-migrate-'));
  file = path.join(folder, 'registry.db');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});
const support = fileURLToPath(new URL('./support/', import.meta.url));
const next: Migration = {
  number: 2,
  name: 'add-thing',
  checksum: 'abc',
  sql: 'create table thing (x integer) strict',
};

describe('migrations', () => {
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

  it('are applied once, by whoever comes first', async () => {
    const stores = await Promise.all([1, 2, 3].map(() => openSqliteStore({ path: file })));
    for (const store of stores) await store[Symbol.asyncDispose]();
    const database = new SqliteDatabase(file);
    expect(database.all('select number, name from migrations')).toMatchObject([
      { number: 1, name: 'create-registry' },
    ]);
    database.close();
  });

  it('bring an older database up to date and refuse a newer one, naming both versions', async () => {
    const current = loadMigrations('sqlite');
    await (await openSqliteStore({ path: file }))[Symbol.asyncDispose]();
    const number = current.length + 1;
    const migrations = [...current, { ...next, number }];
    await (await openSqliteStore({ path: file, migrations }))[Symbol.asyncDispose]();
    await expect(openSqliteStore({ path: file })).rejects.toThrow(
      `'${file}' is at schema version ${number}, this release knows ${current.length}; use a newer release`,
    );
    await expect(
      openSqliteStore({ path: file, migrations: [...current, { ...next, number, checksum: 'other' }] }),
    ).rejects.toThrow(MigrationError);
  });

  it('leave nothing of a migration that fails', async () => {
    const current = loadMigrations('sqlite');
    const number = current.length + 1;
    const broken = { ...next, number, sql: 'create table thing (x integer) strict; create tabel nothing' };
    await expect(openSqliteStore({ path: file, migrations: [...current, broken] })).rejects.toThrow(
      'syntax error',
    );
    await (
      await openSqliteStore({ path: file, migrations: [...current, { ...next, number }] })
    )[Symbol.asyncDispose]();
  });
});

/** A process that waits for `go` and then adds 40 entries; `done` is how often it was not the first. */
class Writer {
  readonly ready: Promise<void>;
  readonly done: Promise<number>;
  readonly #child: ChildProcess;

  constructor(name: string) {
    const program = [path.join(support, 'race-writer.ts'), file, name, '40'];
    const child = spawn(
      process.execPath,
      ['--import', path.join(support, 'typescript-hooks.js'), ...program],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    this.#child = child;
    let output = '';
    this.ready = new Promise((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.startsWith('ready\n')) resolve();
      });
    });
    this.done = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (code) => {
        if (code === 0) resolve(Number(output.slice('ready\n'.length)));
        else reject(new Error(`${name} ended with ${code}`));
      });
    });
  }

  go(): void {
    this.#child.stdin?.write('go\n');
  }
}

describe('several processes on one file', () => {
  it('build one chain without a lost change', async () => {
    const writers = ['one', 'two', 'three'].map((name) => new Writer(name));
    await Promise.all(writers.map(({ ready }) => ready));
    for (const writer of writers) writer.go();
    const conflicts = await Promise.all(writers.map(({ done }) => done));
    const store = await openSqliteStore({ path: file });
    const registry = await openRegistry({ store, log: silentLogger, bus: new EventBus() });
    expect(registry.current.version.number).toBe(120);
    expect([...registry.current.all()]).toHaveLength(120);
    const versions = await registry.versions({ limit: 1000 });
    expect(versions.map(({ number }) => number)).toEqual(
      Array.from({ length: 120 }, (_, index) => 120 - index),
    );
    for (const { number, parent } of versions) expect(parent).toBe(number - 1);
    expect(conflicts.reduce((sum, count) => sum + count)).toBeGreaterThan(0); // they did race
    await registry[Symbol.asyncDispose]();
  });
});
