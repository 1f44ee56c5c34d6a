import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/core/logger.js';
import { EventBus } from '../../src/core/event-bus.js';
import { openRegistry, type Registry } from '../../src/registry/service.js';
import { PrivateRegistryError, PrivateStore } from '../../src/registry/store/private-store.js';
import type { RegistryStore } from '../../src/registry/store/registry-store.js';
import { storeEngines, type TestDatabase } from './support/engines.js';
import { entry, program } from './support/entries.js';

const log = createLogger({ isEnabled: () => false, write: () => undefined });
const openOn = (store: RegistryStore): Promise<Registry> => openRegistry({ store, log, bus: new EventBus() });
const main = program('main', 'return 1');
const edited = program('main', 'return 2');

for (const engine of storeEngines()) {
  describe(`private versions over the ${engine.name} store`, () => {
    let database: TestDatabase;
    let others: Registry;
    beforeEach(async () => {
      database = await engine.create();
      others = await openOn(await database.open());
      await others.apply({ entries: [entry('main')], programs: new Map([['app:main', main]]) });
    });
    afterAll(() => engine[Symbol.asyncDispose]());
    afterEach(async () => {
      await others[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    });

    it('are seen by their own registry only, programs and all', async () => {
      await using mine = await openOn(new PrivateStore({ shared: await database.open() }));
      const request = { entries: [entry('main'), entry('more')], programs: new Map([['app:main', edited]]) };
      expect((await mine.apply(request)).version.number).toBe(2);
      expect(mine.current.programHash('app:main')).toBe(edited.hash);
      expect((await mine.program(edited.hash))?.hash).toBe(edited.hash);
      expect((await mine.program(main.hash))?.hash).toBe(main.hash);
      expect((await mine.versions()).map(({ number }) => number)).toEqual([2, 1]);
      expect((await mine.at(1)).get('app:more')).toBe(undefined);
      await others.catchUp();
      expect(others.current.version.number).toBe(1);
      expect(await others.program(edited.hash)).toBe(undefined);
    });

    it('stay what they are when others append', async () => {
      await using mine = await openOn(new PrivateStore({ shared: await database.open() }));
      await mine.apply({ changes: [{ op: 'create', entry: entry('mine') }] });
      await others.apply({ changes: [{ op: 'create', entry: entry('theirs') }] });
      expect(await mine.catchUp()).toBe(false);
      await mine.apply({ changes: [{ op: 'delete', id: 'app:mine' }] });
      expect([...mine.current.all()].map(({ id }) => id)).toEqual(['app:main']);
    });

    it('are refused beyond the number that is allowed, since they would be lost', async () => {
      await using mine = await openOn(new PrivateStore({ shared: await database.open(), most: 1 }));
      await mine.apply({ changes: [{ op: 'create', entry: entry('mine') }] });
      const second = mine.apply({ changes: [{ op: 'create', entry: entry('again') }] });
      await expect(second).rejects.toThrow(PrivateRegistryError);
      expect(mine.current.version.number).toBe(2);
    });

    it('give way to the shared store once it is shared, and its versions arrive from then on', async () => {
      const store = new PrivateStore({ shared: await database.open(), most: 1 });
      await using mine = await openOn(store);
      await mine.apply({ changes: [{ op: 'create', entry: entry('mine') }] });
      await others.apply({ changes: [{ op: 'create', entry: entry('theirs') }] });
      store.share();
      await mine.catchUp();
      expect([...mine.current.all()].map(({ id }) => id)).toEqual(['app:main', 'app:theirs']);
      await others.apply({ changes: [{ op: 'create', entry: entry('later') }] });
      await expect.poll(() => mine.current.get('app:later')?.id, { timeout: 5000 }).toBe('app:later');
      await mine.apply({ changes: [{ op: 'create', entry: entry('mine') }] });
      await others.catchUp();
      expect(others.current.get('app:mine')?.id).toBe('app:mine');
    });
  });
}
