local function equal(actual, expected, what)
    if actual ~= expected then
        error(("%s: expected %s, got %s"):format(what, tostring(expected), tostring(actual)), 2)
    end
end

-- Activities and local activities of the runs that it starts; the mock sees the test's locals, and may wait.
local function by_function()
    local test, seen = require("test"), {}
    test.mock("app:price", function() return 1200 end)
    test.mock("app:charge", function(id, what)
        require("time").sleep("10ms") -- what it waits for passes as ever: time is skipped in runs
        seen[#seen + 1] = id .. " " .. what.amount
        return { receipt = "r-" .. id }
    end)
    local result = assert(process.exec("app:order", "mocks", "o-0"))
    equal(result.charged.receipt, "r-o-0", "receipt")
    equal(table.concat(seen, ","), "o-0 1200", "calls of the mock")
end

local function by_workflow()
    local test, workflow, seen = require("test"), require("workflow"), {}
    test.mock("app:price", function() return 1200 end)
    test.mock("app:charge", function(id, what)
        seen[#seen + 1] = id .. " " .. what.amount
        return { receipt = "r-" .. id }
    end)
    local first = assert(workflow.exec("app:order", "o-1"))
    equal(first.charged.receipt, "r-o-1", "receipt")
    test.restore("app:charge")
    equal(assert(workflow.exec("app:order", "o-2")).charged, "the real bank", "what is restored")
    equal(table.concat(seen, ","), "o-1 1200", "calls of the mock")
end

local function ends_with_its_test()
    equal(require("funcs").call("app:charge", "o"), "the real bank", "a mock of an earlier test")
end

-- An error of the mock is one of the activity: retried where that makes sense.
local function tries_again()
    local attempts = 0
    require("test").mock("app:charge", function()
        attempts = attempts + 1
        if attempts < 3 then
            return nil, errors.new({ kind = errors.UNAVAILABLE, message = "busy", retryable = true })
        end
        return "at last"
    end)
    equal(assert(process.exec("app:order", "mocks", "o-3")).charged, "at last", "the result")
    equal(attempts, 3, "attempts")
end

local function in_process()
    local test, funcs = require("test"), require("funcs")
    local seen
    test.mock("app:charge", function(id, what)
        seen = id .. " " .. what.amount
        return "mocked"
    end)
    equal(funcs.call("app:checkout", "o-4"), "mocked", "through a function")
    equal(seen, "o-4 1", "its arguments")
    test.mock("app:charge", function() error("broken") end)
    local _, err = funcs.call("app:checkout", "o-4")
    assert(err:message():find("tests.lua:%d+: broken"), err:message())
    test.mock("app:charge", function() require("time").sleep("1h") end)
    local _, late = funcs.new():with_options({ timeout = "50ms" }):call("app:charge", "o-5")
    equal(late:kind(), errors.TIMEOUT, "kind of a call that does not end")
end

local function refusals()
    local test = require("test")
    local function kind(id)
        local ok, err = test.mock(id, function() end)
        assert(ok == nil and err, id)
        return err:kind() .. ": " .. err:message()
    end
    equal(kind("app:chargee"), "NotFound: there is no entry 'app:chargee'; did you mean 'app:charge'?", "a typo")
    assert(kind("app:order"):find("^Invalid: 'app:order' is a workflow.lua"), kind("app:order"))
    assert(kind("process.send"):find("^Invalid: 'process.send' is no entry id"), kind("process.send"))
    local ok, wrong = pcall(test.mock, "app:charge", "a text")
    assert(not ok and wrong:find("bad argument #2 to 'mock' %(function expected, got string%)"), wrong)
    equal(require("funcs").call("app:charge", "o"), "the real bank", "after what was refused")
end

return {
    by_function = by_function,
    by_workflow = by_workflow,
    ends_with_its_test = ends_with_its_test,
    tries_again = tries_again,
    in_process = in_process,
    refusals = refusals,
}
