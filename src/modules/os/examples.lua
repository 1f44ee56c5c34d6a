--- os.time
print(os.time({ year = 2024, month = 12, day = 25, hour = 10, min = 30 }))
print(os.time({ year = 1970, month = 1, day = 2 }))
print(math.type(os.time()))
--> 1735122600
--> 86400
--> integer

--- os.date
print(os.date("%Y-%m-%d %H:%M:%S", 1735122600))
local t = os.date("*t", 1735122600)
print(t.year, t.wday, t.yday, t.isdst)
--> 2024-12-25 10:30:00
--> 2024	4	360	false

--- os.clock
local start = os.clock()
print(os.clock() - start >= 0)
--> true

--- os.difftime
local day = os.difftime(os.time({ year = 2024, month = 1, day = 2 }), os.time({ year = 2024, month = 1, day = 1 }))
print(day)
--> 86400.0
