// A child process of a test that runs a TypeScript file as it is, and talks in lines.
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const hooks = fileURLToPath(new URL('./typescript-hooks.js', import.meta.url));

export class Child {
  /** Exit code, or the name of the signal. */
  readonly ended: Promise<number | string>;
  readonly lines: string[] = [];
  readonly #process: ChildProcess;
  readonly #name: string;
  #wake: () => void = () => undefined;
  #isOver = false;

  constructor(file: URL, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    this.#name = path.basename(file.pathname);
    const child = spawn(process.execPath, ['--import', hooks, fileURLToPath(file), ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env,
    });
    this.#process = child;
    const reader = createInterface({ input: child.stdout });
    reader.on('line', (line) => {
      this.lines.push(line);
      this.#wake();
    });
    child.stdin.on('error', () => undefined); // it may have been killed
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        this.#isOver = true;
        this.#wake();
        resolve(code ?? signal ?? 0);
      });
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  say(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#process.kill(signal);
  }

  /** The first line that begins so. */
  async line(start: string): Promise<string> {
    for (;;) {
      const found = this.lines.find((line) => line.startsWith(start));
      if (found !== undefined) return found;
      if (this.#isOver)
        throw new Error(`${this.#name} ended without saying '${start}': ${this.lines.join(' | ')}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
