-- table.sort: order, comparators, what it does with nonsense.
local function fails(pattern, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok and string.find(message, pattern), string.format("expected %q, got %q", pattern, tostring(message)))
end
local function sorted(t, less)
  less = less or function(a, b) return a < b end
  for i = 2, #t do if less(t[i], t[i - 1]) then return false end end
  return true
end
local seed = 42
local function random(n) seed = (seed * 1103515245 + 12345) % 2147483648 return seed % n + 1 end

-- sizes, kinds of content, kinds of order
for size = 0, 40 do
  for _, range in ipairs { 2, 10, 1000 } do
    local numbers, floats, strings = {}, {}, {}
    for i = 1, size do
      numbers[i] = random(range)
      floats[i] = random(range) / 4
      strings[i] = ("%d"):format(random(range))
    end
    table.sort(numbers); table.sort(floats); table.sort(strings)
    assert(sorted(numbers) and sorted(floats) and sorted(strings))
    local function down(a, b) return a > b end
    table.sort(numbers, down); table.sort(strings, down)
    assert(sorted(numbers, down) and sorted(strings, down))
  end
end

-- ascending, descending, equal, large
for _, make in ipairs {
  function(i) return i end,
  function(i) return -i end,
  function() return 7 end,
  function(i) return i % 5 end,
  function() return random(1000000) end,
} do
  local t, u, sum = {}, {}, 0
  for i = 1, 3000 do t[i] = make(i); u[i] = { key = t[i] }; sum = sum + t[i] end
  table.sort(t)
  table.sort(u, function(a, b) return a.key < b.key end)
  for i = 1, 3000 do assert(t[i] == u[i].key); sum = sum - t[i] end
  assert(sorted(t) and sum == 0)
end

-- integers and floats together, beyond 2^53 too
do
  local t = { 2.5, 1, 3, 1.5, -1, 2^53, math.maxinteger, math.mininteger, 0.0, 1e100, -1e100 }
  table.sort(t)
  assert(sorted(t) and t[1] == -1e100 and t[2] == math.mininteger and t[10] == math.maxinteger)
end

-- objects with __lt
do
  local meta = { __lt = function(a, b) return a.v < b.v end }
  local t = {}
  for i = 1, 50 do t[i] = setmetatable({ v = random(20) }, meta) end
  table.sort(t)
  assert(sorted(t))
end

-- the same permutation as the reference: keys are equal, tags tell them apart
do
  local t = {}
  for i = 1, 60 do t[i] = { key = i % 4, tag = i } end
  table.sort(t, function(a, b) return a.key < b.key end)
  local tags = {}
  for i = 1, 60 do tags[i] = t[i].tag end
  local digest = 0
  for i = 1, 60 do digest = (digest * 61 + tags[i]) % 1000003 end
  assert(digest == 234372, tostring(digest))
end

-- a comparator may read other things, error, and be wrong
fails("attempt to compare", table.sort, { 1, "x" })
fails("attempt to compare two table values", table.sort, { {}, {} })
fails("attempt to compare nil with number", table.sort, { 1, nil, 3 }, nil)
fails("^oops$", table.sort, { 3, 2, 1 }, function() error("oops", 0) end)
for size = 4, 8 do
  local t = {}
  for i = 1, size do t[i] = i end
  fails("invalid order function for sorting", table.sort, t, function() return true end)
end
fails("bad argument #2 to 'table.sort' %(function expected, got number%)", table.sort, { 2, 1 }, 5)
assert(pcall(table.sort, { 1 }, 5))
do -- after an error every element is still there
  local t = { 5, 3, 8, 1, 9, 2 }
  local calls = 0
  pcall(table.sort, t, function(a, b) calls = calls + 1 if calls > 5 then error("stop") end return a < b end)
  local sum = 0
  for i = 1, #t do sum = sum + t[i] end
  assert(#t == 6 and sum == 28)
end

-- it does not yield
local co = coroutine.create(function() table.sort({ 3, 2, 1 }, function(a, b) coroutine.yield() return a < b end) end)
local ok, message = coroutine.resume(co)
assert(not ok and message:find("attempt to yield across a C%-call boundary"))
