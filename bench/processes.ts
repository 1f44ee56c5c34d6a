// `npm run bench -- processes`: processes in memory beside plain Node, which is a Map of async functions with queues, in one run.
// Spawns: a parent starts N processes that wait, until the last has answered that it is there. Messages between two: each waits
// for the other's (a message is one of them). One way: N messages to a process that receives them all. Ring: a token through 1,000.
// Each also at a tenth of its size, so that what does not grow as it should is seen. Bytes are the heap's after a collection.
// Round trips are timed beside a process that never waits. Several workers of a host are not built: there is no figure for them.
// Arguments: `--scale X` (default 1): sizes times X.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { runNode } from '../src/cli/run-node.js';
import type { RunningNode } from '../src/cli/running-node.js';
import type { Data } from '../src/core/data.js';
import { result, round } from './machine.js';
import type { BenchOptions, BenchResult } from './machine.js';
import { PlainActors } from './processes/plain-actors.js';

const INDEX = `
version: "1.0"
namespace: app
entries:
  - { name: host, kind: process.host, host: { queue_size: 100000 } }
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
function M.spawns(count)
  local last
  for _ = 1, count do last = process.spawn("app:idle", HOST) end
  process.monitor(last)
  process.send(last, "end")
  process.events():receive()
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

/** How many of `count` a second. */
async function rate(count: number, work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return round((count / (performance.now() - began)) * 1000);
}

export async function bench({ args }: BenchOptions): Promise<BenchResult> {
  const at = args.indexOf('--scale');
  const scale = at < 0 ? 1 : Number(args[at + 1]);
  const folder = mkdtempSync(join(tmpdir(), 'moontide-bench-processes-'));
  writeFileSync(join(folder, '_index.yaml'), INDEX);
  writeFileSync(join(folder, 'p.lua'), LUA);
  const node = await runNode({ app: folder, signals: false, log: { level: 'silent' }, environment: {} });
  const figures: Record<string, number> = {};
  const sizes = (full: number): readonly (readonly [string, number])[] => [
    ['', Math.round(full * scale)],
    [' at a tenth', Math.round((full * scale) / 10)],
  ];
  try {
    for (const count of [200, 2000]) {
      await call(node, 'app:exec', 'app:pings', count);
      await call(node, 'app:exec', 'app:sends', count);
    }
    for (const [name, count] of sizes(200_000)) {
      const pings = () => call(node, 'app:exec', 'app:pings', count / 2);
      figures[`messages/s between two${name}`] = await rate(count, pings);
      figures[`messages/s one way${name}`] = await rate(count, () =>
        call(node, 'app:exec', 'app:sends', count),
      );
      const plain = new PlainActors();
      figures[`plain: messages/s between two${name}`] = await rate(count, () => plain.pings(count / 2));
      figures[`plain: messages/s one way${name}`] = await rate(count, () => plain.sends(count));
    }
    for (const [name, rounds] of sizes(100)) {
      const size = 1000;
      const ring = () => call(node, 'app:exec', 'app:passes', size, rounds);
      figures[`messages/s in a ring of ${size}${name}`] = await rate(size * rounds, ring);
      const plain = new PlainActors();
      figures[`plain: messages/s in a ring of ${size}${name}`] = await rate(size * rounds, () =>
        plain.passes(size, rounds),
      );
    }
    for (const [name, count] of sizes(20_000)) {
      figures[`spawns/s${name}`] = await rate(count, () => call(node, 'app:exec', 'app:spawns', count));
      figures[`plain: spawns/s${name}`] = await rate(count, () => new PlainActors().spawns(count));
    }
    const spins = await call(node, 'app:keep', 'app:spins', 1);
    const times = (await call(node, 'app:exec', 'app:times', 500)) as number[];
    times.sort((a, b) => a - b);
    figures['round trip beside a busy loop p50 ms'] = round(times[Math.floor(times.length / 2)]! / 1e6);
    figures['round trip beside a busy loop p99 ms'] = round(times[Math.floor(times.length * 0.99)]! / 1e6);
    await call(node, 'app:ends', spins ?? null);
    for (const [name, count] of [...sizes(100_000)].reverse()) {
      const before = heap();
      await call(node, 'app:keep', 'app:idle', count);
      figures[`bytes an idle process of ${count}${name}`] = round((heap() - before) / count);
    }
  } finally {
    await node.stop();
    rmSync(folder, { recursive: true });
  }
  return result('processes', figures, {
    'messages/s between two': '>= 500000',
    'spawns/s': '>= 50000',
    'round trip beside a busy loop p99 ms': '<= 50',
    [`bytes an idle process of ${Math.round(100_000 * scale)}`]: '<= 8192',
  });
}
