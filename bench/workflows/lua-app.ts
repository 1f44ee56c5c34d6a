// The Lua side of `npm run bench -- workflows`: the same workflows as peer-workflows.ts, as an app.

export const LUA_QUEUE = 'bench-lua';

export const luaApp: Readonly<Record<string, string>> = {
  'moontide.yaml': 'name: bench\n',
  '_index.yaml': `version: "1.0"
namespace: bench
entries:
  - { name: worker, kind: temporal.worker, task_queue: ${LUA_QUEUE} }
  - name: no_activity
    kind: workflow.lua
    meta: { temporal: { workflow: { worker: worker, name: noActivity } } }
    source: file://bench.lua
    method: no_activity
    modules: [funcs]
  - name: one_activity
    kind: workflow.lua
    meta: { temporal: { workflow: { worker: worker, name: oneActivity } } }
    source: file://bench.lua
    method: one_activity
    modules: [funcs]
  - name: many_steps
    kind: workflow.lua
    meta: { temporal: { workflow: { worker: worker, name: manySteps } } }
    source: file://bench.lua
    method: many_steps
    modules: [funcs]
  - name: waits
    kind: workflow.lua
    meta: { temporal: { workflow: { worker: worker, name: waits } } }
    source: file://bench.lua
    method: waits
    modules: [funcs]
  - name: local_steps
    kind: workflow.lua
    meta: { temporal: { workflow: { worker: worker, name: timedSteps } } }
    source: file://bench.lua
    method: timed_steps
    modules: [funcs]
  - name: quick_tax
    kind: function.lua
    meta: { temporal: { activity: { worker: worker, local: true } } }
    source: file://tax.lua
    method: add_tax
  - name: add_tax
    kind: function.lua
    meta: { temporal: { activity: { worker: worker } } }
    source: file://tax.lua
    method: add_tax
`,
  'bench.lua': `local funcs = require("funcs")

local function total(order)
    local sum, count = 0, 0
    for _, line in ipairs(order.lines) do
        sum = sum + line.quantity * line.price
        count = count + line.quantity
    end
    return { id = order.id, total = sum, count = count }
end

local function no_activity(order)
    return total(order)
end

local function one_activity(order)
    return funcs.call("bench:add_tax", total(order))
end

local function many_steps(order)
    local result, err = total(order)
    for _ = 1, 30 do
        result, err = funcs.call("bench:add_tax", result)
        if err then
            return nil, err
        end
    end
    return result
end

-- Waits for a message with an order in its hands.
local function waits(order)
    local sums = total(order)
    process.inbox():receive()
    return sums
end

local function timed_steps(order, steps)
    local result = total(order)
    for _ = 1, steps do result = funcs.call("bench:quick_tax", result) end
    return result
end

return { waits = waits, timed_steps = timed_steps, no_activity = no_activity, one_activity = one_activity, many_steps = many_steps }
`,
  'tax.lua': `local function add_tax(order)
    order.total = order.total + order.total // 5
    return order
end

return { add_tax = add_tax }
`,
};
