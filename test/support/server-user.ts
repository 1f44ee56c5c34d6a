// A user of an embedded Temporal server in a process of its own, which tests can end in every way.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { findTemporalBinary } from '../../src/temporal/binary.js';
import { isAlive } from '../../src/temporal/dev-server-process.js';

const built = pathToFileURL(
  fileURLToPath(new URL('../../dist/src/temporal/dev-server.js', import.meta.url)),
).href;

/** Enters, tells of it on stdout as lines of JSON, and leaves on SIGTERM (orderly) or SIGUSR2 (process.exit). */
const PROGRAM = `
const [module, folder, binary, port, mode] = process.argv.slice(1);
const say = (line) => process.stdout.write(JSON.stringify(line) + '\\n');
const { startOrJoinDevServer, joinDevServer } = await import(module);
const options = { stateFolder: folder, binary: async () => binary, port: Number(port), ui: false, startTimeoutMs: 60000,
  changed: ({ error, ...change }) => say({ ...change, ...(error ? { error: String(error) } : {}), pid: server?.pid }) };
const end = new AbortController();
process.on('SIGTERM', () => end.abort());
process.on('SIGUSR2', () => process.exit(0));
let server;
try {
  server = await (mode === 'join' ? joinDevServer : startOrJoinDevServer)({ ...options, signal: end.signal });
} catch (error) {
  if (!end.signal.aborted) throw error;
  process.exit(0);
}
if (server === undefined) { say({ what: 'nothing' }); process.exit(0); }
say({ what: 'entered', pid: server.pid, address: server.address, role: server.role });
const alive = setInterval(() => {}, 1000);
if (!end.signal.aborted) await new Promise((resolve) => end.signal.addEventListener('abort', resolve));
clearInterval(alive);
await server.stop();
`;

export interface Told {
  readonly what: 'entered' | 'nothing' | 'gone' | 'back' | 'failed';
  readonly pid: number;
  readonly address: string;
  readonly role: 'started' | 'adopted' | 'joined';
  readonly moved?: boolean;
  readonly by?: 'us' | 'another';
}

export class ServerUserProcess {
  readonly child: ChildProcess;
  readonly told: Told[] = [];
  readonly ended: Promise<number | null>;
  stderr = '';

  private constructor(child: ChildProcess) {
    this.child = child;
    let rest = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.told.push(JSON.parse(line) as Told);
    });
    child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = new Promise((resolve) => child.once('close', (code) => resolve(code)));
  }

  static async spawn(
    folder: string,
    options: { readonly port?: number; readonly mode?: 'start' | 'join' } = {},
  ): Promise<ServerUserProcess> {
    const { path } = await findTemporalBinary();
    const { port = 0, mode = 'start' } = options;
    return new ServerUserProcess(
      spawn(
        process.execPath,
        ['--input-type=module', '-e', PROGRAM, built, folder, path, String(port), mode],
        {
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      ),
    );
  }

  /** What it told of this kind, `count` times. */
  async until(what: Told['what'], count = 1, timeoutMs = 60_000): Promise<Told> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = this.told.filter((each) => each.what === what)[count - 1];
      if (found !== undefined) return found;
      if (this.child.exitCode !== null || this.child.signalCode !== null || Date.now() > deadline)
        throw new Error(`no '${what}' in ${JSON.stringify(this.told)}\n${this.stderr}`);
      await sleep(10);
    }
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** An orderly end. */
  async leave(): Promise<number | null> {
    this.child.kill('SIGTERM');
    return this.ended;
  }
}

/** Process ids of the servers that have this folder's database, found apart from the code under test. */
export function serversOn(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words.includes('start-dev') && words.includes(join(folder, 'temporal.db')) && isAlive(pid);
      } catch {
        return false; // gone while we looked
      }
    });
}

/** Waits until something holds. */
export async function eventually(holds: () => boolean, timeoutMs = 10_000): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > deadline) return false;
    await sleep(10);
  }
  return true;
}
