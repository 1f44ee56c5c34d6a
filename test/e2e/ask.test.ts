// `process.query` and `process.update` of workflows, asked by functions and by other workflows.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
beforeAll(buildOnce);
afterAll(() => folders.clean());

/** The same questions, whoever asks. */
const QUESTIONS = `
      return function()
        local pid = assert(process.spawn("app:cart", "app:worker"))
        assert(process.query(pid, "total") == 0)
        local list, count = process.update(pid, "add", "lamp", 2)
        assert(list[1] == "lamp" and count == 2 and process.query(pid, "total") == 2)
        local _, refused = process.update(pid, "add", "", 1)
        assert(refused:kind() == errors.INVALID and refused:message() == "an item has a name")
        local _, words = process.update(pid, "add", "?", 1)
        assert(words:kind() == errors.INVALID and words:message() == "say what", tostring(words))
        local _, named = process.registry.register("cart", pid)
        assert(named:kind() == errors.INVALID and named:message():find("with_name"), tostring(named))
        local _, failed = process.update(pid, "add", "stone", 99)
        assert(failed:kind() == errors.CONFLICT and not failed:retryable() and failed:details().most == 10)
        local _, acts = process.query(pid, "acts")
        assert(acts:message():find("only looks"), tostring(acts))
        local _, unknown = process.query(pid, "nothing")
        assert(unknown:kind() == errors.NOT_FOUND and unknown:message():find("total"), tostring(unknown))
        local _, undeclared = process.update(pid, "nothing")
        assert(undeclared:kind() == errors.NOT_FOUND and undeclared:message():find("updates: add"), tostring(undeclared))
        assert(process.send(pid, "close"))
        local cart = process.with_options({ ["temporal.workflow.id"] = "cart of " .. process.pid():gsub("[{}|:]", ".") })
        local first, two = cart:with_update("add", "lamp", 2):exec_update("app:cart", "app:worker")
        assert(two == 2 and first[1] == "lamp", tostring(two)) -- it started with that
        local both, five = cart:with_update("add", "mug", 3):exec_update("app:cart", "app:worker")
        assert(five == 5 and #both == 2) -- it was joined
        local _, nameless = cart:with_update("add", "", 1):exec_update("app:cart", "app:worker")
        assert(nameless:kind() == errors.INVALID and nameless:message() == "an item has a name")
        local _, unheard = cart:with_update("nothing"):exec_update("app:cart", "app:worker")
        assert(unheard:kind() == errors.NOT_FOUND and unheard:message():find("updates: add"), tostring(unheard))
        local strict = cart:with_options({ ["temporal.workflow.id_conflict_policy"] = "fail" })
        local _, taken = strict:with_update("add", "mug", 3):exec_update("app:cart", "app:worker")
        assert(taken:kind() == errors.ALREADY_EXISTS, tostring(taken))
        local _, without = cart:exec_update("app:cart", "app:worker")
        assert(without:kind() == errors.INVALID and without:message():find("with_update"), tostring(without))
        local _, unasked = cart:with_update("add", "mug", 3):spawn("app:cart", "app:worker")
        assert(unasked:kind() == errors.INVALID and unasked:message():find("exec_update"), tostring(unasked))
        local _, both_ways = cart:with_message("close"):with_update("add", "mug", 3):exec_update("app:cart", "app:worker")
        assert(both_ways:kind() == errors.INVALID and both_ways:message():find("with_message"), tostring(both_ways))
        assert(cart:with_message("close"):spawn("app:cart", "app:worker"))
        local _, nobody = process.query("{app:worker|nobody}", "total")
        assert(nobody:kind() == errors.NOT_FOUND, tostring(nobody))
        local _, gone = process.update("{app:worker|nobody}", "add", "lamp", 1)
        assert(gone:kind() == errors.NOT_FOUND, tostring(gone))
      end`;

const APP = `
version: "1.0"
namespace: app
entries:
  - name: worker
    kind: temporal.worker
    task_queue: carts
  - name: cart
    kind: workflow.lua
    meta: { temporal: { workflow: { worker: worker } } }
    modules: [workflow, time]
    source: |
      return function()
        local items, total = {}, 0
        workflow.query("total", function() return total end)
        workflow.query("acts", function() time.sleep("1s") end)
        workflow.update("add", {
          validate = function(item) if item == "?" then return false, "say what" end if item == "" then return nil, errors.new({ kind = errors.INVALID, message = "an item has a name" }) end end,
          handle = function(item, n)
            if n > 10 then return nil, errors.new({ kind = errors.CONFLICT, message = "too many", retryable = false, details = { most = 10 } }) end
            items[#items + 1], total = item, total + n
            return items, total
          end,
        })
        process.listen("close"):receive()
      end
  - name: function_asks
    kind: function.lua
    meta: { type: test }
    source: |${QUESTIONS}
  - name: workflow_asks
    kind: workflow.lua
    meta: { type: test, temporal: { workflow: { worker: worker } } }
    source: |${QUESTIONS}
`;

it(
  'answer with all results; errors of updates keep their kind, those of queries their text',
  { timeout: 120_000 },
  async () => {
    const { code, stdout } = await cli(['--app', folders.make({ '_index.yaml': APP }), '--json', 'test']);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; status: string });
    expect({ code, failed: lines.filter(({ status }) => status !== 'passed') }).toEqual({
      code: 0,
      failed: [],
    });
    expect(lines.length).toBeGreaterThanOrEqual(2);
  },
);
