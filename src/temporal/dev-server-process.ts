// Looks at processes: which are servers of a given database, whether one lives, and ending them. Host only.
// P1: a process id alone names nobody: it counts with the command line of our server, or with its mark (when it was born).
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, readdir, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const POLL_MS = 20;
const STOP_GRACE_MS = 5000;

/** Fields of /proc/<pid>/stat, counted from the one after the state. */
const THREADS = 16;
const BORN = 18;

export const isAlive = (pid: number): boolean => processMark(pid) !== undefined;

/** What tells the process that has this id now from a later one of the same id; undefined: there is none. */
export function processMark(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined; // EPERM: there, but of another user
  }
  if (process.platform !== 'linux') return 'alive';
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // An ended process whose parent never asked for its exit code (containers without an init keep those) is gone, but
    // not while it has other threads: until they have ended too, its files and ports are still taken.
    const ended = (state === 'Z' && Number(rest[THREADS] ?? 1) <= 1) || state === 'X';
    return ended ? undefined : (rest[BORN] ?? 'alive');
  } catch {
    return 'alive'; // gone between the two looks, or no /proc: what `kill` said stands
  }
}

/** Fields of /proc/net/tcp (proc(5)). */
const LOCAL = 1;
const STATE = 3;
const INODE = 9;
const LISTENING = '0A';

/** Whether the process itself listens on the port, and not somebody else; undefined where that cannot be told. */
export async function listensOn(pid: number, port: number): Promise<boolean | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
    const sockets = new Set(
      (await readFile('/proc/net/tcp', 'utf8'))
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
        .filter((fields) => fields[LOCAL]?.endsWith(wanted) === true && fields[STATE] === LISTENING)
        .map((fields) => `socket:[${fields[INODE] ?? ''}]`),
    );
    const folder = `/proc/${pid}/fd`;
    const targets = await Promise.all(
      (await readdir(folder)).map((name) => readlink(`${folder}/${name}`).catch(() => '')), // closed meanwhile
    );
    return targets.some((target) => sockets.has(target));
  } catch {
    return isAlive(pid) ? undefined : false; // no /proc, or another user's process; or it has just ended
  }
}

/** Sends a signal; a process that is gone has got what it wants. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Whether `pid` is a Temporal dev server on this database file, and not a stranger that got the id since. */
export async function isServerOf(pid: number, database: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const words = await commandLine(pid);
  // Where command lines cannot be read, the id and the answer at the address have to do.
  return words === undefined || isServer(words, database);
}

/** All dev servers on this database file, whoever started them. Where processes cannot be listed: none. */
export async function serversOf(database: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (const [pid, words] of await commandLines())
    if (pid !== process.pid && isServer(words, database) && isAlive(pid)) found.push(pid);
  return found;
}

/** Ends them, politely first. */
export async function endProcesses(pids: readonly number[]): Promise<void> {
  for (const name of ['SIGTERM', 'SIGKILL'] as const) {
    const living = pids.filter(isAlive);
    for (const pid of living) signal(pid, name);
    await Promise.all(living.map((pid) => processExit(pid, STOP_GRACE_MS)));
  }
}

/** True once the process is gone; false when it still lives after `timeoutMs`. */
export async function processExit(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (isAlive(pid)) {
    if (Date.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** Words of a command line; a single text where the system does not keep them apart. */
type Words = readonly string[] | string;

function isServer(words: Words, database: string): boolean {
  if (typeof words === 'string') return words.includes(' start-dev ') && words.includes(database);
  return words.includes('start-dev') && words[words.indexOf('--db-filename') + 1] === database;
}

const ofProc = (raw: string): Words => raw.split('\0');

async function commandLine(pid: number): Promise<Words | undefined> {
  if (process.platform === 'win32') return undefined;
  try {
    return ofProc(await readFile(`/proc/${pid}/cmdline`, 'utf8'));
  } catch {
    // No /proc (macOS): ask ps.
  }
  try {
    return (await run('ps', ['-ww', '-o', 'command=', '-p', String(pid)])).stdout;
  } catch {
    return undefined;
  }
}

async function commandLines(): Promise<readonly (readonly [number, Words])[]> {
  if (process.platform === 'linux') {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
    const all = await Promise.all(pids.map(async (pid) => [pid, await commandLine(pid)] as const));
    return all.flatMap(([pid, words]) => (words === undefined ? [] : [[pid, words] as const]));
  }
  if (process.platform === 'win32') return [];
  try {
    const { stdout } = await run('ps', ['-axww', '-o', 'pid=,command='], { maxBuffer: 1 << 24 });
    return stdout
      .split('\n')
      .map((line) => /^\s*(\d+) (.*)$/.exec(line))
      .flatMap((found) => (found === null ? [] : [[Number(found[1]), found[2] ?? ''] as const]));
  } catch {
    return []; // no ps: what the state file says has to do
  }
}
