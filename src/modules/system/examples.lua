--- system.exit
local system = require("system")
print(system.exit(256))
-- local ok, err = system.exit(0): the node stops, and with it this program
--> nil	bad argument #1 to 'exit' (code must be between 0 and 255, got 256)

--- system.modules
local system = require("system")
for _, module in ipairs(system.modules()) do
  if module.name == "json" then print(module.description, module.class[1]) end
end
--> JSON text to Lua values and back, and JSON Schema	sealed

--- system.memory.stats
local system = require("system")
local stats = system.memory.stats()
print(stats.alloc > 0, stats.heap_sys >= stats.heap_in_use)
--> true	true

--- system.memory.allocated
local system = require("system")
print(system.memory.allocated() > 0)
--> true

--- system.memory.heap_objects
local system = require("system")
print(system.memory.heap_objects())
--> nil	V8 does not count objects; read system.memory.stats()

--- system.memory.get_limit
local system = require("system")
print(system.memory.get_limit() > system.memory.allocated())
--> true

--- system.memory.set_limit
local system = require("system")
local none, err = system.memory.set_limit(100 * 1024 * 1024)
print(none, err:kind())
--> nil	Unavailable

--- system.gc.collect
local system = require("system")
print(system.gc.collect())
--> true

--- system.gc.get_percent
local system = require("system")
print(system.gc.get_percent())
--> nil	V8 has no such setting: it collects when it needs to

--- system.gc.set_percent
local system = require("system")
print(system.gc.set_percent(200))
--> nil	V8 has no such setting: it collects when it needs to

--- system.runtime.goroutines
local system = require("system")
print(math.type(system.runtime.goroutines()))
--> integer

--- system.runtime.max_procs
local system = require("system")
print(system.runtime.max_procs())
print(system.runtime.max_procs(4))
--> 1
--> nil	a node runs Lua on one core; start more nodes instead

--- system.runtime.cpu_count
local system = require("system")
print(system.runtime.cpu_count() >= 1)
--> true

--- system.process.pid
local system = require("system")
print(system.process.pid() > 0)
--> true

--- system.process.hostname
local system = require("system")
print(#system.process.hostname() > 0)
--> true

--- system.process.cwd
local system = require("system")
print(system.process.cwd():sub(1, 1))
--> /

--- system.hosts.list
local system = require("system")
for _, host in ipairs(system.hosts.list()) do print(host.id, host.workers, host.processes) end

--- system.hosts.processes
local system = require("system")
local none, err = system.hosts.processes("app:nowhere")
print(none, err:kind(), err:message())
--> nil	NotFound	there is no process.host 'app:nowhere' on this node

--- system.supervisor.state
local system = require("system")
local state = system.supervisor.state("app:worker")
print(state.id, state.status, state.desired)
local none, err = system.supervisor.state("app:nothing")
print(none, err:kind())
--> app:worker	Running	Running
--> nil	NotFound

--- system.supervisor.states
local system = require("system")
for _, state in ipairs(system.supervisor.states()) do print(state.id, state.status) end
--> app:worker	Running

--- system.node.id
local system = require("system")
print(system.node.id())
--> machine:4711

--- system.node.addr
local system = require("system")
print(system.node.addr())
--> nil	membership is unavailable: nodes do not talk to each other directly

--- system.node.role
local system = require("system")
print(system.node.role())
--> non-member

--- system.cluster.members
local system = require("system")
local first = system.cluster.members()[1]
print(first.id, first.is_local)
--> machine:4711	true

--- system.cluster.leader
local system = require("system")
print(system.cluster.leader() == "")
--> true

--- system.cluster.size
local system = require("system")
print(system.cluster.size())
--> 1

--- system.raft.is_leader
local system = require("system")
local none, err = system.raft.is_leader()
print(none, err:kind(), err)
--> nil	Internal	raft not available: nodes agree through the registry, without a leader

--- system.raft.is_member
local system = require("system")
print(system.raft.is_member())
--> nil	raft not available: nodes agree through the registry, without a leader

--- system.raft.role
local system = require("system")
print(system.raft.role())
--> nil	raft not available: nodes agree through the registry, without a leader

--- system.raft.term
local system = require("system")
print(system.raft.term())
--> nil	raft not available: nodes agree through the registry, without a leader

--- system.raft.commit_index
local system = require("system")
print(system.raft.commit_index())
--> nil	raft not available: nodes agree through the registry, without a leader

--- system.raft.stats
local system = require("system")
print(system.raft.stats())
--> nil	raft not available: nodes agree through the registry, without a leader

--- system.lock.acquire
local system = require("system")
print(system.lock.acquire("orders.migration"))
local again, err = system.lock.acquire("orders.migration") -- by this process itself
print(again, err:kind())
system.lock.release("orders.migration")
--> true
--> false	AlreadyExists

--- system.lock.release
local system = require("system")
system.lock.acquire("orders.import")
print(system.lock.release("orders.import"))
print(system.lock.release("orders.import"))
--> true
--> false
