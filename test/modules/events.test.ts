// The event bus from Lua, on a real node: patterns, the bound of a subscriber, its end with its owner, what the runtime tells.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Command } from '../../src/core/command.js';
import { dataObject } from '../../src/core/data.js';
import type { Data } from '../../src/core/data.js';
import { EventBus } from '../../src/core/event-bus.js';
import { eventsHandlers } from '../../src/modules/events/host.js';
import { Holdings, NodeContext, outermost } from '../../src/runtime/command-context.js';
import { resourcesOf } from '../support/examples.js';
import { appNode } from '../support/app-node.js';
import type { AppNode } from '../support/app-node.js';

const LUA = `
local M = {}
local function drain(sub)
  local got, ch = {}, sub:channel()
  while true do
    local one = channel.select({ ch:case_receive(), time.after("100ms"):case_receive() })
    if one.channel ~= ch or not one.ok then return got end
    got[#got + 1] = one.value.system .. " " .. one.value.kind .. " " .. one.value.path
  end
end
-- Subscribes to each pattern, sends each event, gives what came by pattern.
function M.patterns(patterns, sent)
  local subs, got = {}, {}
  for i, p in ipairs(patterns) do subs[i] = assert(events.subscribe(p[1], p[2])) end
  for _, e in ipairs(sent) do assert(events.send(e[1], e[2], e[3])) end
  for i, sub in ipairs(subs) do got[i] = drain(sub) end
  return got
end
function M.content()
  local sub = events.subscribe("orders")
  events.send("orders", "order.created", "/orders/123", { id = 123, total = 99.5, tags = { "a" } })
  events.send("orders", "heartbeat", "/health")
  local first, second = sub:channel():receive(), sub:channel():receive()
  return { first, second.data == nil }
end
function M.flood(n)
  local sub = events.subscribe("flood")
  for i = 1, n do events.send("flood", "drop", "/" .. i, i) end
  time.sleep("30ms") -- for the last batch to be here
  local ch, got = sub:channel(), {}
  for i = 1, 1025 do got[i] = ch:receive() end
  local more = channel.select({ ch:case_receive(), time.after("50ms"):case_receive() })
  return { first = got[1], second = got[2].path, last = got[1025].path, more = more.channel == ch }
end
-- Reads nothing while two floods come, with time between them for everything to arrive.
function M.late()
  local sub = events.subscribe("late")
  for i = 1, 1500 do events.send("late", "drop", "/" .. i) end
  time.sleep("30ms")
  for i = 1501, 1700 do events.send("late", "drop", "/" .. i) if i % 50 == 0 then time.sleep("5ms") end end
  time.sleep("30ms")
  for i = 1701, 4000 do events.send("late", "drop", "/" .. i) end
  time.sleep("30ms")
  local ch = sub:channel()
  local marker, first = ch:receive(), ch:receive()
  local last, count = first, 1
  while true do
    local one = channel.select({ ch:case_receive(), time.after("50ms"):case_receive() })
    if one.channel ~= ch then break end
    last, count = one.value, count + 1
  end
  return { kind = marker.kind, missing = marker.data.count, first = first.path, last = last.path, count = count }
end
function M.closed()
  local sub = events.subscribe("x")
  events.send("x", "y", "z")
  time.sleep("10ms")
  local done = sub:close()
  local value, ok = sub:channel():receive()
  sub:close()
  return { done, value == nil, ok }
end
function M.waiting()
  local sub = events.subscribe("never")
  coroutine.spawn(function() time.sleep("10ms") sub:close() end)
  local _, ok = sub:channel():receive()
  return ok
end
function M.refusals()
  local all = {}
  local function try(...) local value, err = ... all[#all + 1] = tostring(value) .. " " .. err:kind() .. " " .. err:message() end
  try(events.subscribe(""))
  try(events.subscribe("a", ""))
  try(events.subscribe("(a"))
  try(events.subscribe(42))
  try(events.send("", "k", "p"))
  try(events.send("s", "", "p"))
  try(events.send("s", "k", ""))
  try(events.send("s", "k"))
  try(events.send("s", "k", "p", print))
  try(events.send("events", "dropped", "events", { count = 1 }))
  return all
end
function M.edits()
  local sub = events.subscribe("registry.**")
  local changes = registry.snapshot():changes()
  changes:create({ id = "app:made", kind = "registry.entry", meta = {}, data = {} })
  assert(changes:apply())
  return drain(sub)
end
function M.refused()
  local sub = events.subscribe("registry.**")
  local changes = registry.snapshot():changes()
  changes:create({ id = "app:bad", kind = "registry.entry", meta = {}, data = {} })
  local _, err = changes:apply()
  return { err ~= nil, drain(sub) }
end
function M.logs()
  local sub = events.subscribe("log")
  logger:error("watch out", { count = 3 })
  local event = sub:channel():receive()
  return { event.kind, event.data.message, event.data.fields.count }
end
return M
`;

let app: AppNode;
beforeAll(async () => {
  app = await appNode(LUA, { modules: ['events', 'time', 'registry', 'logger'], log: { level: 'silent' } });
});
afterAll(() => app[Symbol.asyncDispose]());

describe('patterns', () => {
  const SENT = [
    ['orders', 'order.created', '/1'],
    ['orders', 'order.paid', '/1'],
    ['orders.eu', 'order.created', '/2'],
    ['users', 'user.created', '/3'],
    ['users', 'heartbeat', '/4'],
  ];
  it.each([
    [['orders'], [0, 1]],
    [['orders.*'], [2]],
    [['orders.**'], [0, 1, 2]],
    [['*'], [0, 1, 3, 4]],
    [['**'], [0, 1, 2, 3, 4]],
    [['users.heartbeat'], [4]],
    [['(orders|users)'], [0, 1, 3, 4]],
    [['users', 'user.created'], [3]],
    [
      ['users', '*'],
      [3, 4],
    ],
    [['users', '*.created'], [3]],
    [
      ['**', '*.created'],
      [0, 2, 3],
    ],
    [
      ['(orders|users)', 'order.(created|paid)'],
      [0, 1],
    ],
    [['orders', 'order'], []],
    [['Orders'], []],
  ])('%j takes what it says', async (pattern, expected) => {
    const [got] = (await app.call('patterns', [pattern], SENT)) as string[][];
    expect(got ?? []).toEqual(expected.map((index) => SENT[index]!.join(' ')));
  });

  it('serves several subscriptions of one program, each in the order of what was sent', async () => {
    const got = (await app.call('patterns', [['users'], ['orders.**'], ['users']], SENT)) as string[][];
    expect(got.map((list) => list.length)).toEqual([2, 3, 2]);
  });
});

describe('a subscription', () => {
  it('brings system, kind, path and data, and no data where there is none', async () => {
    expect(await app.call('content')).toEqual([
      dataObject({
        system: 'orders',
        kind: 'order.created',
        path: '/orders/123',
        data: dataObject({ id: 123, total: 99.5, tags: ['a'] }),
      }),
      true,
    ]);
  });

  it('keeps the newest 1,024 events and counts those that are missing before them', async () => {
    expect(await app.call('flood', 3000)).toEqual(
      dataObject({
        first: dataObject({
          system: 'events',
          kind: 'dropped',
          path: 'events',
          data: dataObject({ count: 1976 }),
        }),
        second: '/1977',
        last: '/3000',
        more: false,
      }),
    );
  });

  it('keeps its bound over everything on the way, with one count for all that is missing', async () => {
    expect(await app.call('late')).toEqual(
      dataObject({ kind: 'dropped', missing: 4000 - 1024, first: '/2977', last: '/4000', count: 1024 }),
    );
  });

  it('ends when it is closed: what waited is gone, and nobody waits for more', async () => {
    expect(await app.call('closed')).toEqual([true, true, false]);
    expect(await app.call('waiting')).toBe(false);
  });

  it('ends with the program that made it, and so does the question for the next event', async () => {
    const bus = new EventBus();
    const handlers = eventsHandlers(
      () => bus,
      () => true,
    );
    const fail = (error: unknown): never => {
      throw error;
    };
    const holdings = new Holdings(resourcesOf([]), fail);
    const context = new NodeContext({
      pid: '{functions|1}',
      asker: '{functions|1}',
      entry: 'app:main',
      values: dataObject(),
      idempotencyKey: undefined,
      holdings,
      frame: outermost,
    });
    const ask = async (command: Command): Promise<Data> => handlers[command.type]!(command, context);
    const subscription = await ask({ type: 'events.subscribe', system: 'left' });
    const next = ask({ type: 'events.next', subscription });
    expect(bus.subscriptionCount).toBe(1);
    await holdings[Symbol.asyncDispose]();
    expect(bus.subscriptionCount).toBe(0);
    expect(await next).toEqual([]);
  });

  it('says what is wrong with its arguments', async () => {
    expect(await app.call('refusals')).toEqual([
      'nil Invalid the system is empty',
      'nil Invalid the kind is empty',
      "nil Invalid the parentheses of the event pattern '(a' do not pair; write (a|b)",
      "nil Invalid bad argument #1 to 'subscribe' (string expected, got number)",
      'nil Invalid the system is empty',
      'nil Invalid the kind is empty',
      'nil Invalid the path is empty',
      "nil Invalid bad argument #3 to 'send' (string expected, got no value)",
      'nil Invalid functions do not cross: $',
      "nil Invalid 'events.dropped' is told by the bus alone",
    ]);
  });
});

describe('what the runtime tells', () => {
  it('tells of a registry version from its beginning to its commit', async () => {
    const version = app.node.registry.current.version.number + 1;
    expect(await app.call('edits')).toEqual([
      `registry begin ${version}`,
      'registry entry.accept app:made',
      `registry commit ${version}`,
      'registry entry.create app:made',
      `registry version ${version}`,
    ]);
  });

  it('tells of a version that was rejected', async () => {
    using _listener = app.node.registry.listen({
      name: 'a test',
      accept(change) {
        if (change.op === 'create' && change.after.id === 'app:bad') throw new Error('not this one');
      },
    });
    const version = app.node.registry.current.version.number + 1;
    expect(await app.call('refused')).toEqual([
      true,
      [`registry begin ${version}`, 'registry entry.reject app:bad', `registry discard ${version}`],
    ]);
  });

  it('tells of log records to who asks for them', async () => {
    expect(await app.call('logs')).toEqual(['error', 'watch out', 3]);
  });
});
