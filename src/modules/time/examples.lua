--- time.now
local start = time.now()
print(time.now():sub(start) >= time.parse_duration(0))
--> true

--- time.date
print(time.date(2024, time.DECEMBER, 25, 10, 30, 0, 0, time.utc))
print(time.date(2024, 13, 1):format(time.DATE_ONLY))
--> 2024-12-25 10:30:00 +0000 UTC
--> 2025-01-01

--- time.unix
print(time.unix(1703862245, 500000000))
--> 2023-12-29 15:04:05.5 +0000 UTC

--- time.parse
print(time.parse(time.RFC3339, "2024-12-29T15:04:05+01:00"):utc():format_rfc3339())
local ny = time.load_location("America/New_York")
print(time.parse("2006-01-02 15:04", "2024-07-04 09:30", ny):format(time.RFC1123))
local t, err = time.parse(time.DATE_ONLY, "2024-02-30")
print(t, err:kind(), err:message())
--> 2024-12-29T14:04:05Z
--> Thu, 04 Jul 2024 09:30:00 EDT
--> nil	Invalid	cannot read '2024-02-30' as '2006-01-02': day 30 is out of range

--- time.parse_duration
print(time.parse_duration("1h30m"), time.parse_duration(5 * time.SECOND))
local d, err = time.parse_duration("5 minutes")
print(d, err:kind())
--> 1h30m0s	5s
--> nil	Invalid

--- time.load_location
local ny = time.load_location("America/New_York")
print(time.date(2024, 1, 15, 14, 0, 0, 0, ny):format(time.RFC3339))
print(time.date(2024, 7, 15, 14, 0, 0, 0, ny):format(time.RFC3339))
local place, err = time.load_location("Mars/Olympus")
print(place, err:kind())
--> 2024-01-15T14:00:00-05:00
--> 2024-07-15T14:00:00-04:00
--> nil	NotFound

--- time.fixed_zone
local ist = time.fixed_zone("IST", 5*3600 + 30*60)
print(time.date(2024, 1, 15, 12, 0, 0, 0, ist))
--> 2024-01-15 12:00:00 +0530 IST

--- time.sleep
time.sleep("1ms")
print("awake")
--> awake

--- time.after
local timeout = time.after("1ms")
print(channel.select{timeout:case_receive()}.channel == timeout)
--> true

--- time.timer
local timer = time.timer("1ms")
timer:response():receive()
print("fired")
print(time.timer(0))
--> fired
--> nil	a timer needs a duration above zero

--- time.ticker
local ticker = time.ticker("1ms")
for i = 1, 3 do ticker:response():receive() end
print(ticker:stop())
--> true

--- Time:add
print(time.date(2024, 2, 28):add("24h"), time.date(2024, 2, 28):add(5 * time.MINUTE))
--> 2024-02-29 00:00:00 +0000 UTC	2024-02-28 00:05:00 +0000 UTC

--- Time:sub
print(time.date(2024, 3, 1):sub(time.date(2024, 2, 28)):hours())
--> 48

--- Time:add_date
local t = time.date(2024, 1, 31)
print(t:add_date(0, 1, 0):format(time.DATE_ONLY), t:add_date(1):format(time.DATE_ONLY))
--> 2024-03-02	2025-01-31

--- Time:before
print(time.unix(1):before(time.unix(2)))
--> true

--- Time:after
print(time.unix(1):after(time.unix(2)))
--> false

--- Time:equal
local tokyo = time.load_location("Asia/Tokyo")
print(time.unix(0):equal(time.unix(0):in_location(tokyo)))
--> true

--- Time:round
print(time.date(2024, 1, 1, 10, 31):round(time.parse_duration("1h")):format(time.KITCHEN))
--> 11:00AM

--- Time:truncate
print(time.date(2024, 1, 1, 10, 59):truncate(time.parse_duration("15m")):format(time.KITCHEN))
--> 10:45AM

--- Time:format
local t = time.date(2024, 12, 29, 15, 4, 5)
print(t:format("Mon Jan 2, 2006"), t:format(time.TIME_ONLY), t:format(time.RFC850))
--> Sun Dec 29, 2024	15:04:05	Sunday, 29-Dec-24 15:04:05 UTC

--- Time:format_rfc3339
print(time.unix(1703862245):format_rfc3339())
--> 2023-12-29T15:04:05Z

--- Time:unix
print(time.date(2024, 1, 1):unix())
--> 1704067200

--- Time:unix_nano
print(time.unix(1, 5):unix_nano())
--> 1000000005

--- Time:date
print(time.unix(0):date())
--> 1970	1	1

--- Time:clock
print(time.unix(3661):clock())
--> 1	1	1

--- Time:year
print(time.unix(0):year())
--> 1970

--- Time:month
print(time.date(2024, 7, 4):month() == time.JULY)
--> true

--- Time:day
print(time.date(2024, 7, 4):day())
--> 4

--- Time:hour
print(time.unix(7200):hour())
--> 2

--- Time:minute
print(time.unix(120):minute())
--> 2

--- Time:second
print(time.unix(59):second())
--> 59

--- Time:nanosecond
print(time.unix(0, 5):nanosecond())
--> 5

--- Time:weekday
print(time.date(2024, 12, 29):weekday() == time.SUNDAY)
--> true

--- Time:year_day
print(time.date(2024, 12, 31):year_day())
--> 366

--- Time:is_zero
print(time.date(1, 1, 1):is_zero(), time.unix(0):is_zero())
--> true	false

--- Time:utc
local t = time.date(2024, 1, 1, 12, 0, 0, 0, time.fixed_zone("", 3600))
print(t:utc():format_rfc3339())
--> 2024-01-01T11:00:00Z

--- Time:in_local
print(time.unix(0):in_local():format(time.RFC3339))
--> 1970-01-01T00:00:00Z

--- Time:in_location
local london = time.load_location("Europe/London")
print(time.date(2024, 7, 1, 12, 0, 0, 0, time.utc):in_location(london):format("15:04 MST"))
--> 13:00 BST

--- Time:location
print(time.now():location())
--> UTC

--- Location:string
print(time.load_location("Asia/Tokyo"):string())
--> Asia/Tokyo

--- Location:name
print(time.utc:name())
--> UTC

--- Duration:hours
print(time.parse_duration("90m"):hours())
--> 1.5

--- Duration:minutes
print(time.parse_duration("90s"):minutes())
--> 1.5

--- Duration:seconds
print(time.parse_duration("1h30m45s500ms"):seconds())
--> 5445.5

--- Duration:milliseconds
print(time.parse_duration("1.5s"):milliseconds())
--> 1500

--- Duration:microseconds
print(time.parse_duration("2ms"):microseconds())
--> 2000

--- Duration:nanoseconds
print(time.parse_duration("1us"):nanoseconds())
--> 1000

--- Duration:string
print(time.parse_duration(5400 * time.SECOND):string())
--> 1h30m0s

--- Timer:response
local timer = time.timer("1ms")
timer:response():receive()
print("fired")
--> fired

--- Timer:channel
local timer = time.timer("1h")
print(timer:channel() == timer:response(), timer:stop())
--> true	true

--- Timer:stop
local timer = time.timer("1h")
print(timer:stop(), timer:stop())
--> true	false

--- Timer:reset
local timer = time.timer("1h")
print(timer:reset("1ms"))
timer:response():receive()
--> true

--- Ticker:response
local ticker = time.ticker("1ms")
ticker:response():receive()
print(ticker:stop())
--> true

--- Ticker:channel
local ticker = time.ticker("1h")
print(ticker:channel() == ticker:response())
ticker:stop()
--> true

--- Ticker:stop
local ticker = time.ticker("1h")
print(ticker:stop(), ticker:stop())
--> true	false
