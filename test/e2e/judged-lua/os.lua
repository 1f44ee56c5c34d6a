-- os as programs outside of apps have it. What it prints is compared with what lua5.3 prints.
local function try(f, ...) local r = table.pack(pcall(f, ...)) for i = 1, r.n do r[i] = tostring(r[i]) end print(table.concat(r, ' | ')) end
local t = 1735689599 -- 2024-12-31 23:59:59 UTC
for _, at in ipairs { 0, t, 1709210096, -86400, 951782400, 1e9 // 1 | 0, 4102444800 } do
  for spec in ('a A b B c C d D e F g G h H I j m M n p r R S t T u U V w W x X y Y z Z %'):gmatch('%S') do
    io.write(spec, '=', os.date('!%' .. spec, at), ';', os.date('%' .. spec, at), ' ')
  end
  for spec in ('Ec EC Ex EX Ey EY Od Oe OH OI Om OM OS Ou OU OV Ow OW Oy'):gmatch('%S+') do io.write(spec, '=', os.date('!%' .. spec, at), ' ') end
  print()
end
for year = 1999, 2032 do for _, md in ipairs { { 1, 1 }, { 1, 3 }, { 12, 29 }, { 12, 31 } } do
  io.write(os.date('!%G-%V-%u %g %U %W;', os.time { year = year, month = md[1], day = md[2], hour = 12 })) end end print()
for _, bad in ipairs { '%', 'x%', '%E', '%Ez', '%Oa rest', '%Q', '%5d', '%-d', 'a%Qb' } do try(os.date, bad, 0) end
print(os.date('!%%a%n%d', 0))
try(os.date, '*t', 'x') try(os.date, {}, 0) try(os.date, '%Y', 1.5) try(os.date, '!%Y', '86400') try(os.date, '!%c', 2.0)
try(os.date, '!%Y', 2^60 // 1 | 0) try(os.date, '!%Y', math.mininteger)
local d = os.date('!*t', t)
print(d.year, d.month, d.day, d.hour, d.min, d.sec, d.wday, d.yday, d.isdst)
d = os.date('*t', t)
print(d.year, d.month, d.day, d.hour, d.min, d.sec, d.wday, d.yday, d.isdst)
print(os.date('!*tx', 0).year)
print(os.time { year = 2020, month = 2, day = 30 }, os.time { year = 2020, month = 14, day = -3, hour = -5, min = 90, sec = 3600 })
local given = { year = 2020, month = 14, day = 40, hour = 25, min = 61, sec = -1 }
print(os.time(given), given.year, given.month, given.day, given.hour, given.min, given.sec, given.wday, given.yday, given.isdst)
try(os.time, {}) try(os.time, { year = 2020 }) try(os.time, { year = 2020, month = 1 }) try(os.time, { year = 'x', month = 1, day = 1 })
try(os.time, { year = 2020, month = 1.5, day = 1 }) try(os.time, { year = '2020', month = '01', day = 1.0 }) try(os.time, { year = 2^40 // 1 | 0, month = 1, day = 1 })
try(os.time, { year = 2020, month = 2^33 // 1 | 0, day = 1 }) try(os.time, 5) try(os.time, { year = 2020, month = 1, day = {} }) try(os.time, { year = 2020, month = 1, day = 1, isdst = true })
try(os.time, { year = 2020, month = 7, day = 1, isdst = false }) try(os.time, setmetatable({}, { __index = { year = 2020, month = 1, day = 1 } }))
print(math.type(os.time()), math.type(os.clock()), os.difftime(5, 3), math.type(os.difftime(5, 3)))
try(os.difftime, 5) try(os.difftime) try(os.difftime, 'x', 1)
try(os.remove, 'nowhere') try(os.rename, 'nowhere', 'else') try(os.remove, '.') try(os.remove) try(os.rename, 'x') try(os.remove, {})
local name = os.tmpname() print(io.open(name) ~= nil, os.remove(name), os.remove(name) == nil)
try(os.getenv, 'NOT_THERE') try(os.getenv) print(os.getenv('HOME') ~= nil)
try(os.setlocale) try(os.setlocale, 'C') try(os.setlocale, 'xx_YY') try(os.setlocale, nil, 'numeric') try(os.setlocale, 'C', 'bad')
