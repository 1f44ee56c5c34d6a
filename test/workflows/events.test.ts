// The event bus from a workflow: what is sent is recorded, what listens is refused.
import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/core/command.js';
import { luaSuite } from '../support/lua-suite.js';

describe('events from a workflow', () => {
  const { app, run } = luaSuite();

  it('are sent once, in their order, although every task replays all before it', async () => {
    const sent: Command[] = [];
    const it = await app(
      {
        'app:w': {
          kind: 'workflow.lua',
          modules: ['events', 'time'],
          source: `local events, time = require("events"), require("time")
            return function()
              local all = {}
              for i = 1, 3 do
                all[i] = events.send("orders", "order.created", "/" .. i, { n = i })
                time.sleep("1ms")
              end
              return all
            end`,
        },
      },
      {
        handlers: { 'events.send': (command) => (sent.push(command), null) },
        worker: { overrides: { maxCachedWorkflows: 0 } },
      },
    );
    expect(await run(it, 'app:w')).toEqual([[true, true, true]]);
    expect(sent.map(({ system, kind, path }) => `${String(system)} ${String(kind)} ${String(path)}`)).toEqual(
      ['orders order.created /1', 'orders order.created /2', 'orders order.created /3'],
    );
  });

  it('cannot be listened to there: the error says to use a function', async () => {
    const it = await app({
      'app:w': {
        kind: 'workflow.lua',
        modules: ['events'],
        source: `local events = require("events")
          return function()
            local sub, err = events.subscribe("orders")
            return { sub == nil, err:kind(), err:message() }
          end`,
      },
    });
    expect(await run(it, 'app:w')).toEqual([
      [
        true,
        'Invalid',
        "'subscribe' cannot run in a workflow; put it in a function.lua and call that with funcs.call",
      ],
    ]);
  });
});
