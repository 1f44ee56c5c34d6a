// Several processes append to one list in one registry at the same time.
import { afterAll, describe, expect, it } from 'vitest';
import { EventBus } from '../../../src/core/event-bus.js';
import { silentLogger } from '../../../src/core/logger.js';
import { openRegistry } from '../../../src/registry/service.js';
import { verifyStore } from '../../../src/registry/verify.js';
import { storeEngines } from '../../store/support/engines.js';
import { Child } from '../../support/child.js';
import { times, whole } from '../scale.js';

const CHANGES = times(200, 2_000);
const WRITERS = 4;
const EQUAL_WITHIN_MS = 2_000;

for (const engine of storeEngines()) {
  describe(`${WRITERS} processes on one ${engine.name} registry`, () => {
    afterAll(() => engine[Symbol.asyncDispose]());

    it(`make ${CHANGES} changes: one chain, no lost update, equal hashes`, { timeout: 900_000 }, async () => {
      await using database = await engine.create();
      await (await database.open())[Symbol.asyncDispose]();
      const each = CHANGES / WRITERS;
      const { place } = database;
      const children = Array.from(
        { length: WRITERS },
        (_, index) =>
          new Child(new URL('./race-writer.ts', import.meta.url), [
            place.engine,
            place.where,
            `w${index}`,
            String(each),
          ]),
      );
      await Promise.all(children.map((child) => child.line('ready')));
      const started = performance.now();
      for (const child of children) child.say('go');
      const done = await Promise.all(
        children.map(async (child) => {
          const line = await child.line('done ');
          return JSON.parse(line.slice('done '.length)) as { tokens: string[]; conflicts: number };
        }),
      );
      const seconds = (performance.now() - started) / 1000;

      const store = await database.open();
      await using registry = await openRegistry({ store, log: silentLogger, bus: new EventBus() });
      const { number, hash } = registry.current.version;
      for (const child of children) child.say(String(number));
      const hashes = await Promise.all(children.map((child) => child.line('hash ')));
      expect(await Promise.all(children.map(({ ended }) => ended))).toEqual([0, 0, 0, 0]);

      // Every acknowledged change is there once, and each version's list is the one before with one more.
      const acknowledged = done.flatMap(({ tokens }) => tokens);
      expect(number).toBe(each * WRITERS);
      const list = registry.current.get('app:list')?.data.list as string[];
      expect(list.toSorted()).toEqual(acknowledged.toSorted());
      for (const { version, changes } of await store.steps(0, number)) {
        expect(version.parent).toBe(version.number - 1);
        const [change] = changes;
        const after = change === undefined || change.op === 'delete' ? undefined : change.after.data.list;
        expect(after).toEqual(list.slice(0, version.number));
      }
      for (const line of hashes) {
        const [, at, theirs, ms] = line.split(' ');
        expect([Number(at), theirs]).toEqual([number, hash]);
        expect(Number(ms)).toBeLessThan(EQUAL_WITHIN_MS);
      }
      expect(done.reduce((sum, { conflicts }) => sum + conflicts, 0)).toBeGreaterThan(0); // they did race
      expect(await verifyStore(store)).toMatchObject({ ok: true, versions: number });
      if (whole || process.env.TIMES !== undefined)
        console.log(
          `${engine.name}: ${number} changes in ${seconds.toFixed(1)} s, conflicts ${done.map(({ conflicts }) => conflicts).join(', ')}`,
        );
    });
  });
}
