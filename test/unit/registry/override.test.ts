import { describe, expect, it } from 'vitest';
import { LuaFloat, type Data } from '../../../src/core/data.js';
import { applyOverrides, coerce, parseOverride } from '../../../src/registry/pipeline/override.js';
import { entry, linesOf } from './support.js';

const place = { file: 'moontide.yaml', line: 2, column: 3 };
const entries = [
  entry(
    'app:db',
    'db.sql.sqlite',
    { file: 'a.db', pool: { max_open: 1 }, list: ['a', { b: 1 }] },
    { title: 'Old' },
  ),
  entry('app.api:get.user', 'registry.entry'),
];
const override = (key: string, value: Data): ReturnType<typeof applyOverrides> =>
  applyOverrides(entries, [{ key, value, place }]);

describe('overrides', () => {
  it('set fields, fields of fields, items of lists, meta and the kind', () => {
    expect(override('app:db:file', 'b.db').entries[0]?.data['file']).toBe('b.db');
    expect(override('app:db:data.file', 'b.db').entries[0]?.data['file']).toBe('b.db');
    expect(override('app:db:data.kind', 'custom').entries[0]?.data['kind']).toBe('custom');
    expect(override('app:db:pool.max_open', 5).entries[0]?.data['pool']).toEqual({ max_open: 5 });
    expect(override('app:db:new.deep.field', 1).entries[0]?.data['new']).toEqual({ deep: { field: 1 } });
    expect(override('app:db:list.1.b', 2).entries[0]?.data['list']).toEqual(['a', { b: 2 }]);
    expect(override('app:db:meta.title', 'New').entries[0]?.meta['title']).toBe('New');
    expect(override('app:db:kind', 'db.sql.postgres').entries[0]?.kind).toBe('db.sql.postgres');
    expect(override('app.api:get.user:a.b', 1).entries[1]?.data['a']).toEqual({ b: 1 });
  });

  it('leave the entries that they were given as they were', () => {
    override('app:db:pool.max_open', 5);
    expect(entries[0]?.data['pool']).toEqual({ max_open: 1 });
  });

  it('win over each other in their order', () => {
    const result = applyOverrides(entries, [
      { key: 'app:db:file', value: 'b', place },
      { key: 'app:db:file', value: 'c', place },
    ]);
    expect(result.entries[0]?.data['file']).toBe('c');
  });

  it('cannot reach a prototype', () => {
    const result = override('app:db:__proto__.polluted', true);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.hasOwn(result.entries[0]?.data ?? {}, '__proto__')).toBe(true);
  });

  it('say what they cannot do', () => {
    const messageOf = (key: string, value: Data = 1): string =>
      linesOf(override(key, value).diagnostics).join();
    expect(messageOf('app:bd:file')).toBe(
      "moontide.yaml:2:3: override of unknown entry 'app:bd'; did you mean 'app:db'?",
    );
    expect(messageOf('app:db:list.2')).toContain("has no item '2'; use 0 to 1");
    expect(messageOf('app:db:kind', 5)).toContain("the kind of 'app:db' cannot be '5'");
    expect(messageOf('app:db')).toContain("bad override 'app:db'");
    expect(messageOf('app:db:meta')).toContain('names no field');
  });
});

describe('values of the command line', () => {
  it('are read by their shape', () => {
    const shapes: [string, Data][] = [
      ['true', true],
      ['false', false],
      ['12', 12],
      ['-3', -3],
      ['1.5', 1.5],
      ['2.0', new LuaFloat(2)],
      ['1e3', new LuaFloat(1000)],
      ['9007199254740993', 9007199254740993n],
      ['99999999999999999999', '99999999999999999999'],
      ['', ''],
      ['5s', '5s'],
      ['True', 'True'],
      ['a=b', 'a=b'],
      ['null', 'null'],
    ];
    for (const [text, value] of shapes) expect(coerce(text)).toEqual(value);
  });

  it('begin after the first equals sign', () => {
    const parsed = parseOverride('app:db:dsn=host=x port=1');
    expect(parsed).toMatchObject({ ok: true, override: { key: 'app:db:dsn', value: 'host=x port=1' } });
    expect(parseOverride('app:db:dsn').ok).toBe(false);
  });
});
