// Commands that run beside a node of the same app, with a folder that was changed since the node published it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliProcess, TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
let app = '';
let node: CliProcess;

const code = (version: string): string => `
local M = {}
function M.version() return "${version}" end
function M.other() return "other" end
function M.flow() return { flow = "${version}", fn = require("funcs").call("app:version") } end
function M.wait() process.inbox():receive() return "${version}" end
function M.test()
  assert(process.spawn("app:wait", "beside"))
  local answer = assert(require("funcs").call("app:start"))
  assert(answer.flow == "${version}" and answer.fn == "${version}", "it ran other code: " .. answer.flow)
end
function M.start() return process.exec("app:flow", "beside") end
return M
`;

const index = `
version: "1.0"
namespace: app
entries:
  - { name: version, kind: function.lua, source: file://code.lua, method: version }
  - { name: start, kind: function.lua, source: file://code.lua, method: start, modules: [funcs] }
  - { name: flow, kind: workflow.lua, source: file://code.lua, method: flow, modules: [funcs] }
  - { name: wait, kind: workflow.lua, source: file://code.lua, method: wait, modules: [funcs] }
  - { name: test, kind: function.lua, source: file://code.lua, method: test, modules: [funcs], meta: { type: test } }
`;

beforeAll(async () => {
  await buildOnce();
  app = folders.make({
    'moontide.yaml': 'name: beside\n',
    'src/_index.yaml': index,
    'src/code.lua': code('old'),
  });
  node = new CliProcess(['--app', app, 'run']);
  await node.until(/^ready/m, 60_000);
  writeFileSync(join(app, 'src/code.lua'), code('new'));
}, 120_000);

afterAll(async () => {
  node.signal('SIGTERM');
  await node.ended;
  await folders.clean();
});

const run = (...args: string[]) => cli(['--app', app, ...args]);

describe('beside a running node', () => {
  it('`call` runs the folder in this process, and the node keeps what it published', async () => {
    expect(await run('call', 'app:version')).toMatchObject({ code: 0, stdout: '"new"\n' });
    const started = await run('--json', 'start', 'app:flow', '--wait');
    expect(JSON.parse(started.stdout)).toEqual({ flow: 'old', fn: 'old' });
  });

  it('`call` that starts a workflow says that the node runs what it published', async () => {
    const { code: exit, stdout, stderr } = await run('--json', 'call', 'app:start');
    expect({ exit, result: JSON.parse(stdout) as unknown }).toEqual({
      exit: 0,
      result: { flow: 'old', fn: 'old' },
    });
    expect(stderr).toMatch(/another node serves this app .* without the changes made since to app:/);
  });

  it('`test` runs the folder, workflows and all, and leaves no run behind', async () => {
    const { code: exit, stdout, stderr } = await run('test');
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout).toContain('1 passed, 0 failed');
    const address = /Temporal (\S+)/.exec(node.stdout)?.[1] ?? '';
    const connection = await Connection.connect({ address });
    try {
      const left: string[] = [];
      for await (const run of new Client({ connection }).workflow.list({
        query: "ExecutionStatus = 'Running'",
      }))
        left.push(run.taskQueue);
      expect(left.filter((queue) => queue !== 'beside')).toEqual([]);
    } finally {
      await connection.close();
    }
    const started = await run('--json', 'start', 'app:flow', '--wait');
    expect(JSON.parse(started.stdout)).toEqual({ flow: 'old', fn: 'old' });
  });

  it('an override changes the process that it is given to, and nothing else', async () => {
    const changed = ['-o', 'app:version:method=other'];
    expect(await run(...changed, 'call', 'app:version')).toMatchObject({ code: 0, stdout: '"other"\n' });
    const refused = await run(...changed, 'start', 'app:flow', '--wait');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(
      "another node serves 'beside', and overrides change the node they are given to",
    );
    const started = await run('--json', 'start', 'app:flow', '--wait');
    expect(JSON.parse(started.stdout)).toEqual({ flow: 'old', fn: 'old' });
  });
});
