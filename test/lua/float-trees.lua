-- Expressions of several operators that come to a float, against the same operators applied one by one.
local apply = {
  ["+"] = function(a, b) return a + b end,
  ["-"] = function(a, b) return a - b end,
  ["*"] = function(a, b) return a * b end,
  ["/"] = function(a, b) return a / b end,
  ["%"] = function(a, b) return a % b end,
  ["//"] = function(a, b) return a // b end,
  ["^"] = function(a, b) return a ^ b end,
}
local function negated(a) return -a end

local function same(x, y)
  return math.type(x) == math.type(y) and (x == y and (x ~= 0 or 1 / x == 1 / y) or x ~= x and y ~= y)
end

-- a tree is the name of a variable, a number, or { operator, left, right }; { "neg", operand }
local function text(tree)
  if type(tree) ~= "table" then return tostring(tree) end
  if tree[1] == "neg" then return "(- " .. text(tree[2]) .. ")" end
  return "(" .. text(tree[2]) .. tree[1] .. text(tree[3]) .. ")"
end
local function value(tree, of)
  if type(tree) ~= "table" then return of[tree] or tree end
  if tree[1] == "neg" then return negated(value(tree[2], of)) end
  return apply[tree[1]](value(tree[2], of), value(tree[3], of))
end

-- what two variables may be made to, where both may be integers or floats
local parts = {}
for _, left in ipairs { "a", { "%", "a", 16 }, { "//", "a", 3 }, { "neg", "a" }, { "*", "a", 2 } } do
  for _, operator in ipairs { "+", "-", "*" } do
    parts[#parts + 1] = { operator, left, "b" }
    parts[#parts + 1] = { operator, "b", left }
    parts[#parts + 1] = { "neg", { operator, left, "b" } }
    parts[#parts + 1] = { "%", { operator, left, "b" }, 7 }
    parts[#parts + 1] = { operator, { operator, left, "b" }, "a" }
  end
end
-- and what makes it a float: f is only ever one
local tops = {}
for _, part in ipairs(parts) do
  tops[#tops + 1] = { "/", part, "c" }
  tops[#tops + 1] = { "/", "c", part }
  tops[#tops + 1] = { "+", part, "f" }
  tops[#tops + 1] = { "-", "f", part }
  tops[#tops + 1] = { "*", part, "f" }
  tops[#tops + 1] = { "^", part, 2 }
  tops[#tops + 1] = { "/", { "-", "f", part }, { "+", "c", "f" } }
end

local numbers = { 0, 0.0, -0.0, 1, -3, 2.0, -16.0, 0.5, 1 << 52, math.mininteger, 1 / 0 }
for _, tree in ipairs(tops) do
  local source = "local a, b, c, f = ... f = f + 0.0 local r = " .. text(tree) .. " return r"
  local whole = assert(load(source))
  for _, a in ipairs(numbers) do
    for _, b in ipairs(numbers) do
      for at = 1, 4 do
        local of = { a = a, b = b, c = numbers[at * 2], f = numbers[at] + 0.0 }
        local got, wanted = whole(a, b, of.c, of.f), value(tree, of)
        if not same(got, wanted) then
          error(("%s of a=%s b=%s c=%s f=%s: %s, not %s"):format(text(tree), a, b, of.c, of.f, got, wanted))
        end
      end
    end
  end
end
