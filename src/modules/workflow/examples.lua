-- These run in the app of ../examples-app.yaml.

--- workflow.info
local info = workflow.info()
print(info.attempt, info.namespace, info.continue_as_new_suggested)
--> 1	default	false

--- workflow.exec
print(workflow.exec("app:greeting", "Ada"))
local none, err = workflow.exec("app:nobody")
print(none, err:kind())
--> Hello, Ada!
--> nil	NotFound

--- workflow.version
if workflow.version("two-greetings", 1, 2) >= 2 then print("new code") else print("old code") end
--> new code

--- workflow.attrs
print(workflow.attrs({ memo = { customer = "Ada" } }))
local ok, err = workflow.attrs({ memos = {} })
print(ok, err:kind())
--> true
--> nil	Invalid

--- workflow.query
local status = "packing"
print(workflow.query("status", function() return status end))
--> true

--- workflow.update
local address = "London"
local declared = workflow.update("move", {
  validate = function(to) if to == "" then return false, "no address" end end,
  handle = function(to) address = to return address end,
})
print(declared)
--> true

--- workflow.await
local approved = false
coroutine.spawn(function() time.sleep("10ms") approved = true end)
print(workflow.await(function() return approved end, "1h"))
print(workflow.await(function() return false end, "10ms"))
--> true
--> false

--- workflow.saga
local saga = workflow.saga()
saga:add(function(what) print("undo " .. what) end, "stock")
saga:add(function(what) print("undo " .. what) end, "card")
print(saga:compensate())
--> undo card
--> undo stock
--> true

--- workflow.shielded
print(workflow.shielded(function(what)
    -- a cancellation of the run waits until this is done
    return what .. " is shipped"
end, "lamp"))
--> lamp is shipped

--- workflow.scope
local scope = workflow.scope({ timeout = "10ms" })
local done, err = scope:run(function() time.sleep("1h") return nil, errors.new({ kind = errors.CANCELED, message = "stopped" }) end)
print(done, err:kind(), scope:is_canceled())
--> nil	Timeout	true

--- workflow.continue_as_new
local round = (...) or 1
if round < 3 then workflow.continue_as_new(round + 1) end
print("round", round)
--> round	3

--- workflow.with_options
local round = (...) or 1
if round < 2 then workflow.with_options({ ["temporal.workflow.memo"] = { round = 2 } }):continue_as_new(2) end
print("round", round)
--> round	2

--- workflow.history_length
print(math.type(workflow.history_length()), workflow.history_length() >= 3)
--> integer	true

--- workflow.history_size
print(math.type(workflow.history_size()))
--> integer

--- Scope:run
local scope = workflow.scope()
print(scope:run(function(what) return what .. " is shipped" end, "lamp"))
local ok, caught = pcall(function() scope:run(function() error("a fault") end) end)
print(ok, tostring(caught):match("a fault"))
--> lamp is shipped
--> false	a fault

--- Scope:cancel
local scope = workflow.scope()
coroutine.spawn(function() scope:cancel("enough") end)
local message, err = scope:run(function() return process.inbox():receive() end)
print(message, err)
print(scope:cancel())
--> nil	the scope was cancelled: enough
--> false

--- Scope:is_canceled
local outer = workflow.scope()
outer:run(function()
  local inner = workflow.scope()
  outer:cancel()
  print(inner:is_canceled())
end)
--> true

--- Saga:add
local saga = workflow.saga()
print(saga:add(function(what) print("undo " .. what) end, "stock"))
local none, err = saga:add("stock")
print(none, err:kind())
--> true
--> nil	Invalid

--- Saga:compensate
local saga = workflow.saga()
saga:add(function() return nil, errors.new({ kind = errors.CONFLICT, message = "taken" }) end)
saga:add(function() print("undo the card") end)
local done, err = saga:compensate()
print(done, err:kind())
--> undo the card
--> nil	Conflict

--- Saga:clear
local saga = workflow.saga()
saga:add(function() print("undo stock") end)
print(saga:clear(), saga:compensate())
--> true	true

--- workflow.set_current_details
print(workflow.set_current_details("**packing** 3 of 7"))
--> true

--- workflow.get_current_details
workflow.set_current_details("packed")
print(workflow.get_current_details())
--> packed
