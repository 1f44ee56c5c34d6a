import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/core/command.js';
import { dataObject } from '../../src/core/data.js';
import type { Data } from '../../src/core/data.js';
import { PlatformError } from '../../src/core/errors.js';
import type { CommandContext } from '../../src/core/handler.js';
import { funcsHandlers } from '../../src/modules/funcs/host.js';
import type { CallRequest } from '../../src/modules/funcs/host.js';
import { funcsSpec } from '../../src/modules/funcs/spec.js';
import { timeSpec } from '../../src/modules/time/spec.js';
import { evaluate, openListed } from './evaluate.js';

const modules = [funcsSpec, timeSpec];
const answers = { 'funcs.call': (command: Command): Data => command['args'] ?? [] };
const lua = (text: string) => evaluate(text, { modules, answers });

describe('funcs.call', () => {
  it('sends target and arguments, and gives all results', async () => {
    const { session, results } = openListed('return funcs.call("app:f", 1, nil, {a = "x"}, "y")', {
      modules,
    });
    expect(session.commands).toEqual([
      { type: 'funcs.call', target: 'app:f', args: [1, null, dataObject({ a: 'x' }), 'y'] },
    ]);
    session.answer('funcs.call', [3, null, 'third']);
    expect(results()).toEqual([3, '<nil>', 'third']);
  });

  it('gives nothing for a function that returned nothing', () => {
    const { session, results } = openListed('return select("#", funcs.call("app:f"))', { modules });
    session.answer('funcs.call', []);
    expect(results()).toEqual([0]);
  });

  it('gives the error of the call, with all it carries', () => {
    const { session, results } = openListed(
      'local v, err = funcs.call("app:f") return v, err:kind(), err:message(), err:retryable(), err:details().n',
      { modules },
    );
    session.fail('funcs.call', {
      kind: 'NotFound',
      message: 'no such order',
      retryable: false,
      details: dataObject({ n: 7 }),
    });
    expect(results()).toEqual(['<nil>', 'NotFound', 'no such order', false, 7]);
  });

  it.each([
    ['""', 'the target is empty'],
    ['"nothing"', "'nothing' has no namespace"],
    ['":name"', "the namespace of ':name' is empty"],
    ['"app:"', "the name of 'app:' is empty"],
    ['nil', 'got nil'],
    ['{}', 'got table'],
  ])('refuses the target %s', async (target, message) => {
    for (const name of ['call', 'async']) {
      const values = await lua(
        `local v, err = funcs.${name}(${target}, 1) return v, err:kind(), err:message()`,
      );
      expect(values.slice(0, 2)).toEqual(['<nil>', 'Invalid']);
      expect(values[2]).toContain(message);
    }
  });

  it('names the argument that does not cross', async () => {
    expect(
      await lua('local v, err = funcs.call("app:f", 1, {cb = print}) return err:kind(), err:message()'),
    ).toEqual(['Invalid', "argument 2 of 'app:f': functions do not cross: $.cb"]);
  });
});

describe('the executor', () => {
  it('merges context and options, and never changes', () => {
    const { session } = openListed(
      `local base = funcs.new():with_context({a = 1, b = 1})
       local more = base:with_context({b = 2}):with_options({timeout = 5000})
       funcs.async("app:x")
       base:async("app:y")
       more:async("app:z", 1)
       channel.new():receive()`,
      { modules },
    );
    expect(session.commands).toEqual([
      { type: 'funcs.call', target: 'app:x', args: [] },
      { type: 'funcs.call', target: 'app:y', args: [], context: dataObject({ a: 1, b: 1 }) },
      {
        type: 'funcs.call',
        target: 'app:z',
        args: [1],
        context: dataObject({ a: 1, b: 2 }),
        options: dataObject({ timeout: 5000 }),
      },
    ]);
  });

  it('turns durations into milliseconds, whatever they were', () => {
    const { session } = openListed(
      `funcs.new():with_options({
         timeout = time.parse_duration("1m"),
         ["activity.start_to_close_timeout"] = "1m30s",
         ["activity.heartbeat_timeout"] = 0.2,
         ["activity.retry_policy"] = {
           initial_interval = "1s", backoff_coefficient = 2, maximum_attempts = 3, non_retryable_error_types = {"Invalid"},
         },
         ["activity.id"] = "x",
         vendor_option = true,
       }):async("app:f")
       channel.new():receive()`,
      { modules },
    );
    expect(session.commands[0]?.['options']).toEqual(
      dataObject({
        timeout: 60000,
        'activity.start_to_close_timeout': 90000,
        'activity.heartbeat_timeout': 1,
        'activity.retry_policy': dataObject({
          initial_interval: 1000,
          backoff_coefficient: 2,
          maximum_attempts: 3,
          non_retryable_error_types: ['Invalid'],
        }),
        'activity.id': 'x',
        vendor_option: true,
      }),
    );
  });

  it.each([
    ['{["activity.start_to_close_timeuot"] = 1}', "did you mean 'activity.start_to_close_timeout'?"],
    ['{timeout = "soon"}', "option 'timeout' is wrong: invalid duration 'soon'"],
    ['{timeout = -1}', "option 'timeout' is a duration ('30s', or milliseconds), got -1"],
    ['{timeout = {}}', 'got a table'],
    ['{["activity.wait_for_cancellation"] = "yes"}', "is true or false, got 'yes'"],
    ['{["activity.retry_policy"] = {maximum_atempts = 1}}', "did you mean 'maximum_attempts'?"],
    ['{["activity.retry_policy"] = {maximum_attempts = 1.5}}', 'is a whole number of at least 0, got 1.5'],
    ['{["activity.retry_policy"] = {non_retryable_error_types = {1}}}', 'is a list of texts'],
    ['{["activity.task_queue"] = ""}', "is a text, got ''"],
    ['{1}', 'options are a table with string keys'],
    ['"x"', 'options are a table, got string'],
    ['{f = print}', 'functions do not cross: $.f'],
  ])('refuses options %s', async (options, message) => {
    const values = await lua(
      `local e, err = funcs.new():with_options(${options})
       local v, told = e:with_context({}):call("app:f") -- who does not look is told by the call
       return v, told == err and err:kind(), err:message()`,
    );
    expect(values.slice(0, 2)).toEqual(['<nil>', 'Invalid']);
    expect(values[2]).toContain(message);
  });

  it('refuses context that is no table of names', async () => {
    for (const values of ['{1, 2}', '"x"', 'nil'])
      expect(
        await lua(`local v, err = funcs.new():with_context(${values}):async("app:f") return v, err:kind()`),
      ).toEqual(['<nil>', 'Invalid']);
  });

  it('says that actors and scopes are not built', async () => {
    for (const method of ['with_actor', 'with_scope'])
      expect(
        await lua(`local v, err = funcs.new():${method}({}):call("app:f") return v, err:kind()`),
      ).toEqual(['<nil>', 'Unavailable']);
  });

  it('lets any activity type be the target on a queue of another program', () => {
    const { session } = openListed(
      'funcs.new():with_options({["activity.task_queue"] = "java"}):call("ChargeCard", 1)',
      { modules },
    );
    expect(session.commands[0]).toMatchObject({ target: 'ChargeCard' });
  });
});

describe('futures', () => {
  it('deliver one payload on their channel, then it is closed', () => {
    const { session, results } = openListed(
      `local f = funcs.async("app:f", 1)
       local before, none = f:is_complete(), f:result()
       local p, ok = f:response():receive()
       local again, more = f:channel():receive()
       local err, failed = f:error()
       return before, none, p:data().x, ok, again, more, f:is_complete(), f:result():data().x, err, failed, f:is_canceled()`,
      { modules },
    );
    session.answer('funcs.call', [dataObject({ x: 5 })]);
    expect(results()).toEqual([false, '<nil>', 5, true, '<nil>', false, true, 5, '<nil>', false, false]);
  });

  it('give a table of payloads for several results', () => {
    const { session, results } = openListed(
      'local r = funcs.async("app:f"):response():receive() return #r, r[1]:data(), r[2]:data()',
      { modules },
    );
    session.answer('funcs.call', [1, 2]);
    expect(results()).toEqual([2, 1, 2]);
  });

  it('close their channel when the call fails, and tell why', () => {
    const { session, results } = openListed(
      `local f = funcs.async("app:f")
       local p, ok = f:channel():receive()
       local value, err = f:result()
       local same, failed = f:error()
       return p, ok, value, err:kind(), same:message(), failed, f:is_complete()`,
      { modules },
    );
    session.fail('funcs.call', { kind: 'Timeout', message: 'too slow' });
    expect(results()).toEqual(['<nil>', false, '<nil>', 'Timeout', 'too slow', true, true]);
  });

  it('are cancelled by withdrawing the call', () => {
    const { session, results } = openListed(
      `local f, other = funcs.async("app:f"), funcs.async("app:g")
       other:channel():receive()
       local first, second = f:cancel(), f:cancel()
       local value, err = f:result()
       local p, ok = f:channel():receive()
       return first, second, f:is_canceled(), f:is_complete(), value, err:kind(), p, ok, other:cancel()`,
      { modules },
    );
    const open = [...session.open];
    expect(open).toHaveLength(2);
    session.take(session.instance.answer(open[1]?.[0] ?? 0, { ok: true, value: [1] }));
    expect(session.withdrawn).toEqual([{ type: 'funcs.call', target: 'app:f', args: [] }]);
    expect(results()).toEqual([true, false, true, true, '<nil>', 'Canceled', '<nil>', false, false]);
  });

  it('run side by side and are told apart by their channels', () => {
    const { session, results } = openListed(
      `local f1, f2 = funcs.async("app:slow"), funcs.async("app:fast")
       local r = channel.select{ f1:channel():case_receive(), f2:channel():case_receive() }
       return r.channel == f2:channel(), r.value:data()`,
      { modules },
    );
    const [, second] = [...session.open.keys()];
    session.take(session.instance.answer(second ?? 0, { ok: true, value: ['fast'] }));
    expect(results()).toEqual([true, 'fast']);
  });
});

describe('funcs on a node', () => {
  const context = {
    entry: 'app:main',
    pid: '{f|1}',
    values: dataObject({ a: 1, b: 1 }),
  } as unknown as CommandContext;

  it('adds the context of the call to that of the caller', async () => {
    const asked: CallRequest[] = [];
    const handlers = funcsHandlers((request) => {
      asked.push(request);
      return Promise.resolve([1, 'two']);
    });
    expect(
      await handlers['funcs.call']?.(
        {
          type: 'funcs.call',
          target: 'app:f',
          args: [1],
          context: dataObject({ b: 2 }),
          options: dataObject({ timeout: 10 }),
        },
        context,
      ),
    ).toEqual([1, 'two']);
    expect(asked).toEqual([
      {
        target: 'app:f',
        args: [1],
        values: dataObject({ a: 1, b: 2 }),
        options: dataObject({ timeout: 10 }),
      },
    ]);
  });

  it('passes the error of the callee on', async () => {
    class Boom extends PlatformError {
      readonly code = 'BOOM';
    }
    const handlers = funcsHandlers(() => Promise.reject(new Boom('no')));
    await expect(
      Promise.resolve(handlers['funcs.call']?.({ type: 'funcs.call', target: 'app:f', args: [] }, context)),
    ).rejects.toThrow('no');
  });
});
