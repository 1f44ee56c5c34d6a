// temporal.schedule entries on a real server: set, changed and taken away by nodes, steered by `moontide schedule`.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliProcess, TestFolders, buildOnce, cli } from './cli-process.js';

const folders = new TestFolders();
const HEAD = `
version: "1.0"
namespace: app
entries:
  - name: report
    kind: workflow.lua
    source: "return function(...) return { ... } end"
`;
const TICK = (every: string, more = ''): string => `
  - name: tick
    kind: temporal.schedule
    workflow: report
    args: [{ day: yesterday, n: 3 }, "\${env:HOME}"]
    every: ${every}
${more}`;
const CRON = `
  - name: nightly
    kind: temporal.schedule
    meta: { comment: The report of the day }
    workflow: app:report
    cron: ["0 3 * jan-mar mon-fri", "*/15 0-6 1,15 * *", "0 0 12 * * * 2099", "@weekly"]
    time_zone: Europe/Berlin
    overlap: buffer_one
    jitter: 5m
    start_at: 2026-01-01
    end_at: 2099-01-01T00:00:00+02:00
    limit: 1000
    paused: true
    options:
      run_timeout: 1h
      retry_policy: { maximum_attempts: 2, initial_interval: 10s }
      memo: { team: books }
`;

let app = '';
let node: CliProcess;
let client: Client;
let connection: Connection;

const write = (entries: string): void => writeFileSync(join(app, 'src/_index.yaml'), HEAD + entries);
const described = (entry: string) => client.schedule.getHandle(`clockwork/app:${entry}`).describe();
const schedule = async (...args: string[]): Promise<unknown> => {
  const { code, stdout, stderr } = await cli(['--app', app, '--json', 'schedule', ...args]);
  if (code !== 0) throw new Error(`${String(code)}: ${stderr}`);
  return JSON.parse(stdout) as unknown;
};

async function startNode(): Promise<void> {
  node = new CliProcess(['--app', app, '--json', 'dev']);
  const [ready] = await node.until(/^\{"ready".*$/m, 90_000);
  connection = await Connection.connect({ address: (JSON.parse(ready) as { address: string }).address });
  client = new Client({ connection });
}
async function stopNode(): Promise<void> {
  await connection.close();
  node.signal('SIGTERM');
  await node.ended;
}

beforeAll(async () => {
  await buildOnce();
  app = folders.make({ 'moontide.yaml': 'name: clockwork\n', 'src/_index.yaml': HEAD + TICK('1s') + CRON });
  await startNode();
}, 180_000);
afterAll(async () => {
  await stopNode();
  await folders.clean();
});

describe('schedules of an app', { timeout: 60_000 }, () => {
  it('start their workflow at the set times, with the arguments as they are written', async () => {
    await expect
      .poll(async () => (await described('tick')).info.numActionsTaken, { timeout: 30_000 })
      .toBeGreaterThan(1);
    const [first] = (await described('tick')).info.recentActions;
    const { workflowId, firstExecutionRunId } = first?.action.workflow ?? { workflowId: '' };
    expect(workflowId).toMatch(/^clockwork\/app:tick-/);
    const handle = client.workflow.getHandle(workflowId, firstExecutionRunId);
    expect(await handle.result()).toEqual([{ day: 'yesterday', n: 3 }, '${env:HOME}']);
    const { memo } = await handle.describe();
    expect(memo?.['moontide_schedule']).toMatchObject({ app: 'clockwork', entry: 'app:tick' });
  });

  it('are on the server as their entries say', async () => {
    const { spec, action, policies, state } = await described('nightly');
    expect(spec.calendars).toHaveLength(4);
    expect(spec).toMatchObject({ timezone: 'Europe/Berlin', jitter: 300_000 });
    expect(spec.startAt?.toISOString()).toBe('2026-01-01T00:00:00.000Z');
    expect(spec.endAt?.toISOString()).toBe('2098-12-31T22:00:00.000Z');
    expect(action).toMatchObject({ workflowType: 'app:report', workflowRunTimeout: 3_600_000 });
    expect(action.retry).toMatchObject({ maximumAttempts: 2, initialInterval: 10_000 });
    expect(action.memo).toMatchObject({ team: 'books' });
    expect(policies).toMatchObject({ overlap: 'BUFFER_ONE', pauseOnFailure: false });
    expect(state).toMatchObject({ paused: true, note: 'The report of the day', remainingActions: 1000 });
  });

  it('are listed, paused, resumed, triggered and backfilled by their entry', async () => {
    await schedule('pause', 'app:tick', '--note', 'stock-taking');
    expect((await described('tick')).state).toMatchObject({ paused: true, note: 'stock-taking' });
    expect(await schedule('list')).toMatchObject([
      { schedule: 'app:tick', workflow: 'app:report', state: 'paused', note: 'stock-taking' },
      { schedule: 'app:nightly', state: 'paused', starts: 0 },
    ]);
    await schedule('trigger', 'app:nightly');
    await expect.poll(async () => (await described('nightly')).info.numActionsTaken).toBe(1);
    await schedule(
      'backfill',
      'app:nightly',
      '--from',
      '2026-01-05',
      '--to',
      '2026-01-06',
      '--overlap',
      'allow_all',
    );
    // Monday at 3, in Berlin; neither the 1st nor the 15th, no Sunday.
    await expect
      .poll(async () => (await described('nightly')).info.numActionsTaken, { timeout: 20_000 })
      .toBe(2);
    const { stdout } = await cli(['--app', app, 'schedule', 'list']);
    expect(stdout.split('\n')[0]).toMatch(/^schedule +state +next start +last start +starts +workflow$/);
  });

  it('keep what people did to them over a restart, change with their entry, and go with it', async () => {
    await stopNode();
    await startNode();
    expect((await described('tick')).state).toMatchObject({ paused: true, note: 'stock-taking' });

    write(TICK('10h') + CRON);
    await expect
      .poll(async () => (await described('tick')).spec.intervals?.[0]?.every, { timeout: 20_000 })
      .toBe(36_000_000);
    expect((await described('tick')).state.paused).toBe(true); // the entry leaves it to people
    await schedule('resume', 'app:tick');
    write(TICK('10h', '    paused: true\n') + CRON);
    await expect.poll(async () => (await described('tick')).state.paused, { timeout: 20_000 }).toBe(true);

    write(CRON);
    await expect
      .poll(
        () =>
          described('tick').then(
            () => 'there',
            (error: Error) => error.name,
          ),
        { timeout: 20_000 },
      )
      .toBe('ScheduleNotFoundError');
  });

  it('that lost their entry while no node ran are taken away at the next start; those of others stay', async () => {
    await client.schedule.create({
      scheduleId: 'clockwork/app:by-hand',
      spec: { intervals: [{ every: '10h' }] },
      action: { type: 'startWorkflow', workflowType: 'app:report', taskQueue: 'clockwork' },
    });
    await stopNode();
    write('');
    await startNode();
    await expect
      .poll(
        () =>
          described('nightly').then(
            () => 'there',
            (error: Error) => error.name,
          ),
        { timeout: 20_000 },
      )
      .toBe('ScheduleNotFoundError');
    expect((await described('by-hand')).scheduleId).toBe('clockwork/app:by-hand');
  });

  it('that are asked for wrongly are told with what to do', async () => {
    const told = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await cli(['--app', app, 'schedule', ...args]);
      return `${String(code)} ${stderr.trim()}`;
    };
    write(CRON.replace('nightly', 'other').replace('"@weekly"', '"@weekly"]\n    bad: [1'));
    expect(await told('list')).toMatch(/^2 .*unknown field 'bad'/);
    write(TICK('1h'));
    expect(await told('trigger', 'app:tock')).toBe(
      "2 moontide: there is no entry 'app:tock'; did you mean 'app:tick'?",
    );
    expect(await told('trigger', 'app:report')).toBe(
      "2 moontide: 'app:report' is a workflow.lua; only a temporal.schedule has set times",
    );
    expect(await told('trigger', 'app:tick', '--overlap', 'never')).toMatch(
      /^2 .*--overlap must be one of skip, /,
    );
    expect(await told('backfill', 'app:tick', '--from', 'monday', '--to', '2026-01-02')).toMatch(
      /^2 .*--from is no time: 'monday'/,
    );
    expect(await told('backfill', 'app:tick', '--from', '2026-01-03', '--to', '2026-01-02')).toMatch(
      /^2 .*--to is not after --from/,
    );
  });
});
