--- ctx.get
local value, err = ctx.get("tenant")
print(value, err:kind(), err:message())
print(select(2, ctx.get("")))
--> nil	NotFound	the context has no 'tenant'
--> the key is empty

--- ctx.all
print(next(ctx.all()))
--> nil
