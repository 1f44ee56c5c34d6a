// `npm run bench -- registry`: how long a boot, a change and a question take, and how much an entry costs, each also at a tenth.
// B1: boots are whole processes, from their start until they say that they are ready, on an app that is in the registry already.
// B2: a change is one entry through the editor: checked, linked, accepted, stored (synced to disk), live.
// B3: questions are never the same twice, so that no kept answer is measured; the index is there, the first question makes it.
// Arguments: `--entries N` (default 100 000 for changes and questions, a tenth of it for boots), `--rounds N` (boots, default 3).
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { dataObject } from '../src/core/data.js';
import { EventBus } from '../src/core/event-bus.js';
import { silentLogger } from '../src/core/logger.js';
import { RegistryEditor } from '../src/registry/editor.js';
import type { Entry } from '../src/registry/model/entry.js';
import { parseEntryId } from '../src/registry/model/ids.js';
import { openRegistry } from '../src/registry/service.js';
import type { RegistryStore } from '../src/registry/store/registry-store.js';
import { openPostgresStore } from '../src/registry/store/postgres-store.js';
import { openSqliteStore } from '../src/registry/store/sqlite-store.js';
import { kinds } from '../src/services/kinds.js';
import { median, result, round } from './machine.js';
import type { BenchOptions, BenchResult } from './machine.js';
import { benchPostgres } from './registry/postgres-server.js';

const BIN = fileURLToPath(new URL('../../bin/moontide.js', import.meta.url));
const CHANGES = 200;
const QUESTIONS = 5_000;
const GROUPS = 1_000;
const TYPES = ['page', 'tool', 'prompt', 'limit', 'view'];
const TEXT = 'A text as entries have it: some words that say what this one is for. ';

type Figures = Record<string, number>;

export async function bench({ args }: BenchOptions): Promise<BenchResult> {
  const most = numberOf(args, '--entries', 100_000);
  const rounds = numberOf(args, '--rounds', 3);
  const folder = mkdtempSync(join(tmpdir(), 'moontide-bench-registry-'));
  const figures: Figures = {};
  const targets: Record<string, string> = {};
  try {
    for (const entries of [most / 100, most / 10]) {
      const isMost = entries === most / 10;
      Object.assign(figures, await boots(join(folder, `app-${entries}`), entries, rounds));
      if (!isMost) continue;
      targets[`boot ${entries} entries, s`] = '<= 2';
      targets[`boot ${entries} entries, store part, s`] = '<= 0.5';
    }
    for (const entries of [most / 10, most]) {
      const open = (): Promise<RegistryStore> =>
        openSqliteStore({ path: join(folder, `registry-${entries}.db`) });
      Object.assign(figures, await changesAndQuestions('SQLite', open, entries));
    }
    targets[`change at ${most}, SQLite, p50 ms`] = '<= 10';
    targets[`find by two fields at ${most}, p99 ms`] = '<= 1';
    await using postgres = await benchPostgres();
    if (postgres === undefined)
      process.stderr.write('no Postgres: install one, or name one with DATABASE_URL\n');
    else {
      for (const entries of [most / 10, most]) {
        const schema = `bench_${entries}`;
        const open = (): Promise<RegistryStore> => openPostgresStore({ url: postgres.url, schema });
        Object.assign(figures, await changesAndQuestions('Postgres', open, entries));
      }
      targets[`change at ${most}, Postgres, p50 ms`] = '<= 20';
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return result('registry', figures, targets);
}

function numberOf(args: readonly string[], name: string, otherwise: number): number {
  const at = args.indexOf(name);
  return at < 0 ? otherwise : Number(args[at + 1] ?? otherwise);
}

// --- boots --------------------------------------------------------------------------------------------------------------

const PER_FILE = 100;

/** Nine of ten entries are data, the tenth is a function of its own source. */
function writeApp(folder: string, entries: number): void {
  mkdirSync(join(folder, 'src'), { recursive: true });
  writeFileSync(join(folder, 'moontide.yaml'), 'name: bench\n');
  for (let file = 0; file * PER_FILE < entries; file++) {
    const lines = [`version: "1.0"`, `namespace: app.n${file}`, 'entries:'];
    for (let n = 0; n < PER_FILE; n++)
      lines.push(
        n % 10 === 0
          ? `  - { name: f${n}, kind: function.lua, source: "return function(x) return x + ${n} end" }`
          : `  - { name: e${n}, kind: registry.entry, meta: { type: ${TYPES[n % 5] ?? ''}, comment: "${TEXT}" }, value: ${n} }`,
      );
    mkdirSync(join(folder, `src/n${file}`));
    writeFileSync(join(folder, `src/n${file}/_index.yaml`), `${lines.join('\n')}\n`);
  }
}

async function boots(folder: string, entries: number, rounds: number): Promise<Figures> {
  writeApp(folder, entries);
  await boot(folder); // publishes the app
  const whole: number[] = [];
  const store: number[] = [];
  for (let n = 0; n < rounds; n++) {
    whole.push(await boot(folder));
    const began = performance.now();
    await using registry = await openRegistry({
      store: await openSqliteStore({ path: join(folder, '.moontide/registry.db') }),
      log: silentLogger,
      bus: new EventBus(),
      follow: false,
    });
    if (registry.current.size !== entries) throw new Error(`there are ${registry.current.size} entries`);
    store.push((performance.now() - began) / 1000);
  }
  return {
    [`boot ${entries} entries, s`]: round(median(whole)),
    [`boot ${entries} entries, store part, s`]: round(median(store)),
  };
}

/** Seconds until the node is ready. */
function boot(folder: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const node = spawn(process.execPath, [BIN, '--app', folder, '--log-level', 'error', 'run'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, DATABASE_URL: '', MOONTIDE_SKIP_BUILD: '1' },
    });
    let seconds: number | undefined;
    node.stdout.on('data', (chunk: Buffer) => {
      if (!chunk.toString().includes('ready:')) return;
      seconds = (performance.now() - began) / 1000;
      node.kill('SIGTERM');
    });
    node.once('error', reject);
    node.once('close', () => {
      if (seconds === undefined) reject(new Error('the node ended before it was ready'));
      else resolve(seconds);
    });
  });
}

// --- changes and questions --------------------------------------------------------------------------------------------------

const makeEntry = (n: number, value: number): Entry => ({
  id: parseEntryId(`app.n${n % 100}:e${n}`),
  kind: 'registry.entry',
  meta: dataObject({ type: TYPES[n % TYPES.length] ?? '', group: `g${n % GROUPS}`, comment: TEXT }),
  data: dataObject({ value, text: `${TEXT}${n}` }),
});

async function changesAndQuestions(
  engine: string,
  open: () => Promise<RegistryStore>,
  entries: number,
): Promise<Figures> {
  await fill(open, entries);
  const before = heapBytes();
  await using registry = await openRegistry({
    store: await open(),
    log: silentLogger,
    bus: new EventBus(),
    follow: false,
  });
  const bytes = (heapBytes() - before) / entries;
  const editor = new RegistryEditor({
    registry,
    log: silentLogger,
    kinds: new Map(kinds.map((kind) => [kind.name, kind])),
    modules: { built: [], known: [] },
    compile: () => [],
  });
  const changes: number[] = [];
  for (let n = 0; n < CHANGES; n++) {
    const entry = makeEntry((n * 7_919) % entries, entries + n);
    const began = performance.now();
    await editor.apply({ changes: [{ op: 'update', entry }] });
    changes.push(performance.now() - began);
  }
  const figures: Figures = {
    [`change at ${entries}, ${engine}, p50 ms`]: round(percentile(changes, 0.5)),
    [`change at ${entries}, ${engine}, p99 ms`]: round(percentile(changes, 0.99)),
  };
  if (engine !== 'SQLite') return figures;
  const view = registry.current;
  const questions: number[] = [];
  const ask = (n: number): number => {
    const filter = { 'meta.type': TYPES[n % TYPES.length] ?? '', 'meta.group': `g${n % GROUPS}` };
    const began = performance.now();
    view.find({ ...filter, '.kind': n < QUESTIONS / 2 ? 'registry.entry' : 'function.lua' });
    return performance.now() - began;
  };
  const first = ask(0);
  for (let n = 1; n < QUESTIONS; n++) questions.push(ask(n));
  return {
    ...figures,
    [`find by two fields at ${entries}, p99 ms`]: round(percentile(questions, 0.99)),
    [`find by two fields at ${entries}, first ms`]: round(first),
    [`bytes per entry at ${entries}`]: Math.round(bytes),
  };
}

async function fill(open: () => Promise<RegistryStore>, entries: number): Promise<void> {
  const log = silentLogger;
  await using registry = await openRegistry({ store: await open(), log, bus: new EventBus(), follow: false });
  const all = Array.from({ length: entries }, (_, n) => makeEntry(n, n));
  await registry.apply({ entries: all, comment: 'filled for a benchmark' });
}

function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

/** In use after a full collection. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}
