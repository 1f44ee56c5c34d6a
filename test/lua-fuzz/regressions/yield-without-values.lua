-- A yield that is resumed without values gives none, not one nil.
local function count(...) return select('#', ...) end
local co = coroutine.create(function(...)
  print('begin', count(...))
  print(count(coroutine.yield()))
  print(count(coroutine.yield(1), coroutine.yield(2)))
  print(table.pack(coroutine.yield(1, nil)).n)
  print((count(coroutine.yield())))
  local t = {coroutine.yield()}
  print(#t)
  return coroutine.yield()
end)
for i = 1, 9 do print(coroutine.resume(co)) end
local wrapped = coroutine.wrap(function(...) while true do print(count(coroutine.yield())) end end)
for i = 1, 3 do wrapped() end
wrapped(nil) wrapped(1, nil)
