-- Plays a history of operations on puppets, and tells what came of it.
local t = require("t")

local function text(value, kind)
  if kind ~= nil then return kind end
  return tostring(value)
end

return function(history, count, names, host)
  local puppets, numbers, alive, results = {}, {}, {}, {}
  for i = 0, count - 1 do
    puppets[i] = t.puppet(host)
    numbers[puppets[i].pid] = i
    assert(process.monitor(puppets[i].pid))
    alive[i] = true
  end
  -- Who has ended by now, this process being told of every end.
  local function look()
    t.settle()
    while true do
      local r = channel.select { process.events():case_receive(), default = true }
      if r.default then return end
      alive[numbers[r.value.from]] = false
    end
  end
  for at, step in ipairs(history) do
    local by = puppets[step.by]
    local op = step.op
    if not alive[step.by] then
      results[at] = "gone"
    elseif op == "return" or op == "fail" or op == "terminate" then
      if op == "terminate" then process.terminate(by.pid) else by:tell(op, "told to") end
      while alive[step.by] do
        local event = t.event("EXIT")
        alive[numbers[event.from]] = false
      end
      results[at] = "ended"
    elseif op == "trap" then
      results[at] = text(by:call("set_options", { trap_links = step.on }))
    elseif op == "register" or op == "unregister" then
      results[at] = text(by:call("registry." .. op, step.name))
    else
      results[at] = text(by:call(op, puppets[step.to].pid))
    end
    look()
  end
  local heard, left = {}, {}
  for i = 0, count - 1 do
    local list = {}
    if alive[i] then
      local by = puppets[i]
      -- It may answer before it tells what it has heard; before it answers again it has told.
      by:call("pid")
      by:call("pid")
      t.settle()
      while true do
        local r = channel.select { by.events:case_receive(), default = true }
        if r.default then break end
        list[#list + 1] = r.value.kind .. " " .. numbers[r.value.from]
      end
      table.sort(list)
    end
    heard[i + 1] = list
    left[i + 1] = alive[i]
  end
  local owners = {}
  for i, name in ipairs(names) do
    local pid = process.registry.lookup(name)
    owners[i] = pid and numbers[pid] or -1
  end
  for i = 0, count - 1 do
    process.unmonitor(puppets[i].pid)
    process.terminate(puppets[i].pid)
  end
  return { results = results, heard = heard, alive = left, names = owners }
end
