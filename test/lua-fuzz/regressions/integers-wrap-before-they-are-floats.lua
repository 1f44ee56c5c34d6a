local function f(a, b, c) return a * b * c * 1e-20, a * b * c / 7.5, 0.5 + a * b * c end
for _ = 1, 3 do print(f(2147483647, 2147483647, 2147483647)) print(f(3037000500, 3037000500, 1)) print(f(0.5, 3, 4)) end
local function g(a, b, x) return x * (a * b), 1 / (x + a * b), (a * b) / x, -(a * b) + x, x - a * b end
for _ = 1, 3 do print(g(0, -5, 1.5)) print(g(0, -5, -0.0)) print(g(-5, 0, 0.0)) print(g(0.0, -5, -0.0)) print(g(3037000500, 3037000500, 0.25)) print(g(9007199254740991, 3, 0.5)) end
