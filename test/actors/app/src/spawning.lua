-- Starts: arguments, results, context, builders.
local t = require("t")
local T = {}

local function exit_of(pid) return t.event("EXIT", pid).result end
local function ends(name, host, ...) return exit_of(assert(process.spawn_monitored("app:" .. name, host, ...))) end

T["spawn gives the text of a PID that names the host"] = function(host)
  local pid = assert(process.spawn("app:returns", host))
  t.eq(pid:match("^{(.+)|.+}$"), host)
end
T["every process has a PID of its own"] = function(host)
  local seen = {}
  for _ = 1, 20 do
    local pid = assert(process.spawn("app:returns", host))
    t.eq(seen[pid], nil)
    seen[pid] = true
  end
end
T["arguments reach main as they are"] = function(host)
  t.eq(ends("returns", host, { 1, 2.0, "three", { four = true } }).value, { 1, 2.0, "three", { four = true } })
end
T["a nil among the arguments keeps its place"] = function(host)
  local a, b, c = process.exec("app:returns", host, 1, nil, 3)
  t.eq({ a, b == nil, c }, { 1, true, 3 })
end
T["integers beyond 2^53 stay exact"] = function(host)
  t.eq(ends("returns", host, 9007199254740993).value, 9007199254740993)
  t.eq(ends("returns", host, math.mininteger).value, math.mininteger)
end
T["bytes that are no text stay bytes"] = function(host)
  t.eq(ends("returns", host, "\xff\0\x80").value, "\xff\0\x80")
end
T["a process without a result ends with nil"] = function(host)
  local result = ends("returns", host)
  t.eq({ result.value == nil, result.error == nil }, { true, true })
end
T["an uncaught error is the end's error, with its text"] = function(host)
  local result = ends("fails", host, "boom")
  t.eq({ result.value == nil, result.error:message(), result.error:kind() }, { true, "boom", "Internal" })
end
T["an error object keeps kind, retryable and details"] = function(host)
  local err = ends("raises", host, errors.CONFLICT, "taken").error
  t.eq({ err:kind(), err:message(), err:retryable(), err:details().order }, { "Conflict", "taken", true, 7 })
end
T["a second result that is a text is the end's error"] = function(host)
  t.eq(ends("answers_error", host, "no stock").error:message(), "no stock")
end
T["an entry that is not there is NotFound"] = function(host)
  local pid, err = process.spawn("app:nobody", host)
  t.kind(pid, err, "NotFound")
end
T["a name close to an entry's is named in the error"] = function(host)
  local _, err = process.spawn("app:retuns", host)
  assert(tostring(err):find("app:returns", 1, true), tostring(err))
end
T["a host that is not there is NotFound"] = function()
  local pid, err = process.spawn("app:returns", "app:nowhere")
  t.kind(pid, err, "NotFound")
end
T["a start without an id or a host is Invalid"] = function(host)
  for _, args in ipairs { {}, { "app:returns" }, { "", host }, { 7, host }, { "app:returns", "" } } do
    local pid, err = process.spawn(table.unpack(args))
    t.kind(pid, err, "Invalid")
  end
end
T["arguments that do not cross are Invalid, and say which"] = function(host)
  local pid, err = process.spawn("app:returns", host, 1, { on_done = print })
  t.kind(pid, err, "Invalid")
  assert(tostring(err):find("2", 1, true) and tostring(err):find("on_done", 1, true), tostring(err))
end
T["a function cannot be spawned"] = function(host)
  local pid, err = process.spawn("app:run", host)
  t.kind(pid, err, "Invalid")
end
T["exec gives all results"] = function(host)
  local a, b = process.exec("app:returns", host, 1, { two = 2 })
  t.eq({ a, b }, { 1, { two = 2 } })
end
T["exec gives nil and the error"] = function(host)
  local value, err = process.exec("app:raises", host, errors.TIMEOUT, "late")
  t.kind(value, err, "Timeout")
end
T["exec of an entry that is not there is NotFound"] = function(host)
  local value, err = process.exec("app:nobody", host)
  t.kind(value, err, "NotFound")
end
T["several run at once, each with its own state"] = function(host)
  local pids, got = {}, {}
  for i = 1, 10 do pids[assert(process.spawn_monitored("app:returns", host, i))] = i end
  for _ = 1, 10 do
    local event = t.event("EXIT")
    got[#got + 1] = pids[event.from] == event.result.value
  end
  for _, right in ipairs(got) do t.eq(right, true) end
end

T["context values reach the process"] = function(host)
  t.eq(process.with_context({ tenant = "acme" }):exec("app:tenant", host), "acme")
end
T["context is inherited further down, and a child changes nothing above"] = function(host)
  t.eq(process.with_context({ tenant = "acme" }):exec("app:grandparent", host, host), { "acme", "other", "acme" })
end
T["a builder is never changed"] = function(host)
  local base = process.with_context({ tenant = "one" })
  local other = base:with_context({ tenant = "two" })
  t.eq({ base:exec("app:tenant", host), other:exec("app:tenant", host) }, { "one", "two" })
end
T["context without string keys is refused by the start"] = function(host)
  local pid, err = process.with_context({ 1, 2 }):spawn("app:returns", host)
  t.kind(pid, err, "Invalid")
end
T["an unknown option is refused by the start"] = function(host)
  local pid, err = process.with_options({ colour = "red" }):spawn("app:returns", host)
  t.kind(pid, err, "Invalid")
end
T["first messages are there before any other, in their order"] = function(host)
  local pid = assert(process.with_context({}):with_message("a", 1):with_message("b", { x = 2 })
    :spawn_monitored("app:collects", host, 3))
  process.send(pid, "c", 3)
  t.eq(exit_of(pid).value, { { "a", 1 }, { "b", { x = 2 } }, { "c", 3 } })
end
T["a builder monitors too"] = function(host)
  local pid = assert(process.with_context({}):spawn_monitored("app:returns", host, "done"))
  t.eq(exit_of(pid).value, "done")
end
T["a builder links too"] = function(host)
  process.set_options({ trap_links = true })
  local pid = assert(process.with_context({}):spawn_linked("app:fails", host, "boom"))
  t.eq(t.event("LINK_DOWN", pid).result.error:message(), "boom")
end
T["processes start processes"] = function(host)
  local puppet = t.puppet(host)
  local pid = puppet:call("spawn_monitored", "app:returns", host, "from below")
  local event = puppet:event("EXIT")
  t.eq({ event.from, event.value }, { pid, "from below" })
end
T["coroutines of a process work together, and end with main"] = function(host)
  t.eq(ends("coroutines", host).value, 14)
end
T["an error in a coroutine ends the process"] = function(host)
  t.eq(ends("coroutine_fails", host).error:message(), "in a coroutine")
end

return T
