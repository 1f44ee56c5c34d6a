// docs/temporal.md: each of its snippets is a test of an app, run on a real server.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
beforeAll(buildOnce);
afterAll(() => folders.clean());

const MODULES = ['activity', 'ctx', 'funcs', 'logger', 'metrics', 'store', 'time', 'uuid', 'workflow'];
const ENTRIES = `
version: "1.0"
namespace: app
entries:
  - { name: worker, kind: temporal.worker, task_queue: main }
  - { name: cache, kind: store.memory }
  - { name: echo, kind: function.lua, source: "return function(...) return ... end" }
  - name: quick
    kind: function.lua
    source: "return function(...) return ... end"
    meta: { temporal: { activity: { worker: worker, local: true } } }
  - { name: tenant, kind: function.lua, modules: [ctx], source: "return function() return require('ctx').get('tenant') end" }
  - { name: slow, kind: function.lua, modules: [time], source: "return function() require('time').sleep('60s') end" }
  - name: refuses
    kind: function.lua
    source: "return function() return nil, errors.new({ kind = errors.INVALID, message = 'no such card' }) end"
  - { name: child, kind: workflow.lua, source: "return function(...) return ... end", meta: { temporal: { workflow: { worker: worker } } } }
  - name: bank
    kind: nexus.service
    endpoint: bank-of-snippets
    worker: worker
    operations: { echo: { function: echo }, child: { workflow: child } }
  - { name: cart, kind: workflow.lua, modules: [workflow], source: file://cart.lua, meta: { temporal: { workflow: { worker: worker } } } }
`;
const CART = `
local workflow = require("workflow")
return function()
  local total, events = 0, process.events()
  workflow.query("total", function() return total end)
  workflow.update("add", function(n) total = total + n return total end)
  coroutine.spawn(function()
    local added = process.listen("add")
    while true do total = total + added:receive() end
  end)
  events:receive()
  return total
end`;

it('shows only what works', { timeout: 120_000 }, async () => {
  const page = '../../scripts/temporal-page.js';
  const { snippets } = (await import(page)) as { snippets: () => Map<string, string> };
  const rows = '../../scripts/temporal-page/rows.js';
  const { inFunctions } = (await import(rows)) as { inFunctions: string[] };
  const files: Record<string, string> = { 'moontide.yaml': 'name: snippets\n', 'src/cart.lua': CART };
  let index = ENTRIES;
  const head = MODULES.map((name) => `local ${name} = require("${name}")`).join('\n');
  const titles = [...snippets().keys()];
  for (const [title, code] of snippets()) {
    const name = title.replaceAll(' ', '_');
    const place = inFunctions.includes(title) ? 'function' : 'workflow';
    index += `  - { name: ${name}, kind: ${place}.lua, source: file://${name}.lua, modules: [${MODULES.join(', ')}], meta: { type: test } }\n`;
    files[`src/${name}.lua`] = `${head}\nreturn function(...)\n${code}\nend\n`;
  }
  const app = folders.make({ ...files, 'src/_index.yaml': index });
  const { stdout, stderr } = await cli(['--app', app, '--json', 'test']);
  const results = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; status: string; error?: unknown });
  expect({
    failed: results.filter(({ status }) => status !== 'passed'),
    stderr: results.length === 1 ? stderr : '',
  }).toEqual({ failed: [], stderr: '' });
  expect(results).toHaveLength(titles.length);
  expect(titles.length).toBeGreaterThan(30);
});
