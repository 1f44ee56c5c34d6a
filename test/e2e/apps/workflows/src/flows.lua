-- Adds what it is told until it is told to stop.
local function counter(start)
    local inbox, events = process.inbox(), process.events()
    local total = start
    while true do
        local got = channel.select({ inbox:case_receive(), events:case_receive() })
        if got.channel == events then
            return "cancelled at " .. total
        end
        local topic, payload = got.value:topic(), got.value:payload():data()
        if topic == "stop" then
            return total
        end
        total = total + payload.amount
    end
end

local function tenant()
    local activity, err = require("funcs").call("app:tenant_of_activity")
    if err then return nil, err end
    return { workflow = require("ctx").get("tenant"), activity = activity }
end

local function fails(kind)
    return nil, errors.new({ kind = kind, message = "it cannot be", details = { why = "a test" } })
end

local function plain(n)
    return require("funcs").call("app:double", n)
end

return { counter = counter, tenant = tenant, fails = fails, plain = plain }
