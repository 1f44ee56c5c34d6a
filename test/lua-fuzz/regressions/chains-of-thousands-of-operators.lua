-- Chains that are longer than a recursive compiler's stack, of constants, integers, floats and both.
local function chain(head, link, n, ...) return assert(load(head .. link:rep(n), "=chain"))(...) end
for _, n in ipairs { 39, 40, 41, 42, 500, 4000 } do
  print(n, chain("local a = 1 return a", " + a", n), chain("return 1", " ~ 3", n), chain("local a = ... return a", " * 3 ~ a", n, 5))
  print(chain("local x = 0.5 return x", " + x", n), chain("local x, i = 0.5, ... return x", " + i * 3 - x", n, 7), chain("local x = 1.5 return x", " / x", n))
  print(chain("local a, b = ... return a", " & b | 2", n, 7, 5))
end
