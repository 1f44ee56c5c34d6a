-- Numbers, texts and what is neither, into functions of math, string and table.
for _, name in ipairs{'abs','ceil','floor','sqrt','exp','tointeger','type','modf','deg','rad','cos'} do
  for _, v in ipairs{'3','3.0','0x10','-2',' 7 ','9223372036854775808','9007199254740993','-0','-0.0', 'x', ''} do
    print(name, v, pcall(math[name], v))
  end
end
for _, v in ipairs{3, 3.5, -3, '3', '3.5', '-7', 0, '0', math.mininteger, math.huge} do
  for _, w in ipairs{2, 2.0, '2', -2, '0', 0, 0.0, -1, math.maxinteger} do
    print(v, w, pcall(math.fmod, v, w)) print(pcall(math.max, v, w)) print(pcall(math.ult, v, w)) print(pcall(math.log, v, w))
  end
end
for _, f in ipairs{string.rep, string.sub, string.byte, table.concat, table.unpack, string.char, utf8.char, table.insert, table.remove} do
  for _, v in ipairs{'3','3.0','3.5',3.0,3.5,'x', 2^53, 1e100, math.huge, -math.huge, 0/0, true, {}} do
    print(pcall(f, type(v)=='table' and {} or 'abc', v)) print(pcall(f, {1,2,3}, v, v)) print(pcall(f, v)) print(pcall(f, v, 1))
  end
end
for i = 0, 255, 5 do print(pcall(string.pack, string.char(i), 1)) print(pcall(string.format, '%' .. string.char(i), 1)) print(pcall(string.find, 'a', '%' .. string.char(i))) end
