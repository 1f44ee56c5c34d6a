-- The math library: integers and floats told apart, edges, and what 5.1 still had.
local function fails(expected, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok and message == expected, string.format("expected %q, got %q", expected, tostring(message)))
end
local function same(a, b) assert(a == b and math.type(a) == math.type(b), tostring(a) .. " and " .. tostring(b)) end
local function near(a, b) assert(a == b or math.abs(a - b) <= 4e-16 * math.abs(b), string.format("%.17g and %.17g", a, b)) end
local inf, nan = 1 / 0, 0 / 0

-- subtypes
same(math.floor(3.7), 3) same(math.floor(-3.7), -4) same(math.ceil(3.2), 4) same(math.ceil(-0.5), 0) same(math.floor(5), 5)
same(math.floor(1e100), 1e100) same(math.ceil(-inf), -inf) same(math.floor(2^53), 9007199254740992) same(math.floor("3.7"), 3)
same(math.floor(-2^63), math.mininteger) same(math.floor(2^63), 2^63)
same(math.abs(-5), 5) same(math.abs(-5.5), 5.5) same(math.abs(math.mininteger), math.mininteger) same(math.abs(-0.0), 0.0)
same(math.max(1, 2.5), 2.5) same(math.max(2, 2.0), 2) same(math.min(2.0, 2), 2.0) same(math.max(math.maxinteger, 2^63), 2^63)
same(math.tointeger(3.0), 3) same(math.tointeger("8"), 8) assert(math.tointeger(3.5) == nil and math.tointeger({}) == nil and math.tointeger(2^63) == nil)
assert(math.type(1) == "integer" and math.type(1.0) == "float" and math.type("1") == nil and math.type(nil) == nil)
assert(math.ult(1, 2) and math.ult(1, -1) and not math.ult(-1, 1) and math.ult(math.maxinteger, math.mininteger))

-- remainders and parts
same(math.fmod(7, 3), 1) same(math.fmod(-7, 3), -1) same(math.fmod(7, -3), 1) same(math.fmod(-6, 2), 0) same(math.fmod(5.5, 2), 1.5)
same(math.fmod(math.mininteger, -1), 0) same(math.fmod(math.mininteger, math.maxinteger), -1) same(math.fmod(1, inf), 1.0)
do
  local function parts(a, b, x) local whole, rest = math.modf(x) same(whole, a) same(rest, b) end
  parts(3, 0.75, 3.75) parts(-3, -0.75, -3.75) parts(5, 0.0, 5) parts(inf, 0.0, inf) parts(-inf, 0.0, -inf) parts(1e300, 0.0, 1e300) parts(0, 0.5, 0.5)
  local mantissa, exponent = math.frexp(10)
  same(mantissa, 0.625) same(exponent, 4) same(math.ldexp(0.5, 4), 8.0) same(math.ldexp(1, -1074), 5e-324) same(math.ldexp(1, 2000), inf)
end

-- elementary functions at points where they are known
same(math.sqrt(16), 4.0) near(math.sqrt(2), 1.4142135623730951) assert(math.sqrt(-1) ~= math.sqrt(-1))
near(math.sin(1), 0.8414709848078965) near(math.cos(1), 0.5403023058681398) near(math.tan(1), 1.5574077246549023)
near(math.sin(1e6), -0.3499935021712930) near(math.cos(1e15), -0.5131937377869702) near(math.sin(1e22), -0.8522008497671888)
same(math.sin(0), 0.0) same(math.cos(0), 1.0) near(math.sin(math.pi / 2), 1.0) assert(math.abs(math.sin(math.pi)) < 2e-16)
near(math.asin(0.5), 0.5235987755982989) near(math.acos(0.5), 1.0471975511965979) near(math.atan(1), math.pi / 4)
near(math.atan(1, -1), 3 * math.pi / 4) near(math.atan(-1, -1), -3 * math.pi / 4) near(math.atan(0, -1), math.pi) near(math.atan(5, 0), math.pi / 2)
near(math.exp(1), 2.718281828459045) near(math.exp(-10), 4.5399929762484854e-05) same(math.exp(0), 1.0) same(math.exp(1000), inf) same(math.exp(-1000), 0.0)
near(math.log(10), 2.302585092994046) same(math.log(1), 0.0) same(math.log(0), -inf) same(math.log(8, 2), 3.0) same(math.log(1000, 10), 3.0) near(math.log(2, 3), 0.6309297535714574)
near(math.pow(2, 0.5), 1.4142135623730951) near(math.sinh(1), 1.1752011936438014) near(math.cosh(1), 1.5430806348152437) near(math.tanh(1), 0.7615941559557649) near(math.log10(2), 0.3010299956639812) near(math.atan2(1, 2), 0.4636476090008061)
near(math.deg(math.pi), 180.0) near(math.rad(180), math.pi)
for x = -20, 20, 0.37 do
  near(math.sin(x) ^ 2 + math.cos(x) ^ 2, 1.0)
  assert(math.abs(math.log(math.exp(x)) - x) < 1e-14 and math.abs(math.atan(math.tan(x / 20)) - x / 20) < 1e-15)
end

-- powers
same(2 ^ 10, 1024.0) same(10 ^ 2, 100.0) same(10 ^ 15, 1e15) same(math.pow(10, -2), 0.01) same(math.pow(10, -5), 1e-5) same(10 ^ -5, 1e-5) same(10 ^ -4, 1e-4) same(10 ^ -22, 1e-22) same(10 ^ 22, 1e22) same(2 ^ -1074, 5e-324) same(3 ^ 20, 3486784401.0)
same((-2) ^ 3, -8.0) same((-8) ^ 2, 64.0) same(4 ^ 0.5, 2.0) same(0 ^ 0, 1.0) same(inf ^ 0, 1.0) same(0 ^ -1, inf) same((-0.0) ^ -1, -inf) same(1 ^ inf, 1.0) same((-1) ^ inf, 1.0) same(2 ^ 1024, inf) same(0.5 ^ inf, 0.0)
assert((-8) ^ (1 / 3) ~= (-8) ^ (1 / 3) and 1 ^ nan == 1.0 and nan ^ 0 == 1.0) near(8 ^ (1 / 3), 2.0) near(2 ^ 0.1, 1.0717734625362931)

-- constants
assert(math.pi == 3.141592653589793 and math.huge == inf and math.maxinteger == 9223372036854775807 and math.mininteger == -math.maxinteger - 1)
assert(math.maxinteger + 1 == math.mininteger and math.maxinteger + 0.0 == 2^63)

-- random: ranges and kinds; the numbers themselves are the host's
for _ = 1, 200 do
  local x = math.random()
  assert(x >= 0 and x < 1 and math.type(x) == "float")
  local n = math.random(6)
  assert(n >= 1 and n <= 6 and math.type(n) == "integer")
  n = math.random(-3, 3)
  assert(n >= -3 and n <= 3)
end
assert(math.random(7, 7) == 7 and math.random(math.maxinteger, math.maxinteger) == math.maxinteger)
do
  local n = math.random(0, math.maxinteger - 1)
  assert(n >= 0 and math.type(n) == "integer")
  math.randomseed(42)
  local a, b = math.random(1000000), math.random()
  math.randomseed(42)
  assert(a == math.random(1000000) and b == math.random())
end

-- errors
fails("bad argument #1 to 'math.floor' (number expected, got string)", math.floor, "x")
fails("bad argument #1 to 'math.floor' (number expected, got no value)", math.floor)
fails("bad argument #2 to 'math.fmod' (zero)", math.fmod, 1, 0)
fails("bad argument #1 to 'math.max' (value expected)", math.max)
fails("attempt to compare number with nil", math.max, 1, nil)
assert(math.max("10", "9") == "9")
fails("bad argument #1 to 'math.random' (interval is empty)", math.random, 0)
fails("bad argument #1 to 'math.random' (interval is empty)", math.random, 2, 1)
fails("bad argument #1 to 'math.random' (number has no integer representation)", math.random, 1.5)
fails("bad argument #1 to 'math.random' (interval too large)", math.random, math.mininteger, math.maxinteger)
fails("wrong number of arguments", math.random, 1, 2, 3)
fails("bad argument #1 to 'math.type' (value expected)", math.type)
