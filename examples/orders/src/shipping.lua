-- Shipping: the first tracking number given to an order stays its tracking number.
local uuid = require("uuid")
local shop = require("shop")

local function ship(request)
    local db, err = shop.open()
    if err then
        return nil, err
    end
    local tracking = "MT-" .. uuid.v4():sub(1, 8):upper()
    local _, failed = db:execute(
        "INSERT INTO shipments (order_id, tracking) VALUES (?, ?) ON CONFLICT (order_id) DO NOTHING",
        { request.order_id, tracking }
    )
    if failed then
        return nil, failed
    end
    return shop.first(db, "SELECT tracking FROM shipments WHERE order_id = ?", { request.order_id })
end

return { ship = ship }
