-- One sale is one process. It takes bids in their order and nobody else touches what it knows, so there is nothing to lock.
local time = require("time")

return function(item, ends, best)
    process.set_options({ upgradable = true })
    local bids, events = process.listen("bid", { message = true }), process.events()
    local over = time.after(math.max(1, ends - time.now():unix_nano()))
    while true do
        local got = channel.select({ bids:case_receive(), over:case_receive(), events:case_receive() })
        if got.channel == over then
            return { item = item, sold = best ~= nil, best = best }
        elseif got.channel == bids then
            local bid = got.value:payload():data()
            local taken = best == nil or bid.amount > best.amount
            if taken then best = bid end
            process.send(got.value:from(), "answer", { taken = taken, best = best })
        elseif got.value.kind == process.event.OUTDATED then
            process.upgrade(nil, item, ends, best) -- this file has changed: the new code goes on, with the bids that wait
        else
            return { item = item, sold = false, why = got.value.reason }
        end
    end
end
