local house = require("house")

local M = {}

-- A hundred bidders at once: every one is answered, and the order in which they come does not matter.
function M.sells()
    assert(house.open("clock", "1m"))
    local answers = process.listen("answer")
    for amount = 1, 100 do
        assert(process.send("sale of clock", "bid", { who = "bidder " .. amount, amount = amount * 37 % 101 }))
    end
    for _ = 1, 100 do answers:receive() end
    process.unlisten(answers)
    local last = assert(house.bid("clock", "late", 100))
    assert(not last.taken and last.best.amount == 100, "100 was bid before")
    house.withdraw("clock")
end

function M.refuses()
    assert(house.open("vase", "1m"))
    assert(select(2, house.open("vase", "1m")):kind() == errors.ALREADY_EXISTS)
    assert(house.bid("vase", "ada", 10).taken)
    local answer = house.bid("vase", "bo", 10)
    assert(not answer.taken and answer.best.who == "ada")
    assert(house.withdraw("vase", "broken"))
    assert(select(2, house.bid("vase", "bo", 11)):kind() == errors.NOT_FOUND)
end

function M.withdraws()
    assert(house.open("lamp", "1m"))
    assert(house.bid("lamp", "ada", 10).taken)
    local result = house.withdraw("lamp", "stolen")
    assert(not result.sold and result.why == "stolen")
    assert(house.open("lamp", "1m")) -- its name is free again
    assert(house.withdraw("lamp"))
end

return M
