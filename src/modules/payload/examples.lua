--- payload.new
local p = payload.new({user_id = 123, roles = {"admin"}})
print(p:get_format(), p:data().roles[1])
print(pcall(payload.new, print))
--> lua/any	admin
--> false	functions do not cross: $

--- payload:get_format
print(payload.new("text"):get_format(), payload.new(errors.new("failed")):get_format())
--> lua/any	golang/error

--- payload:data
local data, err = payload.new({total = 100}):data()
print(data.total)
--> 100

--- payload:unmarshal
local p = payload.new({list = {1, 2.5}}):transcode(payload.format.JSON)
print(p:unmarshal().list[2])
--> 2.5

--- payload:transcode
local p = payload.new({name = "test", value = 123})
print(p:transcode(payload.format.JSON):get_format())
print(p:transcode(payload.format.MSGPACK):data().value)
local q, err = p:transcode("no/format")
print(q, err:kind())
--> json/plain
--> 123
--> nil	Internal
