// A node on which programs run for ever or take all memory, as a workflow, a function and a process: each is stopped by its
// budget at its Lua line, soon, and the node stays small: what one leaves behind is gone before the next has grown as big.
// Small runs beside them go on, nearly as fast as alone.
// The short form runs a few of the corpus, with the usual budgets; what is measured is the node, not what V8 says of itself.
import { readFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bombs, everyNth, hogNamed, loops } from '../abuse/hogs.js';
import type { Hog } from '../abuse/hogs.js';
import { CliProcess, TestFolders, buildOnce } from '../e2e/cli-process.js';
import { figure, quantile, times, whole } from './scale.js';

const STOPPED = /budget exceeded at \S+:1: more than \d+ (instructions|bytes of memory) in one step/;
const MB = 1024 * 1024;
/** The default of `budget.memory`. */
const BUDGET_MB = 64;
const MARGIN_MB = 150;
/** CPU time until a hog is stopped, of 95 in 100. Milliseconds. */
const SOON_MS = 1000;
const NEIGHBOURS = times(5, 20);

const chosen = [...everyNth(loops, times(24, 1)), ...everyNth(bombs, times(20, 1))];

const quoted = (text: string): string => JSON.stringify(text); // YAML reads JSON's texts
const places = ['workflow', 'function', 'process'] as const;
type Place = (typeof places)[number];
const entryOf = (place: Place, name: string, { text }: Hog): string =>
  `  - { name: ${place}_${name}, kind: ${place}.lua, source: ${quoted(`return function() ${text}\nend`)} }`;
/** What runs while the neighbours are measured. */
const besides = {
  loop: hogNamed(loops, 'pcall around it'),
  bomb: hogNamed(bombs, 'a linked list'),
  search: hogNamed(loops, '%f on a long input'),
};
const entries = places.flatMap((place) => [
  ...chosen.map((hog, at) => entryOf(place, String(at), hog)),
  ...Object.entries(besides).map(([name, hog]) => entryOf(place, name, hog)),
]);

/** Resident memory of a process. Megabytes. */
const residentMb = (pid: number): number =>
  (Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096) / MB;

/** CPU time of a process. Milliseconds. */
const cpuMs = (pid: number): number => {
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const fields = rest.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
};

describe.skipIf(process.platform !== 'linux')('a node with hogs', () => {
  const folders = new TestFolders();
  let node: CliProcess;
  let pid = 0;
  let connection: Connection;
  let run: (type: string, id: string, args?: unknown[]) => Promise<unknown>;
  let before = 0;

  beforeAll(async () => {
    await buildOnce();
    const app = folders.make({
      'moontide.yaml': 'name: hogs\n',
      '_index.yaml': `
version: "1.0"
namespace: app
entries:
  - { name: host, kind: process.host }
  - { name: one, kind: function.lua, source: "return function() return 1 end" }
  - name: call
    kind: workflow.lua
    modules: [funcs]
    source: |
      local funcs = require("funcs")
      return function(name, ...)
        local value, err = funcs.call(name, ...)
        return err and err:message() or value
      end
  - name: small
    kind: workflow.lua
    modules: [funcs]
    source: |
      local funcs = require("funcs")
      return function()
        local n = 0
        for i = 1, 5 do n = n + funcs.call("app:one") end
        return n
      end
  - name: spawn
    kind: function.lua
    source: |
      return function(name)
        assert(process.spawn_monitored(name, "app:host"))
        local result = process.events():receive().result
        return result.error and result.error:message() or result.value
      end
${entries.join('\n')}
`,
    });
    node = new CliProcess(['--app', app, '--json', 'run']);
    const [, address = ''] = await node.until(/"address":"([^"]+)"/, 120_000);
    connection = await Connection.connect({ address });
    const { workflow } = new Client({ connection });
    const gone = node.ended.then(({ stderr }) => {
      throw new Error(`the node has ended:\n${stderr}`);
    });
    gone.catch(() => undefined); // told to who waits for a run
    run = (type, id, args = []) =>
      Promise.race([workflow.execute(type, { taskQueue: 'hogs', workflowId: id, args }), gone]);
    for (let warm = 0; warm < 5; warm++) expect(await run('app:call', `w-${warm}`, ['app:one'])).toBe(1);
    pid = node.child.pid ?? 0;
    before = residentMb(pid);
  }, 240_000);

  afterAll(async () => {
    await connection.close();
    node.signal('SIGTERM');
    await node.ended;
    await folders.clean();
  });

  let calls = 0;
  /** What the program is stopped with. */
  const messageOf = async (place: Place, name: string | number): Promise<string> => {
    const id = `hog-${(calls += 1)}`;
    const type = `app:${place}_${name}`;
    if (place === 'function') return String(await run('app:call', id, [type]));
    if (place === 'process') return String(await run('app:call', id, ['app:spawn', type]));
    const failed: unknown = await run(type, id).catch((error: unknown) => error);
    return String((failed as { readonly cause?: Error }).cause?.message ?? failed);
  };

  it.each(places)(
    'stops each at its line, and is below their budget and 150 MB: as a %s',
    async (place) => {
      let most = before;
      let current = '';
      let worst = '';
      const watch = setInterval(() => {
        if (node.child.exitCode !== null || node.child.signalCode !== null) return;
        const now = residentMb(pid);
        if (now <= most) return;
        most = now;
        worst = current;
      }, 20);
      const took: number[] = [];
      let slowest = '';
      try {
        for (const [at, { name }] of chosen.entries()) {
          current = name;
          const begun = cpuMs(pid);
          expect(`${name}: ${await messageOf(place, at)}`).toMatch(STOPPED);
          const ms = cpuMs(pid) - begun;
          if (ms > Math.max(0, ...took)) slowest = name;
          took.push(ms);
        }
      } finally {
        clearInterval(watch);
      }
      figure(`a node with hogs as a ${place}`, {
        hogs: chosen.length,
        cpu_p50_ms: quantile(took, 0.5),
        cpu_p95_ms: quantile(took, 0.95),
        cpu_max_ms: Math.max(...took),
        slowest,
        before_mb: Math.round(before),
        growth_mb: Math.round(most - before),
        worst,
      });
      expect(most - before).toBeLessThan(BUDGET_MB + MARGIN_MB);
      if (whole) expect(quantile(took, 0.95)).toBeLessThan(SOON_MS);
    },
    times(60_000, 400_000),
  );

  it('lets small runs go on', { timeout: times(60_000, 300_000) }, async () => {
    const latencies = (): Promise<number[]> =>
      Promise.all(
        Array.from({ length: NEIGHBOURS }, async () => {
          const begun = performance.now();
          expect(await run('app:small', `small-${(calls += 1)}`)).toBe(5);
          return performance.now() - begun;
        }),
      );
    await latencies(); // warm
    const alone: number[][] = [];
    const beside: number[][] = [];
    for (let round = 0; round < times(1, 5); round++) {
      alone.push(await latencies());
      const [small, ...hogs] = await Promise.all([
        latencies(),
        messageOf('workflow', 'loop'),
        messageOf('workflow', 'bomb'),
        messageOf('function', 'search'),
        messageOf('process', 'loop'),
      ]);
      for (const message of hogs) expect(message).toMatch(STOPPED);
      beside.push(small);
    }
    // Of each round its own, then the middle one: other work of the machine comes and goes.
    const middle = (rounds: readonly number[][], share: number): number =>
      quantile(
        rounds.map((round) => quantile(round, share)),
        0.5,
      );
    figure('neighbours of hogs', {
      neighbours: NEIGHBOURS,
      alone_p95_ms: Math.round(middle(alone, 0.95)),
      beside_p95_ms: Math.round(middle(beside, 0.95)),
      beside_max_ms: Math.round(middle(beside, 1)),
    });
    if (whole) {
      expect(middle(beside, 0.95) / middle(alone, 0.95)).toBeLessThan(2);
      // Where the machine is so busy that they take long alone, the figure is what they take alone.
      expect(middle(beside, 1)).toBeLessThan(Math.max(2000, 2 * middle(alone, 1)));
    }
  });
});
