-- Brings orders to the cook.
local function main(name)
    process.registry.register(name)
    local inbox, events = process.inbox(), process.events()
    while true do
        local got = channel.select({ inbox:case_receive(), events:case_receive() })
        if got.channel == events then return end
        if got.value:topic() == "break" then error(name .. " has dropped a tray") end
        process.send("cook", "cook", got.value:from())
    end
end

return { main = main }
