-- Expressions of several integer operators: they wrap at 64 bits, whatever their operands turn out to be.
local function same(a, b) assert(a == b and math.type(a) == math.type(b), tostring(a) .. " and " .. tostring(b)) end
local function fails(pattern, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok and message:find(pattern), tostring(message))
end
local maxi, mini = math.maxinteger, math.mininteger

-- each is compared with the same operators applied one by one
local one = {
  add = function(a, b) return a + b end, sub = function(a, b) return a - b end, mul = function(a, b) return a * b end,
  band = function(a, b) return a & b end, bor = function(a, b) return a | b end, bxor = function(a, b) return a ~ b end,
  shl = function(a, n) return a << n end, shr = function(a, n) return a >> n end,
  bnot = function(a) return ~a end, unm = function(a) return -a end,
}
local pairsOfTrees = {
  { function(a, b) return (a ~ b) * 0x100000001b3 end, function(a, b) return one.mul(one.bxor(a, b), 0x100000001b3) end },
  { function(a, b) return a * 6364136223846793005 + b end, function(a, b) return one.add(one.mul(a, 6364136223846793005), b) end },
  { function(a, b) return a * 31 + b end, function(a, b) return one.add(one.mul(a, 31), b) end },
  { function(a, b) return a * b - b * 3 end, function(a, b) return one.sub(one.mul(a, b), one.mul(b, 3)) end },
  { function(a) return a ~ (a << 13) end, function(a) return one.bxor(a, one.shl(a, 13)) end },
  { function(a) return a ~ (a >> 7) end, function(a) return one.bxor(a, one.shr(a, 7)) end },
  { function(a) return (a << 32) | (a >> 32) end, function(a) return one.bor(one.shl(a, 32), one.shr(a, 32)) end },
  { function(a) return (a << 45) ~ (a >> 45) end, function(a) return one.bxor(one.shl(a, 45), one.shr(a, 45)) end },
  { function(a) return (a << 64) + (a >> 64) + (a << -3) - (a >> -3) + (a << 0) end,
    function(a) return one.add(one.sub(one.add(0, one.shl(a, -3)), one.shr(a, -3)), a) end },
  { function(a, b) return (a << (b & 63)) | (a >> (64 - (b & 63))) end,
    function(a, b) local n = one.band(b, 63) return one.bor(one.shl(a, n), one.shr(a, one.sub(64, n))) end },
  { function(a, b) return (a & b) ~ (~a & 255) end, function(a, b) return one.bxor(one.band(a, b), one.band(one.bnot(a), 255)) end },
  { function(a, b) return -(a | b) - ~b end, function(a, b) return one.sub(one.unm(one.bor(a, b)), one.bnot(b)) end },
  { function(a, b) return (a & 0xff) + (b & 0xffffffff) * 2 end,
    function(a, b) return one.add(one.band(a, 0xff), one.mul(one.band(b, 0xffffffff), 2)) end },
  { function(a, b) return (a & 0) * (b | -1) end, function() return 0 end },
  { function(a, b) return (a & -7) * -3 end, function(a) return one.mul(one.band(a, -7), -3) end },
  { function(a, b) return a - (b - -5) ~ -9 end, function(a, b) return one.bxor(one.sub(a, one.add(b, 5)), -9) end },
}
local values = { 0, 1, -1, 2, 7, -7, 63, 64, 65, 255, 2147483647, 2147483648, -2147483648, -2147483649, 4294967295, 4294967296,
  9007199254740991, 9007199254740992, 9007199254740993, -9007199254740992, -9007199254740993, maxi, mini, maxi - 1, 0xcbf29ce484222325 }
for round = 1, 3 do
  for at, pair in ipairs(pairsOfTrees) do
    for _, a in ipairs(values) do
      for _, b in ipairs(values) do
        local got, wanted = pair[1](a, b), pair[2](a, b)
        assert(got == wanted and math.type(got) == "integer", at .. ": " .. a .. ", " .. b .. " gave " .. got .. ", not " .. wanted)
      end
    end
  end
end

-- operands that are no integers
local function mix(a, b) return (a ~ b) * 3 + b end
same(mix(5.0, 3), 21) same(mix("5", 3), 21) same(mix(5, 3.0), 21.0) same(mix("0x10", "2"), 56.0)
fails("^[^:]+:%d+: number %(local 'a'%) has no integer representation$", mix, 1.5, 1)
fails("number %(local 'b'%) has no integer representation", mix, 1, 2^63)
fails("attempt to perform bitwise operation on a nil value %(local 'a'%)", mix, nil, 1)
fails("attempt to perform bitwise operation on a table value %(local 'b'%)", mix, 1, {})
local function scaled(a, b) return a * 6364136223846793005 + b * 2 end
same(scaled(0.5, 1), 0.5 * 6364136223846793005 + 2) same(scaled(2.0, 1), 2.0 * 6364136223846793005 + 2)
fails("attempt to perform arithmetic on a boolean value %(local 'b'%)", scaled, 1, true)
local t = { n = 1 }
fails("attempt to perform bitwise operation on a nil value %(field 'm'%)", function() return (t.n << 3) | (t.m & 1) end)

-- lines of errors are those of the operators
local ok, message = pcall(function(a, b)
  return (a
    ~ 1)
    * 3 + (b
    & 7)
end, 1, {})
assert(message:find(":68: attempt to perform bitwise operation on a table value %(local 'b'%)$"), message)

-- metamethods are called in order, with what stands before them, and may wait
local calls = {}
local mt = {}
for _, event in ipairs { "add", "sub", "mul", "band", "bor", "bxor", "shl", "shr", "unm", "bnot" } do
  mt["__" .. event] = function(a, b)
    calls[#calls + 1] = event
    local value = type(a) == "table" and a.v or b.v
    return setmetatable({ v = coroutine.isyieldable() and coroutine.yield(value) or value + 1 }, mt)
  end
end
local object = setmetatable({ v = 1 }, mt)
local function long(a, b) return ~((a ~ b) * 3 + (b << 2) - (a >> b)) | -a & 5 end
same(long(object, 1).v, 7)
assert(table.concat(calls, " ") == "bxor mul add shr sub bnot unm band bor", table.concat(calls, " "))
local co = coroutine.wrap(function() return long(object, 1).v end)
local seen = {}
local value = co()
while true do
  seen[#seen + 1] = value
  if #seen == 9 then break end
  value = co(value * 2)
end
assert(#seen == 9, #seen)

-- what is called between the operators is called then
local log = {}
local function note(x) log[#log + 1] = x return x end
same((note(1) ~ note(2)) * 5 + (note(4) & note(6)), 19) assert(table.concat(log, " ") == "1 2 4 6")
local x = 1
local function change() x = 100 return 1 end
same((x ~ 2) + (change() & 3), 4) same(x, 100)

-- well known results
local function fnv(text)
  local h = 0xcbf29ce484222325
  for i = 1, #text do h = (h ~ text:byte(i)) * 0x100000001b3 end
  return h
end
assert(string.format("%016x", fnv("a")) == "af63dc4c8601ec8c" and string.format("%016x", fnv("foobar")) == "85944171f73967e8")
local s = 88172645463325252
local function xorshift() s = s ~ (s << 13) s = s ~ (s >> 7) s = s ~ (s << 17) return s end
same(xorshift(), 8748534153485358512) same(xorshift(), 3040900993826735515) same(xorshift(), 3453997556048239312)
same(1 << 62 | 1 << 3, 4611686018427387912) same(~0 >> 1 ~ 1, maxi - 1) same((1 << 63) - 1, maxi)
