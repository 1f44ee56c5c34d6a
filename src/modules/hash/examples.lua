--- hash.md5
print(hash.md5("data"))
--> 8d777f385d3dfec8815d20f7496026dc

--- hash.sha1
print(hash.sha1("data"))
--> a17c9aaa61e80a1bf71d0d850af4e5baa9800bbd

--- hash.sha256
print(hash.sha256("data"))
print(#hash.sha256("data", true))
--> 3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7
--> 32

--- hash.sha512
print(#hash.sha512("data"))
--> 128

--- hash.hmac_md5
print(hash.hmac_md5("message", "secret"))
--> 7e0d0767775312154ba16fd3af9771a2

--- hash.hmac_sha1
print(hash.hmac_sha1("message", "secret"))
--> 0caf649feee4953d87bf903ac1176c45e028df16

--- hash.hmac_sha256
print(hash.hmac_sha256("message", "secret"))
local signature, err = hash.hmac_sha256("message")
print(signature, err:message())
--> 8b5f48702995c1598c573db1e21866a9b825d4a794d169d7060a03605796360b
--> nil	bad argument #2 to 'hmac_sha256' (string expected, got no value)

--- hash.hmac_sha512
print(#hash.hmac_sha512("message", "secret", true))
--> 64

--- hash.fnv32
print(hash.fnv32("data"))
--> 3631407781

--- hash.fnv64
print(hash.fnv64("data"), hash.fnv64("data") % 16)
--> -8837375942098466299	5
