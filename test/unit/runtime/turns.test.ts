import { describe, expect, it } from 'vitest';
import { Turns } from '../../../src/runtime/turns.js';

const fail = (error: unknown): never => {
  throw error;
};

describe('turns', () => {
  it('runs turns in order, never one inside another', async () => {
    const turns = new Turns(fail);
    const order: string[] = [];
    await new Promise<void>((done) => {
      turns.run(() => {
        order.push('first begins');
        turns.run(() => {
          order.push('second');
          done();
        });
        order.push('first ends');
      });
    });
    expect(order).toEqual(['first begins', 'first ends', 'second']);
  });
  it('lets timers fire while two instances keep each other busy for ever', async () => {
    const turns = new Turns(fail);
    let busy = true;
    let count = 0;
    const again = (): void => {
      count += 1;
      if (busy) turns.run(again);
    };
    turns.run(again);
    await new Promise((resolve) => setTimeout(resolve, 20));
    busy = false;
    expect(count).toBeGreaterThan(1000);
  });
  it('goes on after a turn that throws, and tells of it', async () => {
    const errors: unknown[] = [];
    const turns = new Turns((error) => errors.push(error));
    const problem = new Error('broken turn');
    turns.run(() => fail(problem));
    await new Promise<void>((done) => turns.run(done));
    expect(errors).toEqual([problem]);
  });
});
