--- channel.new
local ch = channel.new(2)
ch:send("a")
ch:send("b")
ch:close()
print(ch:receive())
print(ch:receive())
print(ch:receive())
--> a	true
--> b	true
--> nil	false

--- channel.select
local orders, stops = channel.new(1), channel.new(1)
orders:send("o-1")
local result = channel.select({ orders:case_receive(), stops:case_receive() })
print(result.channel == orders, result.value, result.ok)
local nothing = channel.select({ stops:case_receive(), default = true })
print(nothing.default)
--> true	o-1	true
--> true

--- channel:send
local jobs = channel.new(1)
print(jobs:send("first"))
jobs:close()
print((pcall(jobs.send, jobs, "late")))
--> true
--> false

--- channel:receive
local jobs = channel.new()
coroutine.spawn(function() jobs:send("first") jobs:close() end)
print(jobs:receive())
print(jobs:receive())
--> first	true
--> nil	false

--- channel:close
local done = channel.new()
coroutine.spawn(function() done:close() end)
print(done:receive())
--> nil	false

--- channel:case_send
local jobs = channel.new(1)
local result = channel.select({ jobs:case_send("first"), default = true })
print(result.channel == jobs, jobs:receive())
--> true	first	true

--- channel:case_receive
local jobs, stop = channel.new(1), channel.new()
jobs:send("first")
local result = channel.select({ stop:case_receive(), jobs:case_receive() })
print(result.channel == jobs, result.value, result.ok)
--> true	first	true
