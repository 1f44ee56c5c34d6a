--- uuid.v1
print(uuid.version(uuid.v1()))
--> 1

--- uuid.v3
print(uuid.v3("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com"))
--> 5df41881-3aed-3515-88a7-2f4a814cf09e

--- uuid.v4
local id = uuid.v4()
print(#id, uuid.version(id))
--> 36	4

--- uuid.v5
print(uuid.v5("6ba7b811-9dad-11d1-80b4-00c04fd430c8", "https://example.com/resource"))
--> 1f70cc9d-a4b1-5e16-844a-32742876cc95

--- uuid.v7
local a, b = uuid.v7(), uuid.v7()
print(a < b)
--> true

--- uuid.validate
print(uuid.validate("6ba7b811-9dad-11d1-80b4-00c04fd430c8"), uuid.validate(42))
--> true	false

--- uuid.version
print(uuid.version("6ba7b811-9dad-11d1-80b4-00c04fd430c8"))
--> 1

--- uuid.variant
print(uuid.variant("6ba7b811-9dad-11d1-80b4-00c04fd430c8"))
--> RFC4122

--- uuid.parse
local info = uuid.parse("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
print(info.version, info.timestamp, info.node)
--> 1	886630433	00c04fd430c8

--- uuid.format
print(uuid.format("6BA7B811-9DAD-11D1-80B4-00C04FD430C8", "simple"))
print(uuid.format("6ba7b811-9dad-11d1-80b4-00c04fd430c8", "urn"))
--> 6ba7b8119dad11d180b400c04fd430c8
--> urn:uuid:6ba7b811-9dad-11d1-80b4-00c04fd430c8
