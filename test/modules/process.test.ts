import { describe, expect, it } from 'vitest';
import { dataObject } from '../../src/core/data.js';
import type { Data } from '../../src/core/data.js';
import type { CommandContext } from '../../src/core/handler.js';
import { errorDataToData } from '../../src/lua/instance/error-object.js';
import { processHandlers } from '../../src/modules/process/host.js';
import { processSpec } from '../../src/modules/process/spec.js';
import { evaluate, openListed } from './evaluate.js';

const globals = [processSpec];
const lua = (text: string) => evaluate(text, { globals });
const open = (text: string) => openListed(text, { globals });

describe('process: receiving', () => {
  it('knows its PID', async () => {
    expect(await lua('return process.pid(), process.id()')).toEqual(['{test|1}', '{test|1}']);
  });

  it('takes messages from the inbox, those first that came before anybody looked', () => {
    const { session, results } = open(
      `local ready = process.listen("ready"):receive()
       local inbox = process.inbox()
       local a, b = inbox:receive(), inbox:receive()
       local none = b:payload()
       return a:topic(), a:from(), a:payload():data().x, b:topic(), none:data(), inbox == process.inbox()`,
    );
    session.send('first', dataObject({ x: 1 }));
    session.send('ready');
    session.send('second');
    expect(results()).toEqual(['first', '{test|sender}', 1, 'second', '<nil>', true]);
  });

  it('gives several payloads as several results', () => {
    const { session, results } = open(
      'local a, b = process.inbox():receive():payload() return a:data(), b:data()',
    );
    session.send('t', 1, 2);
    expect(results()).toEqual([1, 2]);
  });

  it('gives topics to their listeners, raw or as messages, before the inbox', () => {
    const { session, results } = open(
      `local raw, whole = process.listen("job"), process.listen("ask", {message = true})
       local inbox = process.inbox()
       local job, msg = raw:receive(), whole:receive()
       process.unlisten(raw)
       local closed, ok = raw:receive()
       local late = inbox:receive()
       return job.id, msg:from(), msg:payload():data(), closed, ok, late:topic()`,
    );
    session.send('ask', 'how');
    session.send('job', dataObject({ id: 7 }));
    session.send('job', dataObject({ id: 8 }));
    expect(results()).toEqual([7, '{test|sender}', 'how', '<nil>', false, 'job']);
  });

  it('gives a nil for a message without payload', () => {
    const { session, results } = open('return process.listen("ping"):receive()');
    session.send('ping');
    expect(results()).toEqual(['<nil>', true]);
  });

  it('gives events as tables, with errors as error objects', () => {
    const { session, results } = open(
      `local events = process.events()
       local exit, cancel = events:receive(), events:receive()
       return exit.kind == process.event.EXIT, exit.from, exit.result.value, exit.result.error:kind(),
         cancel.kind == process.event.CANCEL, cancel.reason`,
    );
    const error = dataObject({ $error: errorDataToData({ kind: 'NotFound', message: 'gone' }) });
    session.send(
      '@events',
      dataObject({ kind: 'EXIT', from: '{w|1}', result: dataObject({ value: 3, error }) }),
    );
    session.cancel('shutting down');
    expect(results()).toEqual([true, '{w|1}', 3, 'NotFound', true, 'shutting down']);
  });

  it('refuses topics of the platform, and channels that are not its own', async () => {
    for (const call of [
      'listen("@events")',
      'listen("")',
      'listen()',
      'unlisten(channel.new())',
      'unlisten(1)',
    ])
      expect(await lua(`local v, err = process.${call} return v, err:kind()`)).toEqual(['<nil>', 'Invalid']);
  });
});

describe('process: sending and ending', () => {
  it.each<[string, { readonly type: string; readonly [field: string]: Data }]>([
    [
      'send("{w|1}", "job", 1, {a = 2})',
      { type: 'process.send', to: '{w|1}', topic: 'job', payloads: [1, dataObject({ a: 2 })] },
    ],
    ['terminate("worker")', { type: 'process.terminate', to: 'worker' }],
    ['cancel("{w|1}")', { type: 'process.cancel', to: '{w|1}' }],
    ['cancel("{w|1}", "why")', { type: 'process.cancel', to: '{w|1}', reason: 'why' }],
    ['monitor("{w|1}")', { type: 'process.monitor', to: '{w|1}' }],
    ['unmonitor("{w|1}")', { type: 'process.unmonitor', to: '{w|1}' }],
    ['link("{w|1}")', { type: 'process.link', to: '{w|1}' }],
    ['unlink("{w|1}")', { type: 'process.unlink', to: '{w|1}' }],
    ['registry.register("me")', { type: 'process.register', name: 'me', pid: '{test|1}', scope: 0 }],
    [
      'registry.register("it", "{w|1}", process.registry.STRONG)',
      { type: 'process.register', name: 'it', pid: '{w|1}', scope: 3 },
    ],
  ])('%s is a command, true or nil and an error', (call, command) => {
    const done = open(`return process.${call}`);
    expect(done.session.commands).toEqual([command]);
    done.session.answer(command.type, null);
    expect(done.results()).toEqual([true]);
    const failed = open(`local ok, err = process.${call} return ok, err:kind()`);
    failed.session.fail(command.type, { kind: 'NotFound', message: 'gone' });
    expect(failed.results()).toEqual(['<nil>', 'NotFound']);
  });

  it('looks names up and takes them away', () => {
    const { session, results } = open(
      `local pid = process.registry.lookup("a")
       local none, err = process.registry.lookup("b")
       return pid, none, err:kind(), process.registry.unregister("a"), process.registry.unregister("b")`,
    );
    session.answer('process.lookup', '{w|1}').answer('process.lookup', null);
    session.answer('process.unregister', true).answer('process.unregister', false);
    expect(results()).toEqual(['{w|1}', '<nil>', 'NotFound', true, false]);
  });

  it.each([
    'send(nil, "x")',
    'send("", "x")',
    'send("a", "@x")',
    'send("a", "")',
    'send("a", "x", print)',
    'terminate()',
    'cancel("a", 12)',
    'registry.register("")',
    'registry.register("a", 12)',
    'registry.register("a", nil, 9)',
    'registry.lookup()',
    'registry.unregister("a", "LOCAL")',
    'set_options("x")',
    'set_options({trap = true})',
    'set_options({trap_links = 1})',
  ])('refuses %s', async (call) => {
    expect(await lua(`local v, err = process.${call} return v, err:kind()`)).toEqual(['<nil>', 'Invalid']);
  });

  it('asks for an upgrade, and raises what the host refuses', () => {
    const { session, results } = open(
      'local ok, err = pcall(process.upgrade, "app:next", { count = 1 }) return ok, err:kind()',
    );
    expect(session.commands).toEqual([{ type: 'process.upgrade', target: 'app:next', args: [{ count: 1 }] }]);
    session.fail('process.upgrade', { kind: 'NotFound', message: 'no such entry' });
    expect(results()).toEqual([false, 'NotFound']);
  });

  it('sets its options once the host knows them', () => {
    const { session, results } = open(
      `local before = process.get_options()
       local ok, after = process.set_options({trap_links = true}), process.get_options()
       return before.trap_links, before.upgradable, ok, after.trap_links, after.upgradable`,
    );
    expect(session.commands).toEqual([{ type: 'process.options', trap_links: true }]);
    session.answer('process.options', null);
    expect(results()).toEqual([false, false, true, true, false]);
  });

  it.each([
    ['"1.5s"', 1500],
    ['2000000', 2],
    ['0', 0],
    ['"1ns"', 1],
  ])('cancels within %s: %d milliseconds', (deadline, ms) => {
    const { session } = open(`return process.cancel("{w|1}", nil, ${deadline})`);
    expect(session.commands).toEqual([{ type: 'process.cancel', to: '{w|1}', deadline_ms: ms }]);
  });

  it.each(['"soon"', '-1', '{}', 'true'])('refuses %s as a deadline', async (deadline) => {
    expect(
      await lua(`local v, err = process.cancel("{w|1}", "why", ${deadline}) return v, err:kind()`),
    ).toEqual(['<nil>', 'Invalid']);
  });
});

describe('process: starting', () => {
  it.each([
    ['spawn', false, false],
    ['spawn_monitored', true, false],
    ['spawn_linked', false, true],
    ['spawn_linked_monitored', true, true],
  ])('%s is a command that gives a PID', (name, monitored, linked) => {
    const { session, results } = open(`return process.${name}("app:order", "app:worker", {id = 1})`);
    expect(session.commands).toEqual([
      {
        type: 'process.spawn',
        target: 'app:order',
        host: 'app:worker',
        args: [dataObject({ id: 1 })],
        monitored,
        linked,
      },
    ]);
    session.answer('process.spawn', '{app:worker|o-1}');
    expect(results()).toEqual(['{app:worker|o-1}']);
  });

  it('exec waits for the results', () => {
    const { session, results } = open(
      'local a, b = process.exec("app:x", "app:w", 1) local n, err = process.exec("app:x", "app:w") return a, b, n, err:kind()',
    );
    expect(session.commands).toEqual([{ type: 'process.exec', target: 'app:x', host: 'app:w', args: [1] }]);
    session.answer('process.exec', ['r', 2]).fail('process.exec', { kind: 'Timeout', message: 't' });
    expect(results()).toEqual(['r', 2, '<nil>', 'Timeout']);
  });

  it('the builder carries options, name, context and messages, and never changes', () => {
    const { session } = open(
      `local base = process.with_options({["temporal.workflow.id"] = "o-1", ["temporal.workflow.run_timeout"] = "1h"})
       local full = base:with_name("order"):with_context({user = "u"}):with_message("inc", {n = 2}, 3):with_message("go")
         :with_options({["temporal.workflow.id_conflict_policy"] = "fail"})
       coroutine.spawn(function() full:spawn_monitored("app:order", "app:worker", 1) end)
       base:exec("app:order", "app:worker")`,
    );
    expect(session.commands).toEqual([
      {
        type: 'process.exec',
        target: 'app:order',
        host: 'app:worker',
        args: [],
        options: dataObject({ 'temporal.workflow.id': 'o-1', 'temporal.workflow.run_timeout': 3600000 }),
      },
      {
        type: 'process.spawn',
        target: 'app:order',
        host: 'app:worker',
        args: [1],
        name: 'order',
        context: dataObject({ user: 'u' }),
        options: dataObject({
          'temporal.workflow.id': 'o-1',
          'temporal.workflow.run_timeout': 3600000,
          'temporal.workflow.id_conflict_policy': 'fail',
        }),
        messages: [
          dataObject({ topic: 'inc', body: [dataObject({ n: 2 }), 3] }),
          dataObject({ topic: 'go', body: [] }),
        ],
        monitored: true,
        linked: false,
      },
    ]);
  });

  it.each([
    ['with_options({["temporal.workflow.idd"] = "x"})', 'Invalid', "did you mean 'temporal.workflow.id'?"],
    ['with_options({["temporal.workflow.id_conflict_policy"] = "fial"})', 'Invalid', "did you mean 'fail'?"],
    ['with_options({["temporal.workflow.memo"] = "x"})', 'Invalid', 'is a table with string keys'],
    ['with_options({network = "app:tor"})', 'Unavailable', 'networks are not built'],
    ['with_context("x")', 'Invalid', 'context values are a table'],
    ['with_context({1})', 'Invalid', 'context values are a table'],
    ['with_options({}):with_name("")', 'Invalid', 'a name is a text'],
    ['with_options({}):with_message("@x")', 'Invalid', "begin with '@'"],
    ['with_options({}):with_message("x", print)', 'Invalid', 'functions do not cross'],
    ['with_options({}):with_actor({})', 'Unavailable', 'with_actor is not built'],
  ])('tells what is wrong with %s when it is used', async (build, kind, message) => {
    for (const verb of ['spawn', 'exec']) {
      const values = await lua(
        `local v, err = process.${build}:with_context({}):${verb}("app:x", "app:w") return v, err:kind(), err:message()`,
      );
      expect(values.slice(0, 2)).toEqual(['<nil>', kind]);
      expect(values[2]).toContain(message);
    }
  });

  it('refuses a start without what or where', async () => {
    for (const args of ['', '"app:x"', '"app:x", ""', '"", "app:w"', '"app:x", "app:w", print'])
      for (const verb of ['spawn', 'exec'])
        expect(await lua(`local v, err = process.${verb}(${args}) return v, err:kind()`)).toEqual([
          '<nil>',
          'Invalid',
        ]);
  });
});

describe('processes on a node', () => {
  const context = {
    entry: 'app:main',
    pid: '{f|1}',
    values: dataObject({ a: 1 }),
  } as unknown as CommandContext;

  it('hands what was asked to the service', async () => {
    const asked: unknown[] = [];
    const handlers = processHandlers({
      spawn: (request) => {
        asked.push(request);
        return '{h|1}';
      },
      send: (request) => void asked.push(request),
      lookup: () => undefined,
    });
    const spawned = await handlers['process.spawn']?.(
      {
        type: 'process.spawn',
        target: 'app:x',
        host: 'app:w',
        args: [1],
        monitored: true,
        linked: false,
        context: dataObject({ b: 2 }),
        messages: [dataObject({ topic: 't', body: [1] })],
      },
      context,
    );
    await handlers['process.send']?.({ type: 'process.send', to: 'x', topic: 't', payloads: [1] }, context);
    expect(spawned).toBe('{h|1}');
    expect(await handlers['process.lookup']?.({ type: 'process.lookup', name: 'x' }, context)).toBeNull();
    expect(asked).toEqual([
      {
        target: 'app:x',
        host: 'app:w',
        args: [1],
        name: undefined,
        values: dataObject({ a: 1, b: 2 }),
        options: dataObject(),
        messages: [{ topic: 't', body: [1] }],
        monitored: true,
        linked: false,
      },
      { to: 'x', topic: 't', payloads: [1] },
    ]);
  });

  it('answers what the service does not have with UNAVAILABLE', async () => {
    const handlers = processHandlers({});
    for (const [type, handle] of Object.entries(handlers)) {
      const attempt = (async () => handle({ type, to: 'x', target: 'a:b', host: 'h', args: [] }, context))();
      await expect(attempt, type).rejects.toMatchObject({ kind: 'Unavailable' });
    }
  });
});
