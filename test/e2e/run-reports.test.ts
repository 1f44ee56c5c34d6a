// `moontide inspect` and `moontide doctor` on a real server: what runs wait for, what ails them, and what helps.
import { execFile } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findTemporalBinary } from '../../src/temporal/binary.js';
import { CliProcess, TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
let app = '';
let node: CliProcess;
beforeAll(async () => {
  await buildOnce();
  app = folders.make({
    'moontide.yaml': 'name: reports\n',
    '_index.yaml': INDEX,
    'order.lua': ORDER,
  });
  node = await serve();
}, 180_000);
afterAll(() => folders.clean());

const INDEX = `
version: "1.0"
namespace: app
entries:
  - { name: bank, kind: function.lua, source: "return function() return nil, errors.new({ kind = errors.UNAVAILABLE, message = 'the bank sleeps', retryable = true }) end" }
  - { name: parcel, kind: workflow.lua, source: "return function() process.inbox():receive() end" }
  - name: cart
    kind: workflow.lua
    modules: [workflow]
    source: |
      local workflow = require("workflow")
      return function(total)
        workflow.update("add", function(n) total = total + n return total end)
        process.inbox():receive()
        return total
      end
  - { name: order, kind: workflow.lua, source: file://order.lua, modules: [funcs, time, workflow] }
`;
const ORDER = `local funcs, time, workflow = require("funcs"), require("time"), require("workflow")
return function(id)
  workflow.query("items", function() return {} end)
  workflow.update("add", function() end)
  coroutine.spawn(function() time.sleep("48h") end)
  coroutine.spawn(function() workflow.exec("app:parcel") end)
  local ticks = process.listen("tick")
  local charge = funcs.new():with_options({
    ["activity.retry_policy"] = { initial_interval = 1, backoff_coefficient = 1, maximum_attempts = 100000 },
  })
  charge:call("app:bank", id)
  process.inbox():receive()
end
`;

const run = (...args: string[]) => cli(['--app', app, ...args]);

async function serve(): Promise<CliProcess> {
  const started = new CliProcess(['--app', app, '--json', 'run']);
  await started.until(/"address"/, 60_000);
  return started;
}

interface Report {
  readonly activities: readonly { readonly attempt: number }[];
  readonly children: readonly unknown[];
}

/** Asks until the report holds. */
async function until(args: readonly string[], holds: (report: unknown) => boolean): Promise<unknown> {
  for (let tries = 0; ; tries++) {
    const { stdout } = await run(...args, '--json');
    const report: unknown = JSON.parse(stdout);
    if (holds(report) || tries > 20) return report;
    await sleep(200);
  }
}

it('shows what a run waits for, in Lua and outside of it', { timeout: 120_000 }, async () => {
  expect((await run('start', 'app:order', '"o-1"', '--id', 'i-1')).code).toBe(0);
  for (const n of ['1', '2']) expect((await run('send', 'i-1', 'tick', n)).code).toBe(0);
  const report = await until(
    ['inspect', 'i-1'],
    (it) => ((it as Report).activities[0]?.attempt ?? 0) > 3 && (it as Report).children.length === 1,
  );
  const at = (line: number) => [expect.objectContaining({ chunk: 'order.lua', line })] as unknown;
  expect(report).toMatchObject({
    workflow_id: 'i-1',
    status: 'running',
    task_queue: 'reports',
    served: true,
    program: { entry: 'app:order', registry_version: 1, newest: true },
    activities: [
      { type: 'app:bank', maximum_attempts: 100000, last_failure: 'Unavailable: the bank sleeps' },
    ],
    children: [{ type: 'app:parcel' }],
    state: {
      from: 'the run',
      coroutines: [
        { name: 'main', waits_for: 'funcs.call app:bank', stack: at(11) },
        { name: 'coroutine 1', waits_for: 'time.sleep 48h0m0s', stack: at(5) },
        { name: 'coroutine 2', waits_for: 'workflow.exec app:parcel', stack: at(6) },
      ],
      unread: [
        { topic: 'tick', from: null },
        { topic: 'tick', from: null },
      ],
      queries: ['items'],
      updates: ['add'],
    },
  });
  const { code, stdout } = await run('inspect', 'i-1');
  expect(code).toBe(0);
  for (const pattern of [
    /^i-1: app:order, running for \S+s$/m,
    /^ {2}program {3}[0-9a-f]{12} of registry version 1$/m,
    /^ {4}app:bank .*, attempt \d+ of 100000.*; last failure: Unavailable: the bank sleeps$/m,
    /^ {4}app:parcel-[-0-9a-f]+ \(app:parcel\)$/m,
    /^ {4}time\.sleep 48h0m0s fires in 47h59m\d+s$/m,
    /^ {4}2 messages on 'tick'$/m,
    /^ {4}main waits for funcs\.call app:bank\n {6}at order\.lua:11: in /m,
    /^ {2}queries {3}items$/m,
    /^ {2}updates {3}add$/m,
  ])
    expect(stdout).toMatch(pattern);
  // What nobody declares is refused in one line, without a stack of ours.
  expect(await run('update', 'i-1', 'nope', '1')).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^error: NotFound: .*nope; its updates: add\n$/) as string,
  });
  expect(await run('query', 'i-1', 'nope')).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^error: NotFound: .*nope; its queries: items\n$/) as string,
  });
  expect(await run('inspect', 'nope')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining("there is no workflow 'nope'") as string,
  });
});

it('starts what an update or a message is for, where it does not run yet', { timeout: 120_000 }, async () => {
  const start = ['--start', 'app:cart', '--input', '100'];
  const said = (text: string) => ({ code: 0, stdout: `${text}\n`, stderr: '' });
  expect(await run('update', 'c-1', 'add', '5', ...start)).toEqual(said('105'));
  expect(await run('update', 'c-1', 'add', '6', ...start)).toEqual(said('111'));
  expect(await run('send', 'c-1', 'done', '1', ...start)).toEqual(said("sent 'done' to 'c-1'"));
  expect(await run('send', 'c-2', 'done', '1', ...start)).toEqual(said("sent 'done' to 'c-2'"));
  expect(await run('update', 'c-3', 'add', '5', '--input', '1')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--input is an argument of the workflow that --start names') as string,
  });
  expect(await run('update', 'c-3', 'add', '5', '--start', 'app:crat')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("'app:cart'") as string,
  });
});

it('says which runs do not get on, and what helps', { timeout: 120_000 }, async () => {
  const [, address = ''] = await node.until(/"address":"([^"]+)"/);
  const { path: temporal } = await findTemporalBinary();
  await promisify(execFile)(temporal, [
    ...['workflow', 'start', '--type', 'app:ordr', '--task-queue', 'reports', '--workflow-id', TYPO],
    ...['--address', address],
  ]);
  const report = await until(
    ['doctor'],
    (it) => (it as { problems: readonly unknown[] }).problems.length === 2,
  );
  expect(report).toMatchObject({
    ok: false,
    problems: expect.arrayContaining([
      expect.objectContaining({
        workflow_id: 'i-1',
        problem: 'activity_fails',
        message: expect.stringMatching(
          /^'app:bank' has failed \d+ times: Unavailable: the bank sleeps$/,
        ) as string,
      }),
      expect.objectContaining({
        workflow_id: TYPO,
        entry: 'app:ordr',
        problem: 'unknown_workflow',
        cure: expect.stringContaining("publish a workflow 'app:ordr' (was 'app:order' meant?)") as string,
      }),
    ]) as object,
  });
  const { code, stdout } = await run('doctor');
  expect(code).toBe(1);
  expect(stdout).toMatch(/^it's 2 \(app:ordr\), failed \d+ times: PROGRAM_MISSING: no workflow 'app:ordr' /m);
  expect(stdout).toMatch(/\d runs looked at, 2 problems\n$/);
  expect((await run('inspect', TYPO)).stdout).toMatch(
    /FAILING {3}its task fails, attempt \d+: PROGRAM_MISSING/,
  );
  // The command that it gives works as it stands.
  const [, command = ''] = /end the run: `(temporal workflow terminate .+)`/.exec(stdout) ?? [];
  const path = `${dirname(temporal)}:${process.env['PATH'] ?? ''}`;
  await promisify(execFile)('sh', ['-c', command], { env: { ...process.env, PATH: path } });
  expect((await run('inspect', TYPO)).stdout).toMatch(/^it's 2: app:ordr, terminated/m);
});

/** A start of a type that nobody published, under an id that a shell would not take for one word. */
const TYPO = "it's 2";

it(
  'tells of a run whose program is gone, and where a run is that nobody serves',
  { timeout: 180_000 },
  async () => {
    expect((await run('start', 'app:parcel', '--id', 'i-3')).code).toBe(0);
    await until(['inspect', 'i-3'], (it) => (it as { program: unknown }).program !== null);
    node.signal('SIGKILL'); // the server lives on
    await node.ended;
    const stack = await until(['inspect', 'i-3'], () => true);
    expect(stack).toMatchObject({
      state: { from: 'a replay', coroutines: [{ name: 'main', waits_for: 'a message in the inbox' }] },
    });
    node = await serve();
    node.signal('SIGTERM');
    await node.ended;
    const registry = join(app, '.moontide/registry.db');
    renameSync(registry, join(app, 'away.db'));
    writeFileSync(join(app, '_index.yaml'), INDEX.replace('process.inbox():receive() end', 'end'));
    node = await serve();
    expect((await run('send', 'i-3', 'go')).code).toBe(0);
    const report = await until(['doctor'], (it) =>
      (it as { problems: readonly { problem: string }[] }).problems.some(
        ({ problem }) => problem === 'program_missing',
      ),
    );
    expect(report).toMatchObject({
      problems: expect.arrayContaining([
        expect.objectContaining({
          problem: 'program_missing',
          workflow_id: 'i-3',
          entry: 'app:parcel',
          cure: expect.stringMatching(
            /`temporal workflow reset --workflow-id i-3 .*--reason 'program lost' --address \S+ --namespace default`$/,
          ) as string,
        }),
      ]) as object,
    });
    node.signal('SIGTERM');
    await node.ended;
  },
);
