-- Notes over HTTP: one function for each endpoint.
local http = require("http")
local notes = require("notes")

local function refuse(status, message)
    local res = http.response()
    res:set_status(status)
    return res:write_json({ error = message })
end

local function list()
    local all, err = notes.all()
    if err then return nil, err end -- answered with 500; the log has it, the client does not
    return http.response():write_json({ notes = all })
end

local function add()
    local body, err = http.request():body_json() -- as the endpoint's `input` says, else we were not called
    if err then return nil, err end
    local note, failed = notes.add(body.text)
    if failed then return nil, failed end
    local res = http.response()
    res:set_status(http.STATUS.CREATED)
    res:set_header("Location", "/api/notes/" .. note.id)
    return res:write_json(note)
end

local function get()
    local id = math.tointeger(http.request():param("id"))
    local note, err = notes.get(id or 0)
    if err then return nil, err end
    if not note then return refuse(http.STATUS.NOT_FOUND, "there is no such note") end
    return http.response():write_json(note)
end

local function remove()
    local id = math.tointeger(http.request():param("id"))
    local gone, err = notes.remove(id or 0)
    if err then return nil, err end
    if not gone then return refuse(http.STATUS.NOT_FOUND, "there is no such note") end
    return http.response():set_status(http.STATUS.NO_CONTENT)
end

return { list = list, add = add, get = get, remove = remove }
