--- fs.get
local vol = assert(fs.get("app:files"))
print(vol)
local _, err = fs.get("app:nowhere")
print(err:kind())
--> fs.FS(app:files)
--> NotFound

--- FS:readfile
local vol = fs.get("app:files")
vol:writefile("/greeting.txt", "hello")
print(vol:readfile("/greeting.txt"))
local _, err = vol:readfile("/farewell.txt")
print(err:kind(), err:message())
--> hello
--> NotFound	'/farewell.txt' is not there

--- FS:read_file
local vol = fs.get("app:files")
vol:write_file("note", "the other spelling")
print(vol:read_file("note"))
--> the other spelling

--- FS:writefile
local vol = fs.get("app:files")
print(vol:writefile("/log.txt", "one\n"))
vol:writefile("/log.txt", "two\n", "a")
print((vol:readfile("/log.txt"):gsub("\n", " ")))
local _, err = vol:writefile("/log.txt", "three\n", "wx")
print(err:kind())
--> true
--> one two 
--> AlreadyExists

--- FS:write_file
local vol = fs.get("app:files")
print(vol:write_file("/other.txt", "the other spelling"))
--> true

--- FS:exists
local vol = fs.get("app:files")
vol:writefile("/here", "")
print(vol:exists("/here"), vol:exists("/there"))
--> true	false

--- FS:stat
local vol = fs.get("app:files")
vol:writefile("/report.txt", "12345")
local info = vol:stat("/report.txt")
print(info.name, info.size, info.type == fs.type.FILE, info.is_dir)
--> report.txt	5	true	false

--- FS:isdir
local vol = fs.get("app:files")
print(vol:isdir("/"), vol:isdir("/nothing"))
--> true	false

--- FS:mkdir
local vol = fs.get("app:files")
print(vol:mkdir("/uploads"))
local _, err = vol:mkdir("/uploads")
print(err:kind())
vol:remove("/uploads")
--> true
--> AlreadyExists

--- FS:remove
local vol = fs.get("app:files")
vol:writefile("/old.txt", "")
print(vol:remove("/old.txt"))
local _, err = vol:remove("/old.txt")
print(err:kind())
--> true
--> NotFound

--- FS:readdir
local vol = fs.get("app:files")
vol:mkdir("/shelf")
vol:writefile("/shelf/b.txt", "")
vol:writefile("/shelf/a.txt", "")
for entry in vol:readdir("/shelf") do print(entry.name, entry.type) end
for _, name in ipairs({ "a.txt", "b.txt", "" }) do vol:remove("/shelf/" .. name) end
--> a.txt	file
--> b.txt	file

--- FS:open
local vol = fs.get("app:files")
local file = assert(vol:open("/out.txt", "w"))
file:write("line one\n")
file:close()
print(vol:stat("/out.txt").size)
local _, err = vol:open("/out.txt", "rw")
print(err:kind())
--> 9
--> Invalid

--- FS:chdir
local vol = fs.get("app:files")
vol:mkdir("/docs")
print(vol:chdir("docs"))
vol:writefile("a.txt", "in docs")
print(vol:readfile("/docs/a.txt"), vol:readfile("../docs/a.txt"))
vol:remove("a.txt")
vol:remove("/docs")
--> true
--> in docs	in docs

--- FS:pwd
print(fs.get("app:files"):pwd())
--> /

--- File:read
local vol = fs.get("app:files")
vol:writefile("/data", "abcdef")
local file = vol:open("/data")
print(file:read(4), file:read(4), file:read(4))
file:close()
--> abcd	ef	nil

--- File:write
local vol = fs.get("app:files")
local file = vol:open("/data", "w+")
print(file:write("abc"), file:write("def"))
file:seek("set", 1)
file:write("X")
file:close()
print(vol:readfile("/data"))
--> true	true
--> aXcdef

--- File:seek
local vol = fs.get("app:files")
vol:writefile("/data", "abcdef")
local file = vol:open("/data")
print(file:seek(fs.seek.END, -2), file:read())
print(file:seek(fs.seek.SET, 1), file:read(1), file:seek())
file:close()
--> 4	ef
--> 1	b	2

--- File:stat
local vol = fs.get("app:files")
vol:writefile("/data", "abcdef")
local file = vol:open("/data")
print(file:stat().name, file:stat().size)
file:close()
--> data	6

--- File:sync
local vol = fs.get("app:files")
local file = vol:open("/data", "w")
file:write("safe")
print(file:sync())
file:close()
--> true

--- File:scanner
local vol = fs.get("app:files")
vol:writefile("/words", "to be  or\nnot")
local file = vol:open("/words")
local words, scanner = {}, file:scanner("words")
while scanner:scan() do words[#words + 1] = scanner:text() end
file:close()
print(table.concat(words, ","))
--> to,be,or,not

--- File:close
local vol = fs.get("app:files")
vol:writefile("/data", "")
local file = vol:open("/data")
print(file:close(), file:close())
local _, err = file:read()
print(err:kind(), err:message())
--> true	true
--> Invalid	the file '/data' is closed

--- Scanner:scan
local vol = fs.get("app:files")
vol:writefile("/lines", "one\r\ntwo\n\nlast")
local file = vol:open("/lines")
local scanner = file:scanner()
while scanner:scan() do print("<" .. scanner:text() .. ">") end
file:close()
--> <one>
--> <two>
--> <>
--> <last>

--- Scanner:text
local vol = fs.get("app:files")
vol:writefile("/letters", "aé")
local file = vol:open("/letters")
local scanner = file:scanner("runes")
scanner:scan()
scanner:scan()
print(#scanner:text())
file:close()
--> 2
