-- Charging and refunding. A real shop would call its payment provider here, with the order's id
-- as the idempotency key; this one writes a row.
local shop = require("shop")

local function charge(request)
    if request.card == "card_declined" then
        return nil, errors.new({ kind = errors.INVALID, message = "the card was declined", retryable = false })
    end
    local db, err = shop.open()
    if err then
        return nil, err
    end
    local _, failed = db:execute(
        "INSERT INTO charges (order_id, amount_cents) VALUES (?, ?) ON CONFLICT (order_id) DO NOTHING",
        { request.order_id, request.amount_cents }
    )
    if failed then
        return nil, failed
    end
    return { amount_cents = request.amount_cents }
end

local function refund(request)
    local db, err = shop.open()
    if err then
        return nil, err
    end
    local done, err = db:execute(
        "UPDATE charges SET refunded = 1 WHERE order_id = ? AND refunded = 0",
        { request.order_id }
    )
    if err then
        return nil, err
    end
    return { refunded = done.rows_affected == 1 }
end

return { charge = charge, refund = refund }
