// What a program that `moontide lua` runs finds around it, in Lua: the plain standard library over what the process gives.
// P1: the text is the body of main. Its arguments: 'file' or 'lines', the program's text, its chunk name, its path, its arguments.
import { IO_PRELUDE } from './io-prelude.js';

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

${IO_PRELUDE}
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

-- What becomes of an error that nobody has caught, as text.
local function message(raised)
  if type(raised) == 'string' or type(raised) == 'number' or type(raised) == 'userdata' then return tostring(raised) end
  local made = getmetatable(raised)
  if type(made) == 'table' and made.__tostring then return tostring(raised) end
  return '(error object is a ' .. type(raised) .. ' value)'
end
local function withStack(raised)
  local text = message(raised)
  if type(raised) == 'table' and text ~= '(error object is a table value)' then return text end
  return host.debug.traceback(text, 1)
end

if mode == 'file' then
  G.arg = { [0] = argument0 }
  for at = 1, arguments.n do G.arg[at] = arguments[at] end
  local chunk, problem = G.load(text, name)
  if chunk == nil then return { ok = false, message = problem } end
  local ok, told = xpcall(chunk, withStack, table.unpack(arguments, 1, arguments.n))
  return { ok = ok, message = not ok and told or nil }
end

-- The interactive one: a value is shown so that people can read it.
local function readable(value, depth, around)
  if type(value) == 'string' then return (string.format('%q', value):gsub('\\\\\\n', '\\\\n')) end
  local metatable = getmetatable(value)
  if type(value) ~= 'table' or (type(metatable) == 'table' and metatable.__tostring) then
    local fine, text = pcall(tostring, value)
    return fine and text or '(__tostring: ' .. message(text) .. ')'
  end
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
    if chunk == nil then process.complain(problem .. '\\n')
    else
      local results = table.pack(xpcall(chunk, message))
      if not results[1] then process.complain(results[2] .. '\\n')
      elseif results.n > 1 then
        local shown = {}
        for at = 2, results.n do shown[at - 1] = readable(results[at], 0, {}) end
        print(table.concat(shown, '\\t'))
      end
    end
  end
end
return { ok = true }
`;
