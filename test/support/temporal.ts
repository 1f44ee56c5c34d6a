// One Temporal dev server for a whole test run, shared by its files; it ends with the run, however that ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '../../src/core/logger.js';
import { findTemporalBinary } from '../../src/temporal/binary.js';
import { connectTemporal } from '../../src/temporal/connection.js';
import type { TemporalConnection } from '../../src/temporal/connection.js';
import { startOrJoinDevServer } from '../../src/temporal/dev-server.js';
import { installRuntime } from '../../src/temporal/worker.js';

export interface TestTemporal extends AsyncDisposable {
  readonly address: string;
  readonly temporal: TemporalConnection;
  /** Path of the Temporal CLI. */
  readonly binary: string;
}

/** Ends the server once the process of the test run is gone. */
const WATCHDOG = `
const { readFileSync, rmSync } = require('node:fs');
const [folder, run] = process.argv.slice(1);
const alive = (pid) => { try { process.kill(pid, 0); return true; } catch { return false; } };
setInterval(() => {
  if (alive(Number(run))) return;
  try { process.kill(JSON.parse(readFileSync(folder + '/temporal.json', 'utf8')).pid, 'SIGTERM'); } catch {}
  setTimeout(() => { rmSync(folder, { recursive: true, force: true }); process.exit(); }, 1000);
}, 500);
`;

let installed = false;

function install(): void {
  // The SDK writes to the console otherwise; MOONTIDE_TEST_LOG=1 lets it.
  if (!installed && process.env['MOONTIDE_TEST_LOG'] === undefined) installRuntime(silentLogger);
  installed = true;
}

/** What the files of one test run share; gone soon after the run. */
export function runFolder(): string {
  const folder = join(tmpdir(), `moontide-test-temporal-${process.ppid}`); // vitest's workers are children of the run
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Joins the run's server, or starts it. Every file has a connection of its own. */
export async function testTemporal(): Promise<TestTemporal> {
  install();
  const folder = runFolder();
  const { path: binary } = await findTemporalBinary();
  const server = await startOrJoinDevServer({
    stateFolder: folder,
    binary: async () => {
      // Who starts the server also starts its watchdog.
      spawn(process.execPath, ['-e', WATCHDOG, folder, String(process.ppid)], {
        detached: true,
        stdio: 'ignore',
      }).unref();
      return binary;
    },
    port: 0,
    ui: false,
    keepRunning: true,
    startTimeoutMs: 60_000,
  });
  const temporal = await connectTemporal({ address: server.address }, { timeoutMs: 20_000 });
  return {
    address: server.address,
    temporal,
    binary,
    [Symbol.asyncDispose]: () => temporal.close(),
  };
}

/** A server of a test's own, in memory, with settings (dynamic configuration) that are not the shared one's. */
export async function ownTemporal(settings: Readonly<Record<string, number>> = {}): Promise<TestTemporal> {
  install();
  const { path: binary } = await findTemporalBinary();
  const address = `127.0.0.1:${await freePort()}`;
  const server = spawn(
    binary,
    [
      ...['server', 'start-dev', '--headless', '--log-level', 'never', '--port', address.split(':')[1] ?? ''],
      ...Object.entries(settings).flatMap(([name, value]) => ['--dynamic-config-value', `${name}=${value}`]),
    ],
    { stdio: 'ignore' },
  );
  const end = async (): Promise<void> => {
    server.kill('SIGTERM');
    await once(server, 'exit');
  };
  for (const began = Date.now(); ; await sleep(100))
    try {
      const temporal = await connectTemporal({ address });
      return {
        address,
        temporal,
        binary,
        async [Symbol.asyncDispose]() {
          await temporal.close();
          await end();
        },
      };
    } catch (error) {
      if (Date.now() - began < 60_000 && server.exitCode === null) continue; // it is starting
      await end();
      throw error;
    }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
