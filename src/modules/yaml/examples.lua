--- yaml.encode
local entry = {zebra = 1, alpha = 2, name = "test", kind = "demo"}
for line in yaml.encode(entry, {field_order = {"name", "kind"}, sort_unordered = true}):gmatch("[^\n]+") do print(line) end
local text, err = yaml.encode("no table")
print(text, err:kind())
--> name: test
--> kind: demo
--> alpha: 2
--> zebra: 1
--> nil	Invalid

--- yaml.decode
local config = yaml.decode("server:\n  host: localhost\n  port: 8080\nfeatures: [auth, logging]\n")
print(config.server.host, config.server.port, config.features[2])
local merged = yaml.decode("base: &base {port: 80}\nweb:\n  <<: *base\n  logo: !!binary aGVsbG8=\n")
print(merged.web.port, merged.web.logo)
local data, err = yaml.decode("a: [1, 2")
print(data, err:kind())
--> localhost	8080	logging
--> 80	hello
--> nil	Internal
