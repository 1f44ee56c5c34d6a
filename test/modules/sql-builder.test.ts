import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sqlSpec } from '../../src/modules/sql/spec.js';
import { evaluate } from './evaluate.js';
import { SqlNode } from './sql-node.js';

const built = (expression: string) =>
  evaluate(`local b = sql.builder local s, args = (${expression}):to_sql() return s, table.unpack(args)`, {
    modules: [sqlSpec],
  });

describe('sql.builder', () => {
  it.each<[string, unknown[]]>([
    [
      'b.select("id", "name"):from("users"):where({active = 1})',
      ['SELECT id, name FROM users WHERE active = ?', 1],
    ],
    ['b.select():columns("id"):columns("n"):from("t"):distinct()', ['SELECT DISTINCT id, n FROM t']],
    [
      'b.select("*"):from("u"):join("o ON o.u = u.id AND o.x = ?", 5):left_join("p ON 1"):right_join("q ON 1"):inner_join("r ON 1")',
      [
        'SELECT * FROM u JOIN o ON o.u = u.id AND o.x = ? LEFT JOIN p ON 1 RIGHT JOIN q ON 1 INNER JOIN r ON 1',
        5,
      ],
    ],
    [
      'b.select("s", "COUNT(*) AS c"):from("u"):group_by("s"):having(b.gt({["COUNT(*)"] = 10})):order_by("c DESC", "s"):limit(10):offset(20):suffix("FOR UPDATE")',
      [
        'SELECT s, COUNT(*) AS c FROM u GROUP BY s HAVING COUNT(*) > ? ORDER BY c DESC, s LIMIT 10 OFFSET 20 FOR UPDATE',
        10,
      ],
    ],
    [
      'b.select("*"):from("t"):where("a = ?", 1):where({b = 2, c = 3}):where(b.or_({b.eq({d = 4}), "e > 5"}))',
      ['SELECT * FROM t WHERE a = ? AND b = ? AND c = ? AND (d = ? OR e > 5)', 1, 2, 3, 4],
    ],
    [
      'b.select("*"):from("t"):where("a = 1 OR b = ?", 1):where({c = 2})',
      ['SELECT * FROM t WHERE (a = 1 OR b = ?) AND c = ?', 1, 2],
    ],
    [
      'b.select("*"):from("t"):where({a = sql.NULL, b = {1, 2}, c = {}})',
      ['SELECT * FROM t WHERE a IS NULL AND b IN (?,?) AND (1=0)', 1, 2],
    ],
    [
      'b.select("*"):from("t"):where(b.not_eq({a = sql.NULL, b = {1}, c = {}, d = 4}))',
      ['SELECT * FROM t WHERE a IS NOT NULL AND b NOT IN (?) AND (1=1) AND d <> ?', 1, 4],
    ],
    [
      'b.select("*"):from("t"):where(b.and_({b.lt({a = 1}), b.lte({b = 2}), b.gt({c = 3}), b.gte({d = 4}), b.like({e = "x%"}), b.not_like({f = "y"})}))',
      [
        'SELECT * FROM t WHERE (a < ? AND b <= ? AND c > ? AND d >= ? AND e LIKE ? AND f NOT LIKE ?)',
        1,
        2,
        3,
        4,
        'x%',
        'y',
      ],
    ],
    [
      'b.select("*"):from("t"):where(b.expr("score BETWEEN ? AND ?", 80, 90))',
      ['SELECT * FROM t WHERE score BETWEEN ? AND ?', 80, 90],
    ],
    [
      'b.select("*"):from("t"):where("id IN (?)", {1, 2, 3})',
      ['SELECT * FROM t WHERE id IN (?, ?, ?)', 1, 2, 3],
    ],
    [
      'b.select("*"):from("t"):where(b.eq({id = b.select("max(id)"):from("u"):where({x = 1})}))',
      ['SELECT * FROM t WHERE id = (SELECT max(id) FROM u WHERE x = ?)', 1],
    ],
    ['b.select("*"):from("t"):where({})', ['SELECT * FROM t']],
    [
      'b.insert("users"):columns("name", "email"):values("a", "b"):values("c", "d")',
      ['INSERT INTO users (name,email) VALUES (?,?),(?,?)', 'a', 'b', 'c', 'd'],
    ],
    ['b.insert():into("t"):set_map({b = 2, a = 1})', ['INSERT INTO t (a,b) VALUES (?,?)', 1, 2]],
    [
      'b.insert("t"):columns("a"):values(b.expr("upper(?)", "x")):suffix("RETURNING id")',
      ['INSERT INTO t (a) VALUES (upper(?)) RETURNING id', 'x'],
    ],
    [
      'b.insert("t"):columns("a"):select(b.select("x"):from("u"):where({y = 1}))',
      ['INSERT INTO t (a) SELECT x FROM u WHERE y = ?', 1],
    ],
    ['b.insert("t"):options("OR", "IGNORE"):values(1)', ['INSERT OR IGNORE INTO t VALUES (?)', 1]],
    [
      'b.insert("t"):prefix("WITH x AS (SELECT ?)", 1):values(2)',
      ['WITH x AS (SELECT ?) INSERT INTO t VALUES (?)', 1, 2],
    ],
    [
      'b.update("users"):set("status", "active"):set("at", b.expr("NOW()")):where({id = 123}):order_by("id"):limit(10):offset(5):suffix("RETURNING id")',
      [
        'UPDATE users SET status = ?, at = NOW() WHERE id = ? ORDER BY id LIMIT 10 OFFSET 5 RETURNING id',
        'active',
        123,
      ],
    ],
    [
      'b.update():table("t"):set_map({b = 2, a = sql.as.int(1)}):from("o")',
      ['UPDATE t SET a = ?, b = ? FROM o', 1, 2],
    ],
    [
      'b.update("t"):set("x", b.select("y"):from("u"):where({z = 1})):from_select(b.select("*"):from("v"):where({w = 2}), "a")',
      ['UPDATE t SET x = (SELECT y FROM u WHERE z = ?) FROM (SELECT * FROM v WHERE w = ?) AS a', 1, 2],
    ],
    [
      'b.delete("t"):where({a = 0}):order_by("c ASC"):limit(100)',
      ['DELETE FROM t WHERE a = ? ORDER BY c ASC LIMIT 100', 0],
    ],
    ['b.delete():from("t"):suffix("RETURNING id")', ['DELETE FROM t RETURNING id']],
    [
      'b.select("*"):from("t"):where("a = ? AND b = \'?\'", 1):where("c = ?", 2):placeholder_format(b.dollar)',
      ["SELECT * FROM t WHERE a = $1 AND b = '?' AND c = $2", 1, 2],
    ],
    ['b.select("*"):from("t"):where({a = 1}):placeholder_format(b.at)', ['SELECT * FROM t WHERE a = @p1', 1]],
    [
      'b.select("*"):from("t"):where({a = 1}):placeholder_format(b.colon)',
      ['SELECT * FROM t WHERE a = :1', 1],
    ],
    [
      'b.select("*"):from("t"):where("a ?? b"):placeholder_format(b.question)',
      ['SELECT * FROM t WHERE a ? b'],
    ],
  ])('%s', async (expression, result) => {
    expect(await built(expression)).toEqual(result);
  });

  it('never changes a builder', async () => {
    expect(
      await evaluate(
        `local base = sql.builder.select("*"):from("t")
         local one, two = base:where({a = 1}), base:where({b = 2})
         return (base:to_sql()), (one:to_sql()), (two:to_sql())`,
        { modules: [sqlSpec] },
      ),
    ).toEqual(['SELECT * FROM t', 'SELECT * FROM t WHERE a = ?', 'SELECT * FROM t WHERE b = ?']);
  });

  it.each([
    ['b.select():from("t")', 'a SELECT needs columns'],
    ['b.insert():values(1)', 'an INSERT needs a table'],
    ['b.insert("t")', 'an INSERT needs values'],
    ['b.insert("t"):columns("a", "b"):values(1)', 'a row of 1 values'],
    ['b.update("t")', 'an UPDATE needs values'],
    ['b.update():set("a", 1)', 'an UPDATE needs a table'],
    ['b.delete()', 'a DELETE needs a table'],
  ])('says what is missing: %s', async (expression, message) => {
    const values = await evaluate(
      `local b = sql.builder local s, err = (${expression}):to_sql() return s, err:kind(), err:message()`,
      { modules: [sqlSpec] },
    );
    expect(values.slice(0, 2)).toEqual(['<nil>', 'Invalid']);
    expect(values[2]).toContain(message);
  });

  it.each([
    ['b.select("a; DROP TABLE t")', 'holds what a name cannot hold'],
    ['b.select("a -- x")', 'holds what a name cannot hold'],
    ['b.eq({["x\' OR 1=1 "] = 1})', 'holds what a name cannot hold'],
    ['b.select("a"):from("t\\0")', 'holds what a name cannot hold'],
    ['b.select("*"):where(42)', 'a condition is a text, a table or an expression, got number'],
    ['b.select("*"):limit(-1)', 'a limit is a whole number'],
    ['b.select("*"):limit("x")', 'a limit is a whole number'],
    ['b.select("*"):placeholder_format("$")', 'use sql.builder.question'],
    ['b.select("*"):where("a = 1", 2)', 'has 0 placeholder(s) for 1 value(s)'],
    ['b.lt({a = sql.NULL})', 'cannot be compared with NULL'],
    ['b.gt({a = {1}})', 'cannot be compared with a list'],
    ['b.and_("x")', 'a list of conditions expected'],
    ['b.insert("t"):select("x")', 'a SELECT builder expected, got string'],
    ['b.select("*"):run_with({})', 'DB or Transaction expected, got table'],
    ['b.update("t"):set("", 1)', 'a column is a text that is not empty'],
  ])('raises %s at its line', async (expression, message) => {
    const { error } = await (async () => {
      try {
        await evaluate(`local b = sql.builder\nreturn ${expression}`, { modules: [sqlSpec] });
        return { error: undefined };
      } catch (thrown) {
        return { error: thrown };
      }
    })();
    expect(String(error)).toContain(message);
    expect(String(error)).toContain('main.lua:2:');
  });
});

describe('builders that run', () => {
  let node: SqlNode;
  beforeEach(() => {
    node = new SqlNode();
  });
  afterEach(() => node[Symbol.asyncDispose]());

  it('do the example of the documentation', async () => {
    expect(
      await node.lua(`local db = sql.get("app:db") local b = sql.builder
        db:execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, active INT, score INT)")
        db:execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INT)")
        for i, name in ipairs({"ada", "bob", "eve"}) do
          local r = b.insert("users"):columns("name", "active", "score"):values(name, 1, 70 + i * 10):run_with(db):exec()
          for _ = 1, i - 1 do b.insert("orders"):set_map({user_id = r.last_insert_id}):run_with(db):exec() end
        end
        local rows = b.select("u.id", "u.name", "COUNT(o.id) as order_count")
          :from("users u"):left_join("orders o ON o.user_id = u.id")
          :where(b.and_({b.eq({["u.active"] = 1}), b.gte({["u.score"] = 80})}))
          :group_by("u.id", "u.name"):having(b.gt({["COUNT(o.id)"] = 0})):order_by("order_count DESC"):limit(10)
          :run_with(db):query()
        local tx = db:begin()
        local changed = b.update("users"):set("score", sql.as.float(1.5)):set("name", sql.NULL):where({id = {1, 2}}):run_with(tx):exec()
        tx:commit()
        local after = b.select("name", "score"):from("users"):where({id = 1}):run_with(db):query()
        local gone = b.delete("users"):where(b.lt({score = 50})):run_with(db):exec()
        return #rows, rows[1].name, rows[1].order_count, changed.rows_affected, after[1].name, after[1].score, gone.rows_affected,
          (b.select("1"):run_with(db):to_sql())`),
    ).toEqual([2, 'eve', 2, 2, '<nil>', 1.5, 2, 'SELECT 1']);
  });

  it('tell what is missing before anything is sent', async () => {
    expect(
      await node.lua(
        'local r, err = sql.builder.delete():run_with(sql.get("app:db")):exec() return r, err:kind()',
      ),
    ).toEqual(['<nil>', 'Invalid']);
  });
});
