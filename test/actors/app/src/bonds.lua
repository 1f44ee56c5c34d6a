-- Links and the options of a process.
local t = require("t")
local T = {}

--- A puppet's end as its monitor hears it; the monitor is set before.
local function watch(puppet) assert(process.monitor(puppet.pid)) return puppet end

T["the failure of a linked process ends the other with an error that names it"] = function(host)
  local a, b = watch(t.puppet(host)), t.puppet(host)
  t.eq(a:call("link", b.pid), true)
  b:tell("fail", "boom")
  local message = t.event("EXIT", a.pid).result.error:message()
  assert(message:find("boom", 1, true) and message:find(b.pid, 1, true), message)
end
T["a link holds in both directions"] = function(host)
  local a, b = t.puppet(host), watch(t.puppet(host))
  a:call("link", b.pid)
  a:tell("fail", "boom")
  assert(t.event("EXIT", b.pid).result.error:message():find("boom", 1, true))
end
T["the normal end of a linked process changes nothing"] = function(host)
  local a, b = t.puppet(host), t.puppet(host)
  a:call("link", b.pid)
  b:stop("return", 1)
  t.eq(a:alive(), true)
  t.quiet(a.events)
end
T["linking twice is one link"] = function(host)
  local a, b = t.puppet(host), t.puppet(host)
  a:call("set_options", { trap_links = true })
  a:call("link", b.pid)
  a:call("link", b.pid)
  b:call("link", a.pid)
  b:tell("fail", "boom")
  a:event("LINK_DOWN")
  a:call("pid")
  t.quiet(a.events)
end
T["with trap_links the failure is an event"] = function(host)
  local a, b = t.puppet(host), t.puppet(host)
  t.eq(a:call("set_options", { trap_links = true }), true)
  a:call("link", b.pid)
  b:tell("fail", "boom")
  local event = a:event("LINK_DOWN")
  t.eq({ event.from, event.error, event.value == nil }, { b.pid, "boom", true })
  t.eq(a:alive(), true)
end
T["with trap_links a normal end is no event"] = function(host)
  local a, b = t.puppet(host), t.puppet(host)
  a:call("set_options", { trap_links = true })
  a:call("link", b.pid)
  b:stop("return", 1)
  a:call("pid")
  t.quiet(a.events)
end
T["trapping may be given up again"] = function(host)
  local a, b = watch(t.puppet(host)), t.puppet(host)
  a:call("set_options", { trap_links = true })
  a:call("set_options", { trap_links = false })
  a:call("link", b.pid)
  b:tell("fail", "boom")
  t.event("EXIT", a.pid)
end
T["a terminated process counts as failed"] = function(host)
  local a, b = t.puppet(host), t.puppet(host)
  a:call("set_options", { trap_links = true })
  a:call("link", b.pid)
  process.terminate(b.pid)
  t.eq(a:event("LINK_DOWN").error_kind, "Canceled")
end
T["an unlinked failure is not heard"] = function(host)
  local a, b = t.puppet(host), t.puppet(host)
  a:call("link", b.pid)
  t.eq(a:call("unlink", b.pid), true)
  b:stop("fail", "boom")
  t.eq(a:alive(), true)
end
T["either side may unlink"] = function(host)
  local a, b = t.puppet(host), t.puppet(host)
  a:call("link", b.pid)
  b:call("unlink", a.pid)
  b:stop("fail", "boom")
  t.eq(a:alive(), true)
end
T["unlinking what is not linked does nothing"] = function(host)
  local a, b = t.puppet(host), t.puppet(host)
  t.eq(a:call("unlink", b.pid), true)
end
T["linking who is gone is NotFound"] = function(host)
  local a, b = t.puppet(host), t.puppet(host)
  b:stop()
  local _, kind = a:call("link", b.pid)
  t.eq(kind, "NotFound")
end
T["a failure goes through a chain of links"] = function(host)
  local a, b, c = watch(t.puppet(host)), t.puppet(host), t.puppet(host)
  a:call("link", b.pid)
  b:call("link", c.pid)
  c:tell("fail", "boom")
  assert(t.event("EXIT", a.pid).result.error:message():find("boom", 1, true))
end
T["a chain of links ends at one that traps"] = function(host)
  local a, b, c = t.puppet(host), t.puppet(host), t.puppet(host)
  b:call("set_options", { trap_links = true })
  a:call("link", b.pid)
  b:call("link", c.pid)
  c:tell("fail", "boom")
  b:event("LINK_DOWN")
  t.eq({ a:alive(), b:alive() }, { true, true })
end
T["spawn_linked links from the start"] = function(host)
  process.set_options({ trap_links = true })
  local pid = assert(process.spawn_linked("app:fails", host, "at once"))
  t.eq(t.event("LINK_DOWN", pid).result.error:message(), "at once")
end
T["spawn_linked tells nothing of a normal end"] = function(host)
  process.set_options({ trap_links = true })
  local pid = assert(process.spawn_linked_monitored("app:returns", host, 1))
  t.event("EXIT", pid)
  t.quiet(process.events())
end
T["a linked and monitored failure is both events"] = function(host)
  process.set_options({ trap_links = true })
  local pid = assert(process.spawn_linked_monitored("app:fails", host, "boom"))
  local kinds = {}
  for _ = 1, 2 do
    local event = t.take(process.events(), "an event")
    t.eq({ event.from, event.result.error:message() }, { pid, "boom" })
    kinds[event.kind] = true
  end
  t.eq(kinds, { EXIT = true, LINK_DOWN = true })
end
T["a child that is linked ends with its parent"] = function(host)
  local children = process.listen("child")
  local parent = assert(process.spawn_monitored("app:family", host, process.pid(), host))
  local child = t.take(children)
  assert(process.monitor(child))
  process.send(parent, "go")
  local ends = {}
  for _ = 1, 2 do
    local event = t.event("EXIT")
    ends[event.from] = event.result.error:message()
  end
  t.eq(ends[parent], "the parent fails")
  assert(ends[child]:find("the parent fails", 1, true), ends[child])
end
T["the options are off at first, and are told"] = function(host)
  local puppet = t.puppet(host)
  t.eq(puppet:call("get_options"), { trap_links = false, upgradable = false })
  puppet:call("set_options", { trap_links = true })
  t.eq(puppet:call("get_options"), { trap_links = true, upgradable = false })
  puppet:call("set_options", { upgradable = true })
  t.eq(puppet:call("get_options"), { trap_links = true, upgradable = true })
end
T["options that are unknown or of the wrong type are Invalid and change nothing"] = function(host)
  local puppet = t.puppet(host)
  for _, options in ipairs { { trap = true }, { trap_links = 1 }, { trap_links = true, other = 1 } } do
    local _, kind = puppet:call("set_options", options)
    t.eq(kind, "Invalid")
  end
  t.eq(puppet:call("get_options").trap_links, false)
end

return T
