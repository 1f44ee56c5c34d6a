// A real Postgres for tests: a server of one's own that may be stopped and killed, and one that all test files of a run share.
// P1: the shared server is started by the first file that needs it and stopped by the run's end (global-setup.ts).
// P2: a test file has a database of its own, cloned from a migrated template; it fails on connections that are left open.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { openPostgresStore } from '../../src/registry/store/postgres-store.js';
import { findPostgres } from './postgres-binaries.js';

const USER = 'moontide';
/** `nobody` of every Debian, Alpine and Fedora. */
const NOBODY = 65_534;
const asWho = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

export interface PostgresOptions {
  /** Syncs to disk at every commit. Default false: what a test kills is the server, not the machine. */
  readonly fsync?: boolean;
  readonly port?: number;
}

export class PostgresServer implements AsyncDisposable {
  readonly port: number;
  readonly folder: string;
  readonly #fsync: boolean;
  #process: ChildProcess | undefined;

  private constructor(folder: string, port: number, fsync: boolean) {
    this.folder = folder;
    this.port = port;
    this.#fsync = fsync;
  }

  /** A new cluster in a folder of its own, running. */
  static async start(options: PostgresOptions = {}): Promise<PostgresServer> {
    const folder = mkdtempSync(path.join(tmpdir(), 'moontide-pg-'));
    if (asWho.uid !== undefined) chownSync(folder, asWho.uid, asWho.gid);
    const server = new PostgresServer(folder, options.port ?? (await freePort()), options.fsync ?? false);
    const { bin, lib } = findPostgres();
    const made = spawnSync(
      path.join(bin, 'initdb'),
      ['-D', server.#data, '-U', USER, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
      { ...asWho, cwd: '/', encoding: 'utf8', env: environment(lib) },
    );
    if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? ''}${made.stderr}`);
    await server.start();
    return server;
  }

  get #data(): string {
    return path.join(this.folder, 'data');
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  url(database = 'postgres', port = this.port): string {
    return `postgres://${USER}@127.0.0.1:${port}/${database}`;
  }

  async start(): Promise<void> {
    const { bin, lib } = findPostgres();
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      fsync: this.#fsync ? 'on' : 'off',
      synchronous_commit: this.#fsync ? 'on' : 'off',
      max_connections: '200',
      shared_buffers: '64MB',
      log_min_messages: 'fatal',
    };
    const server = spawn(
      path.join(bin, 'postgres'),
      [
        '-D',
        this.#data,
        '-p',
        String(this.port),
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      { ...asWho, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'], env: environment(lib), detached: true },
    );
    this.#process = server;
    let output = '';
    server.stderr.on('data', (chunk: Buffer) => {
      output = `${output}${chunk.toString()}`.slice(-4_000);
    });
    for (let tries = 0; ; tries++) {
      if (server.exitCode !== null || tries > 300)
        throw new Error(`Postgres did not start on port ${this.port}: ${output}`);
      try {
        await this.query('select 1');
        return;
      } catch {
        await pause(50); // it is still starting
      }
    }
  }

  /** 'immediate' is a crash: no checkpoint, connections cut. */
  async stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    const server = this.#process;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await ended;
    this.#process = undefined;
  }

  /** Leaves the server to the run's end: this process may go. */
  detach(): void {
    this.#process?.unref();
    this.#process?.stderr?.destroy();
  }

  async query(sql: string, database = 'postgres'): Promise<pg.QueryResult> {
    return query(this.url(database), sql);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('immediate');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export async function query(url: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined); // the query tells it
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

const environment = (lib: string | undefined): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  LC_ALL: 'C',
  TZ: 'UTC',
  ...(lib === undefined ? {} : { LD_LIBRARY_PATH: lib }),
});

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}

// --- the server of a run --------------------------------------------------------------------------------------------

const TEMPLATE = 'template_moontide';

interface Shared {
  readonly port: number;
  readonly pid: number;
  readonly folder: string;
}

/** Folder of the run, set by global-setup.ts. */
const runFolder = (): string => {
  const folder = process.env.MOONTIDE_TEST_RUN;
  if (folder === undefined) throw new Error('MOONTIDE_TEST_RUN is not set; run the tests with vitest');
  return folder;
};

async function sharedServer(): Promise<Shared> {
  const folder = runFolder();
  const ready = path.join(folder, 'postgres.json');
  const lock = path.join(folder, 'postgres.lock');
  for (let tries = 0; tries < 1_200; tries++) {
    if (existsSync(ready)) return JSON.parse(readFileSync(ready, 'utf8')) as Shared;
    if (takes(lock)) {
      const server = await PostgresServer.start();
      await server.query(`create database ${TEMPLATE}`);
      await (await openPostgresStore({ url: server.url(TEMPLATE) }))[Symbol.asyncDispose]();
      const shared: Shared = { port: server.port, pid: server.pid ?? 0, folder: server.folder };
      server.detach();
      writeFileSync(`${ready}.part`, JSON.stringify(shared));
      renameSync(`${ready}.part`, ready);
      return shared;
    }
    await pause(50);
  }
  throw new Error('another test file did not get its Postgres started within 60 s');
}

function takes(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

export interface PostgresDatabase extends AsyncDisposable {
  readonly url: string;
  query(sql: string): Promise<pg.QueryResult>;
  /** Throws when somebody is still connected. */
  assertNobodyConnected(): Promise<void>;
}

/** A database of its own, migrated; dropped when disposed. */
export async function createDatabase(): Promise<PostgresDatabase> {
  const { port } = await sharedServer();
  const name = `test_${process.pid}_${Math.random().toString(36).slice(2, 10)}`;
  const urlOf = (database: string): string => `postgres://${USER}@127.0.0.1:${port}/${database}`;
  const admin = (sql: string): Promise<pg.QueryResult> => query(urlOf('postgres'), sql);
  await admin(`create database ${name} template ${TEMPLATE}`);
  const connected = async (): Promise<string[]> => {
    const { rows } = await admin(
      `select application_name || ': ' || query as who from pg_stat_activity where datname = '${name}'`,
    );
    return (rows as { who: string }[]).map(({ who }) => who);
  };
  const assertNobodyConnected = async (): Promise<void> => {
    for (let tries = 0; ; tries++) {
      const left = await connected();
      if (left.length === 0) return;
      // A connection that was closed takes a moment to be gone.
      if (tries === 40) throw new Error(`connections to Postgres were left open: ${left.join(' | ')}`);
      await pause(50);
    }
  };
  return {
    url: urlOf(name),
    query: (sql) => query(urlOf(name), sql),
    assertNobodyConnected,
    async [Symbol.asyncDispose]() {
      try {
        await assertNobodyConnected();
      } finally {
        await admin(`drop database ${name} with (force)`);
      }
    },
  };
}
