--- env.get
-- _index.yaml: - { name: port, kind: env.variable, variable: PORT, default: 8080 }
local env = require("env")
print(env.get("PORT"), env.get("app:port"))
local none, err = env.get("NOBODY_DECLARED_IT")
print(none, err:kind())
--> 8080	8080
--> nil	NotFound

--- env.set
local env = require("env")
local ok, err = env.set("PORT", "9090") -- its storage is the environment of the process
print(ok, err:kind())
--> nil	PermissionDenied

--- env.get_all
local env = require("env")
for name, value in pairs(env.get_all()) do print(name, value) end
--> PORT	8080
