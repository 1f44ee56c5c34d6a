import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LuaFloat } from '../../src/core/data.js';
import { scanSql } from '../../src/registry/store/sql-scan.js';
import { defaultLibrary, type SqliteLibrary } from '../../src/registry/store/sqlite-native.js';
import {
  SqliteDatabase,
  SqliteError,
  type SqliteOptions,
  type SqliteParameter,
} from '../../src/registry/store/sqlite-driver.js';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});
function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'moontide-sqlite-'));
  cleanups.push(() => rmSync(made, { recursive: true, force: true }));
  return made;
}
function open(file = ':memory:', options?: SqliteOptions): SqliteDatabase {
  const database = new SqliteDatabase(file, { library, ...options });
  cleanups.push(() => database.close());
  return database;
}
function failure(work: () => unknown): SqliteError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(SqliteError);
    return error as SqliteError;
  }
  throw new Error('nothing was thrown');
}

const libraries: readonly SqliteLibrary[] =
  defaultLibrary() === 'libsql' ? ['libsql'] : ['libsql', 'node:sqlite'];
let library: SqliteLibrary = 'libsql';

describe.each(libraries)('the SQLite driver over %s', (chosen) => {
  beforeEach(() => {
    library = chosen;
  });

  it.each<[SqliteParameter, string, unknown]>([
    [3, 'integer', 3],
    [new LuaFloat(3), 'real', new LuaFloat(3)],
    [1.5, 'real', 1.5],
    [-(2n ** 63n), 'integer', -(2n ** 63n)],
    [9007199254740993n, 'integer', 9007199254740993n],
    [2 ** 53, 'integer', 2 ** 53],
    [true, 'integer', 1],
    [null, 'null', null],
    ['é😀', 'text', 'é😀'],
    ['', 'text', ''],
    [Uint8Array.of(0, 255), 'blob', Uint8Array.of(0, 255)],
    [new Uint8Array(0), 'blob', new Uint8Array(0)],
    [new Uint8Array([9, 1, 2, 9]).subarray(1, 3), 'blob', Uint8Array.of(1, 2)],
  ])('keeps %o exactly', (value, type, expected) => {
    const database = open();
    database.exec('create table t(v)');
    database.run('insert into t values(?)', [value]);
    expect(database.rows('select v, typeof(v) from t').rows).toEqual([[expected, type]]);
  });

  it.each<[SqliteParameter, string]>([
    [NaN, 'NaN'],
    [2n ** 63n, 'beyond 64 bits'],
    ['a\0b', 'zero byte'],
    [undefined as never, 'of a type that SQLite cannot hold'],
    [new Date() as never, 'of a type that SQLite cannot hold'],
  ])('refuses %o instead of storing something else', (value, message) => {
    expect(failure(() => open().rows('select ?', [value]))).toMatchObject({
      kind: 'Invalid',
      message: expect.stringContaining(message) as string,
    });
  });

  it('refuses what would be dropped in silence', () => {
    const database = open();
    expect(failure(() => database.all('select 1; select 2')).message).toContain('several statements');
    expect(failure(() => database.all(' -- nothing')).message).toContain('no statement');
    expect(failure(() => database.all('select ?, ?', [1])).message).toBe(
      'the statement takes 2 parameter(s), got 1',
    );
    expect(failure(() => database.all('select ?', [1, 2])).message).toBe(
      'the statement takes 1 parameter(s), got 2',
    );
    expect(failure(() => database.all('select :a, :b', { a: 1 })).message).toBe(
      "the parameter 'b' is missing",
    );
    expect(failure(() => database.all('select ?', {})).message).toContain("has '?' parameters");
    expect(
      database.rows('select :a, @b, $c, \':d\', "a;b" from (select 1 as "a;b"); -- ;', { a: 1, b: 2, c: 3 })
        .rows,
    ).toEqual([[1, 2, 3, ':d', 1]]);
  });

  it('gives columns of the same name and names such as __proto__', () => {
    const database = open();
    expect(database.rows('select 1 as a, 2 as a')).toEqual({ columns: ['a', 'a'], rows: [[1, 2]] });
    expect(Object.entries(database.get('select 1 as __proto__, 2 as b') ?? {})).toEqual([
      ['__proto__', 1],
      ['b', 2],
    ]);
    expect(database.get('select 1 where 0')).toBe(undefined);
  });

  it('counts changes and tells the last row id exactly, with RETURNING too', () => {
    const database = open();
    expect(database.run('create table t(id integer primary key, v)')).toMatchObject({ changes: 0 });
    expect(database.run('insert into t(v) values(1),(2)')).toEqual({ changes: 2, lastInsertRowid: 2 });
    expect(database.run('insert into t(v) values(3),(4) returning id')).toEqual({
      changes: 2,
      lastInsertRowid: 4,
    });
    expect(database.run('insert into t values(9007199254740995, 5)')).toEqual({
      changes: 1,
      lastInsertRowid: 9007199254740995n,
    });
    expect(database.run('select * from t')).toMatchObject({ changes: 0 });
    expect(database.run('create table u(v)')).toMatchObject({ changes: 0 });
    expect(database.rows('delete from t where v > 3 returning v').rows).toEqual([[4], [5]]);
    expect(database.get('select count(*) n from t')?.n).toBe(3);
  });

  it('commits what succeeds, rolls back what throws, and nests', () => {
    const database = open();
    database.exec('create table t(v)');
    database.transaction(() => {
      database.run('insert into t values(1)');
      database.transaction(() => database.run('insert into t values(2)'));
    });
    expect(() =>
      database.transaction(() => {
        database.run('insert into t values(3)');
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(database.rows('select v from t').rows).toEqual([[1], [2]]);
    expect(database.inTransaction).toBe(false);
  });

  it('judges errors', () => {
    const database = open();
    database.exec(
      'create table p(id integer primary key); create table t(v unique not null, p references p(id))',
    );
    database.run('insert into t values(1, null)');
    expect(failure(() => database.run('insert into t values(1, null)'))).toMatchObject({
      kind: 'AlreadyExists',
      sqlite: 'SQLITE_CONSTRAINT_UNIQUE',
      retryable: false,
    });
    expect(failure(() => database.run('insert into t values(2, 7)'))).toMatchObject({ kind: 'Conflict' });
    expect(failure(() => database.all('selec 1'))).toMatchObject({
      kind: 'Invalid',
      message: 'near "selec": syntax error',
    });
    expect(failure(() => open('/nowhere/at/all.db'))).toMatchObject({
      kind: 'Unavailable',
      message: expect.stringContaining("'/nowhere/at/all.db'") as string,
    });
    const file = path.join(folder(), 'text.db');
    writeFileSync(file, 'this is no database '.repeat(100));
    expect(failure(() => open(file))).toMatchObject({ sqlite: 'SQLITE_NOTADB' });
    database.close();
    expect(failure(() => database.all('select 1')).message).toContain('is closed');
  });

  it.runIf(chosen === 'node:sqlite')('reads text that is not UTF-8', () => {
    expect(open().rows("select cast(x'ff41' as text)").rows).toEqual([['\ufffdA']]);
  });

  it('sees other connections: their locks, their commits', () => {
    const file = path.join(folder(), 'a b?#%.db');
    const first = open(file, { busyTimeoutMs: 50 });
    const second = open(file, { busyTimeoutMs: 50 });
    first.exec('create table t(v)');
    const version = second.dataVersion();
    first.run('insert into t values(1)');
    expect(second.dataVersion()).not.toBe(version);
    expect(second.dataVersion()).toBe(second.dataVersion());
    first.exec('begin immediate');
    const start = performance.now();
    expect(failure(() => second.run('insert into t values(2)'))).toMatchObject({
      kind: 'Unavailable',
      retryable: true,
    });
    expect(performance.now() - start).toBeGreaterThan(30);
    expect(second.all('select * from t')).toHaveLength(1);
    first.exec('commit');
    const reader = open(file, { readOnly: true });
    expect(reader.all('select * from t')).toHaveLength(1);
    expect(failure(() => reader.run('insert into t values(2)'))).toMatchObject({ kind: 'PermissionDenied' });
  });
});

describe('the SQL scan', () => {
  it.each([
    ['select 1;', { several: false, empty: false, parameterCount: 0 }],
    [';;', { empty: true }],
    ["select ';' /* ; */ -- ;\n", { several: false }],
    ['select 1; select 2', { several: true }],
    ['create trigger x after insert on t begin select 1; select 2; end', { several: false }],
    ['create temp trigger x after insert on t begin select 1; select 2; end', { several: false }],
    ['select ?3, ?, :a, :a', { parameterCount: 5, names: ['a'], unnamed: true }],
    ["select 'it''s ?', \"?\", [?], `?`", { parameterCount: 0 }],
    ['select 1 /* open', { several: false, parameterCount: 0 }],
  ])('of %s', (sql, expected) => {
    expect(scanSql(sql)).toMatchObject(expected);
  });
});
