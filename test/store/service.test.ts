import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BusEvent, EventBus, type Subscription } from '../../src/core/event-bus.js';
import { silentLogger } from '../../src/core/logger.js';
import { encodeWire } from '../../src/core/wire.js';
import type { Change } from '../../src/registry/model/changes.js';
import { changedId } from '../../src/registry/model/changes.js';
import type { Entry } from '../../src/registry/model/entry.js';
import { openRegistry, type OpenRegistryOptions, type Registry } from '../../src/registry/service.js';
import { storeEngines, type TestDatabase } from './support/engines.js';
import { entry, program, programs } from './support/entries.js';

const ids = (registry: Registry): string[] => [...registry.current.all()].map(({ id }) => id);
const summary = (changes: readonly Change[]): string[] =>
  changes.map((change) => `${change.op} ${changedId(change)}`);
function drain(subscription: Subscription): BusEvent[] {
  const events: BusEvent[] = [];
  for (let event = subscription.take(); event !== undefined; event = subscription.take()) events.push(event);
  return events;
}

for (const engine of storeEngines()) {
  describe(`the registry on ${engine.name}`, () => {
    let database: TestDatabase;
    let bus: EventBus;
    let registry: Registry;
    const opened: Registry[] = [];
    async function open(options: Partial<OpenRegistryOptions> = {}): Promise<Registry> {
      const store = await database.open();
      const made = await openRegistry({
        store,
        log: silentLogger,
        bus: new EventBus(),
        follow: false,
        ...options,
      });
      opened.push(made);
      return made;
    }
    const apply = (...entries: Entry[]): Promise<unknown> => registry.apply({ entries });

    beforeEach(async () => {
      database = await engine.create();
      bus = new EventBus();
      registry = await open({ bus });
    });
    afterAll(() => engine[Symbol.asyncDispose]());
    afterEach(async () => {
      for (const one of opened.splice(0)) await one[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    });

    it('begins at version 0, which is empty', async () => {
      expect(registry.current.version).toMatchObject({ number: 0, parent: undefined });
      expect(ids(registry)).toEqual([]);
      expect(await registry.at(0)).toBe(registry.current);
    });

    it('stores a full set as one version, and none when nothing changed', async () => {
      const before = registry.current;
      const main = program('main', 'return 1');
      const set = {
        entries: [entry('db'), entry('main', { db: 'app:db' }, 'function.lua')],
        programs: programs(main),
      };
      const { version, changes } = await registry.apply({ ...set, comment: 'first', author: 'me' });
      expect(version).toMatchObject({ number: 1, parent: 0, comment: 'first', author: 'me' });
      expect(summary(changes)).toEqual(['create app:db', 'create app:main']);
      expect(before.get('app:db')).toBe(undefined);
      expect(registry.current.get('app:db')).toEqual(entry('db'));
      expect(registry.current.programHash('app:main')).toBe(main.hash);
      expect(registry.current.programHash('app:db')).toBe(undefined);
      expect(await registry.program(main.hash)).toEqual(main);
      expect(registry.current.ofKind('function.lua').map(({ id }) => id)).toEqual(['app:main']);
      expect(registry.current.ofKind('function.*')).toHaveLength(1);
      expect(registry.current.ofKind('registry.entry')).toHaveLength(1);
      expect(registry.current.ofKind('process.*')).toEqual([]);

      const current = registry.current;
      expect(await registry.apply(set)).toEqual({ version: current.version, changes: [] });
      expect(registry.current).toBe(current);
      expect(await registry.versions()).toHaveLength(1);
    });

    it('makes a version when only a program changed, and answers for each version with its own', async () => {
      const [one, two] = [program('main', 'return 1'), program('main', 'return 2')];
      const entries = [entry('main', {}, 'function.lua'), entry('other', {}, 'function.lua')];
      const other = program('other', 'return 0');
      await registry.apply({ entries, programs: programs(one, other) });
      const { changes } = await registry.apply({ entries, programs: programs(two, other) });
      expect(changes).toMatchObject([
        {
          op: 'update',
          before: entries[0],
          after: entries[0],
          programBefore: one.hash,
          programAfter: two.hash,
        },
      ]);
      const fresh = await open();
      expect(fresh.current.programHash('app:main')).toBe(two.hash);
      expect((await fresh.at(1)).programHash('app:main')).toBe(one.hash);
      expect((await fresh.at(2)).programHash('app:other')).toBe(other.hash);
      expect(await fresh.program(one.hash)).toEqual(one);
    });

    it('applies single changes and keeps the programs that they do not name', async () => {
      const [main, other] = [program('main', 'return 1'), program('other', 'return 1')];
      const newer = program('other', 'return 2');
      await registry.apply({
        entries: [entry('main', {}, 'function.lua'), entry('other', {}, 'function.lua'), entry('lib')],
        programs: programs(main, other),
      });
      await registry.apply({
        changes: [
          { op: 'update', entry: entry('lib', { v: 2 }) },
          { op: 'create', entry: entry('new') },
        ],
        programs: programs(newer), // its import changed, it did not
      });
      expect(registry.current.programHash('app:main')).toBe(main.hash);
      expect(registry.current.programHash('app:other')).toBe(newer.hash);
      await registry.apply({ changes: [{ op: 'delete', id: 'app:other' }] });
      expect(ids(registry)).toEqual(['app:lib', 'app:main', 'app:new']);
      expect(registry.current.version.number).toBe(3);
    });

    it('refuses changes that do not fit and changes nothing', async () => {
      await apply(entry('a'));
      await expect(registry.apply({ changes: [{ op: 'create', entry: entry('a') }] })).rejects.toThrow(
        "entry 'app:a' cannot be created: it is there already",
      );
      await expect(registry.apply({ changes: [{ op: 'delete', id: 'app:b' }] })).rejects.toMatchObject({
        code: 'REGISTRY_CHANGESET',
        kind: 'Invalid',
      });
      await expect(registry.apply({ changes: [{ op: 'delete', id: 'nonsense' }] })).rejects.toMatchObject({
        code: 'REGISTRY_INVALID_ID',
      });
      expect(registry.current.version.number).toBe(1);
    });

    it('gives the loser of two changes a conflict, and the newest version to try again on', async () => {
      const other = await open();
      await apply(entry('a'));
      const late = other.apply({ changes: [{ op: 'create', entry: entry('b') }] });
      await expect(late).rejects.toMatchObject({ code: 'REGISTRY_CONFLICT', retryable: false });
      expect(other.current.version.number).toBe(1);
      await other.apply({ changes: [{ op: 'create', entry: entry('b') }], base: 1 });
      await expect(
        registry.apply({ changes: [{ op: 'delete', id: 'app:a' }], base: 1 }),
      ).rejects.toMatchObject({ expected: 1, actual: 2 });
      expect(registry.current.version.number).toBe(2);
      expect(ids(registry)).toEqual(['app:a', 'app:b']);
    });

    it('applies a full set again when somebody else came first', async () => {
      const other = await open();
      await apply(entry('a'));
      await other.apply({ entries: [entry('b')] });
      expect(other.current.version.number).toBe(2);
      await registry.catchUp();
      expect(ids(registry)).toEqual(['app:b']);
      expect(registry.current.version).toEqual(other.current.version);
    });

    it('keeps one chain under writers that race, with equal hashes everywhere', async () => {
      const nodes = [registry, await open(), await open()];
      await Promise.all(
        nodes.map(async (node, index) => {
          for (let round = 0; round < 15; round++) {
            for (;;) {
              try {
                await node.apply({ changes: [{ op: 'create', entry: entry(`n${index}-${round}`) }] });
                break;
              } catch (error) {
                expect(error).toMatchObject({ code: 'REGISTRY_CONFLICT' });
              }
            }
          }
        }),
      );
      for (const node of nodes) await node.catchUp();
      const fresh = await open();
      expect(ids(fresh)).toHaveLength(45);
      for (const node of nodes) expect(node.current.version).toEqual(fresh.current.version);
    });

    it('rolls back to a version whose state equals the old one', async () => {
      const main = program('main', 'return 1');
      await registry.apply({
        entries: [entry('main', {}, 'function.lua'), entry('a', { v: 1 })],
        programs: programs(main),
      });
      await apply(entry('a', { v: 2 }), entry('b'));
      const { version, changes } = await registry.rollback(1, { author: 'me' });
      expect(version).toMatchObject({
        number: 3,
        parent: 2,
        comment: 'roll back to version 1',
        author: 'me',
      });
      expect(summary(changes)).toEqual(['delete app:b', 'update app:a', 'create app:main']);
      expect([...registry.current.all()]).toEqual([...(await registry.at(1)).all()]);
      expect(registry.current.programHash('app:main')).toBe(main.hash);
      expect(version.hash).not.toBe((await registry.versions())[2]?.hash);
      await expect(registry.rollback(9)).rejects.toMatchObject({
        code: 'REGISTRY_VERSION_NOT_FOUND',
        kind: 'NotFound',
      });
      await expect(registry.rollback(0)).rejects.toThrow('the registry has no version 0');
    });

    it('announces what it does, in order', async () => {
      const events = bus.subscribe('registry.**');
      await apply(entry('a', { needs: 'app:b' }), entry('b'));
      expect(drain(events).map(({ kind, path }) => `${kind} ${path}`)).toEqual([
        'begin 1',
        'entry.accept app:b',
        'entry.accept app:a',
        'commit 1',
        'entry.create app:b',
        'entry.create app:a',
        'version 1',
      ]);
      await apply(entry('a'));
      const second = drain(events);
      expect(second.map(({ kind }) => kind).slice(3, 6)).toEqual(['commit', 'entry.delete', 'entry.update']);
      expect(second.at(-1)?.data).toMatchObject({
        version: 2,
        parent: 1,
        hash: registry.current.version.hash,
      });
    });

    it('changes nothing when a listener rejects, and gives the others the inverse', async () => {
      await apply(entry('a', { v: 1 }));
      const events = bus.subscribe('registry.**');
      const asked: string[] = [];
      const note = (name: string, change: Change): void => {
        const side = change.op === 'delete' ? 'gone' : encodeWire(change.after.data.v ?? null);
        asked.push(`${name} ${change.op} ${changedId(change)} ${side}`);
      };
      registry.listen({ name: 'first', accept: (change) => note('first', change) });
      const second = registry.listen({
        name: 'second',
        accept(change, next) {
          expect(next.get('app:b')?.data.v).toBe(1);
          note('second', change);
          if (changedId(change) === 'app:b') throw new Error('port 80 is taken');
        },
      });
      const rejected = registry.apply({ entries: [entry('a', { v: 2 }), entry('b', { v: 1 })] });
      await expect(rejected).rejects.toThrow(
        "second rejected the create of 'app:b': port 80 is taken; nothing was changed",
      );
      await expect(rejected).rejects.toMatchObject({
        code: 'REGISTRY_REJECTED',
        entry: 'app:b',
        listener: 'second',
      });
      second[Symbol.dispose]();
      expect(asked.slice(0, 4)).toEqual([
        'first update app:a 2',
        'second update app:a 2',
        'first create app:b 1',
        'second create app:b 1',
      ]);
      expect(asked.slice(4).filter((line) => line.startsWith('first'))).toEqual([
        'first delete app:b gone',
        'first update app:a 1',
      ]);
      expect(registry.current.version.number).toBe(1);
      expect(await registry.versions()).toHaveLength(1);
      expect(drain(events).map(({ kind, path }) => `${kind} ${path}`)).toEqual([
        'begin 2',
        'entry.accept app:a',
        'entry.reject app:b',
        'discard 2',
      ]);
      await apply(entry('a', { v: 2 }), entry('b', { v: 1 }));
      expect(registry.current.version.number).toBe(2);
    });

    it('takes silence of a listener as a rejection, and takes the version when a listener fails after it', async () => {
      const strict = await open({ acceptTimeoutMs: 30 });
      const slow = strict.listen({ name: 'slow', accept: () => new Promise(() => undefined) });
      await expect(strict.apply({ entries: [entry('a')] })).rejects.toThrow('no answer within 30 ms');
      slow[Symbol.dispose]();
      let seen: string[] = [];
      strict.listen({
        name: 'late',
        async committed(current) {
          await Promise.resolve();
          seen = [...current.all()].map(({ id }) => id);
          throw new Error('too late');
        },
      });
      await strict.apply({ entries: [entry('a')] });
      expect(seen).toEqual(['app:a']);
      expect(strict.current.version.number).toBe(1);
    });

    it('undoes acceptances when another node came first', async () => {
      const other = await open();
      const asked: string[] = [];
      other.listen({ name: 'one', accept: (change) => void asked.push(`${change.op} ${changedId(change)}`) });
      await apply(entry('a'));
      await expect(other.apply({ changes: [{ op: 'create', entry: entry('b') }] })).rejects.toMatchObject({
        code: 'REGISTRY_CONFLICT',
      });
      expect(asked).toEqual(['create app:b', 'delete app:b', 'create app:a']);
    });

    it('follows versions that other processes store, and tells its listeners', async () => {
      const follower = await open({ follow: true });
      const told = new Promise<readonly Change[]>((resolve) => {
        follower.listen({ name: 'follower', committed: (_, changes) => resolve(changes) });
      });
      await apply(entry('a'));
      expect(summary(await told)).toEqual(['create app:a']);
      expect(follower.current.version).toEqual(registry.current.version);
    });

    it('goes on with its version when a listener cannot take the newest one, and takes what mends it', async () => {
      const follower = await open();
      const bus = new EventBus();
      const asked: string[] = [];
      const picky = await open({ bus });
      picky.listen({ name: 'first', accept: (change) => void asked.push(summary([change])[0] ?? '') });
      picky.listen({
        name: 'workers',
        accept(_change, next) {
          if (next.get('app:bad') !== undefined) throw new Error('two workers on one queue');
        },
      });
      await apply(entry('a', { v: 1 }));
      expect(await picky.catchUp()).toBe(true);
      asked.length = 0;
      const events = bus.subscribe('registry.**');
      await apply(entry('a', { v: 2 }), entry('bad'));
      expect(await picky.catchUp()).toBe(false);
      expect(picky.current.version.number).toBe(1);
      expect(drain(events).map(({ kind }) => kind)).toEqual(['begin', 'entry.reject', 'discard']);
      expect(asked).toEqual(['update app:a', 'update app:a']); // accepted, and given back
      // Asked once: the version does not get better.
      asked.length = 0;
      await picky.catchUp();
      expect(asked).toEqual([]);
      const change = picky.apply({ changes: [{ op: 'create', entry: entry('c') }] });
      await expect(change).rejects.toMatchObject({ code: 'REGISTRY_REFUSED', kind: 'Unavailable' });
      await expect(change).rejects.toThrow('version 1, since it cannot take version 2: workers rejected');
      // The others are not held up, and what they do next is taken as a whole.
      await follower.catchUp();
      expect(follower.current.version.number).toBe(2);
      await follower.apply({ changes: [{ op: 'delete', id: 'app:bad' }] });
      expect(await picky.catchUp()).toBe(true);
      expect(picky.current.version).toEqual(follower.current.version);
    });

    it('publishes and rolls back over a version that it cannot take', async () => {
      const picky = await open();
      picky.listen({
        name: 'workers',
        accept(_change, next) {
          if (next.get('app:bad') !== undefined) throw new Error('two workers on one queue');
        },
      });
      await apply(entry('a'));
      await picky.catchUp();
      const wrong = [entry('a'), entry('bad')];
      await apply(...wrong);
      await picky.catchUp();
      await expect(picky.apply({ entries: wrong })).rejects.toMatchObject({ code: 'REGISTRY_REFUSED' });
      const { version, changes } = await picky.apply({ entries: [entry('a'), entry('b')] });
      expect(version).toMatchObject({ number: 3, parent: 2 });
      expect(summary(changes)).toEqual(['delete app:bad', 'create app:b']);
      await registry.catchUp();
      await apply(...wrong);
      await picky.catchUp();
      await picky.rollback(1);
      expect(picky.current.version.number).toBe(5);
      expect(ids(picky)).toEqual(['app:a']);
    });

    it('forgets a version that it could not take when the store is restored to the one before', async () => {
      const picky = await open();
      picky.listen({
        name: 'workers',
        accept(_change, next) {
          if (next.get('app:bad') !== undefined) throw new Error('two workers on one queue');
        },
      });
      await apply(entry('a'));
      await picky.catchUp();
      await apply(entry('a'), entry('bad'));
      await picky.catchUp();
      await database.execute(
        "delete from changes where version = 2; delete from versions where number = 2; delete from entries where id = 'app:bad'",
      );
      expect(await picky.catchUp()).toBe(false);
      const { version } = await picky.apply({ changes: [{ op: 'create', entry: entry('c') }] });
      expect(version.number).toBe(2);
    });

    it('asks again for a version that it could not take for a reason that passes', async () => {
      const slow = await open({ acceptTimeoutMs: 30 });
      let answer: Promise<void> = new Promise(() => undefined);
      slow.listen({ name: 'slow', accept: () => answer });
      await apply(entry('a'));
      expect(await slow.catchUp()).toBe(false);
      answer = Promise.resolve();
      expect(await slow.catchUp()).toBe(true);
    });

    it('catches up over many versions at once, also when far behind', async () => {
      const behind = await open();
      for (let number = 1; number <= 5; number++) await apply(entry('a', { number }), entry(`b${number}`));
      const seen: string[][] = [];
      behind.listen({ name: 'l', committed: (_, changes) => void seen.push(summary(changes)) });
      expect(await behind.catchUp()).toBe(true);
      expect(await behind.catchUp()).toBe(false);
      expect(seen).toEqual([['create app:a', 'create app:b5'].sort()]);
      for (let number = 0; number < 210; number++) await apply(entry('a', { number }));
      await behind.catchUp();
      expect(behind.current.version).toEqual(registry.current.version);
      expect([...behind.current.all()]).toEqual([...registry.current.all()]);
    });

    it('refuses a program that is neither given nor stored any more', async () => {
      const main = program('main', 'return 1');
      await registry.apply({ entries: [entry('main', {}, 'function.lua')], programs: programs(main) });
      await apply();
      await database.execute('delete from programs');
      await expect(registry.rollback(1)).rejects.toMatchObject({
        code: 'REGISTRY_PROGRAM_MISSING',
        kind: 'NotFound',
      });
      await registry.apply({ entries: [entry('main', {}, 'function.lua')], programs: programs(main) });
      expect(await registry.program(main.hash)).toEqual(main);
    });

    it('refuses to open what does not match its hash, and broken bodies', async () => {
      await apply(entry('a'), entry('b'));
      await database.execute("update entries set leaf = 'forged' where id = 'app:a'");
      await expect(open()).rejects.toMatchObject({ code: 'REGISTRY_CORRUPT' });
      await database.execute("update entries set body = '{}' where id = 'app:b'");
      await expect(open()).rejects.toThrow("entry 'app:b' is stored without its kind");
    });

    it('is closed once and then says so', async () => {
      await registry[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
      await expect(registry.apply({ entries: [] })).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
    });

    it('opens and changes a large registry quickly', async () => {
      const entries = Array.from({ length: 5_000 }, (_, index) =>
        entry(`e${index}`, { index, text: 'x'.repeat(200) }),
      );
      await registry.apply({ entries });
      const start = performance.now();
      const fresh = await open();
      const openMs = performance.now() - start;
      await fresh.apply({ changes: [{ op: 'update', entry: entry('e5', { index: -1 }) }] });
      const applyMs = performance.now() - start - openMs;
      expect(fresh.current.get('app:e5')?.data.index).toBe(-1);
      expect(openMs).toBeLessThan(3_000);
      expect(applyMs).toBeLessThan(1_000);
      if (process.env.TIMES !== undefined) console.log({ openMs, applyMs });
    });
  });
}
