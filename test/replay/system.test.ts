// Histories of the platform's own workflows (supervisor, services, lives of nodes) that releases of Moontide have recorded: this
// one must go through each of them. `node scripts/record-histories.js` records those of the present release anew.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { temporal } from '@temporalio/proto';
import { beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/core/logger.js';
import { hostVersion } from '../../src/temporal/bundle.js';
import { historyFromJson, historyToJson } from '../../src/temporal/history-json.js';
import {
  RENEW_SIGNAL,
  SERVICE_COMMAND,
  lifecycleWorkflowId,
  serviceWorkflowId,
  supervisorWorkflowId,
} from '../../src/temporal/names.js';
import { replayRuns } from '../../src/temporal/replay.js';
import type { RecordedRun } from '../../src/temporal/replay.js';
import { installRuntime } from '../../src/temporal/worker.js';
import { testBundle } from '../support/lua-app.js';
import { testTemporal } from '../support/temporal.js';
import { TestApp, eventually, groupOf, spec } from '../supervision/support.js';

const { v1: enums } = temporal.api.enums;
const FOLDER = fileURLToPath(new URL('system-histories', import.meta.url));
const records = process.env['MOONTIDE_RECORD_HISTORIES'] === '1';

const kept = (): RecordedRun[] =>
  readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json'))
    .sort()
    .map((path) => ({
      workflowId: path.replace(/\.json$/, ''),
      history: historyFromJson(readFileSync(join(FOLDER, path), 'utf8')),
    }));

async function outcomes(runs: readonly RecordedRun[]): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  const artifacts = { artifact: () => Promise.resolve(undefined) };
  for await (const { run, outcome } of replayRuns(runs, { bundle: { code: await testBundle() }, artifacts }))
    found[run.workflowId] = outcome.is === 'same' ? 'same' : outcome;
  return found;
}

describe.skipIf(records)('histories of supervision of released versions', () => {
  beforeAll(() => installRuntime(silentLogger));

  it('are gone through as they are recorded', { timeout: 60_000 }, async () => {
    const all = kept();
    expect(all.length).toBeGreaterThan(8);
    expect(await outcomes(all)).toEqual(
      Object.fromEntries(all.map(({ workflowId }) => [workflowId, 'same'])),
    );
  });

  it('are not gone through where the order of what they did is another', { timeout: 60_000 }, async () => {
    const run = kept().find(({ workflowId }) => workflowId.endsWith('/weak-1'));
    const wait = run?.history.events?.find(({ timerStartedEventAttributes: timer }) => timer != null);
    if (run === undefined || wait == null) throw new Error('no history with a delay is kept');
    delete wait.timerStartedEventAttributes;
    wait.eventType = enums.EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED;
    wait.activityTaskScheduledEventAttributes = { activityId: '9', activityType: { name: 'other' } };
    expect(await outcomes([run])).not.toEqual({ [run.workflowId]: 'same' });
  });
});

describe.runIf(records)('the histories of supervision of this release', () => {
  it('are recorded', { timeout: 120_000 }, async () => {
    await using server = await testTemporal();
    const team = { strategy: 'rest_for_one', maxRestarts: 1, withinMs: 60_000 } as const;
    const children = ['app:a', 'app:b', 'app:c'];
    const app = new TestApp(server, [
      spec('app:base'),
      spec('app:top', { requires: ['app:base'] }),
      spec('app:each', { placement: 'every_node', onLostLease: 'keep' }),
      spec('app:weak', { maxAttempts: 1, initialDelayMs: 20 }),
      spec('app:done'),
      ...groupOf('app:team', { ...team, children }, { initialDelayMs: 300 }),
    ]);
    const node = await app.node('one');
    await app.until('all run', (all) => all.every(({ state }) => state === 'Running'));
    const own = children.map((child) => child.slice(4));
    const names = ['base', 'top', 'weak', 'done', ...own];
    const service = (name: string) =>
      app.client.workflow.getHandle(
        serviceWorkflowId(app.name, `app:${name}`, name === 'each' ? 'one' : undefined),
      );
    // Lives are there before their runs.
    for (const name of [...names, 'each'])
      while (
        !(await service(name)
          .describe()
          .then(Boolean, () => false))
      )
        await sleep(50);
    app.life('app:done').end({ ok: true, values: [] });
    await app.untilState('app:done', 'Exited');
    for (const n of [1, 2]) {
      await eventually(`life ${n}`, () => app.livesOf('app:weak').length === n);
      app.life('app:weak').fail(`failure ${n}`);
    }
    await app.untilGivenUp('app:weak');
    await app.supervisor.change('restart', 'app:base');
    for (const n of [1, 2]) {
      await eventually(`life ${n}`, () => app.livesOf('app:c').length === n && !app.life('app:c').isOver);
      await app.untilState('app:team', 'Running');
      if (n === 2) await app.supervisorHandle.signal(RENEW_SIGNAL);
      await sleep(500);
      app.life('app:b').fail(`failure ${n}`);
    }
    await eventually('the group is tried again', () => app.livesOf('app:c').length === 3);
    await app.untilState('app:team', 'Running');
    await service('top').signal(SERVICE_COMMAND, { verb: 'renew' });
    app.life('app:top').fail('renewed');
    await eventually('it runs again', () => !app.life('app:top').isOver);
    await app.untilState('app:top', 'Running');
    await app.supervisor.change('stop', 'app:team');
    await node.stop();

    const folder = join(FOLDER, await hostVersion());
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const keep = async (name: string, workflowId: string): Promise<void> => {
      const chain: string[] = [];
      for (let runId: string | undefined; ;) {
        const history = await app.client.workflow.getHandle(workflowId, runId).fetchHistory();
        chain.unshift(JSON.stringify(JSON.parse(historyToJson(history))));
        const before =
          history.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId ?? '';
        if (before === '') break;
        runId = before;
      }
      for (const [at, text] of chain.entries())
        writeFileSync(join(folder, `${name}-${at + 1}.json`), `${text}\n`);
    };
    await keep('supervisor', supervisorWorkflowId(app.name));
    await keep('lifecycle', lifecycleWorkflowId(app.name, 'one'));
    await keep('each', serviceWorkflowId(app.name, 'app:each', 'one'));
    for (const name of names) await keep(name, serviceWorkflowId(app.name, `app:${name}`, undefined));
  });
});
