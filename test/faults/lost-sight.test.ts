// Trap B: Temporal loses sight of a node that is well: the lease of the node times out while it is cut off. What is kept on every
// node is adopted as it is, with its token; what has one owner has gone on elsewhere, and ended on the node by itself.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { temporal as api } from '@temporalio/proto';
import { connectTemporal } from '../../src/temporal/connection.js';
import type { TemporalConnection } from '../../src/temporal/connection.js';
import { lifecycleWorkflowId } from '../../src/temporal/names.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { testTemporal } from '../support/temporal.js';
import type { TestTemporal } from '../support/temporal.js';
import { whole } from './scale.js';
import { TestApp, eventually, spec } from '../supervision/support.js';

const { EventType } = api.api.enums.v1;

let temporal: TestTemporal;
let proxy: TcpProxy;
let behind: TemporalConnection;
beforeAll(async () => {
  temporal = await testTemporal();
  proxy = await TcpProxy.start(Number(temporal.address.split(':')[1]));
  behind = await connectTemporal({ address: `127.0.0.1:${proxy.port}` }, { timeoutMs: 20_000 });
});
afterAll(async () => {
  await behind.close();
  await proxy[Symbol.asyncDispose]();
  await temporal[Symbol.asyncDispose]();
});

it.runIf(whole)(
  'a node that is cut off until its lease times out keeps its lives, which are adopted with their tokens',
  async () => {
    await using app = new TestApp(temporal, [
      spec('app:each', { placement: 'every_node', onLostLease: 'keep' }),
      spec('app:single', { placement: 'one_node', onLostLease: 'stop' }),
    ]);
    await app.node('far', { through: behind });
    const lives = (id: string, node: string) => app.livesOf(id).filter((life) => life.node === node);
    await eventually('both lives on the far node', () => app.lives.length === 2);
    await app.node('near');
    await eventually('a life on the near node', () => lives('app:each', 'near').length === 1);
    await app.until('all run', (all) => all.length === 3 && all.every(({ state }) => state === 'Running'));
    const [each] = lives('app:each', 'far');
    const [single] = lives('app:single', 'far');

    const run = app.client.workflow.getHandle(lifecycleWorkflowId(app.name, 'far'));
    const timedOut = async (): Promise<number> =>
      ((await run.fetchHistory()).events ?? []).filter(
        ({ eventType }) => eventType === EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT,
      ).length;
    /** When the server last heard of the far node. Milliseconds since the epoch. */
    const heard = async (): Promise<number> => {
      const [lease] = (await run.describe()).raw.pendingActivities ?? [];
      return Number(lease?.lastHeartbeatTime?.seconds ?? 0) * 1000;
    };
    expect(await timedOut()).toBe(0);

    proxy.cutAt('asked', 1, true);
    await expect.poll(timedOut, { timeout: 30_000, interval: 50 }).toBeGreaterThan(0);
    // The one owner is another now, and the old one has ended without a word from the server.
    await eventually('the single on the near node', () => lives('app:single', 'near').length === 1);
    await eventually('its old life is over', () => single?.isOver === true);
    expect(each?.isOver).toBe(false);

    const healed = Date.now();
    proxy.heal();
    // The node takes a lease again, and what it has kept is what the supervisor has.
    await expect.poll(heard, { timeout: 40_000, interval: 100 }).toBeGreaterThan(healed);
    await app.until(
      'the far node serves with what it kept',
      (all) => all.find(({ id, node }) => id === 'app:each' && node === 'far')?.state === 'Running',
    );
    await expect
      .poll(
        async () =>
          (await app.supervisor.nodes())
            ?.map(({ node, state, services }) => [node, state, [...services].sort()])
            .sort(),
        {
          timeout: 30_000,
          interval: 100,
        },
      )
      .toEqual([
        ['far', 'serving', ['app:each']],
        ['near', 'serving', ['app:each', 'app:single']],
      ]);
    expect(lives('app:each', 'far')).toEqual([each]);
    expect(each).toMatchObject({ isOver: false, fence: (await app.view('app:each')).token });
    expect(lives('app:single', 'near')[0]?.fence).toBe((single?.fence ?? 0) + 1);
    // It is theirs to steer again: a restart reaches the life that was kept.
    await app.supervisor.change('restart', 'app:each');
    expect(each?.isOver).toBe(true);
    await eventually('its next life', () => lives('app:each', 'far').length === 2);
  },
  90_000,
);
