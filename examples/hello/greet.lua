local function greet(name) return "Hello, " .. name .. "!" end
return { greet = greet }
