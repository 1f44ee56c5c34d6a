-- To-be-closed variables beside everything that is compiled in a way of its own: arithmetic of floats and integers, tables, texts,
-- loops, closures, varargs. True of lua5.4.
local function closes(log, name)
  return setmetatable({}, { __close = function(_, err) log[#log + 1] = name .. ":" .. tostring(err) end })
end
local function same(a, b) assert(a == b and math.type(a) == math.type(b), tostring(a) .. " is not " .. tostring(b)) end

-- floats that are whole, and what is no number
local function area(w, h) local g <close> = nil return w * h * 0.5 end
same(area(2.0, 3), 3.0) same(area(2, 3), 3.0) same(area(0.5, 2.0), 0.5)
local ok, err = pcall(area, nil, 1)
assert(not ok and err:find("attempt to perform arithmetic on a nil value (local 'w')", 1, true), err)

local function sums(a, b, c)
  local log = {}
  do
    local x <close> = closes(log, "x")
    a = a * 0.5 + b / 4 - c % 3
    b = (b * 1.5 + c * 0.25 - a * 0.125) % 1000
    c = c // 1 | 0
  end
  return a, b, c, log[1]
end
local a, b, c, closed = sums(8.0, 2.0, 7.0)
same(a, 3.5) same(b, 4.3125) same(c, 7) assert(closed == "x:nil")

-- integers, shifts, comparisons and texts in the same function
local function mixed(n, ...)
  local log, text, first = {}, "", ...
  for i = 1, n do
    local x <close> = closes(log, i)
    if i % 2 == 0 then goto continue end
    text = text .. (i << 3 ~ 5) .. (i <= 3.0 and "<" or ">")
    ::continue::
  end
  local extra = select("#", ...)
  local f = function() return #log + extra end
  local y <close> = closes(log, "y")
  return text, f(), first
end
local text, count, first = mixed(5, 1.0, nil, 3)
assert(text == "13<29<45>", text) same(count, 8) same(first, 1.0)

-- an error goes through, and what it leaves behind counts on
local log = {}
local function fails(k)
  local outer <close> = closes(log, "outer")
  local ok, err = pcall(function()
    local inner <close> = closes(log, "inner")
    local z = k * 2.0
    return z .. {}
  end)
  return ok, k * 0.5
end
local ok, half = fails(3.0)
assert(not ok and half == 1.5 and log[1]:find("^inner:.*attempt to concatenate a table value") and log[2] == "outer:nil")

-- over yields, with floats that live across them
local co = coroutine.wrap(function(w)
  local g <close> = closes(log, "yielding")
  w = w * 2.0 + coroutine.yield(w * 1.0)
  return w ^ 2 - coroutine.yield(w / 2)
end)
same(co(2.0), 2.0) same(co(3), 3.5) same(co(0.25), 48.75)
assert(log[3] == "yielding:nil")

-- constants
local k <const>, half <const> = 4, 0.5
same((function() return k * half + k // 1 end)(), 6.0)

-- message handlers run before variables close, which get what the handler made of the error; errors of closing go to it too
local function throughHandler(f)
  log = {}
  local ok, made = xpcall(f, function(m) log[#log + 1] = "handler:" .. m return "H" .. m end)
  return tostring(ok) .. " " .. tostring(made) .. " after " .. table.concat(log, " ")
end
local function fails(name)
  return setmetatable({}, { __close = function(_, err) log[#log + 1] = name .. ":" .. tostring(err) error("closing", 0) end })
end
local function failsLater(name)
  local mt = getmetatable(fails(name))
  return setmetatable({}, { __close = function(_, err) coroutine.yield() mt.__close(_, err) end })
end
local function told(found, wanted) assert(found == wanted, found) end
told(throughHandler(function() local x <close> = closes(log, "x") error("e", 0) end), "false He after handler:e x:He")
told(throughHandler(function() local x <close> = closes(log, "x") local y <close> = fails("y") error("e", 0) end),
  "false Hclosing after handler:e y:He handler:closing x:Hclosing")
told(throughHandler(function() local x <close> = closes(log, "x") local y <close> = fails("y") return 1 end),
  "false Hclosing after y:nil handler:closing x:Hclosing")
co = coroutine.wrap(function()
  return throughHandler(function()
    local x <close> = closes(log, "x")
    coroutine.yield()
    local y <close> = failsLater("y")
    coroutine.yield()
    error("e", 0)
  end)
end)
co() co() co()
told(co(), "false Hclosing after handler:e y:He handler:closing x:Hclosing")
