-- The utf8 library.
local function fails(expected, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok and message == expected, string.format("expected %q, got %q", expected, tostring(message)))
end
local text = "aé€😀"
local codes = { 97, 233, 8364, 128512 }
local starts = { 1, 2, 4, 7 }

assert(#text == 10 and utf8.len(text) == 4 and utf8.len("") == 0)
assert(utf8.char(table.unpack(codes)) == text and utf8.char() == "" and utf8.char(0, 0x7F, 0x80, 0x7FF, 0x800, 0xFFFF, 0x10000, 0x10FFFF) == "\0\x7F\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}")
do
  local got = { utf8.codepoint(text, 1, -1) }
  assert(#got == 4)
  for i = 1, 4 do assert(got[i] == codes[i]) end
  assert(utf8.codepoint(text, 4) == 8364 and select("#", utf8.codepoint(text, 1, 0)) == 0)
end
do
  local n = 0
  for at, code in utf8.codes(text) do
    n = n + 1
    assert(at == starts[n] and code == codes[n])
  end
  assert(n == 4)
  for _ in utf8.codes("") do error("nothing to see") end
end
do
  local n = 0
  for character in text:gmatch(utf8.charpattern) do
    n = n + 1
    assert(character == utf8.char(codes[n]))
  end
  assert(n == 4 and utf8.charpattern == "[\0-\x7F\xC2-\xF4][\x80-\xBF]*")
end

-- offset: forward, backward, the character around a byte
for n = 1, 4 do
  assert(utf8.offset(text, n) == starts[n] and utf8.offset(text, n - 5) == starts[n])
end
assert(utf8.offset(text, 5) == 11 and utf8.offset(text, 6) == nil and utf8.offset(text, -5) == nil)
assert(utf8.offset(text, 0, 3) == 2 and utf8.offset(text, 0, 10) == 7 and utf8.offset(text, 0) == 1 and utf8.offset(text, 2, 2) == 4)
assert(utf8.offset("", 1) == 1 and utf8.offset("", 0) == 1 and utf8.offset("abc", 1, 4) == 4)

-- len: parts, and where the bytes are not UTF-8
assert(utf8.len(text, 2) == 3 and utf8.len(text, 4, 6) == 1 and utf8.len(text, -4) == 1 and utf8.len("abc", 4) == 0 and utf8.len("abc", 3, 2) == 0)
local function bad(s) local n, at = utf8.len(s) assert(n == nil) return at end
assert(bad("ab\xff") == 3 and bad("\x80") == 1 and bad("a\xc3") == 2 and bad("\xc0\x80") == 1 and bad("\xe0\x80\x80") == 1 and bad("\xf4\x90\x80\x80") == 1 and bad("\xf0\x80\x80\x80") == 1 and bad("\xe2\x82x") == 1)
assert(utf8.len("\xed\xa0\x80") == 1) -- a surrogate is taken in 5.3

-- errors
fails("bad argument #1 to 'utf8.char' (value out of range)", utf8.char, -1)
fails("bad argument #2 to 'utf8.char' (value out of range)", utf8.char, 1, 0x110000)
fails("bad argument #2 to 'utf8.len' (initial position out of string)", utf8.len, "abc", 5)
fails("bad argument #3 to 'utf8.len' (final position out of string)", utf8.len, "abc", 1, 4)
fails("bad argument #3 to 'utf8.codepoint' (out of range)", utf8.codepoint, "abc", 1, 4)
fails("bad argument #2 to 'utf8.codepoint' (out of range)", utf8.codepoint, "abc", 0)
fails("invalid UTF-8 code", utf8.codepoint, "\xff")
fails("bad argument #3 to 'utf8.offset' (position out of range)", utf8.offset, "abc", 1, 5)
fails("initial position is a continuation byte", utf8.offset, "a\x80", 1, 2)
do
  local ok, message = pcall(function() for _ in utf8.codes("a\xff") do end end)
  assert(not ok and message:find("invalid UTF%-8 code$"))
end
