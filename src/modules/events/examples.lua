-- These run in the app of ../examples-app.yaml.

--- events.subscribe
local sub = assert(events.subscribe("orders", "order.(created|paid)"))
events.send("orders", "order.created", "/orders/1", { total = 99.5 })
events.send("orders", "order.shipped", "/orders/1")
events.send("orders", "order.paid", "/orders/1")
local ch = sub:channel()
for _ = 1, 2 do
    local event = ch:receive()
    print(event.system, event.kind, event.path, event.data and event.data.total)
end
local _, err = events.subscribe("")
print(err:kind(), err:message())
--> orders	order.created	/orders/1	99.5
--> orders	order.paid	/orders/1	nil
--> Invalid	the system is empty

--- events.send
local sub = events.subscribe("**", "user.*") -- of any system
print(events.send("users", "user.created", "/users/7", { name = "Ada" }))
print(sub:channel():receive().data.name)
print(events.send("users", "", "/users/7"))
--> true
--> Ada
--> nil	the kind is empty

--- Subscription:channel
local sub = events.subscribe("stock.**")
events.send("stock", "low", "mug", 2)
-- Beside other channels, as any:
local events_of_stock, late = sub:channel(), time.after("5s")
local got = channel.select({ events_of_stock:case_receive(), late:case_receive() })
print(got.channel == events_of_stock, got.value.path, got.value.data)
--> true	mug	2

--- Subscription:close
local sub = events.subscribe("stock")
print(sub:close())
print(sub:channel():receive())
--> true
--> nil	false
