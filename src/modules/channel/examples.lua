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
