-- What the tests need: comparisons that say what differs, waits that end, and puppets, which are processes that do what they are told.
local time = require("time")
local T = {}

local function show(value)
  if type(value) ~= "table" then return (type(value) == "string") and ("%q"):format(value) or tostring(value) end
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  local parts = {}
  for _, key in ipairs(keys) do parts[#parts + 1] = tostring(key) .. " = " .. show(value[key]) end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b and math.type(a) == math.type(b) end
  for key, value in pairs(a) do if not same(value, b[key]) then return false end end
  for key in pairs(b) do if a[key] == nil then return false end end
  return true
end

function T.eq(got, wanted, what)
  if not same(got, wanted) then
    error((what or "value") .. ": got " .. show(got) .. ", wanted " .. show(wanted), 2)
  end
end

function T.kind(value, err, kind)
  if value ~= nil then error("got " .. show(value) .. " instead of an error of kind " .. kind, 2) end
  if type(err) ~= "userdata" then error("got " .. show(err) .. " as error, wanted one of kind " .. kind, 2) end
  if err:kind() ~= kind then error("got " .. tostring(err) .. " (" .. err:kind() .. "), wanted " .. kind, 2) end
  return err
end

--- What a channel gives within a minute.
function T.take(ch, what)
  local late = time.after("60s")
  local r = channel.select { ch:case_receive(), late:case_receive() }
  if r.channel == late then error("waited a minute for " .. (what or "a message"), 2) end
  return r.value, r.ok
end

--- The next event, which is of this kind.
function T.event(kind, from)
  local event = T.take(process.events(), "an event " .. kind)
  if event.kind ~= kind then error("got " .. show(event) .. ", wanted " .. kind, 2) end
  if from ~= nil and event.from ~= from then error(kind .. " comes from " .. tostring(event.from) .. ", not " .. from, 2) end
  return event
end

--- What was sent to this process before has come when it returns.
function T.settle()
  T.ticks = T.ticks or process.listen("tick")
  process.send(process.pid(), "tick")
  T.take(T.ticks, "a tick")
end

--- Nothing has come that was not received.
function T.quiet(ch, what)
  T.settle()
  local r = channel.select { ch:case_receive(), default = true }
  if not r.default then error((what or "nothing") .. " expected, got " .. show(r.value), 2) end
end

local Puppet = {}
Puppet.__index = Puppet

--- A process that does what it is told, and tells what it hears.
function T.puppet(host, spawn)
  local pid = assert(process[spawn or "spawn"]("app:puppet", host, process.pid()))
  local puppet = setmetatable({ pid = pid, host = host, calls = 0 }, Puppet)
  puppet.answers = process.listen("answer " .. pid)
  puppet.events = process.listen("event " .. pid)
  return puppet
end

--- Has it call `process.<path>`: what it got, and the error's kind and message.
function Puppet:call(path, ...)
  self.calls = self.calls + 1
  assert(process.send(self.pid, "call", { path = path, args = { ... } }))
  local answer = T.take(self.answers, "the answer of " .. self.pid .. " to " .. path)
  return answer.value, answer.kind, answer.message
end

--- The next event that it heard.
function Puppet:event(kind)
  local event = T.take(self.events, "an event of " .. self.pid)
  if event.kind ~= kind then error(self.pid .. " heard " .. show(event) .. ", wanted " .. kind, 2) end
  return event
end

function Puppet:tell(topic, ...) return process.send(self.pid, topic, ...) end

--- Once it answers it has done everything that it was sent before.
function Puppet:alive() return process.send(self.pid, "ping") == true and self:call("pid") == self.pid end

function Puppet:gone()
  process.monitor(self.pid)
  local pid, err = process.send(self.pid, "ping")
  return pid == nil and err:kind() == "NotFound"
end

--- Has it end, and waits for that.
function Puppet:stop(topic, ...)
  process.monitor(self.pid)
  assert(self:tell(topic or "return", ...))
  return T.event("EXIT", self.pid)
end

return T
