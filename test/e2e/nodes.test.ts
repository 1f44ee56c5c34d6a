// `moontide run --nodes`: several nodes in processes of their own that share the ports of their servers.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CliProcess, TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
beforeAll(buildOnce, 120_000);
afterAll(() => folders.clean());

const INDEX = `
version: "1.0"
namespace: app
entries:
  - { name: hosts, kind: process.host }
  - { name: each_process, kind: process.lua, source: file://each.lua, method: main, modules: [system] }
  - name: each
    kind: process.service
    process: each_process
    host: hosts
    lifecycle: { auto_start: true, placement: every_node }
  - { name: door, kind: http.service, addr: '127.0.0.1:0', lifecycle: { auto_start: true } }
  - { name: guests, kind: http.router, meta: { server: door } }
  - { name: who, kind: function.lua, source: file://who.lua, modules: [http, system] }
  - { name: who_is_it, kind: http.endpoint, meta: { router: guests }, method: GET, path: /, func: who }
`;

it(
  'runs nodes that share a port, tells each of a signal once, and leaves nothing behind',
  { timeout: 120_000 },
  async () => {
    const folder = folders.make({
      'moontide.yaml': 'name: several\n',
      'src/_index.yaml': INDEX,
      'src/each.lua': `local system = require("system")
      return { main = function()
        print("begin", system.process.pid())
        process.events():receive()
        print("end", system.process.pid())
      end }`,
      'src/who.lua': `local http, system = require("http"), require("system")
      return function() return http.response():write_json({ pid = system.process.pid() }) end`,
    });
    const nodes = new CliProcess(['--app', folder, 'run', '--nodes', '2']);
    await nodes.until(/^begin\t\d+\n[^]*^begin\t\d+$/m, 90_000);
    await nodes.until(/^ready:[^]*^ready:/m, 30_000);
    const pids = [...nodes.stdout.matchAll(/^begin\t(\d+)$/gm)].map(([, pid]) => Number(pid));
    expect(new Set(pids).size).toBe(2);
    expect(pids).not.toContain(nodes.child.pid);

    const url = /listens on (http:\S+)/.exec(nodes.stderr)?.[1] ?? '';
    const answered = new Set<number>();
    while (answered.size < 2) {
      const answer = await fetch(url, { headers: { connection: 'close' } });
      answered.add(((await answer.json()) as { pid: number }).pid);
    }
    expect(answered).toEqual(new Set(pids));
    const { stdout } = await cli(['--app', folder, '--json', 'nodes']);
    const listed = (JSON.parse(stdout) as { nodes: readonly { state: string; node: string }[] }).nodes;
    expect(listed.map(({ node, state }) => `${/\d+$/.exec(node)?.[0]} ${state}`).sort()).toEqual(
      pids.map((pid) => `${pid} serving`).sort(),
    );

    nodes.signal('SIGTERM');
    const ended = await nodes.ended;
    expect(ended.code).toBe(0);
    expect([...ended.stdout.matchAll(/^end\t(\d+)$/gm)].map(([, pid]) => Number(pid)).sort()).toEqual(
      pids.sort(),
    );
  },
);

it('is refused with a number that is none, and with a command', async () => {
  const folder = folders.make({ 'src/_index.yaml': 'version: "1.0"\nnamespace: app\nentries: []\n' });
  const wrong = await cli(['--app', folder, 'run', '--nodes', 'many']);
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    expect.stringContaining("--nodes takes a whole number from 1 to 64, got 'many'") as string,
  ]);
  const command = await cli(['--app', folder, 'run', '--nodes', '2', 'migrate']);
  expect(command.code).toBe(2);
  expect(command.stderr).toContain('--nodes is for nodes that stay up');
});
