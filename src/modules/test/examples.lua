-- These run in the app of ../examples-app.yaml.

--- test.mock
local funcs = require("funcs")
local asked
test.mock("app:greet", function(name)
    asked = name
    return "Good evening, " .. name
end)
print(funcs.call("app:greet", "Ada"), asked)
test.mock("app:greet", function() return nil, errors.new({ kind = errors.NOT_FOUND, message = "who?" }) end)
local _, err = funcs.call("app:greet", "Bob")
print(err:kind(), err:message())
local _, typo = test.mock("app:gret", function() end)
print(typo:kind())
--> Good evening, Ada	Ada
--> NotFound	who?
--> NotFound

--- test.restore
local funcs = require("funcs")
test.mock("app:greet", function() return "nothing" end)
test.restore("app:greet")
print(funcs.call("app:greet", "Ada"))
--> Hello, Ada!
