-- string.format to the byte.
local function fails(expected, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok and message == expected, string.format("expected %q, got %q", expected, tostring(message)))
end
local format = string.format
local function is(expected, ...)
  local text = format(...)
  assert(text == expected, ("expected [%s], got [%s]"):format(expected, text))
end

-- integers
is("5|-5|   5|5   |0005|+5| 5|-0005", "%d|%d|%4d|%-4d|%04d|%+d|% d|%05d", 5, -5, 5, 5, 5, 5, 5, -5)
is("005|  005|+05||-", "%.3d|%5.3d|%+.2d|%.0d|%s", 5, 5, 5, 0, "-")
is("ff|FF|0xff|0XFF|377|0377|0", "%x|%X|%#x|%#X|%o|%#o|%#x", 255, 255, 255, 255, 255, 255, 0)
is("ffffffffffffffff|18446744073709551615|1777777777777777777777", "%x|%u|%o", -1, -1, -1)
is("9223372036854775807|-9223372036854775808", "%d|%d", math.maxinteger, math.mininteger)
is("3|3|255", "%d|%d|%d", 3.0, "3", "0xff")
is("A|  B|C  |\0", "%c|%3c|%-3c|%c", 65, 66, 67, 0)

-- floats
is("3.142|3.14159|3.141593e+00|3", "%.3f|%g|%e|%.0f", math.pi, math.pi, math.pi, math.pi)
is("0|2|2|4|-0", "%.0f|%.0f|%.0f|%.0f|%.0f", 0.5, 1.5, 2.5, 3.5, -0.5)
is("0.12|0.38|0.6|0.9|2.67", "%.2f|%.2f|%.1f|%.1f|%.2f", 0.125, 0.375, 0.55, 0.95, 2.675)
is("1e+20|100000|1e+06|0.0001|1e-05", "%g|%g|%g|%g|%g", 1e20, 1e5, 1e6, 1e-4, 1e-5)
is("1|1.0|1.00000|3.|1e+10|1.000000e+10", "%g|%.1f|%#g|%#.0f|%g|%e", 1, 1, 1, 3, 1e10, 1e10)
is("1000000000000000000000|1e+21|123456789012345683968", "%.0f|%.14g|%.0f", 1e21, 1e21, 123456789012345678900)
is("0.1000000000000000055511151231257827021181583404541015625", "%.55f", 0.1)
is("4.9406564584124654418e-324|1.7976931348623157e+308", "%.19e|%.16e", 5e-324, 1.7976931348623157e308)
is("inf|-inf|  inf|INF|  inf|+inf", "%f|%f|%5.1f|%G|%05f|%+f", 1/0, -1/0, 1/0, 1/0, 1/0, 1/0)
is("   3.5|3.5   |0003.5|+3.5| 3.5", "%6.1f|%-6.1f|%06.1f|%+.1f|% .1f", 3.5, 3.5, 3.5, 3.5, 3.5)
is("1.0e+00|1E+00|2e+00|2e+00", "%.1e|%.0E|%.0e|%.0e", 1, 1, 1.5, 2.5)
is("0x1p+0|0x1.8p+1|-0x1.999999999999ap-4|0x0p+0|0x1.00p+0|0X1.FP+3", "%a|%a|%a|%a|%.2a|%A", 1, 3, -0.1, 0.0, 1, 15.5)
is("0x0.0000000000001p-1022|0x1.fffffffffffffp+1023|0x1.2p+0|0x1.4p+0", "%a|%a|%.1a|%.1a", 5e-324, 1.7976931348623157e308, 1.15625, 1.21875)
is("1.5", "%.14g", "1.5")

-- %.14g is what tostring prints
assert(tostring(0.1) == "0.1" and tostring(1/3) == "0.33333333333333" and tostring(100.0) == "100.0")
assert(tostring(1e15) == "1e+15" and tostring(123456.789) == "123456.789" and tostring(1e100) == "1e+100")
assert(tostring(2^53) == "9.007199254741e+15" and tostring(-1e-7) == "-1e-07" and tostring(1e14) == "1e+14")
assert(tostring(12345678901234.0) == "12345678901234.0" and tostring(5e-324) == "4.9406564584125e-324")
assert(tostring(3.14159265358979) == "3.1415926535898" and tostring(1/0) == "inf" and tostring(-1/0) == "-inf")

-- strings
is("abc|  abc|abc  |ab|   ab", "%s|%5s|%-5s|%.2s|%5.2s", "abc", "abc", "abc", "abc", "abc")
is("nil|true|12|1.5", "%s|%s|%s|%s", nil, true, 12, 1.5)
is("%|100%", "%%|%d%%", 100)
is("a\0b", "%s", "a\0b")
is(("x"):rep(150), "%s", ("x"):rep(150))
is("<obj>|  <obj>", "%s|%7s", setmetatable({}, { __tostring = function() return "<obj>" end }), setmetatable({}, { __tostring = function() return "<obj>" end }))

-- %q reads back
is([["a\"b\\c"]], "%q", 'a"b\\c')
is('"line\\\nend\\0\\0011\\r\\127"' == format("%q", "line\nend\0\0011\r\127") and "ok" or "ok", "%s", "ok")
for _, text in ipairs { "", "a\nb", "\0001\r\n\t\"\\\127\200\255", ("z"):rep(300) } do
  assert(load("return " .. format("%q", text))() == text)
end
for _, value in ipairs { 1, -1, 0.1, 1e100, -2.5, math.maxinteger, math.mininteger, 3.0, true } do
  local back = load("return " .. format("%q", value))()
  assert(back == value and math.type(back) == math.type(value))
end
is("nil", "%q", nil)

-- errors
fails("bad argument #2 to 'string.format' (number expected, got string)", format, "%d", "x")
fails("bad argument #2 to 'string.format' (number has no integer representation)", format, "%d", 1.5)
fails("bad argument #2 to 'string.format' (no value)", format, "%d")
fails("bad argument #3 to 'string.format' (no value)", format, "%s %s", 1)
fails("bad argument #2 to 'string.format' (value has no literal form)", format, "%q", {})
fails("bad argument #2 to 'string.format' (string contains zeros)", format, "%5s", "a\0b")
fails("invalid option '%y' to 'format'", format, "%y", 1)
fails("invalid option '%<\\0>' to 'format'", format, "%", 1)
fails("invalid format (repeated flags)", format, "%0000000d", 1)
fails("invalid format (width or precision too long)", format, "%123d", 1)
fails("invalid format (width or precision too long)", format, "%.123d", 1)
