-- Ends: cancel, terminate, monitors.
local t = require("t")
local T = {}

T["a process is asked to end with a reason"] = function(host)
  local pid = assert(process.spawn_monitored("app:tidy", host))
  t.eq(process.cancel(pid, "closing time"), true)
  t.eq(t.event("EXIT", pid).result.value, { "CANCEL", "closing time", process.pid() })
end
T["a cancellation without a reason is one too"] = function(host)
  local pid = assert(process.spawn_monitored("app:tidy", host))
  process.cancel(pid)
  t.eq(t.event("EXIT", pid).result.value[1], "CANCEL")
end
T["a process that is asked to end may go on"] = function(host)
  local puppet = t.puppet(host)
  process.cancel(puppet.pid, "please")
  t.eq(puppet:event("CANCEL").reason, "please")
  t.eq(puppet:stop("return", "in my own time").result.value, "in my own time")
end
T["it may be asked again"] = function(host)
  local puppet = t.puppet(host)
  process.cancel(puppet.pid, "one")
  process.cancel(puppet.pid, "two")
  t.eq({ puppet:event("CANCEL").reason, puppet:event("CANCEL").reason }, { "one", "two" })
end
T["an event waits for who looks at it later"] = function(host)
  local pid = assert(process.spawn_monitored("app:late", host))
  process.cancel(pid, "unseen")
  process.send(pid, "go")
  process.send(pid, "job", 1)
  process.send(pid, "job", 2)
  t.eq(t.event("EXIT", pid).result.value, { 1, 2 })
end
T["cancelling who is gone is NotFound"] = function(host)
  local pid = assert(process.spawn_monitored("app:returns", host))
  t.event("EXIT", pid)
  local ok, err = process.cancel(pid, "too late")
  t.kind(ok, err, "NotFound")
end
T["a reason that is no text is Invalid"] = function(host)
  local ok, err = process.cancel(t.puppet(host).pid, {})
  t.kind(ok, err, "Invalid")
end
T["terminate ends a process at once; its monitors get the error"] = function(host)
  local pid = assert(process.spawn_monitored("app:waits", host))
  t.eq(process.terminate(pid), true)
  local result = t.event("EXIT", pid).result
  t.eq({ result.value == nil, result.error:kind() }, { true, "Canceled" })
end
T["terminating who is gone is NotFound"] = function(host)
  local pid = assert(process.spawn_monitored("app:returns", host))
  t.event("EXIT", pid)
  local ok, err = process.terminate(pid)
  t.kind(ok, err, "NotFound")
end
T["a terminated process takes no more messages"] = function(host)
  local puppet = t.puppet(host)
  assert(puppet:alive())
  process.monitor(puppet.pid)
  process.terminate(puppet.pid)
  t.event("EXIT", puppet.pid)
  local ok, err = puppet:tell("return")
  t.kind(ok, err, "NotFound")
end
T["a process may terminate another"] = function(host)
  local killer, victim = t.puppet(host), t.puppet(host)
  process.monitor(victim.pid)
  t.eq(killer:call("terminate", victim.pid), true)
  t.eq(t.event("EXIT", victim.pid).result.error:kind(), "Canceled")
end

T["a monitor hears of a normal end with its value"] = function(host)
  local puppet = t.puppet(host)
  t.eq(process.monitor(puppet.pid), true)
  puppet:tell("return", { done = true })
  t.eq(t.event("EXIT", puppet.pid).result.value, { done = true })
end
T["a monitor hears of a failure with its error"] = function(host)
  local puppet = t.puppet(host)
  process.monitor(puppet.pid)
  puppet:tell("fail", "boom")
  t.eq(t.event("EXIT", puppet.pid).result.error:message(), "boom")
end
T["the failure of a monitored process does not end its monitor"] = function(host)
  local watcher, other = t.puppet(host), t.puppet(host)
  watcher:call("monitor", other.pid)
  other:tell("fail", "boom")
  t.eq(watcher:event("EXIT").error, "boom")
  t.eq(watcher:alive(), true)
end
T["monitoring twice tells once"] = function(host)
  local puppet = t.puppet(host)
  process.monitor(puppet.pid)
  process.monitor(puppet.pid)
  puppet:tell("return")
  t.event("EXIT", puppet.pid)
  t.quiet(process.events())
end
T["an unmonitored end is not heard"] = function(host)
  local watcher, other = t.puppet(host), t.puppet(host)
  watcher:call("monitor", other.pid)
  t.eq(watcher:call("unmonitor", other.pid), true)
  other:stop()
  watcher:call("pid")
  t.quiet(watcher.events)
end
T["unmonitoring what is not monitored does nothing"] = function(host)
  t.eq(process.unmonitor(t.puppet(host).pid), true)
end
T["monitoring who is gone is NotFound"] = function(host)
  local pid = assert(process.spawn_monitored("app:returns", host))
  t.event("EXIT", pid)
  local ok, err = process.monitor(pid)
  t.kind(ok, err, "NotFound")
end
T["several monitors each hear of it"] = function(host)
  local a, b, other = t.puppet(host), t.puppet(host), t.puppet(host)
  a:call("monitor", other.pid)
  b:call("monitor", other.pid)
  other:tell("return", 1)
  t.eq({ a:event("EXIT").value, b:event("EXIT").value }, { 1, 1 })
end
T["two may monitor each other"] = function(host)
  local a, b = t.puppet(host), t.puppet(host)
  a:call("monitor", b.pid)
  b:call("monitor", a.pid)
  a:tell("return", "first")
  t.eq(b:event("EXIT").value, "first")
  t.eq(b:alive(), true)
end
T["a monitor that ends is forgotten"] = function(host)
  local watcher, other = t.puppet(host), t.puppet(host)
  watcher:call("monitor", other.pid)
  watcher:stop()
  t.eq(other:stop("return", "alone").result.value, "alone")
end
T["spawn_monitored tells of an end that comes at once"] = function(host)
  for i = 1, 10 do
    local pid = assert(process.spawn_monitored("app:returns", host, i))
    t.eq(t.event("EXIT", pid).result.value, i)
  end
end

return T
