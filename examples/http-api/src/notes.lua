-- Notes in a database. Knows nothing of HTTP.
local sql = require("sql")
local notes = {}

local function open()
    local db, err = sql.get("notes:db")
    if err then return nil, err end
    db:execute("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
    return db
end

function notes.all()
    local db, err = open()
    if err then return nil, err end
    return db:query("SELECT id, text FROM notes ORDER BY id")
end

function notes.get(id)
    local db, err = open()
    if err then return nil, err end
    local rows, failed = db:query("SELECT id, text FROM notes WHERE id = ?", { id })
    if failed then return nil, failed end
    return rows[1]
end

function notes.add(text)
    local db, err = open()
    if err then return nil, err end
    local done, failed = db:execute("INSERT INTO notes (text) VALUES (?)", { text })
    if failed then return nil, failed end
    return { id = done.last_insert_id, text = text }
end

function notes.remove(id)
    local db, err = open()
    if err then return nil, err end
    local done, failed = db:execute("DELETE FROM notes WHERE id = ?", { id })
    if failed then return nil, failed end
    return done.rows_affected > 0
end

return notes
