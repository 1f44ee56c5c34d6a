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

--- funcs.nexus
local welcome = funcs.nexus("welcome", "welcome")
print(type(welcome))
local none, err = funcs.nexus("welcome")
print(none, err:kind())
--> userdata
--> nil	Invalid

--- NexusService:with_options
local patient = funcs.nexus("welcome", "welcome"):with_options({ timeout = "1h", summary = "the first guest" })
print(type(patient))
local none, err = patient:with_options({ timeuot = "1h" }):call("greet", "Ada")
print(none, err:message())
--> userdata
--> nil	unknown option 'timeuot'; did you mean 'timeout'?

--- NexusService:call
local welcome = funcs.nexus("welcome", "welcome")
print(welcome:call("greet", "Ada"))
local none, err = welcome:call("wave", "Ada")
print(none, err:kind())
--> Hello, Ada!
--> nil	NotFound

--- NexusService:async
local future = funcs.nexus("welcome", "welcome"):async("greeting", "Ada")
print(future:response():receive():data())
--> Hello, Ada!

--- Executor:with_context
print(funcs.new():with_context({ user = "ada" }):call("app:whoami"))
local none, err = funcs.new():with_context("ada"):call("app:whoami")
print(none, err:kind())
--> ada
--> nil	Invalid

--- Executor:with_options
local patient = funcs.new():with_options({ timeout = "30s", ["activity.retry_policy"] = { maximum_attempts = 3 } })
print(patient:call("app:greet", "Ada"))
local none, err = funcs.new():with_options({ timeout = "soon" }):call("app:greet", "Ada")
print(none, err:kind())
--> Hello, Ada!
--> nil	Invalid

--- Executor:with_actor
local none, err = funcs.new():with_actor({}):call("app:greet", "Ada")
print(none, err:kind())
--> nil	Unavailable

--- Executor:with_scope
local none, err = funcs.new():with_scope({}):call("app:greet", "Ada")
print(none, err:kind())
--> nil	Unavailable

--- Executor:call
print(funcs.new():call("app:greet", "Ada"))
--> Hello, Ada!

--- Executor:async
local future = funcs.new():async("app:greet", "Ada")
print(future:response():receive():data())
--> Hello, Ada!

--- Future:response
local future = funcs.async("app:greet", "Ada")
local result, ok = future:response():receive()
print(result:data(), ok)
--> Hello, Ada!	true

--- Future:channel
local future = funcs.async("app:greet", "Ada")
print(future:channel() == future:response())
--> true

--- Future:is_complete
local future = funcs.async("app:greet", "Ada")
print(future:is_complete())
future:response():receive()
print(future:is_complete())
--> false
--> true

--- Future:is_canceled
local future = funcs.async("app:greet", "Ada")
future:cancel()
print(future:is_canceled())
--> true

--- Future:result
local future = funcs.async("app:greet", "Ada")
print(future:result())
future:response():receive()
print(future:result():data())
--> nil	nil
--> Hello, Ada!

--- Future:error
local future = funcs.async("app:nobody")
future:response():receive()
local err, failed = future:error()
print(err:kind(), failed)
--> NotFound	true

--- Future:cancel
local future = funcs.async("app:greet", "Ada")
print(future:cancel(), future:cancel())
local none, err = future:result()
print(none, err:kind())
--> true	false
--> nil	Canceled
