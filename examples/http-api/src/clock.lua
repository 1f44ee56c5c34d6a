-- Server-sent events: the time, every second, until the client goes away.
local http = require("http")
local time = require("time")

return function()
    local res = http.response()
    for tick = 1, 60 do
        local _, gone = res:write_event({ name = "tick", data = { tick = tick, time = time.now():format_rfc3339() } })
        if gone then return end
        time.sleep("1s")
    end
end
