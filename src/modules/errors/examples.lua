--- errors.new
local err = errors.new({ kind = errors.NOT_FOUND, message = "no order o-1", retryable = false, details = { id = "o-1" } })
print(err:kind(), err:message(), err:retryable(), err:details().id)
print(errors.new("it broke"):kind())
--> NotFound	no order o-1	false	o-1
--> Unknown

--- errors.wrap
local cause = errors.new({ kind = errors.TIMEOUT, message = "no answer", retryable = true })
local err = errors.wrap(cause, "cannot charge the card")
print(err, err:kind(), err:retryable())
--> cannot charge the card: no answer	Timeout	true

--- errors.is
local err = errors.new({ kind = errors.CONFLICT, message = "somebody was faster" })
print(errors.is(err, errors.CONFLICT), errors.is(err, errors.NOT_FOUND), errors.is("text", errors.CONFLICT))
--> true	false	false

--- errors.call_stack
local function load() return errors.new("it broke") end
local stack = errors.call_stack(load())
print(#stack.frames > 0, math.type(stack.frames[1].line), errors.call_stack("text"))
--> true	integer	nil

--- error:kind
local err = errors.new({ kind = errors.NOT_FOUND, message = "no order o-1" })
print(err:kind() == errors.NOT_FOUND, err:kind())
--> true	NotFound

--- error:message
local err = errors.new("it broke")
print(err:message(), "told: " .. err)
--> it broke	told: it broke

--- error:retryable
print(errors.new({ message = "busy", retryable = true }):retryable(), errors.new("it broke"):retryable())
--> true	nil

--- error:details
local err = errors.new({ message = "no order", details = { id = "o-1" } })
print(err:details().id, errors.new("it broke"):details())
--> o-1	nil

--- error:stack
local function load() return errors.new("it broke") end
print(type(load():stack()), #load():stack() > 0)
--> string	true
