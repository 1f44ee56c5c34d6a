-- Two coroutines that hand values to and fro, generators made in a loop, and a pipeline of three.
return function()
  local sum = 0
  local echo = coroutine.wrap(function(value)
    while true do value = coroutine.yield(value + 1) end
  end)
  for i = 1, 1000000 do sum = sum + echo(i) end
  for i = 1, 100000 do
    for value in coroutine.wrap(function()
      for j = 1, 5 do coroutine.yield(j) end
    end) do sum = sum + value + i % 2 end
  end
  local source = coroutine.create(function()
    for i = 1, 300000 do coroutine.yield(i) end
  end)
  local filter = coroutine.wrap(function()
    while true do
      local alive, value = coroutine.resume(source)
      if not alive or not value then return nil end
      if value % 3 == 0 then coroutine.yield(value) end
    end
  end)
  for value in filter do sum = sum + value end
  return string.format('%d %s', sum, coroutine.status(source))
end
