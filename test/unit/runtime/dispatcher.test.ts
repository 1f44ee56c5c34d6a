import { describe, expect, it } from 'vitest';
import type { CommandContext } from '../../../src/core/handler.js';
import { Dispatcher } from '../../../src/runtime/dispatcher.js';

const context = {} as CommandContext;

describe('dispatcher', () => {
  it('hands a command to the handler of its type', async () => {
    const dispatcher = new Dispatcher();
    dispatcher.add('demo', { 'demo.twice': ({ value }) => [value ?? null, value ?? null] });
    dispatcher.freeze();
    expect(await dispatcher.dispatch({ type: 'demo.twice', value: 3 }, context)).toEqual([3, 3]);
  });
  it('refuses two handlers of one type and names both owners', () => {
    const dispatcher = new Dispatcher();
    dispatcher.add('first', { 'demo.run': () => null });
    expect(() => dispatcher.add('second', { 'demo.run': () => null })).toThrow(
      "'second' and 'first' both answer 'demo.run'",
    );
  });
  it('takes nothing after it is frozen and dispatches nothing before', () => {
    const dispatcher = new Dispatcher();
    expect(() => dispatcher.dispatch({ type: 'x' }, context)).toThrow('before the node was ready');
    dispatcher.freeze();
    expect(() => dispatcher.add('late', { 'demo.run': () => null })).toThrow('running node');
  });
  it('says which command nobody answers', () => {
    const dispatcher = new Dispatcher();
    dispatcher.freeze();
    expect(() => dispatcher.dispatch({ type: 'nobody.knows' }, context)).toThrow(
      "nothing on this node answers 'nobody.knows'",
    );
  });
});
