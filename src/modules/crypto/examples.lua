--- crypto.random.bytes
print(#crypto.random.bytes(32))
local bytes, err = crypto.random.bytes(0)
print(bytes, err:kind(), err:message())
--> 32
--> nil	Invalid	length must be between 1 and 1048576, got 0

--- crypto.random.string
print(crypto.random.string(12, "0123456789"):match("^%d+$") ~= nil)
--> true

--- crypto.random.uuid
print(#crypto.random.uuid())
--> 36

--- crypto.hmac.sha256
print(crypto.hmac.sha256("key", "The quick brown fox jumps over the lazy dog"))
--> f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8

--- crypto.hmac.sha512
print(crypto.hmac.sha512("key", "data"):sub(1, 32))
--> 3c5953a18f7303ec653ba170ae334faf

--- crypto.encrypt.aes
local key = crypto.random.bytes(32)
local sealed = crypto.encrypt.aes("attack at dawn", key, "order 7")
print(#sealed)
print(crypto.decrypt.aes(sealed, key, "order 7"))
--> 42
--> attack at dawn

--- crypto.encrypt.chacha20
local key = crypto.random.bytes(32)
print(crypto.decrypt.chacha20(crypto.encrypt.chacha20("hello", key), key))
--> hello

--- crypto.decrypt.aes
local sealed = crypto.encrypt.aes("hello", ("k"):rep(16))
local plain, err = crypto.decrypt.aes(sealed, ("x"):rep(16))
print(plain, err:kind(), err:message())
--> nil	Internal	decryption failed: wrong key, other associated data, or changed data

--- crypto.decrypt.chacha20
local plain, err = crypto.decrypt.chacha20("too short", ("k"):rep(32))
print(plain, err:message())
--> nil	decryption failed: 9 bytes are less than nonce and tag, 28

--- crypto.jwt.encode
local token = crypto.jwt.encode({sub = "user-1", exp = 4102444800, _header = {kid = "2024"}}, "secret")
print(crypto.jwt.verify(token, "secret").sub)
--> user-1

--- crypto.jwt.verify
local token = crypto.jwt.encode({sub = "user-1"}, "secret")
local claims, err = crypto.jwt.verify(token, "secret")
print(claims, err:kind(), err:message())
print(crypto.jwt.verify(token, "secret", "HS256", false).sub)
--> nil	Internal	the token is refused: it has no exp; pass false as require_exp to take it
--> user-1

--- crypto.pbkdf2
local key = crypto.pbkdf2("password", "salt", 1000, 16)
print((key:gsub(".", function(c) return ("%02x"):format(c:byte()) end)))
--> 632c2812e46d4604102ba7618e9d6d7d

--- crypto.constant_time_compare
print(crypto.constant_time_compare("secret", "secret"), crypto.constant_time_compare("secret", "Secret"))
--> true	false

--- crypto.argon2.hash
local phc = crypto.argon2.hash("correct horse", {memory = 64})
print(phc:match("^%$argon2id%$v=19%$m=64,t=2,p=1%$") ~= nil, #phc)
local none, err = crypto.argon2.hash("x", {memory = 1048576})
print(none, err:kind(), err:message())
--> true	94
--> nil	Invalid	memory must be between 8 and 262144, got 1048576

--- crypto.argon2.verify
local phc = crypto.argon2.hash("correct horse", {memory = 64})
print(crypto.argon2.verify("correct horse", phc), crypto.argon2.verify("wrong horse", phc))
--> true	false

--- crypto.argon2.derive
local key = crypto.argon2.derive("password", "somesalt", {memory = 256, length = 32})
print((key:gsub(".", function(c) return ("%02x"):format(c:byte()) end)))
--> 9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe

--- crypto.bcrypt.hash
local hash = crypto.bcrypt.hash("correct horse", {cost = 4})
print(hash:match("^%$2b%$04%$") ~= nil, #hash)
local none, err = crypto.bcrypt.hash(("x"):rep(73))
print(none, err:message())
--> true	60
--> nil	the password has 73 bytes, and bcrypt reads 72; use crypto.argon2

--- crypto.bcrypt.verify
local hash = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
print(crypto.bcrypt.verify("U*U", hash), crypto.bcrypt.verify("U*", hash))
--> true	false
