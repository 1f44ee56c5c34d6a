-- Which operand of a chain of `..` an error names.
local x, y = {}, {}
print(pcall(function() return x .. y .. 1 end))
print(pcall(function() return 'a' .. 'b' .. x .. 'c' end))
print(pcall(function() return 'a' .. missing .. 'c' end))
print(pcall(function() local a = 'a' return a .. a .. nil end))
print(pcall(function() local t = {} return 'a' .. t.x end))
print(pcall(function() local t = {} return t.x .. 'a' end))
print(pcall(function() return 1 .. x end))
print(pcall(function() return x .. y end))
print(pcall(function() return 'a' .. 1 .. true end))
local named = setmetatable({}, {__name = 'MyType'})
print(pcall(function() return named .. x end))
print(pcall(function() return 'a' .. named end))
