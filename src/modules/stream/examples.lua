--- Stream:read
local http = require("http")
local stream = http.request():stream()
print(stream:read(3))
print(#stream:read(100), stream:read(100))
--> one
--> 10	nil

--- Stream:write
local http = require("http")
local stream = http.request():stream()
local count, err = stream:write("more")
print(err)
--> the stream cannot be written

--- Stream:seek
local http = require("http")
local stream = http.request():stream()
local at, err = stream:seek("set", 0)
print(err)
--> the stream goes forward only

--- Stream:flush
local http = require("http")
local stream = http.request():stream()
print(stream:flush())
--> true

--- Stream:stat
local http = require("http")
local stream = http.request():stream()
local info = stream:stat()
print(info.size, info.position, info.readable, info.seekable)
--> 13	0	true	false

--- Stream:scanner
local http = require("http")
local stream = http.request():stream()
local scanner = stream:scanner("lines")
while scanner:scan() do print(scanner:text()) end
--> one two
--> three

--- Stream:close
local http = require("http")
local stream = http.request():stream()
print(stream:close(), stream:close())
local data, err = stream:read()
print(err)
--> true	true
--> the stream is closed

--- Scanner:scan
local http = require("http")
local stream = http.request():stream()
local words, scanner = 0, stream:scanner("words")
while scanner:scan() do words = words + 1 end
print(words)
--> 3

--- Scanner:text
local http = require("http")
local stream = http.request():stream()
local scanner = stream:scanner("words")
scanner:scan()
print(scanner:text())
--> one

--- Scanner:err
local http = require("http")
local stream = http.request():stream()
local scanner = stream:scanner()
while scanner:scan() do end
print(scanner:err())
--> nil
