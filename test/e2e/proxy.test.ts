// A proxy in the environment is for the way out of the machine, not for the server on it.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:9';
const PROXIES = { http_proxy: NOWHERE, https_proxy: NOWHERE, HTTPS_PROXY: NOWHERE, grpc_proxy: NOWHERE };

beforeAll(buildOnce, 120_000);
afterAll(() => folders.clean());

it('the embedded Temporal serves whatever proxies the environment names', async () => {
  const app = folders.make({
    'moontide.yaml': 'name: proxied\n',
    'src/_index.yaml': `
version: "1.0"
namespace: app
entries:
  - { name: add, kind: function.lua, source: "return function(a, b) return a + b end" }
  - { name: flow, kind: workflow.lua, modules: [funcs], source: "return function(n) return (require('funcs').call('app:add', n, 1)) end" }
`,
  });
  const { stdout, code, stderr } = await cli(['--app', app, '--json', 'start', 'app:flow', '41', '--wait'], {
    env: { ...PROXIES, no_proxy: undefined, NO_PROXY: undefined },
  });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toBe(42);
  expect(code).toBe(0);
});
