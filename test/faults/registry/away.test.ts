// Postgres goes away while it is used, before the start, or without a word: reads go on, writes are refused soon, all is caught up.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dataObject } from '../../../src/core/data.js';
import { EventBus } from '../../../src/core/event-bus.js';
import { silentLogger } from '../../../src/core/logger.js';
import { type CopyStore, openCopyStore } from '../../../src/registry/store/copy-store.js';
import { openPostgresStore } from '../../../src/registry/store/postgres-store.js';
import { RegistryCopy } from '../../../src/registry/store/registry-copy.js';
import { openRegistry, type Registry } from '../../../src/registry/service.js';
import { sha256 } from '../../../src/registry/views.js';
import { entry, program, programs } from '../../store/support/entries.js';
import { PostgresServer } from '../../support/postgres.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { times } from '../scale.js';

const CRASHES = times(3, 50);
const REFUSED_WITHIN_MS = 2_000;
const CAUGHT_UP_WITHIN_MS = 5_000;

describe('a registry on Postgres that goes away', () => {
  let server: PostgresServer;
  let folder: string;
  let told: string[];
  const open: AsyncDisposable[] = [];

  beforeAll(async () => {
    server = await PostgresServer.start({ fsync: true }); // what was committed is there after a crash
  });
  afterAll(() => server[Symbol.asyncDispose]());
  beforeEach(async () => {
    told = [];
    folder = mkdtempSync(join(tmpdir(), 'moontide-away-'));
    await server.query('drop schema if exists moontide cascade');
  });
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
    if (server.pid === undefined) await server.start(); // a test that failed may have left it down
  });

  /** As a node opens it. */
  async function node(port = server.port): Promise<{ registry: Registry; store: CopyStore }> {
    const copy = new RegistryCopy({ path: join(folder, 'copy.db'), source: 'the server', hash: sha256 });
    const store = await openCopyStore({
      copy,
      open: () => openPostgresStore({ url: server.url('postgres', port) }),
      description: 'the server',
      tell: {
        away: (_since, _reason, version) => void told.push(`read-only at ${version ?? 'nothing'}`),
        back: () => void told.push('back'),
        failed: (error) => void told.push(String(error)),
      },
    });
    const registry = await openRegistry({ store, log: silentLogger, bus: new EventBus() });
    open.push(registry);
    const { version, state } = registry.current;
    if (version.number > 0) store.keep({ ...version, state: state.root }, undefined, () => state.held());
    registry.listen({
      name: 'copy',
      prepare: (changes) => store.prepare(changes),
      committed: ({ version: applied }, changes) =>
        store.keep({ ...applied, state: registry.current.state.root }, changes, () =>
          registry.current.state.held(),
        ),
    });
    return { registry, store };
  }
  /** Another node, on the store itself. */
  async function other(): Promise<Registry> {
    const store = await openPostgresStore({ url: server.url() });
    const registry = await openRegistry({ store, log: silentLogger, bus: new EventBus(), follow: false });
    open.push(registry);
    return registry;
  }
  const main = (n: number) => program('main', `return ${n}`);
  const publish = (registry: Registry, n: number) =>
    registry.apply({ entries: [entry('main', { n }, 'function.lua')], programs: programs(main(n)) });
  async function refused(registry: Registry): Promise<void> {
    const began = performance.now();
    await expect(publish(registry, 999)).rejects.toMatchObject({
      kind: 'Unavailable',
      retryable: true,
      exitCode: 3,
    });
    expect(performance.now() - began).toBeLessThan(REFUSED_WITHIN_MS);
  }
  async function catchesUp(registry: Registry, number: number): Promise<void> {
    const began = performance.now();
    await expect
      .poll(() => registry.current.version.number, { timeout: 2 * CAUGHT_UP_WITHIN_MS, interval: 20 })
      .toBe(number);
    expect(performance.now() - began).toBeLessThan(CAUGHT_UP_WITHIN_MS);
  }

  it(`goes on reading and catches up, ${CRASHES} crashes in use`, { timeout: 600_000 }, async () => {
    const { registry, store } = await node();
    await publish(registry, 1);
    for (let crash = 1; crash <= CRASHES; crash++) {
      const { number } = registry.current.version;
      await server.stop('immediate');
      await refused(registry);
      await refused(registry);
      expect(registry.current.get('app:main')?.data.n).toBe(number);
      expect(await registry.program(main(number).hash)).toEqual(main(number));
      expect(store.readOnly?.reason).toMatch(/^Postgres 127\.0\.0\.1:\d+\/postgres /);
      await server.start();
      const writer = await other();
      await publish(writer, number + 1);
      await catchesUp(registry, number + 1);
      await store.whenWritable();
      expect(registry.current.version.hash).toBe(writer.current.version.hash);
    }
    expect(told.filter((line) => line === 'back')).toHaveLength(CRASHES);
    await publish(registry, 0);
  });

  it('starts from its copy, and takes over what others have done meanwhile', async () => {
    const { registry } = await node();
    await publish(registry, 1);
    await publish(registry, 2);
    const { version } = registry.current;
    await registry[Symbol.asyncDispose]();
    await server.stop('immediate');
    told = [];

    const again = await node();
    expect(again.registry.current.version).toEqual(version);
    expect(again.registry.current.get('app:main')?.data.n).toBe(2);
    expect(await again.registry.program(main(2).hash)).toEqual(main(2));
    await refused(again.registry);
    await expect(again.registry.at(1)).rejects.toThrow(/read-only since \d{4}-/);
    expect(told).toEqual(['read-only at 2']);

    await server.start();
    await publish(await other(), 3);
    await catchesUp(again.registry, 3);
    await publish(again.registry, 4);
    expect(told).toEqual(['read-only at 2', 'back']);
  }, 60_000);

  it('keeps embedded files as it keeps programs', async () => {
    const bytes = Uint8Array.of(0, 1, 255);
    const hash = createHash('sha256').update(bytes).digest('hex');
    const { registry } = await node();
    const writer = await other();
    const site = entry('site', { files: [dataObject({ path: 'x', hash, size: 3 })] }, 'fs.embed');
    await writer.apply({ entries: [site], files: [{ hash, bytes }] });
    await catchesUp(registry, writer.current.version.number);
    await server.stop('immediate');
    expect(await registry.file(hash)).toEqual(bytes);
    await server.start();
  }, 60_000);

  it('cannot start without a copy, or with the copy of another registry', async () => {
    await server.stop('immediate');
    await expect(node()).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE', exitCode: 3 });
    await server.start();
    const { registry } = await node();
    await publish(registry, 1);
    await registry[Symbol.asyncDispose]();
    using copy = new RegistryCopy({ path: join(folder, 'copy.db'), source: 'another', hash: sha256 });
    expect(copy.head()).toBe(undefined);
  }, 60_000);

  it('makes a damaged copy anew', async () => {
    writeFileSync(
      join(folder, 'copy.db'),
      'this is no database, and long enough to be looked at as one'.repeat(100),
    );
    const { registry } = await node();
    await publish(registry, 1);
    await registry[Symbol.asyncDispose]();
    using copy = new RegistryCopy({ path: join(folder, 'copy.db'), source: 'the server', hash: sha256 });
    expect(copy.head()).toMatchObject({ number: 1, hash: registry.current.version.hash });
    expect(copy.snapshot().entries).toMatchObject([{ entry: { id: 'app:main' }, program: main(1).hash }]);
    expect(copy.program(main(1).hash)).toEqual(main(1));
  });

  it('refuses writes soon when nothing answers any more, and catches up when the cable is back', async () => {
    await using proxy = await TcpProxy.start(server.port);
    const { registry, store } = await node(proxy.port);
    await publish(registry, 1);
    proxy.swallow();
    await refused(registry);
    await refused(registry);
    expect(registry.current.get('app:main')?.data.n).toBe(1);
    await publish(await other(), 2);
    proxy.heal();
    await catchesUp(registry, 2);
    await store.whenWritable();
    await publish(registry, 3);
  }, 60_000);
});
