--- base64.encode
print(base64.encode("Hello, World!"))
print(base64.encode("\0\255"))
--> SGVsbG8sIFdvcmxkIQ==
--> AP8=

--- base64.decode
print(base64.decode("SGVsbG8sIFdvcmxkIQ=="))
local data, err = base64.decode("not base64!")
print(data, err:kind(), err:message())
--> Hello, World!
--> nil	Invalid	invalid base64: byte 0x20 at position 4
