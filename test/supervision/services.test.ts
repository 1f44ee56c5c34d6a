// Services as durable workflows on a real Temporal: order, restarts, commands, runs that go on as new, nodes that come and go.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  NODE_BEGAN,
  NODE_TOLD,
  RENEW_SIGNAL,
  SERVICE_COMMAND,
  SERVICE_NEWS,
  SERVICE_TOLD,
  lifecycleWorkflowId,
  serviceWorkflowId,
} from '../../src/temporal/names.js';
import { testTemporal } from '../support/temporal.js';
import type { TestTemporal } from '../support/temporal.js';
import type { NodeSupervision } from '../../src/services/supervision/node-supervision.js';
import { times } from '../faults/scale.js';
import { TestApp, eventually, groupOf, spec } from './support.js';

let temporal: TestTemporal;
/** Most tests share one node: a node costs more than what they do on it. Each has services of its own. */
let shared: TestApp;
let sharedNode: NodeSupervision;
beforeAll(async () => {
  temporal = await testTemporal();
  shared = new TestApp(temporal, SHARED);
  sharedNode = await shared.node('one');
});
afterAll(async () => {
  await shared[Symbol.asyncDispose]();
  await temporal[Symbol.asyncDispose]();
});

const asleep = { autoStart: false };
const SHARED = [
  spec('app:weak', { maxAttempts: 2, initialDelayMs: 300, ...asleep }),
  spec('app:done', asleep),
  spec('app:wrong', asleep),
  spec('app:slow', { startTimeoutMs: 200, maxAttempts: 1, initialDelayMs: 1, ...asleep }),
  spec('app:base', asleep),
  spec('app:middle', { requires: ['app:base'], ...asleep }),
  spec('app:top', { requires: ['app:middle'], ...asleep }),
  spec('app:other', asleep),
  spec('app:late', { requires: ['app:middle'], ...asleep }),
  ...groupOf(
    'app:team',
    {
      strategy: 'one_for_all',
      maxRestarts: 1,
      withinMs: 60_000,
      children: ['app:team_a', 'app:team_b', 'app:team_c'],
    },
    { initialDelayMs: 2000, maxDelayMs: 2000, ...asleep },
  ),
];

const LONG = times(60_000, 600_000);
const RENEWALS = times(2, 20);

// One after the other: together they keep the node so busy that it loses its leases where the machine is busy too.
describe('services', { timeout: LONG }, () => {
  it('go on whatever signals anybody sends to their runs', async () => {
    await shared.supervisor.change('start', 'app:other');
    const serviceHandle = shared.client.workflow.getHandle(serviceWorkflowId(shared.name, 'app:other'));
    const nothing = [null, [], 7, 'x', {}, [null]];
    for (const value of [...nothing, { id: 'app:other', seq: 1e9, machine: null }])
      await shared.supervisorHandle.signal(SERVICE_TOLD, value);
    for (const value of [...nothing, { node: 'one', state: 'left', stopped: [null] }])
      await shared.supervisorHandle.signal(NODE_TOLD, value);
    for (const value of [...nothing, { node: 'one', queue: 'q', lives: [null] }])
      await shared.supervisorHandle.signal(NODE_BEGAN, value);
    for (const value of [...nothing, { verb: 'granted' }, { verb: 'settings', spec: null }])
      await serviceHandle.signal(SERVICE_COMMAND, value);
    for (const value of [...nothing, { token: null }]) await serviceHandle.signal(SERVICE_NEWS, value);
    await shared.supervisor.change('restart', 'app:other');
    await shared.until('it runs again', (all) =>
      all.some(({ id, state }) => id === 'app:other' && state === 'Running'),
    );
    for (const handle of [shared.supervisorHandle, serviceHandle]) {
      const { events } = await handle.fetchHistory();
      expect(
        events?.flatMap(({ workflowTaskFailedEventAttributes: failed }) => failed?.failure?.message ?? []),
      ).toEqual([]);
    }
    await shared.supervisor.change('stop', 'app:other');
  });

  it('start after what they require, all of a level together, and stop in reverse', async () => {
    // Each requires two of the level below.
    const levels = times([3, 3, 2], [8, 8, 8, 6, 6, 4]);
    const count = levels.reduce((sum, level) => sum + level, 0);
    const names = levels.map((width, level) => Array.from({ length: width }, (_, n) => `app:l${level}_${n}`));
    const services = names.flatMap((level, at) =>
      level.map((id, n) =>
        spec(id, {
          requires:
            at === 0
              ? []
              : [names[at - 1]![n % levels[at - 1]!]!, names[at - 1]![(n + 1) % levels[at - 1]!]!],
        }),
      ),
    );
    await using app = new TestApp(temporal, services);
    const node = await app.node('one');
    await app.until(
      'all run',
      (all) => all.length === count && all.every(({ state }) => state === 'Running'),
    );
    const order = (state: string): string[] =>
      app.changes.filter((change) => change.state === state).map(({ id }) => id);
    const started = order('Starting');
    const running = order('Running');
    expect(running).toHaveLength(count);
    const at = (list: readonly { id: string; state: string }[], id: string, state: string): number =>
      list.findIndex((change) => change.id === id && change.state === state);
    for (const { id, requires } of services)
      for (const required of requires)
        expect(at(app.changes, required, 'Running'), `${required} runs before ${id} starts`).toBeLessThan(
          at(app.changes, id, 'Starting'),
        );
    // One level at a time begins together: the second of it does not wait for the first.
    expect(new Set(started.slice(0, levels[0]))).toEqual(new Set(names[0]));

    await node.stop();
    const stopped = app.changes.filter(({ state }) => state === 'Stopped');
    expect(stopped).toHaveLength(count);
    for (const { id, requires } of services)
      for (const required of requires)
        expect(at(app.changes, id, 'Stopped'), `${id} has stopped before ${required} stops`).toBeLessThan(
          at(app.changes, required, 'Stopping'),
        );
    expect(app.lives.every(({ isOver }) => isOver)).toBe(true);
  });

  it('start again after a failure, later each time, and not at all when max_attempts is used up', async () => {
    const app = shared;
    await app.supervisor.change('start', 'app:weak');
    for (const n of [1, 2, 3]) {
      await eventually(`life ${n}`, () => app.livesOf('app:weak').length === n);
      app.life('app:weak').fail(`failure ${n}`);
    }
    await app.untilGivenUp('app:weak');
    expect(await app.view('app:weak')).toMatchObject({ attempts: 3, reason: 'Internal: failure 3' });
    const [first, second, third] = app.livesOf('app:weak').map(({ fence }) => fence);
    expect([second, third]).toEqual([first! + 1, first! + 2]);
    // Somebody starts it by hand: it begins anew.
    await app.supervisor.change('start', 'app:weak');
    expect(await app.view('app:weak')).toMatchObject({ state: 'Running', attempts: 0, token: first! + 3 });
  });

  it('are not started again after they returned, or failed for good', async () => {
    const app = shared;
    const services = ['app:done', 'app:wrong'];
    await Promise.all(services.map((id) => app.supervisor.change('start', id)));
    app.life('app:done').end({ ok: true, values: [] });
    app.life('app:wrong').fail('never right', false);
    for (const id of services) await app.untilState(id, 'Exited');
    expect((await app.view('app:wrong')).reason).toBe('Internal: never right');
    for (const id of services) expect(app.livesOf(id)).toHaveLength(1);
  });

  it('whose start takes too long have failed, and one that does not stop is ended by force', async () => {
    const app = shared;
    app.onStart = (id, signal) =>
      id === 'app:slow'
        ? new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
        : undefined;
    await app.supervisor.change('start', 'app:slow');
    await app.untilGivenUp('app:slow');
    expect((await app.view('app:slow')).reason).toContain(
      "service 'app:slow' did not start within 200 ms; raise its lifecycle.start_timeout",
    );
    expect(app.livesOf('app:slow').every(({ isOver }) => isOver)).toBe(true); // what came too late was ended
  });

  it('are stopped with what requires them, started with what they require, and refused by a name that is none', async () => {
    const app = shared;
    await Promise.all(['app:top', 'app:other'].map((id) => app.supervisor.change('start', id)));
    await app.supervisor.change('stop', 'app:middle');
    const states = async (): Promise<Record<string, string>> =>
      Object.fromEntries(((await app.supervisor.services()) ?? []).map(({ id, state }) => [id, state]));
    expect(await states()).toMatchObject({
      'app:base': 'Running',
      'app:middle': 'Stopped',
      'app:top': 'Stopped',
      'app:other': 'Running',
      'app:late': 'Unknown',
    });
    await app.supervisor.change('start', 'app:late');
    expect(await states()).toMatchObject({
      'app:middle': 'Running',
      'app:late': 'Running',
      'app:top': 'Stopped',
    });
    const before = app.life('app:base');
    await app.supervisor.change('restart', 'app:base');
    expect(before.isOver).toBe(true);
    expect(await states()).toMatchObject({
      'app:base': 'Running',
      'app:middle': 'Running',
      'app:late': 'Running',
      'app:top': 'Stopped',
    });
    await expect(app.supervisor.change('stop', 'app:nobody')).rejects.toThrow(
      "there is no service 'app:nobody'; `moontide services` lists them",
    );
  });

  it(`notice nothing of ${RENEWALS} runs that go on as new, of the supervisor and of each service`, async () => {
    await using app = new TestApp(temporal, [spec('app:steady'), spec('app:busy', { initialDelayMs: 1 })]);
    await app.node('one');
    await app.until('both run', (all) => all.every(({ state }) => state === 'Running') && all.length === 2);
    const steady = app.life('app:steady');
    const busy = app.client.workflow.getHandle(serviceWorkflowId(app.name, 'app:busy'));
    const runOf = async (handle: typeof busy): Promise<string> => (await handle.describe()).runId;
    // A life may be there before its run is.
    const isThere = async (): Promise<boolean> => runOf(busy).then(Boolean, () => false);
    while (!(await isThere())) await sleep(50);
    const goneOn = async (handle: typeof busy, from: string): Promise<void> => {
      for (let tries = 0; (await runOf(handle)) === from; tries += 1) {
        if (tries === 600) throw new Error(`${handle.workflowId} did not go on as new`);
        await sleep(50);
      }
    };
    for (let n = 1; n <= RENEWALS; n += 1) {
      const [supervisorRun, busyRun] = await Promise.all([runOf(app.supervisorHandle), runOf(busy)]);
      await app.supervisorHandle.signal(RENEW_SIGNAL);
      await busy.signal(SERVICE_COMMAND, { verb: 'renew' });
      const life = app.life('app:busy');
      life.fail(`failure ${n}`);
      await Promise.all([goneOn(app.supervisorHandle, supervisorRun), goneOn(busy, busyRun)]);
      await eventually(`life ${n + 1}`, () => app.life('app:busy') !== life);
      await app.untilState('app:busy', 'Running');
    }
    const fences = app.livesOf('app:busy').map(({ fence }) => fence);
    expect(fences).toEqual(fences.map((_fence, at) => fences[0]! + at));
    expect(steady.isOver).toBe(false);
    expect(app.livesOf('app:steady')).toHaveLength(1);
    expect(await app.view('app:busy')).toMatchObject({ attempts: RENEWALS });
  });

  it('of a group start again together, until it gives up, and that outlives its supervisor', async () => {
    const app = shared;
    const team = ['app:team_a', 'app:team_b', 'app:team_c'];
    const lives = (count: number): boolean =>
      team.every((id) => app.livesOf(id).length === count && !app.life(id).isOver);
    await app.supervisor.change('start', 'app:team');
    expect(lives(1)).toBe(true);
    const from = app.changes.length;
    app.life('app:team_b').fail('it broke');
    await eventually('all have a second life', () => lives(2));
    const order = app.changes
      .slice(from)
      .filter(({ id, state }) => team.includes(id) && state !== 'Stopping')
      .map(({ id, state }) => `${id} ${state}`);
    expect(order).toEqual([
      'app:team_b Failed',
      'app:team_c Stopped',
      'app:team_a Stopped',
      ...team.flatMap((id) => [`${id} Starting`, `${id} Running`]),
    ]);
    await app.until('the group knows', (all) =>
      all.some(({ id, state }) => id === 'app:team' && state === 'Running'),
    );
    const { runId } = await app.supervisorHandle.describe();
    await app.supervisorHandle.signal(RENEW_SIGNAL);
    while ((await app.supervisorHandle.describe()).runId === runId) await sleep(50);
    app.life('app:team_a').fail('it broke again');
    await app.until('it gives up', (all) =>
      all.some(({ id, state }) => id === 'app:team' && state === 'Failed'),
    );
    expect((await app.view('app:team')).reason).toBe(
      'app:team_a failed again, and max_restarts is 1 within 60000 ms: Internal: it broke again',
    );
    await eventually('none is left', () => team.every((id) => app.life(id).isOver));
    await eventually('it starts again by itself', () => lives(3));
    await app.supervisor.change('stop', 'app:team');
    expect(
      app.changes
        .filter(({ id, state }) => state === 'Stopped' && team.includes(id))
        .slice(-3)
        .map(({ id }) => id),
    ).toEqual(team.toReversed());
    // Which no life of its own tells.
    const heard = (): string[] =>
      app.changes.slice(from).flatMap(({ id, state }) => (id === 'app:team' ? [state] : []));
    await eventually('the node hears how the group is', () => heard().at(-1) === 'Stopped');
    const told = heard().filter((state, at, all) => state !== all[at - 1]); // one may be told again by the next run
    expect(told.filter((state) => state === 'Failed' || state === 'Stopped')).toEqual(['Failed', 'Stopped']);
    expect(app.changes.find(({ id, state }) => id === 'app:team' && state === 'Failed')?.reason).toContain(
      'app:team_a failed again, and max_restarts is 1',
    );
  });

  it('come and go with the registry', async () => {
    const app = shared;
    app.services = [...SHARED, spec('app:old'), spec('app:same')];
    app.version = 2;
    await sharedNode.declare();
    for (const id of ['app:old', 'app:same']) await app.untilState(id, 'Running');
    app.services = [...SHARED, spec('app:new', { requires: ['app:same'] }), spec('app:same')];
    app.version = 3;
    await sharedNode.declare();
    await app.untilState('app:new', 'Running');
    await app.until('the old one is gone', (all) => all.every(({ id }) => id !== 'app:old'));
    expect(app.life('app:old').isOver).toBe(true);
    expect(app.livesOf('app:same')).toHaveLength(1);
  });

  it('go on when who watches their node has ended: it joins again until somebody does', async () => {
    await using app = new TestApp(temporal, [spec('app:watched')]);
    await app.node('one');
    const watch = app.client.workflow.getHandle(lifecycleWorkflowId(app.name, 'one'));
    const isWatched = async (): Promise<boolean> =>
      watch.describe().then(
        ({ status, raw }) =>
          status.name === 'RUNNING' &&
          raw.pendingActivities?.some(({ lastHeartbeatTime }) => lastHeartbeatTime != null) === true,
        () => false, // its run is still coming up
      );
    while (!(await isWatched())) await sleep(50);
    const life = app.life('app:watched');
    await watch.terminate('it is lost');
    await eventually('its life has ended, as its node is not watched', () => life.isOver);
    while (!(await isWatched())) await sleep(50);
    await eventually('the next life runs', () => !app.life('app:watched').isOver);
    await app.untilState('app:watched', 'Running');
  });

  it('are left behind by a node whose time to stop is over', async () => {
    await using app = new TestApp(temporal, [spec('app:deaf', { stopTimeoutMs: 100 })]);
    const node = await app.node('one', { drainMs: 1000 });
    await app.untilState('app:deaf', 'Running');
    app.life('app:deaf').isDeaf = true;
    await node.stop();
    expect(app.life('app:deaf').isOver).toBe(false);
  });
});
