-- Messages: order, payloads, topics, who is gone.
local t = require("t")
local T = {}

local function echo(host) return assert(process.spawn("app:echo", host)) end
local function exit_value(pid) return t.event("EXIT", pid).result.value end

T["a message is answered to its sender"] = function(host)
  local pongs = process.listen("ping")
  process.send(echo(host), "ping", 42)
  t.eq(t.take(pongs), 42)
end
T["a message knows its topic and its sender"] = function(host)
  local pid = echo(host)
  process.send(pid, "hello", 1)
  local message = t.take(process.inbox())
  t.eq({ message:topic(), message:from(), message:payload():data() }, { "hello", pid, 1 })
end
T["several payloads come as several"] = function(host)
  process.send(echo(host), "many", 1, "two", { three = 3 })
  local a, b, c = t.take(process.inbox()):payload()
  t.eq({ a:data(), b:data(), c:data() }, { 1, "two", { three = 3 } })
end
T["a message without a payload has one that is nil"] = function(host)
  local pid = assert(process.spawn_monitored("app:collects", host, 1))
  process.send(pid, "empty")
  t.eq(exit_value(pid), { { "empty" } })
end
T["a payload is a copy: what the sender changes later does not change it"] = function(host)
  local value = { list = { 1 } }
  local answers = process.listen("copy")
  process.send(echo(host), "copy", value)
  value.list[1] = 2
  t.eq(t.take(answers), { list = { 1 } })
end
T["integers stay integers and floats stay floats"] = function(host)
  local answers = process.listen("n")
  process.send(echo(host), "n", { 3, 3.0, 1 / 2, 9007199254740993 })
  local got = t.take(answers)
  t.eq({ math.type(got[1]), math.type(got[2]), got[3], got[4] }, { "integer", "float", 0.5, 9007199254740993 })
end
T["bytes and empty texts cross"] = function(host)
  local answers = process.listen("b")
  process.send(echo(host), "b", { "\xfe\0", "" })
  t.eq(t.take(answers), { "\xfe\0", "" })
end
T["errors cross as errors, also inside tables"] = function(host)
  local answers = process.listen("e")
  process.send(echo(host), "e", { why = errors.new({ kind = errors.CONFLICT, message = "taken" }) })
  local why = t.take(answers).why
  t.eq({ why:kind(), why:message() }, { "Conflict", "taken" })
end
T["nested tables cross"] = function(host)
  local answers = process.listen("t")
  local value = { a = { b = { c = { 1, { d = "e" } } } } }
  process.send(echo(host), "t", value)
  t.eq(t.take(answers), value)
end
T["a function in a payload is Invalid, and its path is named"] = function(host)
  local ok, err = process.send(echo(host), "f", { done = { call = print } })
  t.kind(ok, err, "Invalid")
  assert(tostring(err):find("done.call", 1, true), tostring(err))
end
T["a table with holes or mixed keys is Invalid"] = function(host)
  local pid = echo(host)
  for _, value in ipairs { { 1, nil, 3 }, { 1, x = 2 }, { [true] = 1 } } do
    local ok, err = process.send(pid, "x", value)
    t.kind(ok, err, "Invalid")
  end
end
T["NaN and the infinities are Invalid"] = function(host)
  local pid = echo(host)
  for _, value in ipairs { 0 / 0, 1 / 0, -1 / 0 } do
    local ok, err = process.send(pid, "x", value)
    t.kind(ok, err, "Invalid")
  end
end
T["a table that contains itself is Invalid"] = function(host)
  local value = {}
  value.me = value
  local ok, err = process.send(echo(host), "x", value)
  t.kind(ok, err, "Invalid")
end
T["messages of one sender come in their order"] = function(host)
  local numbers = process.listen("n")
  assert(process.spawn("app:sends", host, process.pid(), "n", 100))
  for i = 1, 100 do t.eq(t.take(numbers), i) end
end
T["two senders may interleave, each in its order"] = function(host)
  local inbox, last = process.inbox(), {}
  local first = assert(process.spawn("app:sends", host, process.pid(), "n", 50))
  local second = assert(process.spawn("app:sends", host, process.pid(), "n", 50))
  for _ = 1, 100 do
    local message = t.take(inbox)
    local from, n = message:from(), message:payload():data()
    t.eq(n, (last[from] or 0) + 1)
    last[from] = n
  end
  t.eq({ last[first], last[second] }, { 50, 50 })
end
T["a message to a process that has ended is NotFound"] = function(host)
  local pid = assert(process.spawn_monitored("app:returns", host))
  t.event("EXIT", pid)
  local ok, err = process.send(pid, "late")
  t.kind(ok, err, "NotFound")
end
T["a message to a PID that never was is NotFound"] = function(host)
  local ok, err = process.send("{" .. host .. "|0xffffffff00001}", "hello")
  t.kind(ok, err, "NotFound")
end
T["topics of the platform are refused"] = function(host)
  for _, topic in ipairs { "@events", "@inbox", "@", "" } do
    local ok, err = process.send(echo(host), topic, 1)
    t.kind(ok, err, "Invalid")
  end
end
T["a message without destination or topic is Invalid"] = function(host)
  for _, args in ipairs { { n = 0 }, { "", "x" }, { 7, "x" }, { echo(host) } } do
    local ok, err = process.send(args[1], args[2])
    t.kind(ok, err, "Invalid")
  end
end
T["a process may send to itself"] = function(host)
  local puppet = t.puppet(host)
  process.monitor(puppet.pid)
  puppet:call("send", puppet.pid, "fail", "told myself")
  t.eq(t.event("EXIT", puppet.pid).result.error:message(), "told myself")
end
T["a listener takes its topic before the inbox does"] = function(host)
  local pid = assert(process.spawn_monitored("app:listens", host))
  process.send(pid, "job", "a")
  process.send(pid, "other", "b")
  process.send(pid, "job", "c")
  t.eq(exit_value(pid), { { "a", "c" }, "other", "b" })
end
T["a listener may take whole messages"] = function(host)
  local pid = assert(process.spawn_monitored("app:messages", host))
  process.send(pid, "job", 7)
  t.eq(exit_value(pid), { "job", process.pid(), 7 })
end
T["what came before anybody listened is kept"] = function(host)
  local pid = assert(process.spawn_monitored("app:late", host))
  process.send(pid, "job", 1)
  process.send(pid, "go")
  process.send(pid, "job", 2)
  t.eq(exit_value(pid), { 1, 2 })
end
T["a listener that ends closes its channel; later messages go to the inbox"] = function(host)
  local pid = assert(process.spawn_monitored("app:unlistens", host))
  process.send(pid, "job", "taken")
  process.send(pid, "job", "left")
  local result = exit_value(pid)
  t.eq({ result[1], result[3] }, { "taken", "job" })
end
T["a token goes round a ring"] = function(host)
  local home = process.listen("token")
  local first = assert(process.spawn("app:ring", host, 9, process.pid(), host))
  process.send(first, "token", 0)
  t.eq(t.take(home), 10)
end
T["processes talk to each other"] = function(host)
  local a, b = t.puppet(host), t.puppet(host)
  process.monitor(b.pid)
  t.eq(a:call("send", b.pid, "return", "from a"), true)
  t.eq(t.event("EXIT", b.pid).result.value, "from a")
end
T["what is sent before the end comes before the EXIT event"] = function(host)
  local inbox = process.inbox()
  local pid = assert(process.spawn_monitored("app:sends", host, process.pid(), "n", 5))
  t.event("EXIT", pid)
  for i = 1, 5 do
    local r = channel.select { inbox:case_receive(), default = true }
    t.eq(r.default == nil and r.value:payload():data(), i)
  end
end

return T
