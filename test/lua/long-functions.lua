-- A long function says what a short one says: compilers treat them differently.
local filler = "if a == false then " .. ("s = s + 1 - 1 "):rep(300) .. "end "
local function short(expression) return assert(load("local a, b, c = ... local s, x = 0, 0.5 return " .. expression, "=one")) end
local function long(expression) return assert(load("local a, b, c = ... local s, x = 0, 0.5 " .. filler .. "return " .. expression, "=one")) end

local log = {}
local mt = {}
for _, event in ipairs { "add", "sub", "mul", "div", "idiv", "mod", "unm", "band", "bxor", "shl" } do
  mt["__" .. event] = function(a, b)
    log[#log + 1] = event
    if coroutine.isyieldable() then return coroutine.yield(event) end
    return setmetatable({}, mt)
  end
end
local object = setmetatable({}, mt)
local values = { 0, 1, -1, 7, 2.0, -0.0, 0.5, 1e300, 2147483647, -2147483648, 4294967296, 9007199254740991, 9007199254740993,
  math.maxinteger, math.mininteger, "10", "0x10", "x", false, object }
local expressions = { "a * 3 + b - c", "(a * 3 + b - c) % 65521", "a + b - c % 7", "(a - b) * 2 // 3 + c", "a * b - b * c", "a * b * c", "a + b + c + s",
  "x * a + b", "(a + b) * x", "a * b + x", "a - b % 13 * 2", "(a ~ b) * 31 + c", "(a << 3) + (b & 255) - c", "-a + b * 2 - c", "a / b + c", "(a - 1) * (b + 1) % 10" }

local function show(...)
  local t = table.pack(...)
  for i = 1, t.n do t[i] = math.type(t[i]) and math.type(t[i]) .. " " .. t[i] or type(t[i]) == "table" and "object" or tostring(t[i]) end
  local text = table.concat(t, ", ") .. " after " .. table.concat(log, " ")
  log = {}
  return (text:gsub("%-nan", "nan"))
end

for _, expression in ipairs(expressions) do
  local one, other = short(expression), long(expression)
  for _, a in ipairs(values) do
    for _, b in ipairs(values) do
      for at = 1, #values, 3 do
        local c = values[at]
        local wanted, got = show(pcall(one, a, b, c)), show(pcall(other, a, b, c))
        assert(wanted == got, expression .. ": " .. wanted .. " in a short function, " .. got .. " in a long one")
      end
    end
  end
  -- metamethods that wait
  local function events(f)
    local co, seen = coroutine.create(f), {}
    local ok, value = coroutine.resume(co, object, 5, object)
    while coroutine.status(co) ~= "dead" do
      seen[#seen + 1] = value
      ok, value = coroutine.resume(co, #seen % 2 == 0 and object or 3)
    end
    seen[#seen + 1] = show(ok, value)
    return table.concat(seen, " ")
  end
  assert(events(one) == events(other), expression .. ": " .. events(one) .. " and " .. events(other))
end
