// A run that its budget has parked outlives its node: another one takes it up where it was, whoever lets it go on.
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CliProcess, TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
beforeAll(buildOnce);
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

it(
  'goes on by an update, and after its node was killed by a signal, as if nothing had been',
  { timeout: 300_000 },
  async () => {
    const app = folders.make({
      'moontide.yaml': 'name: parked\n',
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
    const hasCalled = async ({ workflow }: Client): Promise<boolean> => {
      const { events } = await workflow.getHandle('p-1').fetchHistory();
      return (events ?? []).some(
        (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'app:double',
      );
    };
    /** Waits until it is parked in the first piece of its work, or, past the call, in the second. */
    const parked = (node: CliProcess, piece: 'first' | 'second'): Promise<void> =>
      connected(node, async (client) => {
        const place = 'PARKED: budget exceeded at work.lua:5: more than 300000 instructions in one step';
        const stack = (): Promise<string> =>
          client.workflow.getHandle('p-1').query<string>('__stack_trace').catch(String);
        while ((await hasCalled(client)) !== (piece === 'second')) await sleep(100);
        while (!(await stack()).startsWith(place)) await sleep(100);
      });

    const first = await start();
    expect((await cli(['--app', app, 'start', 'app:work', '--id', 'p-1'])).code).toBe(0);
    await parked(first, 'first');
    // Through the rest of the first piece, the call, and into the second piece.
    expect(await cli(['--app', app, 'update', 'p-1', 'moontide.resume'])).toMatchObject({ code: 0 });
    await parked(first, 'second');
    first.signal('SIGKILL');
    await first.ended;

    const second = await start();
    await parked(second, 'second');
    expect(await cli(['--app', app, 'send', 'p-1', 'moontide.resume'])).toMatchObject({ code: 0 });
    const result: unknown = await connected(second, ({ workflow }) => workflow.getHandle('p-1').result());
    expect(result).toEqual({ passes: 200_000, doubled: 200_000 });
    second.signal('SIGTERM');
    expect((await second.ended).code).toBe(0);
  },
);
