local function equal(actual, expected, what)
    if actual ~= expected then
        error(("%s: expected %s, got %s"):format(what, tostring(expected), tostring(actual)), 2)
    end
end
local function must(value, err)
    assert(value, err)
    return value
end
local function patient(attempts)
    return require("funcs").new():with_options({
        ["activity.retry_policy"] = { initial_interval = 10, maximum_attempts = attempts },
    })
end

local function goes_on()
    local result = must(patient(3):call("app:rows", 8))
    equal(result.attempt, 3, "attempt")
    equal(result.from, 6, "from")
    equal(table.concat(result.seen, ","), "7,8", "rows of the last attempt")
end

local function knows()
    local info = must(require("funcs").call("app:info"))
    local me = require("workflow").info()
    equal(info.type, "app:info", "type")
    equal(info.attempt, 1, "attempt")
    equal(info.workflow_id, me.workflow_id, "workflow")
    equal(info.run_id, me.run_id, "run")
    equal(info.workflow_type, "app:knows", "workflow type")
    assert(info.key:find(me.run_id, 1, true), info.key)
    assert(info.deadline > info.scheduled_at + 5, "the time that is left")
    equal(info.heartbeat, nil, "heartbeat")
    local nested = must(require("funcs").call("app:nested"))
    equal(nested.type, "app:nested", "the activity of a nested call")
end

local function durable()
    local info = must(require("funcs").new():with_options({ durable = true }):call("app:info"))
    equal(info.workflow_id, nil, "workflow")
    equal(info.attempt, 1, "attempt")
    equal(info.key, info.id, "key")
end

local function in_process()
    equal(require("funcs").call("app:info"), nil, "info")
    equal(require("activity").heartbeat(1), true, "heartbeat")
end

local function no_secret()
    local _, err = require("funcs").call("app:tells")
    local message = err:message()
    equal(err:kind(), errors.INVALID, "kind")
    assert(message:find("a heartbeat hold", 1, true), message)
    assert(not message:find("planted", 1, true), message)
end

local function no_workflow()
    local activity = require("activity")
    local _, err = activity.info()
    equal(err:kind(), errors.INVALID, "info")
    assert(err:message():find("put it in a function.lua", 1, true), err:message())
    _, err = activity.heartbeat()
    equal(err:kind(), errors.INVALID, "heartbeat")
end

local function process_runs()
    local result = must(require("funcs").call("app:long", 7))
    equal(result.done, 7, "done")
    assert(result.pid:match("^{.+|.+}$"), result.pid)
end

return {
    goes_on = goes_on, knows = knows, durable = durable, in_process = in_process, no_secret = no_secret,
    no_workflow = no_workflow, process_runs = process_runs,
}
