#!/usr/bin/env bash
# 50 runs wait on one version of their Lua. The Lua is edited, the old file deleted, the node killed, and a fresh node
# publishes the new version: the 50 finish on the code they began with, the next run takes the new one.
source "$(dirname "$0")/common.sh"

cat >"$WORK/app/moontide.yaml" <<'YAML'
name: pinned-runs
YAML
write_index() { # source file of the workflow
  cat >"$WORK/app/src/_index.yaml" <<YAML
version: "1.0"
namespace: app
entries:
  - { name: worker, kind: temporal.worker, task_queue: pinned-runs }
  - name: run
    kind: workflow.lua
    source: file://$1
    meta: { temporal: { workflow: { worker: worker } } }
  - { name: start_all, kind: function.lua, source: file://all.lua, method: start }
  - { name: finish_all, kind: function.lua, source: file://all.lua, method: finish }
YAML
}
write_index first.lua
cat >"$WORK/app/src/first.lua" <<'LUA'
return function()
    local message = process.inbox():receive()
    return "first, " .. message:payload():data()
end
LUA
cat >"$WORK/app/src/all.lua" <<'LUA'
local function id(i) return "run-" .. i end
local function start(count)
    for i = 1, count do
        local _, err = process.with_options({ ["temporal.workflow.id"] = id(i) }):spawn("app:run", "app:worker")
        if err then return nil, err end
    end
    return count
end
-- Sends to each and counts what they end with.
local function finish(count)
    local events, results = process.events(), {}
    for i = 1, count do
        local pid = "{app:worker|" .. id(i) .. "}"
        local _, err = process.monitor(pid)
        if err then return nil, err end
        local _, failed = process.send(pid, "go", "done")
        if failed then return nil, failed end
    end
    for _ = 1, count do
        local result = events:receive().result
        assert(not result.error, result.error)
        results[result.value] = (results[result.value] or 0) + 1
    end
    return results
end
return { start = start, finish = finish }
LUA

say 'a node, and 50 runs that wait'
start_node
[ "$(moontide --json call app:start_all 50)" = 50 ] || fail 'not all runs were started'
# A run is pinned by its first task, which writes its program's hash.
pinned() { temporal workflow count --query 'MoontideProgram IS NOT NULL' | grep -o '[0-9]*' | head -1; }
wait_for 60 50 pinned
say 'edit: another file, the old one deleted; the node is killed, a fresh one publishes'
sed 's/first, /second, /' "$WORK/app/src/first.lua" >"$WORK/app/src/second.lua"
rm "$WORK/app/src/first.lua"
write_index second.lua
kill_node
start_node
grep -q '"registry_version":2' "$WORK/node.out" || fail 'the edit is not registry version 2'
say 'finish the 50'
results=$(moontide --json call app:finish_all 50)
[ "$results" = '{"first, done":50}' ] || fail "the runs ended with $results"
say 'and one more'
moontide start app:run --id next >/dev/null
moontide send next go '"done"' >/dev/null
result=$(temporal workflow result --workflow-id next --output json)
printf '%s\n' "$result" | grep -q '"second, done"' || fail "the new run ended with $result"
say 'ok: 50 runs finished on the code they began with, the next one took the new code'
