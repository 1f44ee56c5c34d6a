// A program that does not end its step is stopped with its Lua line, whatever it wraps around itself.
import { expect, it } from 'vitest';
import { processSpec } from '../../src/modules/process/spec.js';
import { openLua, programOf } from '../support/instance.js';
import type { LuaSession } from '../support/instance.js';
import { onEachEngine } from './engines.js';
import { probeSpec } from './probe.js';

onEachEngine('the instruction budget', (engine) => {
  const open = (text: string, instructions = 50_000): LuaSession =>
    openLua(text, {
      engine,
      modules: [probeSpec],
      globals: [processSpec],
      program: { ...programOf(text, { modules: [probeSpec] }), budget: { instructions } },
    });

  it.each([
    ['a loop', 'while true do end'],
    ['pcall around it', 'while true do pcall(function() while true do end end) end'],
    ['a coroutine', 'coroutine.wrap(function() while true do end end)()'],
    [
      'coroutines that only switch',
      'local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end',
    ],
    ['a metamethod', 'local t = setmetatable({}, {__index = function() while true do end end}) return t.x'],
    [
      'a comparator',
      'table.sort({1, 2, 3}, function() while true do pcall(function() while true do end end) end end)',
    ],
    [
      'coroutines that pass a value around',
      'local a, b = channel.new(), channel.new() coroutine.spawn(function() while true do b:send(a:receive()) end end) while true do a:send(1) b:receive() end',
    ],
    ['a callback of the host', 'probe.try(function() while true do end end) return "survived"'],
    [
      'a listener that has ended',
      'local c = process.listen("x") process.unlisten(c) while true do c:receive() end',
    ],
    [
      'a select of a listener that has ended',
      'local c = process.listen("x") process.unlisten(c) while true do channel.select{ c:case_receive() } end',
    ],
    [
      'a program that sends to its own listener',
      'local c = process.listen("x") coroutine.spawn(function() while true do c:send(1) end end) while true do c:receive() end',
    ],
  ])('stops %s', (_what, text) => {
    const session = open(text);
    expect(session.error).toMatchObject({ kind: 'Internal', retryable: false });
    expect(session.error?.message).toMatch(/^budget exceeded at main[.]lua:1: /);
    expect(session.error?.stack).toMatch(/^main[.]lua:1: in /);
  });

  it('counts each step anew', () => {
    const session = open(
      'local function work() for i = 1, 3000 do end end for i = 1, 40 do work() probe.ask(i) end return "done"',
    );
    for (let step = 0; step < 40; step++) session.answer('probe.ask', null);
    expect(session.values).toEqual(['done']);
  });

  it('counts anew for each message that came before it was asked for', () => {
    const session = open(
      'local c = process.listen("x") probe.ask(0) for _ = 1, 40 do c:receive() for _ = 1, 3000 do end end return "done"',
    );
    for (let message = 0; message < 40; message++) session.send('x', message);
    session.answer('probe.ask', null);
    while (session.outcome === undefined) session.take(session.instance.goOn()); // for its turn it is one step
    expect(session.values).toEqual(['done']);
  });

  it.runIf(engine.name === 'compiled')('counts the memory of each step anew', () => {
    const text =
      'for i = 1, 10 do local t = {} for j = 1, 10000 do t[j] = j end probe.ask(i) end return "done"';
    const program = { ...programOf(text, { modules: [probeSpec] }), budget: { memory: 500_000 } };
    const session = openLua(text, { engine, modules: [probeSpec], program });
    for (let step = 0; step < 10; step++) session.answer('probe.ask', null);
    expect(session.values).toEqual(['done']);
  });

  it('stops a program that says nothing about its budget too', () => {
    expect(openLua('while true do end', { engine }).error?.message).toMatch(
      /^budget exceeded at main[.]lua:1/,
    );
  });

  it('does not make strings that no machine can hold', () => {
    const [values] = open(
      'return {pcall(string.rep, "x", 1e9), select(2, pcall(string.rep, "ab", 1e8, ", "))}',
    ).values as [unknown[]];
    expect(values).toEqual([false, expect.stringContaining('resulting string too large')]);
  });
});
