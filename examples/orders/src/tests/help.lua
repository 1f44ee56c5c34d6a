-- What the tests share: fresh order ids, running an order to its end, looking an order up.
local uuid = require("uuid")
local funcs = require("funcs")
local time = require("time")

local help = {}

function help.new_id()
    return "test-" .. uuid.v4()
end

-- Starts an order, optionally sends it one message, and waits for its result.
function help.run(order, topic, payload)
    local events = process.events()
    local spawner = process.with_options({ ["temporal.workflow.id"] = order.id })
    if topic then
        spawner = spawner:with_message(topic, payload)
    end
    local pid, err = spawner:spawn_monitored("orders:order", "orders:worker", order)
    assert(not err, err)
    local timeout = time.after("20s")
    local first = channel.select({ events:case_receive(), timeout:case_receive() })
    assert(first.channel == events, "the order did not end within 20 s: " .. tostring(pid))
    assert(first.value.kind == process.event.EXIT, "unexpected event " .. tostring(first.value.kind))
    assert(not first.value.result.error, first.value.result.error)
    return first.value.result.value
end

-- The report's row of an order, or nil.
function help.find(id)
    local report, err = funcs.call("orders:report")
    assert(not err, err)
    for _, row in ipairs(report.orders) do
        if row.id == id then
            return row
        end
    end
    return nil
end

function help.equal(actual, expected, what)
    if actual ~= expected then
        error(string.format("%s: expected %s, got %s", what, tostring(expected), tostring(actual)), 2)
    end
end

return help
