-- Strings without patterns: positions, bytes, case, repetition, coercion, the string metatable.
local function fails(expected, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok and message == expected, string.format("expected %q, got %q", expected, tostring(message)))
end

-- sub: positions from both ends, clamped
local alphabet = "abcdefghij"
assert(alphabet:sub(3, 5) == "cde")
assert(alphabet:sub(-3) == "hij" and alphabet:sub(-3, -2) == "hi")
assert(alphabet:sub(0) == alphabet and alphabet:sub(-100, 100) == alphabet)
assert(alphabet:sub(5, 4) == "" and alphabet:sub(11) == "" and alphabet:sub(4, -20) == "")
assert(alphabet:sub(math.mininteger, math.maxinteger) == alphabet)
assert(alphabet:sub(math.maxinteger, math.mininteger) == "")
assert(alphabet:sub("2", 3.0) == "bc")

-- len and # count bytes, zeros too
assert(#"a\0b" == 3 and ("\u{20AC}"):len() == 3 and string.len("") == 0)
assert("a\0b" ~= "a\0c" and "a\0b" < "a\0c" and "a" < "a\0")

-- byte and char
assert(("A"):byte() == 65 and ("\xff"):byte() == 255)
assert(select("#", ("abc"):byte(1, -1)) == 3 and select("#", ("abc"):byte(4)) == 0)
assert(select("#", ("abc"):byte(0)) == 0 and select("#", ("abc"):byte(-10, 10)) == 3)
assert(string.char() == "" and string.char(72, 105, 0, 255) == "Hi\0\xff")
do
  local all = {}
  for code = 0, 255 do all[#all + 1] = string.char(code) end
  local joined = table.concat(all)
  assert(#joined == 256 and joined:byte(200) == 199)
  assert(string.char(joined:byte(1, -1)) == joined)
  -- case is ASCII's alone
  assert(joined:upper():sub(129) == joined:sub(129) and joined:lower():sub(129) == joined:sub(129))
end
assert(("straße-ÿ"):upper() == "STRAßE-ÿ" and ("ÀB"):lower() == "Àb")

-- rep
assert(("ab"):rep(3) == "ababab" and ("ab"):rep(3, "-") == "ab-ab-ab")
assert(("x"):rep(0) == "" and ("x"):rep(-1) == "" and ("x"):rep(1, "sep") == "x" and (""):rep(1000) == "")

-- reverse
assert(("abc\0"):reverse() == "\0cba" and (""):reverse() == "")

-- numbers are strings where strings are wanted, and the other way round
assert(string.rep(12, 2) == "1212" and string.len(3.0) == 3 and 1 .. 2 == "12" and 2^53 .. "" == "9.007199254741e+15")
assert("10" + 1 == 11 and "10.0" + 1 == 11 and math.type("10.5" + 1) == "float")
assert("0x10" * 2 == 32 and " 7 " // 2 == 3 and "2" ^ 2 == 4.0)
assert(not pcall(function() return "a" + 1 end) and not pcall(function() return {} .. "x" end))
assert(10 ~= "10" and not pcall(function() return 1 < "2" end))

-- methods on literals and on numbers in strings
assert(("%d"):format(7) == "7" and #("x"):rep(10) == 10)
assert(getmetatable("").__index == string and ("x").len == string.len and ("x").nothing == nil)

-- tostring
assert(tostring(nil) == "nil" and tostring(true) == "true" and tostring(-0.0) == "-0.0")
assert(tostring({}):find("^table: ") and tostring(print):find("^function: "))
local named = setmetatable({}, { __tostring = function() return "me" end, __name = "Name" })
assert(tostring(named) == "me")
getmetatable(named).__tostring = nil
assert(tostring(named):find("^Name: "))
getmetatable(named).__tostring = function() return 1 < 2 end
fails("'__tostring' must return a string", tostring, named)

-- errors name the function and what is wrong
fails("bad argument #1 to 'string.rep' (string expected, got no value)", string.rep)
fails("bad argument #2 to 'string.rep' (number expected, got no value)", string.rep, "x")
fails("bad argument #2 to 'string.rep' (number expected, got nil)", string.rep, "x", nil)
fails("bad argument #2 to 'string.rep' (number has no integer representation)", string.rep, "x", 1.5)
fails("bad argument #2 to 'string.rep' (number expected, got string)", string.rep, "x", "y")
fails("bad argument #1 to 'string.upper' (string expected, got table)", string.upper, {})
fails("bad argument #2 to 'string.char' (value out of range)", string.char, 1, 256)
fails("bad argument #1 to 'string.char' (value out of range)", string.char, -1)
fails("resulting string too large", string.rep, "xxxxxxxxxx", math.maxinteger // 2)
do
  local function message(f) local _, text = pcall(f) return (text:gsub("^.-:%d+: ", "")) end
  assert(message(function() return ("x"):rep({}) end) == "bad argument #1 to 'rep' (number expected, got table)")
  assert(message(function() return ("x").rep() end) == "bad argument #1 to 'rep' (string expected, got no value)")
  assert(message(function() return ("x").bad() end):find("attempt to call a nil value", 1, true))
  local object = setmetatable({}, { __index = string })
  assert(message(function() return object:upper() end):find("^calling 'upper' on bad self"))
end

-- comparison is byte by byte
assert("Z" < "a" and "" < "a" and "a" < "aa" and "\xff" > "\x7f" and not ("a" < "a") and "a" <= "a")
