// Search attributes that workflows declare: registered by the start with their types, and done without where that is refused.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
beforeAll(buildOnce);
afterAll(() => folders.clean());

const declares = (attributes: string): string => `
version: "1.0"
namespace: app
entries:
  - name: worker
    kind: temporal.worker
    task_queue: orders
  - name: order
    kind: workflow.lua
    meta:
      temporal:
        workflow: { worker: worker, search_attributes: { ${attributes} } }
    modules: [workflow]
    source: |
      return function(search)
        local ok, err = workflow.attrs({ search = search })
        return ok and "set" or err:message()
      end
  - name: typed
    kind: workflow.lua
    meta: { type: test, order: 1 }
    modules: [workflow]
    source: |
      return function()
        local function set(search) return (assert(workflow.exec("app:order", search))) end
        assert(set({ Due = "2030-01-31T12:00:00Z", Total = 3, Note = "a text" }) == "set")
        assert(set({ Due = "next week" }) == "search attribute 'Due' takes a time such as '2030-01-31T12:00:00Z', got 'next week'")
        assert(set({ Total = "three" }):find("does not take Keyword"))
      end
  - name: without
    kind: workflow.lua
    meta: { type: test, order: 2 }
    source: |
      return function()
        -- of what the server has refused: a start does without it
        return process.with_options({ ["temporal.workflow.search_attributes"] = { L9 = { "x" }, Total = 1 } }):exec("app:order", "app:worker", { Total = 2 }) == "set"
      end
  - name: from_a_function
    kind: function.lua
    meta: { type: test, order: 3 }
    source: |
      return function()
        return process.with_options({ ["temporal.workflow.search_attributes"] = { L9 = { "x", "y" }, Total = 1 } }):exec("app:order", "app:worker", { Total = 2 }) == "set"
      end
`;

// The server's own database has room for few lists: the last ones are refused.
const LISTS = Array.from({ length: 10 }, (_, index) => `L${index}: KeywordList`).join(', ');

it('registers them, and says with which command where it may not', { timeout: 120_000 }, async () => {
  const app = folders.make({ '_index.yaml': declares(`Due: Datetime, Total: Int, Note: Text, ${LISTS}`) });
  const { code, stdout, stderr } = await cli(['--app', app, '--json', 'test']);
  const failed = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; status: string; error?: unknown })
    .filter(({ status }) => status !== 'passed');
  expect({ code, failed }).toEqual({ code: 0, failed: [] });
  expect(stderr).toContain('a search attribute cannot be registered; runs go on without it');
  expect(stderr).toMatch(
    /temporal operator search-attribute create --name L9 --type KeywordList --address \S+ --namespace default/,
  );
});

it('refuses two types for one name, with the place of the second', async () => {
  const two = `${declares('Due: Datetime')}
  - name: other
    kind: workflow.lua
    meta: { temporal: { workflow: { worker: worker, search_attributes: { Due: Text } } } }
    source: "return function() end"
`;
  const { code, stderr } = await cli(['--app', folders.make({ '_index.yaml': two }), 'test']);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(
    /_index\.yaml:\d+:\d+: .*search attribute 'Due' is Text here and Datetime in another workflow/,
  );
});
