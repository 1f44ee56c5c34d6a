-- pcall and xpcall: when message handlers run, on what stack, and what becomes of their own errors. True of lua5.3.
local function same(a, b) if a ~= b then error(tostring(a) .. " is not " .. tostring(b), 2) end end
local function is(found, ...)
  for i, want in ipairs { ... } do if found[i] ~= want then error(i .. ": " .. tostring(found[i]) .. " is not " .. tostring(want), 2) end end
  same(#found, select("#", ...))
end

-- The line of a level as `error` counts them: 1 is who calls `at`. nil: not Lua.
local function at(level)
  local _, text = pcall(error, "", level + 2)
  return tonumber(text:match(":(%d+):"))
end
-- Lines of the Lua code at the levels from `first` on, up to 8.
local function lines(first)
  local found = {}
  for level = first, first + 7 do found[#found + 1] = at(level + 1) end
  return table.concat(found, ",")
end

-- the stack of the error is there: level 1 is the handler, 2 what raised
local stack
local function keep(message) stack = lines(2) return message end
local function raise() error("raised", 0) end -- line 23
local function outer() raise() return 1 end -- line 24
local function run(f, ...) return { xpcall(f, keep, ...) } end -- line 25
local function stackOf(f, ...) run(f, ...) return stack:match("^(.-)25,") end
same(stackOf(outer), "23,24,")
same(stackOf(function() local x x.y = 1 end), "28,")
same(stackOf(function() local x = {} + 1 return x end), "29,")
same(stackOf(function() return (string.rep({})) end), "30,")
same(stackOf(function() assert(false) end), "31,")
same(stackOf(function() for _ in 5 do end end), "32,")
same(stackOf(function() table.sort({ 1, 2, 3 }, function() error("in a comparison") end) end), "33,33,")
same(stackOf(function() string.gsub("x", ".", function() error("in a replacement") end) end), "34,34,")
same(stackOf(function() local t = setmetatable({}, { __index = function() error("in an index") end }) return t.x + 1 end), "35,35,")
same(stackOf(function() local n = 5 n() end), "36,")
same(stackOf(function() return ("x") < 1 end), "37,")
same(stackOf(function() return 1 // 0 end), "38,")
same(stackOf(function() return ("x" .. nil) .. "y" end), "39,")

-- what handlers get and give
is({ xpcall(error, function(m) return "handled " .. m, "and more" end, "e", 0) }, false, "handled e")
is({ xpcall(error, function(...) return select("#", ...) end, "e", 0) }, false, 1)
local t = {}
is({ xpcall(error, function(m) return m == t end, t) }, false, true)
is({ xpcall(error, function(m) return m == nil end) }, false, true)
same(select("#", xpcall(error, function() end, "e")), 2)
is({ xpcall(nil, function(m) return m end) }, false, "attempt to call a nil value")
is({ xpcall(function(...) return ... end, error, 1, 2) }, true, 1, 2)
is({ xpcall(setmetatable({}, { __call = function(_, a) error(a, 0) end }), function(m) return "called " .. m end, "e") }, false, "called e")

-- the innermost protected call's handler runs, and pcall has none
local log = {}
local function noted(name) return function(m) log[#log + 1] = name .. ":" .. tostring(m) return name end end
is({ xpcall(function()
  is({ pcall(error, "a", 0) }, false, "a")
  is({ xpcall(error, noted "inner", "b", 0) }, false, "inner")
  is({ pcall(pcall, error, "c", 0) }, true, false, "c")
  is({ coroutine.resume(coroutine.create(function() error("d", 0) end)) }, false, "d")
  error("e", 0)
end, noted "outer") }, false, "outer")
is(log, "inner:b", "outer:e")
log = {}
is({ pcall(function() is({ xpcall(error, noted "once", "a", 0) }, false, "once") error("b", 0) end) }, false, "b")
is(log, "once:a")

-- a coroutine has handlers of its own; what goes out of a wrap is raised anew there
log = {}
local wrapped = coroutine.wrap(function() error({}) end)
is({ xpcall(function() wrapped() end, function(m) log[1] = lines(3) return type(m) end) }, false, "table")
same(log[1]:match("^70,"), "70,")
log = {}
is({ xpcall(function() return coroutine.wrap(function() error("a", 0) end)() .. 1 end, noted "out") }, false, "out")
same(log[1]:match("^out:.*:73: a$") ~= nil, true) same(#log, 1)
log = {}
is({ xpcall(function()
  return coroutine.wrap(function() return xpcall(error, noted "own", "a", 0) end)()
end, noted "out") }, true, false, "own")
is(log, "own:a")

-- over yields
log = {}
local co = coroutine.wrap(function()
  local found = { xpcall(function()
    is({ xpcall(function() coroutine.yield(1) error("a", 0) end, noted "inner") }, false, "inner")
    coroutine.yield(2)
    is({ pcall(function() coroutine.yield(3) error("b", 0) end) }, false, "b")
    is({ xpcall(function() coroutine.yield(4) return "fine" end, noted "unused") }, true, "fine")
    coroutine.yield(5)
    error("c", 0)
  end, noted "outer") }
  is({ pcall(function() coroutine.yield(6) error("d", 0) end) }, false, "d")
  return found[2]
end)
for i = 1, 6 do same(co(), i) end
same(co(), "outer")
is(log, "inner:a", "outer:c")
co = coroutine.wrap(function() return run(function() -- line 98
  coroutine.yield()
  raise() -- line 100
end) end)
co() is(co(), false, "raised")
same(stack, "23,100,25")
-- and two that take turns
local function turn(name)
  return coroutine.wrap(function()
    return select(2, xpcall(function() coroutine.yield() coroutine.yield() error("e", 0) end, function(m) return name .. m end))
  end)
end
local a, b = turn "a", turn "b"
a() b() b() a()
same(a(), "ae") same(b(), "be")
is({ xpcall(function() local c = turn "c" c() c() same(c(), "ce") error("e", 0) end, function(m) return "d" .. m end) }, false, "de")
-- from the inside of a coroutine that is suspended in a protected call
is({ xpcall(function()
  local inner = coroutine.wrap(function() xpcall(coroutine.yield, noted "wrong") end)
  inner()
  error("e", 0)
end, function(m) return "right " .. m end) }, false, "right e")

-- what a handler may not
is({ coroutine.wrap(function() return xpcall(error, function() coroutine.yield() end, "e") end)() }, false, "error in error handling")
is({ xpcall(error, function() return coroutine.isyieldable() end, "e") }, false, false)

-- handlers that fail get their own errors, until that is too much
local tries = 0
is({ xpcall(error, function(m) tries = tries + 1 if tries < 30 then error(m .. tries % 10, 0) end return m end, "e", 0) }, false, "e" .. ("1234567890"):rep(2) .. "123456789")
same(tries, 30)
tries = 0
local result = { xpcall(error, function(m) tries = tries + 1 local x = nil return x.y end, "e") }
is(result, false, "error in error handling")
same(tries > 100, true)
is({ xpcall(error, function(m) return pcall(error, "inner") end, "e") }, false, false)
is({ xpcall(error, function(m) return select(2, xpcall(error, function(n) return n .. m end, "in", 0)) end, "e", 0) }, false, "ine")
is({ pcall(xpcall, error, function(m) error(m, 0) end, "e") }, true, false, "error in error handling")
-- and all is well afterwards
is({ xpcall(error, function(m) return m end, "e", 0) }, false, "e")

-- an overflow of the stack is told to the handler, which has room to work
local function deep() return 1 + deep() end
tries = 0
result = { xpcall(deep, function(m) tries = tries + 1 return { m, ("x"):rep(3), table.concat({ 1, 2 }, ",") } end) }
same(result[1], false) same(tries, 1)
same(result[2][1]:match("stack overflow"), "stack overflow") is({ result[2][2], result[2][3] }, "xxx", "1,2")
is({ xpcall(deep, function() return deep() end) }, false, "error in error handling")
local function deepInC() return (string.gsub("x", ".", deepInC)) end
result = { xpcall(deepInC, function(m) return m end) }
same(result[1], false) same(result[2]:match("C stack overflow"), "C stack overflow")
result = { xpcall(function() local t = setmetatable({}, {}) getmetatable(t).__index = function(_, k) return t[k] end return t.x end, function(m) return "told " .. m end) }
same(result[1], false) same(result[2]:match("^told .*stack overflow") ~= nil, true)
result = { xpcall(function() return pcall(deep) end, function() return "not asked" end) }
is({ result[1], result[2] }, true, false) same(result[3]:match("stack overflow"), "stack overflow")

-- what the handler sees is how things stood at the error, and what it changes stays
local depth = 0
local function counted(n) depth = depth + 1 if n == 0 then error("e") end counted(n - 1) depth = depth - 1 end
is({ xpcall(counted, function() return depth end, 5) }, false, 6)

-- levels end at the bottom of the coroutine; what comes out of a wrap gets the place of its call
local here = "protected.lua:162: "
local function told(f) return (select(2, pcall(f)):gsub("[^ ]*(protected.lua)", "%1")) end
same(told(function() local w = coroutine.wrap(function() error("x", 2) end) w() end), here .. "x") -- line 162
here = here:gsub("162", "164")
same(told(function() local w = coroutine.wrap(function() error("x", 1) end) w() end), here .. here .. "x")
same(told(function() for _ in coroutine.wrap(function() error("x", 2) end) do end end), "protected.lua:165: x")
same(told(function() local function bad() error("x", 3) end for _ in coroutine.wrap(function() bad() end) do end end), "protected.lua:166: x")
same(told(coroutine.wrap(function() error("x", 2) end)), "x")
same(told(function() return string.gsub("x", ".", coroutine.wrap(function() error("x", 2) end)) .. "x" end), "x")
same(told(function() return (coroutine.wrap(function() coroutine.yield() error("x", 4) end)()) .. "x" end):match("concatenate") ~= nil, true)
is({ coroutine.resume(coroutine.create(function() error("x", 2) end)) }, false, "x")
same(told(function() return setmetatable({}, { __index = coroutine.wrap(function() error("x", 2) end) }).x + 1 end), "protected.lua:171: x")
