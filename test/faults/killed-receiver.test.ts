// The node that receives over the relay is killed with SIGKILL while processes of another send to one of its: once in the short
// form, 12 times in the whole, at a random message.
// K1: every send is answered: with true, or with an error that says that it is gone, or not known.
// K2: what was taken there is a beginning of what each sender sent, in its order; nothing that was refused for certain is part of it.
// K3: who monitored the process hears of its end; the next node of that name has nothing of it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildOnce } from '../e2e/cli-process.js';
import { Random } from '../lua-fuzz/random.js';
import { appNode } from '../support/app-node.js';
import type { AppNode } from '../support/app-node.js';
import { Child } from '../support/child.js';
import { createDatabase } from '../support/postgres.js';
import type { PostgresDatabase } from '../support/postgres.js';
import { figure, seed, times } from './scale.js';

const KILLS = times(1, 12);
const SENDERS = 20;
/** Messages of which the one that the kill comes after is one. */
const REACH = 1_500;

const LUA = `
local M = {}
function M.start() return (assert(process.spawn("app:counter", "app:processes"))) end
-- Each sender sends until that fails; gives how many were taken of each, the error that ended it, and the event of its end.
function M.stream(pid, senders)
  assert(process.monitor(pid))
  local ended, results = channel.new(senders), {}
  for sender = 1, senders do
    coroutine.spawn(function()
      for n = 1, math.huge do
        local ok, err = process.send(pid, "number", { sender = sender, n = n })
        if not ok then
          ended:send({ sender = sender, taken = n - 1, kind = err:kind(), message = err:message() })
          return
        end
      end
    end)
  end
  for _ = 1, senders do
    local one = ended:receive()
    results[one.sender] = one
  end
  local event = process.events():receive()
  return { told = results, watched = { event.kind, event.from == pid, event.result.error:kind() } }
end
function M.send(pid)
  local ok, err = process.send(pid, "late")
  return ok or err:kind()
end
function M.nodes()
  local ids = {}
  for i, one in ipairs(system.cluster.members()) do ids[i] = one.id end
  return ids
end
return M
`;
const COUNTER = `
return function()
  local inbox = process.inbox()
  while true do
    local data = inbox:receive():payload():data()
    print(("took %d %d"):format(data.sender, data.n))
  end
end
`;
const ENTRIES = `
  - { name: processes, kind: process.host }
  - { name: counter, kind: process.lua, source: file://counter.lua }
`;
const FILES = { 'moontide.yaml': 'name: killed-receiver\n', 'src/counter.lua': COUNTER };

interface Stream {
  readonly sender: number;
  readonly taken: number;
  readonly kind: string;
  readonly message: string;
}

interface Streams {
  readonly told: readonly Stream[];
  readonly watched: unknown;
}

let database: PostgresDatabase;
let sender: AppNode;
let folder = '';
const children: Child[] = [];
beforeAll(async () => {
  [database] = await Promise.all([createDatabase(), buildOnce()]);
  folder = mkdtempSync(join(tmpdir(), 'moontide-receiver-'));
  const environment = { DATABASE_URL: database.url };
  sender = await appNode(LUA, {
    node: 'sender',
    entries: ENTRIES,
    modules: ['system'],
    files: FILES,
    environment,
  });
  const functions = ['start', 'stream', 'send', 'nodes'].map(
    (name) =>
      `  - { name: ${name}, kind: function.lua, source: file://f.lua, method: ${name}, modules: [system] }`,
  );
  const index = ['version: "1.0"', 'namespace: app', 'entries:', ...functions, ENTRIES].join('\n');
  for (const [path, text] of Object.entries({ ...FILES, 'src/_index.yaml': index, 'src/f.lua': LUA })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}, 240_000);
afterAll(async () => {
  for (const child of children) child.kill();
  await Promise.all(children.map(({ ended }) => ended));
  await sender[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

describe.skipIf(process.platform === 'win32')('a node that is killed while it receives', () => {
  it('leaves no sender without an answer', { timeout: times(120_000, 900_000) }, async () => {
    const random = new Random(seed);
    let [sent, unknown, slowest] = [0, 0, 0];
    for (let kills = 0; kills < KILLS; kills += 1) {
      const child = new Child(new URL('./receiver-node.ts', import.meta.url), [folder], {
        ...process.env,
        DATABASE_URL: database.url,
      });
      children.push(child);
      const pid = (await child.line('pid ')).slice(4).replace('{', '{receiver@');
      await expect
        .poll(() => sender.call('nodes'), { timeout: 30_000 })
        .toEqual(expect.arrayContaining(['sender', 'receiver']));

      const streams = sender.call('stream', pid, SENDERS);
      const point = random.below(REACH);
      await expect.poll(() => child.lines.length, { timeout: 60_000, interval: 2 }).toBeGreaterThan(point);
      child.kill();
      const killed = performance.now();
      await child.ended;
      const { told, watched } = (await streams) as unknown as Streams; // K1
      slowest = Math.max(slowest, performance.now() - killed);

      const took = new Map<number, number>();
      for (const line of child.lines.filter((one) => one.startsWith('took '))) {
        const [, from = 0, n = 0] = line.split(' ').map(Number);
        expect(n).toBe((took.get(from) ?? 0) + 1); // K2
        took.set(from, n);
      }
      for (const { sender: from, taken, kind, message } of told) {
        expect(kind).toBe('Unavailable');
        const most = /not known$/.test(message) ? taken + 1 : taken;
        expect(took.get(from) ?? 0).toBeLessThanOrEqual(most); // K2
        sent += taken;
        if (most > taken) unknown += 1;
      }
      expect(watched).toEqual(['EXIT', true, 'Unavailable']); // K3
      expect(await sender.call('send', pid)).toBe('Unavailable');
    }
    figure('killed receivers', { kills: KILLS, sent, unknown, slowestMs: Math.round(slowest) });
  });
});
