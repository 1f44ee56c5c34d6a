--- registry.get
local entry, err = registry.get("app:limits")
print(entry.id, entry.kind, entry.meta.type, entry.data.orders)
local none, missing = registry.get("app:nobody")
print(none, missing:kind(), missing:message())
--> app:limits	registry.entry	config	10
--> nil	NotFound	entry 'app:nobody' is not in registry version 1

--- registry.find
for _, entry in ipairs(registry.find({[".kind"] = "registry.entry", ["meta.type"] = "config"})) do
    print(entry.id)
end
print(#registry.find({["^.name"] = "lim"}), #registry.find({["*meta.tags"] = "shop"}))
--> app:limits
--> app:prices
--> 1	1

--- registry.parse_id
local id = registry.parse_id("app.lib:assert")
print(id.ns, id.name)
--> app.lib	assert

--- registry.snapshot
local snap = registry.snapshot()
snap:changes():delete("app:prices"):apply()
print(snap:get("app:prices") ~= nil, registry.get("app:prices") ~= nil)
--> true	false

--- registry.snapshot_at
local first = registry.snapshot_at(1)
print(first:version():string(), #first:entries())
local none, err = registry.snapshot_at(99)
print(none, err:kind(), err:message())
--> v1	2
--> nil	NotFound	the registry has no version 99

--- registry.current_version
local version = registry.current_version()
print(version:id(), version:string(), version:comment(), version:via())
--> 1	v1	the app as its folder has it	start

--- registry.versions
registry.snapshot():changes():delete("app:prices"):apply()
for _, version in ipairs(registry.versions()) do
    print(version:id(), version:comment())
end
--> 1	the app as its folder has it
--> 2	delete app:prices

--- registry.history
local hist = registry.history()
print(#hist:versions(), hist:get_version(1):string())
--> 1	v1

--- registry.apply_version
local version = registry.snapshot():changes():delete("app:prices"):apply()
print(registry.get("app:prices"))
print(registry.apply_version(version:previous()))
print(registry.get("app:prices").id, registry.current_version():id())
--> nil	entry 'app:prices' is not in registry version 2
--> true
--> app:prices	3

--- registry.build_delta
local from = {{id = "test:a", kind = "test", meta = {}, data = {}}}
local to = {{id = "test:b", kind = "test", meta = {}, data = {}}}
for _, op in ipairs(registry.build_delta(from, to)) do
    print(op.kind, op.entry.id)
end
--> entry.delete	test:a
--> entry.create	test:b

--- Version:id
print(registry.current_version():id())
--> 1

--- Version:string
print(registry.current_version():string(), tostring(registry.current_version()))
--> v1	v1

--- Version:previous
print(registry.current_version():previous())
--> nil

--- Version:next
local first = registry.current_version()
print(first:next())
registry.snapshot():changes():delete("app:prices"):apply()
print(first:next():id())
--> nil
--> 2

--- Version:hash
print(#registry.current_version():hash())
--> 64

--- Version:comment
registry.snapshot():changes():delete("app:prices"):apply({comment = "free for all"})
print(registry.current_version():comment())
--> free for all

--- Version:author
print(registry.current_version():author():find("@") ~= nil)
--> true

--- Version:via
registry.snapshot():changes():delete("app:prices"):apply()
print(registry.current_version():via())
--> lua app:main

--- Version:time
print(registry.current_version():time():match("^%d+%-%d%d%-%d%dT") ~= nil)
--> true

--- Snapshot:entries
for _, entry in ipairs(registry.snapshot():entries()) do
    print(entry.id)
end
--> app:limits
--> app:prices

--- Snapshot:get
print(registry.snapshot():get("app:limits").data.orders)
print(registry.snapshot():get({ns = "app", name = "limits"}).kind)
--> 10
--> registry.entry

--- Snapshot:find
print(registry.snapshot():find({["meta.tags"] = {"shop"}})[1].id)
--> app:prices

--- Snapshot:namespace
print(#registry.snapshot():namespace("app"), #registry.snapshot():namespace("other"))
--> 2	0

--- Snapshot:version
print(registry.snapshot():version():id())
--> 1

--- Snapshot:changes
local changes = registry.snapshot():changes()
print(#changes:ops())
--> 0

--- Changes:create
local changes = registry.snapshot():changes()
changes:create({
    id = "app:double",
    kind = "function.lua",
    meta = {comment = "made while the app runs"},
    data = {source = "return function(n) return 2 * n end"}
})
print(changes:apply():string())
changes:create({id = "app:broken", kind = "function.lua", meta = {}, data = {source = "return 1 +"}})
local version, err = changes:apply()
print(version, err:kind(), err:message())
--> v2
--> nil	Invalid	nothing was changed: app:broken:1:11: unexpected symbol near <eof>

--- Changes:update
registry.snapshot():changes():update({id = "app:limits", data = {orders = 50}}):apply()
local entry = registry.get("app:limits")
print(entry.data.orders, entry.meta.type)
--> 50	config

--- Changes:delete
registry.snapshot():changes():delete("app:limits"):delete({ns = "app", name = "prices"}):apply()
print(#registry.snapshot():entries())
--> 0

--- Changes:ops
local changes = registry.snapshot():changes()
changes:update({id = "app:limits", data = {orders = 50}}):delete("app:prices")
for _, op in ipairs(changes:ops()) do
    print(op.kind, op.entry.id)
end
--> entry.update	app:limits
--> entry.delete	app:prices

--- Changes:apply
local mine, theirs = registry.snapshot():changes(), registry.snapshot():changes()
theirs:delete("app:prices"):apply()
local version, err = mine:delete("app:limits"):apply()
print(version, err:kind(), err:message())
local none, empty = registry.snapshot():changes():apply()
print(none, empty:kind(), empty:message())
--> nil	Conflict	the registry is at version 2, not 1; read the newest version and apply the change to it
--> nil	Invalid	there are no changes to apply

--- History:versions
print(#registry.history():versions())
--> 1

--- History:get_version
local version, err = registry.history():get_version(7)
print(version, err:kind())
--> nil	NotFound

--- History:snapshot_at
print(#registry.history():snapshot_at(1):entries())
--> 2

--- History:of
registry.snapshot():changes():update({id = "app:limits", data = {orders = 50}}):apply()
for _, change in ipairs(registry.history():of("app:limits")) do
    print(change.version:id(), change.kind, change.entry.data.orders, change.version:via())
end
--> 2	entry.update	50	lua app:main
--> 1	entry.create	10	start
