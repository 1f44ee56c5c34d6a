-- A note that comes later: the run sleeps as long as it is told to, through restarts of every node.
local notes = require("notes")
local time = require("time")
local workflow = require("workflow")

return function(reminder)
    local wait, err = time.parse_duration(reminder.after)
    if err then return nil, errors.new({ kind = errors.INVALID, message = "'after' is a duration such as 10s" }) end

    local text = reminder.text
    workflow.query("text", function() return { text = text } end)
    workflow.update("text", function(change)
        text = change.text
        return { text = text }
    end)

    local now, due = process.listen("now"), time.after(wait)
    channel.select({ now:case_receive(), due:case_receive() })
    return notes.add(text) -- a recorded step of the run: done once
end
