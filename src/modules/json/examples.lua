--- json.encode
print(json.encode({1, 2, 3}))
print(json.encode({name = "Ann", tags = {"a", "b"}, total = 9.5}))
print(json.encode(9007199254740993))
local text, err = json.encode({1, 2, [4] = 4})
print(text, err:kind())
--> [1,2,3]
--> {"name":"Ann","tags":["a","b"],"total":9.5}
--> 9007199254740993
--> nil	Internal

--- json.decode
local user = json.decode('{"name":"Bob","roles":["admin"],"age":42,"score":1.0}')
print(user.name, user.roles[1], user.age, user.score)
local data, err = json.decode('{"name": }')
print(data, err:kind(), err:message())
--> Bob	admin	42	1.0
--> nil	Internal	invalid JSON at 1:10: expected a value, found '}'

--- json.validate
local schema = {
  type = "object",
  properties = {name = {type = "string", minLength = 1}, age = {type = "integer", minimum = 0}},
  required = {"name"},
}
print(json.validate(schema, {name = "Alice", age = 30}))
local valid, err = json.validate(schema, {name = "", age = -1})
print(valid, err:kind())
print(err:message())
--> true
--> false	Invalid
--> $.name must NOT have fewer than 1 characters; $.age must be >= 0

--- json.validate_string
local schema = '{"type":"object","required":["action"],"properties":{"action":{"enum":["create","delete"]}}}'
print(json.validate_string(schema, '{"action":"create"}'))
local valid, err = json.validate_string(schema, '{"action":"drop"}')
print(valid, err:message())
--> true
--> false	$.action must be equal to one of the allowed values: "create", "delete"
