-- Reserving and releasing stock. The order's id is the key: a step that runs twice counts once.
local shop = require("shop")

local function reserve(request)
    local db, err = shop.open()
    if err then
        return nil, err
    end
    local tx, err = db:begin()
    if err then
        return nil, err
    end

    local item, err = shop.first(tx, "SELECT price_cents, available FROM stock WHERE sku = ?", { request.sku })
    if err then
        tx:rollback()
        return nil, err
    end
    if item == nil then
        tx:rollback()
        return nil, errors.new({ kind = errors.NOT_FOUND, message = "there is no '" .. request.sku .. "' in this shop" })
    end

    local made, err = tx:execute(
        "INSERT INTO reservations (order_id, sku, quantity) VALUES (?, ?, ?) ON CONFLICT (order_id) DO NOTHING",
        { request.order_id, request.sku, request.quantity }
    )
    if err then
        tx:rollback()
        return nil, err
    end
    if made.rows_affected == 1 then
        local taken, err = tx:execute(
            "UPDATE stock SET available = available - ? WHERE sku = ? AND available >= ?",
            { request.quantity, request.sku, request.quantity }
        )
        if err then
            tx:rollback()
            return nil, err
        end
        if taken.rows_affected == 0 then
            tx:rollback()
            return nil, errors.new({
                kind = errors.CONFLICT,
                message = string.format("only %d of '%s' left, %d wanted", item.available, request.sku, request.quantity),
            })
        end
    end

    local _, err = tx:commit()
    if err then
        return nil, err
    end
    return { total_cents = item.price_cents * request.quantity }
end

local function release(request)
    local db, err = shop.open()
    if err then
        return nil, err
    end
    local tx, err = db:begin()
    if err then
        return nil, err
    end
    local freed, err = tx:execute(
        "UPDATE reservations SET released = 1 WHERE order_id = ? AND released = 0",
        { request.order_id }
    )
    if not err and freed.rows_affected == 1 then
        _, err = tx:execute(
            [[UPDATE stock SET available = available + (SELECT quantity FROM reservations WHERE order_id = ?)
              WHERE sku = (SELECT sku FROM reservations WHERE order_id = ?)]],
            { request.order_id, request.order_id }
        )
    end
    if err then
        tx:rollback()
        return nil, err
    end
    _, err = tx:commit()
    if err then
        return nil, err
    end
    return { released = freed.rows_affected == 1 }
end

return { reserve = reserve, release = release }
