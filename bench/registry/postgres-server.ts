// A Postgres for a benchmark: the one of DATABASE_URL, or a cluster of its own from an installed Postgres, gone afterwards.
import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

export interface BenchPostgres extends AsyncDisposable {
  readonly url: string;
}

const INSTALLED = '/usr/lib/postgresql';
/** `nobody` of Debian: Postgres refuses to run as root. */
const NOBODY = 65_534;

/** undefined: there is none. */
export async function benchPostgres(): Promise<BenchPostgres | undefined> {
  const given = process.env['DATABASE_URL'];
  if (given !== undefined && given !== '')
    return { url: given, [Symbol.asyncDispose]: () => Promise.resolve() };
  const versions = existsSync(INSTALLED) ? readdirSync(INSTALLED).sort() : [];
  const bin = join(INSTALLED, versions.at(-1) ?? '', 'bin');
  if (!existsSync(join(bin, 'initdb'))) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'moontide-bench-pg-'));
  const who = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  if (who.uid !== undefined) chownSync(folder, who.uid, who.gid);
  const data = join(folder, 'data');
  const made = spawnSync(join(bin, 'initdb'), ['-D', data, '-U', 'moontide', '-A', 'trust', '-E', 'UTF8'], {
    ...who,
    cwd: '/',
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'shared_buffers=256MB'];
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    { ...who, cwd: '/', stdio: 'ignore' },
  );
  const url = `postgres://moontide@127.0.0.1:${port}/postgres`;
  for (let tries = 0; !(await answers(url)); tries++) {
    if (tries > 200 || server.exitCode !== null) throw new Error('Postgres did not start');
    await pause(50);
  }
  return {
    url,
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGQUIT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // it is asked again
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
