// A singleton and what runs on every node, on two and three nodes beside a Temporal and a Postgres of their own: the owner is killed, the node
// that runs the supervisor, Temporal, and Postgres.
// Each effect carries its fencing token, and the table refuses older ones.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findTemporalBinary } from '../../src/temporal/binary.js';
import { isOpen } from '../../src/temporal/dev-server-launch.js';
import { SqliteDatabase } from '../../src/registry/store/sqlite-driver.js';
import { connectTemporal } from '../../src/temporal/connection.js';
import { supervisorWorkflowId } from '../../src/temporal/names.js';
import { CliProcess, TestFolders, buildOnce, cli } from '../e2e/cli-process.js';
import type { CliOptions } from '../e2e/cli-process.js';
import { PostgresServer } from '../support/postgres.js';
import { figure, times, whole } from './scale.js';

/** Among so many nodes, one after the other. */
const NODES = times([2], [2, 3]);
const KILLS = times(2, 20);
/** How long Temporal is away, each time: longer than a lease, and so long that everybody has stopped trying often. Milliseconds. */
const OUTAGES = times([8000], [8000, 8000, 40_000, 8000, 40_000]);
const SUPERVISOR_KILLS = times(1, 5);
const POSTGRES_KILLS = times(1, 3);

const folders = new TestFolders();
const temporalFolder = mkdtempSync(join(tmpdir(), 'moontide-services-'));
let binary = '';
let postgres: PostgresServer;
let server: ChildProcess;
let port = 0;

beforeAll(async () => {
  await buildOnce();
  ({ path: binary } = await findTemporalBinary());
  port = await freePort();
  postgres = await PostgresServer.start();
  server = startServer();
  while (!(await isOpen(`127.0.0.1:${port}`))) await sleep(50);
}, 200_000);
afterAll(async () => {
  await folders.clean();
  await postgres[Symbol.asyncDispose]();
  server.kill('SIGKILL');
  rmSync(temporalFolder, { recursive: true, force: true });
});

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, '127.0.0.1', () => {
      const { port: free } = probe.address() as { port: number };
      probe.close(() => resolve(free));
    });
  });

function startServer(): ChildProcess {
  return spawn(
    binary,
    [
      'server',
      'start-dev',
      '--headless',
      '--port',
      String(port),
      '--db-filename',
      join(temporalFolder, 't.db'),
      '--log-level',
      'never',
    ],
    { stdio: 'ignore' },
  );
}

const LUA = (name: string, insert: string): string => `
local time = require("time")
local ctx = require("ctx")
local sql = require("sql")
return {
  main = function()
    local fence = ctx.get("fence")
    local db = sql.get("app:db")
    while true do
      db:execute("${insert}", { "${name}", fence, process.pid(), "${name}", fence })
      time.sleep("100ms")
    end
  end,
}
`;
/** An effect that an older life comes too late for is none. */
const FENCED =
  'INSERT INTO effects (service, fence, life) SELECT ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM effects WHERE service = ? AND fence > ?)';
/** What is on every node has no older and newer: each node writes. */
const PLAIN = "INSERT INTO effects (service, fence, life) SELECT ?, ?, ? WHERE ? <> '' AND ? > 0";
const INDEX = `
version: "1.0"
namespace: app
entries:
  - { name: hosts, kind: process.host }
  - { name: db, kind: db.sql.sqlite, file: ./effects.db }
  - { name: single_process, kind: process.lua, source: file://single.lua, method: main, modules: [time, ctx, sql] }
  - { name: each_process, kind: process.lua, source: file://each.lua, method: main, modules: [time, ctx, sql] }
  - { name: single, kind: process.service, process: single_process, host: hosts, lifecycle: { auto_start: true } }
  - name: each
    kind: process.service
    process: each_process
    host: hosts
    lifecycle: { auto_start: true, placement: every_node }
`;

interface Effect {
  readonly id: number;
  readonly fence: number;
  readonly life: string;
  readonly at: number;
}
interface Shown {
  readonly id: string;
  readonly state: string;
  readonly node: string | null;
  readonly life: number;
  readonly failures: number;
}

class App {
  readonly folder: string;
  readonly nodes = new Map<string, CliProcess>();

  constructor() {
    this.folder = realpathSync(
      folders.make({
        'moontide.yaml': 'name: singles\n',
        'src/_index.yaml': INDEX,
        'src/single.lua': LUA('single', FENCED),
        'src/each.lua': LUA('each', PLAIN),
      }),
    );
    using db = new SqliteDatabase(join(this.folder, 'effects.db'));
    db.exec(
      "CREATE TABLE effects (id INTEGER PRIMARY KEY, service TEXT, fence INTEGER, life TEXT, at INTEGER DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)))",
    );
  }

  effects(service: string): readonly Effect[] {
    using db = new SqliteDatabase(join(this.folder, 'effects.db'), { busyTimeoutMs: 5000 });
    return db.all('SELECT id, fence, life, at FROM effects WHERE service = ? ORDER BY id', [
      service,
    ]) as unknown as readonly Effect[];
  }

  get args(): readonly string[] {
    return ['--app', this.folder, '--address', `127.0.0.1:${port}`];
  }

  get options(): CliOptions {
    return { env: { DATABASE_URL: postgres.url() } };
  }

  async startNode(): Promise<void> {
    const node = new CliProcess([...this.args, '--json', 'run'], this.options);
    const [ready] = await node.until(/^\{"ready".*$/m, 120_000);
    const { pid } = JSON.parse(ready) as { pid: number };
    this.nodes.set(String(pid), node);
  }

  async stopNode(): Promise<void> {
    const [pid, node] = [...this.nodes].at(-1)!;
    this.nodes.delete(pid);
    node.signal('SIGTERM');
    expect((await node.ended).code).toBe(0);
  }

  async shown(): Promise<readonly Shown[]> {
    for (;;) {
      const { stdout } = await cli([...this.args, '--json', 'services'], this.options);
      if (stdout.startsWith('{"services"'))
        return (JSON.parse(stdout) as { services: readonly Shown[] }).services;
    }
  }

  /** Waits until so many nodes serve: one that just boots can take nothing. */
  async untilServing(count: number): Promise<void> {
    for (;;) {
      const { stdout } = await cli([...this.args, '--json', 'nodes'], this.options);
      if (!stdout.startsWith('{"nodes"')) continue;
      const { nodes } = JSON.parse(stdout) as { nodes: readonly { state: string; node: string }[] };
      const alive = nodes.filter(({ state, node }) => state === 'serving' && this.nodes.has(pidOf(node)));
      if (alive.length >= count) return;
    }
  }

  /** Waits until the server can say where a run is: it takes connections seconds before it does. */
  async untilServerAnswers(): Promise<void> {
    for (;;)
      try {
        await using temporal = await connectTemporal(
          { address: `127.0.0.1:${port}`, identity: 'test' },
          { timeoutMs: 1000 },
        );
        const supervisor = temporal.client.workflow.getHandle(supervisorWorkflowId('singles'));
        return void (await temporal.client.withDeadline(Date.now() + 1000, () => supervisor.describe()));
      } catch {
        await sleep(20);
      }
  }

  /** The process whose worker has done the newest task of the supervisor. */
  async supervisorsNode(): Promise<string> {
    await using temporal = await connectTemporal({ address: `127.0.0.1:${port}`, identity: 'test' });
    const { events } = await temporal.client.workflow
      .getHandle(supervisorWorkflowId('singles'))
      .fetchHistory();
    const last = events?.findLast(({ workflowTaskCompletedEventAttributes: done }) => done != null);
    return /^(\d+)@/.exec(last?.workflowTaskCompletedEventAttributes?.identity ?? '')?.[1] ?? '';
  }

  /** Lives of what is on every node that had an effect within the last three seconds. */
  livesNow(): string[] {
    const effects = this.effects('each').filter(({ at }) => at > Date.now() - 3000);
    return [...new Set(effects.map(({ life }) => life))].sort();
  }

  /** Waits until effects come that `fresh` picks, and gives the first. */
  async effect(what: string, service: string, fresh: (effect: Effect) => boolean): Promise<Effect> {
    for (let tries = 0; tries < 1200; tries += 1) {
      const found = this.effects(service).find(fresh);
      if (found !== undefined) return found;
      await sleep(50);
    }
    throw new Error(`never came: ${what}; ${JSON.stringify(this.effects(service).slice(-5))}`);
  }
}

/** Nodes are named `machine:process`. */
const pidOf = (node: string): string => /(\d+)$/.exec(node)?.[1] ?? '';

/** Processes that want each core beyond which a time says more of the machine than of us: it is told, and not judged. */
const BUSY = 3;

function expectFast(what: string, times: readonly number[], mostMs: number): void {
  const load = loadavg()[0]! / availableParallelism();
  const slow = times.filter((ms) => ms > mostMs);
  if (slow.length > 0 && load > BUSY)
    figure(`NOT JUDGED, ${load.toFixed(1)} processes for each core: ${what}, ms`, { mostMs, slow });
  else expect(slow, `${what}: more than ${mostMs} ms`).toEqual([]);
}

/** Tokens only grow, and each has one life. */
function expectOneOwner(effects: readonly Effect[]): void {
  const lives = new Map<number, string>();
  let last = 0;
  for (const { fence, life } of effects) {
    expect(fence).toBeGreaterThanOrEqual(last);
    last = fence;
    expect(lives.get(fence) ?? life, `two lives with token ${fence}`).toBe(life);
    lives.set(fence, life);
  }
}

describe('services on two and three nodes', () => {
  it.runIf(whole)(
    `have one owner through ${KILLS} kills of the owner among ${NODES.join(' and ')} nodes, ${SUPERVISOR_KILLS} of the supervisor's node, ${POSTGRES_KILLS} of Postgres, ${OUTAGES.length} of Temporal`,
    { timeout: 3_600_000 },
    async () => {
      const app = new App();
      await Promise.all([app.startNode(), app.startNode()]);
      await app.effect('it begins', 'single', () => true);
      for (const nodes of NODES) {
        const takenAfter: number[] = [];
        while (app.nodes.size < nodes) await app.startNode();
        for (let kill = 1; kill <= KILLS; kill += 1) {
          await app.untilServing(nodes);
          const single = (await app.shown()).find(({ id }) => id === 'app:single');
          const owner = pidOf(single?.node ?? '');
          const node = app.nodes.get(owner);
          if (node === undefined || single === undefined) {
            kill -= 1; // it is on its way
            continue;
          }
          node.signal('SIGKILL');
          const killed = Date.now();
          app.nodes.delete(owner);
          const next = await app.effect('another node has it', 'single', ({ fence }) => fence > single.life);
          takenAfter.push(next.at - killed);
          expect((await app.shown()).find(({ id }) => id === 'app:single')?.failures).toBe(0);
          await app.startNode();
        }
        figure('singleton after kill -9 of its owner, ms', { nodes, kills: KILLS, takenAfter });
        expectFast(`singleton on ${nodes} nodes after kill -9 of its owner`, takenAfter, 10_000);
        expectOneOwner(app.effects('single'));
      }
      while (app.nodes.size > 2) await app.stopNode();

      const supervisedAfter: number[] = [];
      for (let kill = 1; kill <= SUPERVISOR_KILLS; kill += 1) {
        await app.untilServing(2);
        const pid = await app.supervisorsNode();
        const node = app.nodes.get(pid);
        if (node === undefined) {
          kill -= 1; // one that is gone had the last word
          continue;
        }
        while (app.livesNow().length !== 2) await sleep(100);
        const lives = app.livesNow();
        node.signal('SIGKILL');
        const killed = Date.now();
        app.nodes.delete(pid);
        await app.shown(); // another node's worker answers
        supervisedAfter.push(Date.now() - killed);
        await app.startNode();
        await app.untilServing(2);
        while (app.livesNow().length !== 2) await sleep(100);
        expect(
          app.livesNow().filter((life) => lives.includes(life)),
          'the other node went on',
        ).toHaveLength(1);
      }
      figure('supervisor after kill -9 of its node, ms', { kills: SUPERVISOR_KILLS, supervisedAfter });
      expectOneOwner(app.effects('single'));

      for (let kill = 1; kill <= POSTGRES_KILLS; kill += 1) {
        await app.untilServing(2);
        while (app.livesNow().length !== 2) await sleep(100);
        const lives = app.livesNow();
        const { fence, id } = app.effects('single').at(-1)!;
        await postgres.stop('immediate');
        await sleep(8000); // longer than a lease
        await app.effect('the singleton goes on', 'single', (effect) => effect.id > id + 20);
        await postgres.start();
        await sleep(3000);
        expect(app.livesNow(), 'nothing on every node noticed').toEqual(lives);
        expect(app.effects('single').at(-1)!.fence, 'nor the singleton').toBe(fence);
      }
      figure('kills of Postgres that no service noticed', { kills: POSTGRES_KILLS });

      const backAfter: number[] = [];
      for (const awayMs of OUTAGES) {
        await app.untilServing(2);
        while (app.livesNow().length !== 2) await sleep(100); // every node has its own
        const lives = app.livesNow();
        server.kill('SIGKILL');
        await sleep(awayMs);
        const during = Date.now();
        await app.effect('what is on every node goes on', 'each', ({ at }) => at > during);
        server = startServer();
        const last = app.effects('single').at(-1)!.fence;
        await app.untilServerAnswers();
        const back = Date.now();
        const next = await app.effect('the singleton is back', 'single', ({ fence }) => fence > last);
        backAfter.push(Math.max(0, next.at - back)); // it may be sooner than our next look
        await sleep(20_000); // longer than adopt_timeout
        expect(app.livesNow(), 'the same lives').toEqual(lives);
        const shown = await app.shown();
        expect(shown.every(({ state, failures }) => state === 'Running' && failures === 0)).toBe(true);
      }
      figure('singleton after the return of Temporal, ms', { outages: OUTAGES, backAfter });
      expectFast('singleton after the return of Temporal', backAfter, 5000);
      expectOneOwner(app.effects('single'));
      for (const node of app.nodes.values()) node.signal('SIGTERM');
      for (const node of app.nodes.values()) expect((await node.ended).code).toBe(0);
      const count = app.effects('single').length;
      await sleep(500);
      expect(app.effects('single')).toHaveLength(count); // no orphan
    },
  );
});

/** As many as the app may have before anything else notices them. */
const SERVICES = 150;
const CALLS = 200;

it.runIf(whole)(
  `${SERVICES} services keep ${CALLS} calls at once from nothing, while they start`,
  { timeout: 300_000 },
  async () => {
    const services = Array.from(
      { length: SERVICES },
      (_, n) =>
        `  - { name: s${n}, kind: process.service, process: idle, host: hosts, lifecycle: { auto_start: true } }`,
    );
    const folder = folders.make({
      'moontide.yaml': 'name: crowd\n',
      'src/_index.yaml': `
version: "1.0"
namespace: app
entries:
  - { name: hosts, kind: process.host }
  - { name: idle, kind: process.lua, source: "return function() print('runs') process.events():receive() end" }
  - { name: door, kind: http.service, addr: '127.0.0.1:0', lifecycle: { auto_start: true } }
  - { name: guests, kind: http.router, meta: { server: door } }
  - { name: add, kind: function.lua, source: file://add.lua, modules: [http, time] }
  - { name: added, kind: http.endpoint, meta: { router: guests }, method: GET, path: '/{n}', func: add }
${services.join('\n')}
`,
      'src/add.lua': `local http, time = require("http"), require("time")
        return function()
          time.sleep("50ms")
          return http.response():write_json({ n = http.request():param("n") })
        end`,
    });
    const node = new CliProcess(['--app', folder, '--address', `127.0.0.1:${port}`, 'run']);
    await node.until(/^ready:/m, 120_000);
    const url = /listens on (http:\S+)/.exec(node.stderr)?.[1] ?? '';
    const runs = (): number => node.stdout.match(/^runs$/gm)?.length ?? 0;
    const before = runs();
    const began = performance.now();
    const answers = await Promise.all(
      Array.from({ length: CALLS }, async (_, n) => {
        const answer = await fetch(`${url}/${n}`);
        return ((await answer.json()) as { n: string }).n;
      }),
    );
    const ms = Math.round(performance.now() - began);
    expect(answers).toEqual(Array.from({ length: CALLS }, (_, n) => String(n)));
    const after = runs();
    while (runs() < SERVICES) await sleep(50);
    figure('calls beside services that start', { calls: CALLS, ms, running: { before, after } });
    node.signal('SIGTERM');
    expect((await node.ended).code).toBe(0);
  },
);
