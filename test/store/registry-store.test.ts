import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { dataObject, LuaFloat } from '../../src/core/data.js';
import type { Change } from '../../src/registry/model/changes.js';
import {
  type AppendRequest,
  RegistryConflictError,
  type RegistryStore,
  type StoredChange,
} from '../../src/registry/store/registry-store.js';
import { storeEngines, type TestDatabase } from './support/engines.js';
import { entry, program } from './support/entries.js';

function request(
  number: number,
  changes: readonly Change[],
  more: Partial<AppendRequest> = {},
): AppendRequest {
  const time = new Date(number * 1000).toISOString();
  return {
    version: {
      number,
      parent: number - 1,
      hash: `hash-${number}`,
      state: `state-${number}`,
      comment: `c${number}`,
      author: 'a',
      via: 'v',
      time,
    },
    changes: changes.map((change): StoredChange => ({
      ...change,
      leaf: change.op === 'delete' ? undefined : `leaf-${number}`,
    })),
    programs: [],
    expectedHead: number - 1,
    ...more,
  };
}
const create = (name: string): Change => ({ op: 'create', after: entry(name) });

for (const engine of storeEngines()) {
  describe(`the ${engine.name} store`, () => {
    let database: TestDatabase;
    let store: RegistryStore;
    beforeEach(async () => {
      database = await engine.create();
      store = await database.open();
    });
    afterAll(() => engine[Symbol.asyncDispose]());
    afterEach(async () => {
      await store[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    });

    it('is empty at first', async () => {
      expect(await store.head()).toBe(undefined);
      expect(await store.snapshot()).toEqual({ version: undefined, entries: [] });
      expect(await store.versions()).toEqual([]);
      expect(await store.version(1)).toBe(undefined);
      expect(await store.changeset(1)).toBe(undefined);
    });

    it('gives back versions, changesets, entries and programs as they were stored, after opening anew too', async () => {
      const main = program('main', 'return "\xc3\xa9\xff" -- \u0000');
      const rich = entry('main', {
        text: 'Зоя \ud800 \0',
        big: 9007199254740993n,
        float: new LuaFloat(3),
        list: [null, {}] as never,
      });
      const first: Change = { op: 'create', after: rich, programAfter: main.hash };
      await store.append(request(1, [first, create('b')], { programs: [main] }));
      const second: Change[] = [
        { op: 'delete', before: entry('b') },
        {
          op: 'update',
          before: rich,
          after: entry('main', { n: 2 }),
          programBefore: main.hash,
          programAfter: undefined,
        },
      ];
      await store.append(request(2, second));
      await store[Symbol.asyncDispose]();
      store = await database.open();

      expect(await store.head()).toEqual(request(2, []).version);
      expect(await store.version(1)).toEqual(request(1, []).version);
      expect((await store.versions()).map(({ number }) => number)).toEqual([2, 1]);
      expect((await store.versions({ before: 2, limit: 5 })).map(({ number }) => number)).toEqual([1]);
      expect((await store.versions({ limit: 1 })).map(({ number }) => number)).toEqual([2]);
      expect(await store.changeset(1)).toEqual([
        { op: 'create', after: rich, programAfter: main.hash, programBefore: undefined },
        { op: 'create', after: entry('b'), programAfter: undefined, programBefore: undefined },
      ]);
      expect(await store.changeset(2)).toEqual([
        { programBefore: undefined, programAfter: undefined, ...second[0] },
        second[1],
      ]);
      expect(await store.snapshot()).toEqual({
        version: request(2, []).version,
        entries: [{ entry: entry('main', { n: 2 }), program: undefined, leaf: 'leaf-2' }],
      });
      expect(await store.program(main.hash)).toEqual(main);
      expect(await store.program('none')).toBe(undefined);
      expect(await store.missingPrograms(['x', main.hash, 'y', 'x'])).toEqual(['x', 'y']);
    });

    it('stores a program once, whoever brings it again', async () => {
      const main = program('main', 'return 1');
      await store.append(request(1, [create('a')], { programs: [main] }));
      await store.append(
        request(2, [create('b')], {
          programs: [{ ...main, program: { ...main.program, entry: 'app:other' } }],
        }),
      );
      expect(await store.program(main.hash)).toEqual(main);
    });

    it('refuses a version whose base is no longer the newest', async () => {
      const other = await database.open();
      await store.append(request(1, [create('a')]));
      const late = other.append(request(1, [create('b')]));
      await expect(late).rejects.toThrow(RegistryConflictError);
      await expect(late).rejects.toMatchObject({
        code: 'REGISTRY_CONFLICT',
        kind: 'Conflict',
        expected: 0,
        actual: 1,
      });
      await expect(store.append(request(5, []))).rejects.toThrow('the registry is at version 1, not 4');
      expect((await other.snapshot()).entries.map(({ entry: { id } }) => id)).toEqual(['app:a']);
      await other[Symbol.asyncDispose]();
    });

    it('stores all of a version or nothing', async () => {
      await store.append(request(1, [create('a')]));
      const broken = request(2, [create('b'), { op: 'delete', before: entry('missing') }], {
        programs: [program('b', 'return 2')],
      });
      await expect(store.append(broken)).rejects.toThrow("version 2 cannot delete entry 'app:missing'");
      expect((await store.head())?.number).toBe(1);
      expect((await store.snapshot()).entries).toHaveLength(1);
      expect(await store.missingPrograms([program('b', 'return 2').hash])).toHaveLength(1);
      await store.append(request(2, [create('b')]));
      expect((await store.head())?.number).toBe(2);
    });

    it('lets one of two racing writers win and tells the other', async () => {
      const other = await database.open();
      for (let number = 1; number <= 20; number++) {
        const outcomes = await Promise.allSettled([
          store.append(request(number, [create(`a${number}`)])),
          other.append(request(number, [create(`b${number}`)])),
        ]);
        expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
        expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
          reason: { code: 'REGISTRY_CONFLICT' },
        });
      }
      expect((await store.snapshot()).entries).toHaveLength(20);
      await other[Symbol.asyncDispose]();
    });

    it('gives versions with their changes from any point on', async () => {
      for (let number = 1; number <= 4; number++)
        await store.append(request(number, [create(`a${number}`), create(`b${number}`)]));
      const steps = await store.steps(1, 2);
      expect(steps.map(({ version }) => version)).toEqual(
        [2, 3].map((number) => request(number, []).version),
      );
      expect(steps.map(({ changes }) => changes)).toEqual(
        [2, 3].map((n) => [create(`a${n}`), create(`b${n}`)]),
      );
      expect(await store.steps(4, 10)).toEqual([]);
    });

    it('remembers where entries come from', async () => {
      const made: Change = { op: 'create', after: entry('a'), originAfter: 'runtime' };
      await store.append(request(1, [made]));
      const taken: Change = { op: 'update', before: entry('a'), after: entry('a'), originBefore: 'runtime' };
      expect((await store.snapshot()).entries[0]?.origin).toBe('runtime');
      await store.append(request(2, [taken]));
      expect((await store.snapshot()).entries[0]?.origin).toBe(undefined);
      expect((await store.steps(0, 9)).map(({ changes }) => changes)).toEqual([[made], [taken]]);
    });

    it('stores what has a key once, and says under which version', async () => {
      await store.append(request(1, [create('a')], { key: 'run/1' }));
      await store.append(request(2, [create('b')]));
      await expect(store.append(request(3, [create('c')], { key: 'run/1' }))).rejects.toMatchObject({
        code: 'REGISTRY_CONFLICT',
      });
      expect((await store.head())?.number).toBe(2);
      expect(await store.versionOfKey('run/1')).toEqual(request(1, []).version);
      expect(await store.versionOfKey('run/2')).toBe(undefined);
    });

    it('keeps files by their hash, whatever their bytes', async () => {
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      const file = { hash: 'f'.repeat(64), bytes };
      await store.append(
        request(1, [create('a')], { files: [file, { hash: 'empty', bytes: new Uint8Array() }] }),
      );
      expect(await store.file(file.hash)).toEqual(bytes);
      expect(await store.file('empty')).toEqual(new Uint8Array());
      expect(await store.file('none')).toBe(undefined);
      expect(await store.missingFiles(['none', file.hash])).toEqual(['none']);
    });

    it('takes no version that names a program or a file that was pruned meanwhile', async () => {
      const [kept, gone] = [program('a', '1'), program('a', '2')];
      const named = (hash: string): Change => ({ op: 'create', after: entry('a'), programAfter: hash });
      await store.append(request(1, [create('b')], { programs: [kept, gone] }));
      await store.prune({ before: 1, keepPrograms: new Set([kept.hash]) });
      const lost = store.append(request(2, [named(gone.hash)]));
      await expect(lost).rejects.toMatchObject({ code: 'REGISTRY_CONFLICT', kind: 'Conflict' });
      await expect(lost).rejects.toThrow(`'${gone.hash}' was pruned while a version was made that needs it`);
      const file = dataObject({ path: 'x', hash: 'e'.repeat(64), size: 1 });
      const embed: Change = { op: 'create', after: entry('f', { files: [file] }, 'fs.embed') };
      await expect(store.append(request(2, [embed]))).rejects.toThrow(`'${'e'.repeat(64)}' was pruned`);
      expect((await store.head())?.number).toBe(1);
      await store.append(request(2, [named(kept.hash)]));
    });

    it('forgets old versions and what only they named', async () => {
      const [old, kept, open] = [program('a', '1'), program('a', '2'), program('a', '3')];
      const hash = 'e'.repeat(64);
      const embed = (name: string, of: string) =>
        entry(name, { files: dataObject({ x: dataObject({ hash: of }) }) }, 'fs.embed');
      const files = [
        { hash, bytes: new Uint8Array([1]) },
        { hash: 'd'.repeat(64), bytes: new Uint8Array([2]) },
      ];
      const made: Change = { op: 'create', after: entry('a'), programAfter: old.hash };
      await store.append(
        request(1, [made, { op: 'create', after: embed('f', 'd'.repeat(64)) }], {
          programs: [old, open],
          files,
        }),
      );
      await store.append(
        request(
          2,
          [
            {
              op: 'update',
              before: entry('a'),
              after: entry('a', { x: 1 }),
              programBefore: old.hash,
              programAfter: kept.hash,
            },
            { op: 'update', before: embed('f', 'd'.repeat(64)), after: embed('f', hash) },
          ],
          { programs: [kept] },
        ),
      );
      await store.append(request(3, [create('b')]));
      expect(await store.prune({ before: 3, keepPrograms: new Set([open.hash]) })).toEqual({
        versions: 2,
        programs: 1,
        files: 1,
      });
      expect((await store.versions()).map(({ number }) => number)).toEqual([3]);
      expect(await store.changeset(2)).toBe(undefined);
      expect((await store.programs()).map(({ hash: one }) => one).sort()).toEqual(
        [kept.hash, open.hash].sort(),
      );
      expect(await store.missingFiles([hash, 'd'.repeat(64)])).toEqual(['d'.repeat(64)]);
      expect((await store.snapshot()).entries).toHaveLength(3);
      await store.append(request(4, [create('c')]));
      expect(await store.prune({ before: 99, keepPrograms: new Set() })).toEqual({
        versions: 1,
        programs: 1,
        files: 0,
      });
      expect((await store.head())?.number).toBe(4);
    });

    it('belongs to one app', async () => {
      const first = await database.open({ app: 'shop' });
      await first[Symbol.asyncDispose]();
      await (await database.open({ app: 'shop' }))[Symbol.asyncDispose]();
      const other = database.open({ app: 'blog' });
      await expect(other).rejects.toMatchObject({ code: 'REGISTRY_OWNER', exitCode: 2 });
      await expect(other).rejects.toThrow("belongs to the app 'shop', not to 'blog'");
    });

    it('tells a watcher of versions that others store', async () => {
      const other = await database.open();
      let head = 0;
      let calls = 0;
      using _watch = store.watch({
        changed: () => {
          calls++;
          void store.head().then((version) => (head = version?.number ?? 0));
        },
      });
      for (let number = 1; number <= 3; number++) {
        await other.append(request(number, [create(`a${number}`)]));
        await vi.waitFor(() => expect(head).toBe(number), { timeout: 5_000, interval: 5 });
      }
      expect(calls).toBeGreaterThanOrEqual(3);
      await other[Symbol.asyncDispose]();
    });
  });
}
