// Once for a run of vitest: a folder for what test files share, and the end of what they started there (postgres.ts).
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export function setup(): () => void {
  const folder = mkdtempSync(path.join(tmpdir(), 'moontide-run-'));
  process.env.MOONTIDE_TEST_RUN = folder;
  return () => {
    stopPostgres(path.join(folder, 'postgres.json'));
    rmSync(folder, { recursive: true, force: true });
  };
}

function stopPostgres(file: string): void {
  if (!existsSync(file)) return;
  const { pid, folder } = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; folder: string };
  try {
    process.kill(pid, 'SIGQUIT');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  rmSync(folder, { recursive: true, force: true });
}
