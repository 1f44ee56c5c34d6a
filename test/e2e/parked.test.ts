// A run that its budget has parked outlives its node: another one takes it up where it was, whoever lets it go on.
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CliProcess, TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
beforeAll(buildOnce, 120_000);
afterAll(() => folders.clean());

/** Parks twice: each of its two pieces of work is more than one budget, and less than two. */
const WORKFLOW = `
local funcs = require("funcs")
return function()
  local passes = 0
  local function work() for i = 1, 100000 do passes = passes + 1 end end
  work()
  local doubled = funcs.call("app:double", passes)
  work()
  return { passes = passes, doubled = doubled }
end
`;

it.each(['update', 'signal'] as const)(
  'goes on by %s after its node was killed, as if nothing had been',
  { timeout: 600_000 },
  async (how) => {
    const app = folders.make({
      'moontide.yaml': `name: parked-${how}\n`,
      'work.lua': WORKFLOW,
      '_index.yaml': `
version: "1.0"
namespace: app
entries:
  - { name: double, kind: function.lua, source: "return function(n) return 2 * n end" }
  - name: work
    kind: workflow.lua
    source: file://work.lua
    modules: [funcs]
    budget: { instructions: 300000, on_exceed: park }
`,
    });
    const start = async (): Promise<CliProcess> => {
      const node = new CliProcess(['--app', app, '--json', 'run']);
      await node.until(/"address":"([^"]+)"/, 120_000);
      return node;
    };
    const connected = async <T>(node: CliProcess, ask: (client: Client) => Promise<T>): Promise<T> => {
      const [, address = ''] = await node.until(/"address":"([^"]+)"/);
      const connection = await Connection.connect({ address });
      try {
        return await ask(new Client({ connection }));
      } finally {
        await connection.close();
      }
    };
    const parkedAt = async (node: CliProcess, line: number): Promise<void> => {
      const place = `PARKED: budget exceeded at work.lua:${line}: more than 300000 instructions in one step`;
      await connected(node, async ({ workflow }) => {
        const stack = (): Promise<string> =>
          workflow.getHandle('p-1').query<string>('__stack_trace').catch(String);
        while (!(await stack()).startsWith(place)) await sleep(100);
      });
    };
    const goOn = async (): Promise<void> => {
      const asked = await cli(
        how === 'update'
          ? ['--app', app, 'update', 'p-1', 'moontide.resume']
          : ['--app', app, 'send', 'p-1', 'moontide.resume'],
      );
      expect(asked).toMatchObject({ code: 0 });
    };
    const kill = async (node: CliProcess): Promise<void> => {
      node.signal('SIGKILL');
      await node.ended;
    };

    const first = await start();
    expect((await cli(['--app', app, 'start', 'app:work', '--id', 'p-1'])).code).toBe(0);
    await parkedAt(first, 5);
    await kill(first);

    const second = await start();
    await parkedAt(second, 5);
    await goOn(); // through the rest of the first piece, the call, and into the second piece
    const hasCalled = async (): Promise<boolean> => {
      const { events } = await connected(second, ({ workflow }) => workflow.getHandle('p-1').fetchHistory());
      return (events ?? []).some(
        (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'app:double',
      );
    };
    while (!(await hasCalled())) await sleep(100);
    await parkedAt(second, 5);
    await kill(second);

    const third = await start();
    await parkedAt(third, 5);
    await goOn();
    const result: unknown = await connected(third, ({ workflow }) => workflow.getHandle('p-1').result());
    expect(result).toEqual({ passes: 200_000, doubled: 200_000 });
    third.signal('SIGTERM');
    expect((await third.ended).code).toBe(0);
  },
);
