-- Functions that make, take and give functions.
local function map(list, f)
  local out = {}
  for i = 1, #list do out[i] = f(list[i]) end
  return out
end
local function filter(list, keep)
  local out = {}
  for i = 1, #list do
    if keep(list[i]) then out[#out + 1] = list[i] end
  end
  return out
end
local function reduce(list, f, value)
  for i = 1, #list do value = f(value, list[i]) end
  return value
end
local function compose(f, g)
  return function(...) return f(g(...)) end
end
local function counter()
  local n = 0
  return function(d)
    n = n + d
    return n
  end
end
local function curry(f) return function(a) return function(b) return f(a, b) end end end
return function()
  local list = {}
  for i = 1, 1000 do list[i] = i end
  local add = curry(function(a, b) return a + b end)
  local total = 0
  for pass = 1, 1000 do
    local step = compose(add(pass), function(x) return x * 2 end)
    local even = filter(map(list, step), function(x) return x % 3 ~= 0 end)
    total = total + reduce(even, function(a, b) return (a + b) % 1000003 end, 0)
    local count = counter()
    for i = 1, 1000 do count(i) end
    total = total + count(0)
  end
  local made = {}
  for i = 1, 1000000 do made[i % 100 + 1] = function(x) return x + i end end
  for i = 1, 100 do total = total + made[i](i) end
  return string.format('%d', total)
end
