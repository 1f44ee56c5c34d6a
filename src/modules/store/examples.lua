--- store.get
local cache = assert(store.get("app:cache"))
print(cache)
local _, err = store.get("app:nowhere")
print(err:kind())
--> store.Store(app:cache)
--> NotFound

--- Store:get
local cache = store.get("app:cache")
cache:set("user:ada", { name = "Ada" })
print(cache:get("user:ada").name)
local _, err = cache:get("user:bob")
print(err:kind(), err:message())
--> Ada
--> NotFound	the key 'user:bob' is not there

--- Store:entry
local cache = store.get("app:cache")
cache:set("limit", 10)
local entry = cache:entry("limit")
print(entry.key, entry.value, type(entry.version))
--> limit	10	string

--- Store:set
local cache = store.get("app:cache")
print(cache:set("session:1", { user = "ada" }, 3600)) -- an hour
local _, err = cache:set("session:1", nil)
print(err:message())
--> true
--> nil cannot be stored; delete the key instead

--- Store:put
local cache = store.get("app:cache")
cache:delete("lock")
print(cache:put("lock", "me", { only_if_absent = true, ttl = 30 }).value)
local _, err = cache:put("lock", "you", { only_if_absent = true })
print(err:kind())
local seen = cache:entry("lock")
print(cache:put("lock", "still me", { if_version = seen.version }).value)
_, err = cache:put("lock", "you", { if_version = seen.version })
print(err:kind())
--> me
--> AlreadyExists
--> still me
--> Conflict

--- Store:list
local cache = store.get("app:cache")
for index, fruit in ipairs({ "apple", "cherry", "plum" }) do cache:set("fruit:" .. fruit, index) end
local page = cache:list({ prefix = "fruit:", limit = 2 })
print(#page.items, page.items[1].key, page.has_more)
page = cache:list({ prefix = "fruit:", after = page.cursor })
print(#page.items, page.items[1].key, page.has_more)
--> 2	fruit:apple	true
--> 1	fruit:plum	false

--- Store:has
local cache = store.get("app:cache")
cache:set("seen", true)
print(cache:has("seen"), cache:has("unseen"))
--> true	false

--- Store:delete
local cache = store.get("app:cache")
cache:set("old", 1)
print(cache:delete("old"), cache:delete("old"))
--> true	false

--- Store:info
local info = store.get("app:cache"):info()
print(info.id, info.backend == store.backend.MEMORY, info.conditional_put, info.durable)
--> app:cache	true	true	false

--- Store:release
local cache = store.get("app:cache")
print(cache:release(), cache:release())
local _, err = cache:get("user:ada")
print(err:message())
--> true	false
--> the store 'app:cache' was released; get it again
