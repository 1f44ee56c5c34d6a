-- What is in stock, and what happened to each order.
local shop = require("shop")

local function main()
    local db, err = shop.open()
    if err then
        return nil, err
    end
    local stock, err = db:query("SELECT sku, available, price_cents FROM stock ORDER BY sku")
    if err then
        return nil, err
    end
    local orders, err = db:query([[
        SELECT r.order_id AS id, r.sku, r.quantity, r.released = 1 AS released,
               c.amount_cents, coalesce(c.refunded, 0) = 1 AS refunded, s.tracking
        FROM reservations r
        LEFT JOIN charges c ON c.order_id = r.order_id
        LEFT JOIN shipments s ON s.order_id = r.order_id
        ORDER BY r.rowid
    ]])
    if err then
        return nil, err
    end
    return { stock = stock, orders = orders }
end

return { main = main }
