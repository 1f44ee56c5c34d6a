-- What a file of the official suite finds around it: an environment of its own, with what applications do not have
-- (load, require, package, io, debug, collectgarbage) emulated as far as the tests need it. Runs under lua5.3 too,
-- where the same environment shows that the left-out parts are the only ones that are missing.
-- Prints one last line: ##<tab>true or false<tab>assertions run<tab>message. Assertions are counted where `counting` is
-- 'yes', by a stand-in for `assert`; so a file is run twice, once with the real one.
local name, text, counting = ...
local host = suite or {}
local load = load or host.load
local getinfo = host.getinfo or debug.getinfo
local traceback = host.traceback or debug.traceback
local run = 0

local function copy(library)
  local members = {}
  for key, value in pairs(library) do members[key] = value end
  return members
end

local E = {
  error = error, getmetatable = getmetatable, ipairs = ipairs, next = next, pairs = pairs, pcall = pcall,
  print = print, rawequal = rawequal, rawget = rawget, rawlen = rawlen, rawset = rawset, select = select,
  setmetatable = setmetatable, tonumber = tonumber, tostring = tostring, type = type, xpcall = xpcall,
  string = copy(string), table = copy(table), math = copy(math), utf8 = copy(utf8), coroutine = copy(coroutine),
  os = copy(os), _VERSION = 'Lua 5.3',
  _U = true, _port = true, _soft = true, _nomsg = true,
}
E._G = E
E.string.dump = nil

E.assert = assert
if counting == 'yes' then
  function E.assert(...)
    run = run + 1
    if ... then return ... end
    local given = select('#', ...)
    if given == 0 then error("bad argument #1 to 'assert' (value expected)", 2) end
    if given == 1 then error('assertion failed!', 2) end
    local message = select(2, ...)
    error(message, 2)
  end
end

function E.load(chunk, chunkname, mode, ...)
  if select('#', ...) == 0 then return load(chunk, chunkname, mode, E) end
  return load(chunk, chunkname, mode, (...))
end

local garbage = { count = 1000.0, step = true, isrunning = true, collect = 0, stop = 0, restart = 0,
  setpause = 200, setstepmul = 200 }
function E.collectgarbage(option)
  local answer = garbage[option or 'collect']
  if answer == nil then error("bad argument #1 to 'collectgarbage' (invalid option '" .. option .. "')") end
  garbage.count = garbage.count + 1.5
  return answer
end

function E.os.setlocale(locale)
  if locale == nil or locale == '' or locale == 'C' then return 'C' end
  return nil
end
function E.os.getenv() return nil end

E.io = { write = function() end, stderr = { write = function() end } }
E.debug = { getinfo = getinfo, traceback = traceback }
E.package = { loaded = { _G = E }, preload = {}, path = '', cpath = '', config = '/\n;\n?\n!\n-\n' }
for _, library in ipairs { 'string', 'table', 'math', 'utf8', 'coroutine', 'os', 'io', 'debug', 'package' } do
  E.package.loaded[library] = E[library]
end
function E.require(library)
  local loaded = E.package.loaded[library]
  if loaded ~= nil then return loaded end
  local loader = E.package.preload[library]
  if loader == nil then error("module '" .. library .. "' not found", 2) end
  loaded = loader(library, ':preload:')
  if loaded == nil then loaded = true end
  E.package.loaded[library] = loaded
  return loaded
end

local main, message = load(text, '@' .. name, 't', E)
local ok = false
if main then
  ok, message = xpcall(main, function(raised)
    return tostring(raised) .. '\n' .. traceback()
  end)
end
print('##\t' .. tostring(ok) .. '\t' .. run .. '\t' .. tostring(message))
