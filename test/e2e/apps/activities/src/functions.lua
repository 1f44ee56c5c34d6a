-- Fails twice on its way; each attempt goes on where the last heartbeat was.
local function rows(total)
    local activity, time = require("activity"), require("time")
    local info = activity.info()
    local from = info.heartbeat and info.heartbeat.row or 0
    local seen = {}
    for row = from + 1, total do
        seen[#seen + 1] = row
        assert(activity.heartbeat({ row = row }))
        if row % 3 == 0 and info.attempt < 3 then
            if info.attempt == 1 then time.sleep("1200ms") end -- the node's own heartbeat must not hide ours
            return nil, errors.new({ message = "the line went down", kind = errors.UNAVAILABLE, retryable = true })
        end
    end
    return { attempt = info.attempt, from = from, seen = seen }
end

local function info()
    return require("activity").info()
end

-- Called within an activity it is part of it.
local function nested()
    return require("funcs").call("app:info")
end

local function tells()
    local _, err = require("activity").heartbeat(assert(require("env").get("app:key")))
    return nil, err
end


local function long(input)
    require("time").sleep("20ms")
    return { done = input, pid = process.pid() }
end

return { rows = rows, info = info, nested = nested, tells = tells, long = long }
