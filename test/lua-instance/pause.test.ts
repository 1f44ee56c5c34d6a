// Programs that give up their turn, or park where their budget is used up: they go on where they were, as if nothing had been.
import { describe, expect, it } from 'vitest';
import type { Budget } from '../../src/core/program.js';
import { compiledEngine } from '../../src/lua/compiled/engine.js';
import { fengariEngine } from '../../src/lua/fengari/engine.js';
import type { Pause } from '../../src/lua/suspend.js';
import { LuaSession, programOf } from '../support/instance.js';
import type { LuaOptions } from '../support/instance.js';
import { smallest } from '../support/smallest.js';
import { probeSpec } from './probe.js';

const open = (text: string, options: LuaOptions = {}, budget?: Budget): LuaSession =>
  new LuaSession(text, {
    engine: compiledEngine,
    modules: [probeSpec],
    program: { ...programOf(text, { modules: [probeSpec] }), ...(budget === undefined ? {} : { budget }) },
    ...options,
  });

/** Starts main, lets it go on whenever it has paused, and tells the reasons. */
function runThrough(session: LuaSession, most = Infinity): Pause[] {
  const pauses: Pause[] = [];
  let step = session.instance.start([]);
  session.take(step);
  while (step.paused !== undefined && pauses.length < most) {
    pauses.push(step.paused);
    step = session.instance.goOn();
    session.take(step);
  }
  return pauses;
}

const turns = (turnInstructions: number): LuaOptions => ({ host: { turnInstructions } });

const PROGRAMS: readonly (readonly [string, string])[] = [
  ['while', 'local n = 0 while n < 50 do n = n + 1 end return n'],
  ['repeat', 'local n = 0 repeat local m = n n = m + 1 until m >= 30 return n'],
  ['a for of constants', 'local s = 0 for i = 1, 40 do s = s + i end return s'],
  ['a for that counts down', 'local s = "" for i = 20, 1, -3 do s = s .. i .. "," end return s'],
  ['a for of floats', 'local s = 0.5 for x = 0.0, 2, 0.25 do s = s * 1.5 + x end return s'],
  [
    'a for of given bounds',
    'local function f(a, b, c) local s = 0 for i = a, b, c do s = s * 2 + i end return s end return f(1, 20, 3), f(9, -9, -2), f(1.5, 4, 0.5), f(math.maxinteger - 2, math.maxinteger, 1)',
  ],
  [
    'pairs',
    'local t, s = {a = 1, b = 2, 3, 4, 5}, {} for k, v in pairs(t) do s[#s + 1] = k .. "=" .. v end return table.concat(s, " ")',
  ],
  [
    'pairs that deletes',
    'local t, n = {} for i = 1, 30 do t["k" .. i] = i end n = 0 for k, v in pairs(t) do t[k] = nil n = n + v end return n, next(t)',
  ],
  ['ipairs', 'local s = 0 for i, v in ipairs({5, 6, 7, nil, 9}) do s = s * 10 + v end return s'],
  [
    'an iterator of Lua',
    'local function upto(n) local i = 0 return function() i = i + 1 if i <= n then return i, i * i end end end local s = 0 for i, q in upto(12) do s = s + q end return s',
  ],
  ['a backward goto', 'local n = 0 ::again:: n = n + 1 if n < 25 then goto again end return n'],
  [
    'gotos that cross',
    'local n, s = 0, "" ::a:: n = n + 1 if n % 3 == 0 then goto b end s = s .. n if n < 20 then goto a end goto c ::b:: s = s .. "!" if n < 20 then goto a end ::c:: return s',
  ],
  [
    'loops in loops',
    'local s = {} for i = 1, 5 do local j = 0 while true do j = j + 1 if j > i then break end for k, v in ipairs({i, j}) do s[#s + 1] = v * k end end end return table.concat(s, " ")',
  ],
  [
    'recursion',
    'local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end return fib(12)',
  ],
  [
    'tail calls',
    'local function f(n, s) if n == 0 then return s end return f(n - 1, s + n) end return f(200, 0)',
  ],
  [
    'deep recursion',
    'local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end return f(5000)',
  ],
  [
    'varargs',
    'local function f(...) local s = select("#", ...) for i = 1, 3 do s = s + select(i, ...) end return s, ... end return f(1, 2, 3, nil)',
  ],
  [
    'several results',
    'local function f(n) local a, b = 0, 1 for i = 1, n do a, b = b, a + b end return a, b, n end local function g(...) local t = {f(10), f(20), ...} return #t, table.unpack(t) end return g(7, 8)',
  ],
  [
    'captured variables of a loop',
    'local fs = {} for i = 1, 10 do local c = i fs[i] = function() c = c + i return c end end local s = 0 for round = 1, 3 do for _, f in ipairs(fs) do s = s + f() end end return s',
  ],
  [
    'methods and metamethods',
    'local V = {} V.__index = V V.__add = function(a, b) local s = 0 for i = 1, 5 do s = s + a.n + b.n end return setmetatable({n = s}, V) end function V:get() local n = 0 while n < self.n do n = n + 1 end return n end local v = setmetatable({n = 1}, V) for i = 1, 3 do v = v + v end return v:get()',
  ],
  [
    '__index and __newindex',
    'local log = {} local t = setmetatable({}, {__index = function(_, k) local n = 0 for i = 1, k do n = n + i end return n end, __newindex = function(t, k, v) for i = 1, 3 do log[#log + 1] = k .. i end rawset(t, k, v) end}) local s = 0 for i = 1, 8 do s = s + t[i] t["x" .. i] = i end return s, table.concat(log, " ")',
  ],
  [
    'comparisons',
    'local mt = {} mt.__lt = function(a, b) for i = 1, 4 do end return a.n < b.n end mt.__le = mt.__lt mt.__eq = function(a, b) for i = 1, 4 do end return a.n == b.n end mt.__concat = function(a, b) for i = 1, 4 do end return "joined" end mt.__len = function(a) for i = 1, 4 do end return 42 end local a, b = setmetatable({n = 1}, mt), setmetatable({n = 2}, mt) return a < b, a <= b, a == b, a .. b, #a, -(#b)',
  ],
  [
    'pcall',
    'local ok, message = pcall(function() for i = 1, 20 do if i == 15 then error("at " .. i) end end end) return ok, message',
  ],
  [
    'pcall in pcall',
    'local n = 0 for i = 1, 10 do local ok = pcall(function() for j = 1, 5 do n = n + 1 if j == i then error("x") end end end) if ok then n = n + 100 end end return n',
  ],
  [
    'xpcall with a handler',
    'return xpcall(function() for i = 1, 9 do end error({1}) end, function(e) local s = 0 for i = 1, 9 do s = s + e[1] end return s end)',
  ],
  [
    'a generator',
    'local co = coroutine.wrap(function(a) for i = 1, 10 do a = a + coroutine.yield(a * i) end return "end" end) local s = {} local v = co(1) while v ~= "end" do s[#s + 1] = v for j = 1, 3 do end v = co(j or 2) end return table.concat(s, " ")',
  ],
  [
    'coroutines in coroutines',
    'local function gen(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end local outer = coroutine.wrap(function() for i in gen(4) do for j in gen(i) do coroutine.yield(i * 10 + j) end end end) local s = {} for v in outer do s[#s + 1] = v end return table.concat(s, " ")',
  ],
  [
    'a coroutine that fails',
    'local co = coroutine.create(function() for i = 1, 9 do end error("inside") end) local ok, message = coroutine.resume(co) return ok, message, coroutine.status(co)',
  ],
  [
    'a coroutine.wrap that fails',
    'local f = coroutine.wrap(function() for i = 1, 9 do end error("inside") end) return pcall(function() return 1 + f() end)',
  ],
  [
    'to-be-closed variables',
    'local log = {} local function closer(name) return setmetatable({}, {__close = function(_, e) for i = 1, 3 do log[#log + 1] = name .. i end end}) end local function f() local a <close> = closer("a") for i = 1, 4 do local b <close> = closer("b") if i == 3 then return i end end end local r = f() pcall(function() local c <close> = closer("c") for i = 1, 9 do end error("x") end) return r, table.concat(log, " ")',
  ],
  [
    'sort and gsub',
    'local t = {} for i = 1, 20 do t[i] = i * 7 % 11 end table.sort(t, function(a, b) for i = 1, 3 do end return a < b end) local s = ("abc"):gsub("%a", function(c) local r = "" for i = 1, 3 do r = r .. c end return r end) return table.concat(t, " ") .. s',
  ],
  [
    'spawned coroutines in their order',
    'local c, s = channel.new(10), {} for i = 1, 3 do coroutine.spawn(function() for j = 1, 20 do end c:send(i) for j = 1, 20 do end c:send(i * 10) end) end for i = 1, 6 do s[i] = c:receive() end return table.concat(s, " ")',
  ],
  [
    'a callback of a host function',
    'return probe.try(function() local s = 0 for i = 1, 20 do s = s + i end return s end)',
  ],
  [
    'a method of a captured loop variable',
    'local t = {} for i, name in ipairs({"x", "y"}) do t[name] = function(self) local r = {} for k = 1, i + 1 do r[k] = name .. k end return table.concat(r) end end return t:x() .. t:y()',
  ],
];

describe('a step that gives up its turn', () => {
  it.each(PROGRAMS)('goes on as if nothing had been: %s', (_what, text) => {
    const whole = open(text);
    expect(runThrough(whole)).toEqual([]);
    for (const turn of [1, 2, 3, 7, 50]) {
      const session = open(text, turns(turn));
      const pauses = runThrough(session);
      expect(session.outcome).toEqual(whole.outcome);
      if (turn < 4) expect(pauses.length).toBeGreaterThan(0);
      if (pauses.length === 0) continue;
      expect(new Set(pauses.map(({ why }) => why))).toEqual(new Set(['turn']));
    }
  });

  const counted = PROGRAMS.filter(([what]) => /^(while|loops in loops|recursion|a generator)$/.test(what));
  it.each(counted)('counts the same: %s', (_what, text) => {
    const fits = (instructions: number, turn: number): boolean => {
      const session = open(text, turns(turn), { instructions });
      runThrough(session);
      return session.error === undefined;
    };
    const least = (turn: number): number => smallest((instructions) => fits(instructions, turn), 20_000);
    // Slices are of the turn's length, so that what is left in them is not the same.
    expect(Math.abs(least(40) - least(41))).toBeLessThan(60);
  });

  it.each(['outer()', 'coroutine.wrap(function() outer() end)()'])(
    'tells an error with the stack that it has without pauses: %s',
    (last) => {
      const text = [
        'local function inner(n)',
        '  for i = 1, 20 do if i == n then error("found") end end',
        'end',
        'local function outer() for i = 1, 5 do inner(15 + i) end end',
        last,
      ].join('\n');
      const whole = open(text);
      runThrough(whole);
      const session = open(text, turns(10));
      expect(runThrough(session).length).toBeGreaterThan(3);
      expect(session.error?.stack).toContain('main.lua:5: in function');
      expect(session.error).toEqual(whole.error);
    },
  );

  it.each([
    ['a builtin', 'local s = ("a"):rep(10000) while true do s:find("%f[%d]") end'],
    ['a sort', 'local t = {3, 1, 2} while true do table.sort(t, function(a, b) return a < b end) end'],
    ['a function without a call', 'local function f(...) end while true do f(...) end'],
    [
      'many values',
      'local function f(...) while true do local n = select("#", ...) end end f(table.unpack({}, 1, 9000))',
    ],
  ])('gives it up soon where a pass is short and %s in it is long', (_what, text) => {
    const session = open(text, turns(50_000), { instructions: 2_000_000 });
    expect(runThrough(session).length).toBeGreaterThan(25);
    expect(session.error?.message).toMatch(/^budget exceeded at main[.]lua:1/);
  });

  it('is stopped by its budget, however many turns it had', () => {
    const session = open('local n = 0\nwhile true do n = n + 1 end', turns(1000), { instructions: 100_000 });
    const pauses = runThrough(session);
    expect(pauses.length).toBeGreaterThan(90);
    expect(session.error?.message).toMatch(/^budget exceeded at main[.]lua:2: more than 100000 instructions/);
  });

  it('does not get back the memory that it took before', () => {
    const text = 'local t = {} for i = 1, 1000000 do t[i] = {} end return #t';
    const session = open(text, turns(1000), { memory: 1_000_000 });
    runThrough(session);
    expect(session.error?.message).toMatch(/more than 1000000 bytes of memory/);
  });

  it('lets what comes meanwhile wait until it has ended', () => {
    const session = open('for i = 1, 100 do end local inbox = probe.inbox() return inbox', turns(20));
    const first = session.instance.start([]);
    expect(first.paused).toEqual({ on: 'pause', why: 'turn' });
    expect(session.instance.deliver({ topic: 'x', from: undefined, payloads: [1] })).toEqual({
      commands: [],
      withdrawn: [],
    });
    expect(session.instance.coroutines()).toMatchObject([{ name: 'main', waits: 'its turn' }]);
  });

  it('is over when it is closed', () => {
    const session = open('while true do end', turns(20));
    expect(session.instance.start([]).paused).toBeDefined();
    session.instance.close();
    expect(session.instance.goOn()).toEqual({ commands: [], withdrawn: [] });
  });

  it('never gives it up in a workflow', () => {
    const session = open('for i = 1, 100000 do end return 1', {
      host: { turnInstructions: 10, place: 'workflow' },
    });
    expect(runThrough(session)).toEqual([]);
    expect(session.values).toEqual([1]);
  });

  it('is one of a few instances that share a library, and none takes from another', () => {
    const options = {
      libraries: {
        work: 'return {run = function(n) local s = 0 for i = 1, n do s = s + i end return s end}',
      },
    };
    const text = 'return work.run(2000)';
    const program = { ...programOf(text, options), budget: { instructions: 12_000 } };
    const sessions = Array.from(
      { length: 5 },
      () => new LuaSession(text, { program, host: { turnInstructions: 100 } }),
    );
    const busy = new Set(sessions);
    for (const session of sessions) session.take(session.instance.start([]));
    while (busy.size > 0)
      for (const session of busy) {
        const step = session.instance.goOn();
        session.take(step);
        if (step.paused === undefined) busy.delete(session);
      }
    expect(sessions.map(({ values }) => values)).toEqual(sessions.map(() => [2_001_000]));
  });
});

describe('a step on fengari that gives up its turn', () => {
  const onFengari = (text: string, host: LuaOptions['host'] = {}, budget?: Budget): LuaSession =>
    open(text, { engine: fengariEngine, host }, budget);
  /** Its hook looks every 1,000 instructions: a turn is never shorter. */
  const AT_EVERY_LOOK = { turnInstructions: 10 };
  const longer = (text: string): string =>
    `local all = {} for round = 1, 40 do all[round] = table.pack((function() ${text} end)()) end return #all, table.unpack(all[40])`;
  const programs = PROGRAMS.filter(([, text]) => !text.includes('<close>') && !text.includes('maxinteger'));

  it.each(programs)('goes on as if nothing had been: %s', (_what, text) => {
    const many = longer(text.replace('f(5000)', 'f(1000)'));
    const whole = onFengari(many);
    expect(runThrough(whole)).toEqual([]);
    const session = onFengari(many, AT_EVERY_LOOK);
    const pauses = runThrough(session);
    for (const { why } of pauses) expect(why).toBe('turn');
    expect(session.outcome).toEqual(whole.outcome);
  });

  it.each([
    ['in main', 'while true do end'],
    [
      'in a coroutine in a coroutine',
      'local c = coroutine.wrap(function() coroutine.wrap(function() while true do end end)() end) c()',
    ],
    ['in pcall', 'while true do pcall(function() for i = 1, 100 do end end) end'],
    ['in a metamethod', 'return setmetatable({}, {__index = function() while true do end end}).x'],
  ])('is stopped by its budget, however many turns it had: %s', (_where, text) => {
    const session = onFengari(text, AT_EVERY_LOOK, { instructions: 50_000 });
    expect(runThrough(session).length).toBeGreaterThan(20);
    expect(session.error?.message).toMatch(/^budget exceeded at main[.]lua:1: more than 50000 instructions/);
  });

  it('never gives it up in a workflow', () => {
    const session = onFengari('for i = 1, 20000 do end return 1', { ...AT_EVERY_LOOK, place: 'workflow' });
    expect(runThrough(session)).toEqual([]);
    expect(session.values).toEqual([1]);
  });
});

describe('a step that parks', () => {
  const parks = (text: string, budget: Budget): LuaSession =>
    open(text, { host: { place: 'workflow' } }, { ...budget, on_exceed: 'park' });

  it('does so where its budget is used up, and gets a new one', () => {
    const session = parks('local n = 0\nfor i = 1, 100000 do\n  n = n + i\nend\nreturn n', {
      instructions: 50_000,
    });
    const pauses = runThrough(session);
    expect(pauses.length).toBeGreaterThan(2);
    for (const pause of pauses)
      expect(pause).toEqual({
        on: 'pause',
        why: 'budget',
        message:
          "budget exceeded at main.lua:2: more than 50000 instructions in one step; 'budget.instructions' of the entry sets the limit",
      });
    expect(session.values).toEqual([5_000_050_000]);
  });

  it('parks at the same places each time', () => {
    const text =
      'local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end local s = 0 for i = 1, 300 do s = s + f(i) for k in pairs({1, 2, 3}) do s = s + k end end probe.ask(s) return s';
    const run = (): unknown => {
      const session = parks(text, { instructions: 20_000 });
      const pauses = runThrough(session);
      session.answer('probe.ask', null);
      return { pauses, values: session.values };
    };
    const first = run();
    for (let time = 0; time < 30; time++) expect(run()).toEqual(first);
  });

  it('overdraws where it cannot stop, and fails where that is not enough', () => {
    const sorts = (steps: number): string =>
      `local t = {} for i = 1, 100 do t[i] = -i end table.sort(t, function(a, b) for i = 1, ${steps} do end return a < b end) local n = 0 while n < 5000 do n = n + 1 end return t[1]`;
    const little = parks(sorts(20), { instructions: 20_000 });
    expect(runThrough(little).length).toBeGreaterThan(0);
    expect(little.values).toEqual([-100]);
    const much = parks(sorts(1000), { instructions: 20_000 });
    runThrough(much);
    expect(much.error?.message).toMatch(/^budget exceeded at main[.]lua:1: more than 20000 instructions/);
  });

  it('parks for memory, and fails for what alone is too much', () => {
    const session = parks('local t = {} for i = 1, 20000 do t[i] = {} end return #t', { memory: 500_000 });
    expect(runThrough(session).length).toBeGreaterThan(2);
    expect(session.values).toEqual([20_000]);
    const bomb = parks('return #("x"):rep(2000000)', { memory: 500_000 });
    runThrough(bomb);
    expect(bomb.error?.message).toMatch(/more than 500000 bytes of memory/);
  });

  it('is stopped on a node', () => {
    const session = open('while true do end', {}, { instructions: 20_000, on_exceed: 'park' });
    expect(runThrough(session)).toEqual([]);
    expect(session.error?.message).toMatch(/^budget exceeded/);
  });

  it.each(PROGRAMS)('goes on as if nothing had been: %s', (_what, text) => {
    const whole = open(text);
    runThrough(whole);
    for (const instructions of [20_000, 50_000]) {
      const session = parks(text, { instructions });
      runThrough(session, 2000);
      expect(session.outcome).toEqual(whole.outcome);
    }
  });
});
