// `npm run bench -- processes`: processes in memory beside plain Node, which is a Map of async functions with queues, in one run.
// Spawns: a parent starts N processes that wait, until the last has answered that it is there. Messages between two: each waits
// for the other's (a message is one of them). One way: N messages to a process that receives them all. Ring: a token through 1,000.
// Each also at a tenth of its size, so that what does not grow as it should is seen. Bytes are the heap's after a collection.
// Round trips are timed beside a process that never waits. Rates are the best of some rounds, by the clock and by CPU time, which
// other work on the machine falsifies less.
// Threads: 8 processes that compute, on a host with 2 workers and on one with 1, in turn; against worker threads of plain Node, and
// what the two take of the CPU beyond the one. Twice the speed needs two free cores: see the load.
// Arguments: `--scale X` (default 1): sizes times X; `--quick`: a tenth.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { runNode } from '../src/cli/run-node.js';
import type { RunningNode } from '../src/cli/running-node.js';
import type { Data } from '../src/core/data.js';
import { result, round } from './machine.js';
import type { BenchOptions, BenchResult } from './machine.js';
import { PlainActors } from './processes/plain-actors.js';
import { PlainThreads } from './processes/plain-threads.js';

const INDEX = `
version: "1.0"
namespace: app
entries:
  - { name: host, kind: process.host, host: { queue_size: 100000 } }
  - { name: threads, kind: process.host, host: { workers: 2 } }
  - { name: computes, kind: process.lua, source: file://p.lua, method: computes, budget: { instructions: 1000000000000 } }
  - { name: computed, kind: function.lua, source: file://p.lua, method: computed }
  - { name: idle, kind: process.lua, source: file://p.lua, method: idle }
  - { name: echo, kind: process.lua, source: file://p.lua, method: echo }
  - { name: sink, kind: process.lua, source: file://p.lua, method: sink }
  - { name: ring, kind: process.lua, source: file://p.lua, method: ring }
  - { name: spins, kind: process.lua, source: file://p.lua, method: spins, budget: { instructions: 1000000000000 } }
  - { name: spawns, kind: process.lua, source: file://p.lua, method: spawns }
  - { name: pings, kind: process.lua, source: file://p.lua, method: pings }
  - { name: sends, kind: process.lua, source: file://p.lua, method: sends }
  - { name: passes, kind: process.lua, source: file://p.lua, method: passes }
  - { name: times, kind: process.lua, source: file://p.lua, method: times, modules: [time] }
  - { name: exec, kind: function.lua, source: file://p.lua, method: exec }
  - { name: spawned, kind: function.lua, source: file://p.lua, method: spawned }
  - { name: unspawned, kind: function.lua, source: file://p.lua, method: unspawned }
  - { name: ends, kind: function.lua, source: file://p.lua, method: ends }
  - { name: keep, kind: function.lua, source: file://p.lua, method: keep }
`;

const LUA = `
local M = {}
local HOST = "app:host"
function M.idle() process.inbox():receive() end
function M.echo()
  local inbox = process.inbox()
  while true do process.send(inbox:receive():from(), "pong") end
end
function M.sink(count)
  local inbox = process.inbox()
  for _ = 1, count do inbox:receive() end
end
function M.ring(next)
  local inbox = process.inbox()
  while true do inbox:receive() process.send(next, "token") end
end
function M.spins() local n = 0 while true do n = n + 1 end end
function M.spawns(count, caller)
  local all, last = {}, nil
  for i = 1, count do
    last = process.spawn("app:idle", HOST)
    all[i] = last
  end
  process.monitor(last)
  process.send(last, "end")
  process.events():receive()
  process.send(caller, "done")
  local asks = process.inbox():receive():from()
  for i = 1, count - 1 do process.terminate(all[i]) end
  process.send(asks, "done")
end
-- Until all are there; gives who ends them.
function M.spawned(count)
  local spawns = process.spawn("app:spawns", HOST, count, process.pid())
  process.inbox():receive()
  return spawns
end
function M.unspawned(spawns)
  process.send(spawns, "end")
  process.inbox():receive()
end
function M.pings(count)
  local inbox, echo = process.inbox(), process.spawn_linked("app:echo", HOST)
  for _ = 1, count do process.send(echo, "ping") inbox:receive() end
  process.unlink(echo)
  process.terminate(echo)
end
function M.sends(count)
  local sink = process.spawn_monitored("app:sink", HOST, count)
  for i = 1, count do process.send(sink, "n", i) end
  process.events():receive()
end
function M.passes(size, rounds)
  local inbox, first, all = process.inbox(), process.pid(), {}
  for i = 1, size do
    first = process.spawn("app:ring", HOST, first)
    all[i] = first
  end
  for _ = 1, rounds do process.send(first, "token") inbox:receive() end
  for i = 1, size do process.terminate(all[i]) end
end
function M.times(count)
  local time = require("time")
  local inbox, echo, list = process.inbox(), process.spawn("app:echo", HOST), {}
  for i = 1, count do
    local began = time.now():unix_nano()
    process.send(echo, "ping")
    inbox:receive()
    list[i] = time.now():unix_nano() - began
    time.sleep("2ms")
  end
  process.terminate(echo)
  return list
end
function M.computes(count)
  local x = 0
  for i = 1, count do x = (x + i * i) % 1000003 end
  return x
end
function M.computed(host, processes, count)
  for _ = 1, processes do assert(process.spawn_monitored("app:computes", host, count)) end
  for _ = 1, processes do
    local result = process.events():receive().result
    if result.error then error(result.error) end
  end
end
function M.exec(id, ...)
  local value, err = process.exec(id, HOST, ...)
  if err then error(err) end
  return value
end
function M.ends(pid) return assert(process.terminate(pid)) end
-- Starts what stays.
function M.keep(id, count)
  local pids = {}
  for i = 1, count do pids[i] = assert(process.spawn(id, HOST)) end
  return pids[count]
end
return M
`;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const heap = (): number => {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
};

async function call(node: RunningNode, entry: string, ...args: Data[]): Promise<Data | undefined> {
  const outcome = await node.call(entry, args);
  if (!outcome.ok) throw new Error(`${entry} ${JSON.stringify(args[0])}: ${outcome.error.message}`);
  return outcome.values[0];
}

interface Cost {
  /** Milliseconds. */
  readonly wall: number;
  /** Milliseconds, of all threads. */
  readonly cpu: number;
}

async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const before = process.cpuUsage();
  const began = performance.now();
  await work();
  const wall = performance.now() - began;
  const { user, system } = process.cpuUsage(before);
  return { wall, cpu: (user + system) / 1000 };
}

type Figures = Record<string, number>;

const ROUNDS = 5;

/** How many of `count` a second of the clock, and a second of CPU time. What `after` does is not counted. */
async function rate<T>(
  figures: Figures,
  what: string,
  count: number,
  work: () => Promise<T>,
  after?: (made: T) => Promise<unknown>,
) {
  let [wall, cpu] = [Infinity, Infinity];
  for (let turn = 0; turn < ROUNDS; turn++) {
    let made: T | undefined;
    const cost = await costOf(async () => (made = await work()));
    wall = Math.min(wall, cost.wall);
    cpu = Math.min(cpu, cost.cpu);
    await after?.(made as T);
  }
  const [unit, ...rest] = what.split(' ');
  figures[what] = round((count / wall) * 1000);
  figures[`${unit?.replace('/s', '/CPU s')} ${rest.join(' ')}`.trim()] = round((count / cpu) * 1000);
}

const COMPUTATIONS = 8;

/** How much sooner two threads are done than one, and how much more CPU they take: the best of some rounds in turn. */
async function speedUp(
  figures: Figures,
  name: string,
  one: () => Promise<unknown>,
  two: () => Promise<unknown>,
) {
  const costs: [Cost, Cost][] = [];
  await one();
  await two();
  for (let turn = 0; turn < ROUNDS; turn++) costs.push([await costOf(one), await costOf(two)]);
  const least = (at: 0 | 1, of: keyof Cost): number => Math.min(...costs.map((cost) => cost[at][of]));
  figures[`${name}: 2 threads sooner than 1, times`] = round(least(0, 'wall') / least(1, 'wall'));
  figures[`${name}: CPU of 2 threads to that of 1`] = round(least(1, 'cpu') / least(0, 'cpu'));
}

export async function bench({ args }: BenchOptions): Promise<BenchResult> {
  const at = args.indexOf('--scale');
  const scale = args.includes('--quick') ? 0.1 : at < 0 ? 1 : Number(args[at + 1]);
  const folder = mkdtempSync(join(tmpdir(), 'moontide-bench-processes-'));
  writeFileSync(join(folder, '_index.yaml'), INDEX);
  writeFileSync(join(folder, 'p.lua'), LUA);
  const node = await runNode({ app: folder, signals: false, log: { level: 'silent' }, environment: {} });
  const figures: Figures = { 'load average at the start': round(loadavg()[0] ?? 0) };
  const sizes = (full: number): readonly (readonly [string, number])[] => [
    ['', Math.round(full * scale)],
    [' at a tenth', Math.round((full * scale) / 10)],
  ];
  try {
    for (const count of [200, 2000]) {
      await call(node, 'app:exec', 'app:pings', count);
      await call(node, 'app:exec', 'app:sends', count);
      await call(node, 'app:unspawned', (await call(node, 'app:spawned', count)) ?? null);
    }
    for (const [name, count] of sizes(200_000)) {
      const pings = () => call(node, 'app:exec', 'app:pings', count / 2);
      await rate(figures, `messages/s between two${name}`, count, pings);
      await rate(figures, `messages/s one way${name}`, count, () =>
        call(node, 'app:exec', 'app:sends', count),
      );
      const plain = new PlainActors();
      await rate(figures, `messages/s of plain Node between two${name}`, count, () => plain.pings(count / 2));
      await rate(figures, `messages/s of plain Node one way${name}`, count, () => plain.sends(count));
    }
    for (const [name, rounds] of sizes(100)) {
      const size = 1000;
      const ring = () => call(node, 'app:exec', 'app:passes', size, rounds);
      await rate(figures, `messages/s in a ring of ${size}${name}`, size * rounds, ring);
      const plain = new PlainActors();
      await rate(figures, `messages/s of plain Node in a ring of ${size}${name}`, size * rounds, () =>
        plain.passes(size, rounds),
      );
    }
    for (const [name, count] of sizes(20_000)) {
      const spawned = () => call(node, 'app:spawned', count);
      await rate(figures, `spawns/s${name}`, count, spawned, (by) => call(node, 'app:unspawned', by ?? null));
      await rate(figures, `spawns/s of plain Node${name}`, count, () => new PlainActors().spawns(count));
    }
    const rounds = Math.round(10_000_000 * scale);
    const computed = (host: string) => () => call(node, 'app:computed', host, COMPUTATIONS, rounds);
    await speedUp(figures, 'computing processes', computed('app:host'), computed('app:threads'));
    const [single, double] = [new PlainThreads(1), new PlainThreads(2)];
    try {
      const [one, two] = [single, double].map((threads) => () => threads.work(COMPUTATIONS, rounds));
      await speedUp(figures, 'plain Node', one!, two!);
    } finally {
      await Promise.all([single[Symbol.asyncDispose](), double[Symbol.asyncDispose]()]);
    }
    const spins = await call(node, 'app:keep', 'app:spins', 1);
    const times = (await call(node, 'app:exec', 'app:times', 500)) as number[];
    times.sort((a, b) => a - b);
    figures['round trip beside a busy loop p50 ms'] = round(times[Math.floor(times.length / 2)]! / 1e6);
    figures['round trip beside a busy loop p99 ms'] = round(times[Math.floor(times.length * 0.99)]! / 1e6);
    await call(node, 'app:ends', spins ?? null);
    for (const [name, count] of [...sizes(100_000)].reverse()) {
      const before = heap();
      const { wall } = await costOf(() => call(node, 'app:keep', 'app:idle', count));
      figures[`spawns/s of ${count} that stay${name}`] = round((count / wall) * 1000);
      figures[`bytes an idle process of ${count}${name}`] = round((heap() - before) / count);
    }
  } finally {
    await node.stop();
    rmSync(folder, { recursive: true });
  }
  figures['load average at the end'] = round(loadavg()[0] ?? 0);
  return result('processes', figures, {
    'messages/s between two': '>= 500000',
    'spawns/s': '>= 50000',
    'computing processes: 2 threads sooner than 1, times': '>= 1.6',
    'round trip beside a busy loop p99 ms': '<= 50',
    [`bytes an idle process of ${Math.round(100_000 * scale)}`]: '<= 8192',
  });
}
