-- Runs many programs in one lua5.3: reads `<bytes>\n<program>` one after the other, writes `<bytes>\n<output>` for each.
-- A program that takes too long is answered with `late`; one that cannot even be stopped ends the process with status 3.
-- A program is a chunk that returns its main function. It finds globals of its own; output is what `print` is given.
local MAX_STEPS = 5000000
local MAX_STOPS = 2000
local input = io.read('a')
local at = 1
local function copy(library)
  local members = {}
  for key, value in pairs(library) do members[key] = value end
  return members
end

local function run(text)
  local lines = {}
  local E = copy(_G)
  for _, name in ipairs { 'string', 'table', 'math', 'utf8', 'coroutine', 'os' } do E[name] = copy(_G[name]) end
  E._G, E.io, E.debug, E.package, E.require, E.load, E.dofile, E.loadfile, E.collectgarbage = E
  function E.print(...)
    local values = table.pack(...)
    for i = 1, values.n do values[i] = tostring(values[i]) end
    lines[#lines + 1] = table.concat(values, '\t')
  end
  local chunk, message = load(text, '@fuzz.lua', 't', E)
  if not chunk then
    lines[#lines + 1] = 'syntax: ' .. message
    return lines
  end
  local late, stops = false, 0
  local function stop()
    late = true
    stops = stops + 1
    if stops > MAX_STOPS then
      io.write('4\nlate')
      os.exit(3)
    end
    debug.sethook(stop, '', 100)
    if debug.getinfo(2, 'S').source == '@fuzz.lua' then error('late') end
  end
  debug.sethook(stop, '', MAX_STEPS)
  local ok, raised = pcall(function() chunk()() end)
  debug.sethook()
  if late then return { 'late' } end
  if not ok then lines[#lines + 1] = 'error: ' .. (type(raised) == 'string' and raised or type(raised)) end
  return lines
end

while at <= #input do
  local _, stop, size = string.find(input, '^(%d+)\n', at)
  local output = table.concat(run(string.sub(input, stop + 1, stop + size)), '\n')
  io.write(#output, '\n', output)
  io.flush() -- whoever waits may lose patience with the next one
  at = stop + size + 1
end
