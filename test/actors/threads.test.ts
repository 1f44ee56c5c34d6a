// Hosts with several threads, where it shows: a thread that dies, one that is busy for long, inboxes, and what cannot cross. test/actors/actors.test.ts has the rest.
// The threads run what is built (dist/).
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runNode } from '../../src/cli/run-node.js';
import type { RunningNode } from '../../src/cli/running-node.js';
import type { Data } from '../../src/core/data.js';

const INDEX = `
version: "1.0"
namespace: app
entries:
  - { name: host, kind: process.host, host: { workers: 2 } }
  - { name: small, kind: process.host, host: { workers: 2, inbox_size: 3, on_full: refuse } }
  - { name: sleeps, kind: process.lua, source: file://p.lua, method: sleeps, modules: [time] }
  - { name: asks, kind: process.lua, source: file://p.lua, method: asks, modules: [thread] }
  - { name: filled, kind: function.lua, source: file://p.lua, method: filled, modules: [time] }
  - { name: asked, kind: function.lua, source: file://p.lua, method: asked }
  - { name: waits, kind: process.lua, source: file://p.lua, method: waits, modules: [thread] }
  - { name: blocks, kind: process.lua, source: file://p.lua, method: blocks, modules: [thread] }
  - { name: returns, kind: process.lua, source: file://p.lua, method: returns }
  - { name: death, kind: function.lua, source: file://p.lua, method: death }
  - { name: blocked, kind: function.lua, source: file://p.lua, method: blocked }
`;

const LUA = `
local M = {}
local HOST = "app:host"
function M.waits()
  while true do
    local message = process.inbox():receive()
    if message:topic() == "die" then require("thread").die() end
    process.send(message:from(), "pong")
  end
end
function M.blocks(flag) return require("thread").block(flag) end
function M.returns(value) return value end
function M.sleeps()
  process.inbox()
  require("time").sleep("20ms")
  while true do process.inbox():receive() end
end
function M.asks() return tostring(select(2, require("thread").odd())) end

--- Fills the inbox of one that reads it all later; true once there is room again.
function M.filled()
  local pid = assert(process.spawn("app:sleeps", "app:small"))
  for i = 1, 3 do assert(process.send(pid, "n")) end
  for _ = 1, 2000 do -- its thread takes a while to come up
    if process.send(pid, "n") then return true end
    require("time").sleep("10ms")
  end
  return false
end

--- What a process ends with that is answered with something that cannot go to its thread, and whether others still run.
function M.asked()
  assert(process.spawn_monitored("app:asks", HOST))
  local answer = process.events():receive().result.value
  local pid = assert(process.spawn("app:waits", HOST))
  process.send(pid, "ping")
  return { answer = answer, others = process.inbox():receive():from() == pid }
end

local function is_there(pid)
  if not process.send(pid, "ping") then return false end
  return process.inbox():receive():from() == pid
end

--- One of six ends the thread that it is in; those that were in another are still there.
function M.death()
  local pids, reasons = {}, {}
  for i = 1, 6 do
    pids[i] = assert(process.spawn_monitored("app:waits", HOST))
    assert(is_there(pids[i]))
  end
  process.send(pids[1], "die")
  for _, pid in ipairs(pids) do
    while reasons[pid] == nil and (pid == pids[1] or not is_there(pid)) do
      local event = process.events():receive()
      reasons[event.from] = tostring(event.result.error)
    end
  end
  local anew = assert(process.spawn("app:waits", HOST))
  local list = {}
  for _, reason in pairs(reasons) do list[#list + 1] = reason end
  return { reasons = list, anew = is_there(anew) }
end

--- Gives how many of twenty have ended while one of the threads did nothing else than block.
function M.blocked(flag)
  local blocks = assert(process.spawn_monitored("app:blocks", HOST, flag))
  local sum = 0
  for i = 1, 20 do assert(process.spawn_monitored("app:returns", HOST, i)) end
  for i = 1, 20 do
    local event = process.events():receive()
    assert(event.from ~= blocks)
    sum = sum + event.result.value
  end
  return sum
end
return M
`;

const EXTENSION = `
import { existsSync } from 'node:fs';
import { ask } from '${new URL('../../dist/src/index.js', import.meta.url).href}';
const fn = (run) => ({ is: 'function', summary: '', params: [], returns: [], errors: [], run });
export const thread = { spec: { name: 'thread', summary: '', workflow: 'refused', members: {
  die: fn(() => process.exit(3)),
  odd: fn((call) => ask(call, { type: 'thread.odd' })),
  block: fn((_call, flag) => {
    while (!existsSync(flag)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    return true;
  }),
} }, host: { 'thread.odd': () => ({ f: () => 1 }) } };
`;

let folder = '';
let node: RunningNode;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'moontide-threads-'));
  for (const [name, text] of Object.entries({
    '_index.yaml': INDEX,
    'p.lua': LUA,
    'thread.mjs': EXTENSION,
    'moontide.yaml': 'extensions: [thread.mjs]\n',
  }))
    writeFileSync(join(folder, name), text);
  node = await runNode({ app: folder, signals: false, log: { level: 'silent' }, environment: {} });
});
afterAll(async () => {
  await node.stop();
  rmSync(folder, { recursive: true });
});

async function call(entry: string, ...args: Data[]): Promise<unknown> {
  const outcome = await node.call(entry, args);
  if (!outcome.ok) throw new Error(outcome.error.message);
  return outcome.values[0];
}

it('ends what a thread that dies has run, with its error, and runs the next in a new one', async () => {
  const { reasons, anew } = (await call('app:death')) as { reasons: string[]; anew: boolean };
  expect(new Set(reasons)).toEqual(new Set(["the thread of host 'app:host' that ran it has died: it ended"]));
  expect(anew).toBe(true);
});

it('has room in an inbox again once its process has read it, whatever else the process does', async () => {
  expect(await call('app:filled')).toBe(true);
});

it('makes an error of an answer that cannot go to a thread, and nobody else feels it', async () => {
  const { answer, others } = (await call('app:asked')) as { answer: string; others: boolean };
  expect(answer).toContain('could not be cloned');
  expect(others).toBe(true);
});

it('begins in another thread what waits for one that is busy', async () => {
  const flag = join(folder, 'go');
  expect(await call('app:blocked', flag)).toBe(210);
  writeFileSync(flag, '');
});
