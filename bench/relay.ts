// `npm run bench -- relay`: messages between two nodes of one app, each a process of its own, over one Postgres (of DATABASE_URL,
// else an installed one). A send is timed until it is answered, which is when the other node's mailbox has the message; a round
// trip until the other process's answer is there. One after the other, then from many senders at once, whose order is checked.
// Arguments: `--scale X` (default 1): counts times X.
import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { runNode } from '../src/cli/run-node.js';
import type { Data } from '../src/core/data.js';
import { result, round } from './machine.js';
import type { BenchOptions, BenchResult } from './machine.js';
import { benchPostgres } from './registry/postgres-server.js';

const INDEX = `
version: "1.0"
namespace: app
entries:
  - { name: host, kind: process.host }
  - { name: counter, kind: process.lua, source: file://relay.lua, method: counter }
  - { name: start, kind: function.lua, source: file://relay.lua, method: start }
  - { name: sends, kind: function.lua, source: file://relay.lua, method: sends, modules: [time] }
  - { name: trips, kind: function.lua, source: file://relay.lua, method: trips, modules: [time] }
  - { name: floods, kind: function.lua, source: file://relay.lua, method: floods, modules: [time] }
  - { name: nodes, kind: function.lua, source: file://relay.lua, method: nodes, modules: [system] }
`;

const LUA = `
local M = {}
-- Counts what comes, and what of it was not the next one of its sender.
function M.counter()
  local last, count, wrong, inbox = {}, 0, 0, process.inbox()
  while true do
    local message = inbox:receive()
    local data = message:payload():data()
    if message:topic() == "ping" then process.send(message:from(), "pong")
    elseif message:topic() == "tell" then process.send(message:from(), "told", { count = count, wrong = wrong })
    else
      if data.n ~= (last[data.sender] or 0) + 1 then wrong = wrong + 1 end
      last[data.sender], count = data.n, count + 1
    end
  end
end
function M.start() return (assert(process.spawn("app:counter", "app:host")):gsub("^{", "{b@")) end
function M.nodes() return #system.cluster.members() end
function M.sends(pid, count)
  local time, list = require("time"), {}
  for n = 1, count do
    local began = time.now():unix_nano()
    assert(process.send(pid, "n", { sender = "one", n = n }))
    list[n] = time.now():unix_nano() - began
  end
  return list
end
function M.trips(pid, count)
  local time, list, inbox = require("time"), {}, process.inbox()
  for n = 1, count do
    local began = time.now():unix_nano()
    assert(process.send(pid, "ping"))
    inbox:receive()
    list[n] = time.now():unix_nano() - began
  end
  return list
end
-- Each sender waits for the answer to its message before it sends the next.
function M.floods(pid, senders, each)
  local time, done = require("time"), channel.new(senders)
  local began = time.now():unix_nano()
  for sender = 1, senders do
    coroutine.spawn(function()
      for n = 1, each do assert(process.send(pid, "n", { sender = sender, n = n })) end
      done:send(true)
    end)
  end
  for _ = 1, senders do done:receive() end
  local took = time.now():unix_nano() - began
  local told = process.listen("told")
  process.send(pid, "tell")
  local counted = told:receive()
  return { took = took, count = counted.count, wrong = counted.wrong }
end
return M
`;

const SENDERS = 200;

export async function bench({ args }: BenchOptions): Promise<BenchResult> {
  const at = args.indexOf('--scale');
  const scale = at < 0 ? 1 : Number(args[at + 1]);
  await using postgres = await benchPostgres();
  if (postgres === undefined) throw new Error('there is no Postgres: set DATABASE_URL, or install one');
  const root = mkdtempSync(join(tmpdir(), 'moontide-bench-relay-'));
  const folders = ['a', 'b'].map((name) => {
    const folder = join(root, name);
    mkdirSync(join(folder, 'src'), { recursive: true });
    writeFileSync(join(folder, 'moontide.yaml'), 'name: bench-relay\n');
    writeFileSync(join(folder, 'src/_index.yaml'), INDEX);
    writeFileSync(join(folder, 'src/relay.lua'), LUA);
    return folder;
  });
  const environment = { DATABASE_URL: postgres.url };
  const node = await runNode({
    app: folders[0]!,
    node: 'a',
    signals: false,
    log: { level: 'error' },
    environment,
  });
  const peer = fork(new URL('relay/peer-node.js', import.meta.url), [folders[1]!], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
  });
  const call = async (entry: string, ...values: Data[]): Promise<Data | undefined> => {
    const outcome = await node.call(entry, values);
    if (!outcome.ok) throw new Error(`${entry}: ${outcome.error.message}`);
    return outcome.values[0];
  };
  try {
    const pid = await new Promise<string>((resolve, reject) => {
      peer.once('exit', (code) => reject(new Error(`the other node ended with ${code}`)));
      createInterface({ input: peer.stdout! }).once('line', (line) => resolve(JSON.parse(line) as string));
    });
    while ((await call('app:nodes')) !== 2) await pause(50);
    const count = Math.max(10, Math.round(500 * scale));
    await call('app:trips', pid, 20);
    const sends = sorted(await call('app:sends', pid, count));
    const trips = sorted(await call('app:trips', pid, count));
    const each = Math.max(5, Math.round(50 * scale));
    const {
      took,
      count: counted,
      wrong,
    } = (await call('app:floods', pid, SENDERS, each)) as {
      readonly [key: string]: number;
    };
    return result(
      'relay',
      {
        'send p50 ms': percentile(sends, 0.5),
        'send p99 ms': percentile(sends, 0.99),
        'round trip p50 ms': percentile(trips, 0.5),
        'round trip p99 ms': percentile(trips, 0.99),
        [`messages/s of ${SENDERS} senders`]: round((SENDERS * each * 1e9) / took!),
        'messages lost': count + SENDERS * each - counted!,
        'messages out of order': wrong!,
      },
      {
        'send p50 ms': '<= 20',
        [`messages/s of ${SENDERS} senders`]: '>= 1000',
        'messages lost': '<= 0',
        'messages out of order': '<= 0',
      },
    );
  } finally {
    const ended = new Promise((resolve) => peer.once('exit', resolve));
    peer.stdin?.end();
    if (peer.exitCode === null) await ended;
    await node.stop();
    rmSync(root, { recursive: true });
  }
}

/** Nanoseconds. */
const sorted = (list: Data | undefined): number[] => (list as number[]).sort((a, b) => a - b);
const percentile = (list: readonly number[], part: number): number =>
  round(list[Math.floor(list.length * part)]! / 1e6);
