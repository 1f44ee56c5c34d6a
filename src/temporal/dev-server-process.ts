// Looks at processes by id: whether one lives, and whether it is the server of a given database. Host only.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // there, but of another user
  }
  return !isZombie(pid);
}

/** An ended process whose parent never asked for its exit code (containers without an init keep those). */
function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false; // gone between the two looks, or no /proc: what `kill` said stands
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
  const line = await commandLine(pid);
  // Where command lines cannot be read, the id and the answer at the address have to do.
  return line === undefined || (line.includes('start-dev') && line.includes(database));
}

async function commandLine(pid: number): Promise<string | undefined> {
  if (process.platform === 'win32') return undefined;
  try {
    const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    return raw.replaceAll('\0', ' ');
  } catch {
    // No /proc (macOS): ask ps.
  }
  try {
    const { stdout } = await run('ps', ['-o', 'command=', '-p', String(pid)]);
    return stdout;
  } catch {
    return undefined;
  }
}

/** True once the process is gone; false when it still lives after `timeoutMs`. */
export async function processExit(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (isAlive(pid)) {
    if (Date.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}
