// Applying a version fails at its n-th step, for n = 1, 2, ... until it passes: the version is there as a whole, or not at all.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventBus } from '../../../src/core/event-bus.js';
import { silentLogger } from '../../../src/core/logger.js';
import { openRegistry, type Registry } from '../../../src/registry/service.js';
import { openPostgresStore } from '../../../src/registry/store/postgres-store.js';
import type { RegistryStore } from '../../../src/registry/store/registry-store.js';
import { SqliteDatabase, SqliteError } from '../../../src/registry/store/sqlite-driver.js';
import { openSqliteStore } from '../../../src/registry/store/sqlite-store.js';
import { verifyStore } from '../../../src/registry/verify.js';
import { storeEngines } from '../../store/support/engines.js';
import { entry, pinned, programs } from '../../store/support/entries.js';
import { Child } from '../../support/child.js';
import { PostgresServer } from '../../support/postgres.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { seed, times } from '../scale.js';

const open = async (store: Promise<RegistryStore>): Promise<Registry> =>
  openRegistry({ store: await store, log: silentLogger, bus: new EventBus(), follow: false });
const set = (n: number) => ({
  entries: [
    entry('main', { n }, 'function.lua'),
    ...Array.from({ length: 5 }, (_, i) => entry(`e${i}`, { n })),
  ],
  programs: programs(pinned('main', `return ${n}`)),
});
/** Of a registry that was read anew: all entries are of one version, and all is as its hashes say. */
async function whole(registry: Registry, store: RegistryStore): Promise<number> {
  const numbers = new Set([...registry.current.all()].map(({ data }) => data['n']));
  expect(numbers.size).toBe(1);
  expect(await verifyStore(store)).toMatchObject({ ok: true });
  return registry.current.version.number;
}

describe('a version on SQLite', () => {
  it('is old or new when its n-th statement fails, and when the answer to its commit does', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'moontide-steps-'));
    const path = join(folder, 'registry.db');
    try {
      await using registry = await open(openSqliteStore({ path }));
      await registry.apply(set(1));
      for (const when of ['before', 'after'] as const)
        for (let n = 1; ; n++) {
          const { number } = registry.current.version;
          const broken = failAt(n, when);
          const error = await registry.apply(set(number + 1)).then(
            () => undefined,
            (caught: unknown) => caught,
          );
          broken[Symbol.dispose]();
          await using fresh = await open(openSqliteStore({ path }));
          await using store = await openSqliteStore({ path });
          const now = await whole(fresh, store);
          expect([when, n, now]).toEqual([when, n, error === undefined ? number + 1 : number]);
          await registry.catchUp();
          if (error === undefined && !broken.reached) break; // it passed without reaching its n-th step
        }
      await registry.apply(set(1_000));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it.skipIf(process.platform === 'win32')(
    'is old or new when the disk takes no more at the n-th block',
    { timeout: 600_000 },
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'moontide-full-'));
      const path = join(folder, 'registry.db');
      try {
        {
          await using registry = await open(openSqliteStore({ path }));
          await registry.apply(set(1));
        }
        const blocks = (): number => Math.ceil(statSync(path).size / 512);
        let failures = 0;
        // The write-ahead log begins anew with each process, the database grows by what is folded into it.
        for (let limit = 1; ; limit += times(24, 4)) {
          const { number: before } = await headOf(path);
          const said = await limited(limit, path);
          const after = await headOf(path);
          const acknowledged = said.filter((line) => line.startsWith('at ')).length;
          // Killed right after its commit, before it could say so.
          expect([before + acknowledged, before + acknowledged + 1]).toContain(after.number);
          if (said.some((line) => line.startsWith('failed '))) failures++;
          if (acknowledged > 0 && limit > blocks()) break;
        }
        expect(failures).toBeGreaterThan(0);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});

async function headOf(path: string): Promise<{ readonly number: number }> {
  await using store = await openSqliteStore({ path });
  await using registry = await open(openSqliteStore({ path }));
  const ok = await verifyStore(store);
  expect(ok).toMatchObject({ ok: true });
  return { number: registry.current.version.number };
}

/** Changes of the registry by a process that may write files of so many blocks, until it is killed after its first; what it said. */
async function limited(blocks: number, path: string): Promise<string[]> {
  const hooks = fileURLToPath(new URL('../../support/typescript-hooks.js', import.meta.url));
  const file = fileURLToPath(new URL('./kill-writer.ts', import.meta.url));
  const command = `trap '' XFSZ; ulimit -f ${blocks}; exec "$0" --import "$1" "$2" sqlite "$3"`;
  const child = spawn('sh', ['-c', command, process.execPath, hooks, file, path], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += String(chunk);
    if (/^(at|failed) .*\n/m.test(output)) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.once('close', resolve));
  return output.split('\n').filter((line) => /^(at \d+ \w+|failed .*)$/.test(line));
}

/** The n-th statement of the process fails from now on once, before or after it took. */
function failAt(n: number, when: 'before' | 'after'): Disposable & { readonly reached: boolean } {
  let left = n;
  let reached = false;
  const { prototype } = SqliteDatabase;
  const kept = { execute: prototype.execute, run: prototype.run, exec: prototype.exec };
  for (const name of ['execute', 'run', 'exec'] as const) {
    const original = kept[name] as (this: SqliteDatabase, ...args: unknown[]) => unknown;
    (prototype as unknown as Record<string, unknown>)[name] = function (
      this: SqliteDatabase,
      ...args: unknown[]
    ): unknown {
      // A rollback is what SQLite does by itself when everything is lost.
      const counts = !/^\s*(rollback|pragma)/i.test(String(args[0])) && --left === 0;
      if (counts && when === 'before') {
        reached = true;
        throw new SqliteError('disk I/O error', 'SQLITE_IOERR_WRITE');
      }
      const result = original.apply(this, args);
      if (counts && /^\s*commit/i.test(String(args[0]))) {
        reached = true;
        throw new SqliteError('disk I/O error', 'SQLITE_IOERR_FSYNC');
      }
      return result;
    };
  }
  return {
    get reached() {
      return reached || left <= 0;
    },
    [Symbol.dispose]: () => void Object.assign(prototype, kept),
  };
}

describe('a version on Postgres', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start({ fsync: true });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  for (const direction of ['asked', 'answered'] as const)
    for (const stays of [false, true])
      it(
        `is old or new when the connection is cut at what is ${direction} n-th${stays ? ', for some time' : ''}`,
        { timeout: 600_000 },
        async () => {
          await server.query('drop schema if exists moontide cascade');
          await using proxy = await TcpProxy.start(server.port);
          await using registry = await open(openPostgresStore({ url: server.url('postgres', proxy.port) }));
          await registry.apply(set(1));
          for (let n = 1; ; n++) {
            const { number } = registry.current.version;
            const cut = proxy.cutAt(direction, n, stays);
            const error = await registry.apply(set(number + 1)).then(
              () => undefined,
              (caught: unknown) => caught,
            );
            proxy.heal();
            await using store = await openPostgresStore({ url: server.url() });
            await using fresh = await open(openPostgresStore({ url: server.url() }));
            const now = await whole(fresh, store);
            if (error === undefined) expect(now).toBe(number + 1);
            else if (/whether version \d+ .* was stored is seen when Postgres is back/.test(String(error)))
              expect([number, number + 1]).toContain(now);
            else expect([n, String(error), now]).toEqual([n, String(error), number]);
            if (error !== undefined) expect(error).toMatchObject({ kind: 'Unavailable' });
            await registry.catchUp();
            expect(registry.current.version.number).toBe(now);
            if (!cut.reached) break;
          }
          await registry.apply(set(1_000));
        },
      );
});

for (const engine of storeEngines())
  describe(`kill -9 of who changes a registry on ${engine.name}`, () => {
    afterAll(() => engine[Symbol.asyncDispose]());

    it(
      `${times(3, 20)} times in the middle leaves every acknowledged version, whole, and at most one more`,
      { timeout: 600_000 },
      async () => {
        await using database = await engine.create();
        await (await database.open())[Symbol.asyncDispose]();
        const { place } = database;
        let random = seed + 1;
        const chance = (): number => (random = (random * 48_271) % 2_147_483_647) / 2_147_483_647;
        let last = 0;
        for (let kill = 0; kill < times(3, 20); kill++) {
          const child = new Child(new URL('./kill-writer.ts', import.meta.url), [place.engine, place.where]);
          await child.line('ready');
          await child.line(`at ${last + 2} `);
          await new Promise((resolve) => setTimeout(resolve, chance() * 100));
          child.kill('SIGKILL');
          await child.ended;
          const acknowledged = child.lines
            .filter((line) => /^at \d+ \w{64}$/.test(line))
            .map((line) => Number(line.split(' ')[1]));
          const store = await database.open();
          await using registry = await open(Promise.resolve(store));
          expect(await verifyStore(store)).toMatchObject({ ok: true });
          const { number } = registry.current.version;
          const newest = acknowledged.at(-1) ?? 0;
          expect([newest, newest + 1]).toContain(number);
          const at = new Set([...registry.current.all()].map(({ data }) => data['at']));
          expect([...at]).toEqual([number]);
          last = number;
        }
      },
    );
  });
