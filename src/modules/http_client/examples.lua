--- http_client.get
local http_client = require("http_client")
local resp = http_client.get("http://shop.example/orders", { query = { page = 2 } })
print(resp.status_code, resp.headers["Content-Type"])
print(resp.body)
local _, err = http_client.get("http://169.254.169.254/latest/meta-data")
print(err:kind())
--> 200	text/plain
--> GET /orders?page=2
--> PermissionDenied

--- http_client.post
local http_client = require("http_client")
local resp = http_client.post("http://shop.example/orders", { form = { item = "tea & cake" } })
print(resp.body)
--> POST /orders application/x-www-form-urlencoded item=tea+%26+cake

--- http_client.put
local http_client = require("http_client")
local resp = http_client.put("http://shop.example/orders/1", {
  headers = { ["Content-Type"] = "application/json" },
  body = '{"paid":true}',
})
print(resp.body)
--> PUT /orders/1 application/json {"paid":true}

--- http_client.patch
local http_client = require("http_client")
print(http_client.patch("http://shop.example/orders/1", { body = "x", timeout = "5s" }).status_code)
--> 200

--- http_client.delete
local http_client = require("http_client")
local resp = http_client.delete("http://shop.example/orders/1", { auth = { user = "ann", pass = "secret" } })
print(resp.status_code)
--> 200

--- http_client.head
local http_client = require("http_client")
local resp = http_client.head("http://shop.example/orders")
print(resp.status_code, #resp.body)
--> 200	0

--- http_client.request
local http_client = require("http_client")
local resp = http_client.request("PROPFIND", "http://shop.example/orders", { headers = { Depth = "1" } })
print(resp.body)
local _, err = http_client.request("GET", "file:///etc/passwd")
print(err:kind(), err:message())
--> PROPFIND /orders
--> Invalid	a URL begins with http:// or https://, got 'file:'

--- http_client.request_batch
local http_client = require("http_client")
local responses, errors = http_client.request_batch({
  { "GET", "http://shop.example/orders" },
  { "GET", "http://10.0.0.1/" },
})
print(responses[1].body, responses[2])
print(errors[1], errors[2]:kind())
--> GET /orders	false
--> false	PermissionDenied

--- http_client.encode_uri
local http_client = require("http_client")
print(http_client.encode_uri("tea & cake"))
--> tea+%26+cake

--- http_client.decode_uri
local http_client = require("http_client")
print(http_client.decode_uri("tea+%26+cake"))
print(select(2, http_client.decode_uri("100%")):message())
--> tea & cake
--> a '%' is not followed by two hexadecimal digits
