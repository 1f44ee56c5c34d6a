-- Whoever asks for a room is connected to its process, which is started for the first one.
local http = require("http")
local json = require("json")

local function room_of(name)
    local pid, err = process.with_context({}):with_name(name):spawn("chat:room", "chat:rooms")
    if err and err:kind() == errors.ALREADY_EXISTS then return process.registry.lookup(name) end
    return pid, err
end

return function()
    local req, res = http.request(), http.response()
    local name = req:query("name")
    if not name or name == "" or #name > 40 then
        res:set_status(http.STATUS.BAD_REQUEST)
        return res:write("say who you are: ?name=ada")
    end
    local room = room_of("room " .. req:param("name"))
    if not room then
        res:set_status(http.STATUS.SERVICE_UNAVAILABLE)
        return res:write("the room cannot be opened; ask again")
    end
    res:set_header("X-WS-Relay", json.encode({ target_pid = tostring(room), metadata = { name = name } }))
end
