-- Integer loops whose bounds are beyond 2^53.
for i = 9223372036854775700, 9223372036854775700 + -2, -1 do print(i) end
for i = 9007199254740990, 9007199254740990 + 9, 3 do print(i, i .. 'x') end
for i = -9007199254740995, -9007199254740995 + -4, -2 do print(i, math.type(i)) end
for i = -9007199254740995, -9007199254740995 + 9, 3 do print(i) end
for i = math.mininteger, math.mininteger + 2 do print(i) end
for i = 9223372036854775700, 9223372036854775700 + 6, 3 do
  local fs = {}
  for j = 1, 2 do fs[j] = function(d) return i + j + d end end
  print(fs[1](0), fs[2](1))
end
