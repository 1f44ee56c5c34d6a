-- These run in the app of ../examples-app.yaml.

--- sql.get
local db = sql.get("app:db")
db:execute("CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, name TEXT)")
db:execute("INSERT OR REPLACE INTO users (id, name) VALUES (?, ?)", { 1, "Ada" })
print(db:query("SELECT name FROM users WHERE id = ?", { 1 })[1].name)
local none, err = sql.get("app:nobody")
print(none, err:kind())
--> Ada
--> nil	NotFound

--- sql.as.int
local db = sql.get("app:db")
print(db:query("SELECT typeof(?) AS t", { sql.as.int("42") })[1].t)
--> integer

--- sql.as.float
local db = sql.get("app:db")
print(db:query("SELECT typeof(?) AS t", { sql.as.float(42) })[1].t)
--> real

--- sql.as.text
local db = sql.get("app:db")
print(db:query("SELECT typeof(?) AS t", { sql.as.text(42) })[1].t)
--> text

--- sql.as.binary
local db = sql.get("app:db")
print(db:query("SELECT typeof(?) AS t", { sql.as.binary("\0\xff") })[1].t)
--> blob

--- sql.as.null
local db = sql.get("app:db")
print(db:query("SELECT typeof(?) AS t", { sql.as.null() })[1].t)
--> null

--- sql.builder.select
local query, values = sql.builder.select("id", "name"):from("users"):where({ name = "Ada" }):order_by("id"):limit(10):to_sql()
print(query, values[1])
--> SELECT id, name FROM users WHERE name = ? ORDER BY id LIMIT 10	Ada

--- sql.builder.insert
local query, values = sql.builder.insert("users"):columns("id", "name"):values(1, "Ada"):to_sql()
print(query, values[1], values[2])
--> INSERT INTO users (id,name) VALUES (?,?)	1	Ada

--- sql.builder.update
local query, values = sql.builder.update("users"):set("name", "Bob"):where({ id = 1 }):to_sql()
print(query, values[1], values[2])
--> UPDATE users SET name = ? WHERE id = ?	Bob	1

--- sql.builder.delete
local query, values = sql.builder.delete("users"):where({ id = 1 }):to_sql()
print(query, values[1])
--> DELETE FROM users WHERE id = ?	1

--- sql.builder.expr
local query, values = sql.builder.select("id"):from("users"):where(sql.builder.expr("length(name) > ?", 3)):to_sql()
print(query, values[1])
--> SELECT id FROM users WHERE length(name) > ?	3

--- sql.builder.eq
local query, values = sql.builder.eq({ id = { 1, 2 } }):to_sql()
print(query, #values)
print((sql.builder.eq({ name = sql.NULL }):to_sql()))
--> id IN (?,?)	2
--> name IS NULL

--- sql.builder.not_eq
print((sql.builder.not_eq({ name = "Ada" }):to_sql()))
--> name <> ?

--- sql.builder.lt
print((sql.builder.lt({ id = 5 }):to_sql()))
--> id < ?

--- sql.builder.lte
print((sql.builder.lte({ id = 5 }):to_sql()))
--> id <= ?

--- sql.builder.gt
print((sql.builder.gt({ id = 5 }):to_sql()))
--> id > ?

--- sql.builder.gte
print((sql.builder.gte({ id = 5 }):to_sql()))
--> id >= ?

--- sql.builder.like
print((sql.builder.like({ name = "A%" }):to_sql()))
--> name LIKE ?

--- sql.builder.not_like
print((sql.builder.not_like({ name = "A%" }):to_sql()))
--> name NOT LIKE ?

--- sql.builder.and_
local both = sql.builder.and_({ sql.builder.gt({ id = 1 }), sql.builder.lt({ id = 5 }) })
print((both:to_sql()))
--> (id > ? AND id < ?)

--- sql.builder.or_
local either = sql.builder.or_({ sql.builder.eq({ id = 1 }), sql.builder.eq({ name = "Ada" }) })
print((either:to_sql()))
--> (id = ? OR name = ?)
