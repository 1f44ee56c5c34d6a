-- The shop's database. Every statement that makes something is safe to run again.
local sql = require("sql")

local schema = {
    [[CREATE TABLE IF NOT EXISTS stock (
        sku         TEXT PRIMARY KEY,
        available   INTEGER NOT NULL CHECK (available >= 0),
        price_cents INTEGER NOT NULL
    )]],
    [[CREATE TABLE IF NOT EXISTS reservations (
        order_id    TEXT PRIMARY KEY,
        sku         TEXT NOT NULL REFERENCES stock (sku),
        quantity    INTEGER NOT NULL,
        released    INTEGER NOT NULL DEFAULT 0
    )]],
    [[CREATE TABLE IF NOT EXISTS charges (
        order_id     TEXT PRIMARY KEY,
        amount_cents INTEGER NOT NULL,
        refunded     INTEGER NOT NULL DEFAULT 0
    )]],
    [[CREATE TABLE IF NOT EXISTS shipments (
        order_id TEXT PRIMARY KEY,
        tracking TEXT NOT NULL
    )]],
    [[INSERT INTO stock (sku, available, price_cents)
        VALUES ('mug', 1000, 1250), ('lamp', 1000, 4900), ('moon', 1, 99900)
        ON CONFLICT (sku) DO NOTHING]],
}

local shop = {}

-- The database with its tables in place.
function shop.open()
    local db, err = sql.get("orders:db")
    if err then
        return nil, err
    end
    for _, statement in ipairs(schema) do
        local _, failed = db:execute(statement)
        if failed then
            return nil, failed
        end
    end
    return db
end

-- The first row of a query, or nil.
function shop.first(db, query, params)
    local rows, err = db:query(query, params)
    if err then
        return nil, err
    end
    return rows[1]
end

return shop
