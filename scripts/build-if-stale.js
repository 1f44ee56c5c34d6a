// Builds a source checkout when its build is missing or older than its sources, and says so.
// Several commands may start at once: one builds, the others wait for it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the build is made from. */
const SOURCES = ['src', 'workflows', 'activities', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];
/** Written last by the build. */
const RESULT = 'dist/workflow-bundle.js';
const WAIT_MS = 200;
/** A lock without an owner this long after it was made is nobody's. */
const ABANDONED_MS = 5000;

function newest(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  // A folder's own time tells of files that went.
  let latest = found.mtimeMs;
  for (const item of readdirSync(path)) latest = Math.max(latest, newest(join(path, item)));
  return latest;
}

function isStale(root) {
  const built = statSync(join(root, RESULT), { throwIfNoEntry: false });
  if (built === undefined || !existsSync(join(root, 'dist/src/cli/main.js'))) return true;
  return SOURCES.some((source) => newest(join(root, source)) > built.mtimeMs);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function pause(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Takes the lock, a folder with the owner's process id; false when another one has just built. */
function lock(folder) {
  for (let told = false; ; pause(WAIT_MS)) {
    try {
      mkdirSync(folder);
      writeFileSync(join(folder, 'pid'), String(process.pid));
      return !told;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    let owner;
    try {
      owner = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    } catch {
      // Just made, or just taken away; or its maker died between the two steps.
      const made = statSync(folder, { throwIfNoEntry: false })?.mtimeMs;
      if (made !== undefined && Date.now() - made > ABANDONED_MS)
        rmSync(folder, { recursive: true, force: true });
      continue;
    }
    if (!isAlive(owner)) rmSync(folder, { recursive: true, force: true });
    else if (!told) {
      process.stderr.write('moontide: another command is building; waiting for it\n');
      told = true;
    }
  }
}

/** The exit code: 0 when there is a fresh build. */
export function buildIfStale(root) {
  if (!isStale(root)) return 0;
  if (!existsSync(join(root, 'node_modules/typescript'))) {
    process.stderr.write('moontide: this checkout has no build and no dependencies; run `npm ci` first\n');
    return 1;
  }
  const folder = join(root, 'dist/.building');
  mkdirSync(join(root, 'dist'), { recursive: true });
  const first = lock(folder);
  try {
    if (!first && !isStale(root)) return 0;
    process.stderr.write('moontide: building, once per change of the sources\n');
    const build = spawnSync(process.execPath, [join(root, 'scripts/build.js')], {
      cwd: root,
      stdio: ['ignore', 2, 2],
    });
    return build.status === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
