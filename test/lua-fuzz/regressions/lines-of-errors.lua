-- The line of an error in one expression, and over several lines.
local x, y = {}, {}
print(pcall(function() return string.pack('zz', ' 7 ') end))
print(pcall(function() return x .. y .. 1 end))
print(pcall(function()
  return x
    + 1
end))
print(pcall(function()
  return 1 + (
    x
    .. y)
end))
print(pcall(function()
  x.y.z
    .w = 1
end))
print(pcall(function()
  missing(
    1,
    2
  )
end))
print(pcall(function()
  x:nomethod(
    1)
end))
print(pcall(function()
  for i = 1,
    'x' do
  end
end))
-- a comparison ends where its right operand does (seeds 1003311 and 2004635)
print(pcall(function() return not (nil <= #([[long
string]])) end))
print(pcall(function()
  if nil > table.concat({ 1, 2 }, [[long
string]]) then return nil end
end))
