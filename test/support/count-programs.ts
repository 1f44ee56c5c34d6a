// What fixed programs need of their budgets, in a process of its own: one line of JSON. Each is measured when it first runs, and
// again when V8 has had a hundred runs to optimize it.
import { compiledEngine } from '../../src/lua/compiled/engine.js';
import type { Budget } from '../../src/core/program.js';
import { openLua, programOf } from './instance.js';
import { smallest } from './smallest.js';

const PROGRAMS: Readonly<Record<string, string>> = {
  loops: 'local s = 0 for i = 1, 2000 do s = s + i % 7 end while s > 0 do s = s - 3 end return s',
  recursion:
    'local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end return fib(14)',
  tables:
    'local t = {} for i = 1, 500 do t[i] = { id = i, name = "n" .. i } end table.sort(t, function(a, b) return a.name < b.name end) for k, v in pairs(t) do v.seen = k end return #t',
  strings:
    'local s = "" for i = 1, 200 do s = s .. string.format("%05d,", i) end return #s:gsub("%d+", function(d) return d + 1 end):upper():rep(3)',
  coroutines:
    'local co = coroutine.wrap(function() for i = 1, 100 do coroutine.yield({ i }) end end) local n = 0 for i = 1, 100 do n = n + co()[1] end return n',
  errors: 'local n = 0 for i = 1, 30 do if not pcall(error, { i }) then n = n + 1 end end return n',
  objects:
    'local C = {} C.__index = C C.__add = function(a, b) return setmetatable({ n = a.n + b.n }, C) end local x = setmetatable({ n = 1 }, C) for i = 1, 200 do x = x + x end return x.n > 0',
  integers: 'local h = 0xcbf29ce484222325 for i = 1, 500 do h = (h ~ i) * 1099511628211 end return h',
  channels:
    'local c = channel.new(4) coroutine.spawn(function() for i = 1, 100 do c:send(i) end c:close() end) local s = 0 while true do local v, ok = c:receive() if not ok then break end s = s + v end return s',
};

const RESOURCES = ['instructions', 'memory'] as const;

function fits(text: string, budget: Budget): boolean {
  const program = { ...programOf(text), budget: { instructions: 1e9, memory: 1e9, ...budget } };
  return openLua(text, { program, engine: compiledEngine }).error === undefined;
}

/** The smallest budgets that the program gets by with. */
const needs = (text: string): number[] =>
  RESOURCES.map((what) => smallest((value) => fits(text, { [what]: value }), 500_000));

const counts: Record<string, unknown> = {};
for (const [name, text] of Object.entries(PROGRAMS)) {
  const cold = needs(text);
  for (let run = 0; run < 100; run++) openLua(text, { engine: compiledEngine });
  const isSame = RESOURCES.every((what, at) => {
    const least = cold[at]!;
    return fits(text, { [what]: least }) && !fits(text, { [what]: least - 1 });
  });
  counts[name] = isSame ? cold : { cold, warm: needs(text) };
}
process.stdout.write(`${JSON.stringify(counts)}\n`);
