local workflow = require("workflow")
return function()
    assert(workflow.exec("hello:greeter", "Ada") == "Hello, Ada!")
end
