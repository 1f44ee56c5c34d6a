-- coroutine.wrap puts the position of its caller before a text, and none where the caller is pcall.
local function failing() return coroutine.wrap(function() missing() end) end
print(pcall(failing()))
print(pcall(function() failing()() end))
local dead = coroutine.wrap(function() end)
dead()
print(pcall(dead))
print(pcall(function() dead() end))
local raising = coroutine.wrap(function() error('m', 0) end)
print(pcall(function() raising() end))
print(select('#', pcall(coroutine.wrap(function() error() end))))
local thrown = {}
print(select(2, pcall(coroutine.wrap(function() error(thrown) end))) == thrown)
