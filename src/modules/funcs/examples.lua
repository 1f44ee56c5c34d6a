-- These run in the app of ../examples-app.yaml.

--- funcs.call
print(funcs.call("app:greet", "Ada"))
local value, err = funcs.call("app:nobody")
print(value, err:kind())
--> Hello, Ada!
--> nil	NotFound

--- funcs.async
local first, second = funcs.async("app:greet", "Ada"), funcs.async("app:greet", "Bob")
print(first:response():receive():data(), second:response():receive():data())
local future, err = funcs.async("no id")
print(future, err:kind())
--> Hello, Ada!	Hello, Bob!
--> nil	Invalid

--- funcs.new
local as_ada = funcs.new():with_context({ user = "ada" }):with_options({ timeout = "30s" })
print(as_ada:call("app:whoami"))
--> ada
