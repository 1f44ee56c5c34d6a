-- Objects with metatables: methods, inheritance, operators and accessors.
local Shape = {}
Shape.__index = Shape
function Shape.new(class, w, h) return setmetatable({ w = w, h = h, moved = 0 }, class) end
function Shape:area() return self.w * self.h end
function Shape:move(d)
  self.moved = self.moved + d
  return self
end
local Square = setmetatable({}, { __index = Shape })
Square.__index = Square
function Square:area() return self.w * self.w end
local Vector = {}
Vector.__index = Vector
Vector.__add = function(a, b) return setmetatable({ x = a.x + b.x, y = a.y + b.y }, Vector) end
Vector.__eq = function(a, b) return a.x == b.x and a.y == b.y end
local defaults = setmetatable({}, { __index = function(_, key) return #key end })
return function()
  local shapes = {}
  for i = 1, 100 do
    if i % 3 == 0 then shapes[i] = Shape.new(Square, i, i) else shapes[i] = Shape.new(Shape, i, i + 1) end
  end
  local total = 0
  for _ = 1, 10000 do
    for i = 1, 100 do
      local shape = shapes[i]
      total = total + shape:area()
      shape:move(1):move(2)
    end
    total = total % 1000000007
  end
  local sum = setmetatable({ x = 0, y = 0 }, Vector)
  local step = setmetatable({ x = 1, y = 2 }, Vector)
  local equal = 0
  for i = 1, 600000 do
    sum = sum + step
    if sum == step then equal = equal + 1 end
    equal = equal + defaults.anything
  end
  return string.format('%d %d %d %d %d', total, shapes[7].moved, sum.x, sum.y, equal)
end
