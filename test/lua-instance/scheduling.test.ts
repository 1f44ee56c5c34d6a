// The scheduler: one queue, first in first out; what main ends with, and what ends with it.
import { expect, it } from 'vitest';
import type { Data } from '../../src/core/data.js';
import type { Outcome } from '../../src/lua/step.js';
import type { LuaFunction } from '../../src/lua/values.js';
import { defineModuleSpec, fn } from '../../src/lua/module.js';
import { wait } from '../../src/lua/suspend.js';
import { openLua } from '../support/instance.js';
import { onEachEngine } from './engines.js';
import { probeSpec } from './probe.js';

onEachEngine('the scheduler', (engine) => {
  const options = { engine, modules: [probeSpec] };

  it('starts spawned coroutines in order, after the caller gave way', () => {
    const session = openLua(
      `local log = {}
       for i = 1, 3 do coroutine.spawn(function(name) log[#log + 1] = name .. i end, "c") end
       log[#log + 1] = "main"
       local ch = channel.new()
       coroutine.spawn(function() ch:send(true) end)
       ch:receive()
       return log`,
      options,
    );
    expect(session.values).toEqual([['main', 'c1', 'c2', 'c3']]);
  });

  it('tells commands in the order of their issue and resumes in the order of the answers', () => {
    const session = openLua(
      `local done, log = channel.new(), {}
       for i = 1, 3 do
         coroutine.spawn(function() table.insert(log, (probe.ask(i))) done:send(i) end)
       end
       for i = 1, 3 do done:receive() end
       return log`,
      options,
    );
    expect(session.commands.map(({ args }) => args)).toEqual([[1], [2], [3]]);
    const [first, second, third] = [...session.open.keys()] as [number, number, number];
    expect([first, second, third]).toEqual([1, 2, 3]);
    for (const [id, value] of [
      [third, 'c'],
      [first, 'a'],
      [second, 'b'],
    ] as const)
      session.take(session.instance.answer(id, { ok: true, value }));
    expect(session.values).toEqual([['c', 'a', 'b']]);
  });

  it('ignores answers to commands that nobody asked or that were answered', () => {
    const session = openLua('return probe.ask(1) .. probe.ask(2)', options);
    session.take(session.instance.answer(99, { ok: true, value: 'x' }));
    session.answer('probe.ask', 'a');
    session.take(session.instance.answer(1, { ok: true, value: 'again' }));
    session.answer('probe.ask', 'b');
    expect(session.values).toEqual(['ab']);
  });

  it('ends everything when main returns, and withdraws what is outstanding', () => {
    const session = openLua(
      `coroutine.spawn(function() probe.ask("slow") print("never") end)
       probe.later({})
       probe.ask("quick")
       return "done"`,
      options,
    );
    expect(session.commands.map(({ type }) => type)).toEqual(['probe.later', 'probe.ask', 'probe.ask']);
    session.answer('probe.ask', null); // the oldest: main's
    expect(session.values).toEqual(['done']);
    expect(session.withdrawn.map(({ type }) => type)).toEqual(['probe.later', 'probe.ask']);
    expect(session.printed).toEqual([]);
    expect(session.instance.coroutines()).toEqual([]);
    expect(session.instance.answer(2, { ok: true, value: 1 })).toEqual({ commands: [], withdrawn: [] });
  });

  it('never tells a command that was withdrawn in the step that issued it', () => {
    const session = openLua('probe.later({}) probe.forget() probe.ask(1) return 1', options);
    expect(session.commands.map(({ type }) => type)).toEqual(['probe.ask']);
    const ended = openLua('coroutine.spawn(function() probe.ask(1) end) probe.later({}) return 1', options);
    expect(ended.commands).toEqual([]);
    expect(ended.withdrawn).toEqual([]);
    expect(ended.values).toEqual([1]);
  });

  it('answers background commands inside a later step, and withdraws them when asked', () => {
    const session = openLua(
      'local log = {} probe.later(log) probe.ask(1) probe.later(log) probe.ask(2) probe.forget() probe.ask(3) return log',
      options,
    );
    session.answer('probe.later', 1).answer('probe.ask', null).answer('probe.ask', null);
    expect(session.withdrawn).toEqual([]);
    session.answer('probe.ask', null);
    expect(session.values).toEqual([{ answer: 'ok' }]);
  });

  it('goes on in turn() with what the host changed meanwhile', () => {
    let wake: (values: string[]) => void = () => undefined;
    const outside = defineModuleSpec({
      name: 'outside',
      summary: 'Waits for the test.',
      workflow: 'sealed',
      members: {
        wait: fn('Waits.', [], ['string'], () =>
          wait('the test', (go) => {
            wake = (values) => go.done(values);
            return { withdraw: () => undefined };
          }),
        ),
      },
    });
    const session = openLua('return outside.wait()', { engine, modules: [outside] });
    expect(session.outcome).toBeUndefined();
    wake(['awake']);
    expect(session.outcome).toBeUndefined();
    session.take(session.instance.turn());
    expect(session.values).toEqual(['awake']);
  });

  it('ends as an error when a spawned coroutine raises, with its message and stack', () => {
    const session = openLua(
      `coroutine.spawn(function() probe.ask(1) local t = nil; t.x = 1 end)
       probe.ask(2)
       return "unreached"`,
      options,
    );
    expect(session.commands.map(({ args }) => args)).toEqual([[2], [1]]);
    session.take(session.instance.answer(2, { ok: true, value: null }));
    expect(session.error).toMatchObject({ kind: 'Internal' });
    expect(session.error?.message).toMatch(/^main[.]lua:1: attempt to index a nil value/);
    expect(session.error?.stack).toMatch(/^main[.]lua:1: in /);
    expect(session.withdrawn).toHaveLength(1);
  });

  it('takes nothing of what a spawned coroutine returns', () => {
    const session = openLua(
      'coroutine.spawn(function() return nil, "only an error by name" end) local v = probe.ask(1) return v',
      options,
    );
    session.answer('probe.ask', 5);
    expect(session.values).toEqual([5]);
  });

  it('delivers messages to listeners of their topic, and the rest to the inbox once there is one', () => {
    const session = openLua(
      `local named, all, early = {}, {}, {}
       probe.ask("before")
       probe.listen("early", early)
       probe.listen("named", named)
       probe.ask("middle")
       probe.listen("", all)
       probe.ask("after")
       return named, all, early`,
      options,
    );
    session.send('early', 1).send('other', 2).send('early', 3).send('@events', 'kept apart');
    session.answer('probe.ask', null);
    session.send('named', 4, 5).send('other', 6).send('early', 7);
    session.answer('probe.ask', null);
    session.send('other', 8).send('named', 9);
    session.answer('probe.ask', null);
    expect(session.values).toEqual([
      [4, 5, 9],
      [2, 6, 8],
      [1, 3, 7],
    ]);
  });

  it('keeps messages that come before the start', () => {
    const session = openLua('local t = {} probe.listen("x", t) return t', options);
    expect(session.values).toEqual([[]]);
    const { instance } = openLua('probe.ask(0) local t = {} probe.listen("x", t) return t', options);
    instance.deliver({ topic: 'x', from: undefined, payloads: ['a'] });
    expect(instance.answer(1, { ok: true, value: null }).outcome).toEqual({ ok: true, values: [['a']] });
  });

  it('delivers a cancellation as an event', () => {
    const session = openLua(
      'local t = {} probe.listen("@events", t) probe.ask(1) return t[1].kind, nil',
      options,
    );
    session.cancel('shutting down');
    session.answer('probe.ask', null);
    expect(session.values[0]).toBe('CANCEL');
  });

  it('runs handlers beside main and tells what they ended with', () => {
    let handler: LuaFunction | undefined;
    const handlers = defineModuleSpec({
      name: 'handlers',
      summary: 'Takes a handler.',
      workflow: 'sealed',
      members: {
        set: fn('Sets the handler.', ['fn: function'], [], (_call, run) => {
          handler = run as LuaFunction;
          return [];
        }),
      },
    });
    const session = openLua(
      `local count = 0
       handlers.set(function(by, how)
         if how == "raise" then error({message = "told", code = 3}) end
         if how == "return" then return nil, errors.new{message = "no", kind = errors.INVALID} end
         if how == "wait" then probe.ask("handler") end
         count = count + by
         return count
       end)
       probe.ask("main")
       return count`,
      { engine, modules: [probeSpec, handlers] },
    );
    const outcomes: Outcome[] = [];
    const invoke = (...args: Data[]): void =>
      void session.take(session.instance.invoke(handler!, args, (outcome) => void outcomes.push(outcome)));
    invoke(2);
    invoke(3, 'raise');
    invoke(3, 'return');
    expect(outcomes).toMatchObject([
      { ok: true, values: [2] },
      { ok: false, error: { kind: 'Internal', message: 'told', details: { code: 3 } } },
      { ok: false, error: { kind: 'Invalid', message: 'no' } },
    ]);
    invoke(5, 'wait');
    expect(outcomes).toHaveLength(3);
    // Main returns while a handler runs: the outcome waits for it, main's own result stands.
    session.answer('probe.ask', null);
    expect(session.outcome).toBeUndefined();
    session.answer('probe.ask', null);
    expect(outcomes[3]).toEqual({ ok: true, values: [7] });
    expect(session.values).toEqual([2]);
    invoke(1);
    expect(outcomes[4]).toMatchObject({ ok: false, error: { kind: 'Canceled' } });
  });

  it('does not wait for handlers when main fails', () => {
    let handler: LuaFunction | undefined;
    const handlers = defineModuleSpec({
      name: 'handlers',
      summary: 'Takes a handler.',
      workflow: 'sealed',
      members: {
        set: fn('Sets the handler.', ['fn: function'], [], (_call, run) => {
          handler = run as LuaFunction;
          return [];
        }),
      },
    });
    const session = openLua('handlers.set(function() probe.ask("h") end) probe.ask("m") error("over", 0)', {
      engine,
      modules: [probeSpec, handlers],
    });
    const outcomes: Outcome[] = [];
    session.take(session.instance.invoke(handler!, [], (outcome) => void outcomes.push(outcome)));
    session.answer('probe.ask', null);
    expect(session.error).toMatchObject({ kind: 'Internal', message: 'over' });
    expect(outcomes).toMatchObject([{ ok: false, error: { kind: 'Canceled' } }]);
    expect(session.withdrawn).toHaveLength(1);
  });

  it('is over after close', () => {
    const session = openLua('probe.ask(1) print("alive")', options);
    session.instance.close();
    expect(session.instance.answer(1, { ok: true, value: 1 })).toEqual({ commands: [], withdrawn: [] });
    expect(session.instance.turn()).toEqual({ commands: [], withdrawn: [] });
    expect(session.printed).toEqual([]);
  });

  it('repeats itself: the same answers give the same steps', () => {
    const text = `
      local results = channel.new(10)
      for i = 1, 4 do coroutine.spawn(function() results:send({i, probe.ask(i), math.random(100), tostring({})}) end) end
      local all = {}
      for i = 1, 4 do all[i] = results:receive() end
      return all`;
    const once = (): unknown => {
      const session = openLua(text, options);
      while (session.outcome === undefined) session.answer('probe.ask', 'x');
      return [session.values, session.commands];
    };
    expect(once()).toEqual(once());
  });
});
