import { describe, expect, it } from 'vitest';
import { dataObject } from '../../../src/core/data.js';
import { Places, poolSettings } from '../../../src/runtime/pool-places.js';

const settings = (pool: Parameters<typeof dataObject>[0]) => poolSettings(dataObject(pool));

describe('pool settings', () => {
  it('takes a lazy pool of 100 places when an entry says nothing', () => {
    expect(poolSettings(undefined)).toEqual({ type: 'lazy', limit: 100, buffer: 6400 });
  });
  it('takes a static pool when workers or size are given', () => {
    expect(settings({ workers: 2 })).toEqual({ type: 'static', limit: 2, buffer: 128 });
    expect(settings({ size: 3, buffer: 1 })).toEqual({ type: 'static', limit: 3, buffer: 1 });
    expect(settings({ type: 'static' })).toEqual({ type: 'static', limit: 8, buffer: 512 });
  });
  it('bounds a lazy or adaptive pool by max_size, 16 when it is declared without one', () => {
    expect(settings({ type: 'lazy' }).limit).toBe(16);
    expect(settings({ max_size: 5 })).toEqual({ type: 'lazy', limit: 5, buffer: 320 });
    expect(settings({ type: 'adaptive', max_size: 256 }).limit).toBe(256);
  });
  it('does not bound an inline pool', () => {
    expect(settings({ type: 'inline' }).limit).toBe(Infinity);
  });
});

describe('places', () => {
  const places = (pool: Parameters<typeof dataObject>[0], now = () => 0) => new Places(settings(pool), now);

  it('lets callers in first come first served as places come free', () => {
    const pool = places({ workers: 1 });
    const order: string[] = [];
    expect(pool.tryEnter()).toBe(true);
    expect(pool.tryEnter()).toBe(false);
    pool.queue(() => order.push('a'));
    pool.queue(() => order.push('b'));
    expect(order).toEqual([]);
    pool.leave();
    expect(order).toEqual(['a']);
    pool.leave();
    expect(order).toEqual(['a', 'b']);
  });
  it('does not let a newcomer overtake those who wait', () => {
    const pool = places({ workers: 1 });
    pool.tryEnter();
    let entered = false;
    const waiting = pool.queue(() => (entered = true));
    pool.resize(settings({ workers: 1 }));
    expect(pool.tryEnter()).toBe(false);
    expect(waiting?.withdraw()).toBe(true);
    pool.leave();
    expect(entered).toBe(false);
    expect(pool.tryEnter()).toBe(true);
  });
  it('refuses a caller when the queue is full', () => {
    const pool = places({ workers: 1, buffer: 1 });
    pool.tryEnter();
    expect(pool.queue(() => undefined)).toBeDefined();
    expect(pool.queue(() => undefined)).toBeUndefined();
  });
  it('lets the waiting in when the pool is made bigger', () => {
    const pool = places({ workers: 1 });
    pool.tryEnter();
    let entered = false;
    pool.queue(() => (entered = true));
    pool.resize(settings({ workers: 2 }));
    expect(entered).toBe(true);
    expect(pool.running).toBe(2);
  });
  it('grows an adaptive pool while callers wait, up to its bound, and shrinks it when it is calm', () => {
    let now = 0;
    const pool = places({ type: 'adaptive', max_size: 16 }, () => now);
    for (let i = 0; i < 4; i += 1) expect(pool.tryEnter()).toBe(true);
    for (let i = 0; i < 5; i += 1) pool.queue(() => undefined);
    expect(pool.limit).toBe(8);
    for (let i = 0; i < 60; i += 1) pool.queue(() => undefined);
    expect(pool.limit).toBe(16);
    expect(pool.running).toBe(16);
    while (pool.running > 0) pool.leave();
    now = 60_000;
    pool.tryEnter();
    pool.leave();
    expect(pool.limit).toBe(8);
  });
});
