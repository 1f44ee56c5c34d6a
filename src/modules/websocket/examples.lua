--- websocket.connect
local websocket = require("websocket")
local client = websocket.connect("ws://shop.example/prices", { protocols = { "prices-v1" }, dial_timeout = "5s" })
client:send("tea")
print(client:channel():receive().data)
local _, err = websocket.connect("ws://169.254.169.254/")
print(err:kind())
--> echo of tea
--> PermissionDenied

--- Client:send
local websocket = require("websocket")
local client = websocket.connect("ws://shop.example/prices")
print(client:send("tea"), client:send("\255\0", websocket.BINARY))
local _, err = client:send("\255")
print(err:kind())
--> true	true
--> Invalid

--- Client:ping
local websocket = require("websocket")
local client = websocket.connect("ws://shop.example/prices", { read_timeout = "1m" })
print(client:ping())
--> true

--- Client:channel
local websocket = require("websocket")
local client = websocket.connect("ws://shop.example/prices")
local messages, late = client:channel(), require("time").after("5s")
client:send("tea")
client:send("bye") -- this server closes then
while true do
  local r = channel.select({ messages:case_receive(), late:case_receive() })
  if r.channel == late or not r.ok then break end
  print(r.value.type, r.value.data)
end
--> text	echo of tea

--- Client:receive
local websocket = require("websocket")
local client = websocket.connect("ws://shop.example/prices")
client:send("cake")
local message, ok = client:receive():receive()
print(message.type == websocket.TYPE_TEXT, message.data, ok)
--> true	echo of cake	true

--- Client:close
local websocket = require("websocket")
local client = websocket.connect("ws://shop.example/prices")
print(client:close(websocket.CLOSE_CODES.NORMAL, "done"))
local message, ok = client:channel():receive()
print(message, ok)
--> true
--> nil	false
