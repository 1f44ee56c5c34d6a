--- expr.eval
print(expr.eval("1 + 2 * 3"), expr.eval("age >= 18", {age = 21}))
print(expr.eval('name + " is " + status', {name = "Alice", status = "online"}))
print(expr.eval('score > 90 ? "A" : score > 80 ? "B" : "C"', {score = 85}))
print(expr.eval('filter(orders, .total > 10) | map(.id) | join(", ")', {orders = {{id = "a", total = 5}, {id = "b", total = 20}, {id = "c", total = 30}}}))
local value, err = expr.eval("1 +")
print(value, err:kind(), err:message())
--> 7	true
--> Alice is online
--> B
--> b, c
--> nil	Internal	unexpected end at 1:4

--- expr.compile
local valid = expr.compile("len(password) >= 8 and len(password) <= 128")
print(valid:run({password = "short"}), valid:run({password = "securepass123"}))
--> false	true

--- Program:run
local price = expr.compile("price * (1 - discount)")
print(price:run({price = 100, discount = 0.25}), price:run({price = 50, discount = 0.5}))
local value, err = price:run({price = "much", discount = 0})
print(value, err:message())
--> 75.0	25.0
--> nil	cannot calculate string * int
