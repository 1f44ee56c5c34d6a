--- http.request
local http = require("http")
-- POST /orders/42?tag=a&tag=b, with the body {"name":"Ann"}
local req = http.request({ timeout = 5000, max_body = 1024 })
print(req:method(), req:path())
--> POST	/orders/42

--- http.response
local http = require("http")
local res = http.response()
res:set_status(http.STATUS.CREATED)
print(res:write_json({ id = 42 }))
--> true

--- Request:method
local http = require("http")
local req = http.request()
print(req:method() == http.METHOD.POST)
--> true

--- Request:path
local http = require("http")
local req = http.request()
print(req:path())
--> /orders/42

--- Request:host
local http = require("http")
local req = http.request()
print(req:host())
--> shop.example:8080

--- Request:remote_addr
local http = require("http")
local req = http.request()
print(req:remote_addr():match("^[^:]+"))
--> 127.0.0.1

--- Request:content_type
local http = require("http")
local req = http.request()
print(req:content_type())
--> application/json

--- Request:content_length
local http = require("http")
local req = http.request()
print(req:content_length())
--> 14

--- Request:header
local http = require("http")
local req = http.request()
print(req:header("x-trace"), req:header("X-None"))
--> t-1	nil

--- Request:query
local http = require("http")
local req = http.request()
print(req:query("tag"), req:query("page"))
--> a	nil

--- Request:query_params
local http = require("http")
local req = http.request()
print(req:query_params().tag)
--> a,b

--- Request:param
local http = require("http")
local req = http.request()
print(req:param("id"))
--> 42

--- Request:params
local http = require("http")
local req = http.request()
for name, value in pairs(req:params()) do print(name, value) end
--> id	42

--- Request:cookie
local http = require("http")
local req = http.request()
print(req:cookie("session"))
--> abc

--- Request:cookies
local http = require("http")
local req = http.request()
for name, value in pairs(req:cookies()) do print(name, value) end
--> session	abc

--- Request:has_body
local http = require("http")
local req = http.request()
print(req:has_body())
--> true

--- Request:is_content_type
local http = require("http")
local req = http.request()
print(req:is_content_type(http.CONTENT.JSON), req:is_content_type("text/plain"))
--> true	false

--- Request:accepts
local http = require("http")
local req = http.request()
print(req:accepts("text/html"), req:accepts("image/png"))
--> true	false

--- Request:body
local http = require("http")
local req = http.request()
print(req:body())
--> {"name":"Ann"}

--- Request:body_json
local http = require("http")
local req = http.request()
local order, err = req:body_json()
if err then return http.response():set_status(http.STATUS.BAD_REQUEST) end
print(order.name)
--> Ann

--- Request:form
local http = require("http")
local req = http.request()
-- a body name=Ann&city=K%C3%B6ln
local form, err = req:form()
print(form.name, form.city)
--> Ann	Köln

--- Request:parse_multipart
local http = require("http")
local req = http.request()
local form, err = req:parse_multipart()
print(form.values.title)
for field, files in pairs(form.files) do print(field, #files, files[1]:name()) end
--> Report
--> paper	1	report.txt

--- Request:stream
local http = require("http")
local req = http.request()
-- a body of two lines
local stream, err = req:stream()
local size = 0
local piece = stream:read(0)
while piece do
    size = size + #piece
    piece = stream:read(0)
end
print(size)
--> 13

--- UploadedFile:name
local http = require("http")
local req = http.request()
local file = req:parse_multipart().files.paper[1]
print(file:name())
--> report.txt

--- UploadedFile:size
local http = require("http")
local req = http.request()
local file = req:parse_multipart().files.paper[1]
print(file:size())
--> 11

--- UploadedFile:header
local http = require("http")
local req = http.request()
local file = req:parse_multipart().files.paper[1]
print(file:header("Content-Type"))
--> text/plain

--- UploadedFile:stream
local http = require("http")
local req = http.request()
local file = req:parse_multipart().files.paper[1]
local stream = file:stream()
print(stream:read(0))
stream:close()
--> hello world

--- Response:set_status
local http = require("http")
local res = http.response()
print(res:set_status(http.STATUS.NO_CONTENT))
--> true

--- Response:set_header
local http = require("http")
local res = http.response()
print(res:set_header("Cache-Control", "max-age=3600"))
local ok, err = res:set_header("X-Name", "two\nlines")
print(err)
--> true
--> the value of 'X-Name' holds a control character

--- Response:set_content_type
local http = require("http")
local res = http.response()
print(res:set_content_type("text/html; charset=utf-8"))
--> true

--- Response:set_cookie
local http = require("http")
local res = http.response()
print(res:set_cookie("session", "abc", { path = "/", http_only = true, same_site = "lax", max_age = 3600 }))
--> true

--- Response:redirect
local http = require("http")
local res = http.response()
print(res:redirect("/login", http.STATUS.SEE_OTHER))
--> true

--- Response:write
local http = require("http")
local res = http.response()
res:write("Hello, ")
print(res:write("world"))
--> true

--- Response:write_json
local http = require("http")
local res = http.response()
print(res:write_json({ total = 2, items = { "a", "b" } }))
local ok, err = res:write_json({ 1, x = 2 })
print(ok, err:kind())
--> true
--> nil	Invalid

--- Response:write_event
local http = require("http")
local res = http.response()
print(res:write_event({ name = "progress", data = { percent = 50 } }))
--> true

--- Response:set_transfer
local http = require("http")
local res = http.response()
print(res:set_transfer(http.TRANSFER.SSE))
local ok, err = res:set_transfer("pigeon")
print(err)
--> true
--> unknown transfer 'pigeon'; there are chunked, sse

--- Response:flush
local http = require("http")
local res = http.response()
res:write("part one")
print(res:flush())
local ok, err = res:set_status(404)
print(err)
--> true
--> the head was sent already

--- Response:finish
local http = require("http")
local res = http.response()
res:write("accepted")
print(res:finish())
-- ... the client has its answer, and the function goes on
local ok, err = res:write("more")
print(err)
--> true
--> the answer has ended
