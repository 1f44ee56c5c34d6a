-- Numerals and arithmetic: subtypes, wrapping, conversions, comparison beyond 2^53.
local function same(a, b) assert(a == b and math.type(a) == math.type(b), tostring(a) .. " and " .. tostring(b)) end
local function fails(pattern, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok and message:find(pattern), tostring(message))
end
local maxi, mini = math.maxinteger, math.mininteger

-- tonumber of texts
same(tonumber("10"), 10) same(tonumber(" 0x1F "), 31) same(tonumber("1e2"), 100.0) same(tonumber("0x.8p1"), 1.0) same(tonumber("5."), 5.0) same(tonumber(".5"), 0.5)
same(tonumber("-7"), -7) same(tonumber("+7"), 7) same(tonumber("-0"), 0) assert(1 / tonumber("-0.0") == -1 / 0)
same(tonumber("9223372036854775807"), maxi) same(tonumber("9223372036854775808"), 2^63) same(tonumber("-9223372036854775808"), mini)
same(tonumber("0xffffffffffffffff"), -1) same(tonumber("0x1ffffffffffffffff"), -1) same(tonumber("1" .. ("0"):rep(30)), 1e30) same(tonumber("0x" .. ("0"):rep(50) .. "f"), 15)
for _, text in ipairs { "", " ", "x", "1x", "1 2", "0x", "1e", "1e+", "--1", "+ 1", "0x1p", ".", "inf", "nan", "1e1.5", "1\0", "0b1", "1_000", "e5", "0x.p1" } do
  assert(tonumber(text) == nil, text)
end
assert(tonumber({}) == nil and tonumber(nil) == nil and tonumber(true) == nil)
-- with a base
same(tonumber("ff", 16), 255) same(tonumber("  -zz ", 36), -1295) same(tonumber("1010", 2), 10) same(tonumber("777", 8), 511) same(tonumber("7" .. ("f"):rep(15), 16), maxi) same(tonumber(("f"):rep(16), 16), -1)
assert(tonumber("8", 8) == nil and tonumber("", 10) == nil and tonumber("1.0", 10) == nil and tonumber("f", 15) == nil and tonumber("0x10", 16) == nil)
fails("bad argument #1 to 'tonumber' %(string expected, got number%)", tonumber, 10, 16)
fails("bad argument #2 to 'tonumber' %(base out of range%)", tonumber, "1", 37)

-- every double reads back from its hexadecimal text, and from 17 digits
local seed = 1
local function random() seed = seed * 6364136223846793005 + 1442695040888963407 return seed end
for _ = 1, 500 do
  local x = string.unpack("<d", string.pack("<j", random()))
  if x == x and x ~= 1 / 0 and x ~= -1 / 0 then
    assert(tonumber(string.format("%a", x)) == x and tonumber(string.format("%.17g", x)) == x)
  end
  local n = random()
  assert(tonumber(string.format("%d", n)) == n and tonumber(string.format("0x%x", n)) == n and math.tointeger(tostring(n)) == n)
end

-- integers wrap, floats do not
same(maxi + 1, mini) same(mini - 1, maxi) same(maxi * 2, -2) same(mini * -1, mini) same(-mini, mini) same(maxi * maxi, 1) same(mini // -1, mini) same(mini % -1, 0)
same(maxi + 1.0, 2^63) same(1 << 63, mini) same(1 << 64, 0) same(-1 >> 1, maxi) same(-1 >> 63, 1) same(1 << -1, 0) same(3 | 4.0, 7) same(~0, -1) same("3" & 2, 2) same(5 ~ "1", 4)
same(123456789012 * 987654321098, -347190634250006584)
-- quotients and remainders
same(7 // 2, 3) same(-7 // 2, -4) same(7 // -2, -4) same(7.0 // 2, 3.0) same(-7 % 3, 2) same(7 % -3, -2) same(-7.5 % 2, 0.5) same(5.5 // 1, 5.0) same(7 / 2, 3.5) same(6 / 2, 3.0)
same(1 // 0.0, 1 / 0) same(-5 % math.huge, math.huge) same(5 % -math.huge, -math.huge) same(5 % math.huge, 5.0) same(0.0 // 1, 0.0)
fails("attempt to divide by zero", function() return 1 // 0 end)
fails("attempt to perform 'n%%0'", function() return 1 % 0 end)
fails("number has no integer representation", function() return 1.5 | 1 end)
fails("number has no integer representation", function() return 2^63 | 1 end)
fails("attempt to perform bitwise operation on a string value", function() return "x" | 1 end)
fails("attempt to perform arithmetic on a nil value", function() return nil + 1 end)

-- equality and order between integers and floats is exact
assert(1 == 1.0 and 2^53 == 9007199254740992 and 2^53 ~= 9007199254740993 and maxi ~= maxi + 0.0 and maxi < 2^63 and mini == -2^63)
assert(9007199254740993 > 2^53 and 9007199254740993 < 2^53 + 2 and maxi - 1 < maxi and mini < -2^62 and not (maxi < mini))
assert(0.0 == -0.0 and not (0 / 0 == 0 / 0) and not (1 < 0 / 0) and not (1 >= 0 / 0) and 1 < math.huge and maxi < math.huge and mini > -math.huge)

-- keys: integral floats are integers
local t = { [1] = "one", [2^53] = "big", [maxi] = "max" }
assert(t[1.0] == "one" and t[9007199254740992] == "big" and t[9223372036854775807] == "max" and t[2^63] == nil)
t[3.0] = "three"
for k in pairs(t) do assert(math.type(k) == "integer") end

-- loops: exact ends, no overflow, floats by repeated addition
local function count(first, last, step) local n = 0 for _ = first, last, step do n = n + 1 if n > 1000 then break end end return n end
assert(count(1, 3, 1) == 3 and count(3, 1, -1) == 3 and count(1, 0, 1) == 0)
assert(count(1, 2, 0.25) == 5 and count(1, 3.9, 1) == 3 and count(1, -math.huge, 1) == 0 and count(3, 2.5, -1) == 1)
for i = 1, 2 do assert(math.type(i) == "integer") end
for i = 1.0, 2 do assert(math.type(i) == "float") end
fails("'for' initial value must be a number", function() for _ = "a", 2 do end end)

-- literals
same(0xA, 10) same(0Xa.8P0, 10.5) same(1e2, 100.0) same(0x7fffffffffffffff, maxi) same(9223372036854775808, 2^63) same(0xffffffffffffffffff, -1) same(3.0, 3.0) same(.5e1, 5.0)
assert(1e308 * 10 == math.huge and 1e-400 == 0 and 0x1p-1074 == 5e-324 and 2^-1074 == 5e-324)
