-- Variables that are constants but have places, since they are declared together, in operators that fall back.
print(pcall(function()
  local a, b = -196, 0xffffffffffffffff
  local i = 0
  ::again::
  a = i
  i = i + 1
  if i < 4 then goto again end
  return ((a + a) + (b * a)) / a, (a + b) * 0.5 - b, (b + a * 4294967296 * 4294967296) % 7, (b ~ a) * b + 3
end))
