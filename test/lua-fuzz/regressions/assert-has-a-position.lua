-- assert raises as error does: a text gets the position of who called it.
print(pcall(function() assert(false) end))
print(pcall(function() assert(nil, 'message') end))
print(pcall(function() assert(false, 12) end))
print(pcall(assert, false))
print(pcall(assert, false, 'message'))
print(pcall(function() assert() end))
print(select('#', pcall(assert, nil, nil)))
