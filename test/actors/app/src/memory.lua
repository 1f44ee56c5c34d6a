-- What only processes in memory do: names of this node, deadlines, limits of hosts, busy loops.
local t = require("t")
local time, funcs = require("time"), require("funcs")
local T = {}

T["a process is reached by its name"] = function(host)
  local puppet = t.puppet(host)
  t.eq(process.registry.register("front desk", puppet.pid), true)
  t.eq(process.registry.lookup("front desk"), puppet.pid)
  process.monitor("front desk")
  t.eq(process.send("front desk", "return", 1), true)
  t.eq(t.event("EXIT", puppet.pid).result.value, 1)
end
T["a name goes with its process"] = function(host)
  local puppet = t.puppet(host)
  puppet:call("registry.register", "shift")
  puppet:stop()
  local pid, err = process.registry.lookup("shift")
  t.kind(pid, err, "NotFound")
  local ok, gone = process.send("shift", "hello")
  t.kind(ok, gone, "NotFound")
end
T["a name belongs to one"] = function(host)
  local a, b = t.puppet(host), t.puppet(host)
  t.eq(a:call("registry.register", "chair"), true)
  local _, kind = b:call("registry.register", "chair")
  t.eq(kind, "AlreadyExists")
  t.eq(a:call("registry.register", "chair"), true)
  a:stop()
  t.eq(b:call("registry.register", "chair"), true)
  b:stop()
end
T["a name is given back early"] = function(host)
  local puppet = t.puppet(host)
  puppet:call("registry.register", "desk")
  t.eq({ process.registry.unregister("desk"), process.registry.unregister("desk") }, { true, false })
  t.eq(puppet:alive(), true)
end
T["a process is started under a name, which must be free"] = function(host)
  local named = process.with_context({}):with_name("only one")
  local pid = assert(named:spawn("app:waits", host))
  t.eq(process.registry.lookup("only one"), pid)
  local none, err = named:spawn("app:waits", host)
  t.kind(none, err, "AlreadyExists")
  process.terminate("only one")
end
T["all that take a PID take a name"] = function(host)
  local puppet = t.puppet(host)
  process.registry.register("anna", puppet.pid)
  t.eq(process.monitor("anna"), true)
  t.eq(process.unmonitor("anna"), true)
  t.eq(process.link("anna"), true)
  t.eq(process.unlink("anna"), true)
  t.eq(process.cancel("anna", "why"), true)
  t.eq(puppet:event("CANCEL").reason, "why")
  process.monitor("anna")
  t.eq(process.terminate("anna"), true)
  t.event("EXIT", puppet.pid)
end
T["a process that does not end by its deadline is ended"] = function(host)
  local puppet = t.puppet(host)
  process.monitor(puppet.pid)
  t.eq(process.cancel(puppet.pid, "closing", "20ms"), true)
  puppet:event("CANCEL")
  local err = t.event("EXIT", puppet.pid).result.error
  t.eq(err:kind(), "Canceled")
  assert(err:message():find("closing", 1, true), err:message())
end
T["one that ends before its deadline ends in its own way"] = function(host)
  local pid = assert(process.spawn_monitored("app:tidy", host))
  process.cancel(pid, "soon", 60 * time.SECOND)
  t.eq(t.event("EXIT", pid).result.value[2], "soon")
end
T["a deadline that is none is Invalid"] = function(host)
  local puppet = t.puppet(host)
  for _, deadline in ipairs { "soon", -1, true, {} } do
    local ok, err = process.cancel(puppet.pid, "why", deadline)
    t.kind(ok, err, "Invalid")
  end
end
T["a function may be linked and monitored, and its failure is heard"] = function()
  process.set_options({ trap_links = true })
  local pid = process.pid()
  t.eq(process.link(pid), true)
  t.eq(process.monitor(pid), true)
end
T["a process of another node is Unavailable"] = function(host)
  local ok, err = process.send("{elsewhere@" .. host .. "|0x1}", "hello")
  t.kind(ok, err, "Unavailable")
end
T["a host runs so many and no more, and says whose limit it is"] = function()
  local pids = {}
  for i = 1, 3 do pids[i] = assert(process.spawn_monitored("app:waits", "app:small")) end
  local pid, err = process.spawn("app:waits", "app:small")
  t.kind(pid, err, "RateLimited")
  assert(tostring(err):find("app:small", 1, true) and tostring(err):find("max_processes", 1, true), tostring(err))
  process.send(pids[1], "go")
  t.event("EXIT", pids[1])
  pids[1] = assert(process.spawn_monitored("app:waits", "app:small"))
  for i = 1, 3 do
    process.send(pids[i], "go")
    t.event("EXIT", pids[i])
  end
end
T["a full queue of starts refuses where the host says so"] = function()
  local refused
  for _ = 1, 10 do
    local pid, err = process.spawn("app:returns", "app:strict")
    if pid == nil then refused = err end
  end
  if refused == nil then error("ten starts at once, and two may wait: none was refused") end
  t.eq(refused:kind(), "RateLimited")
  for _, word in ipairs { "app:strict", "queue_size" } do
    assert(tostring(refused):find(word, 1, true), tostring(refused))
  end
end
T["a full queue of starts makes a spawn wait where the host says so"] = function()
  local all = {}
  for i = 1, 20 do all[i] = assert(process.spawn_monitored("app:returns", "app:patient", i)) end
  for i = 1, 20 do t.event("EXIT") end
end
T["a process that always has a message is within its budget, and starves nobody"] = function(host)
  local talks = assert(process.spawn_monitored("app:talks_to_itself", host, 20000))
  local pongs, echo = process.listen("ping"), assert(process.spawn("app:echo", host))
  process.send(echo, "ping", "meanwhile")
  t.eq(t.take(pongs), "meanwhile")
  t.eq(t.event("EXIT", talks).result.value, 20000)
end
T["a process goes on as another program under its PID, with what it has not received"] = function(host)
  local pid = assert(process.spawn_monitored("app:changes", host, process.pid()))
  t.eq(process.registry.register("the same", pid), true)
  local told = process.listen("changed")
  process.send(pid, "old", 7) -- which the first program listens to and does not receive
  process.send(pid, "order", { id = "app:changed", state = { kept = true } })
  t.eq(t.take(told), {
    pid = pid, state = { kept = true }, topic = "old", data = 7, from = process.pid(), trap = true, upgradable = true,
  })
  t.quiet(process.events(), "no end")
  process.send("the same", "last")
  t.eq(t.event("EXIT", pid).result.value, "last")
end
T["an upgrade that cannot be done is raised, and the program is as it was"] = function(host)
  local refused = process.listen("refused")
  for id, kind in pairs { ["app:nothing"] = "NotFound", ["app:history"] = "Invalid", [""] = "Invalid" } do
    local pid = assert(process.spawn_monitored("app:changes", host, process.pid()))
    process.send(pid, "order", { id = id })
    local answer = t.take(refused)
    t.eq({ answer.ok, answer.kind }, { false, kind }, answer.message)
    process.send(pid, "end")
    t.eq(t.event("EXIT", pid).result.value, "as it was")
  end
end
T["a function is not upgraded"] = function()
  local ok, err = pcall(process.upgrade)
  t.eq({ ok, err:kind() }, { false, "Invalid" })
end
-- A host with room for three messages in an inbox, with threads where the other one has them.
local function small(name, host) return host == "app:threads" and name .. "_threads" or name end
T["a full inbox refuses where the host says so, and says whose limit it is"] = function(host)
  local pid = assert(process.spawn_monitored("app:waits", small("app:tight", host)))
  local sent, refused = 0, nil
  while refused == nil and sent < 10 do
    local ok, err = process.send(pid, "n")
    if ok then sent = sent + 1 else refused = err end
  end
  t.eq({ sent, refused:kind(), refused:retryable() }, { 3, "RateLimited", true })
  for _, word in ipairs { small("app:tight", host), "inbox_size", "3 messages" } do
    assert(tostring(refused):find(word, 1, true), tostring(refused))
  end
  t.event("EXIT", pid)
end
T["a send to a full inbox waits for room where the host says so, in order"] = function(host)
  local pid = assert(process.spawn_monitored("app:collects", small("app:roomy", host), 50))
  for i = 1, 50 do t.eq(process.send(pid, "n", i), true) end
  local topics = t.event("EXIT", pid).result.value
  for i = 1, 50 do t.eq(topics[i], { "n", i }) end
end
T["who waits for room in an inbox hears of the end of its process"] = function(host)
  local pid = assert(process.spawn("app:sleeps", small("app:roomy", host)))
  for i = 1, 3 do t.eq(process.send(pid, "n", i), true) end
  local done = channel.new(1)
  coroutine.spawn(function()
    local ok, err = process.send(pid, "n", 4)
    done:send(ok or err:kind())
  end)
  t.quiet(done, "it waits")
  process.terminate(pid)
  t.eq(t.take(done), "NotFound")
end
T["a process cannot wait for room in its own inbox"] = function(host)
  local pid = assert(process.spawn_monitored("app:floods_itself", small("app:roomy", host)))
  t.eq(t.event("EXIT", pid).result.value, { 3, "RateLimited" })
end
T["events come though the inbox is full"] = function(host)
  local pid = assert(process.spawn_monitored("app:sleeps", small("app:tight", host)))
  for _ = 1, 3 do process.send(pid, "n") end
  t.eq(process.cancel(pid, "enough"), true)
  t.eq(t.event("EXIT", pid).result.value, "enough")
end
T["a process of another cluster is Unavailable"] = function(host)
  local ok, err = process.send("{other/box@" .. host .. "|0x1}", "hello")
  t.kind(ok, err, "Unavailable")
  assert(tostring(err):find("another cluster", 1, true), tostring(err))
end
-- A process that is started beside them answers so many pings.
local function answers_pings(host, count)
  local pongs, echo = process.listen("ping"), assert(process.spawn("app:echo", host))
  for i = 1, count do
    process.send(echo, "ping", i)
    t.eq(t.take(pongs), i)
  end
end

T["a process whose inbox is never empty starves nobody, nor does who fills it"] = function(host)
  local sink = assert(process.spawn_monitored("app:sink", host))
  local sources = {}
  for i = 1, 2 do sources[i] = assert(process.spawn("app:floods", host, sink)) end
  answers_pings(host, 20)
  process.terminate(sink)
  t.event("EXIT", sink)
  for _, source in ipairs(sources) do process.terminate(source) end
end
T["a process that never waits starves nobody, and is ended"] = function(host)
  local spins = assert(process.spawn_monitored("app:spins", host))
  answers_pings(host, 5)
  process.terminate(spins)
  t.event("EXIT", spins)
end

return T
