import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteDatabase } from '../../src/registry/store/sqlite-driver.js';
import { SqliteService } from '../../src/services/sql/sqlite-service.js';
import { sqlSpec } from '../../src/modules/sql/spec.js';
import { openLua } from '../support/instance.js';
import { SqlNode } from './sql-node.js';

let node: SqlNode;
beforeEach(async () => {
  node = new SqlNode();
  await node.lua('sql.get("app:db"):execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n)")');
});
afterEach(() => node[Symbol.asyncDispose]());

const BEGIN = 'local db = sql.get("app:db") local tx = assert(db:begin())\n';
const count = async (): Promise<unknown> =>
  (await node.lua('return sql.get("app:db"):query("SELECT count(*) AS n FROM t")[1].n'))[0];

describe('transactions', () => {
  it('commit what they did', async () => {
    expect(
      await node.lua(`${BEGIN} tx:execute("INSERT INTO t (n) VALUES (1)")
        local inside = tx:query("SELECT count(*) AS n FROM t")[1].n
        return inside, tx:db_type(), tx:commit()`),
    ).toEqual([1, 'sqlite', true]);
    expect(await count()).toBe(1);
  });

  it('roll back, by themselves too when their instance ends', async () => {
    expect(
      await node.lua(`${BEGIN} tx:execute("INSERT INTO t (n) VALUES (1)") return tx:rollback()`),
    ).toEqual([true]);
    await node.lua(`${BEGIN} tx:execute("INSERT INTO t (n) VALUES (1)")`);
    await expect(
      node.lua(`${BEGIN} tx:execute("INSERT INTO t (n) VALUES (1)") error("boom")`),
    ).rejects.toThrow('boom');
    expect(await count()).toBe(0);
  });

  it('have savepoints', async () => {
    expect(
      await node.lua(`${BEGIN}
        tx:execute("INSERT INTO t (n) VALUES (1)") tx:savepoint("sp1")
        tx:execute("INSERT INTO t (n) VALUES (2)") tx:rollback_to("sp1") tx:release("sp1")
        tx:execute("INSERT INTO t (n) VALUES (3)") tx:commit()
        local sum = db:query("SELECT sum(n) AS s FROM t")[1].s
        return sum`),
    ).toEqual([4]);
  });

  it.each([
    ['tx:savepoint("a-b")', 'invalid savepoint name'],
    ['tx:savepoint("")', 'invalid savepoint name'],
    ['tx:savepoint(1)', 'invalid savepoint name'],
    ['tx:rollback_to("never")', 'no such savepoint'],
    ['tx:execute("COMMIT")', 'use db:begin()'],
    ['tx:execute("VACUUM")', 'inside a transaction'],
    ['tx:query("SELEC")', 'syntax error'],
  ])('refuse %s, and go on', async (call, message) => {
    const values = await node.lua(
      `${BEGIN} local v, err = ${call} return v, err:kind(), err:message(), tx:execute("INSERT INTO t (n) VALUES (1)").rows_affected, tx:commit()`,
    );
    expect(values.slice(0, 2)).toEqual(['<nil>', 'Invalid']);
    expect(values[2]).toContain(message);
    expect(values.slice(3)).toEqual([1, true]);
  });

  it.each([
    'query("SELECT 1")',
    'execute("DELETE FROM t")',
    'prepare("SELECT 1")',
    'commit()',
    'rollback()',
    'savepoint("a")',
  ])('are over after their end: %s', async (call) => {
    for (const end of ['commit', 'rollback']) {
      const values = await node.lua(
        `${BEGIN} tx:${end}() local v, err = tx:${call} return v, err:kind(), err:message()`,
      );
      expect(values.slice(0, 2)).toEqual(['<nil>', 'Invalid']);
      expect(values[2]).toContain('the transaction is not active');
    }
  });

  it('may be for reading only', async () => {
    expect(
      await node.lua(`local db = sql.get("app:db")
        local tx = db:begin({read_only = true, isolation = sql.isolation.SERIALIZABLE})
        local _, err = tx:execute("INSERT INTO t (n) VALUES (1)")
        local rows = #tx:query("SELECT * FROM t")
        tx:commit()
        return err:kind(), rows, db:execute("INSERT INTO t (n) VALUES (1)").rows_affected`),
    ).toEqual(['PermissionDenied', 0, 1]);
  });

  it.each(['"x"', '{isolation = "strict"}', '{read_only = 1}'])('refuse the options %s', async (options) => {
    expect(
      await node.lua(`local tx, err = sql.get("app:db"):begin(${options}) return tx, err:kind()`),
    ).toEqual(['<nil>', 'Invalid']);
  });

  it('keep others waiting, who are served in their order', async () => {
    await using holder = node.asker();
    const tx = await holder.ask({ type: 'sql.begin', db: 'app:db', isolation: 'default', read_only: false });
    const order: string[] = [];
    const late = ['a', 'b'].map(async (name) => {
      await node.lua(`sql.get("app:db"):execute("INSERT INTO t (n) VALUES ('${name}')")`);
      order.push(name);
    });
    await holder.ask({ type: 'sql.execute', db: 'app:db', tx, sql: "INSERT INTO t (n) VALUES ('first')" });
    expect(order).toEqual([]);
    await holder.ask({ type: 'sql.commit', tx });
    await Promise.all(late);
    expect(order).toEqual(['a', 'b']);
    expect(
      await node.lua(
        'local l = {} for _, r in ipairs(sql.get("app:db"):query("SELECT n FROM t ORDER BY id")) do l[#l + 1] = r.n end return table.concat(l, ",")',
      ),
    ).toEqual(['first,a,b']);
  });

  it('belong to whoever began them', async () => {
    await using holder = node.asker();
    const tx = await holder.ask({ type: 'sql.begin', db: 'app:db', isolation: 'default', read_only: false });
    await using thief = node.asker();
    await expect(thief.ask({ type: 'sql.commit', tx })).rejects.toThrow();
    expect(await holder.ask({ type: 'sql.commit', tx })).toBeNull();
  });

  it('name who holds the connection when the wait is too long, and let go of those who gave up', async () => {
    const service = new SqliteService(new SqliteDatabase(':memory:'), { entry: 'app:db', lockWaitMs: 40 });
    const caller = (name: string, signal = new AbortController().signal) => ({
      name,
      signal,
      key: undefined,
    });
    const options = { isolation: 'default', readOnly: false };
    const tx = await service.begin(options, caller('app:slow'));
    const ask = (name: string, signal?: AbortSignal) =>
      service.query({ sql: 'SELECT 1', params: [] }, caller(name, signal));
    await expect(ask('app:other')).rejects.toMatchObject({
      kind: 'Timeout',
      retryable: true,
      message: expect.stringContaining(
        "'app:db' was not free within 40 ms: app:slow holds a transaction",
      ) as string,
    });
    await expect(ask('app:slow')).rejects.toThrow('use tx:query and tx:execute');
    const abort = new AbortController();
    const gone = ask('app:gone', abort.signal);
    abort.abort();
    await expect(gone).rejects.toMatchObject({ kind: 'Canceled' });
    await tx.rollback();
    expect(await ask('app:other')).toHaveLength(1);
    expect(service.stats()).toMatchObject({ wait_count: 3, in_use: 0 });
    await service[Symbol.asyncDispose]();
  });

  it('wait for another process that writes the file', async () => {
    const other = new SqliteDatabase(join(node.folder, 'data/app.db'));
    other.exec('begin immediate');
    other.run('INSERT INTO t (n) VALUES (1)');
    const waiting = node.lua(
      'return sql.get("app:db"):execute("INSERT INTO t (n) VALUES (2)").rows_affected',
    );
    setTimeout(() => {
      other.exec('commit');
      other.close();
    }, 400);
    expect(await waiting).toEqual([1]);
    expect(await count()).toBe(2);
  });

  it('are rolled back when the node stops', async () => {
    const holder = node.asker();
    await holder.ask({ type: 'sql.begin', db: 'app:db', isolation: 'default', read_only: false });
    await node.resources[Symbol.asyncDispose]();
    await holder[Symbol.asyncDispose]();
  });
});

describe('sql from a workflow', () => {
  const workflow = { modules: [sqlSpec], host: { place: 'workflow' } as const };

  it('refuses a transaction and says what to do', () => {
    const session = openLua(
      'local tx, err = sql.get("app:db"):begin() return {err:kind(), err:message()}',
      workflow,
    );
    session.answer('sql.get', { type: 'sqlite' });
    const [[kind, message]] = session.values as [[string, string]];
    expect(kind).toBe('Invalid');
    expect(message).toContain('put its steps into a function.lua and call that with funcs.call');
    expect(session.commands).toEqual([{ type: 'sql.get', id: 'app:db' }]);
  });

  it('does a statement once however often it is tried', async () => {
    const command = { type: 'sql.execute', db: 'app:db', sql: 'INSERT INTO t (n) VALUES (?)', params: ['x'] };
    const attempt = async (key: string) => {
      await using asker = node.asker({ key });
      return asker.ask(command);
    };
    const first = await attempt('run-1/5');
    expect(await attempt('run-1/5')).toEqual(first);
    expect(await count()).toBe(1);
    expect(await attempt('run-1/6')).toEqual({ last_insert_id: 2, rows_affected: 1 });
    expect(await count()).toBe(2);
  });

  it('records the rows of a statement that writes and returns, and reads afresh', async () => {
    const ask = async (key: string, sql: string) => {
      await using asker = node.asker({ key });
      return asker.ask({ type: 'sql.query', db: 'app:db', sql });
    };
    const insert = "INSERT INTO t (n) VALUES ('x') RETURNING id";
    expect(await ask('r/1', insert)).toEqual([{ id: 1 }]);
    expect(await ask('r/1', insert)).toEqual([{ id: 1 }]);
    expect(await ask('r/2', 'SELECT count(*) AS n FROM t')).toEqual([{ n: 1 }]);
    await ask('r/3', insert);
    expect(await ask('r/2', 'SELECT count(*) AS n FROM t')).toEqual([{ n: 2 }]);
  });

  it('records nothing of what failed, so that it may be tried again', async () => {
    const ask = async (sql: string) => {
      await using asker = node.asker({ key: 'r/9' });
      return asker.ask({ type: 'sql.execute', db: 'app:db', sql });
    };
    await expect(ask('INSERT INTO later (n) VALUES (1)')).rejects.toThrow('no such table');
    await node.lua('sql.get("app:db"):execute("CREATE TABLE later (n)")');
    expect(await ask('INSERT INTO later (n) VALUES (1)')).toEqual({ last_insert_id: 1, rows_affected: 1 });
    await expect(ask('INSERT INTO later (n) VALUES (2)')).rejects.toMatchObject({ kind: 'Conflict' });
  });

  it('does not record what functions do: their key is shared by all their statements', async () => {
    await using asker = node.asker({ pid: '{f|9}', key: 'r/1' });
    for (let time = 0; time < 2; time++)
      await asker.ask({ type: 'sql.execute', db: 'app:db', sql: 'INSERT INTO t (n) VALUES (1)' });
    expect(await count()).toBe(2);
  });
});
