local help = require("help")

local function ships_after_approval()
    local id = help.new_id()
    local result = help.run({ id = id, sku = "mug", quantity = 2 }, "approve", { by = "ada" })
    help.equal(result.status, "shipped", "status")
    help.equal(result.approved_by, "ada", "approved by")
    help.equal(result.charged_cents, 2500, "charged")
    local row = help.find(id)
    help.equal(row.amount_cents, 2500, "the charge's row")
    help.equal(row.tracking, result.tracking, "the shipment's row")
end

local function gives_everything_back_when_rejected()
    local id = help.new_id()
    local result = help.run({ id = id, sku = "mug" }, "reject", { reason = "out of our area" })
    help.equal(result.status, "cancelled", "status")
    help.equal(result.reason, "out of our area", "reason")
    local row = help.find(id)
    help.equal(row.released, 1, "released")
    help.equal(row.refunded, 1, "refunded")
    help.equal(row.tracking, nil, "tracking")
end

local function gives_up_when_nobody_approves()
    local id = help.new_id()
    local result = help.run({ id = id, sku = "mug", approve_within = "300ms" })
    help.equal(result.status, "cancelled", "status")
    help.equal(result.reason, "nobody approved within 300ms", "reason")
    help.equal(help.find(id).refunded, 1, "refunded")
end

local function releases_stock_when_the_card_is_declined()
    local id = help.new_id()
    local result = help.run({ id = id, sku = "mug", card = "card_declined" })
    help.equal(result.status, "failed", "status")
    help.equal(result.step, "charge", "step")
    help.equal(result.reason, "the card was declined", "reason")
    local row = help.find(id)
    help.equal(row.released, 1, "released")
    help.equal(row.amount_cents, nil, "charged")
end

return {
    ships_after_approval = ships_after_approval,
    gives_everything_back_when_rejected = gives_everything_back_when_rejected,
    gives_up_when_nobody_approves = gives_up_when_nobody_approves,
    releases_stock_when_the_card_is_declined = releases_stock_when_the_card_is_declined,
}
