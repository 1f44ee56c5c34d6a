-- The rest has the divisor's sign, also where operand or divisor need more than 32 bits.
for i = 1, 3 do
  print((i - 2) % 0x100000000, (i - 5) % 0x80000000, (i - 5) % 0x7fffffff, (i - 3) % 2)
  local wide = (i - 2) * 0x4000000000
  print(wide % 7, wide % 0x100000001, wide % 1, (wide - 1) % 3)
end
local function rest(a) return a % 0x100000000, a % 10 end
print(rest(-1), rest(-0x100000000), rest(5), rest(-1.5), rest(math.mininteger))
local n = string.byte('abc', 9) or 4
print((n - n - n) % 0x100000000)
