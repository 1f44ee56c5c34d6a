-- Waits a month, then charges; what nobody mocks says so.
local function order(id)
    local funcs = require("funcs")
    local price = assert(funcs.call("app:price", id))
    require("time").sleep("720h")
    local charged, err = funcs.new():with_options({
        ["activity.retry_policy"] = { initial_interval = "1h", maximum_attempts = 3 },
    }):call("app:charge", id, { amount = price })
    if err then return nil, err end
    return { id = id, charged = charged }
end
return {
    order = order,
    checkout = function(id) return require("funcs").call("app:charge", id, { amount = 1 }) end,
    charge = function() return "the real bank" end,
    price = function() return 7 end,
}
