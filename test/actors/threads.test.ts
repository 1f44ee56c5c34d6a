// Hosts with several threads, where it shows: a thread that dies, and one that is busy for long. test/actors/actors.test.ts has the rest.
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
const fn = (run) => ({ is: 'function', summary: '', params: [], returns: [], errors: [], run });
export const thread = { spec: { name: 'thread', summary: '', workflow: 'refused', members: {
  die: fn(() => process.exit(3)),
  block: fn((_call, flag) => {
    while (!existsSync(flag)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    return true;
  }),
} } };
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

it('begins in another thread what waits for one that is busy', async () => {
  const flag = join(folder, 'go');
  expect(await call('app:blocked', flag)).toBe(210);
  writeFileSync(flag, '');
});
