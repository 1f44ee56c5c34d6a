local greetings = require("greetings")

local function main(name)
    return greetings.greet("app:german", name or "world")
end

return { main = main }
