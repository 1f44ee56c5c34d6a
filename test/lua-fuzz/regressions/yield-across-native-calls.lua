-- The message has no position: what raises it is native.
print(coroutine.wrap(function() return pcall(table.sort, {3, 2, 1}, function(a, b) coroutine.yield() end) end)())
print(coroutine.wrap(function() return pcall(string.gsub, 'ab', '.', function() coroutine.yield() end) end)())
print(pcall(coroutine.yield, 1))
print(pcall(function() coroutine.yield(1) end))
