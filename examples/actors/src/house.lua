-- What one can do with sales. A sale is reached by its name, so nobody has to keep PIDs.
local time = require("time")

local house = {}

local function name_of(item) return "sale of " .. item end

-- Starts a sale that lasts so long. AlreadyExists while another one of the same item goes on.
function house.open(item, lasts)
    local duration, err = time.parse_duration(lasts)
    if err then return nil, err end
    local ends = time.now():add(duration):unix_nano()
    return process.with_context({}):with_name(name_of(item)):spawn("auction:sale", "auction:floor", item, ends)
end

-- NotFound when the sale is over, RateLimited when more bids wait than the floor takes.
function house.bid(item, who, amount)
    local answers, events = process.listen("answer"), process.events()
    local ok, err = process.monitor(name_of(item)) -- so that its end is an answer too
    if not ok then return nil, err end
    ok, err = process.send(name_of(item), "bid", { who = who, amount = amount })
    if not ok then return nil, err end
    local got = channel.select({ answers:case_receive(), events:case_receive() })
    process.unlisten(answers)
    if got.channel == answers then
        process.unmonitor(name_of(item))
        return got.value
    end
    return nil, errors.new({ kind = errors.NOT_FOUND, message = "the sale ended before the bid" })
end

-- Waits for the end of a sale.
function house.result(item)
    local ok, err = process.monitor(name_of(item))
    if not ok then return nil, err end
    local result = process.events():receive().result
    return result.value, result.error
end

-- Ends a sale early; gives its result.
function house.withdraw(item, why)
    local ok, err = process.monitor(name_of(item)) -- first, or it might end unheard
    if not ok then return nil, err end
    process.cancel(name_of(item), why)
    local result = process.events():receive().result
    return result.value, result.error
end

return house
