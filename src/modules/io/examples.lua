--- io.write
-- moontide call app:ask --, then Ann and a line end
local io = require("io")
io.write("Name: ", 1, "\n")
io.print("Hello, " .. io.readline())
--> Name: 1
--> Hello, Ann

--- io.print
local io = require("io")
io.print("a", 1, true, nil)
--> a	1	true	nil

--- io.eprint
local io = require("io")
print(io.eprint("Error:", "no such file"))
--> true

--- io.read
local io = require("io")
print(io.read(2), io.read(100))
--> An	n

--- io.readline
local io = require("io")
print(io.readline())
print(io.readline())
--> Ann
--> nil

--- io.raw
local io = require("io")
local ok, err = io.raw(true) -- where the input is a terminal: keys come at once
print(ok, err)
--> nil	the input is no terminal; raw mode needs one

--- io.flush
local io = require("io")
print(io.flush())
--> true

--- io.args
local io = require("io")
print(table.concat(io.args(), " "))
--> --name Ann
