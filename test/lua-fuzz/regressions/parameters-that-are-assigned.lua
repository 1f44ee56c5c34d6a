-- A parameter that is assigned holds what the caller gave as well, whatever the assignments are.
local function limit(given)
  if not given then given = 1e-5 end
  return given
end
print(limit(), limit(false), limit(3), limit('x'))
local function name(given)
  given = given or 'nobody'
  return #given, given .. '!'
end
print(name(), name('ab'), pcall(name, 12), pcall(name, {}))
local object = setmetatable({}, { __add = function() return 'added' end })
local function add(a, b)
  if a == nil then a = 1 end
  if b == nil then b = 2 end
  return a + b
end
print(add(), add(object), add(1, object), pcall(add, {}))
function object:method()
  if self == nil then self = 5 end
  return self
end
print(object:method() == object, object.method())
