--- coroutine.spawn
local done = channel.new()
coroutine.spawn(function(name) done:send("hello " .. name) end, "Ann")
print(done:receive())
--> hello Ann	true
