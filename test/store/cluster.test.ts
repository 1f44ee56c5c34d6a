// Two nodes of one app on one real Postgres: messages, bonds, names, locks and groups between their processes, from Lua.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appNode } from '../support/app-node.js';
import type { AppNode } from '../support/app-node.js';
import { createDatabase } from '../support/postgres.js';
import type { PostgresDatabase } from '../support/postgres.js';

const LUA = `
local M = {}
local function open() return assert(pg.open("app:pg")) end
function M.start(what, ...) return assert(process.spawn("app:actor", "app:processes", what, ...)) end
function M.node() return system.node.id() end
function M.nodes()
  local ids = {}
  for i, one in ipairs(system.cluster.members()) do ids[i] = one.id end
  return ids
end
-- A PID of this node as other nodes have to write it.
function M.global(pid) return (pid:gsub("^{", "{" .. system.node.id() .. "@")) end
function M.ask(pid, value)
  local answers = process.listen("answer", { message = true })
  local ok, err = process.send(pid, "ask", value)
  if not ok then return { err:kind(), err:message() } end
  local answer = answers:receive()
  return { answer:payload():data(), answer:from() }
end
function M.order(pid, what)
  local answers = process.listen("answer")
  assert(process.send(pid, "do", what))
  return answers:receive()
end
function M.burst(pid, n)
  for i = 1, n do assert(process.send(pid, "number", i)) end
  return M.ask(pid, "numbers")[1]
end
function M.watch(pid, bond, stop)
  local events = process.events()
  if bond == "link" then process.set_options({ trap_links = true }) end
  assert(process[bond](pid))
  if stop then process.send(pid, stop) end
  local event = events:receive()
  return { event.kind, event.from, event.result.value or event.result.error:kind() }
end
function M.control(pid, verb) return (process[verb](pid, "enough")) end
function M.name(name, scope, pid) 
  local ok, err = process.registry.register(name, pid, process.registry[scope])
  return ok or { err:kind(), err:message() }
end
function M.lookup(name)
  local pid, err = process.registry.lookup(name)
  return pid or err:kind()
end
function M.members(group) return open():get_members(group) end
function M.local_members(group) return open():get_local_members(group) end
function M.broadcast(group, value) return open():broadcast(group, "number", value) end
return M
`;
const ACTOR = `
return function(what, ...)
  local asked, numbers, stop = process.listen("ask", { message = true }), process.listen("number"), process.listen("stop")
  local fail, order, events, got = process.listen("fail"), process.listen("do", { message = true }), process.events(), {}
  if what == "join" then assert(pg.open("app:pg"):join((...))) end
  while true do
    local one = channel.select({ asked:case_receive(), numbers:case_receive(), stop:case_receive(), fail:case_receive(), events:case_receive(), order:case_receive() })
    if one.channel == stop then return "stopped" end
    if one.channel == fail then error("failed on purpose", 0) end
    if one.channel == events then return one.value.kind .. " " .. tostring(one.value.reason) end
    if one.channel == numbers then got[#got + 1] = one.value
    elseif one.channel == asked then
      local value = one.value:payload():data()
      process.send(one.value:from(), "answer", value == "numbers" and got or value)
    else
      local verb, name, scope = table.unpack(one.value:payload():data())
      local ok, err
      if verb == "lock" then ok, err = system.lock.acquire(name)
      elseif verb == "unlock" then ok, err = system.lock.release(name)
      elseif verb == "name" then ok, err = process.registry.register(name, nil, process.registry[scope])
      else ok, err = process.registry.unregister(name, process.registry[scope]) end
      process.send(one.value:from(), "answer", { ok = ok, kind = err and err:kind() })
    end
  end
end
`;
const ENTRIES = `
  - { name: processes, kind: process.host }
  - { name: pg, kind: pg.scope }
  - { name: actor, kind: process.lua, source: file://actor.lua, modules: [pg, system] }
`;

const poll = <T>(look: () => T, { timeout = 20_000 } = {}) => expect.poll(look, { timeout });

let database: PostgresDatabase;
let a: AppNode;
let b: AppNode;
const start = (node: string): Promise<AppNode> =>
  appNode(LUA, {
    node,
    entries: ENTRIES,
    modules: ['pg', 'system', 'time'],
    files: { 'src/actor.lua': ACTOR, 'moontide.yaml': 'name: pair\n' },
    environment: { DATABASE_URL: database.url },
  });
beforeAll(async () => {
  database = await createDatabase();
  a = await start('a');
  b = await start('b');
}, 120_000);
afterAll(async () => {
  await a[Symbol.asyncDispose]();
  await b[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** A process of node b, as node a has to write its PID, and as b does. */
async function actor(...args: string[]): Promise<{ readonly far: string; readonly near: string }> {
  const near = (await b.call('start', ...args)) as string;
  return { far: near.replace('{', '{b@'), near };
}

it('sees the other one', async () => {
  for (const node of [a, b]) await poll(() => node.call('nodes'), { timeout: 30_000 }).toHaveLength(2);
});

describe('a process of another node', () => {
  it('gets messages and answers them, each with the node of its sender', async () => {
    const { far } = await actor('idle');
    expect(await a.call('ask', far, 'hello')).toEqual(['hello', far]);
    expect(await b.call('control', far, 'terminate')).toBe(true); // its own node takes that PID too
  });

  it('gets the messages of one sender in their order', async () => {
    const { far } = await actor('idle');
    expect(await a.call('burst', far, 50)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
  });

  it('is NotFound when it has ended, and a node that is not there is Unavailable', async () => {
    const { far } = await actor('idle');
    expect(await a.call('control', far, 'terminate')).toBe(true);
    expect(((await a.call('ask', far, 1)) as string[])[0]).toBe('NotFound');
    expect(await a.call('ask', '{nowhere@app:processes|0x1}', 1)).toEqual([
      'Unavailable',
      "there is no node 'nowhere'; it has stopped, or it never was",
    ]);
  });

  it('tells its end to monitors and links of another node', async () => {
    const first = (await actor('idle')).far;
    expect(await a.call('watch', first, 'monitor', 'stop')).toEqual(['EXIT', first, 'stopped']);
    const second = (await actor('idle')).far;
    expect(await a.call('watch', second, 'monitor', 'fail')).toEqual(['EXIT', second, 'Internal']);
    const third = (await actor('idle')).far;
    expect(await a.call('watch', third, 'link', 'fail')).toEqual(['LINK_DOWN', third, 'Internal']);
  });

  it('can be cancelled from there', async () => {
    const { far } = await actor('idle');
    const watched = a.call('watch', far, 'monitor');
    await poll(() => a.call('control', far, 'cancel')).toBe(true);
    expect(await watched).toEqual(['EXIT', far, 'CANCEL enough']);
  });
});

describe('names of the cluster', () => {
  it.each(['EVENTUAL', 'CONSISTENT', 'STRONG'])(
    'of scope %s lead to one process from every node',
    async (scope) => {
      const name = `the ${scope} one`;
      const { far, near } = await actor('idle');
      expect(await b.call('name', name, scope, near)).toBe(true);
      expect(await b.call('name', name, scope, near)).toBe(true);
      expect(await b.call('lookup', name)).toBe(near);
      await poll(() => a.call('lookup', name)).toBe(far);
      expect(await a.call('ask', name, 'hello')).toEqual(['hello', far]);
      const other = (await a.call('start', 'idle')) as string;
      expect(await a.call('name', name, scope, other)).toEqual([
        'AlreadyExists',
        `the name '${name}' belongs to ${far}`,
      ]);
      await a.call('control', far, 'terminate');
      await poll(() => a.call('lookup', name)).toBe('NotFound');
      expect(await a.call('name', name, scope, other)).toBe(true);
      await poll(() => b.call('lookup', name)).toBe(other.replace('{', '{a@'));
    },
  );

  it('are taken back by their owner alone', async () => {
    const { far } = await actor('idle');
    const order = (pid: string, ...what: string[]) => a.call('order', pid, what);
    expect(await order(far, 'name', 'mine', 'CONSISTENT')).toMatchObject({ ok: true });
    const other = (await a.call('start', 'idle')) as string;
    expect(await order(other, 'unname', 'mine', 'CONSISTENT')).toMatchObject({ ok: false });
    expect(await order(far, 'unname', 'mine', 'CONSISTENT')).toMatchObject({ ok: true });
  });
});

describe('a lock of the cluster', () => {
  it('has one holder over all nodes, until it is released or its holder ends', async () => {
    const one = (await a.call('start', 'idle')) as string;
    const { far: two } = await actor('idle');
    const order = (pid: string, ...what: string[]) => a.call('order', pid, what);
    expect(await order(one, 'lock', 'migration')).toMatchObject({ ok: true });
    expect(await order(two, 'lock', 'migration')).toMatchObject({ ok: false, kind: 'AlreadyExists' });
    expect(await order(two, 'unlock', 'migration')).toMatchObject({ ok: false });
    expect(await order(one, 'unlock', 'migration')).toMatchObject({ ok: true });
    expect(await order(two, 'lock', 'migration')).toMatchObject({ ok: true });
    await a.call('control', two, 'terminate');
    await poll(() => order(one, 'lock', 'migration')).toMatchObject({ ok: true });
  });
});

describe('a group over nodes', () => {
  it('has the members of all, and gets messages to all of them', async () => {
    const { far, near } = await actor('join', 'crew');
    const here = (await a.call('start', 'join', 'crew')) as string;
    await expect
      .poll(async () => ((await a.call('members', 'crew')) as string[]).sort())
      .toEqual([here, far].sort());
    await poll(() => b.call('members', 'crew')).toHaveLength(2);
    expect(await a.call('local_members', 'crew')).toEqual([here]);
    expect(await b.call('local_members', 'crew')).toEqual([near]);
    await a.call('broadcast', 'crew', 1);
    await b.call('broadcast', 'crew', 2);
    for (const pid of [here, far])
      await expect
        .poll(async () => ((await a.call('ask', pid, 'numbers')) as [number[]])[0].sort())
        .toEqual([1, 2]);
    await a.call('control', far, 'terminate');
    await poll(() => a.call('members', 'crew')).toEqual([here]);
  });
});

describe('a node that leaves', () => {
  it('ends bonds, names, locks and memberships of its processes on the others', async () => {
    const { far } = await actor('join', 'left');
    const order = (pid: string, ...what: string[]) => a.call('order', pid, what);
    expect(await order(far, 'name', 'gone soon', 'STRONG')).toMatchObject({ ok: true });
    expect(await order(far, 'lock', 'gone soon')).toMatchObject({ ok: true });
    const here = (await a.call('start', 'idle')) as string;
    const watched = a.call('watch', far, 'monitor');
    await poll(() => a.call('members', 'left')).toEqual([far]);
    await a.call('ask', far, 'after the monitor'); // so that it is there
    await b.node.stop();
    const [kind, from] = (await watched) as string[];
    expect([kind, from]).toEqual(['EXIT', far]);
    await poll(() => a.call('members', 'left')).toEqual([]);
    await poll(() => a.call('lookup', 'gone soon')).toBe('NotFound');
    await poll(() => order(here, 'lock', 'gone soon')).toMatchObject({ ok: true });
    expect(((await a.call('ask', far, 1)) as string[])[0]).toBe('Unavailable');
  });
});
