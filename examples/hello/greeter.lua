local funcs, time = require("funcs"), require("time")
local function main(name)
    time.sleep("2s") -- durable: kill everything now, it goes on afterwards
    return funcs.call("hello:greet", name)
end
return { main = main }
