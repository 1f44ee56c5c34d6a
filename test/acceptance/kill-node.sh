#!/usr/bin/env bash
# Kills the node three times in the middle of 30 runs of 4 steps: every run completes, every row is there once.
source "$(dirname "$0")/common.sh"

cat >"$WORK/app/moontide.yaml" <<'YAML'
name: kill-node
YAML
cat >"$WORK/app/src/_index.yaml" <<'YAML'
version: "1.0"
namespace: app
entries:
  - { name: worker, kind: temporal.worker, task_queue: kill-node }
  - { name: db, kind: db.sql.sqlite, file: .moontide/rows.db }
  - name: run
    kind: workflow.lua
    source: file://run.lua
    modules: [funcs, time]
    meta: { temporal: { workflow: { worker: worker } } }
  - name: step
    kind: function.lua
    source: file://rows.lua
    method: step
    modules: [sql, time]
    meta: { temporal: { activity: { worker: worker } } }
  - { name: rows, kind: function.lua, source: file://rows.lua, method: rows, modules: [sql, time] }
  - { name: start_all, kind: function.lua, source: file://start.lua }
YAML
cat >"$WORK/app/src/run.lua" <<'LUA'
local funcs = require("funcs")
local time = require("time")
local steps = funcs.new():with_options({
    ["activity.start_to_close_timeout"] = "5s",
    ["activity.retry_policy"] = { initial_interval = 100, maximum_interval = 1000 },
})
return function(id)
    for step = 1, 4 do
        local _, err = steps:call("app:step", id, step)
        if err then return nil, err end
        time.sleep("500ms")
    end
    return id
end
LUA
cat >"$WORK/app/src/rows.lua" <<'LUA'
local sql = require("sql")
local time = require("time")
local function open()
    local db, err = sql.get("app:db")
    assert(not err, err)
    local _, failed = db:execute("CREATE TABLE IF NOT EXISTS rows (run TEXT, step INTEGER, PRIMARY KEY (run, step))")
    assert(not failed, failed)
    return db
end
local function step(id, number)
    local db = open()
    time.sleep("100ms")
    local _, err = db:execute("INSERT INTO rows VALUES (?, ?) ON CONFLICT DO NOTHING", { id, number })
    if err then return nil, err end
    return true
end
local function rows()
    local found, err = open():query("SELECT count(*) AS n FROM rows")
    assert(not err, err)
    return found[1].n
end
return { step = step, rows = rows }
LUA
cat >"$WORK/app/src/start.lua" <<'LUA'
return function(count)
    for i = 1, count do
        local id = "run-" .. i
        local _, err = process.with_options({ ["temporal.workflow.id"] = id }):spawn("app:run", "app:worker", id)
        if err then return nil, err end
    end
    return count
end
LUA

say 'a node, and 30 runs on it'
start_node
[ "$(moontide --json call app:start_all 30)" = 30 ] || fail 'not all runs were started'
for kill in 1 2 3; do
  sleep 1
  say "kill -9 number $kill, with $(moontide --json call app:rows) of 120 rows done"
  kill_node
  start_node
done
say 'waiting for all rows'
wait_for 120 120 moontide --json call app:rows
say 'every run is completed'
completed() {
  temporal workflow count --query 'WorkflowType = "app:run" AND ExecutionStatus = "Completed"' | grep -o '[0-9]*' | head -1
}
wait_for 60 30 completed
say 'ok: 30 runs, 120 rows, each once'
