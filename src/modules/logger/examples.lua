--- logger.debug
local logger = require("logger")
print(logger:debug("looked up", { id = "o-1" }))
--> 

--- logger.info
local logger = require("logger")
print(logger:info("order taken", { id = "o-1", items = 2 }))
--> 

--- logger.warn
local logger = require("logger")
print(logger:warn("slow answer", { ms = 1200 }))
--> 

--- logger.error
local logger = require("logger")
print(logger:error("cannot charge", { error = errors.new("declined") }))
--> 

--- logger.with
local logger = require("logger")
local child = logger:with({ request_id = "r-1" })
print(child:info("begun"))
--> 

--- logger.named
local logger = require("logger")
local named = logger:named("orders"):named("payment")
print(named:info("paid"))
local none, err = logger:named("")
print(none, err:kind())
--> 
--> nil	Invalid

--- Logger:debug
local log = logger:named("orders")
log:debug("looked up", { id = "o-1" })

--- Logger:info
local log = logger:named("orders")
log:info("shipped", { id = "o-1" })

--- Logger:warn
local log = logger:named("orders")
log:warn("slow", { id = "o-1" })

--- Logger:error
local log = logger:named("orders")
log:error("lost", { id = "o-1" })

--- Logger:with
local log = logger:named("orders"):with({ id = "o-1" })
log:info("shipped")

--- Logger:named
local log = logger:named("orders"):named("stock")
log:info("reserved")
local none, err = log:named("")
print(none, err:kind())
--> nil	Invalid
