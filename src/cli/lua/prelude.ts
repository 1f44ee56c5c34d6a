// What a program that `moontide lua` runs finds around it, in Lua: the plain standard library over what the process gives.
// P1: the text is the body of main. Its arguments: 'file' or 'lines', the program's text, its chunk name, its path, its arguments.
export const PRELUDE = `
local mode, text, name, argument0 = ...
local arguments = table.pack(select(5, ...))
local host, process = standalone, host
for _, library in ipairs { string, table, math, utf8, coroutine } do host.thaw(library) end

local G = {
  assert = assert, error = error, getmetatable = getmetatable, ipairs = ipairs, next = next, pairs = pairs,
  pcall = pcall, print = print, rawequal = rawequal, rawget = rawget, rawlen = rawlen, rawset = rawset,
  select = select, setmetatable = setmetatable, tonumber = tonumber, tostring = tostring, type = type,
  xpcall = xpcall, string = string, table = table, math = math, utf8 = utf8, coroutine = coroutine, _VERSION = _VERSION,
}
G._G = G

function G.load(chunk, chunkname, mode, ...)
  if type(chunk) ~= 'string' and type(chunk) ~= 'function' then
    error("bad argument #1 to 'load' (function expected, got " .. type(chunk) .. ')', 2)
  end
  if select('#', ...) == 0 then return host.load(chunk, chunkname, mode, G) end
  return host.load(chunk, chunkname, mode, (...))
end

string.dump = host.dump

function G.print(...)
  local texts = {}
  for at = 1, select('#', ...) do
    local text = G.tostring((select(at, ...)))
    if type(text) ~= 'string' and type(text) ~= 'number' then error("'tostring' must return a string to 'print'", 2) end
    texts[at] = text
  end
  print(table.concat(texts, '\\t'))
end

function G.loadfile(file, mode, ...)
  local text, problem
  if file == nil then text = process.read_all() else text, problem = process.read_file(file) end
  if text == nil then return nil, 'cannot open ' .. problem end
  return G.load(text, file == nil and '=stdin' or '@' .. file, mode, ...)
end

function G.dofile(file)
  local chunk, problem = G.loadfile(file)
  if chunk == nil then error(problem, 0) end
  return chunk()
end

-- package, require
local loaded, preload = {}, {}
G.package = {
  loaded = loaded, preload = preload, cpath = '', path = process.getenv('LUA_PATH') or './?.lua;./?/init.lua',
  config = '/\\n;\\n?\\n!\\n-\\n',
}
function G.package.searchpath(wanted, path, separator, by)
  local file = wanted:gsub(((separator or '.'):gsub('%p', '%%%0')), ((by or '/'):gsub('%%', '%%%%')))
  local tried = {}
  for template in path:gmatch('[^;]+') do
    local candidate = template:gsub('%?', (file:gsub('%%', '%%%%')))
    if process.read_file(candidate) then return candidate end
    tried[#tried + 1] = "\\n\\tno file '" .. candidate .. "'"
  end
  return nil, table.concat(tried)
end
G.package.searchers = {
  function(wanted)
    local loader = preload[wanted]
    if loader == nil then return "\\n\\tno field package.preload['" .. wanted .. "']" end
    return loader, ':preload:'
  end,
  function(wanted)
    local file, tried = G.package.searchpath(wanted, G.package.path)
    if file == nil then return tried end
    local chunk, problem = G.loadfile(file)
    if chunk == nil then
      error("error loading module '" .. wanted .. "' from file '" .. file .. "':\\n\\t" .. problem, 0)
    end
    return chunk, file
  end,
}
function G.require(wanted)
  local found = loaded[wanted]
  if found ~= nil then return found end
  local tried = {}
  for _, search in ipairs(G.package.searchers) do
    local loader, where = search(wanted)
    if type(loader) == 'function' then
      local value = loader(wanted, where)
      if value ~= nil then loaded[wanted] = value end
      if loaded[wanted] == nil then loaded[wanted] = true end
      return loaded[wanted]
    end
    if type(loader) == 'string' then tried[#tried + 1] = loader end
  end
  error("module '" .. wanted .. "' not found:" .. table.concat(tried), 2)
end

-- os: the machine's own, which apps do not have
G.os = {
  time = os.time, date = os.date, clock = process.clock, difftime = os.difftime, getenv = process.getenv,
  exit = function(code) process.exit(code == nil and true or code) end,
  remove = process.remove, rename = process.rename, tmpname = process.tmpname,
  setlocale = function(locale) if locale == nil or locale == '' or locale == 'C' then return 'C' end return nil end,
}

-- io: a file is read whole when it is opened, and written when it is closed or the program ends
local File = { __name = 'FILE*' }
local methods = {}
File.__index = methods
local states = {}
local open = {}
local function newFile(state)
  local file = host.newfile(File)
  states[file] = state
  return file
end
function File:__tostring()
  local state = states[self]
  return state.closed and 'file (closed)' or 'file (' .. (state.path or 'standard') .. ')'
end

local function nameOf(value)
  local metatable = getmetatable(value)
  if type(metatable) == 'table' and type(metatable.__name) == 'string' then return metatable.__name end
  return type(value)
end
local function stateOf(file, what, level)
  local state = states[file]
  if state == nil then
    error("bad argument #1 to '" .. what .. "' (FILE* expected, got " .. nameOf(file) .. ')', level or 3)
  end
  if state.closed then error('attempt to use a closed file', level or 3) end
  return state
end

local function readOne(file, format)
  if file.standard then return process.read_line_or(format) end
  local data, at = file.data, file.at
  if type(format) == 'number' then
    if at > #data then return nil end
    file.at = at + format
    return data:sub(at, at + format - 1)
  end
  format = format:gsub('^%*', ''):sub(1, 1)
  if format == 'a' then
    file.at = #data + 1
    return data:sub(at)
  end
  if at > #data then return nil end
  if format == 'n' then
    local from, to, digits = data:find('^%s*([%+%-]?%w*%.?%w*)', at)
    file.at = to + 1
    return tonumber(digits)
  end
  local stop = data:find('\\n', at, true)
  file.at = (stop or #data) + 1
  if format == 'L' then return data:sub(at, stop or #data) end
  if format ~= 'l' then error("bad argument #1 to 'read' (invalid format)", 4) end
  return data:sub(at, stop and stop - 1 or #data)
end

local function readAll(state, ...)
  local formats = select('#', ...) == 0 and { 'l' } or { ... }
  local values = {}
  for at, format in ipairs(formats) do
    values[at] = readOne(state, format)
    if values[at] == nil then return table.unpack(values, 1, at) end
  end
  return table.unpack(values, 1, #formats)
end

local function writeAll(file, state, name, ...)
  for at = 1, select('#', ...) do
    local value = select(at, ...)
    if type(value) ~= 'string' and type(value) ~= 'number' then
      error("bad argument #" .. at .. " to '" .. name .. "' (string expected, got " .. nameOf(value) .. ')', 3)
    end
    if state.descriptor then process.write(state.descriptor, tostring(value))
    else state.pieces[#state.pieces + 1] = tostring(value) end
  end
  return file
end

local function flush(state)
  if state.pieces and #state.pieces > 0 then
    process.append_file(state.path, table.concat(state.pieces))
    state.pieces = {}
  end
end

local function close(file, state)
  flush(state)
  if state.path then state.closed, state.data, open[file] = true, nil, nil end
  return true
end

local function linesOf(state, ...)
  local formats = table.pack(...)
  return function()
    if state.closed then error('file is already closed', 2) end
    return readAll(state, table.unpack(formats, 1, formats.n))
  end
end

function methods:read(...) return readAll(stateOf(self, 'read'), ...) end
function methods:write(...) return writeAll(self, stateOf(self, 'write'), 'write', ...) end
function methods:flush()
  flush(stateOf(self, 'flush'))
  return self
end
function methods:close() return close(self, stateOf(self, 'close')) end
function methods:lines(...) return linesOf(stateOf(self, 'lines'), ...) end
function methods:seek(whence, offset)
  local state = stateOf(self, 'seek')
  local base = (whence == 'set' and 0) or (whence == 'end' and #(state.data or '')) or (state.at or 1) - 1
  state.at = base + (offset or 0) + 1
  return state.at - 1
end
function File.__gc(...)
  if select('#', ...) == 0 then error("bad argument #1 to '__gc' (FILE* expected, got no value)", 2) end
end
function methods:setvbuf()
  stateOf(self, 'setvbuf')
  return true
end

G.io = {}
G.io.stdout = newFile { descriptor = 1 }
G.io.stderr = newFile { descriptor = 2 }
G.io.stdin = newFile { standard = true }
local input, output = G.io.stdin, G.io.stdout
function G.io.open(path, mode)
  mode = mode or 'r'
  if not mode:find('^[rwa]%+?b?$') then error("bad argument #2 to 'open' (invalid mode)", 2) end
  local state = { path = path }
  if mode:sub(1, 1) == 'r' then
    local data, problem = process.read_file(path)
    if data == nil then return nil, problem, 2 end
    state.data, state.at = data, 1
  else
    local done, problem = true, nil
    if mode:sub(1, 1) == 'w' then done, problem = process.write_file(path, '')
    else done, problem = process.append_file(path, '') end
    if not done then return nil, problem, 13 end
  end
  state.pieces = {}
  local file = newFile(state)
  open[file] = true
  return file
end
function G.io.write(...) return writeAll(output, stateOf(output, 'write'), 'io.write', ...) end
function G.io.read(...) return readAll(stateOf(input, 'read'), ...) end
function G.io.lines(path, ...)
  if path == nil then return linesOf(stateOf(input, 'lines'), ...) end
  local file, problem = G.io.open(path)
  if file == nil then error(problem, 2) end
  return linesOf(states[file], ...)
end
function G.io.input(file)
  if type(file) == 'string' then input = assert(G.io.open(file))
  elseif file ~= nil then
    stateOf(file, 'input')
    input = file
  end
  return input
end
function G.io.output(file)
  if type(file) == 'string' then output = assert(G.io.open(file, 'w'))
  elseif file ~= nil then
    stateOf(file, 'output')
    output = file
  end
  return output
end
function G.io.close(file)
  file = file or output
  return close(file, stateOf(file, 'close'))
end
function G.io.type(value)
  local state = states[value]
  if state == nil then return nil end
  return state.closed and 'closed file' or 'file'
end

G.debug = {}
for member, value in pairs(host.debug) do G.debug[member] = value end
function G.debug.debug() error('debug.debug is not there; use moontide lua without a file', 2) end

local collecting = { count = true, step = true, isrunning = true, collect = 0, stop = 0, restart = 0,
  setpause = 200, setstepmul = 200 }
function G.collectgarbage(option)
  local answer = collecting[option or 'collect']
  if answer == nil then
    error("bad argument #1 to 'collectgarbage' (invalid option '" .. tostring(option) .. "')", 2)
  end
  if option == 'count' then return process.memory() end
  if (option == nil or option == 'collect' or option == 'step') and process.has_weak() and host.may_wait() then
    process.collect()
  end
  return answer
end

for _, library in ipairs { 'string', 'table', 'math', 'utf8', 'coroutine', 'os', 'io', 'debug', 'package' } do
  loaded[library] = G[library]
end
loaded._G = G

local function finish()
  for file in pairs(open) do flush(states[file]) end
end

local function message(raised)
  if type(raised) == 'string' or type(raised) == 'number' or type(raised) == 'userdata' then return tostring(raised) end
  local made = getmetatable(raised)
  if type(made) == 'table' and made.__tostring then return tostring(raised) end
  return '(error object is a ' .. type(raised) .. ' value)'
end

if mode == 'file' then
  G.arg = { [0] = argument0 }
  for at = 1, arguments.n do G.arg[at] = arguments[at] end
  local chunk, problem = G.load(text, name)
  if chunk == nil then return { ok = false, message = problem } end
  local guard <close> = setmetatable({}, { __close = finish })
  chunk(table.unpack(arguments, 1, arguments.n))
  return { ok = true }
end

-- The interactive one: a value is shown so that people can read it.
local function readable(value, depth, around)
  if type(value) == 'string' then return depth == 0 and string.format('%q', value):gsub('\\\\\\n', '\\\\n') or string.format('%q', value) end
  local metatable = getmetatable(value)
  if type(value) ~= 'table' or (type(metatable) == 'table' and metatable.__tostring) then return tostring(value) end
  if around[value] then return '{...}' end
  if next(value) == nil then return '{}' end
  if depth >= 4 then return tostring(value) end
  around[value] = true
  local parts, size, length = {}, 0, 0
  local function add(part)
    parts[#parts + 1] = part
    size = size + #part
  end
  for at, item in ipairs(value) do
    length = at
    if at > 50 then add('...') break end
    add(readable(item, depth + 1, around))
  end
  local count = 0
  for key, item in next, value do
    if not (math.type(key) == 'integer' and key >= 1 and key <= length) then
      count = count + 1
      if count > 50 then add('...') break end
      local shown = type(key) == 'string' and key:find('^[%a_][%w_]*$') and key
        or '[' .. readable(key, depth + 1, around) .. ']'
      add(shown .. ' = ' .. readable(item, depth + 1, around))
    end
  end
  around[value] = nil
  if size < 70 then return '{ ' .. table.concat(parts, ', ') .. ' }' end
  local indent = string.rep('  ', depth + 1)
  return '{\\n' .. indent .. table.concat(parts, ',\\n' .. indent) .. '\\n' .. string.rep('  ', depth) .. '}'
end

local pending
while true do
  local line = process.line(pending and '>> ' or '> ')
  if line == nil then break end
  if line == false then pending, line = nil, '' end
  local source = pending and pending .. '\\n' .. line or line:gsub('^%s*=', 'return ', 1)
  local chunk, problem = G.load('return ' .. source, '=stdin')
  if chunk == nil then chunk, problem = G.load(source, '=stdin') end
  if chunk == nil and problem:find("near <eof>$") then
    pending = source
  else
    pending = nil
    if chunk == nil then process.write(2, problem .. '\\n')
    else
      local results = table.pack(xpcall(chunk, message))
      if not results[1] then process.write(2, results[2] .. '\\n')
      elseif results.n > 1 then
        local shown = {}
        for at = 2, results.n do shown[at - 1] = readable(results[at], 0, {}) end
        print(table.concat(shown, '\\t'))
      end
    end
  end
end
finish()
return { ok = true }
`;
