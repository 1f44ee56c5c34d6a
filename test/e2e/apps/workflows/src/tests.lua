local function equal(actual, expected, what)
    if actual ~= expected then
        error(("%s: expected %s, got %s"):format(what, tostring(expected), tostring(actual)), 2)
    end
end
local function must(value, err)
    assert(not err, err)
    return value
end
local function exit(events)
    local event = events:receive()
    equal(event.kind, process.event.EXIT, "kind")
    return event
end

-- A start that finds a run already there gives its PID and delivers its messages to it.
local function joins_and_messages()
    local events = process.events()
    local name = "counter-" .. require("uuid").v4()
    local first = process.with_options({}):with_name(name)
        :with_message("add", { amount = 2 }):with_message("add", { amount = 1 })
    local pid = must(first:spawn_monitored("app:counter", "app:worker", 10))
    local second = process.with_options({}):with_name(name):with_message("add", { amount = 4 })
    equal(must(second:spawn("app:counter", "app:worker", 999)), pid, "the PID of the second start")
    equal(pid, "{app:worker|" .. name .. "}", "the PID")
    must(process.send(pid, "add", { amount = 100 }))
    must(process.send(name, "stop"))
    local event = exit(events)
    equal(event.from, pid, "from")
    equal(event.result.value, 117, "the total")
end

local function refuses_a_second()
    local id = "once-" .. require("uuid").v4()
    local options = { ["temporal.workflow.id"] = id, ["temporal.workflow.id_conflict_policy"] = "fail" }
    local pid = must(process.with_options(options):spawn("app:counter", "app:worker", 0))
    local _, err = process.with_options(options):spawn("app:counter", "app:worker", 0)
    assert(err, "a second run was started")
    equal(err:kind(), errors.ALREADY_EXISTS, "kind")
    must(process.terminate(pid))
end

-- Context reaches the workflow, and the activities that it calls.
local function context()
    local result = must(process.with_context({ tenant = "acme" }):exec("app:tenant", "app:worker"))
    equal(result.workflow, "acme", "in the workflow")
    equal(result.activity, "acme", "in the activity")
end

local function exec()
    local _, err = process.exec("app:fails", "app:worker", errors.CONFLICT)
    equal(err:kind(), errors.CONFLICT, "kind")
    equal(err:message(), "it cannot be", "message")
    equal(err:details().why, "a test", "details")
end

local function ends()
    local events = process.events()
    local pid = must(process.spawn_monitored("app:counter", "app:worker", 5))
    require("time").sleep("300ms")
    must(process.cancel(pid, "enough"))
    equal(exit(events).result.value, "cancelled at 5", "result of the cancelled")

    local other = must(process.spawn_monitored("app:counter", "app:worker", 5))
    must(process.terminate(other))
    assert(exit(events).result.error, "a terminated workflow has no error")
end

local function unknown()
    local _, missing = process.spawn("app:nothing", "app:worker")
    equal(missing:kind(), errors.NOT_FOUND, "kind of an unknown workflow")
    local _, kind = process.spawn("app:double", "app:worker")
    equal(kind:kind(), errors.INVALID, "kind of a function")
    local _, gone = process.send("{app:worker|not-there}", "hello")
    equal(gone:kind(), errors.NOT_FOUND, "kind of an unknown PID")
end

-- In this process, and as a standalone activity.
local function durable()
    local funcs = require("funcs")
    equal(must(funcs.call("app:double", 21)), 42, "in process")
    equal(must(funcs.new():with_options({ durable = true }):call("app:double", 21)), 42, "durable")
end

-- A workflow without a worker runs on the queue that is named after the app.
local function default_queue()
    equal(must(process.exec("app:plain", "workflows-from-functions", 4)), 8, "result")
end

return {
    joins_and_messages = joins_and_messages,
    refuses_a_second = refuses_a_second,
    context = context,
    exec = exec,
    ends = ends,
    unknown = unknown,
    durable = durable,
    default_queue = default_queue,
}
