-- Runs one test of a group on a host.
local groups = { spawning = spawning, messages = messages, ends = ends, bonds = bonds, memory = memory }
return function(group, name, host)
  local test = assert(groups[group][name], "no test '" .. name .. "' in " .. group)
  test(host)
  return true
end
