// The orders example through the real command line on a real Temporal, which each copy of it brings up for itself.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { resultOf } from '../../src/temporal/client.js';
import { connectTemporal } from '../../src/temporal/connection.js';
import { CliProcess, TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
const running: CliProcess[] = [];

interface Ready {
  readonly ready: boolean;
  readonly address: string;
  readonly ui: string;
  readonly workflows: readonly string[];
}

/** A node of the app that runs until the test ends it. */
function node(command: string, app: string, ...args: string[]): CliProcess {
  const process = new CliProcess(['--app', app, '--json', command, ...args]);
  running.push(process);
  return process;
}
const readyOf = async (process: CliProcess): Promise<Ready> =>
  JSON.parse((await process.until(/^\{.*\}$/m))[0]) as Ready;

const json = async <T>(app: string, ...args: string[]): Promise<T> => {
  const result = await cli(['--app', app, '--json', ...args]);
  if (result.code !== 0)
    throw new Error(`${args.join(' ')}: ${result.code}\n${result.stdout}${result.stderr}`);
  return JSON.parse(result.stdout) as T;
};

/** What a run ends with. */
async function resultAt({ address }: Ready, workflowId: string): Promise<unknown> {
  await using temporal = await connectTemporal({ address });
  const [value] = await resultOf(temporal.client, { workflowId });
  return value;
}

beforeAll(buildOnce);
afterEach(async () => {
  for (const each of running.splice(0)) {
    each.signal('SIGTERM');
    await each.ended;
  }
});
afterAll(() => folders.clean());

describe('the orders example', () => {
  it(
    'runs under dev: start, send, result, call, test, and a second process joins',
    { timeout: 90_000 },
    async () => {
      const app = folders.copy('orders');
      const dev = node('dev', app);
      const ready = await readyOf(dev);
      expect(ready).toMatchObject({ ready: true, workflows: ['orders:order'] });
      expect((await fetch(ready.ui)).ok).toBe(true);

      const started = await json<{ workflow_id: string; task_queue: string }>(
        app,
        'start',
        'orders:order',
        '{"id":"o-1","sku":"mug","quantity":2}',
        '--id',
        'o-1',
      );
      expect(started).toMatchObject({ workflow_id: 'o-1', task_queue: 'orders' });
      await json(app, 'send', 'o-1', 'approve', '{"by":"ada"}');
      expect(await resultAt(ready, 'o-1')).toMatchObject({
        id: 'o-1',
        status: 'shipped',
        approved_by: 'ada',
        charged_cents: 2500,
      });

      const report = await json<{ orders: { id: string; amount_cents: number }[] }>(
        app,
        'call',
        'orders:report',
      );
      expect(report.orders).toMatchObject([{ id: 'o-1', amount_cents: 2500 }]);
      const durable = await json(
        app,
        'call',
        'orders:charge',
        '{"order_id":"o-9","amount_cents":5}',
        '--durable',
      );
      expect(durable).toMatchObject({ amount_cents: 5 });

      const test = await cli(['--app', app, '--json', 'test']);
      const lines = test.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { status: string; suite: string });
      expect({ code: test.code, statuses: lines.map(({ status }) => status) }).toEqual({
        code: 0,
        statuses: Array.from({ length: 6 }, () => 'passed'),
      });
      expect([...new Set(lines.map(({ suite }) => suite))]).toEqual(['orders', 'steps']);
    },
  );

  it('goes on after the node was killed while an order waits', { timeout: 90_000 }, async () => {
    const app = folders.copy('orders');
    const first = node('run', app);
    await readyOf(first);
    await json(app, 'start', 'orders:order', '{"id":"o-1","sku":"lamp"}', '--id', 'o-1');
    first.signal('SIGKILL');
    await first.ended;
    const second = node('run', app);
    const ready = await readyOf(second);
    await json(app, 'send', 'o-1', 'approve', '{"by":"bob"}');
    expect(await resultAt(ready, 'o-1')).toMatchObject({ status: 'shipped', approved_by: 'bob' });
  });

  it('runs a workflow in this process with --wait when nothing else runs', { timeout: 60_000 }, async () => {
    const app = folders.copy('orders');
    const order = '{"id":"o-1","sku":"mug","approve_within":"10ms"}';
    const refused = await cli(['--app', app, 'start', 'orders:order', order]);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toMatch(
      /^moontide: cannot reach Temporal at .*: no Temporal runs for this app; start one with `moontide dev`/,
    );
    expect(await json(app, 'start', 'orders:order', order, '--wait')).toMatchObject({ status: 'cancelled' });
  });

  it('gives the error of a workflow that fails, exit code 1', { timeout: 60_000 }, async () => {
    const app = folders.copy('orders');
    const { code, stderr } = await cli(['--app', app, 'start', 'orders:order', '{}', '--wait']);
    expect(code).toBe(1);
    expect(stderr).toContain('error: Invalid: an order needs at least an id and a sku');
    expect(stderr).toMatch(/order\.lua:\d+: in function/);
  });

  it('fails a test run when a test fails', { timeout: 60_000 }, async () => {
    const app = folders.make({
      'src/_index.yaml': `
version: "1.0"
namespace: app
entries:
  - { name: good, kind: function.lua, source: file://t.lua, method: good, meta: { type: test, suite: b } }
  - { name: raises, kind: function.lua, source: file://t.lua, method: raises, meta: { type: test, suite: a, order: 2 } }
  - { name: says_no, kind: function.lua, source: file://t.lua, method: says_no, meta: { type: test, suite: a, order: 1 } }
  - { name: returns_error, kind: function.lua, source: file://t.lua, method: returns_error, meta: { type: test, suite: a } }
  - { name: slow, kind: function.lua, source: file://t.lua, method: slow, modules: [time], meta: { type: test, suite: c, timeout: 50ms } }
`,
      'src/t.lua': `return {
  good = function() end,
  raises = function() error("it broke") end,
  says_no = function() return false end,
  returns_error = function() return nil, "not good" end,
  slow = function() require("time").sleep("5s") end,
}`,
    });
    const { code, stdout } = await cli(['--app', app, '--json', 'test']);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; status: string; error?: { message: string } });
    expect(lines.map(({ id, status, error }) => [id, status, error?.message])).toEqual([
      ['app:says_no', 'failed', 'the test returned false'],
      ['app:raises', 'failed', 't.lua:3: it broke'],
      ['app:returns_error', 'failed', 'not good'],
      ['app:good', 'passed', undefined],
      ['app:slow', 'failed', "'app:slow' did not end within 50 ms"],
    ]);
    expect(code).toBe(1);
    expect((await cli(['--app', app, 'test', 'good'])).code).toBe(0);
    expect((await cli(['--app', app, 'test', 'nothing-like-it'])).code).toBe(2);
  });

  it('refuses a second app of the same name on one Temporal', { timeout: 90_000 }, async () => {
    const { address } = await readyOf(node('dev', folders.copy('extension')));
    const env = { TEMPORAL_ADDRESS: address };
    const second = await readyOf(node('run', folders.copy('orders'), '--address', address));
    const third = await cli(['--app', folders.copy('orders'), '--json', 'start', 'orders:order', '{}'], {
      env,
    });
    expect(second.address).toBe(address);
    expect(third.code).toBe(2);
    expect(third.stderr).toMatch(/the name 'orders' belongs to the app in '.*' on Temporal .* \(default\)/);
  });

  it('refuses a Temporal that is not there, exit code 3', async () => {
    const app = folders.copy('orders');
    const named = await cli(['--app', app, 'run', '--address', '127.0.0.1:9']);
    expect(named.code).toBe(3);
    expect(named.stderr).toMatch(/^moontide: cannot reach Temporal at '127\.0\.0\.1:9': .*$/m);
    const none = await cli(['--app', app, '--no-embedded', 'run']);
    expect(none.code).toBe(3);
  });
});
