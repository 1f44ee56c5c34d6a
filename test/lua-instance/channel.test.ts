// Channels: what Go programmers expect, in an order that repeats.
import { expect, it } from 'vitest';
import type { Data } from '../../src/core/data.js';
import { openLua } from '../support/instance.js';
import { onEachEngine } from './engines.js';
import { probeSpec } from './probe.js';

onEachEngine('channels', (engine) => {
  const run = (text: string): readonly Data[] => openLua(text, { engine, modules: [probeSpec] }).values;

  it('hands over directly without a buffer: the sender goes on when a receiver came', () => {
    expect(
      run(`
        local ch, log = channel.new(), {}
        coroutine.spawn(function()
          for i = 1, 2 do log[#log + 1] = "send " .. i; ch:send(i); log[#log + 1] = "sent " .. i end
          ch:close()
        end)
        for i = 1, 3 do local v, ok = ch:receive(); log[#log + 1] = tostring(v) .. " " .. tostring(ok) end
        return log`),
    ).toEqual([['send 1', 'sent 1', 'send 2', '1 true', '2 true', 'sent 2', 'nil false']]);
  });

  it('keeps as many values as its size before a sender waits', () => {
    expect(
      run(`
        local ch, log = channel.new(2), {}
        coroutine.spawn(function()
          for i = 1, 4 do ch:send(i) table.insert(log, "sent " .. i) end
        end)
        local turn = channel.new(1) turn:send(1) turn:receive()
        coroutine.spawn(function() turn:send(2) end) turn:receive()
        table.insert(log, "receive")
        for i = 1, 4 do table.insert(log, (ch:receive())) end
        return log`),
    ).toEqual([['sent 1', 'sent 2', 'receive', 1, 2, 3, 'sent 3', 'sent 4', 4]]);
  });

  it('serves waiting receivers and senders in the order in which they came', () => {
    expect(
      run(`
        local ch, done, log = channel.new(), channel.new(), {}
        for i = 1, 3 do coroutine.spawn(function() table.insert(log, i .. ":" .. ch:receive()) done:send(true) end) end
        for _, v in ipairs{"a", "b", "c"} do ch:send(v) end
        for i = 1, 3 do done:receive() end
        for i = 1, 3 do coroutine.spawn(function() ch:send(i) end) end
        for i = 1, 3 do table.insert(log, (ch:receive())) end
        return log`),
    ).toEqual([['1:a', '2:b', '3:c', 1, 2, 3]]);
  });

  it('carries nil, false and tables as they are', () => {
    expect(
      run(`
        local ch, t = channel.new(3), {}
        ch:send(nil) ch:send(false) ch:send(t)
        local a, aok = ch:receive()
        local b, bok = ch:receive()
        return {a == nil, aok, b, bok, ch:receive() == t}`),
    ).toEqual([[true, true, false, true, true]]);
  });

  it('lets what is buffered be received after close, then says so', () => {
    expect(
      run(`
        local ch = channel.new(2)
        ch:send("x") ch:close() ch:close()
        local a, aok = ch:receive()
        local b, bok = ch:receive()
        return {a, aok, b == nil, bok}`),
    ).toEqual([['x', true, true, false]]);
  });

  it('raises on a send to a closed channel, also for senders that waited', () => {
    const [now, waited] = run(`
      local ch = channel.new() ch:close()
      local ok, err = pcall(function() ch:send(1) end)
      local late, results = channel.new(), channel.new(1)
      coroutine.spawn(function() results:send({pcall(late.send, late, 1)}) end)
      local turn = channel.new() coroutine.spawn(function() turn:send(1) end) turn:receive()
      late:close()
      return {ok, err}, results:receive()`) as [Data[], Data[]];
    expect(now).toEqual([false, 'main.lua:3: send on a closed channel']);
    expect(waited[0]).toBe(false);
    expect(waited[1]).toMatch(/send on a closed channel$/);
  });

  it('wakes waiting receivers with nothing when it is closed', () => {
    expect(
      run(`
        local ch, out = channel.new(), channel.new(2)
        for i = 1, 2 do coroutine.spawn(function() local v, ok = ch:receive() out:send({i, v == nil, ok}) end) end
        local turn = channel.new() coroutine.spawn(function() turn:send(1) end) turn:receive()
        ch:close()
        return {(out:receive()), (out:receive())}`),
    ).toEqual([
      [
        [1, true, false],
        [2, true, false],
      ],
    ]);
  });

  it('selects the first ready case in the order of the cases, and the channel is the same value', () => {
    expect(
      run(`
        local a, b = channel.new(1), channel.new(1)
        a:send("a") b:send("b")
        local first = channel.select { b:case_receive(), a:case_receive() }
        local second = channel.select { b:case_receive(), a:case_receive() }
        return {first.channel == b, first.channel == a, first.value, first.ok, second.channel == a, second.value}`),
    ).toEqual([[true, false, 'b', true, true, 'a']]);
  });

  it('waits for whichever case comes first, and leaves nothing behind in the others', () => {
    expect(
      run(`
        local a, b, log = channel.new(), channel.new(), {}
        coroutine.spawn(function() b:send("from b") a:send("from a") end)
        local r = channel.select { a:case_receive(), b:case_receive() }
        log[1] = r.value
        log[2] = a:receive()
        coroutine.spawn(function() log[3] = "sent " .. tostring(b:send("last")) end)
        log[4] = b:receive()
        local turn = channel.new() coroutine.spawn(function() turn:send(1) end) turn:receive()
        return log`),
    ).toEqual([['from b', 'from a', 'sent true', 'last']]);
  });

  it('selects sends as well as receives', () => {
    expect(
      run(`
        local out, never = channel.new(), channel.new()
        local got = channel.new(1)
        coroutine.spawn(function() got:send((out:receive())) end)
        local r = channel.select { never:case_receive(), out:case_send("hello") }
        return {r.channel == out, r.value, r.ok, (got:receive())}`),
    ).toEqual([[true, 'hello', true, 'hello']]);
  });

  it('answers at once with default when nothing is ready', () => {
    expect(
      run(`
        local ch = channel.new(1)
        local none = channel.select { ch:case_receive(), default = true }
        ch:send(1)
        local some = channel.select { ch:case_receive(), default = true }
        local full = channel.new()
        local send = channel.select({ full:case_send(1) }, true)
        return none, {some.default == nil, some.value}, send.default`),
    ).toEqual([{ default: true, ok: true }, [true, 1], true]);
  });

  it('reports a closed channel in select as not ok, and a send to one as an error', () => {
    expect(
      run(`
        local ch = channel.new() ch:close()
        local r = channel.select { ch:case_receive() }
        local ok = pcall(channel.select, { ch:case_send(1) })
        local waiting = channel.new()
        local results = channel.new(1)
        coroutine.spawn(function() results:send((pcall(channel.select, { waiting:case_send(1) }))) end)
        local turn = channel.new() coroutine.spawn(function() turn:send(1) end) turn:receive()
        waiting:close()
        return {r.channel == ch, r.value == nil, r.ok, ok, (results:receive())}`),
    ).toEqual([[true, true, false, false, false]]);
  });

  it.each([
    ['a case that is none', 'channel.select { channel.new() }', /case 1 of channel.select is a channel/],
    ['no cases', 'channel.select {}', /no case/],
    ['no table', 'channel.select(1)', /takes a table of cases, got number/],
    ['a negative size', 'channel.new(-1)', /bad argument #1 to 'new'/],
    [
      'a size that is no number',
      'channel.new("many")',
      /bad argument #1 to 'new' \(number expected, got string\)/,
    ],
    [
      'a method on something else',
      'local ch = channel.new() ch.send({}, 1)',
      /bad argument #1 to 'send' \(channel expected, got table\)/,
    ],
  ])('refuses %s', (_what, text, message) => {
    const error = openLua(text, { engine }).error;
    expect(error?.message).toMatch(message);
    expect(error?.message).toMatch(/^main[.]lua:1: /);
  });

  it('is a producer and a pool of workers', () => {
    expect(
      run(`
        local jobs, results = channel.new(10), channel.new(10)
        for w = 1, 3 do
          coroutine.spawn(function()
            while true do
              local n, ok = jobs:receive()
              if not ok then break end
              results:send(n * n)
            end
          end)
        end
        for i = 1, 10 do jobs:send(i) end
        jobs:close()
        local sum = 0
        for i = 1, 10 do sum = sum + results:receive() end
        return sum`),
    ).toEqual([385]);
  });

  it('moves thousands of values without holding on to them', () => {
    expect(
      run(`
        local ch, sum = channel.new(), 0
        coroutine.spawn(function() for i = 1, 5000 do ch:send(i) end ch:close() end)
        for i = 1, math.huge do
          local r = channel.select { ch:case_receive() }
          if not r.ok then break end
          sum = sum + r.value
        end
        return sum`),
    ).toEqual([12502500]);
  });

  it('shows people who waits on what when nobody can go on', () => {
    const session = openLua(
      'local ch = channel.new() coroutine.spawn(function() ch:send(1) end) channel.new():receive()',
      {
        engine,
      },
    );
    expect(session.outcome).toBeUndefined();
    expect(session.open.size).toBe(0);
    expect(session.waits()).toBe('main waits for channel receive; coroutine 1 waits for channel send');
  });
});
