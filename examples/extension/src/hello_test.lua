local funcs = require("funcs")

return function()
    local text, err = funcs.call("app:hello", "Ada")
    assert(not err, err)
    assert(text == "Guten Tag, Ada!", text)
end
