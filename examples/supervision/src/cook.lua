-- Cooks what waiters bring, of what the stock has.
local function main()
    process.registry.register("cook")
    local inbox, taken, events = process.inbox(), process.listen("taken"), process.events()
    local waiting = {}
    while true do
        local got = channel.select({ inbox:case_receive(), taken:case_receive(), events:case_receive() })
        if got.channel == events then return end
        if got.channel == taken then
            local guest = table.remove(waiting, 1)
            process.send(guest, "dish", got.value)
        elseif got.value:topic() == "break" then
            error("the cook has cut a finger")
        else
            waiting[#waiting + 1] = got.value:payload():data()
            process.send("stock", "take")
        end
    end
end

return { main = main }
