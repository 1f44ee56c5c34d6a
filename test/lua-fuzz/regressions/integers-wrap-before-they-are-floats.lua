local function f(a, b, c) return a * b * c * 1e-20, a * b * c / 7.5, 0.5 + a * b * c end
for _ = 1, 3 do print(f(2147483647, 2147483647, 2147483647)) print(f(3037000500, 3037000500, 1)) print(f(0.5, 3, 4)) end
local function g(a, b, x) return x * (a * b), 1 / (x + a * b), (a * b) / x, -(a * b) + x, x - a * b end
for _ = 1, 3 do print(g(0, -5, 1.5)) print(g(0, -5, -0.0)) print(g(-5, 0, 0.0)) print(g(0.0, -5, -0.0)) print(g(3037000500, 3037000500, 0.25)) print(g(9007199254740991, 3, 0.5)) end
local function zeros(a, b, c, d) return 3 / -(a - b), 0.5 % (-1 / (a * b)), 0.5 // (1 / (a * b)) + 0.25, 1e308 * 10 + 1 / (a * b), 3.0 / (a * b + c * d), 1.5 * (a * b + c * d), 2.5 + a * b + c * d, -(a + b) * 0.5, 1 / -(-a) end
for _ = 1, 3 do
  for _, a in ipairs { 0, -5, 0.0, -0.0, 0.5, -0.5, 1e-200, -1e-200, 3 } do
    for _, b in ipairs { 0, -5, 0.0, 0.5, -0.5, 1e-200, 4 } do print((table.concat({ zeros(a, b, b, a) }, " "):gsub("%-nan", "nan"))) end
  end
end
