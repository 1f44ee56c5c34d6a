-- table.insert, remove, concat, unpack, pack, move; select, next, rawset and metatables around them.
local function fails(expected, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok and message == expected, string.format("expected %q, got %q", expected, tostring(message)))
end
local function list(t) return table.concat(t, ",") end

-- insert and remove
local t = {}
table.insert(t, "b"); table.insert(t, 1, "a"); table.insert(t, 3, "d"); table.insert(t, 3, "c")
assert(list(t) == "a,b,c,d" and #t == 4)
assert(table.remove(t) == "d" and table.remove(t, 1) == "a" and list(t) == "b,c")
assert(table.remove(t, 3) == nil and table.remove(t, 1) == "b" and table.remove(t) == "c" and #t == 0)
assert(table.remove(t) == nil and table.remove(t, 0) == nil and table.remove({ [0] = "zero" }, 0) == "zero")
for i = 1, 100 do table.insert(t, 1, i) end
assert(#t == 100 and t[1] == 100 and t[100] == 1)
for i = 100, 1, -1 do assert(table.remove(t, 1) == i) end
assert(next(t) == nil)
do -- what was beyond the end joins the list
  local sparse = { "a", [3] = "c", [4] = "d" }
  table.insert(sparse, 2, "b")
  assert(sparse[2] == "b" and sparse[3] == "c")
end

-- concat
assert(table.concat({}) == "" and table.concat({ 1, 2.5, "x" }, "-") == "1-2.5-x" and table.concat({ 1, 2, 3 }, ",", 2) == "2,3")
assert(table.concat({ 1, 2, 3 }, ",", 2, 2) == "2" and table.concat({ 1, 2, 3 }, ",", 3, 2) == "" and table.concat({ "a" }, 0) == "a")
assert(table.concat({ [math.maxinteger] = "end" }, "x", math.maxinteger, math.maxinteger) == "end")
assert(table.concat(setmetatable({}, { __index = function(_, k) return "v" .. k end, __len = function() return 3 end }), " ") == "v1 v2 v3")

-- unpack, pack, select
assert(select("#", table.unpack({}, 1, 3)) == 3 and select("#", table.unpack({ 1, 2, 3 })) == 3 and select("#", table.unpack({ 1, nil, 3 }, 1, 3)) == 3)
assert(select("#", table.unpack({}, 2, 1)) == 0 and (table.unpack({ 1, 2, 3 }, -1, 1)) == nil and (table.unpack({ 1, 2 }, 2)) == 2)
assert(select("#", table.unpack({}, math.maxinteger, math.maxinteger)) == 1)
assert(table.pack().n == 0 and table.pack(nil, nil).n == 2 and table.pack(1, nil, 3)[3] == 3)
assert(select(2, "a", "b", "c") == "b" and select(-1, "a", "b", "c") == "c" and select("#") == 0 and select("#", nil, nil) == 2)
assert(select("#", select(4, 1, 2, 3)) == 0)

-- move
assert(list(table.move({ 1, 2, 3 }, 1, 3, 2)) == "1,1,2,3" and list(table.move({ 1, 2, 3, 4 }, 2, 4, 1)) == "2,3,4,4")
assert(list(table.move({ 1, 2, 3 }, 1, 3, 1, {})) == "1,2,3" and list(table.move({ 1, 2, 3 }, 1, 0, 5)) == "1,2,3")
assert(table.move({ [math.maxinteger] = "x" }, math.maxinteger, math.maxinteger, 1)[1] == "x")

-- lists that only their metatable makes lists
do
  local log = {}
  local items = { "a", "b", "c" }
  local proxy = setmetatable({}, {
    __len = function() return #items end,
    __index = function(_, k) return items[k] end,
    __newindex = function(_, k, v) log[#log + 1] = k; items[k] = v end,
  })
  table.insert(proxy, 2, "x")
  assert(list(items) == "a,x,b,c" and list(log) == "4,3,2")
  assert(table.remove(proxy, 1) == "a" and list(items) == "x,b,c" and table.concat(proxy, "") == "xbc")
  assert(table.unpack(proxy) == "x" and select("#", table.unpack(proxy)) == 3)
  table.sort(proxy)
  assert(list(items) == "b,c,x")
end
do -- methods on a table whose metatable has only __index
  local stack = setmetatable({}, { __index = table })
  stack:insert("a"); stack:insert("b"); stack:insert(1, "c")
  assert(stack:concat(",") == "c,a,b" and stack:remove() == "b" and select("#", stack:unpack()) == 2)
end

-- raw access, metatables
assert(rawget(setmetatable({}, { __index = { x = 1 } }), "x") == nil and rawlen({ 1, 2 }) == 2 and rawlen("abc") == 3)
assert(rawequal("a", "a") and not rawequal({}, {}) and rawequal(1, 1.0))
local guarded = setmetatable({}, { __newindex = function() error("no") end, __metatable = "mine" })
assert(rawset(guarded, "k", "v") == guarded and guarded.k == "v" and getmetatable(guarded) == "mine")
fails("cannot change a protected metatable", setmetatable, guarded, {})
assert(getmetatable(setmetatable({}, nil)) == nil)

-- errors
fails("bad argument #1 to 'table.insert' (table expected, got nil)", table.insert, nil, 1)
fails("bad argument #1 to 'table.insert' (table expected, got no value)", table.insert)
fails("wrong number of arguments to 'insert'", table.insert, {}, 1, 2, 3)
fails("wrong number of arguments to 'insert'", table.insert, {})
fails("bad argument #2 to 'table.insert' (position out of bounds)", table.insert, { 1, 2, 3 }, 5, 4)
fails("bad argument #2 to 'table.insert' (number expected, got string)", table.insert, {}, "x", 1)
fails("bad argument #1 to 'table.remove' (position out of bounds)", table.remove, { 1, 2, 3 }, 5)
fails("invalid value (table) at index 2 in table for 'concat'", table.concat, { 1, {}, 3 })
fails("invalid value (nil) at index 3 in table for 'concat'", table.concat, { 1, 2 }, ",", 1, 3)
fails("too many results to unpack", table.unpack, {}, 1, 1e7)
fails("too many results to unpack", table.unpack, {}, math.mininteger, math.maxinteger)
fails("bad argument #3 to 'table.move' (too many elements to move)", table.move, {}, -1, math.maxinteger, 2)
fails("bad argument #4 to 'table.move' (destination wrap around)", table.move, {}, 1, math.maxinteger, 2)
fails("bad argument #2 to 'setmetatable' (nil or table expected)", setmetatable, {})
fails("bad argument #1 to 'select' (index out of range)", select, 0)
fails("bad argument #1 to 'select' (index out of range)", select, -2, "a")
fails("bad argument #1 to 'rawlen' (table or string expected)", rawlen, 1)
fails("bad argument #1 to 'type' (value expected)", type)
fails("object length is not an integer", table.unpack, setmetatable({}, { __len = function() return "x" end }))

-- the position after the last
do
  local t, log = {}, {}
  for i = 1, 20 do t[#t + 1] = i end
  assert(#t == 20 and t[20] == 20)
  t[#t + 1] = nil
  assert(#t == 20)
  local function more() t[#t + 1] = "inner" return "outer" end
  t[#t + 1] = more() -- the place is known before the value
  assert(#t == 21 and t[21] == "outer")
  local proxy = setmetatable({}, {
    __len = function() return 41 end,
    __newindex = function(_, k, v) log[#log + 1] = k .. "=" .. v end,
  })
  proxy[#proxy + 1] = "x"
  assert(log[1] == "42=x")
  local odd = setmetatable({}, { __len = function() return "9" end })
  odd[#odd + 1] = "y"
  assert(odd[10] == "y" or odd[10.0] == "y")
  local function fails(pattern, f) local ok, message = pcall(f) assert(not ok and message:find(pattern), message) end
  fails("get length of a nil value %(local 'u'%)", function() local u u[#u + 1] = 1 end)
  fails("get length of a number value %(local 'u'%)", function() local u = 5 u[#u + 1] = 1 end)
  fails("arithmetic", function() local u = setmetatable({}, { __len = function() return {} end }) u[#u + 1] = 1 end)
  local holes = { 1, 2, 3, [5] = 5 }
  holes[#holes + 1] = 4
  assert(#holes == 5 or #holes == 4)
  local seen = {}
  for step = 1, 3 do
    local co = coroutine.wrap(function()
      local list = setmetatable({}, {
        __len = function() coroutine.yield("len") return step end,
        __newindex = function(own, k, v) coroutine.yield("store") rawset(own, k, v) end,
      })
      list[#list + 1] = coroutine.yield("value") or "none"
      return list[step + 1]
    end)
    seen[#seen + 1] = co() .. co() .. co("given" .. step) .. co()
  end
  assert(seen[1] == "lenvaluestoregiven1" and seen[3] == "lenvaluestoregiven3", seen[1])
end

-- joining
assert(table.concat({}) == "" and table.concat({}, ",") == "" and table.concat({ "a" }, ",") == "a")
assert(table.concat({ "a", "b", 3, 4.5 }, "-") == "a-b-3-4.5" and table.concat({ "a", "b", "c" }, ", ", 2) == "b, c")
assert(table.concat(setmetatable({ "a" }, { __index = function(_, k) return "i" .. k end, __len = function() return 3 end }), " ") == "a i2 i3")
assert(not pcall(table.concat, { "a", {} }, ",") and select(2, pcall(table.concat, { "a", true })):find("invalid value %(boolean%) at index 2 in table for 'concat'"))
