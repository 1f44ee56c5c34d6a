local funcs = require("funcs")
local help = require("help")

local function available(sku)
    local report = funcs.call("orders:report")
    for _, item in ipairs(report.stock) do
        if item.sku == sku then
            return item.available
        end
    end
end

local function a_step_that_runs_twice_counts_once()
    local id = help.new_id()
    local before = available("lamp")
    for _ = 1, 2 do
        local reservation, err = funcs.call("orders:reserve_stock", { order_id = id, sku = "lamp", quantity = 3 })
        assert(not err, err)
        help.equal(reservation.total_cents, 14700, "total")
    end
    help.equal(available("lamp"), before - 3, "available after reserving twice")
    for _ = 1, 2 do
        local _, err = funcs.call("orders:release_stock", { order_id = id })
        assert(not err, err)
    end
    help.equal(available("lamp"), before, "available after releasing twice")
end

local function refuses_more_than_there_is()
    local _, err = funcs.call("orders:reserve_stock", { order_id = help.new_id(), sku = "moon", quantity = 2 })
    assert(err, "two moons were reserved")
    help.equal(err:kind(), errors.CONFLICT, "kind")
    assert(available("moon") >= 0, "the stock is below zero")
end

return {
    a_step_that_runs_twice_counts_once = a_step_that_runs_twice_counts_once,
    refuses_more_than_there_is = refuses_more_than_there_is,
}
