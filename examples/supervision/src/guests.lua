-- What guests do, and what goes wrong.
local http = require("http")

local function answer(value, err)
    local response = http.response()
    if err then
        response:set_status(http.STATUS.SERVICE_UNAVAILABLE)
        return response:write_json({ error = err:message() })
    end
    return response:write_json(value)
end

local function order()
    local dishes = process.listen("dish")
    local _, err = process.send(http.request():param("waiter"), "order")
    if err then return answer(nil, err) end
    return answer({ left = dishes:receive() })
end

local function break_one()
    local sent, err = process.send(http.request():param("who"), "break")
    return answer({ sent = sent }, err)
end

return { order = order, break_one = break_one }
