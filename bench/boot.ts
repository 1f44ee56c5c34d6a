// `npm run bench -- boot`: from the start of `moontide run` to 100 services that run, on the embedded stack.
// Each service is a process.service of its own that prints a line; the clock runs from the start of the process. Rounds are whole
// starts in one folder, so that all but the first find their supervisor and its services as they were left; medians of those.
// And `moontide run -x` of a program that prints a line, warm.
// Arguments: `--services N` (default 100), `--rounds N` (default 5).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, result, round } from './machine.js';
import type { BenchOptions, BenchResult } from './machine.js';
import { option, say } from './workflows/sides.js';

const BIN = fileURLToPath(new URL('../../bin/moontide.js', import.meta.url));

const LUA = `return { main = function() print("runs"); process.events():receive() end }`;

function makeApp(services: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'moontide-boot-'));
  mkdirSync(join(folder, 'src'));
  writeFileSync(join(folder, 'moontide.yaml'), 'name: boot\n');
  writeFileSync(join(folder, 'src/worker.lua'), LUA);
  const entries = Array.from(
    { length: services },
    (_, n) =>
      `  - { name: s${n}, kind: process.service, process: worker, host: hosts, lifecycle: { auto_start: true } }`,
  );
  writeFileSync(
    join(folder, 'src/_index.yaml'),
    `version: "1.0"
namespace: app
entries:
  - { name: hosts, kind: process.host }
  - { name: hello, kind: process.lua, source: "return { main = function() print('hello') end }", method: main }
  - { name: worker, kind: process.lua, source: file://worker.lua, method: main }
${entries.join('\n')}
`,
  );
  return folder;
}

interface Boot {
  readonly readyMs: number;
  readonly runningMs: number;
  readonly stopMs: number;
}

async function boot(folder: string, services: number): Promise<Boot> {
  const began = performance.now();
  const child = spawn(process.execPath, [BIN, '--app', folder, 'run'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, MOONTIDE_SKIP_BUILD: '1', NO_COLOR: '1' },
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let readyMs = 0;
  let lines = 0;
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      const text = chunk.toString();
      if (readyMs === 0 && text.includes('ready:')) readyMs = performance.now() - began;
      lines += text.split('runs\n').length - 1;
      if (lines >= services) resolve();
    });
    child.once('close', () => reject(new Error(`the node ended after ${lines} services:\n${errors}`)));
  });
  const runningMs = performance.now() - began;
  const stopped = performance.now();
  child.kill('SIGTERM');
  await ended;
  return { readyMs, runningMs, stopMs: performance.now() - stopped };
}

/** `moontide run -x` of a program that prints a line. */
async function execute(folder: string): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, [BIN, '--app', folder, 'run', '-x', 'app:hello'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, MOONTIDE_SKIP_BUILD: '1', NO_COLOR: '1' },
  });
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`run -x ended with ${code}`);
  return performance.now() - began;
}

export async function bench({ args }: BenchOptions): Promise<BenchResult> {
  const services = option(args, 'services', 100);
  const rounds = option(args, 'rounds', 5);
  const folder = makeApp(services);
  try {
    const first = await boot(folder, services);
    say(`first start: ready ${Math.round(first.readyMs)} ms, all run ${Math.round(first.runningMs)} ms`);
    const boots: Boot[] = [];
    for (let n = 0; n < rounds; n += 1) {
      const one = await boot(folder, services);
      boots.push(one);
      say(
        `start ${n + 2}: ready ${Math.round(one.readyMs)} ms, all run ${Math.round(one.runningMs)} ms, stop ${Math.round(one.stopMs)} ms`,
      );
    }
    await execute(folder); // the next ones are warm
    const executed: number[] = [];
    for (let n = 0; n < rounds; n += 1) executed.push(await execute(folder));
    const of = (pick: (one: Boot) => number): number => round(median(boots.map(pick)) / 1000);
    return result(
      'boot',
      {
        firstRunningSeconds: round(first.runningMs / 1000),
        readySeconds: of(({ readyMs }) => readyMs),
        runningSeconds: of(({ runningMs }) => runningMs),
        stopSeconds: of(({ stopMs }) => stopMs),
        execSeconds: round(median(executed) / 1000),
      },
      {
        execSeconds: '<= 3',
        ...(services === 100 ? { firstRunningSeconds: '<= 3', runningSeconds: '<= 3' } : {}),
      },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
