-- Variables that only ever get floats, and what becomes of them where they are used as anything else.
local function same(a, b) assert(a == b and math.type(a) == math.type(b), tostring(a) .. " and " .. tostring(b)) end
local function fails(pattern, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok and message:find(pattern), tostring(message))
end

-- a float that is integral stays a float, wherever it goes
local function everywhere(n)
  local x = 0.0
  for i = 1, n do x = x + 0.5 * i end
  local t = { x, field = x, [x] = "key" }
  t.later = x
  t[#t + 1] = x
  local function captured() return x end
  local y, z = x, x
  y, z = z, y
  local text = x .. "|" .. tostring(x) .. "|" .. string.format("%s", x)
  return x, t[1], t.field, t.later, t[2], captured(), y, z, text, t[math.tointeger(x)], (x and x), (x or 1), not x, #{ x }, select("#", x, x)
end
local got = table.pack(everywhere(4))
for i = 1, 8 do same(got[i], 5.0) end
same(got[9], "5.0|5.0|5.0") same(got[10], "key") same(got[11], 5.0) same(got[12], 5.0) assert(got[13] == false and got[14] == 1 and got[15] == 2)

-- comparison with everything
local function compare(a)
  local x = 1.0
  x = x * 2
  return x == a, x ~= a, pcall(function() return x < a, x <= a, x > a, x >= a end)
end
assert(select("#", compare(2)) == 7 and compare(2) and compare(2.0) and not compare("2") and not compare(nil) and not compare(2.5))
assert(select(3, compare("2")) == false and select(2, compare({})) == true)
local big = 9007199254740993
local function wide() local x = 9007199254740992.0 x = x + 0.0 return x == big, x < big, x == 2 ^ 53, big > x end
for _ = 1, 3 do local a, b, c, d = wide() assert(not a and b and c and d) end

-- what the other operand turns out to be
local function sum(list)
  local s = 0.0
  for i = 1, #list do s = s + list[i] * list[i] end
  return s
end
same(sum { 1, 2, 3 }, 14.0) same(sum { 0.5, 2 }, 4.25) same(sum { 3037000500 }, 0.0 + 3037000500 * 3037000500) same(sum { "2", 2.0 }, 8.0)
same(sum { 0, -5 }, 25.0) same(sum { math.maxinteger }, 1.0) same(sum {}, 0.0)
fails("attempt to perform arithmetic on a nil value %(field '%?'%)", sum, setmetatable({}, { __len = function() return 1 end }))
local mt = {}
mt.__add = function(a, b) return (type(a) == "table" and a.v or a) + (type(b) == "table" and b.v or b) // 1 | 0 end
mt.__mul = function(a, b) return coroutine.isyieldable() and coroutine.yield("mul") or setmetatable({ v = 7 }, mt) end
same(sum { setmetatable({}, mt), 2 }, 7 + 4) -- the metamethod made it an integer
same(sum { setmetatable({}, mt), 0.5 }, 7.25)
local co = coroutine.wrap(sum)
assert(co { setmetatable({}, mt), 1.5, setmetatable({}, mt), 1.5 } == "mul" and co(0.25) == "mul")
same(co(math.maxinteger), 0.25 + 2.25 + math.maxinteger + 2.25)
-- integers of any size that came by a metamethod, in arithmetic and out again
local function odd(o)
  local s = 1.5
  s = s + o
  local first = s
  s = s + 1
  return first, s, s == first + 1, s > first
end
local give = setmetatable({}, { __add = function(_, v) return math.maxinteger end })
local back = setmetatable({}, { __add = function() return 41 end })
same(select(1, odd(give)), math.maxinteger) same(select(2, odd(give)), math.mininteger) assert(select(3, odd(give)) and not select(4, odd(give)))
same(select(1, odd(back)), 41) same(select(2, odd(back)), 42)
local lost = setmetatable({}, { __add = function() return nil end })
fails("attempt to perform arithmetic on a nil value %(local 's'%)", odd, lost)

-- quotients, rests, powers, signs of zero
local function operators(a, b)
  local q = a / b
  local x = 7.5
  x = x % b
  local y = -7.5
  y = y // b
  local z = a ^ 2
  local m = -q
  return q, x, y, z, m, q // 1, q % 2, -x * y
end
local function list(...) local t = {} for i = 1, select("#", ...) do t[i] = tostring((select(i, ...))) end return table.concat(t, " ") end
assert(list(operators(6, 2)) == "3.0 1.5 -4.0 36.0 -3.0 3.0 1.0 6.0", list(operators(6, 2)))
assert(list(operators(6, -2)) == "-3.0 -0.5 3.0 36.0 3.0 -3.0 1.0 1.5", list(operators(6, -2)))
assert(list(operators("6", 2.0)) == "3.0 1.5 -4.0 36.0 -3.0 3.0 1.0 6.0", list(operators("6", 2.0)))
local function zero(a, b) local x = -0.0 x = x + a * b return 1 / x end
same(zero(0, -5), 1 / 0) same(zero(0.0, -5), -1 / 0) same(zero(-5, 0), 1 / 0) same(zero(2, 0), 1 / 0)
local function back0() local x = 0.5 x = x - 0.5 x = -x return x, 1 / x end
same(select(2, back0()), -1 / 0) assert(tostring(back0()) == "-0.0")

-- assignments side by side, and by way of calls
local function swap() local a, b = 1.0, 2.5 a, b = b, a + b return a, b end
local a, b = swap() same(a, 2.5) same(b, 3.5)
local function chosen(c) local x = c and 1.5 or 2.0 x = x * 2 return x end
same(chosen(true), 3.0) same(chosen(false), 4.0)
local function keys() local k = 1.0 local t = { "a", "b" } k = k + 1 t[k], k = "c", k * 2 return t[2], k end
same((keys()), "c") same(select(2, keys()), 4.0)
if load then same(load("local x = 1.0 local f = function() x = x + 1 return x end f() return x + f()")(), 6.0) end

-- what is read from tables and beside floats is an integral float as often as not
local function signOf(zero) return 1 / zero end
local function scaled(t, u, f) local s = f s = s + t.x * u.y s = s - t.x * u.y return s, t.x * f, u.y / t.x, f - t.x * u.y, t.x * u.y - f end
local values = { 2, 2.0, 0, 0.0, -0.0, -3, -3.0, 0.5, 1 << 62, 2.0 ^ 62, "4", "0" }
for _, f in ipairs { 0.0, -0.0, 1.0, -2.5 } do
  for _, x in ipairs(values) do
    for _, y in ipairs(values) do
      local t, u = { x = x }, { y = y }
      local product = x * y
      local sum = f + product
      local got = { scaled(t, u, f) }
      same(got[1], sum - product) same(got[2], x * f) same(got[4], f - product) same(got[5], product - f)
      if got[1] == 0 then same(signOf(got[1]), signOf(sum - product)) end
      if got[2] == 0 then same(signOf(got[2]), signOf(x * f)) end
      if got[4] == 0 then same(signOf(got[4]), signOf(f - product)) end
      if got[5] == 0 then same(signOf(got[5]), signOf(product - f)) end
    end
  end
end
local function rests(t, f) local s = f s = s + t.x % 3 s = s + t.x // 2 s = s * -t.x return s, f * (t.x % 3), f * -t.x end
for _, x in ipairs { 6, 6.0, -6.0, -6, 0.0, 0, 7.5 } do
  local a, b, c = rests({ x = x }, 1.0)
  same(a, (1.0 + x % 3 + x // 2) * -x) same(b, 1.0 * (x % 3)) same(c, 1.0 * -x)
  if b == 0 then same(signOf(b), signOf(1.0 * (x % 3))) end
  if c == 0 then same(signOf(c), signOf(1.0 * -x)) end
end
local scale = setmetatable({}, { __mul = function(a, b) return math.type(a) or math.type(b) end })
local function typed(t, f) local s = f s = t.x * t.y return s end
same(typed({ x = 2.0, y = scale }, 0.5), "float") same(typed({ x = scale, y = 2 }, 0.5), "integer")
fails("field 'x'", function() local s = 0.5 local t = {} s = s + t.x * 2.0 return s end)
