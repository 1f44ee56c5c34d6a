-- An order, from reservation to shipment.
--
-- Before a step changes the world its undo goes on a list, for a step that failed may have happened
-- all the same; when one fails, or nobody approves in time, the list is run backwards. A crash anywhere changes nothing: Temporal goes on
-- from the last finished step, on the code this order began with.
local funcs = require("funcs")
local time = require("time")
local logger = require("logger")

-- Steps that talk to the world: ten seconds each, tried again when the failure may pass.
local steps = funcs.new():with_options({
    ["activity.start_to_close_timeout"] = "10s",
    ["activity.retry_policy"] = { initial_interval = 200, maximum_interval = 5000, maximum_attempts = 10 },
})

local function undo_all(undo)
    for i = #undo, 1, -1 do
        local _, err = steps:call(undo[i].call, undo[i].with)
        if err then
            logger:error("undo failed", { call = undo[i].call, error = tostring(err) })
        end
    end
end

-- Waits for somebody to say yes or no, at most `within`. A cancelled run is a no, too.
local function decision(within)
    local approve = process.listen("approve")
    local reject = process.listen("reject")
    local events = process.events()
    local expired = time.after(within)

    local first = channel.select({
        approve:case_receive(),
        reject:case_receive(),
        events:case_receive(),
        expired:case_receive(),
    })
    if first.channel == approve then
        local by = type(first.value) == "table" and first.value.by or nil
        return { approved = true, by = by }
    elseif first.channel == reject then
        local reason = type(first.value) == "table" and first.value.reason or "rejected"
        return { approved = false, reason = reason }
    elseif first.channel == events then
        return { approved = false, reason = "the order was cancelled" }
    end
    return { approved = false, reason = "nobody approved within " .. within }
end

-- What is wrong with an order, or nil. Asked before anything is done, so that nothing has to be undone.
local function fault(order)
    if type(order) ~= "table" or type(order.id) ~= "string" or type(order.sku) ~= "string" then
        return "an order needs at least an id and a sku, e.g. {\"id\":\"o-1\",\"sku\":\"mug\"}"
    end
    local quantity = order.quantity or 1
    if math.type(quantity) ~= "integer" or quantity < 1 then
        return "quantity must be a whole number of at least 1"
    end
    local _, err = time.parse_duration(order.approve_within or "24h")
    if err then
        return "approve_within must be a duration such as 24h or 90s"
    end
end

local function main(order)
    local wrong = fault(order)
    if wrong then
        return nil, errors.new({ kind = errors.INVALID, message = wrong })
    end
    local undo = {}

    table.insert(undo, { call = "orders:release_stock", with = { order_id = order.id } })
    local reservation, err = steps:call("orders:reserve_stock", {
        order_id = order.id,
        sku = order.sku,
        quantity = order.quantity or 1,
    })
    if err then
        undo_all(undo)
        return { id = order.id, status = "failed", step = "reserve", reason = err:message() }
    end

    table.insert(undo, { call = "orders:refund", with = { order_id = order.id } })
    local charge, err = steps:call("orders:charge", {
        order_id = order.id,
        amount_cents = reservation.total_cents,
        card = order.card or "card_ok",
    })
    if err then
        undo_all(undo)
        return { id = order.id, status = "failed", step = "charge", reason = err:message() }
    end

    local answer = decision(order.approve_within or "24h")
    if not answer.approved then
        undo_all(undo)
        return { id = order.id, status = "cancelled", reason = answer.reason }
    end

    local shipment, err = steps:call("orders:ship", { order_id = order.id })
    if err then
        undo_all(undo)
        return { id = order.id, status = "failed", step = "ship", reason = err:message() }
    end

    logger:info("order shipped", { order = order.id, tracking = shipment.tracking })
    return {
        id = order.id,
        status = "shipped",
        approved_by = answer.by,
        charged_cents = charge.amount_cents,
        tracking = shipment.tracking,
    }
end

return { main = main }
