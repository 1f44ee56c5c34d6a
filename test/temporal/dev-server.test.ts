// The embedded server: who starts it, who joins it, who stops it, and what becomes of it after a kill.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findTemporalBinary } from '../../src/temporal/binary.js';
import { connectTemporal } from '../../src/temporal/connection.js';
import { ensureProgramAttribute } from '../../src/temporal/search-attributes.js';
import { startOrJoinDevServer, stopDevServer } from '../../src/temporal/dev-server.js';
import type { DevServer } from '../../src/temporal/dev-server.js';
import { isAlive, listensOn, processExit } from '../../src/temporal/dev-server-process.js';
import { readServerState } from '../../src/temporal/dev-server-state.js';
import { TemporalNamespaceError, TemporalUnavailableError } from '../../src/temporal/errors.js';
import { buildOnce } from '../e2e/cli-process.js';
import { ServerUserProcess, eventually, serversOn } from '../support/server-user.js';

/** A process of its own needs compiled code. */
const built = fileURLToPath(new URL('../../dist/src/temporal/dev-server.js', import.meta.url));

describe('the embedded Temporal server', () => {
  let folder: string;
  const servers: DevServer[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'moontide-dev-'));
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const binary = async () => (await findTemporalBinary()).path;
  const start = async (options: { ui?: boolean } = {}) => {
    const server = await startOrJoinDevServer({
      stateFolder: folder,
      binary,
      port: 0,
      uiPort: 0,
      ui: options.ui ?? false,
    });
    servers.push(server);
    return server;
  };

  it('is started with its UI and thirty days of retention, and is gone after stop', async () => {
    const server = await start({ ui: true });
    expect(server.role).toBe('started');
    expect((await fetch(server.ui ?? '')).status).toBe(200);
    await using temporal = await connectTemporal({ address: server.address });
    const { config } = await temporal.connection.workflowService.describeNamespace({ namespace: 'default' });
    expect(config?.workflowExecutionRetentionTtl?.seconds?.toNumber()).toBe(30 * 86_400);
    expect(await ensureProgramAttribute(temporal)).toEqual({ missing: [] });
    expect(await ensureProgramAttribute(temporal)).toEqual({ missing: [] });
    await server.stop();
    expect(await processExit(server.pid, 5000)).toBe(true);
    await expect(readFile(join(folder, 'temporal.json'))).rejects.toThrow('ENOENT');
  });

  it('is started once when several ask at the same time', async () => {
    const all = await Promise.all([start(), start(), start()]);
    expect(new Set(all.map(({ pid }) => pid)).size).toBe(1);
    expect(all.filter(({ role }) => role === 'started')).toHaveLength(1);
  });

  it('is started anew after itself was killed', async () => {
    const server = await start();
    process.kill(server.pid, 'SIGKILL');
    await processExit(server.pid, 5000);
    const next = await start();
    expect(next.role).toBe('started');
    expect(next.pid).not.toBe(server.pid);
  });

  it('does not take a stranger with the recorded process id for its server', async () => {
    const stranger = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    try {
      const state = { pid: stranger.pid, owner: stranger.pid, address: '127.0.0.1:1' };
      await writeFile(join(folder, 'temporal.json'), JSON.stringify(state));
      expect((await start()).role).toBe('started');
      expect(isAlive(stranger.pid ?? 0)).toBe(true);
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  it.skipIf(!existsSync(built))('ends with the process that started it, also by process.exit', async () => {
    const script = `
      import { startOrJoinDevServer, stopDevServer } from ${JSON.stringify(pathToFileURL(built).href)};
      const server = await startOrJoinDevServer({ stateFolder: ${JSON.stringify(folder)}, binary: async () => ${JSON.stringify(await binary())}, port: 0, ui: false });
      console.log(server.pid);
      process.exit(0);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    await new Promise((resolve) => child.once('exit', resolve));
    expect(errors).toBe('');
    expect(await processExit(Number(output), 5000)).toBe(true);
  });

  it('says which binary could not be run', async () => {
    const starting = startOrJoinDevServer({
      stateFolder: folder,
      binary: async () => '/bin/false',
      port: 0,
      ui: false,
    });
    await expect(starting).rejects.toThrow(/Temporal did not start: it exited with code 1/);
  });
});

const onLinux = process.platform === 'linux';

describe.skipIf(!onLinux)('the embedded server and its users, each a process', () => {
  let folder: string;
  const users: ServerUserProcess[] = [];
  beforeAll(buildOnce);
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'moontide-users-')));
  });
  afterEach(async () => {
    await Promise.all(users.splice(0).map((user) => user.kill()));
    await stopDevServer(folder);
    expect(serversOn(folder)).toEqual([]);
    await rm(folder, { recursive: true, force: true });
  });
  const user = async (options?: { port?: number; mode?: 'start' | 'join' }): Promise<ServerUserProcess> => {
    const made = await ServerUserProcess.spawn(folder, options);
    users.push(made);
    return made;
  };

  it(
    'is found by the next user when its starter was killed before it answered',
    { timeout: 90_000 },
    async () => {
      const first = await user();
      // Between the spawn and the state there is a server that nobody knows; the next user ends that one.
      const isKnown = (): boolean => serversOn(folder).includes(readServerState(folder)?.pid ?? NaN);
      expect(await eventually(isKnown, 30_000)).toBe(true);
      expect(serversOn(folder)).toHaveLength(1);
      await first.kill();
      expect(first.told).toEqual([]);
      const [orphan] = serversOn(folder);
      const second = await user();
      const entered = await second.until('entered');
      expect(entered).toMatchObject({ pid: orphan, role: 'adopted' });
      expect(serversOn(folder)).toEqual([entered.pid]);
      expect(await second.leave()).toBe(0);
      expect(serversOn(folder)).toEqual([]);
    },
  );

  it('is ended first when no state file tells of it', { timeout: 90_000 }, async () => {
    const first = await user();
    const { pid } = await first.until('entered');
    await first.kill();
    await rm(join(folder, 'temporal.json'));
    const entered = await (await user()).until('entered');
    expect(entered.role).toBe('started');
    expect(entered.pid).not.toBe(pid);
    expect(serversOn(folder)).toEqual([entered.pid]);
  });

  it(
    'outlives the one who started it while others use it, and goes with the last',
    { timeout: 90_000 },
    async () => {
      const first = await user();
      const { pid } = await first.until('entered');
      const second = await user();
      expect(await second.until('entered')).toMatchObject({ pid, role: 'joined' });
      const third = await user({ mode: 'join' });
      expect(await third.until('entered')).toMatchObject({ pid, role: 'joined' });
      await first.leave();
      await third.leave();
      expect(serversOn(folder)).toEqual([pid]);
      await second.leave();
      expect(serversOn(folder)).toEqual([]);
    },
  );

  it(
    'goes with the last user also when the others were killed, and when that one ends by process.exit',
    {
      timeout: 90_000,
    },
    async () => {
      const first = await user();
      const { pid } = await first.until('entered');
      const second = await user();
      await second.until('entered');
      await first.kill();
      expect(serversOn(folder)).toEqual([pid]);
      second.child.kill('SIGUSR2');
      await second.ended;
      expect(await eventually(() => serversOn(folder).length === 0)).toBe(true);
    },
  );

  it('gives nothing to who only joins when there is no server', async () => {
    expect(await (await user({ mode: 'join' })).until('nothing')).toBeDefined();
  });

  it(
    'runs again at the same address, once, after it was killed under three users',
    { timeout: 90_000 },
    async () => {
      const three = [await user(), await user(), await user({ mode: 'join' })];
      const before = await three[0]?.until('entered');
      for (const each of three.slice(1)) await each.until('entered');
      process.kill(before?.pid ?? 0, 'SIGKILL');
      const back = await Promise.all(three.map((each) => each.until('back', 1, 30_000)));
      expect(back.map(({ address }) => address)).toEqual(three.map(() => before?.address));
      expect(back.map(({ moved }) => moved)).toEqual([false, false, false]);
      expect(back.filter(({ by }) => by === 'us')).toHaveLength(1);
      expect(new Set(back.map(({ pid }) => pid)).size).toBe(1);
      expect(serversOn(folder)).toEqual([back[0]?.pid]);
    },
  );

  it(
    'runs again at another address when its port is taken, and all follow',
    { timeout: 90_000 },
    async () => {
      const two = [await user(), await user()];
      const before = await two[0]?.until('entered');
      await two[1]?.until('entered');
      // Frozen users do not see that the server is gone before a stranger has its port.
      for (const { child } of two) child.kill('SIGSTOP');
      process.kill(before?.pid ?? 0, 'SIGKILL');
      await processExit(before?.pid ?? 0, 5000);
      const stranger = createServer();
      const port = Number(before?.address.split(':')[1]);
      await new Promise<void>((resolve, reject) => {
        stranger.once('error', reject);
        stranger.listen(port, '127.0.0.1', resolve);
      });
      for (const { child } of two) child.kill('SIGCONT');
      try {
        const back = await Promise.all(two.map((each) => each.until('back', 1, 30_000)));
        expect(back.map(({ moved }) => moved)).toEqual([true, true]);
        expect(new Set(back.map(({ address }) => address)).size).toBe(1);
        expect(back[0]?.address).not.toBe(before?.address);
        const { address } = JSON.parse(await readFile(join(folder, 'temporal.json'), 'utf8')) as {
          address: string;
        };
        expect(address).toBe(back[0]?.address);
      } finally {
        stranger.close();
      }
    },
  );

  it(
    'is one server through starts and ends of twelve processes at once, and none at the end',
    {
      timeout: 180_000,
    },
    async () => {
      let most = 0;
      const watch = setInterval(() => (most = Math.max(most, serversOn(folder).length)), 5);
      const lives = Array.from({ length: 12 }, async (_, index) => {
        await sleep(index * 150);
        const each = await user();
        if (index % 3 === 0) {
          await sleep(index * 100); // wherever it is by then
          return index % 2 === 0 ? each.kill() : void (await each.leave());
        }
        await each.until('entered', 1, 120_000);
        await sleep(100);
        await each.leave();
      });
      await Promise.all(lives);
      clearInterval(watch);
      // One that was killed as the last user leaves its server to the next.
      const last = await user();
      await last.until('entered');
      await last.leave();
      expect(most).toBe(1);
      expect(serversOn(folder)).toEqual([]);
    },
  );
});

describe('two servers that want one port at once', () => {
  it('each get one of their own', async () => {
    const folders = await Promise.all([1, 2, 3].map(() => mkdtemp(join(tmpdir(), 'moontide-dev-'))));
    const port = 20_000 + (process.pid % 20_000);
    const servers = await Promise.all(
      folders.map((stateFolder) =>
        startOrJoinDevServer({
          stateFolder,
          binary: async () => (await findTemporalBinary()).path,
          port,
          ui: false,
        }),
      ),
    );
    try {
      expect(new Set(servers.map(({ address }) => address)).size).toBe(3);
      for (const { pid, address } of servers) {
        expect(isAlive(pid)).toBe(true);
        expect(await listensOn(pid, Number(address.split(':')[1]))).toBe(true);
      }
    } finally {
      for (const server of servers) await server.stop();
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('connecting', () => {
  it('names the address within the timeout when nothing answers', async () => {
    const started = performance.now();
    const error = await connectTemporal({ address: '127.0.0.1:9' }, { timeoutMs: 500 }).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(TemporalUnavailableError);
    expect(error).toMatchObject({ exitCode: 3, kind: 'Unavailable', address: '127.0.0.1:9' });
    expect((error as Error).message).toMatch(
      /^cannot reach Temporal at '127.0.0.1:9': .+; start the server, or check/,
    );
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it('tells a missing namespace from a missing server', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'moontide-dev-'));
    const server = await startOrJoinDevServer({
      stateFolder: folder,
      binary: async () => (await findTemporalBinary()).path,
      port: 0,
      ui: false,
    });
    try {
      const error = await connectTemporal({ address: server.address, namespace: 'nope' }).catch(
        (e: unknown) => e,
      );
      expect(error).toBeInstanceOf(TemporalNamespaceError);
      expect((error as Error).message).toContain(
        `temporal operator namespace create --address ${server.address} --namespace nope`,
      );
    } finally {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
