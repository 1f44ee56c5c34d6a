-- io as programs outside of apps have it. What it prints is compared with what lua5.3 prints.
local function say(...) local r = table.pack(...) for i = 1, r.n do r[i] = tostring(r[i]):gsub('0x%x+', 'ADDRESS') end print(table.concat(r, ' | ')) end
local function try(f, ...) say(pcall(f, ...)) end
local function content(name) local f = assert(io.open(name, 'rb')) local s = f:read('a') f:close() return s end
-- modes
for _, mode in ipairs { 'r', 'w', 'a', 'r+', 'w+', 'a+', 'rb', 'w+b', 'wbb', 'r+bb' } do
  local f = io.open('m', 'w') f:write('hello\nworld\n') f:close()
  f = assert(io.open('m', mode))
  io.write(mode, ': ') say(f:seek())
  say(f:read('l')) say(f:write('XY')) say(f:seek()) say(f:seek('set', 1)) say(f:read(3)) say(f:seek('cur')) say(f:write('Z')) say(f:seek('end')) say(f:seek('set')) say(f:read('a')) say(f:close())
  say(content('m'))
end
for _, mode in ipairs { '', 'x', 'rw', 'r++', '+r', 'rb+', 'r b', 'rt' } do try(io.open, 'm', mode) end
try(io.open) try(io.open, {}) try(io.open, 'no/where', 'w') try(io.open, 'nowhere') try(io.open, '.', 'w') try(io.open, 5)
-- appending
local f = io.open('a', 'w') f:write('1') f:close() f = io.open('a', 'a+') f:write('2') say(f:seek('set', 0)) f:write('3') say(f:seek()) f:seek('set') say(f:read('a')) f:close() say(content('a'))
-- seek
f = io.open('m', 'w+') say(f:seek('set', -1)) say(f:seek('set', 5)) f:write('x') f:close() say(#content('m'), content('m'):byte(1))
f = io.open('m') say(f:seek('end', -1), f:read(1), f:read(1), f:read(0), f:read('a'), f:read('a'), f:read('l')) try(function() f:seek('bad') end) try(function() f:seek('set', 'x') end) try(function() f:seek('set', 1.5) end) try(function() f:seek(1) end) try(function() f.seek() end) f:close()
-- formats
f = io.open('n', 'w') f:write('12 0x1F -7.5e1 .5 0x.8p1 nan +3 1e 99999999999999999999 0x 7x\n\nlast line\nno end') f:close()
f = io.open('n') for i = 1, 9 do say(f:read('n')) end say(f:read('n')) say(f:read('l')) f:close()
f = io.open('n') say(f:read('n', '*n', 'n', 'n', 'n', 'n', 'n')) say(f:read('*l')) say(f:read('L', 'L', 'L', 'L')) say(f:read()) f:close()
f = io.open('n') say(f:read(0, 2, 1)) say(f:read(3.0)) try(function() f:read('x') end) try(function() f:read('*') end) try(function() f:read('l', 'zz') end) try(function() f:read({}) end) say(f:read('all') ~= nil, f:read('a'), f:read(0), f:read('n'), f:read('L')) f:close()
f = io.open('num', 'w') f:write('1,2;0xep1 ' .. ('9'):rep(250) .. ' 5') f:close() f = io.open('num') say(f:read('n', 1, 'n', 1, 'n')) say(f:read('n')) say(f:read('n')) f:close()
-- writing
f = io.open('w', 'w') say(f:write(1, 2.0, -0.0, 1e100, 2^53, 'x') == f) try(function() f:write({}) end) try(function() f:write('a', nil) end) try(function() f:write(true) end) f:close() say(content('w'))
try(f.write, f, 'x') try(f.read, f) try(f.close, f) try(f.seek, f) try(f.lines, f) try(f.flush, f) say(f) say(io.type(f), io.type(io.stdout), io.type(5), io.type({})) try(io.type)
try(function() io.stdout.write() end) try(function() io.stdout.write(5) end) try(function() f.close() end) try(function() f.lines() end)
f = io.open('w') say(f:write('x')) say(f:flush() == f) f:close()
f = io.open('w', 'w') say(f:setvbuf('no'), f:setvbuf('full', 100), f:setvbuf('line')) try(function() f:setvbuf('bad') end) try(function() f:setvbuf() end) f:write('a\nb') say(content('w')) f:flush() say(content('w')) f:close()
-- lines
f = io.open('l', 'w') f:write('a\nb\n\nc') f:close()
for l in io.lines('l') do io.write('[', l, ']') end print()
for l in io.lines('l', 'L') do io.write('[', l, ']') end print()
for a, b in io.lines('l', 1, 'l') do io.write('[', a, tostring(b), ']') end print()
for l in io.lines('l', 2) do io.write('[', l, ']') end print()
f = io.open('l') for l in f:lines() do io.write('[', l, ']') end say(io.type(f), f:read('l')) f:close()
f = io.open('l') local next_line = f:lines('l') say(next_line()) f:close() try(next_line)
local it = io.lines('l') it() it() it() it() say(it()) try(it)
try(io.lines, 'nowhere') try(io.lines, 'l', 'x')
try(f.lines, f) f = io.open('l') try(function() for l in f:lines('n') do end end) f:close()
-- default files
try(io.input, 'nowhere') try(io.output, 'no/where') try(io.input, 5)
io.input('l') say(io.read('l', 'L')) say(io.input():read('l')) for l in io.lines() do say(l) end say(io.read('a'), io.read('l')) io.close(io.input()) try(io.read) try(io.lines) try(io.lines, nil, 'l')
local before = io.output() io.output('o') io.write('out', 1, 2.5) say(io.type(io.output())) io.close() io.output(before) say(content('o'))
say(io.output('o2') == io.output()) io.close() try(io.write, 'x') try(io.close) io.output(before) 
try(io.close, 5) try(io.close, f)
say(io.stdout:seek('cur') == nil or true) say(io.stdin:close()) say(io.stdin:close())
f = io.tmpfile() f:write('tmp') f:seek('set') say(f:read('a')) f:close()
say(io.open('.'):read('a')) say(io.open('.'):read('l')) say(io.open('.'):read(1))
say(tostring(io.stdout):match('^file %('), getmetatable(io.stdout).__name)
f = io.open('never', 'w') f:write('closed by exit') 
local g = io.open('big', 'w') for i = 1, 20000 do g:write(i, '\n') end g:close() local n = 0 for l in io.lines('big') do n = n + tonumber(l) end say(n)
g = io.open('big', 'r+') g:seek('set', 100000) say(g:read('l'), g:read('l')) say(g:write('????')) g:seek('cur', -6) say(g:read('l')) g:seek('end') g:write('end') g:seek('end', -5) say(g:read('a')) g:close()
