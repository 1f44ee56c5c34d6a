// Runs the real command line in processes of their own.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BIN = join(ROOT, 'bin/moontide.js');

/** The build is checked once per file, not by each of its many commands. */
export async function buildOnce(): Promise<void> {
  if (process.env['MOONTIDE_SKIP_BUILD'] === '1') return;
  const script = `${ROOT}/scripts/build-if-stale.js`;
  const { buildIfStale } = (await import(script)) as { buildIfStale: (root: string) => number };
  if (buildIfStale(ROOT) !== 0) throw new Error('the build failed');
}

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Without what the developer's own shell says about Temporal. */
const environment = (more: Environment): NodeJS.ProcessEnv => {
  const clean = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('TEMPORAL_') && !name.startsWith('VITEST'),
  );
  return { ...Object.fromEntries(clean), MOONTIDE_SKIP_BUILD: '1', NO_COLOR: '1', ...more };
};

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Environment;
  /** What stands on its input. Default: there is none. */
  readonly input?: string;
}

/** Those that have not ended; a test that fails leaves some. */
const running = new Set<CliProcess>();
/** How long a process may take to stop before it is killed. Milliseconds. */
const STOP_MS = 10_000;

export class CliProcess {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  /** Settles when the process is gone. */
  readonly ended: Promise<CliResult>;

  constructor(args: readonly string[], options: CliOptions = {}) {
    this.child = spawn(process.execPath, [BIN, ...args], {
      cwd: options.cwd ?? ROOT,
      env: environment(options.env ?? {}),
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    this.child.stdin?.end(options.input);
    this.child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    running.add(this);
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code) => {
        running.delete(this);
        resolve({ code, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Waits until stdout matches. */
  async until(pattern: RegExp, timeoutMs = 30_000): Promise<RegExpExecArray> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const match = pattern.exec(this.stdout);
      if (match !== null) return match;
      const gone = this.child.exitCode !== null || this.child.signalCode !== null;
      if (gone || Date.now() > deadline)
        throw new Error(`no ${String(pattern)} in:\n${this.stdout}\n--- stderr\n${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}

export const cli = (args: readonly string[], options?: CliOptions): Promise<CliResult> =>
  new CliProcess(args, options).ended;

async function endAll(): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const process of running) process.signal(signal);
    const ended = Promise.all([...running].map((process) => process.ended));
    const late = new AbortController();
    await Promise.race([ended, sleep(STOP_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
    late.abort();
  }
}

/** A folder for an app, gone when the test file ends, and what runs there with it. */
export class TestFolders {
  readonly #folders: string[] = [];

  /** `files` by path relative to the folder. */
  make(files: Readonly<Record<string, string>>): string {
    const folder = mkdtempSync(join(tmpdir(), 'moontide-e2e-'));
    this.#folders.push(folder);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return folder;
  }

  /** A copy of an example, without its state. */
  copy(example: string): string {
    const folder = this.make({});
    cpSync(join(ROOT, 'examples', example), folder, {
      recursive: true,
      filter: (source) => !source.includes('.moontide'),
    });
    return folder;
  }

  async clean(): Promise<void> {
    await endAll();
    for (const folder of this.#folders)
      if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
  }
}
