-- Says one thing in a room and gives what is heard until its own words come back.
local websocket = require("websocket")
local json = require("json")

return function(url, text)
    local client, err = websocket.connect(url, { dial_timeout = "5s" })
    if err then return nil, err end
    local messages, heard = client:channel(), {}
    client:send(text)
    while true do
        local message, open = messages:receive()
        if not open then return nil, "the room has closed" end
        local event = json.decode(message.data)
        heard[#heard + 1] = event
        if event.topic == "said" and event.data.text == text then
            client:close()
            return heard
        end
    end
end
