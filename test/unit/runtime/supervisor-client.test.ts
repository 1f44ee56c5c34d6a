import { describe, expect, it } from 'vitest';
import { EventBus } from '../../../src/core/event-bus.js';
import { SupervisorClient } from '../../../src/runtime/supervisor-client.js';

function setUp() {
  const bus = new EventBus();
  const events = bus.subscribe('supervisor.**');
  const supervisor = new SupervisorClient(bus);
  const order: string[] = [];
  const add = (name: string, requires: readonly string[], more: { fail?: string; hang?: boolean } = {}) =>
    supervisor.add({
      name,
      requires,
      stopTimeoutMs: 30,
      start: async () => {
        if (more.fail !== undefined) throw new Error(more.fail);
        order.push(`+${name}`);
      },
      stop: () => {
        order.push(`-${name}`);
        return more.hang === true ? new Promise(() => undefined) : Promise.resolve();
      },
    });
  const topics = (): string[] => {
    const all: string[] = [];
    for (let event = events.take(); event !== undefined; event = events.take())
      all.push(`${event.kind} ${event.path}`);
    return all;
  };
  return { supervisor, order, add, topics };
}

describe('supervisor client', () => {
  it('starts services after what they require and stops them in reverse', async () => {
    const { supervisor, order, add } = setUp();
    add('app:worker', ['app:client']);
    add('app:client', []);
    add('app:last', ['app:worker', 'app:not-a-service']);
    await supervisor.start();
    await supervisor.stop();
    expect(order).toEqual([
      '+app:client',
      '+app:worker',
      '+app:last',
      '-app:last',
      '-app:worker',
      '-app:client',
    ]);
  });
  it('tells every change of state as an event', async () => {
    const { supervisor, add, topics } = setUp();
    add('app:a', []);
    await supervisor.start();
    supervisor.report('app:a', 'Failed', 'it broke');
    expect(topics()).toEqual(['state.starting app:a', 'state.running app:a', 'state.failed app:a']);
    expect(supervisor.states().get('app:a')).toMatchObject({ state: 'Failed', wanted: true });
  });
  it('throws what a start failed with and can stop what runs', async () => {
    const { supervisor, order, add } = setUp();
    add('app:a', []);
    add('app:b', ['app:a'], { fail: 'no room' });
    await expect(supervisor.start()).rejects.toThrow('no room');
    await supervisor.stop();
    expect(order).toEqual(['+app:a', '-app:a']);
  });
  it('goes on stopping after one that does not stop in its time', async () => {
    const { supervisor, order, add } = setUp();
    add('app:a', []);
    add('app:b', ['app:a'], { hang: true });
    await supervisor.start();
    await expect(supervisor.stop()).rejects.toThrow('some services did not stop cleanly');
    expect(order).toEqual(['+app:a', '+app:b', '-app:b', '-app:a']);
  });
  it('refuses a circle of requirements', async () => {
    const { supervisor, add } = setUp();
    add('app:a', ['app:b']);
    add('app:b', ['app:a']);
    await expect(supervisor.start()).rejects.toThrow('app:a, app:b');
  });
});
