-- One room: who is in it, and what they say to each other. It ends when the last one has left.
return function()
    local people = {} -- names, by the PID of the connection
    local inbox = process.inbox()

    local function tell(topic, data)
        for pid in pairs(people) do process.send(pid, topic, data) end
    end

    while true do
        local message, open = inbox:receive()
        if not open then return end
        local topic, data = message:topic(), message:payload():data()
        if topic == "ws.join" then
            people[data.client_pid] = data.metadata.name
            tell("joined", { name = data.metadata.name })
        elseif topic == "ws.message" then
            local name = people[message:from()]
            if name then tell("said", { name = name, text = data }) end
        elseif topic == "ws.leave" then
            local name = people[data.client_pid]
            people[data.client_pid] = nil
            if next(people) == nil then return end
            tell("left", { name = name })
        end
    end
end
