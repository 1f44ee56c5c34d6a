--- archive.formats
local archive = require("archive")
print(table.concat(archive.formats(), " "))
--> zip tar tar.gz tar.zst

--- archive.create
local archive = require("archive")
local w = archive.create({ format = "zip" })
w:add("notes.txt", "hello")
local zip = w:close()
print(#zip > 0, zip:sub(1, 2))
--> true	PK

--- archive.open
local archive = require("archive")
local w = archive.create()
w:add("a.txt", "hello")
local r = archive.open(w:close())
print(r:read("a.txt"))
local none, err = archive.open("no archive")
print(none, err:kind())
--> hello
--> nil	Invalid

--- archive.scan
local archive = require("archive")
local w = archive.create({ format = "tar.gz" })
w:add("a.txt", "hello")
local s = archive.scan(w:close())
for e, entry in s:walk() do print(e.name, e.size, entry:read()) end
s:close()
--> a.txt	5	hello

--- Reader:entries
local archive = require("archive")
local w = archive.create()
w:add("docs/readme.md", ("x"):rep(1000))
w:add_dir("empty")
local r = archive.open(w:close())
for e in r:entries() do print(e.name, e.size, e.is_dir, e.method) end
--> docs/readme.md	1000	false	deflate
--> empty/	0	true	store

--- Reader:stat
local archive = require("archive")
local w = archive.create()
w:add("a.txt", "hello", { mode = 384, modified = 1718461846 })
local info = archive.open(w:close()):stat("a.txt")
print(info.size, info.mode, info.modified, info.crc32)
--> 5	384	1718461846	907060870

--- Reader:read
local archive = require("archive")
local w = archive.create()
w:add("a.txt", "hello")
local r = archive.open(w:close(), { max_inline_bytes = 4 })
print(r:read("a.txt"))
print(select(2, r:read("b.txt")):kind())
--> nil	'a.txt' has 5 bytes, more than max_inline_bytes (4); use stream()
--> NotFound

--- Reader:stream
local archive = require("archive")
local w = archive.create()
w:add("a.txt", "hello")
local es = archive.open(w:close()):stream("a.txt")
while true do
  local chunk = es:read(3)
  if not chunk then break end
  print(chunk)
end
es:close()
--> hel
--> lo

--- Reader:extract
local archive, fs = require("archive"), require("fs")
local out = fs.get("app:files")
local w = archive.create()
w:add("docs/readme.md", "# hello")
w:add("../evil", "x") -- refused, as every name that leads out of a folder
local r = archive.open(w:close())
print(r:extract("docs/readme.md", out), out:readfile("docs/readme.md"))
print(r:extract("docs/readme.md", out, "extracted/other.md"), out:readfile("extracted/other.md"))
print(select(2, r:extract("docs/none.md", out)):kind())
--> true	# hello
--> true	# hello
--> NotFound

--- Reader:extract_all
local archive, fs = require("archive"), require("fs")
local out = fs.get("app:files")
local w = archive.create({ format = "tar" })
w:add_dir("project-1.0/empty")
w:add("project-1.0/src/main.lua", "return 1")
w:add("project-1.0/notes.txt", "later")
local r = archive.open(w:close())
print(r:extract_all(out, {
  prefix = "unpacked/",
  strip = 1,
  filter = function(e) return not e.name:find("notes") end,
}))
print(out:readfile("unpacked/src/main.lua"), out:isdir("unpacked/empty"), out:exists("unpacked/notes.txt"))
--> 2
--> return 1	true	false

--- Reader:close
local archive = require("archive")
local r = archive.open(archive.create():close())
print(r:close(), r:close())
print(r:stat("a"))
--> true	true
--> nil	the archive is closed

--- Walker:walk
local archive = require("archive")
local w = archive.create({ format = "tar" })
w:add("a", "1")
w:add("b", "2")
local kept
for e, entry in archive.scan(w:close()):walk() do
  print(e.name, entry:read())
  kept = kept or entry
end
print(kept:read())
--> a	1
--> b	2
--> nil	the walk has gone on; the data of 'a' is gone

--- Walker:close
local archive = require("archive")
local s = archive.scan(archive.create():close())
print(s:close(), s:close())
--> true	true

--- Writer:add
local archive = require("archive")
local w = archive.create()
print(w:add("notes.txt", "hello", { method = "store", mode = 420 }))
print(w:add("../escape.txt", "x"))
--> true
--> nil	the name '../escape.txt' has '..' in it

--- Writer:add_dir
local archive = require("archive")
local w = archive.create()
print(w:add_dir("empty/"))
--> true

--- Writer:add_file
local archive, fs = require("archive"), require("fs")
local vol = fs.get("app:files")
vol:writefile("big.bin", ("moon"):rep(1000))
local w = archive.create(vol, "backup.zip", { format = "zip" })
print(w:add_file("data/big.bin", vol, "big.bin"), w:close())
print(#archive.open(vol, "backup.zip"):read("data/big.bin"))
--> true	true
--> 4000

--- Writer:close
local archive = require("archive")
local w = archive.create()
print(w:close() == w:close())
print(w:add("late", "x"))
--> true
--> nil	the archive is closed already

--- EntryStream:read
local archive = require("archive")
local w = archive.create()
w:add("a", "hello")
local es = archive.open(w:close()):stream("a")
print(es:read(2), es:read(), es:read())
--> he	llo	nil

--- EntryStream:close
local archive = require("archive")
local w = archive.create()
w:add("a", "hello")
local es = archive.open(w:close()):stream("a")
print(es:close())
print(es:read())
--> true
--> nil	the stream is closed

--- EntryStream:stat
local archive = require("archive")
local w = archive.create()
w:add("a.txt", "hello")
local stream = archive.open(w:close()):stream("a.txt")
stream:read(2)
local info = stream:stat()
print(info.size, info.position, info.readable, info.writable, info.seekable)
--> 5	2	true	false	false

--- EntryStream:scanner
local archive = require("archive")
local w = archive.create()
w:add("list.csv", "a,1\r\nb,2\n")
local lines = archive.open(w:close()):stream("list.csv"):scanner("lines")
while lines:scan() do print(lines:text()) end
--> a,1
--> b,2

--- EntryScanner:scan
local archive = require("archive")
local w = archive.create()
w:add("a.txt", "one two")
local words = archive.open(w:close()):stream("a.txt"):scanner("words")
print(words:scan(), words:text(), words:scan(), words:text(), words:scan())
--> true	one	true	two	false

--- EntryScanner:text
local archive = require("archive")
local w = archive.create()
w:add("a.txt", "\u{e9}t\u{e9}")
local runes = archive.open(w:close()):stream("a.txt"):scanner("runes")
runes:scan()
print(runes:text() == "\u{e9}")
--> true
