// process.service entries kept running by nodes of the real command line, and `moontide services`, `service`, `nodes`, `node`.
import { realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SqliteDatabase } from '../../src/registry/store/sqlite-driver.js';
import { lifecycleWorkflowId } from '../../src/temporal/names.js';
import { eventually } from '../supervision/support.js';
import { CliProcess, TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
beforeAll(buildOnce, 120_000);
afterAll(() => folders.clean());

const WORKER = `
local time = require("time")
local ctx = require("ctx")
return {
  main = function(name)
    print("begin", name, ctx.get("fence"))
    while true do
      local event = process.events():receive()
      if event.kind == process.event.CANCEL then
        print("end", name)
        return
      end
    end
  end,
}
`;
/** Says when it woke, each time, under which token. */
const STEPPER = `
local ctx, sql, time = require("ctx"), require("sql"), require("time")
return function()
  local fence, db = ctx.get("fence"), sql.get("app:db")
  while true do
    local woke = time.now():unix_nano() // 1000000
    db:execute("INSERT INTO steps VALUES (?, ?)", { fence, woke })
    time.sleep("10ms")
  end
end
`;
const INDEX = `
version: "1.0"
namespace: app
entries:
  - { name: hosts, kind: process.host }
  - { name: worker_process, kind: process.lua, source: file://worker.lua, method: main, modules: [time, ctx] }
  - name: weak_process
    kind: process.lua
    source: "return { main = function() error('it broke') end }"
    method: main
  - { name: base, kind: process.service, process: worker_process, host: hosts, input: [base], lifecycle: { auto_start: true } }
  - name: top
    kind: process.service
    process: worker_process
    host: hosts
    input: [top]
    lifecycle: { auto_start: true, requires: [base] }
  - { name: asleep, kind: process.service, process: worker_process, host: hosts, input: [asleep] }
  - name: weak
    kind: process.service
    process: weak_process
    host: hosts
    lifecycle: { auto_start: false, restart: { max_attempts: 1, initial_delay: 10ms } }
`;

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly node: string | null;
  readonly life: number;
  readonly failures: number;
  readonly retry_at: number | null;
  readonly reason: string;
}

const make = (name: string, index = INDEX): string =>
  realpathSync(
    folders.make({ 'moontide.yaml': `name: ${name}\n`, 'src/_index.yaml': index, 'src/worker.lua': WORKER }),
  );

async function shown(app: string): Promise<Readonly<Record<string, Shown>>> {
  const { stdout, stderr } = await cli(['--app', app, '--json', 'services']);
  if (!stdout.startsWith('{"services"')) throw new Error(`${stdout}\n${stderr}`);
  const { services } = JSON.parse(stdout) as { services: readonly Shown[] };
  return Object.fromEntries(services.map((each) => [each.id, each]));
}

async function until(
  app: string,
  what: string,
  holds: (services: Readonly<Record<string, Shown>>) => boolean,
): Promise<Readonly<Record<string, Shown>>> {
  let last: Readonly<Record<string, Shown>> = {};
  for (let tries = 0; tries < 60; tries += 1) {
    last = await shown(app);
    if (holds(last)) return last;
  }
  throw new Error(`never came: ${what}; ${JSON.stringify(last)}`);
}

describe.concurrent('services on the command line', { timeout: 240_000 }, () => {
  it('run as their lifecycle says, follow what people ask, and stop in order with the node', async () => {
    const app = make('keeper');
    const node = new CliProcess(['--app', app, 'run']);
    await node.until(/^begin\ttop\t\d+$/m, 90_000);

    const stopped = await cli(['--app', app, '--json', 'service', 'stop', 'app:base']);
    expect(JSON.parse(stopped.stdout)).toMatchObject({
      ok: true,
      services: [{ id: 'app:base', state: 'Stopped' }],
    });
    expect(node.stdout).toMatch(/end\ttop\n[^]*end\tbase\n/);

    // What asks for different things at once is answered each by itself.
    const [started, weak, unknown] = await Promise.all([
      cli(['--app', app, 'service', 'start', 'app:top']),
      cli(['--app', app, '--json', 'service', 'start', 'app:weak']),
      cli(['--app', app, 'service', 'stop', 'app:nobody']),
    ]);
    expect(started).toMatchObject({ code: 0 });
    expect(weak.code).toBe(1);
    expect(unknown).toMatchObject({ code: 1 });
    expect(unknown.stderr).toContain("there is no service 'app:nobody'; `moontide services` lists them");

    const after = await until(app, 'it is given up', (all) => all['app:weak']?.failures === 2);
    expect(after['app:base']?.state).toBe('Running');
    expect(after['app:asleep']).toMatchObject({ state: 'Unknown', node: null });
    const lives = [...node.stdout.matchAll(/^begin\tbase\t(\d+)$/gm)].map(([, life]) => Number(life)); // ctx.get("fence")
    expect(lives).toEqual([after['app:base']!.life - 1, after['app:base']!.life]);
    expect(after['app:weak']).toMatchObject({ state: 'Failed', retry_at: null });
    expect(after['app:weak']?.reason).toMatch(/^Internal: app:weak_process:1: it broke/);

    const [failed, listed] = await Promise.all([
      cli(['--app', app, 'services']),
      cli(['--app', app, '--json', 'nodes']),
    ]);
    expect(failed.code).toBe(1); // one has failed
    const nodes = JSON.parse(listed.stdout) as {
      nodes: readonly { node: string; state: string; services: readonly string[] }[];
    };
    expect(nodes.nodes).toMatchObject([{ state: 'serving', services: ['app:base', 'app:top'] }]);

    const from = node.stdout.length;
    node.signal('SIGTERM');
    const { stdout, code } = await node.ended;
    expect(code).toBe(0);
    expect(stdout.slice(from)).toMatch(/end\ttop\n[^]*end\tbase\n/);
    const gone = await cli(['--app', app, 'services']);
    expect(gone.code).toBe(3);

    // The next node goes on where its supervisor was, and starts in order.
    const next = new CliProcess(['--app', app, 'run']);
    const [, life] = await next.until(/begin\tbase\t(\d+)\n[^]*begin\ttop\t\d+\n/, 90_000);
    expect(Number(life)).toBeGreaterThan(after['app:base']!.life);
    next.signal('SIGTERM');
    await next.ended;
  });

  it('act for the actor of their lifecycle, wherever their calls, processes and runs go', async () => {
    const app = make(
      'agents',
      `
version: "1.0"
namespace: app
entries:
  - { name: hosts, kind: process.host }
  - { name: threads, kind: process.host, host: { workers: 2 } }
  - { name: worker, kind: temporal.worker, task_queue: agents }
  - { name: who, kind: function.lua, modules: [security], source: 'return function() return require("security").actor():id() end' }
  - name: helper
    kind: process.lua
    modules: [security]
    source: 'return function(place) local me = require("security").actor() print(place, me:id(), me:meta().role) end'
  - name: run
    kind: workflow.lua
    meta: { temporal: { workflow: { worker: worker } } }
    modules: [funcs, security]
    source: 'return function() return { require("security").actor():id(), (require("funcs").call("app:who")) } end'
  - name: agent_process
    kind: process.lua
    modules: [funcs, security, workflow]
    source: |
      local funcs, security = require("funcs"), require("security")
      return function(word)
        print("called", word, (funcs.call("app:who")))
        print("durable", (assert(funcs.new():with_options({ durable = true }):call("app:who"))))
        process.spawn("app:helper", "app:hosts", "spawned")
        process.spawn("app:helper", "app:threads", "in a thread")
        local ran = assert(process.exec("app:run", "app:worker"))
        print("run", ran[1], ran[2], security.scope():groups()[1], security.scope():contains("app:mails"))
      end
  - { name: mails, kind: security.policy, groups: [mailers], policy: { actions: "*", resources: "*", effect: allow } }
  - name: agent
    kind: process.service
    process: agent_process
    host: hosts
    input: ["caf\u00e9"]
    lifecycle:
      auto_start: true
      security:
        actor: { id: "service:mailer", meta: { role: mailer } }
        groups: [mailers]
        policies: [mails]
`,
    );
    const node = new CliProcess(['--app', app, 'run']);
    await node.until(/^run\t.*$/m, 90_000);
    await node.until(/^in a thread\t.*$/m);
    expect(
      node.stdout
        .split('\n')
        .filter((line) => line.includes('service:mailer'))
        .sort(),
    ).toEqual([
      'called\tcafé\tservice:mailer',
      'durable\tservice:mailer',
      'in a thread\tservice:mailer\tmailer',
      'run\tservice:mailer\tservice:mailer\tmailers\ttrue',
      'spawned\tservice:mailer\tmailer',
    ]);
    node.signal('SIGTERM');
    expect((await node.ended).code).toBe(0);
  });

  it('trap C: whose node was frozen until their lease was gone run nothing under the old token', async () => {
    const app = make(
      'frozen',
      `
version: "1.0"
namespace: app
entries:
  - { name: hosts, kind: process.host }
  - { name: db, kind: db.sql.sqlite, file: ./steps.db }
  - { name: stepper_process, kind: process.lua, source: file://stepper.lua, modules: [ctx, sql, time] }
  - { name: stepper, kind: process.service, process: stepper_process, host: hosts, lifecycle: { auto_start: true } }
`,
    );
    writeFileSync(join(app, 'src/stepper.lua'), STEPPER);
    using steps = new SqliteDatabase(join(app, 'steps.db'));
    steps.exec('CREATE TABLE steps (fence INTEGER, woke INTEGER)');
    const node = new CliProcess(['--app', app, '--json', 'run']);
    const [ready] = await node.until(/^\{"ready".*$/m, 90_000);
    const { address, pid } = JSON.parse(ready) as { address: string; pid: number };
    const fenceOf = (sql: string): number => Number(steps.get(sql)?.['fence'] ?? 0);
    await eventually('it runs', () => fenceOf('SELECT max(fence) AS fence FROM steps') > 0);
    const connection = await Connection.connect({ address });
    const life = new Client({ connection }).workflow.getHandle(
      lifecycleWorkflowId('frozen', `${hostname()}:${pid}`),
    );
    const isWatched = async (): Promise<boolean> =>
      life.describe().then(
        ({ raw }) =>
          raw.pendingActivities?.some(({ lastHeartbeatTime }) => lastHeartbeatTime != null) === true,
        () => false, // its run is still coming up
      );
    while (!(await isWatched())) await sleep(100);

    node.signal('SIGSTOP');
    const old = fenceOf('SELECT max(fence) AS fence FROM steps');
    for (let isLost = false; !isLost; await sleep(100))
      isLost = ((await life.fetchHistory()).events ?? []).some(
        ({ activityTaskTimedOutEventAttributes: timedOut }) => timedOut != null,
      );
    await connection.close();
    const woke = Date.now();
    node.signal('SIGCONT');
    await eventually('the next life runs', () => fenceOf('SELECT max(fence) AS fence FROM steps') > old);
    expect(steps.get('SELECT count(*) AS n FROM steps WHERE fence <= ? AND woke >= ?', [old, woke])).toEqual({
      n: 0,
    });
    node.signal('SIGTERM');
    await node.ended;
  });

  it('end with two nodes that are told to stop at once, and start again with the next', async () => {
    const each = 'auto_start: true, placement: every_node';
    const app = make(
      'both',
      `
version: "1.0"
namespace: app
entries:
  - { name: hosts, kind: process.host }
  - { name: worker_process, kind: process.lua, source: file://worker.lua, method: main, modules: [time, ctx] }
  - { name: single, kind: process.service, process: worker_process, host: hosts, input: [single], lifecycle: { auto_start: true } }
  - { name: each, kind: process.service, process: worker_process, host: hosts, input: [each], lifecycle: { ${each} } }
  - { name: top, kind: process.service, process: worker_process, host: hosts, input: [top], lifecycle: { ${each}, requires: [each] } }
`,
    );
    const nodes = [new CliProcess(['--app', app, 'run']), new CliProcess(['--app', app, 'run'])];
    await Promise.all(nodes.map((node) => node.until(/^begin\ttop\t\d+$/m, 90_000)));
    for (const node of nodes) node.signal('SIGTERM');
    for (const node of nodes) {
      const { stdout, code } = await node.ended;
      expect(code).toBe(0);
      expect(stdout).toMatch(/end\ttop\n[^]*end\teach\n/);
    }
    const next = new CliProcess(['--app', app, 'run']);
    for (const service of ['single', 'top'])
      await next.until(new RegExp(`^begin\t${service}\t`, 'm'), 90_000);
    next.signal('SIGTERM');
    expect((await next.ended).code).toBe(0);
  });
});
