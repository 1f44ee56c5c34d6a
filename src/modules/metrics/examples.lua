--- metrics.counter_inc
local metrics = require("metrics")
print(metrics.counter_inc("requests_total", { method = "POST" }))
print(select(2, metrics.counter_inc("requests total")))
--> true
--> 'requests total' is no name of a metric; use letters, digits and '_'

--- metrics.counter_add
local metrics = require("metrics")
print(metrics.counter_add("bytes_total", 1024, { direction = "out" }))
print(select(2, metrics.counter_add("bytes_total", -1)))
--> true
--> a counter only grows, got -1; use a gauge

--- metrics.gauge_set
local metrics = require("metrics")
print(metrics.gauge_set("queue_depth", 42, { queue = "emails" }))
--> true

--- metrics.gauge_inc
local metrics = require("metrics")
print(metrics.gauge_inc("connections", { pool = "db" }))
--> true

--- metrics.gauge_dec
local metrics = require("metrics")
print(metrics.gauge_dec("connections", { pool = "db" }))
--> true

--- metrics.histogram
local metrics = require("metrics")
print(metrics.histogram("duration_seconds", 0.123, { method = "GET" }))
print(select(2, metrics.histogram("duration_seconds", 0 / 0)))
--> true
--> the value is not finite
