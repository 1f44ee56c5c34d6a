-- table.*, select, rawlen and their kin, systematically.
local function list(t, n) local out = {} for i = 1, n or 8 do out[i] = tostring(t[i]) end return table.concat(out, ' ') end
local lists = {function() return {} end, function() return {1} end, function() return {1, 2, 3} end, function() return {5, 3, 9, 1, 7} end, function() return {'b', 'a', 'C', 'ab', ''} end, function() return {1, 2, 3, n = 3, x = 'y'} end}
local places = {0, 1, 2, 3, 4, 5, 6, -1, 2.0, 1.5, '2', math.maxinteger, math.mininteger}
local function near(i) return type(i) == 'number' and i < 10 and i > -10 end
for which, make in ipairs(lists) do
  for _, i in ipairs(places) do
    local t = make() print(which, i, pcall(table.insert, t, i, 'v')) print(#t, list(t))
    t = make() print(which, i, pcall(table.remove, t, i)) print(#t, list(t))
    print(pcall(select, i, table.unpack(make())))
    if near(i) then print(pcall(table.concat, make(), ',', i)) end
    for _, j in ipairs(places) do
      if near(i) and near(j) then
        print(pcall(table.concat, make(), ',', i, j))
        print(pcall(table.unpack, make(), i, j))
        for k = -1, 4 do t = make() print(i, j, k, pcall(function() table.move(t, i, j, k) return list(t, 6) end)) end
        print(pcall(function() local u = table.move(make(), i, j, 2, {}) return list(u, 5) end))
      end
    end
  end
  local t = make() print(which, pcall(table.insert, t)) print(pcall(table.insert, t, 1, 2, 3)) print(pcall(table.insert, t, 'x')) print(#t)
  print(pcall(table.remove, make())) print(table.pack(table.unpack(make())).n) print(pcall(table.sort, make()))
  t = make() print(pcall(table.sort, t, function(a, b) return tostring(a) > tostring(b) end)) print(list(t))
end
print(pcall(table.sort, {1, 'x', 2})) print(pcall(table.sort, {1, 2}, 5)) print(pcall(table.sort)) print(pcall(table.concat, {1, {}, 3})) print(pcall(table.concat, {1, 2}, {}))
print(pcall(table.unpack, {}, 1, 1e8)) print(pcall(table.unpack, {}, math.mininteger, math.maxinteger)) print(pcall(table.unpack, {}, 1, 0)) print(pcall(table.move, {1}, 1, math.maxinteger, 2)) print(pcall(table.move, {1}, -1, math.maxinteger, 2))
for _, v in ipairs {1, 'x', true, 1.5} do print(pcall(rawlen, v)) print(pcall(rawget, v, 1)) print(pcall(rawset, {}, v, v)) print(pcall(next, {}, v)) print(pcall(setmetatable, v, {})) print(pcall(setmetatable, {}, v)) print(pcall(ipairs, v)) print(pcall(pairs, v)) print(pcall(getmetatable, v)) print(pcall(select, v, 1, 2)) end
print(pcall(rawset, {}, nil, 1)) print(pcall(rawset, {}, 0/0, 1)) print(pcall(rawequal, 1)) print(pcall(rawlen)) print(pcall(rawget, {})) print(pcall(rawset, {}, 1)) print(pcall(setmetatable, {})) print(pcall(getmetatable)) print(pcall(type)) print(pcall(tostring)) print(pcall(select))
local proxy = setmetatable({}, {__index = function(_, k) return type(k) == 'number' and k <= 4 and k * k or nil end, __len = function() return 4 end, __newindex = function(t, k, v) print('set', k, v) rawset(t, k, v) end})
print(table.concat(proxy, ' ')) print(table.unpack(proxy)) table.insert(proxy, 'new') print(pcall(table.remove, proxy)) print(pcall(table.move, proxy, 1, 3, 2)) for i, v in ipairs(proxy) do print(i, v) end
local bad = setmetatable({}, {__len = function() return 'x' end}) print(pcall(table.insert, bad, 1)) print(pcall(table.unpack, bad)) print(pcall(table.concat, bad)) print(pcall(function() return #bad end))
local float = setmetatable({}, {__len = function() return 2.0 end}) print(pcall(table.unpack, float)) local half = setmetatable({}, {__len = function() return 2.5 end}) print(pcall(table.unpack, half)) print(pcall(table.sort, half))
