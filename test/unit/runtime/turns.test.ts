import { describe, expect, it } from 'vitest';
import { Turns } from '../../../src/runtime/turns.js';
import type { Turn } from '../../../src/runtime/turns.js';

const fail = (error: unknown): never => {
  throw error;
};

/** A turn that does this. */
const turn = (takeTurn: () => void): Turn => ({ takeTurn });

describe('turns', () => {
  it('runs turns in order, never one inside another', async () => {
    const turns = new Turns(fail);
    const order: string[] = [];
    await new Promise<void>((done) => {
      turns.run(
        turn(() => {
          order.push('first begins');
          turns.run(
            turn(() => {
              order.push('second');
              done();
            }),
          );
          order.push('first ends');
        }),
      );
    });
    expect(order).toEqual(['first begins', 'first ends', 'second']);
  });
  it('lets timers fire while two instances keep each other busy for ever', async () => {
    const turns = new Turns(fail);
    let busy = true;
    let count = 0;
    const again = turn(() => {
      count += 1;
      if (busy) turns.run(again);
    });
    turns.run(again);
    await new Promise((resolve) => setTimeout(resolve, 20));
    busy = false;
    expect(count).toBeGreaterThan(1000);
  });
  it('takes up what has given up its turn one after the other, and timers in between', async () => {
    const turns = new Turns(fail);
    const order: string[] = [];
    let left = 40;
    const busy = (name: string): Turn =>
      turn(() => {
        order.push(name);
        if ((left -= 1) > 0) turns.runLater(busy(name));
      });
    for (const name of ['a', 'b', 'c']) turns.runLater(busy(name));
    const chat = setInterval(() => turns.run(turn(() => void order.push('!'))), 0);
    while (left > 0) await new Promise((next) => setImmediate(next));
    clearInterval(chat);
    const taken = order.filter((name) => name !== '!').join('');
    expect('abc'.repeat(14).startsWith(taken.slice(0, 40))).toBe(true);
  });
  it('goes on after a turn that throws, and tells of it', async () => {
    const errors: unknown[] = [];
    const turns = new Turns((error) => errors.push(error));
    const problem = new Error('broken turn');
    turns.run(turn(() => fail(problem)));
    await new Promise<void>((done) => turns.run(turn(done)));
    expect(errors).toEqual([problem]);
  });
  it('gives a turn at once to who is in none, and what it asks for comes after it', async () => {
    const turns = new Turns(fail);
    const order: string[] = [];
    const second = new Promise<void>((done) => {
      turns.runAtOnce(
        turn(() => {
          order.push('first begins');
          turns.runAtOnce(
            turn(() => {
              order.push('second');
              done();
            }),
          );
          order.push('first ends');
        }),
      );
    });
    order.push('who asked goes on');
    await second;
    expect(order).toEqual(['first begins', 'first ends', 'who asked goes on', 'second']);
  });
  it('gives no turn before those that wait already, and not without end before timers had their chance', async () => {
    const turns = new Turns(fail);
    const order: string[] = [];
    turns.run(turn(() => void order.push('asked first')));
    turns.runAtOnce(turn(() => void order.push('asked second')));
    expect(order).toEqual([]);
    await new Promise((next) => setImmediate(next));
    expect(order).toEqual(['asked first', 'asked second']);
    let atOnce = 0;
    for (let n = 0; n < 5000; n += 1) turns.runAtOnce(turn(() => void (atOnce += 1)));
    expect(atOnce).toBeLessThan(5000);
    while (!turns.isIdle) await new Promise((next) => setImmediate(next));
    expect(atOnce).toBe(5000);
  });
});
