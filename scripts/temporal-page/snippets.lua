--- activities
-- A function of the app, as an activity.
local greeting, err = funcs.call("app:echo", "hello")
assert(greeting == "hello", err)

--- activity options
local patient = funcs.new():with_options({
    ["activity.start_to_close_timeout"] = "30s",
    ["activity.heartbeat_timeout"] = "10s",
    ["activity.retry_policy"] = { maximum_attempts = 3, initial_interval = "1s" },
})
assert(patient:call("app:echo", 1) == 1)

--- activities at once
local one, two = funcs.async("app:echo", 1), funcs.async("app:echo", 2)
assert(one:channel():receive():data() + two:channel():receive():data() == 3)

--- local activities
-- `meta: { temporal: { activity: { local: true } } }` at the function.
assert(funcs.call("app:quick", 1) == 1)

--- activities of other workers
-- By type and queue, in whatever language they are written.
local elsewhere = funcs.new():with_options({
    ["activity.task_queue"] = "billing",
    ["activity.schedule_to_close_timeout"] = "100ms",
})
local _, err = elsewhere:call("chargeCard", 100)
assert(err:kind() == errors.TIMEOUT) -- nobody polls that queue here

--- operations of nexus services
-- Of the entry `bank` here; see docs/nexus.md.
local bank = funcs.nexus("bank-of-snippets", "bank"):with_options({ timeout = "30s", cancellation_type = "try_cancel" })
assert(bank:call("echo", 7) == 7)
local future = bank:async("child", 8) -- a workflow there
assert(future:response():receive():data() == 8)

--- cancelled activities
local future = funcs.new():with_options({ ["activity.wait_for_cancellation"] = true }):async("app:slow")
time.sleep("50ms")
future:cancel()
assert(future:is_canceled())

--- details for people
workflow.set_current_details("**packing** 3 of 7")
assert(workflow.get_current_details() == "**packing** 3 of 7")
local pack = funcs.new():with_options({ ["activity.summary"] = "Pack the lamp" })
assert(pack:call("app:echo", 1) == 1)

--- errors
local _, err = funcs.call("app:refuses")
assert(err:kind() == errors.INVALID and err:message() == "no such card")
assert(not err:retryable())
assert(errors.is(err, errors.INVALID))

--- children
assert(workflow.exec("app:child", 7) == 7)

--- children that run on
local pid = assert(process.spawn_monitored("app:child", "app:worker", 7))
local event = process.events():receive()
assert(event.kind == process.event.EXIT and event.from == pid and event.result.value == 7)

--- options of children
local spawner = process.with_options({
    ["temporal.workflow.id"] = "child-of-" .. workflow.info().workflow_id,
    ["temporal.workflow.run_timeout"] = "1h",
    ["temporal.workflow.parent_close_policy"] = "request_cancel",
    ["temporal.workflow.id_reuse_policy"] = "reject_duplicate",
})
assert(spawner:exec("app:child", "app:worker", 7) == 7)

--- other workflows
local pid = assert(process.spawn_monitored("app:cart", "app:worker"))
assert(process.send(pid, "add", 2)) -- by PID or by name
assert(process.query(pid, "total") == 2)
assert(process.update(pid, "add", 3) == 5)
assert(process.cancel(pid, "the shop closes"))
assert(process.events():receive().result.value == 5)

--- signals
assert(process.send(process.pid(), "approve", { by = "ada" }))
local approved = process.listen("approve"):receive()
assert(approved.by == "ada")

--- signals of every name
assert(process.send(process.pid(), "anything", 1))
local message = process.inbox():receive()
assert(message:topic() == "anything" and message:payload():data() == 1)

--- queries and updates
local total = 0
workflow.query("total", function() return total end)
workflow.update("add", {
    validate = function(n) if n <= 0 then return false, "only more" end end,
    handle = function(n)
        total = total + n
        return total
    end,
})

--- timers
time.sleep("10ms")
local soon, late = time.after("10ms"), time.after("24h")
assert(channel.select({ soon:case_receive(), late:case_receive() }).channel == soon)

--- conditions
local ready = false
coroutine.spawn(function() ready = true end)
assert(workflow.await(function() return ready end, "1h"))
assert(not workflow.await(function() return false end, "10ms")) -- the time was over first

--- coroutines
local done = channel.new(1)
coroutine.spawn(function() done:send("from beside") end)
assert(done:receive() == "from beside")

--- continue as new
local round = ... -- the arguments of the run
if round == nil then workflow.continue_as_new(2) end
assert(round == 2)

--- continue on the same program
local round = ...
if round == nil then workflow.with_options({ pin = "program" }):continue_as_new(2) end
assert(round == 2)

--- versions
assert(workflow.version("with-gift", 1, 2) == 2) -- 1 in runs that passed here before there was a 2

--- facts
local info = workflow.info()
assert(info.workflow_id and info.run_id and info.task_queue and info.attempt == 1)
assert(workflow.history_length() > 0)

--- chance
assert(#uuid.v4() == 36) -- the same at every replay
local dice = math.random(6)
assert(dice >= 1 and dice <= 6)

--- attributes and memo
assert(workflow.attrs({ memo = { note = "priority customer" } }))

--- logs
logger:info("an order came", { items = 3 }) -- not again on replay

--- metrics
metrics.counter_inc("orders_total", { shop = "north" })

--- context
local asked = funcs.new():with_context({ tenant = "north" })
assert(asked:call("app:tenant") == "north")

--- any module
-- What reaches outside is recorded as an activity of its own: no function is needed for it.
local store = require("store").get("app:cache")
store:set("seen", true)
assert(store:has("seen"))

--- cancellation of the run
-- Somebody cancels it: the event comes, and the workflow cleans up.
coroutine.spawn(function() process.cancel(process.pid(), "changed my mind") end)
local event = process.events():receive()
assert(event.kind == process.event.CANCEL)
assert(funcs.call("app:echo", "cleaned up") == "cleaned up")

--- shielded steps
-- What must not be left half done: a cancellation is told with the first step after it.
local saved = workflow.shielded(function(what)
    funcs.call("app:echo", "half done")
    return funcs.call("app:echo", what)
end, "saved")
assert(saved == "saved")

--- scopes
-- A part that is cancelled by itself, here when its time is over; the rest goes on, and so does what is shielded.
local _, err = workflow.scope({ timeout = "50ms" }):run(function()
    local _, stopped = funcs.call("app:slow")
    assert(stopped:kind() == errors.CANCELED)
    assert(workflow.shielded(funcs.call, "app:echo", "cleaned up") == "cleaned up")
    return nil, stopped
end)
assert(err:kind() == errors.TIMEOUT)
local scope = workflow.scope()
coroutine.spawn(function() scope:cancel("not needed any more") end)
local _, cancelled = scope:run(function() return process.inbox():receive() end)
assert(cancelled:kind() == errors.CANCELED and scope:is_canceled())

--- in an activity
-- In a function that runs as an activity.
local info = activity.info()
local from = info and info.heartbeat or 0
activity.heartbeat(from + 1)

--- cancelled work
-- A function that takes events hears of its cancellation, and may clean up.
local events, work = process.events(), time.after("10ms")
local got = channel.select({ events:case_receive(), work:case_receive() })
assert(got.channel == work)

--- starting workflows
-- In a function; in a workflow it starts a child.
local spawner = process.with_options({ ["temporal.workflow.id"] = "cart-" .. uuid.v4() })
local pid = assert(spawner:with_message("add", 2):spawn("app:cart", "app:worker"))
assert(process.query(pid, "total") == 2)
assert(process.terminate(pid))

--- starting workflows with an update
-- Started where none has the id, joined where one does; the answer is the update's.
local cart = process.with_options({ ["temporal.workflow.id"] = "cart-" .. uuid.v4() })
assert(cart:with_update("add", 2):exec_update("app:cart", "app:worker") == 2)
assert(cart:with_update("add", 3):exec_update("app:cart", "app:worker") == 5)

--- waiting for workflows
assert(process.exec("app:child", "app:worker", 7) == 7)

--- durable calls
-- A function, run by the server until it is done, without a workflow.
assert(funcs.new():with_options({ durable = true }):call("app:echo", 1) == 1)

--- ids that are taken
local options = {
    ["temporal.workflow.id"] = "once-" .. uuid.v4(),
    ["temporal.workflow.id_conflict_policy"] = "fail",
}
local pid = assert(process.with_options(options):spawn("app:cart", "app:worker"))
local _, err = process.with_options(options):spawn("app:cart", "app:worker")
assert(err:kind() == errors.ALREADY_EXISTS)
process.terminate(pid)
