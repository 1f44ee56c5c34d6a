// The embedded server: who starts it, who joins it, who stops it, and what becomes of it after a kill.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findTemporalBinary } from '../../src/temporal/binary.js';
import { connectTemporal, ensureProgramAttribute } from '../../src/temporal/connection.js';
import { startOrJoinDevServer } from '../../src/temporal/dev-server.js';
import type { DevServer } from '../../src/temporal/dev-server.js';
import { isAlive, processExit } from '../../src/temporal/dev-server-process.js';
import { TemporalNamespaceError, TemporalUnavailableError } from '../../src/temporal/errors.js';

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

  it('is adopted after its starter was killed, and cleaned up after itself was killed', async () => {
    const server = await start();
    // As if another node had started it and died: its id is of nobody.
    const gone = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => gone.once('exit', resolve));
    const path = join(folder, 'temporal.json');
    const state = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    await writeFile(path, JSON.stringify({ ...state, owner: gone.pid }));
    const adopted = await start();
    expect(adopted).toMatchObject({ role: 'adopted', pid: server.pid });

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
      import { startOrJoinDevServer } from ${JSON.stringify(pathToFileURL(built).href)};
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
        `temporal operator namespace create --address ${server.address} -n nope`,
      );
    } finally {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
