-- How much is left. Whoever takes from it asks by its name.
local function main()
    process.registry.register("stock")
    local inbox, events = process.inbox(), process.events()
    local left = 10
    while true do
        local got = channel.select({ inbox:case_receive(), events:case_receive() })
        if got.channel == events then return end -- it is told to stop
        local message = got.value
        if message:topic() == "break" then error("the shelf has come down") end
        left = left - 1
        process.send(message:from(), "taken", left)
    end
end

return { main = main }
