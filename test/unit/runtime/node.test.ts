// A node in this process, on an app that needs no Temporal: calls, pools, context, messages, registry changes, resources.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runNode } from '../../../src/cli/run-node.js';
import type { RunningNode } from '../../../src/cli/running-node.js';
import type { Data } from '../../../src/core/data.js';
import { dataObject } from '../../../src/core/data.js';
import type { Outcome } from '../../../src/lua/step.js';
import { pin } from '../../../src/registry/pipeline/programs.js';

const INDEX = `
version: "1.0"
namespace: app
entries:
  - { name: db, kind: db.sql.sqlite, file: ":memory:" }
  - { name: echo, kind: function.lua, source: file://f.lua, method: echo }
  - { name: slow, kind: function.lua, source: file://f.lua, method: slow, modules: [time] }
  - { name: one, kind: function.lua, source: file://f.lua, method: slow, modules: [time], pool: { workers: 1, buffer: 1 } }
  - { name: again, kind: function.lua, source: file://f.lua, method: again, modules: [funcs], pool: { workers: 1 } }
  - { name: who, kind: function.lua, source: file://f.lua, method: who, modules: [funcs, ctx] }
  - { name: ctx, kind: function.lua, source: file://f.lua, method: ctx, modules: [ctx] }
  - { name: server, kind: function.lua, source: file://f.lua, method: server }
  - { name: ping, kind: function.lua, source: file://f.lua, method: ping, modules: [funcs, time] }
  - { name: cancels, kind: function.lua, source: file://f.lua, method: cancels, modules: [funcs, time] }
  - { name: canceled, kind: function.lua, source: file://f.lua, method: canceled, modules: [sql] }
  - { name: watches, kind: function.lua, source: file://f.lua, method: watches, modules: [funcs, time] }
  - { name: rows, kind: function.lua, source: file://f.lua, method: rows, modules: [sql] }
  - { name: leaves, kind: function.lua, source: file://f.lua, method: leaves, modules: [sql] }
  - { name: busy, kind: function.lua, source: file://f.lua, method: busy, budget: { instructions: 20000000000 } }
  - { name: loops, kind: function.lua, source: file://f.lua, method: busy }
  - { name: twice, kind: function.lua, source: file://f.lua, method: twice }
`;
const LUA = `
local M = {}
function M.echo(...) return ... end
function M.slow(text) require("time").sleep(text) return "slept" end
function M.again(n)
  if n == 0 then return 0 end
  local below, err = require("funcs").call("app:again", n - 1)
  assert(not err, err)
  return below + 1
end
function M.ctx() return require("ctx").get("tenant") end
function M.who()
  local funcs = require("funcs")
  local inherited = funcs.call("app:ctx")
  local changed = funcs.new():with_context({ tenant = "other" }):call("app:ctx")
  return { inherited, changed, (require("ctx").get("tenant")) }
end
-- Answers every message until it is told to stop.
function M.server()
  process.registry.register("server")
  local inbox = process.inbox()
  while true do
    local message = inbox:receive()
    if message:topic() == "stop" then return "stopped" end
    process.send(message:from(), "pong", message:payload():data())
  end
end
function M.ping()
  local funcs, time = require("funcs"), require("time")
  local server = funcs.async("app:server")
  while not process.registry.lookup("server") do time.sleep("1ms") end
  local pongs, got = process.listen("pong"), {}
  for i = 1, 3 do process.send("server", "ping", i) end
  for i = 1, 3 do got[i] = pongs:receive() end
  process.send("server", "stop")
  local ended = server:channel():receive():data()
  local _, err = process.send("server", "ping", 4)
  return { got, ended, err:kind() }
end
function M.canceled()
  local event = process.events():receive()
  require("sql").get("app:db"):execute("INSERT INTO t VALUES ('canceled: ' || ?)", { event.kind })
end
function M.cancels()
  local funcs, time = require("funcs"), require("time")
  local future = funcs.async("app:canceled")
  time.sleep("20ms")
  future:cancel()
  local plain = funcs.async("app:slow", "10s")
  time.sleep("20ms")
  plain:cancel()
  time.sleep("50ms")
  return plain:is_canceled()
end
function M.watches()
  local funcs, time = require("funcs"), require("time")
  local server = funcs.async("app:server")
  while not process.registry.lookup("server") do time.sleep("1ms") end
  local pid = process.registry.lookup("server")
  process.monitor(pid)
  process.send(pid, "stop")
  local event = process.events():receive()
  return { event.kind, event.from == pid, event.result.value }
end
function M.rows()
  local rows = require("sql").get("app:db"):query("SELECT v FROM t ORDER BY v")
  local all = {}
  for i, row in ipairs(rows) do all[i] = row.v end
  return all
end
-- Ends with a transaction open.
function M.leaves()
  local db = require("sql").get("app:db")
  db:execute("CREATE TABLE IF NOT EXISTS t (v TEXT)")
  local tx = db:begin()
  tx:execute("INSERT INTO t VALUES ('left open')")
  error("on the way")
end
-- Never waits; ends when it is told to, which it only hears once it waits.
function M.busy()
  local n = 0
  while true do n = n + 1 end
end
function M.twice() return "version 1" end
return M
`;

let folder = '';
let node: RunningNode;
const printed: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'moontide-node-'));
  mkdirSync(join(folder, 'src'));
  writeFileSync(join(folder, 'src/_index.yaml'), INDEX);
  writeFileSync(join(folder, 'src/f.lua'), LUA);
  node = await runNode({
    app: folder,
    signals: false,
    log: { level: 'silent' },
    print: (line) => printed.push(line),
    environment: {},
  });
});
afterAll(async () => {
  await node.stop();
  rmSync(folder, { recursive: true, force: true });
});

const call = (entry: string, ...args: Data[]): Promise<Outcome> => node.call(entry, args);
const value = async (entry: string, ...args: Data[]): Promise<Data | undefined> => {
  const outcome = await call(entry, ...args);
  if (!outcome.ok) throw new Error(`${outcome.error.kind}: ${outcome.error.message}`);
  return outcome.values[0];
};

describe('calls on a node', () => {
  it('gives back all returned values', async () => {
    expect(await call('app:echo', 1, 'two', [3])).toMatchObject({ ok: false });
    expect(await call('app:echo', 1, 2, [3])).toEqual({ ok: true, values: [1, 2, [3]] });
  });
  it('ends a call whose time is up, its wait for a place included', async () => {
    const first = call('app:one', '200ms');
    const second = await node.call('app:one', ['1ms'], { timeoutMs: 30 });
    expect(second).toMatchObject({ ok: false, error: { kind: 'Timeout' } });
    expect(await first).toEqual({ ok: true, values: ['slept'] });
  });
  it('refuses a call when the pool and its queue are full', async () => {
    const all = await Promise.all([call('app:one', '30ms'), call('app:one', '1ms'), call('app:one', '1ms')]);
    expect(all.map((outcome) => (outcome.ok ? 'ok' : outcome.error.kind))).toEqual([
      'ok',
      'ok',
      'RateLimited',
    ]);
  });
  it('does not lock a function out of its own pool when it calls itself', async () => {
    expect(await value('app:again', 20)).toBe(20);
  });
  it('ends a call whose caller gives up', async () => {
    const abort = new AbortController();
    const outcome = node.call('app:slow', ['10s'], { signal: abort.signal });
    setTimeout(() => abort.abort(), 20);
    expect(await outcome).toMatchObject({ ok: false, error: { kind: 'Canceled' } });
  });
  it('passes context values down, and a callee cannot change its caller', async () => {
    const outcome = await node.call('app:who', [], { values: dataObject({ tenant: 'acme' }) });
    expect(outcome).toEqual({ ok: true, values: [['acme', 'other', 'acme']] });
  });
});

describe('a function that never waits', () => {
  it('gives others their turn, and ends when its time is up', async () => {
    const busy = [1, 2].map(() => node.call('app:busy', [], { timeoutMs: 2000 }));
    let over = false;
    const all = Promise.all(busy).then((outcomes) => ((over = true), outcomes));
    let answered = 0;
    for (let at = 0; !over && at < 20; at++) {
      expect(await value('app:echo', at)).toBe(at);
      await new Promise((next) => setTimeout(next, 1));
      if (!over) answered += 1;
    }
    expect(answered).toBe(20);
    for (const outcome of await all) expect(outcome).toMatchObject({ ok: false, error: { kind: 'Timeout' } });
  });
  it('is stopped by its budget', async () => {
    expect(await call('app:loops')).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(/^budget exceeded at f[.]lua:\d+: /) as string },
    });
  });
});

describe('functions as actors', () => {
  it('send each other messages by PID and by name, in order, and get an error when the other is gone', async () => {
    expect(await value('app:ping')).toEqual([[1, 2, 3], 'stopped', 'NotFound']);
  });
  it('hear of the end of what they monitor', async () => {
    expect(await value('app:watches')).toEqual(['EXIT', true, 'stopped']);
  });
});

describe('resources of an instance', () => {
  it('roll back a transaction that a function leaves open', async () => {
    expect(await call('app:leaves')).toMatchObject({ ok: false, error: { kind: 'Internal' } });
    expect(await value('app:rows')).toEqual([]);
  });
  it('gives a cancelled call that listens to events its time to clean up, and ends any other', async () => {
    expect(await value('app:cancels')).toBe(true);
    expect(await value('app:rows')).toEqual(['canceled: CANCEL']);
  });
});

describe('a change of the registry', () => {
  it('counts for calls that start, while calls that run keep the old code', async () => {
    const { current } = node.registry;
    const slow = current.get('app:slow');
    const hash = current.programHash('app:slow') ?? '';
    const program = (await node.registry.program(hash))?.program;
    if (slow === undefined || program === undefined) throw new Error('app:slow has no program');
    const unit = program.units['app:slow'];
    if (unit === undefined) throw new Error('app:slow has no unit');
    const next = pin({
      ...program,
      units: { 'app:slow': { ...unit, source: unit.source.replace('"slept"', '"new code"') } },
    });
    const running = call('app:slow', '100ms');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await node.registry.apply({
      changes: [{ op: 'update', entry: { ...slow, meta: dataObject({ changed: true }) } }],
      programs: new Map([['app:slow', next]]),
    });
    expect(await value('app:slow', '1ms')).toBe('new code');
    expect(await running).toEqual({ ok: true, values: ['slept'] });
  });
  it('gives the next caller a new resource when its entry changed', async () => {
    expect(await value('app:rows')).toEqual(['canceled: CANCEL']);
    const db = node.registry.current.get('app:db');
    if (db === undefined) throw new Error('no app:db');
    await node.registry.apply({
      changes: [{ op: 'update', entry: { ...db, data: dataObject({ ...db.data, options: {} }) } }],
    });
    expect(await call('app:rows')).toMatchObject({ ok: false });
  });
});

describe('stopping', () => {
  it('lets running calls end and refuses new ones', async () => {
    const running = call('app:echo', 1);
    const stopping = node.stop();
    expect(await running).toEqual({ ok: true, values: [1] });
    await stopping;
    expect(await call('app:echo', 1)).toMatchObject({ ok: false, error: { kind: 'Unavailable' } });
  });
});
