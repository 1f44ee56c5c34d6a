// Process groups from Lua on one node: joining, lists, broadcasts, changes, limits, and what ends with a process.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appNode } from '../support/app-node.js';
import type { AppNode } from '../support/app-node.js';

const LUA = `
local M = {}
local function open(id) return assert(pg.open(id or "app:pg")) end
-- A member for as long as it is not told to stop: joins, says so, gives the numbers that it was sent.
function M.member(groups, parent)
  local tasks, stop = process.listen("task", { message = true }), process.listen("stop")
  local group = open()
  for _, names in ipairs(groups) do assert(group:join(names)) end
  process.send(parent, "joined")
  local got = {}
  while true do
    local one = channel.select({ tasks:case_receive(), stop:case_receive() })
    if one.channel == stop then return got end
    got[#got + 1] = one.value:payload():data()
  end
end
local function start(groups)
  local joined = process.listen("joined", { message = true })
  local future = funcs.async("app:member", groups, process.pid())
  local pid = joined:receive():from()
  process.unlisten(joined)
  return { pid = pid, stop = function()
    process.send(pid, "stop")
    return future:response():receive():data()
  end }
end
local function sorted(list) table.sort(list) return list end
function M.lists()
  local a, b = start({ "lists", "more" }), start({ "lists" })
  local group = open()
  local before = { #group:get_members("lists"), #group:get_local_members("lists"), #group:get_members("none") }
  local names = group:which_groups()
  local both = sorted(group:get_members("lists"))
  local expected = sorted({ a.pid, b.pid })
  a.stop()
  b.stop()
  time.sleep("5ms")
  return { before, names, both[1] == expected[1] and both[2] == expected[2], #group:get_members("lists"), group:which_local_groups() }
end
function M.broadcasts()
  local a, b, c = start({ "all" }), start({ "all", "all", "few" }), start({ "few" })
  local group = open()
  assert(group:broadcast("all", "task", 1))
  assert(group:broadcast_local("few", "task", 2))
  assert(group:broadcast("nobody", "task", 3))
  return { a.stop(), b.stop(), c.stop() }
end
function M.several()
  local group = open()
  group:join({ "g", "h" })
  group:join("g")
  local counts = { #group:get_members("g") }
  group:leave("g")
  counts[2] = #group:get_members("g")
  group:leave({ "g", "h", "never" })
  counts[3] = #group:get_members("g")
  local ok, err = group:leave({ "g", "never" })
  return { counts, ok == nil, err:kind() }
end
function M.watches()
  local group = open()
  local a = start({ "w" })
  local sub, members, err = group:monitor("w")
  assert(err == nil)
  local seen = { #members }
  local b = start({ "w", "w", "x" })
  local ch = sub:channel()
  for i = 1, 2 do local e = ch:receive() seen[#seen + 1] = e.kind .. " " .. #e.data.PIDs .. " " .. e.data.Group .. " " .. e.system .. " " .. e.path end
  b.stop()
  local left = ch:receive()
  seen[#seen + 1] = left.kind .. " " .. #left.data.PIDs .. " " .. tostring(left.data.PIDs[1] == b.pid)
  a.stop()
  ch:receive()
  sub:close()
  local value, ok = ch:receive()
  return { seen, value == nil, ok }
end
function M.all_events()
  local group = open("app:other")
  group:join("first")
  local sub, snapshot = group:events()
  group:join({ "second", "third" })
  group:leave("first")
  local ch, seen = sub:channel(), {}
  for i = 1, 3 do local e = ch:receive() seen[i] = e.kind .. " " .. e.path end
  return { #snapshot.first, snapshot.second == nil, seen, #pg.open("app:pg"):get_members("second") }
end
function M.many(n)
  local group = open()
  local sub = group:monitor("many")
  for i = 1, n do group:join("many") end
  time.sleep("20ms")
  local ch, count = sub:channel(), 0
  assert(sub:close({ flush = true }))
  while ch:receive() do count = count + 1 end
  return count
end
function M.limits()
  local group = open("app:small")
  local all = {}
  local function try(ok, err) all[#all + 1] = ok and "ok" or err:kind() .. ": " .. err:message() end
  try(group:join({ "a", "b" }))
  try(group:join("c"))
  try(group:join("a"))
  try(group:join("a"))
  try(group:leave("b"))
  try(group:join("c"))
  try(group:join({ "c", "a" })) -- none of them
  return { all, #group:get_members("c") }
end
function M.refusals()
  local all = {}
  local function try(...) local n = select("#", ...) local err = select(n, ...) all[#all + 1] = n .. " " .. err:kind() .. " " .. err:message() end
  try(pg.open(""))
  try(pg.open())
  try(pg.open("app:nothing"))
  try(pg.open("app:member"))
  local group = open()
  try(group:join(""))
  try(group:join({}))
  try(group:join({ "a", 1 }))
  try(group:join())
  try(group:get_members(""))
  try(group:broadcast("g", ""))
  try(group:broadcast("g", "@events"))
  try(group:broadcast("g", "t", print))
  try(group:monitor(""))
  try(group:monitor())
  group:release()
  try(group:join("g"))
  try(group:which_groups())
  try(group:monitor("g"))
  try(group:events())
  return all
end
return M
`;

let app: AppNode;
beforeAll(async () => {
  app = await appNode(LUA, {
    modules: ['pg', 'funcs', 'time'],
    entries: [
      '  - { name: pg, kind: pg.scope, lifecycle: { auto_start: true }, anti_entropy_interval: 30s }',
      '  - { name: other, kind: pg.scope }',
      '  - { name: small, kind: pg.scope, max_groups: 2, max_members_per_group: 2 }',
    ].join('\n'),
  });
});
afterAll(() => app[Symbol.asyncDispose]());

describe('a process group', () => {
  it('lists its members until they end', async () => {
    expect(await app.call('lists')).toEqual([[2, 2, 0], ['lists', 'more'], true, 0, []]);
  });
  it('gets each message to each member once', async () => {
    expect(await app.call('broadcasts')).toEqual([[1], [1, 2], [2]]);
  });
  it('has a process as often as it joined', async () => {
    expect(await app.call('several')).toEqual([[2, 1, 0], true, 'Invalid']);
  });
  it('tells its changes from a snapshot on, with every membership of who leaves', async () => {
    const joined = 'member.joined 1 w pg w';
    expect(await app.call('watches')).toEqual([[1, joined, joined, 'member.left 2 true'], true, false]);
  });
  it('tells the changes of all groups of its scope, and of no other', async () => {
    expect(await app.call('all_events')).toEqual([
      1,
      true,
      ['member.joined second', 'member.joined third', 'member.left first'],
      0,
    ]);
  });
  it('drops no change, and flushes what has happened when it is closed', async () => {
    expect(await app.call('many', 500)).toBe(500);
  });
  it('keeps to the limits of its scope, and joins all of a list or none', async () => {
    const groups =
      "RateLimited: the scope 'app:small' has 2 groups, all that its max_groups allows; 'c' would be one more";
    const members =
      "RateLimited: the group 'a' of 'app:small' has 2 members, all that its max_members_per_group allows";
    expect(await app.call('limits')).toEqual([['ok', groups, 'ok', members, 'ok', 'ok', members], 1]);
  });
  it('says what is wrong with a call, in the place of its error', async () => {
    expect(await app.call('refusals')).toEqual([
      '2 Invalid the id of the scope is empty',
      "2 Invalid bad argument #1 to 'open' (string expected, got no value)",
      "2 Internal there is no scope 'app:nothing'; it needs an entry of kind pg.scope",
      "2 Internal 'app:member' is of kind function.lua; a scope of groups is a pg.scope",
      "2 Invalid bad argument #1 to 'join' (the name of the group is empty)",
      "2 Invalid bad argument #1 to 'join' (the list of groups is empty)",
      "2 Invalid bad argument #1 to 'join' (name 2 of the list is no text, or is empty)",
      "2 Invalid bad argument #1 to 'join' (string or list of strings expected, got no value)",
      '2 Invalid the name of the group is empty',
      '2 Invalid the topic is empty',
      "2 Invalid topic '@events': topics that begin with '@' belong to the platform",
      '2 Invalid functions do not cross: $',
      '3 Invalid the group is a text that is not empty, got string',
      '3 Invalid the group is a text that is not empty, got nil',
      "2 Invalid the scope 'app:pg' was released; open it again",
      "2 Invalid the scope 'app:pg' was released; open it again",
      "3 Invalid the scope 'app:pg' was released; open it again",
      "3 Invalid the scope 'app:pg' was released; open it again",
    ]);
  });
});
