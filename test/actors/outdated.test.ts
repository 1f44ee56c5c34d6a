// A process is told that its program has changed, and goes on as the newest one; the bus tells of its begin and end.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { appNode } from '../support/app-node.js';

const LUA = `
local M = {}
function M.start() return (assert(process.spawn("app:keeper", "app:processes", process.pid()))) end
function M.ask(pid)
  local answers = process.listen("answer")
  assert(process.send(pid, "ask"))
  return answers:receive()
end
function M.tell(pid, what) return process.send(pid, what) end
-- What the bus tells of a keeper that starts and fails.
function M.life()
  local sub, got = events.subscribe("process", "*"), {}
  local pid = process.spawn_monitored("app:keeper", "app:processes")
  process.send(pid, "fail")
  process.events():receive()
  for i = 1, 2 do
    local event = sub:channel():receive()
    got[i] = { event.kind, event.path == pid, event.data.entry, event.data.host, event.data.ok, event.data.error }
  end
  return got
end
return M
`;
const keeper = (version: string) => `
local shared = require("shared")
return function(owner, count)
  process.set_options({ upgradable = true })
  local events, asks, look, up, fail = process.events(), process.listen("ask", { message = true }), process.listen("look"), process.listen("up"), process.listen("fail")
  local told = {}
  count = count or 0
  while true do
    local one = channel.select({ asks:case_receive(), look:case_receive(), up:case_receive(), fail:case_receive() })
    if one.channel == asks then
      count = count + 1
      process.send(one.value:from(), "answer", { "${version}", shared, count, told })
    elseif one.channel == look then
      while true do
        local got = channel.select({ events:case_receive(), default = true })
        if got.default then break end
        told[#told + 1] = { got.value.kind, got.value.sources }
      end
    elseif one.channel == fail then error("told to", 0)
    else process.upgrade(nil, owner, count) end
  end
end
`;

it('hears once of all versions that have changed it, and goes on as the newest', async () => {
  await using app = await appNode(LUA, {
    modules: ['events'],
    entries: `
  - { name: processes, kind: process.host }
  - { name: keeper, kind: process.lua, source: file://keeper.lua, imports: { shared: app:shared } }
  - { name: shared, kind: library.lua, source: file://shared.lua }
  - { name: other, kind: library.lua, source: file://other.lua }
`,
    files: {
      'src/keeper.lua': keeper('first'),
      'src/shared.lua': 'return "one"',
      'src/other.lua': 'return 1',
    },
  });
  const change = async (file: string, text: string): Promise<void> => {
    writeFileSync(join(app.folder, 'src', file), text);
    await app.node.reload({ comment: file, via: 'test' });
  };
  const pid = (await app.call('start')) as string;
  expect(await app.call('ask', pid)).toEqual(['first', 'one', 1, []]);
  await change('other.lua', 'return 2');
  await change('shared.lua', 'return "two"');
  await change('keeper.lua', keeper('second'));
  await app.call('tell', pid, 'look');
  expect(await app.call('ask', pid)).toEqual([
    'first',
    'one',
    2,
    [['OUTDATED', ['app:keeper', 'app:shared']]],
  ]);
  await app.call('tell', pid, 'up');
  expect(await app.call('ask', pid)).toEqual(['second', 'two', 3, []]);
  expect(await app.call('life')).toEqual([
    ['started', true, 'app:keeper', 'app:processes'],
    ['stopped', true, 'app:keeper', 'app:processes', false, 'Internal'],
  ]);
});
