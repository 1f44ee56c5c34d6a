import { describe, expect, it } from 'vitest';
import { type BusEvent, compileTopicPattern, EventBus } from '../../../src/core/event-bus.js';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('topic patterns', () => {
  it.each([
    ['registry.create', 'registry.create', true],
    ['registry.create', 'registry.creates', false],
    ['registry.*', 'registry.create', true],
    ['registry.*', 'registry.entry.create', false],
    ['registry.*', 'registry', false],
    ['registry.**', 'registry', true],
    ['registry.**', 'registry.entry.create', true],
    ['**', 'anything.at.all', true],
    ['**.create', 'registry.entry.create', true],
    ['**.create', 'registry.entry.update', false],
    ['a.**.z', 'a.z', true],
    ['a.**.z', 'a.b.z.c.z', true],
    ['a.**.b.*.z', 'a.b.b.c.z', true],
    ['entry.(create|update)', 'entry.update', true],
    ['entry.(create|update)', 'entry.delete', false],
    ['entry.pre(a|b)post', 'entry.prebpost', true],
    ['a+b.c', 'a+b.c', true],
    ['a+.(x|y)', 'aa.x', false],
  ])('%s over %s is %s', (pattern, topic, expected) => {
    expect(compileTopicPattern(pattern)(topic)).toBe(expected);
  });

  it('refuses what cannot be meant', () => {
    for (const pattern of ['', '(a|b', 'a)', '((a))'])
      expect(() => compileTopicPattern(pattern)).toThrow('event pattern');
  });

  it('stays fast on hostile patterns', () => {
    const match = compileTopicPattern(Array(30).fill('**.a').join('.'));
    const start = performance.now();
    expect(match(`${'a.'.repeat(2000)}b`)).toBe(false);
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe('the event bus', () => {
  it('gives each subscriber the events it asked for, in order', async () => {
    const bus = new EventBus();
    const all = bus.subscribe('registry.**');
    const bySystem = bus.subscribe({ system: 'registry' });
    const byKind = bus.subscribe({ system: 'registry', kind: 'entry.(create|delete)' });
    bus.publish('registry', 'begin', 'versions/1');
    bus.publish('registry', 'entry.create', 'app:a', { x: 1 });
    bus.publish('other', 'entry.create', 'app:a');
    expect([all.take()?.kind, all.take()?.kind, all.take()]).toEqual(['begin', 'entry.create', undefined]);
    expect([bySystem.take()?.kind, bySystem.take()?.kind, bySystem.take()]).toEqual([
      'begin',
      'entry.create',
      undefined,
    ]);
    expect(await byKind.next()).toEqual({
      system: 'registry',
      kind: 'entry.create',
      path: 'app:a',
      data: { x: 1 },
    });
    const waiting = byKind.next();
    bus.publish('registry', 'entry.delete', 'app:a');
    expect((await waiting)?.kind).toBe('entry.delete');
  });

  it('drops the oldest of a full queue and says how many are missing, where they are missing', () => {
    const bus = new EventBus({ queueLength: 3 });
    const slow = bus.subscribe('**');
    for (let index = 1; index <= 5; index++) bus.publish('s', 'k', String(index));
    expect(slow.take()).toMatchObject({ system: 'events', kind: 'dropped', data: { count: 2 } });
    expect([slow.take(), slow.take(), slow.take(), slow.take()].map((event) => event?.path)).toEqual([
      '3',
      '4',
      '5',
      undefined,
    ]);
  });

  it('holds 1024 events by default', () => {
    const bus = new EventBus();
    const slow = bus.subscribe('**');
    for (let index = 0; index < 1_024; index++) bus.publish('s', 'k', String(index));
    expect(slow.take()?.path).toBe('0');
    bus.publish('s', 'k', 'a');
    bus.publish('s', 'k', 'b');
    expect(slow.take()?.kind).toBe('dropped');
  });

  it('never runs a subscriber inside publish, and goes on after a handler that throws', async () => {
    const bus = new EventBus();
    const seen: string[] = [];
    const errors: unknown[] = [];
    bus.on(
      's.*',
      (event) => {
        seen.push(event.path);
        if (event.path === '1') throw new Error('boom');
      },
      (error) => errors.push(error),
    );
    bus.publish('s', 'k', '1');
    bus.publish('s', 'k', '2');
    expect(seen).toEqual([]);
    await settle();
    expect(seen).toEqual(['1', '2']);
    expect(errors).toEqual([new Error('boom')]);
  });

  it('tells a listener once per burst', async () => {
    const bus = new EventBus();
    const subscription = bus.subscribe('**');
    const seen: (BusEvent | undefined)[] = [];
    let calls = 0;
    bus.publish('s', 'k', '0');
    subscription.onReady(() => {
      calls++;
      for (let event = subscription.take(); event !== undefined; event = subscription.take())
        seen.push(event);
    });
    bus.publish('s', 'k', '1');
    expect(calls).toBe(0);
    await settle();
    bus.publish('s', 'k', '2');
    await settle();
    expect(seen.map((event) => event?.path)).toEqual(['0', '1', '2']);
    expect(calls).toBe(2);
  });

  it('forgets a subscription that was closed, and wakes its reader', async () => {
    const bus = new EventBus();
    const subscription = bus.subscribe('**');
    const waiting = subscription.next();
    subscription.close();
    subscription.close();
    expect(await waiting).toBe(undefined);
    bus.publish('s', 'k', '1');
    expect(subscription.take()).toBe(undefined);
    expect(bus.subscriptionCount).toBe(0);
    const other = bus.subscribe('**');
    bus.close();
    expect([other.closed, await other.next()]).toEqual([true, undefined]);
  });
});
