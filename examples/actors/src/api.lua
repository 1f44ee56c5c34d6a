-- Sales over HTTP: one function for each endpoint.
local http = require("http")
local house = require("house")

local function refuse(err)
    local statuses = {
        [errors.NOT_FOUND] = http.STATUS.NOT_FOUND,
        [errors.ALREADY_EXISTS] = http.STATUS.CONFLICT,
        [errors.INVALID] = http.STATUS.UNPROCESSABLE,
        [errors.RATE_LIMITED] = http.STATUS.TOO_MANY_REQUESTS,
    }
    local res = http.response()
    res:set_status(statuses[err:kind()] or http.STATUS.INTERNAL_ERROR)
    return res:write_json({ error = err:message() })
end

local function answer(value, err)
    if err then return refuse(err) end
    return http.response():write_json(value)
end

local function open()
    local request = http.request()
    local pid, err = house.open(request:param("item"), request:query("lasts") or "1m")
    return answer({ pid = pid }, err)
end

local function bid()
    local request = http.request()
    local body, err = request:body_json()
    if err then return refuse(err) end
    if type(body) ~= "table" or type(body.who) ~= "string" or math.type(body.amount) ~= "integer" then
        return refuse(errors.new({ kind = errors.INVALID, message = 'a bid is { "who": "...", "amount": 5 }' }))
    end
    return answer(house.bid(request:param("item"), body.who, body.amount))
end

local function result() return answer(house.result(http.request():param("item"))) end

return { open = open, bid = bid, result = result }
