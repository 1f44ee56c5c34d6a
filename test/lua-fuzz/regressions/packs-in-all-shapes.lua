-- string.pack, unpack and packsize, utf8 and tonumber, systematically.
local formats = {'b','B','h','H','i','I','l','L','j','J','T','f','d','n','s','z','x','X','c','c0','c3','i1','i3','i7','i8','i9','i16','i17','i0','I5','s1','s2','s4','s17','!','!4','!3','!16 i16','<i4','>i4','=i4','bXi4','!4bXi4','!8bXd','!4 i8','i4i4','bhb','z z','Xz','Xx','X','Xb','!2 Xi8','xxb','c-1','i99999999999', 's1s1', 'zB', ' b ', '<>b', '!4 i3', 'j j', '!bh'}
local values = {0, 1, -1, 127, 128, 255, 256, -128, -129, 65535, 1 << 31, 1 << 32, math.maxinteger, math.mininteger, 1.5, -0.0, 1e300, 'abc', '', 'a\0b', '12', true}
local function hex(s) return type(s) == 'string' and (s:gsub('.', function(c) return string.format('%02x', c:byte()) end)) or s end
for _, f in ipairs(formats) do
  print(f, pcall(string.packsize, f))
  for _, v in ipairs(values) do
    local ok, packed = pcall(string.pack, f, v, v)
    print(f, v, ok, ok and hex(packed) or packed)
    if ok then print(pcall(string.unpack, f, packed)) print(pcall(string.unpack, f, packed, 2)) print(pcall(string.unpack, f, packed .. 'xyz', -3)) end
  end
  print(f, pcall(string.unpack, f, '\255\254\253\252\251\250\249\248\247\246\245\244\243\242\241\240\1\2\3\4\5'))
  print(f, pcall(string.unpack, f, '\3abcdefgh\0ijklmnopqrstuvw'))
end
local texts = {'', 'a', 'äö', '\u{20AC}x', '\u{10FFFF}', '\xff', 'a\x80', '\xe4', '\xed\xa0\x80', '\xf4\x90\x80\x80', '\xc0\x80', 'a\0b', '\xf0\x9f\x98\x80!'}
for _, s in ipairs(texts) do
  for i = -4, 5 do
    print(s, i, pcall(utf8.len, s, i)) print(pcall(utf8.codepoint, s, i)) print(pcall(utf8.offset, s, i))
    for j = -3, 4 do print(pcall(utf8.len, s, i, j)) print(pcall(utf8.codepoint, s, i, j)) print(pcall(utf8.offset, s, i, j)) end
  end
  print(pcall(function() local t = {} for p, c in utf8.codes(s) do t[#t + 1] = p .. ':' .. c end return table.concat(t, ' ') end))
end
for _, c in ipairs {0, 65, 127, 128, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff, 0x110000, 0x7fffffff, 0x80000000, -1, '65', 65.0, 65.5} do print(c, pcall(utf8.char, c)) print(pcall(string.char, c)) end
local numerals = {'10', '0x10', ' 12 ', '1e1', '0x1p4', '.5', '5.', '0x.1', '', ' ', '1e', '0x', '1 2', 'inf', 'nan', '1_0', '+7', '-0', '- 1', '--1', '1e+2', '0x1P-1', '9223372036854775807', '9223372036854775808', '-9223372036854775808', '-9223372036854775809', '0xffffffffffffffffff', '1e400', '12abc', '0b1', '\t8\n', '1\0', '00012', '0xA.8', '1e-400', '0x1p-1080', 'zz', '-ZZ', '777', '1e1.5', '.', '0x.', '.e1', '1..2', '0x1e+1', '0x1p', '0x1p+', '1E+', '-0x10', '-.5', '0xg', '1f', '\v1\f', '1\xa0', '0x8000000000000000', '1e308', '1.7976931348623157e308', '1.7976931348623159e308', '4.9e-324', '2.4e-324', '0.1e1', '123456789012345678901234567890', '0.30000000000000004'}
for _, s in ipairs(numerals) do
  local n = tonumber(s)
  print(s, n, math.type(n), n and string.format('%.17g', n))
  for _, base in ipairs {2, 8, 10, 16, 36} do print(base, tonumber(s, base)) end
  print(pcall(function() return s + 0 end)) print(pcall(function() return s | 0 end)) print(pcall(function() return -s end)) print(pcall(function() return s // 1 end))
end
print(pcall(tonumber, '1', 1)) print(pcall(tonumber, '1', 37)) print(pcall(tonumber, 1, 10)) print(pcall(tonumber)) print(pcall(tonumber, nil)) print(pcall(tonumber, {}, 10)) print(pcall(tonumber, '1', 'x'))
