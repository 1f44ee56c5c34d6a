// `io` and `os` of programs that `moontide lua` runs, in Lua: arguments are checked here, the work is done in open-file.ts and
// os-members.ts. Part of the text of prelude.ts, whose `G`, `host` and `process` it uses.
export const IO_PRELUDE = String.raw`
-- os: the machine's own, which apps do not have
G.os = { date = process.date, exit = function(code) process.exit(code == nil and true or code) end }
for _, name in ipairs { 'clock', 'difftime', 'getenv', 'remove', 'rename', 'tmpname', 'setlocale' } do
  G.os[name] = process[name]
end
local MOST = 1073741823
local function field(date, key, otherwise, less)
  local value = date[key]
  local number = math.tointeger(tonumber(value))
  if number == nil then
    if value ~= nil then error("field '" .. key .. "' is not an integer", 3) end
    if otherwise == nil then error("field '" .. key .. "' missing in date table", 3) end
    return otherwise
  end
  if number - less > MOST or number < -MOST then error("field '" .. key .. "' is out-of-bound", 3) end
  return number
end
function G.os.time(date)
  if date == nil then return process.now() end
  if type(date) ~= 'table' then
    error("bad argument #1 to 'time' (table expected, got " .. type(date) .. ')', 2)
  end
  local sec, min, hour = field(date, 'sec', 0, 0), field(date, 'min', 0, 0), field(date, 'hour', 12, 0)
  local day, month, year = field(date, 'day', nil, 0), field(date, 'month', nil, 1), field(date, 'year', nil, 1900)
  local time, normal = process.mktime(year, month, day, hour, min, sec, date.isdst)
  for key, value in pairs(normal) do date[key] = value end
  return time
end

-- io
local File = { __name = 'FILE*' }
local methods = {}
File.__index = methods
local states = {}
local files = 0
local function newFile(handle, isStandard)
  local file = host.newfile(File)
  files = files + 1
  states[file] = { handle = handle, standard = isStandard, address = string.format('0x%08x', files * 64) }
  return file
end
function File:__tostring()
  local state = states[self]
  return state.closed and 'file (closed)' or 'file (' .. state.address .. ')'
end

local function nameOf(value)
  local metatable = getmetatable(value)
  if type(metatable) == 'table' and type(metatable.__name) == 'string' then return metatable.__name end
  return type(value)
end
local function stateOf(file, what, level)
  local state = states[file]
  if state == nil then
    error("bad argument #1 to '" .. what .. "' (FILE* expected, got " .. (file == nil and 'no value' or nameOf(file)) .. ')', level or 3)
  end
  if state.closed then error('attempt to use a closed file', level or 3) end
  return state
end
local function option(value, otherwise, at, name, options)
  if value == nil then value = otherwise end
  if type(value) ~= 'string' and type(value) ~= 'number' then
    error('bad argument #' .. at .. " to '" .. name .. "' (string expected, got " .. (value == nil and 'no value' or nameOf(value)) .. ')', 3)
  end
  if not options[value] then error('bad argument #' .. at .. " to '" .. name .. "' (invalid option '" .. value .. "')", 3) end
  return value
end

local FORMATS = { n = true, l = true, L = true, a = true }
local function readAll(state, name, level, ...)
  local count = select('#', ...)
  if count == 0 then return state.handle:read('l') end
  local values = {}
  for at = 1, count do
    local format = select(at, ...)
    if math.type(format) == nil then
      if type(format) ~= 'string' then
        error('bad argument #' .. at .. " to '" .. name .. "' (string expected, got " .. nameOf(format) .. ')', level)
      end
      format = format:gsub('^%*', ''):sub(1, 1)
      if not FORMATS[format] then error('bad argument #' .. at .. " to '" .. name .. "' (invalid format)", level) end
    else
      format = math.tointeger(format)
      if format == nil then
        error('bad argument #' .. at .. " to '" .. name .. "' (number has no integer representation)", level)
      end
    end
    local value, problem, number = state.handle:read(format)
    if problem then return nil, problem, number end
    if format == 'n' then value = tonumber(value) end
    values[at] = value
    if value == nil then return table.unpack(values, 1, at) end
  end
  return table.unpack(values, 1, count)
end

local function writeAll(file, state, ...)
  for at = 1, select('#', ...) do
    local value = select(at, ...)
    if math.type(value) == 'float' then value = string.format('%.14g', value)
    elseif type(value) ~= 'string' and type(value) ~= 'number' then
      error("bad argument #" .. at .. " to 'write' (string expected, got " .. nameOf(value) .. ')', 2)
    end
    local done, problem, number = state.handle:write(tostring(value))
    if not done then return nil, problem, number end
  end
  return file
end

local function close(state)
  if state.standard then return nil, 'cannot close standard file' end
  state.closed = true
  return state.handle:close()
end

local function linesOf(file, closes, ...)
  if select('#', ...) > 250 then error("bad argument #252 to 'lines' (too many arguments)", 2) end
  local state, formats = states[file], table.pack(...)
  return function()
    if state.closed then error('file is already closed', 2) end
    local values = table.pack(readAll(state, 'lines', 3, table.unpack(formats, 1, formats.n)))
    if values[1] ~= nil then return table.unpack(values, 1, values.n) end
    if values[2] then error(values[2], 2) end
    if closes then close(state) end
  end
end

function methods:read(...) return readAll(stateOf(self, 'read'), 'read', 2, ...) end
function methods:write(...) return writeAll(self, stateOf(self, 'write'), ...) end
function methods:flush()
  local handle = stateOf(self, 'flush').handle
  return handle:flush()
end
function methods:close() return close(stateOf(self, 'close')) end
function methods:lines(...)
  stateOf(self, 'lines')
  return linesOf(self, false, ...)
end
local WHENCE = { set = true, cur = true, ['end'] = true }
function methods:seek(whence, offset)
  local state = stateOf(self, 'seek')
  whence = option(whence, 'cur', 1, 'seek', WHENCE)
  local count = offset == nil and 0 or math.tointeger(tonumber(offset))
  if count == nil then
    local why = tonumber(offset) and 'number has no integer representation' or 'number expected, got ' .. nameOf(offset)
    error("bad argument #2 to 'seek' (" .. why .. ')', 2)
  end
  return state.handle:seek(whence, count)
end
local BUFFERING = { no = true, full = true, line = true }
function methods:setvbuf(how)
  local state = stateOf(self, 'setvbuf')
  how = option(how, nil, 1, 'setvbuf', BUFFERING)
  return state.standard or state.handle:buffer(how)
end
function File.__gc(...)
  if select('#', ...) == 0 then error("bad argument #1 to '__gc' (FILE* expected, got no value)", 2) end
end

G.io = {}
G.io.stdin, G.io.stdout, G.io.stderr =
  newFile(process.stdin(), true), newFile(process.stdout(), true), newFile(process.stderr(), true)
local default = { input = G.io.stdin, output = G.io.stdout }
local function pathGiven(path, what)
  if type(path) ~= 'string' and type(path) ~= 'number' then
    error("bad argument #1 to '" .. what .. "' (string expected, got " .. (path == nil and 'no value' or nameOf(path)) .. ')', 3)
  end
  return tostring(path)
end
local function opened(path, mode)
  local handle, problem, number = process.open(path, mode)
  if handle == nil then return nil, problem, number end
  return newFile(handle)
end
local function cannotOpen(path, problem)
  return "cannot open file '" .. path .. "' (" .. problem:sub(#path + 3) .. ')'
end
function G.io.open(path, mode)
  path = pathGiven(path, 'open')
  mode = mode == nil and 'r' or tostring(mode)
  if not mode:find('^[rwa]%+?b*$') then error("bad argument #2 to 'open' (invalid mode)", 2) end
  return opened(path, mode)
end
function G.io.tmpfile()
  local path = process.tmpname()
  local file, problem, number = opened(path, 'w+')
  process.remove(path)
  return file, problem, number
end
function G.io.popen() error("'popen' not supported", 2) end
local function defaultState(which)
  local state = states[default[which]]
  if state.closed then error('standard ' .. which .. ' file is closed', 3) end
  return state
end
function G.io.write(...) return writeAll(default.output, defaultState('output'), ...) end
function G.io.read(...) return readAll(defaultState('input'), 'read', 2, ...) end
function G.io.lines(path, ...)
  if path == nil then
    stateOf(default.input, 'lines')
    return linesOf(default.input, false, ...)
  end
  path = pathGiven(path, 'lines')
  local file, problem = opened(path, 'r')
  if file == nil then error(cannotOpen(path, problem), 2) end
  return linesOf(file, true, ...)
end
local function useDefault(which, file, mode)
  if type(file) == 'string' or type(file) == 'number' then
    local found, problem = opened(tostring(file), mode)
    if found == nil then
      error(cannotOpen(tostring(file), problem), 3)
    end
    default[which] = found
  elseif file ~= nil then
    if states[file] == nil then stateOf(file, which, 4) end
    default[which] = file
  end
  return default[which]
end
function G.io.input(file)
  local used = useDefault('input', file, 'r')
  return used
end
function G.io.output(file)
  local used = useDefault('output', file, 'w')
  return used
end
function G.io.close(file)
  if file == nil then file = default.output end
  local state = stateOf(file, 'close')
  return close(state)
end
function G.io.flush()
  local handle = defaultState('output').handle
  return handle:flush()
end
function G.io.type(...)
  if select('#', ...) == 0 then error("bad argument #1 to 'type' (value expected)", 2) end
  local state = states[(...)]
  if state == nil then return nil end
  return state.closed and 'closed file' or 'file'
end
`;
