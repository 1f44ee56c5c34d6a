-- These run in the app of ../examples-app.yaml.

--- process.pid
print(process.pid():match("^{.+|.+}$") ~= nil)
--> true

--- process.id
print(process.id() == process.pid())
--> true

--- process.send
local pid = process.spawn_monitored("app:counter", "app:worker", 1)
process.send(pid, "add", 2)
process.send(pid, "stop")
print(process.events():receive().result.value)
local ok, err = process.send("nobody", "add", 1)
print(ok, err:kind())
--> 3
--> nil	NotFound

--- process.inbox
process.send(process.pid(), "greeting", "hello")
local message = process.inbox():receive()
print(message:topic(), message:payload():data(), message:from() == process.pid())
--> greeting	hello	true

--- process.events
local pid = process.spawn_monitored("app:counter", "app:worker", 4)
process.cancel(pid, "enough")
local event = process.events():receive()
print(event.kind == process.event.EXIT, event.from == pid, event.result.value)
--> true	true	4

--- process.listen
local jobs = process.listen("job")
process.send(process.pid(), "job", { id = 7 })
print(jobs:receive().id)
--> 7

--- process.unlisten
local jobs = process.listen("job")
print(process.unlisten(jobs))
print(jobs:receive())
--> true
--> nil	false

--- process.spawn
local pid = process.spawn("app:counter", "app:worker", 5)
print(process.query(pid, "total"))
process.send(pid, "stop")
local none, err = process.spawn("app:nobody", "app:worker")
print(none, err:kind())
--> 5
--> nil	NotFound

--- process.spawn_monitored
local pid = process.spawn_monitored("app:counter", "app:worker", 5)
process.send(pid, "stop")
local event = process.events():receive()
print(event.kind, event.from == pid, event.result.value)
--> EXIT	true	5

--- process.spawn_linked
local pid = process.spawn_linked("app:counter", "app:worker")
print(process.send(pid, "stop"))
--> true

--- process.spawn_linked_monitored
local pid = process.spawn_linked_monitored("app:counter", "app:worker", 4)
process.send(pid, "stop")
print(process.events():receive().result.value)
--> 4

--- process.query
local pid = process.spawn("app:counter", "app:worker", 5)
print(process.query(pid, "total"))
local none, err = process.query(pid, "price")
print(none, err:kind())
process.send(pid, "stop")
--> 5
--> nil	NotFound

--- process.update
local pid = process.spawn("app:counter", "app:worker", 5)
print(process.update(pid, "add", 3))
process.send(pid, "stop")
--> 8

--- process.exec
print(process.exec("app:greeting", "app:worker", "Ada"))
local none, err = process.exec("app:nobody", "app:worker")
print(none, err:kind())
--> Hello, Ada!
--> nil	NotFound

--- process.with_context
local as_ada = process.with_context({ user = "Ada" })
print(as_ada:exec("app:greeting", "app:worker"))
--> Hello, Ada!

--- process.with_options
local starts = process.with_options({ ["temporal.workflow.id"] = "the-counter", ["temporal.workflow.run_timeout"] = "1h" })
local pid = starts:spawn("app:counter", "app:worker")
print(pid)
process.send(pid, "stop")
--> {app:worker|the-counter}

--- process.terminate
local pid = process.spawn_monitored("app:counter", "app:worker")
print(process.terminate(pid))
print(process.events():receive().result.error ~= nil)
--> true
--> true

--- process.cancel
local pid = process.spawn_monitored("app:counter", "app:worker", 4)
print(process.cancel(pid, "enough"))
print(process.events():receive().result.value)
--> true
--> 4

--- process.monitor
local pid = process.spawn("app:counter", "app:worker", 4)
print(process.monitor(pid))
process.send(pid, "stop")
print(process.events():receive().result.value)
--> true
--> 4

--- process.unmonitor
local pid = process.spawn_monitored("app:counter", "app:worker", 4)
print(process.unmonitor(pid))
process.send(pid, "stop")
--> true

--- process.link
local pid = process.spawn("app:counter", "app:worker")
print(process.link(pid))
process.unlink(pid)
process.send(pid, "stop")
--> true

--- process.unlink
local pid = process.spawn_linked("app:counter", "app:worker")
print(process.unlink(pid))
process.send(pid, "stop")
--> true

--- process.get_options
local options = process.get_options()
print(options.trap_links, options.upgradable)
--> false	false

--- process.set_options
print(process.set_options({ trap_links = true }))
local pid = process.spawn_linked("app:counter", "app:worker")
process.terminate(pid)
print(process.events():receive().kind)
--> true
--> LINK_DOWN

--- process.upgrade
-- in a process, when it hears that its code has changed: process.upgrade(nil, what_it_knows)
local ok, err = pcall(process.upgrade, 7) -- it does not return, so what is wrong is raised
print(ok, err:kind())
--> false	Invalid

--- process.registry.register
print(process.registry.register("the-adder"))
print(process.registry.lookup("the-adder") == process.pid())
print(process.registry.unregister("the-adder"))
--> true
--> true
--> true

--- process.registry.lookup
local pid, err = process.registry.lookup("nobody")
print(pid, err:kind())
--> nil	NotFound

--- process.registry.unregister
print(process.registry.unregister("nobody"))
--> false

--- Message:topic
process.send(process.pid(), "greeting", "hello")
print(process.inbox():receive():topic())
--> greeting

--- Message:from
process.send(process.pid(), "greeting", "hello")
print(process.inbox():receive():from() == process.pid())
--> true

--- Message:payload
process.send(process.pid(), "sum", 1, 2)
local first, second = process.inbox():receive():payload()
print(first:data() + second:data())
--> 3

--- SpawnBuilder:with_context
print(process.with_options({}):with_context({ user = "Ada" }):exec("app:greeting", "app:worker"))
--> Hello, Ada!

--- SpawnBuilder:with_options
local starts = process.with_context({}):with_options({ ["temporal.workflow.run_timeout"] = "soon" })
local none, err = starts:spawn("app:counter", "app:worker")
print(none, err:kind())
--> nil	Invalid

--- SpawnBuilder:with_name
local starts = process.with_options({}):with_name("the-named"):with_message("stop")
print(starts:spawn("app:counter", "app:worker"))
--> {app:worker|the-named}

--- SpawnBuilder:with_message
print(process.with_options({}):with_message("add", 2):with_message("stop"):exec("app:counter", "app:worker", 1))
--> 3

--- SpawnBuilder:with_update
local starts = process.with_options({}):with_name("the-updated"):with_update("add", 3)
local none, err = starts:spawn("app:counter", "app:worker")
print(none, err:message())
--> nil	the start has the update 'add', which exec_update sends and answers with

--- SpawnBuilder:exec_update
local starts = process.with_options({}):with_name("the-joined")
print(starts:with_update("add", 3):exec_update("app:counter", "app:worker", 10))
print(starts:with_update("add", 4):exec_update("app:counter", "app:worker"))
starts:with_message("stop"):spawn("app:counter", "app:worker")
--> 13
--> 17

--- SpawnBuilder:with_actor
local none, err = process.with_options({}):with_actor({}):spawn("app:counter", "app:worker")
print(none, err:kind())
--> nil	Unavailable

--- SpawnBuilder:with_scope
local none, err = process.with_options({}):with_scope({}):spawn("app:counter", "app:worker")
print(none, err:kind())
--> nil	Unavailable

--- SpawnBuilder:spawn
local pid = process.with_options({}):with_message("stop"):spawn("app:counter", "app:worker", 5)
print(pid ~= nil)
--> true

--- SpawnBuilder:spawn_monitored
local pid = process.with_options({}):with_message("stop"):spawn_monitored("app:counter", "app:worker", 5)
print(pid ~= nil)
--> true

--- SpawnBuilder:spawn_linked
local pid = process.with_options({}):with_message("stop"):spawn_linked("app:counter", "app:worker", 5)
print(pid ~= nil)
--> true

--- SpawnBuilder:spawn_linked_monitored
local pid = process.with_options({}):with_message("stop"):spawn_linked_monitored("app:counter", "app:worker", 5)
print(pid ~= nil)
--> true

--- SpawnBuilder:exec
print(process.with_context({ user = "Ada" }):exec("app:greeting", "app:worker"))
--> Hello, Ada!
