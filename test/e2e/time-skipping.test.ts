// `meta.skip_time`: a test of a flow that waits for a month does not.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownTemporal } from '../support/temporal.js';
import { testResults } from './app-tests.js';
import { TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
let app = '';

const index = `
version: "1.0"
namespace: app
entries:
  - { name: month, kind: workflow.lua, source: file://month.lua, modules: [time, funcs, workflow] }
  - { name: week, kind: workflow.lua, modules: [time], source: "return function() require('time').sleep('168h') end" }
  - { name: one, kind: function.lua, source: "return function() return 1 end" }
  - name: by_workflow
    kind: workflow.lua
    meta: { type: test, skip_time: true, order: 1 }
    modules: [workflow]
    source: |
      return function()
        local month = assert(require("workflow").exec("app:month"))
        assert(month.days == 30 and month.n == 1, month.days)
      end
  - name: by_function
    kind: function.lua
    meta: { type: test, skip_time: true, order: 2 }
    source: |
      return function()
        local month = assert(process.exec("app:month", "skipping"))
        assert(month.days == 30 and month.n == 1, month.days)
      end
`;

const month = `
local time, funcs, workflow = require("time"), require("funcs"), require("workflow")
return function()
  local began = time.now()
  time.sleep("720h")
  local days = time.now():sub(began):hours() / 24
  workflow.exec("app:week")
  return { days = math.floor(days), n = funcs.call("app:one") }
end
`;

beforeAll(async () => {
  await buildOnce();
  app = folders.make({
    'moontide.yaml': 'name: skipping\n',
    'src/_index.yaml': index,
    'src/month.lua': month,
  });
}, 120_000);
afterAll(() => folders.clean());

describe('a test that skips time', () => {
  it('sees a month pass in the runs that it starts and in their children', async () => {
    const { stdout, code } = await cli(['--app', app, '--json', 'test']);
    expect(testResults(stdout).map(({ id, status }) => [id, status])).toEqual([
      ['app:by_workflow', 'passed'],
      ['app:by_function', 'passed'],
    ]);
    expect(code).toBe(0);
  });

  it('says so on a server that does not skip time', async () => {
    await using server = await ownTemporal();
    const { stderr, code } = await cli(['--app', app, '--address', server.address, 'test', 'by_workflow']);
    expect(stderr).toContain('this Temporal server does not skip time');
    expect(code).toBe(3);
  });
});
