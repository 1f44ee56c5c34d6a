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
