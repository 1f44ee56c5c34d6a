// The stores that are built, over one interface: in memory, and in a table of a real SQLite file.
import { afterEach, describe, expect, it } from 'vitest';
import { dataObject } from '../../src/core/data.js';
import type { Data } from '../../src/core/data.js';
import { storeHandlers } from '../../src/modules/store/host.js';
import type { KeyValueStore } from '../../src/modules/store/host.js';
import type { SqlDatabase } from '../../src/modules/sql/host.js';
import type { Entry } from '../../src/registry/model/entry.js';
import { Holdings, NodeContext, outermost } from '../../src/runtime/command-context.js';
import { MemoryStore } from '../../src/services/store/memory-store.js';
import { entryOf, resourcesOf } from '../support/examples.js';

const TABLE = 'create table kv (key text primary key, value blob not null, expires_at bigint)';
const caller = (key?: string) => ({ signal: new AbortController().signal, key });

const entries = (): Entry[] => [
  entryOf('app:db', 'db.sql.sqlite', { file: ':memory:' }),
  entryOf('app:memory', 'store.memory', { max_size: 50 }),
  entryOf('app:sql', 'store.sql', { database: 'app:db', table_name: 'kv', cleanup_interval: '20ms' }),
];

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function node(all: Entry[] = entries()) {
  const resources = resourcesOf(all);
  open.push(resources);
  const database = await resources.user().use<SqlDatabase>('app:db', 'db.sql.*');
  await database.execute({ sql: TABLE, params: [] }, { name: 'test', ...caller() });
  return { resources, database, store: (id: string) => resources.user().use<KeyValueStore>(id, 'store.*') };
}

describe.each(['app:memory', 'app:sql'])('the store %s', (id) => {
  it('gives back what was stored, bytes, floats and large integers too', async () => {
    const store = await (await node()).store(id);
    const value: Data = dataObject({
      bytes: '\xff\x00',
      big: 9007199254740993n,
      list: [1, true, null],
      text: '\xc3\xa9',
    });
    await store.put('k\xc3\xa9y', value, {}, caller());
    expect(await store.get('k\xc3\xa9y', caller())).toMatchObject({ key: 'k\xc3\xa9y', value });
    expect(await store.get('nothing', caller())).toBeUndefined();
  });

  it('has no longer what has expired, neither in lists', async () => {
    const store = await (await node()).store(id);
    await store.put('short', 1, { ttlMs: 50 }, caller());
    await store.put('long', 2, { ttlMs: 3_600_000 }, caller());
    await store.put('ever', 3, {}, caller());
    const keys = async () =>
      (await store.list({ prefix: '', after: undefined, limit: 10 }, caller())).items.map(({ key }) => key);
    expect(await keys()).toEqual(['ever', 'long', 'short']);
    await expect.poll(keys, { timeout: 5000 }).toEqual(['ever', 'long']);
    expect(await store.get('short', caller())).toBeUndefined();
    expect(await store.delete('short', caller())).toBe(false);
    await store.put('short', 4, {}, caller()); // written anew it has no time
    expect(await store.get('short', caller())).toMatchObject({ value: 4 });
  });

  it('lists pages in the order of bytes, without what lies beside the prefix', async () => {
    const store = await (await node()).store(id);
    for (const key of ['a', 'b:', 'b:1', 'b:10', 'b:2', 'b:\xc3\xa9', 'c', 'B:1'])
      await store.put(key, key, {}, caller());
    const seen: string[] = [];
    let after: string | undefined;
    for (;;) {
      const page = await store.list({ prefix: 'b:', after, limit: 2 }, caller());
      seen.push(...page.items.map(({ key }) => key));
      if (!page.hasMore) break;
      after = page.items.at(-1)?.key;
    }
    expect(seen).toEqual(['b:', 'b:1', 'b:10', 'b:2', 'b:\xc3\xa9']);
  });

  it('does what comes again under its key once', async () => {
    const store = await (await node()).store(id);
    const first = await store.put('k', 1, { ttlMs: 60_000 }, caller('run/1'));
    await store.put('k', 2, {}, caller('run/2'));
    expect(await store.put('k', 1, { ttlMs: 60_000 }, caller('run/1'))).toEqual(first);
    expect(await store.get('k', caller())).toMatchObject({ value: 2 });
    expect(await store.delete('k', caller('run/3'))).toBe(true);
    expect(await store.delete('k', caller('run/3'))).toBe(true); // the answer of the first time
  });

  it('has another version after another value', async () => {
    const store = await (await node()).store(id);
    const { version } = await store.put('k', 1, {}, caller());
    expect((await store.get('k', caller()))?.version).toBe(version);
    expect((await store.put('k', 2, {}, caller())).version).not.toBe(version);
  });
});

describe('a store in memory', () => {
  it('takes no new key when it is full, but for what has expired', async () => {
    let now = 0;
    await using store = new MemoryStore({ entry: 'app:small', maxSize: 2, cleanupMs: 0, now: () => now });
    await store.put('a', 1, {}, caller());
    await store.put('b', 1, { ttlMs: 10 }, caller());
    await store.put('a', 2, {}, caller());
    await expect(store.put('c', 1, {}, caller())).rejects.toThrow(
      "the store 'app:small' is full: it takes 2 keys (max_size)",
    );
    now = 10;
    await store.put('c', 1, {}, caller());
    expect(
      (await store.list({ prefix: '', after: undefined, limit: 9 })).items.map(({ key }) => key),
    ).toEqual(['a', 'c']);
  });

  it('lets one of many who race for a version win', async () => {
    await using store = new MemoryStore({ entry: 'app:m', maxSize: 9, cleanupMs: 0 });
    const { version } = await store.put('k', 0, {}, caller());
    const tries = await Promise.allSettled(
      [1, 2, 3].map((n) => store.put('k', n, { ifVersion: version }, caller())),
    );
    expect(tries.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(tries[1]).toMatchObject({ reason: { kind: 'Conflict', retryable: true } });
  });
});

describe('a store in a database', () => {
  it('takes what has expired out of its table by itself', async () => {
    const { database, store: of } = await node();
    const store = await of('app:sql');
    await store.put('k', 1, { ttlMs: 10 }, caller());
    const rows = async () =>
      (await database.query({ sql: 'select key from kv', params: [] }, { name: 'test', ...caller() })).length;
    expect(await rows()).toBe(1);
    await expect.poll(rows, { timeout: 5000 }).toBe(0);
  });

  it('says which value of its table no store wrote', async () => {
    const { database, store: of } = await node();
    await database.execute(
      { sql: "insert into kv values ('k', 'oops', null)", params: [] },
      { name: 'test', ...caller() },
    );
    await expect((await of('app:sql')).get('k', caller())).rejects.toThrow(
      /^the value of 'k' in the table "kv" of 'app:sql' is not what a store writes: /,
    );
  });

  it('tells that its table is missing as the database does', async () => {
    const all = entries().map((one) =>
      one.id === 'app:sql'
        ? entryOf('app:sql', 'store.sql', { database: 'app:db', table_name: 'gone' })
        : one,
    );
    await expect((await (await node(all)).store('app:sql')).get('k', caller())).rejects.toThrow(
      /no such table: gone/,
    );
  });

  it('is opened anew when its database changes', async () => {
    const all = entries();
    const { resources, store } = await node(all);
    const before = await store('app:sql');
    await before.put('k', 1, {}, caller());
    all[0] = entryOf('app:db', 'db.sql.sqlite', { file: ':memory:', options: { other: 1 } });
    await resources.changed();
    const database = await resources.user().use<SqlDatabase>('app:db', 'db.sql.*');
    await database.execute({ sql: TABLE, params: [] }, { name: 'test', ...caller() });
    const after = await store('app:sql');
    expect(after).not.toBe(before);
    expect(await after.get('k', caller())).toBeUndefined();
  });
});

describe('the commands of a store', () => {
  it('are refused where no policy allows them', async () => {
    const { resources } = await node();
    const asked: string[] = [];
    const handlers = storeHandlers((_context, action, resource) => {
      asked.push(`${action} ${resource}`);
      return action === 'store.get';
    });
    const context = new NodeContext({
      pid: '{f|1}',
      asker: '{f|1}',
      entry: 'app:main',
      values: dataObject(),
      idempotencyKey: undefined,
      holdings: new Holdings(resources, (error) => {
        throw error;
      }),
      frame: outermost,
    });
    await handlers['store.info']?.({ type: 'store.info', id: 'app:memory' }, context);
    for (const type of ['store.get', 'store.has', 'store.put', 'store.delete', 'store.list'])
      await expect(
        (async () => handlers[type]?.({ type, id: 'app:memory', key: 'k', value: 1 }, context))(),
      ).rejects.toThrow(/may not do 'store\.key\./);
    expect(asked.map((one) => one.split(' ')[0])).toEqual([
      'store.get',
      'store.key.get',
      'store.key.has',
      'store.key.set',
      'store.key.delete',
      'store.key.list',
    ]);
  });
});
