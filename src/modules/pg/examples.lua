-- These run in the app of ../examples-app.yaml.

--- pg.open
local group = assert(pg.open("app:groups"))
print(group)
local _, err = pg.open("app:nowhere")
print(err:kind(), err:message())
--> pg.Instance(app:groups)
--> Internal	there is no scope 'app:nowhere'; it needs an entry of kind pg.scope

--- Group:join
local group = pg.open("app:groups")
print(group:join("workers"), group:join({ "workers", "all" }))
print(#group:get_members("workers"), #group:get_members("all"))
--> true	true
--> 2	1

--- Group:leave
local group = pg.open("app:groups")
group:join({ "workers", "all" })
print(group:leave("workers"))
print(group:leave({ "workers", "all" })) -- those that it is in
local _, err = group:leave("all")
print(err:kind())
--> true
--> true
--> Invalid

--- Group:get_members
local group = pg.open("app:groups")
group:join("workers")
print(group:get_members("workers")[1] == process.pid())
print(#group:get_members("nobody"))
--> true
--> 0

--- Group:get_local_members
local group = pg.open("app:groups")
group:join("workers")
print(#group:get_local_members("workers"))
--> 1

--- Group:which_groups
local group = pg.open("app:groups")
group:join({ "workers", "all" })
print(table.concat(group:which_groups(), " "))
--> all workers

--- Group:which_local_groups
local group = pg.open("app:groups")
group:join("here")
print(table.concat(group:which_local_groups(), " "))
--> here

--- Group:broadcast
local group = pg.open("app:groups")
local tasks = process.listen("task")
group:join("workers")
print(group:broadcast("workers", "task", { id = 42 }))
print(tasks:receive().id)
--> true
--> 42

--- Group:broadcast_local
local group = pg.open("app:groups")
group:join("workers")
print(group:broadcast_local("workers", "news", 1, 2))
local message = process.inbox():receive()
print(message:topic(), message:from() == process.pid())
--> true
--> news	true

--- Group:monitor
local group = pg.open("app:groups")
group:join("workers")
local sub, members = group:monitor("workers")
print(#members)
group:leave("workers")
local change = sub:channel():receive()
print(change.system, change.kind, change.path, change.data.PIDs[1] == process.pid())
--> 1
--> pg	member.left	workers	true

--- Group:events
local group = pg.open("app:groups")
group:join("workers")
local sub, members = group:events()
print(#members.workers)
group:join("all")
local change = sub:channel():receive()
print(change.kind, change.data.Group)
--> 1
--> member.joined	all

--- Group:release
local group = pg.open("app:groups")
print(group:release(), group:release())
local _, err = group:join("workers")
print(err:kind(), err:message())
--> true	true
--> Invalid	the scope 'app:groups' was released; open it again

--- Subscription:channel
local group = pg.open("app:groups")
local sub = group:monitor("workers")
group:join("workers")
local changes, late = sub:channel(), time.after("5s")
local got = channel.select({ changes:case_receive(), late:case_receive() })
print(got.value.kind)
--> member.joined

--- Subscription:close
local group = pg.open("app:groups")
local sub = group:monitor("workers")
group:join("workers")
print(sub:close({ flush = true }))
print(sub:channel():receive().kind) -- what had happened by then
print(sub:channel():receive())
--> true
--> member.joined
--> nil	false
