return {
    tenant_of_activity = function() return require("ctx").get("tenant") end,
    double = function(n) return n * 2 end,
}
