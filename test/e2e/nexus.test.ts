// Nexus: one app offers operations, workflows of another call them, on a real server.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '@temporalio/client';
import { dataObject } from '../../src/core/data.js';
import type { Data } from '../../src/core/data.js';
import { dropEndpoint, ensureEndpoint } from '../../src/services/temporal/nexus-endpoints.js';
import { resultOf, signalRun, startRun } from '../../src/temporal/client.js';
import { testTemporal } from '../support/temporal.js';
import type { TestTemporal } from '../support/temporal.js';
import { CliProcess, TestFolders, buildOnce, cli } from './cli-process.js';

const id = randomUUID().slice(0, 8);
const endpoint = `bank-${id}`;

const OPERATIONS = `
      quote: { function: quote }
      refuse: { function: refuse }
      crash: { function: crash }
      flaky: { function: flaky }
      charge: { workflow: charge, workflow_id: 'charge-${id}-{order}' }
      fails: { workflow: fails }`;
const BANK = `
${['quote', 'refuse', 'crash', 'flaky', 'more']
  .map(
    (name) =>
      `  - { name: ${name}, kind: function.lua, source: file://functions.lua, method: ${name}, modules: [store] }`,
  )
  .join('\n')}
  - { name: worker, kind: temporal.worker, task_queue: bank-${id} }
  - { name: seen, kind: store.memory }
  - name: bank
    kind: nexus.service
    endpoint: ${endpoint}
    description: Payments
    worker: worker
    operations:${OPERATIONS}
  - { name: charge, kind: workflow.lua, source: file://charge.lua, meta: { temporal: { workflow: { worker: worker } } } }
  - name: fails
    kind: workflow.lua
    source: 'return function(input) return nil, errors.new({ kind = errors.CONFLICT, message = "already " .. input.state, details = { since = 3 } }) end'
    meta: { temporal: { workflow: { worker: worker } } }
`;
const CHARGE = `
return function(input)
  local selected = channel.select({ process.inbox():case_receive(), process.events():case_receive() })
  if selected.channel == process.events() then return nil, errors.new({ kind = errors.CANCELED, message = "stopped" }) end
  return { order = input.order, paid = input.amount, by = selected.value.payload and "signal" or "signal" }
end`;
const FUNCTIONS = `
local store = require("store")
local M = {}
function M.quote(input) return { total = input.price * input.count, exact = 9007199254740993, text = "gr\\u{fc}n" } end
function M.refuse(input) return nil, errors.new({ kind = errors.INVALID, message = "no such card: " .. input, details = { card = input } }) end
function M.crash() error("out of order") end
function M.flaky(key)
  local seen = assert(store.get("app:seen"))
  local times = (seen:get(key) or 0) + 1
  seen:set(key, times)
  if times < 3 then return nil, errors.new({ kind = errors.UNAVAILABLE, message = "try later", retryable = true }) end
  return times
end
function M.more() return "more" end
return M`;

const CALLER = (body: string): string => `
local funcs, time = require("funcs"), require("time")
return function(...)
  local bank = assert(funcs.nexus("${endpoint}", "bank"))
  ${body}
end`;
const CALLERS: Readonly<Record<string, string>> = {
  quote: 'return bank:call("quote", { price = 2.5, count = 2 })',
  refuse:
    'local _, err = bank:call("refuse", "4711") return { err:kind(), err:message(), err:details().card }',
  crash: 'local _, err = bank:call("crash") return { err:kind(), err:message() }',
  flaky: 'return bank:call("flaky", ...)',
  unknown: 'local _, err = bank:call("steal", 1) return err:kind()',
  charge: 'return bank:with_options({ timeout = "1m" }):call("charge", ...)',
  unnamed: 'local _, err = bank:call("charge", { amount = 1 }) return { err:kind(), err:message() }',
  fails:
    'local _, err = bank:call("fails", { state = "paid" }) return { err:kind(), err:message(), err:details().since }',
  late: 'local _, err = bank:with_options({ timeout = "300ms" }):call("charge", ...) return err:kind()',
  gives_up: `
    local future = bank:async("charge", ...)
    process.inbox():receive()
    future:cancel()
    return future:is_canceled()`,
  wrong: 'local _, err = bank:with_options({ timeuot = 1 }) return err:message()',
  secret: `
    local key = assert(require("env").get("app:key"))
    local _, err = bank:call("quote", { price = key })
    return { err:kind(), err:message() }`,
  nowhere: `return funcs.nexus("nowhere-${id}", "x"):call("y")`,
  more: 'return bank:call("more")',
  fails_or_not: 'local _, err = bank:call("fails", { state = "x" }) return err:kind()',
};
const SHOP = `
  - { name: outside, kind: function.lua, modules: [funcs], source: 'return function() return require("funcs").nexus("x", "y"):call("z") end' }
  - { name: key, kind: env.variable, variable: SHOP_KEY, secret: true, default: s3cret-value }
${Object.keys(CALLERS)
  .map(
    (name) =>
      `  - { name: ${name}, kind: workflow.lua, source: file://${name}.lua, modules: [env, funcs, time] }`,
  )
  .join('\n')}
`;

const INDEX = (entries: string): string => `version: "1.0"\nnamespace: app\nentries:${entries}`;
const folders = new TestFolders();
let server: TestTemporal;
let bank: string;
let shop: string;
let client: Client;
const nodes: CliProcess[] = [];
const at = (app: string, ...args: readonly string[]): readonly string[] => [
  ...['--app', app, '--address', server.address],
  ...args,
];

beforeAll(async () => {
  await buildOnce();
  server = await testTemporal();
  client = server.temporal.client;
  bank = folders.make({
    'moontide.yaml': `name: bank-${id}\n`,
    'src/_index.yaml': INDEX(BANK),
    'src/functions.lua': FUNCTIONS,
    'src/charge.lua': CHARGE,
    'more.yaml': `update: [{ id: app:bank, data: { endpoint: ${endpoint}, description: Payments, worker: app:worker, operations: { more: { function: app:more }, quote: { function: app:quote } } } }]\n`,
  });
  shop = folders.make({
    'moontide.yaml': `name: shop-${id}\n`,
    'src/_index.yaml': INDEX(SHOP),
    ...Object.fromEntries(Object.entries(CALLERS).map(([name, body]) => [`src/${name}.lua`, CALLER(body)])),
  });
  nodes.push(...[bank, shop].map((app) => new CliProcess([...at(app, '--json'), 'run'])));
  await Promise.all(nodes.map((node) => node.until(/^\{"ready"/m, 60_000)));
}, 120_000);
afterAll(async () => {
  for (const node of nodes) node.signal('SIGTERM');
  await Promise.all(nodes.map(({ ended }) => ended));
  await folders.clean();
  await dropEndpoint(server.temporal, endpoint);
  await server[Symbol.asyncDispose]();
}, 60_000);

const start = (name: string, ...args: readonly Data[]) =>
  startRun(client, {
    type: `app:${name}`,
    workflowId: `${name}-${randomUUID()}`,
    taskQueue: `shop-${id}`,
    args,
  });
const run = async (name: string, ...args: readonly Data[]): Promise<readonly Data[]> =>
  resultOf(client, await start(name, ...args));
const statusOf = async (workflowId: string): Promise<string> => {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).status.name;
  } catch {
    return 'NONE';
  }
};
const until = (workflowId: string, status: string) =>
  expect.poll(() => statusOf(workflowId), { timeout: 20_000, interval: 50 }).toBe(status);

describe('an operation', { timeout: 60_000 }, () => {
  it('by a function answers with what Lua returned', async () => {
    expect(await run('quote')).toEqual([
      dataObject({ total: { n: 5 }, exact: 9007199254740993n, text: 'gr\xc3\xbcn' }),
    ]);
  });

  it('fails with the error that Lua gave, whole', async () => {
    expect(await run('refuse')).toEqual([['Invalid', 'no such card: 4711', '4711']]);
    const [crash] = await run('crash');
    expect(crash).toEqual(['Internal', expect.stringContaining('out of order')]);
  });

  it('is tried again by the server while its error may pass', async () => {
    expect(await run('flaky', randomUUID())).toEqual([3]);
  });

  it('that the service does not have is not found', async () => {
    expect(await run('unknown')).toEqual(['NotFound']);
  });

  it('by a workflow lasts as long as the run, whose id the input names; a second call joins it', async () => {
    const order = randomUUID();
    const input = dataObject({ order, amount: 70 });
    const [first, second] = await Promise.all([start('charge', input), start('charge', input)]);
    await until(`charge-${id}-${order}`, 'RUNNING');
    // Both have joined before it goes on.
    await expect
      .poll(
        async () => {
          const events = (ref: typeof first) => client.workflow.getHandle(ref.workflowId).fetchHistory();
          const all = await Promise.all([events(first), events(second)]);
          return all.every(({ events: list }) =>
            list?.some((event) => event.nexusOperationStartedEventAttributes),
          );
        },
        { timeout: 20_000, interval: 50 },
      )
      .toBe(true);
    await signalRun(client, { workflowId: `charge-${id}-${order}` }, 'paid', [1]);
    const paid = dataObject({ order, paid: 70, by: 'signal' });
    expect([await resultOf(client, first), await resultOf(client, second)]).toEqual([[paid], [paid]]);
  });

  it('whose input lacks what the id is made of is refused', async () => {
    expect(await run('unnamed')).toEqual([
      [
        'Invalid',
        `the input has no text or whole number 'order', which the id of the workflow is made of ('charge-${id}-{order}')`,
      ],
    ]);
  });

  it('by a workflow fails as the run failed', async () => {
    expect(await run('fails')).toEqual([['Conflict', 'already paid', 3]]);
  });

  it('that takes too long times out', async () => {
    expect(await run('late', dataObject({ order: randomUUID() }))).toEqual(['Timeout']);
  });

  it('that nobody waits for any more is cancelled, and so is its run', async () => {
    const order = randomUUID();
    const ref = await start('gives_up', dataObject({ order }));
    await until(`charge-${id}-${order}`, 'RUNNING');
    await signalRun(client, ref, 'go', []);
    expect(await resultOf(client, ref)).toEqual([true]);
    await until(`charge-${id}-${order}`, 'CANCELLED');
  });

  it('of a run that is cancelled is cancelled too', async () => {
    const order = randomUUID();
    const ref = await start('charge', dataObject({ order }));
    await until(`charge-${id}-${order}`, 'RUNNING');
    await client.workflow.getHandle(ref.workflowId).cancel();
    await until(`charge-${id}-${order}`, 'CANCELLED');
    await until(ref.workflowId, 'CANCELLED');
  });

  it('takes no secret with it, and no option that is none', async () => {
    expect(await run('secret')).toEqual([
      [
        'Invalid',
        "the input of operation 'quote' has a secret, which stays with its app; have the service read its own",
      ],
    ]);
    expect(await run('wrong')).toEqual(["unknown option 'timeuot'; did you mean 'timeout'?"]);
  });

  it('outside of a workflow is refused, with what to do', async () => {
    expect((await cli(at(shop, 'call', 'app:outside'))).stderr).toContain(
      'operations of Nexus services are called from workflows, which wait for them durably; call it in a workflow.lua, and start that here',
    );
  });

  it('that the registry brings is served without a restart', async () => {
    const applied = await cli(at(bank, 'registry', 'apply', join(bank, 'more.yaml')));
    expect(applied).toMatchObject({ code: 0 });
    // Until the worker is there that knows it, it is not found.
    await expect.poll(() => run('more'), { timeout: 30_000, interval: 100 }).toEqual(['more']);
    expect(await run('fails_or_not')).toEqual(['NotFound']);
  });

  it('behind an endpoint that is not there waits, and doctor says what for', async () => {
    const { workflowId } = await start('nowhere');
    const doctor = async (): Promise<string> => (await cli(at(shop, 'doctor'))).stdout;
    await expect
      .poll(doctor, { timeout: 30_000, interval: 200 })
      .toContain(
        `cure: start the app whose nexus.service has the endpoint 'nowhere-${id}', or make it with \`temporal operator nexus endpoint create\`; the run goes on by itself`,
      );
    await client.workflow.getHandle(workflowId).terminate();
  });

  it('is replayed as it was', async () => {
    const { code, stdout, stderr } = await cli(at(shop, 'replay', '--all'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/\d+ .*replayed/);
  });
});

describe('an endpoint', () => {
  const wanted = { name: `other-${id}`, taskQueue: 'one', description: undefined, app: `app-${id}` };
  const { name } = wanted;
  afterAll(() => dropEndpoint(server.temporal, name));
  const queueOf = async (): Promise<string | null | undefined> =>
    (await server.temporal.connection.operatorService.listNexusEndpoints({ name })).endpoints[0]?.spec?.target
      ?.worker?.taskQueue;

  it('is made, follows its entry, and is left to the app that made it', async () => {
    const { temporal } = server;
    expect(await ensureEndpoint(temporal, wanted)).toBeUndefined();
    expect(await ensureEndpoint(temporal, wanted)).toBeUndefined();
    expect(await ensureEndpoint(temporal, { ...wanted, taskQueue: 'two' })).toBeUndefined();
    expect(await queueOf()).toBe('two');
    expect(await ensureEndpoint(temporal, { ...wanted, app: 'thief' })).toBe(
      `it was made by others and leads to the queue 'two' of the namespace 'default'; give the service another endpoint, or \`temporal operator nexus endpoint update --name ${name} --target-namespace default --target-task-queue one --address ${server.address} --namespace default\``,
    );
    expect(await queueOf()).toBe('two');
  });

  it('that the server refuses is told with the command that makes it', async () => {
    const long = 'x'.repeat(201);
    expect(await ensureEndpoint(server.temporal, { ...wanted, name: long })).toMatch(
      new RegExp(`^make it with \`temporal operator nexus endpoint create --name ${long} .*\` \\(.+\\)$`),
    );
  });
});
