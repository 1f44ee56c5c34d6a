local i, j = 30, 0
i = j
local f = ((9007199254740992.0 + (true and i or i)) - ((j + i) >> 6))
print(f, (((f % f) + (j * j)) == ((-f) % (f % f))))
local x = 2.5
x = x + (j == 0 and 1 or 2) - ((j | 1) << 2)
print(x, x // 1, x % 1, -x, x ^ 2, x == -0.5, x < 0)
