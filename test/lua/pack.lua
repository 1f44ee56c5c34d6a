-- string.pack, unpack and packsize.
local function fails(expected, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok and message == expected, string.format("expected %q, got %q", expected, tostring(message)))
end
local pack, unpack, packsize = string.pack, string.unpack, string.packsize

-- integers of every size, both orders, both signs
for size = 1, 16 do
  local top = size < 8 and (1 << (size * 8 - 1)) - 1 or math.maxinteger
  for _, value in ipairs { 0, 1, -1, 100, -100, top, -top - 1 } do
    for _, order in ipairs { "<", ">" } do
      local bytes = pack(order .. "i" .. size, value)
      assert(#bytes == size)
      local back, after = unpack(order .. "i" .. size, bytes)
      assert(back == value and after == size + 1)
      assert(bytes:reverse() == pack((order == "<" and ">" or "<") .. "i" .. size, value))
    end
  end
end
assert(pack("<i3", -2) == "\xfe\xff\xff" and pack(">I2", 258) == "\1\2" and pack("<i16", -3) == "\xfd" .. ("\xff"):rep(15))
assert(unpack("<I4", "\xff\xff\xff\xff") == 4294967295 and unpack("<i4", "\xff\xff\xff\xff") == -1)
assert(unpack("<I8", ("\xff"):rep(8)) == -1 and unpack("<i7", pack("<i7", -12345678901234)) == -12345678901234)
assert(unpack("<I7", ("\xff"):rep(7)) == 72057594037927935)
assert(pack("<j", 2^53) == "\0\0\0\0\0\0\x20\0" and pack("<i4", "7") == "\7\0\0\0")

-- floats
for _, value in ipairs { 0.0, 1.5, -2.25, 1e300, 5e-324, 1/0 } do
  assert(unpack("<d", pack("<d", value)) == value and unpack(">n", pack(">n", value)) == value)
end
assert(pack(">d", 1) == "\x3f\xf0\0\0\0\0\0\0" and pack("<f", 0.5) == "\0\0\0\x3f" and unpack("<f", pack("<f", 0.1)) == 0.10000000149011612)
assert(math.type(unpack("<d", pack("<d", 3))) == "float")

-- strings
assert(pack("z", "hi") == "hi\0" and pack("<s1", "hi") == "\2hi" and pack("<s4", "") == "\0\0\0\0" and pack("c5", "hi") == "hi\0\0\0")
assert(unpack("z", "hi\0rest") == "hi" and unpack("<s1", "\2hi!") == "hi" and unpack("c3", "abcd") == "abc" and unpack("c0", "abc") == "")
do
  local a, b, c, at = unpack("<z s2 i1", pack("<z s2 i1", "x", ("y"):rep(300), -1))
  assert(a == "x" and #b == 300 and c == -1 and at == 2 + 302 + 1 + 1)
end

-- alignment and padding
assert(pack("!4 i1 i4", 1, 2) == "\1\0\0\0\2\0\0\0" and pack("i1 x i1", 1, 2) == "\1\0\2")
assert(packsize("!8 i1 d") == 16 and packsize("i1 d") == 9 and packsize("!2 i1 i8") == 10 and packsize("!4 i1 !2 i8") == 10)
assert(packsize("!8 xXd") == 8 and packsize("<!4 c3 i4") == 8 and packsize("") == 0 and packsize("bBhHlLjJT") == 2 + 4 + 40)
assert(select("#", unpack("!4 i1 i4", pack("!4 i1 i4", 1, 2))) == 3)

-- positions
assert(unpack("i1", "\1\2\3", 2) == 2 and unpack("i1", "\1\2\3", -1) == 3 and unpack("", "abc", 4) == 4)

-- errors
fails("integral size (17) out of limits [1,16]", pack, "i17", 1)
fails("integral size (0) out of limits [1,16]", pack, "i0", 1)
fails("invalid format option 'y'", pack, "y", 1)
fails("missing size for format option 'c'", pack, "c", "x")
fails("bad argument #2 to 'string.pack' (integer overflow)", pack, "i1", 128)
fails("bad argument #2 to 'string.pack' (integer overflow)", pack, "i7", math.maxinteger)
fails("bad argument #2 to 'string.pack' (unsigned overflow)", pack, "I1", -1)
fails("bad argument #2 to 'string.pack' (number has no integer representation)", pack, "i8", 1.5)
fails("bad argument #2 to 'string.pack' (string contains zeros)", pack, "z", "a\0b")
fails("bad argument #2 to 'string.pack' (string longer than given size)", pack, "c1", "ab")
fails("bad argument #2 to 'string.pack' (string length does not fit in given size)", pack, "s1", ("x"):rep(300))
fails("bad argument #1 to 'string.pack' (format asks for alignment not power of 2)", pack, "!4 i3", 1)
fails("bad argument #1 to 'string.pack' (invalid next option for option 'X')", pack, "X")
fails("bad argument #2 to 'string.unpack' (data string too short)", unpack, "i4", "abc")
fails("bad argument #2 to 'string.unpack' (data string too short)", unpack, "s1", "\5abc")
fails("bad argument #3 to 'string.unpack' (initial position out of string)", unpack, "b", "", 2)
fails("16-byte integer does not fit into Lua Integer", unpack, "i16", ("\1"):rep(16))
fails("bad argument #1 to 'string.packsize' (variable-length format)", packsize, "s")
