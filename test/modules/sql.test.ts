import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LuaFloat } from '../../src/core/data.js';
import { toBytes } from '../../src/core/text.js';
import { SqliteDatabase } from '../../src/registry/store/sqlite-driver.js';
import { SqliteService } from '../../src/services/sql/sqlite-service.js';
import { entryOf } from '../support/examples.js';
import { SqlNode } from './sql-node.js';

let node: SqlNode;
beforeEach(() => {
  node = new SqlNode(
    [
      entryOf('app:uri', 'db.sql.sqlite', { file: 'file:x.db?mode=ro' }),
      entryOf('app:env', 'db.sql.sqlite', { file: '${env:DB_FILE}' }),
      entryOf('app:unset', 'db.sql.sqlite', { file: '${env:NOTHING}' }),
      entryOf('app:blocked', 'db.sql.sqlite', { file: 'taken/x.db' }),
      entryOf('app:readonly', 'db.sql.sqlite', { file: 'ro/x.db' }),
    ],
    { DB_FILE: 'from-env.db' },
  );
});
afterEach(() => node[Symbol.asyncDispose]());

const DB = 'local db = assert(sql.get("app:db"))\n';
const TABLE = `${DB} db:execute("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, name TEXT UNIQUE, n)")\n`;
const lua = (body: string, ...args: string[]) => node.lua(body, { args });
const failureOf = async (
  expression: string,
  before = TABLE,
): Promise<readonly [kind: unknown, message: unknown]> => {
  const [value, kind, message] = await lua(
    `${before} local v, err = ${expression} return v, err:kind(), err:message()`,
  );
  expect(value).toBe('<nil>');
  return [kind, message];
};

describe('sql.get', () => {
  it('opens the file of an entry, making its folder', async () => {
    expect(await lua(`${DB} return db:type(), sql.type.SQLITE, db:release()`)).toEqual([
      'sqlite',
      'sqlite',
      true,
    ]);
    expect(existsSync(join(node.folder, 'data/app.db'))).toBe(true);
  });

  it('fills placeholders of the environment', async () => {
    await lua('assert(sql.get("app:env"))');
    expect(existsSync(join(node.folder, 'from-env.db'))).toBe(true);
    expect((await failureOf('sql.get("app:unset")'))[1]).toContain("the variable 'NOTHING' has no value");
  });

  it('keeps one memory database for all who ask for the entry', async () => {
    await lua(
      'local db = sql.get("app:memory") db:execute("CREATE TABLE m (x)") db:execute("INSERT INTO m VALUES (1)")',
    );
    expect(await lua('return sql.get("app:memory"):query("SELECT x FROM m")[1].x')).toEqual([1]);
  });

  it.each([
    ['""', 'Invalid', 'the id of the database is empty'],
    ['nil', 'Invalid', 'got nil'],
    ['"app:dbb"', 'NotFound', 'app:db'],
    ['"app:thing"', 'Invalid', 'registry.entry'],
    ['"app:uri"', 'Invalid', 'give a path, not a URI'],
  ])('refuses %s', async (id, kind, message) => {
    const [gotKind, got] = await failureOf(`sql.get(${id})`);
    expect(gotKind).toBe(kind);
    expect(got).toContain(message);
  });

  it('says which folder cannot be made or written', async () => {
    writeFileSync(join(node.folder, 'taken'), '');
    expect((await failureOf('sql.get("app:blocked")'))[1]).toContain('is there a file of that name?');
    if (process.getuid?.() === 0) return; // root may write everywhere
    mkdirSync(join(node.folder, 'ro'));
    chmodSync(join(node.folder, 'ro'), 0o500);
    expect((await failureOf('sql.get("app:readonly")'))[1]).toContain("of 'app:readonly'");
  });

  it('is over once released', async () => {
    expect(await failureOf('db:query("SELECT 1")', `${DB} db:release()`)).toEqual([
      'Invalid',
      "the database 'app:db' was released; get it again",
    ]);
  });
});

describe('queries and statements', () => {
  it('give rows as tables, and what a change did', async () => {
    expect(
      await lua(`${TABLE}
        local a = db:execute("INSERT INTO t (name, n) VALUES (?, ?)", {"ada", 1})
        local b = db:execute("INSERT INTO t (name, n) VALUES (?, ?), (?, ?)", {"bob", 2, "eve", sql.NULL})
        local rows = db:query("SELECT id, name, n FROM t WHERE n IS NOT ? ORDER BY id", {2})
        return a.last_insert_id, a.rows_affected, b.last_insert_id, b.rows_affected, #rows, rows[1].name, rows[2].id, rows[2].n,
          db:execute("UPDATE t SET n = 0").rows_affected, #db:query("SELECT 1 WHERE 0")`),
    ).toEqual([1, 1, 3, 2, 2, 'ada', 3, '<nil>', 3, 0]);
  });

  it('keep every value exact', async () => {
    expect(
      await lua(
        `${TABLE} local utf8, bytes = ...
        local function back(v, expr) return db:query("SELECT " .. (expr or "?") .. " AS v", {v})[1].v end
        return back(7), back(7.0), back(-0.5), back(true), back(false), back(utf8), back(bytes), back(""), back(sql.NULL),
          back("a\\0b"), math.type(back(7)), math.type(back(1e15))`,
        toBytes('é🌙'),
        '\xff\x00\xfe',
      ),
    ).toEqual([
      7,
      new LuaFloat(7),
      -0.5,
      1,
      0,
      toBytes('é🌙'),
      '\xff\x00\xfe',
      '',
      '<nil>',
      'a\0b',
      'integer',
      'float',
    ]);
    // Integers beyond 2^53, which an engine may round, as the database gives them.
    await using asker = node.asker();
    expect(
      await asker.ask({
        type: 'sql.query',
        db: 'app:db',
        sql: 'SELECT ? AS a, -9223372036854775808 AS b',
        params: [9007199254740993n],
      }),
    ).toEqual([{ a: 9007199254740993n, b: -9223372036854775808n }]);
  });

  it('bind by type where sql.as says so', async () => {
    expect(
      await lua(`${DB}
        local function type_of(v) return db:query("SELECT typeof(?) AS t", {v})[1].t end
        return type_of(sql.as.int("42")), type_of(sql.as.int(2.9)), type_of(sql.as.float(3)), type_of(sql.as.float("1.5")),
          type_of(sql.as.text(42)), type_of(sql.as.binary("text")), type_of(sql.as.null()), type_of(sql.NULL), type_of("x"),
          type_of("\\xff"), type_of(3), type_of(3.0), sql.as.null() == sql.NULL, tostring(sql.as.int(3))`),
    ).toEqual([
      'integer',
      'integer',
      'real',
      'real',
      'text',
      'blob',
      'null',
      'null',
      'text',
      'blob',
      'integer',
      'real',
      true,
      'sql int 3',
    ]);
    await expect(lua('return sql.as.int("x")')).rejects.toThrow("sql.as.int cannot take 'x'");
  });

  it('read text that is not UTF-8, which SQLite lets in', async () => {
    expect(
      await lua(
        `${DB} return db:query("SELECT CAST(x'ff41' AS TEXT) AS v, 'a' || CAST(x'fe' AS TEXT) AS w")[1].v`,
      ),
    ).toEqual(['\xffA']);
  });

  it('keep the order of rows, names of columns that repeat or look odd, and take WITH and VALUES', async () => {
    expect(
      await lua(`${TABLE}
        db:execute("INSERT INTO t (name, n) VALUES ('a', 3), ('b', 1), ('c', 2)")
        local names = {}
        for _, row in ipairs(db:query("SELECT name FROM t ORDER BY n DESC;  -- last")) do names[#names + 1] = row.name end
        local row = db:query("SELECT id, n AS id, count(*) AS [how many?], 'x' AS 'x:1' FROM t WHERE name = 'a'")[1]
        local w = db:query("WITH c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 5) SELECT sum(x) AS s FROM c")
        local v = db:query("VALUES (1, 2), (3, 4)")
        return table.concat(names), row.id, row["how many?"], row["x:1"], w[1].s, #v, v[2].column2`),
    ).toEqual(['acb', 3, 1, 'x', 15, 2, 4]);
  });

  it('see the columns of a table that changed meanwhile', async () => {
    expect(
      await lua(`${TABLE} db:execute("INSERT INTO t (name) VALUES ('a')")
        local before = db:query("SELECT * FROM t")[1]
        db:execute("ALTER TABLE t ADD COLUMN extra DEFAULT 'new'")
        return before.extra, db:query("SELECT * FROM t")[1].extra`),
    ).toEqual(['<nil>', 'new']);
    const other = new SqliteDatabase(join(node.folder, 'data/app.db'));
    other.exec("ALTER TABLE t ADD COLUMN more DEFAULT 'newer'");
    other.close();
    expect(await lua(`${DB} return db:query("SELECT * FROM t")[1].more`)).toEqual(['newer']);
  });

  it('give the rows of RETURNING, and of CTEs that write', async () => {
    expect(
      await lua(`${TABLE}
        local rows = db:query("INSERT INTO t (name) VALUES ('a'), ('b') RETURNING id, name")
        local moved = db:query("WITH x AS (SELECT 'c' AS name) INSERT INTO t (name) SELECT name FROM x RETURNING id")
        return #rows, rows[2].name, moved[1].id, db:query("SELECT count(*) AS n FROM t")[1].n`),
    ).toEqual([2, 'b', 3, 3]);
  });

  it('take parameters by name, with holes, and from table.pack', async () => {
    expect(
      await lua(`${DB}
        local named = db:query("SELECT :a AS a, $b AS b", {a = 1, b = "x"})[1]
        local holes = db:query("SELECT ? AS a, ? AS b, ? AS c", {1, nil, 3})[1]
        local packed = db:query("SELECT ? AS a, ? AS b", table.pack(nil, nil))[1]
        return named.a, named.b, holes.a, holes.b, holes.c, packed.a`),
    ).toEqual([1, 'x', 1, '<nil>', 3, '<nil>']);
  });

  it.each([
    ['db:query("SELEC 1")', 'Invalid', 'syntax error'],
    ['db:query("SELECT nope FROM t")', 'Invalid', 'no such column'],
    ['db:query("")', 'Invalid', 'the SQL text is empty'],
    ['db:query("-- nothing")', 'Invalid', 'no statement'],
    ['db:query(42)', 'Invalid', 'the SQL is a text, got number'],
    ['db:query("SELECT 1; SELECT 2")', 'Invalid', 'several statements'],
    ['db:execute("DELETE FROM t; DROP TABLE t")', 'Invalid', 'several statements'],
    ['db:query("SELECT ?, ?", {1, nil})', 'Invalid', 'for nil pass sql.NULL'],
    ['db:query("SELECT ?", {1, 2})', 'Invalid', 'parameter'],
    ['db:query("SELECT ?", "x")', 'Invalid', 'parameters are a table, got string'],
    ['db:query("SELECT ?", {{}})', 'Invalid', 'parameter 1 is a table'],
    ['db:query("SELECT ?", {print})', 'Invalid', 'parameter 1 is a function'],
    ['db:query("SELECT ?", {0/0})', 'Invalid', 'parameter 1 is NaN'],
    ['db:query("SELECT ?, :a", {1, a = 2})', 'Invalid', 'not both'],
    ['db:query("SELECT \\xff")', 'Invalid', 'UTF-8'],
    ['db:execute("ATTACH \':memory:\' AS other")', 'Invalid', "'ATTACH' is refused"],
    ['db:execute("/* x */ ; attach \':memory:\' as other")', 'Invalid', "'ATTACH' is refused"],
    ['db:query("SELECT load_extension(\'x\')")', 'Invalid', "'load_extension' is refused"],
    ['db:query("SELECT \\"load_extension\\"(\'x\')")', 'Invalid', "'load_extension' is refused"],
    ['db:execute("VACUUM INTO \'/tmp/x.db\'")', 'Invalid', "'VACUUM INTO' is refused"],
    ['db:execute("BEGIN")', 'Invalid', 'use db:begin()'],
    ['db:execute("commit")', 'Invalid', 'use db:begin()'],
    ['db:execute("PRAGMA journal_mode = DELETE")', 'Invalid', 'this PRAGMA is refused: journal_mode'],
    ['db:execute("PRAGMA main.writable_schema = 1")', 'Invalid', 'this PRAGMA is refused: writable_schema'],
    ['db:execute("PRAGMA \\"locking_mode\\" = EXCLUSIVE")', 'Invalid', 'this PRAGMA is refused'],
    ["db:execute(\"INSERT INTO t (id, name) VALUES (1, 'a'), (1, 'b')\")", 'AlreadyExists', 'UNIQUE'],
    ['db:execute("INSERT INTO t (id) VALUES (\'x\')")', 'Invalid', 'datatype mismatch'],
  ])('refuse %s', async (call, kind, message) => {
    const [gotKind, got] = await failureOf(call);
    expect(got).toContain(message);
    expect(gotKind).toBe(kind);
  });

  it('say CONFLICT for other broken constraints', async () => {
    expect(
      (
        await failureOf(
          'db:execute("INSERT INTO c VALUES (-1)")',
          `${DB} db:execute("CREATE TABLE c (x CHECK (x > 0))")`,
        )
      )[0],
    ).toBe('Conflict');
  });

  it('allow harmless PRAGMAs, EXPLAIN and triggers', async () => {
    expect(
      await lua(`${TABLE}
        assert(db:execute("CREATE TRIGGER tr AFTER INSERT ON t BEGIN UPDATE t SET n = 1; UPDATE t SET n = n + 1; END;"))
        db:execute("INSERT INTO t (name) VALUES ('x')")
        db:prepare("SELECT 1")
        return #db:query("PRAGMA table_info(t)"), db:query("SELECT n FROM t")[1].n, assert(db:execute("VACUUM")).rows_affected,
          #db:query("EXPLAIN QUERY PLAN SELECT 1") > 0`),
    ).toEqual([3, 2, 0, true]);
    expect(
      (
        await failureOf('db:execute("CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END; DROP TABLE t")')
      )[1],
    ).toContain('several statements');
  });

  it('bound what a query may bring', async () => {
    const service = new SqliteService(new SqliteDatabase(':memory:'), {
      entry: 'app:small',
      limits: { maxRows: 10, maxBytes: 1000 },
    });
    const caller = { name: 'x', signal: new AbortController().signal, key: undefined };
    const ask = (sql: string) => service.query({ sql, params: [] }, caller);
    const rows = (n: number) =>
      `WITH c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < ${n}) SELECT x FROM c`;
    expect(await ask(rows(10))).toHaveLength(10);
    await expect(ask(rows(11))).rejects.toMatchObject({
      kind: 'Invalid',
      message: expect.stringContaining('LIMIT') as string,
    });
    await expect(ask(rows(100_000_000))).rejects.toMatchObject({ kind: 'Invalid' });
    await expect(ask('SELECT zeroblob(2000) AS b')).rejects.toThrow('more than 1000 bytes');
    await service[Symbol.asyncDispose]();
  });

  it('report pool statistics', async () => {
    expect(
      await lua(`${DB} local s = db:stats() return s.max_open_connections, s.in_use, s.wait_count`),
    ).toEqual([1, 0, 0]);
  });
});

describe('prepared statements', () => {
  it('run many times, on databases and transactions', async () => {
    expect(
      await lua(`${TABLE}
        local insert = db:prepare("INSERT INTO t (name, n) VALUES (?, ?)")
        for i = 1, 3 do insert:execute({"n" .. i, i}) end
        local tx = db:begin()
        local get = tx:prepare("SELECT name FROM t WHERE n = ?")
        local name = get:query({2})[1].name
        tx:commit()
        return name, insert:close(), get:close()`),
    ).toEqual(['n2', true, true]);
  });

  it('are checked when they are prepared, and nothing of them runs', async () => {
    expect((await failureOf('db:prepare("SELECT FROM")'))[0]).toBe('Invalid');
    expect((await failureOf('db:prepare("SELECT 1; DROP TABLE t")'))[1]).toContain('several statements');
    expect((await failureOf('db:prepare("ATTACH \'x\' AS y")'))[1]).toContain('refused');
    expect(
      await lua(
        `${TABLE} db:prepare("INSERT INTO t (name) VALUES (?)") return db:query("SELECT count(*) AS n FROM t")[1].n`,
      ),
    ).toEqual([0]);
  });

  it('are over once closed', async () => {
    expect((await failureOf('s:query()', `${DB} local s = db:prepare("SELECT 1") s:close()`))[1]).toBe(
      'the statement is closed; prepare it again',
    );
  });
});
