-- Lua patterns: classes, repetition, captures, anchors, %b, %f, back references, gsub and gmatch.
local function fails(expected, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok and message == expected, string.format("expected %q, got %q", expected, tostring(message)))
end
local function results(...) return table.concat({ ... }, "|") end

-- classes over all bytes
local classes = { a = 52, c = 33, d = 10, g = 94, l = 26, p = 32, s = 6, u = 26, w = 62, x = 22, z = 1 }
local bytes = {}
for code = 0, 255 do bytes[code] = string.char(code) end
for class, size in pairs(classes) do
  local inside, outside = 0, 0
  for code = 0, 255 do
    if bytes[code]:find("%" .. class) then inside = inside + 1 end
    if bytes[code]:find("%" .. class:upper()) then outside = outside + 1 end
  end
  assert(inside == size and outside == 256 - size, class)
end

-- sets
assert(("a-z"):match("[a-z]+") == "a" and ("a-z"):match("[a%-z]+") == "a-z" and ("]x"):match("[]]") == "]")
assert(("x^"):match("[x^]+") == "x^" and ("^x"):match("[^^]") == "x" and ("a]b"):match("[^]]+") == "a")
assert(("-"):match("[a-]") == "-" and ("b"):match("[a-%z]") == nil and ("é"):match("[\xc3][\xa9]") == "é")
assert(("0x1F"):match("^0[xX](%x+)$") == "1F" and ("a.b"):match("[%.]") == "." and ("%"):match("[%%]") == "%")

-- repetition: greedy, lazy, optional, and giving back
assert(("aaab"):match("a*b") == "aaab" and ("aaab"):match("a-b") == "aaab" and ("b"):match("a?b") == "b")
assert(("aaa"):match("a-") == "" and ("aaa"):match("^a-$") == "aaa" and ("aaa"):match("a+a") == "aaa")
assert(("<a><b>"):match("<.->") == "<a>" and ("<a><b>"):match("<.*>") == "<a><b>")
assert(("key = value"):match("^(%w+)%s*=%s*(%w+)$") == "key")
assert(results(("  trim me  "):match("^%s*(.-)%s*$")) == "trim me")
assert(("a1b2"):match("%a%d%a%d") and not ("a1b"):match("^%a%d%a%d$"))
assert(("xyz"):match(".-z") == "xyz" and ("aXb"):match("%l%u?%l") == "aXb")

-- captures, nested, positions, back references
assert(results(("2024-05-17"):match("(%d+)-(%d+)-(%d+)")) == "2024|05|17")
assert(results(("hello"):match("((h)(e)(l))(l)")) == "hel|h|e|l|l")
assert(results(("hello"):match("()ll()")) == "3|5" and math.type(("x"):match("()")) == "integer")
assert(("abcabc"):match("(%a+)%1") == "abc" and not ("abcabd"):match("^(%a+)%1$"))
assert(results(('say "it\'s"'):match("([\"'])(.-)%1")) == "\"|it's")
assert(("aa"):match("(a)(%1)") == "a" and (""):match("()%s*()") == 1)

-- anchors are special only at the ends
assert(("a$b"):match("a$b") == "a$b" and ("a^b"):match("a^b") == "a^b" and ("ab"):match("^b") == nil)
assert(("ab"):match("b$") == "b" and ("ab\n"):match("b$") == nil and ("$"):match("%$") == "$")

-- balanced and frontier
assert(("f(a(b)c)(d)"):match("%b()") == "(a(b)c)" and ("((x)"):match("%b()") == "(x)" and ("("):match("%b()") == nil)
assert(("THE (quick) fox"):find("%f[%a]%a+%f[%A]") == 1)
assert((("THE (quick) fox"):gsub("%f[%w]%w+", "x")) == "x (x) x")
assert(results(("[[x]]"):find("%f[x]x%f[%]]")) == "3|3" and ("aXb"):find("%f[%z]") == 4 and (""):find("%f[%z]") == nil)

-- find: plain, init, empty
assert(results(("a+b"):find("+", 1, true)) == "2|2" and results(("abc"):find("b", -2)) == "2|2")
assert(("abc"):find("a", 2) == nil and ("abc"):find("", 4) == 4 and ("abc"):find("", 5) == nil and ("abc"):find("", -10) == 1)
assert(results(("abcabc"):find("c", 4)) == "6|6" and results(("x\0y"):find("\0")) == "2|2")
assert(results(("k=v"):find("(%w)=(%w)")) == "1|3|k|v" and results(("a)b"):find(")")) == "2|2")
assert(results(("abc"):find("", 2)) == "2|1" and (""):find("") == 1 and ("a.b"):find("%.") == 2)

-- gmatch
local words = {}
for word in ("one two  three"):gmatch("%a+") do words[#words + 1] = word end
assert(table.concat(words, ",") == "one,two,three")
local pairs_found = {}
for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do pairs_found[k] = v end
assert(pairs_found.a == "1" and pairs_found.b == "2")
local places = {}
for at in ("abc"):gmatch("()") do places[#places + 1] = at end
assert(table.concat(places, ",") == "1,2,3,4")
local count = 0
for _ in ("^a^a"):gmatch("^a") do count = count + 1 end
assert(count == 2)
local inner = {}
for outer in ("ab"):gmatch(".") do
  for digit in ("12"):gmatch(".") do inner[#inner + 1] = outer .. digit end
end
assert(table.concat(inner, " ") == "a1 a2 b1 b2")

-- gsub: every kind of replacement
assert(results(("hello world"):gsub("o", "0")) == "hell0 w0rld|2" and results(("abc"):gsub("", "-")) == "-a-b-c-|4")
assert(results(("abc"):gsub("%w", "%0%0")) == "aabbcc|3" and results(("abc def"):gsub("(%w+) (%w+)", "%2 %1")) == "def abc|1")
assert(results(("abc"):gsub("%w*", "x")) == "x|1" and results(("a,b,,c"):gsub("[^,]*", "<%0>")) == "<a>,<b>,<>,<c>|4")
assert(results(("100%"):gsub("%%", "%%%%")) == "100%%|1" and (("x"):gsub("x", "%%1")) == "%1")
assert(results(("abc"):gsub("%w", "x", 2)) == "xxc|2" and results(("abc"):gsub("%w", "x", 0)) == "abc|0" and results(("abc"):gsub("%w", "x", -1)) == "abc|0")
assert(results(("aaa"):gsub("^a", "x")) == "xaa|1" and results(("baa"):gsub("^a", "x")) == "baa|0")
assert((("$name is $age"):gsub("%$(%w+)", { name = "Lua", age = 30 })) == "Lua is 30")
assert((("$x $y"):gsub("%$(%w)", { x = false })) == "$x $y")
assert((("a b"):gsub("%w", setmetatable({}, { __index = function(_, k) return k:upper() end }))) == "A B")
assert((("abc"):gsub("%w", function(c) if c ~= "b" then return c .. c end end)) == "aabcc")
assert((("abc"):gsub("()(%w)", function(at, c) return at .. c end)) == "1a2b3c")
assert((("x = 1"):gsub("%s*=%s*", ": ")) == "x: 1" and (("n"):gsub("n", 12)) == "12" and (("n"):gsub("n", 1.0)) == "1.0")
do -- a replacement function that matches itself
  local function twice(s) return (s:gsub("%d", function(d) return (d:rep(2):gsub("%d", { ["1"] = "I" })) end)) end
  assert(twice("a1b2") == "aIIb22")
end

-- long subjects and patterns that need no backtracking stay quick
local long = ("x"):rep(100000)
assert(long:sub(1, 3000):find(".-b") == nil and long:match("x*$") == long and #long:gsub("x", "yy") == 200000)
assert((long .. "1"):match("^%a+(%d)$") == "1")
assert(select(2, long:gsub("%w", "")) == 100000)

-- malformed patterns
fails("malformed pattern (ends with '%')", string.find, "a", "%")
fails("malformed pattern (missing ']')", string.find, "a", "[a")
fails("malformed pattern (missing ']')", string.find, "a", "[]")
fails("malformed pattern (missing ']')", string.find, "a", "[a%")
fails("malformed pattern (missing arguments to '%b')", string.find, "a", "%bx")
fails("missing '[' after '%f' in pattern", string.find, "a", "%fa")
fails("unfinished capture", string.find, "a", "(a")
fails("invalid pattern capture", string.find, "a", "a.-)")
fails("invalid capture index %1", string.find, "a", "%1")
fails("invalid capture index %2", string.gsub, "a", "a", "%2")
fails("invalid use of '%' in replacement string", string.gsub, "a", "a", "%x")
fails("invalid replacement value (a table)", string.gsub, "a", "a", function() return {} end)
fails("bad argument #3 to 'string.gsub' (string/function/table expected)", string.gsub, "a", "a", true)
fails("too many captures", string.find, "a", ("()"):rep(33))
fails("pattern too complex", string.find, ("a"):rep(300), ("a?"):rep(300) .. "b")
-- an error that no match gets to is none
assert(("b"):find("a(") == nil)
