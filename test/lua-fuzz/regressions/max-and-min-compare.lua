-- math.max and math.min take whatever can be compared.
print(math.max('a', 'b', 'A'), math.min('10', '9'))
print(pcall(math.max, 1, nil))
print(pcall(math.min, 1, {}))
print(pcall(math.max))
print(pcall(math.max, 'x'))
print(pcall(math.max, 1, '2'))
local mt = {__lt = function(a, b) return a.n < b.n end}
local function new(n) return setmetatable({n = n}, mt) end
print(math.max(new(1), new(3), new(2)).n, math.min(new(4), new(3)).n)
print(math.max(1, 2.5), math.max(2, 2.0), math.max(2.0, 2), math.min(1, 1.0))
