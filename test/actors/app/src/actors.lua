-- The processes of the tests.
local M = {}
local ctx = require("ctx")

local function member(path)
  local found = process
  for part in path:gmatch("[^.]+") do found = found[part] end
  return found
end

--- Does what messages say: `call` calls a function of `process`, `return` and `fail` end it. Tells its owner of events.
function M.puppet(owner)
  local me = process.pid()
  local inbox, events = process.inbox(), process.events()
  while true do
    local r = channel.select { inbox:case_receive(), events:case_receive() }
    if r.channel == events then
      local event = r.value
      local result = event.result or {}
      local err = result.error
      process.send(owner, "event " .. me, {
        kind = event.kind, from = event.from, reason = event.reason, value = result.value,
        error = err and err:message() or nil, error_kind = err and err:kind() or nil,
      })
    else
      local message = r.value
      local topic = message:topic()
      local data = message:payload():data()
      if topic == "return" then return data end
      if topic == "fail" then error(data, 0) end
      if topic == "call" then
        local value, err = member(data.path)(table.unpack(data.args))
        process.send(owner, "answer " .. me, {
          value = value, kind = err and err:kind() or nil, message = err and err:message() or nil,
        })
      end
    end
  end
end

--- Sends everything back under the same topic, until it is told to stop.
function M.echo()
  local inbox, count = process.inbox(), 0
  while true do
    local message = inbox:receive()
    if message:topic() == "stop" then return count end
    count = count + 1
    local payloads, values = table.pack(message:payload()), {}
    for i = 1, payloads.n do values[i] = payloads[i]:data() end
    process.send(message:from(), message:topic(), table.unpack(values, 1, payloads.n))
  end
end

function M.returns(...) return ... end
function M.fails(text) error(text, 0) end
function M.raises(kind, text)
  error(errors.new({ kind = kind, message = text, retryable = true, details = { order = 7 } }))
end
function M.answers_error(text) return nil, text end

--- Ends with the first message.
function M.waits()
  local message = process.inbox():receive()
  return message:topic()
end

function M.tenant() return (ctx.get("tenant")) end
function M.grandparent(host)
  local below = process.exec("app:tenant", host)
  local other = process.with_context({ tenant = "other" }):exec("app:tenant", host)
  return { below, other, (ctx.get("tenant")) }
end

--- The topics of the first messages, so many.
function M.collects(count)
  local inbox, topics = process.inbox(), {}
  for i = 1, count do
    local message = inbox:receive()
    topics[i] = { message:topic(), message:payload():data() }
  end
  return topics
end

--- Sends so many numbers, then ends.
function M.sends(to, topic, count)
  for i = 1, count do process.send(to, topic, i) end
  return count
end

function M.coroutines()
  local results = channel.new(3)
  for i = 1, 3 do coroutine.spawn(function() results:send(i * i) end) end
  local sum = 0
  for _ = 1, 3 do sum = sum + results:receive() end
  -- Two that never end: they end with main.
  coroutine.spawn(function() channel.new():receive() end)
  coroutine.spawn(function() process.inbox():receive() end)
  return sum
end

function M.coroutine_fails()
  coroutine.spawn(function() error("in a coroutine", 0) end)
  process.inbox():receive()
end

--- Ends in its own way when it is asked to.
function M.tidy()
  local event = process.events():receive()
  return { event.kind, event.reason or "no reason", event.from or "nobody" }
end

--- What a listener and the inbox got.
function M.listens()
  local jobs, inbox = process.listen("job"), process.inbox()
  local got = {}
  for i = 1, 2 do got[i] = jobs:receive() end
  local rest = inbox:receive()
  return { got, rest:topic(), rest:payload():data() }
end

function M.messages()
  local whole = process.listen("job", { message = true })
  local message = whole:receive()
  return { message:topic(), message:from(), message:payload():data() }
end

--- Listens only once it has been told to.
function M.late()
  process.listen("go"):receive()
  local jobs = process.listen("job")
  local first, second = jobs:receive(), jobs:receive()
  return { first, second }
end

function M.unlistens()
  local jobs = process.listen("job")
  local first = jobs:receive()
  process.unlisten(jobs)
  local _, open = jobs:receive()
  local late = process.inbox():receive()
  return { first, open, late:topic() }
end

--- One of a ring: the last of it sends to `home`.
function M.ring(left, home, host)
  local next = home
  if left > 0 then next = process.spawn("app:ring", host, left - 1, home, host) end
  local message = process.inbox():receive()
  process.send(next, "token", message:payload():data() + 1)
end

--- A child that is linked to it, whose PID the owner gets.
function M.family(owner, host)
  local child = process.spawn_linked("app:puppet", host, owner)
  process.send(owner, "child", child)
  process.inbox():receive()
  error("the parent fails", 0)
end

--- Always has a message: its own. Its budget is that of some hundred of them.
function M.talks_to_itself(rounds)
  local inbox = process.inbox()
  for i = 1, rounds do
    process.send(process.pid(), "own", i)
    assert(inbox:receive():payload():data() == i)
  end
  return rounds
end

--- Goes on as what it is told to, with a timer, a listener and a coroutine of its own that end with it.
function M.changes(owner)
  process.set_options({ trap_links = true, upgradable = true })
  process.listen("old")
  coroutine.spawn(function() channel.new():receive() end)
  local order = process.listen("order"):receive()
  local ok, err = pcall(process.upgrade, order.id, owner, order.state)
  process.send(owner, "refused", { ok = ok, kind = err:kind(), message = err:message() })
  process.listen("end"):receive()
  return "as it was"
end
--- What the one before has left, and what comes.
function M.changed(owner, state)
  local first = process.inbox():receive()
  local options = process.get_options()
  process.send(owner, "changed", {
    pid = process.pid(), state = state, topic = first:topic(), data = first:payload():data(), from = first:from(),
    trap = options.trap_links, upgradable = options.upgradable,
  })
  return process.inbox():receive():topic()
end

--- Receives for ever.
function M.sink()
  local inbox = process.inbox()
  while true do inbox:receive() end
end

--- Sends for ever, whether it can or not.
function M.floods(to)
  while true do process.send(to, "n") end
end

--- Receives nothing but events.
function M.sleeps() return process.events():receive().reason end

function M.floods_itself()
  for sent = 0, 100 do
    local ok, err = process.send(process.pid(), "n")
    if not ok then return { sent, err:kind() } end
  end
end

--- Never waits.
function M.spins()
  local n = 0
  while true do n = n + 1 end
end

return M
