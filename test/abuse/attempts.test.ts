// What an attacker of the engine tries, in families: each attempt is a body of main, and what it gives is what plain Lua would give,
// on both engines. Nothing of the host may show, nothing shared may change, nothing may differ from run to run.
import { describe, expect, it } from 'vitest';
import { engineNamed } from '../../src/lua/engines.js';
import { engines } from '../lua-instance/engines.js';
import { openLua, programOf } from '../support/instance.js';

type Attempt = readonly [what: string, text: string, gives: unknown, only?: 'compiled'];

const injection: readonly Attempt[] = [
  ['a string that ends a template', 'local s = "${process.exit(1)}`;process.exit(1)//" return #s', 37],
  ['line ends of JavaScript in a string', 'local s = "a\\u{2028}b\\u{2029}c" return #s', 9],
  ['the end of a comment in a string', 'local s = "*/ process.exit(1) /*" return s', '*/ process.exit(1) /*'],
  [
    'a quote and a backslash as a field',
    'local t = {} t["a\\"];process.exit(1);//"] = 1 for k in pairs(t) do return #k end',
    22,
  ],
  [
    'a closing brace as a field of a record',
    'local t = {["}});process.exit(1);({"] = 5} return t["}});process.exit(1);({"]',
    5,
  ],
  ['NUL and control characters as a field', 'local t = {["\\0\\1\\n\\r"] = 7} return t["\\0\\1\\n\\r"]', 7],
  [
    'words of JavaScript as locals',
    'local await, eval, this, new, class, yield, let, var, delete, void = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 return await + eval + this + new + class + yield + let + var + delete + void',
    55,
  ],
  [
    'names of the runtime as locals',
    'local S, M, T, A, B, K0, C0, F0, m0, G, unit, floor, x, y, k, va, r0, r1, u0 = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19 local function f() return S + M + T + A + B + K0 + C0 + F0 + m0 + G + unit + floor + x + y + k + va + r0 + r1 + u0 end return f()',
    190,
  ],
  [
    'names of the runtime as globals',
    'S, M, T, B, unit, refill, push = 1, 2, 3, 4, 5, 6, 7 return S + M + T + B + unit + refill + push',
    28,
  ],
  [
    'names of the runtime as labels',
    'do goto X0 end ::X0:: do goto L0 end ::L0:: do goto break_ end ::break_:: return "there"',
    'there',
  ],
  [
    'names of the runtime as methods',
    'local t = {reset = function() return 1 end, resume = function() return 2 end} return t:reset() + t:resume()',
    3,
  ],
  [
    'annotations that look like code',
    'local x: {["process.exit(1)"]: number} = {} return type(x)',
    'table',
    'compiled',
  ],
  [
    'a function named like a directive',
    'local function use_strict() return "x" end return use_strict()',
    'x',
  ],
  [
    'numbers at their ends',
    'return 0x7fffffffffffffff, -0x8000000000000000 == math.mininteger, 1e308 * 10 == math.huge, 0x1p-1074 > 0',
    [9223372036854775807n, true, true, true],
    'compiled',
  ],
  ['a bytecode header', 'return (pcall(string.rep, "\\27Lua", -1))', true],
];

const keys: readonly Attempt[] = [
  ['__proto__ as a field', 'local t = {} t.__proto__ = {x = 1} return t.x == nil and t.__proto__.x', 1],
  ['__proto__ in a constructor', 'local t = {__proto__ = {x = 1}} return t.x == nil and t.__proto__.x', 1],
  [
    '__proto__ as a key at run time',
    'local t, k = {}, "__pro" .. "to__" t[k] = {x = 1} return t.x == nil and rawget(t, k).x',
    1,
  ],
  ['__proto__ among globals', '__proto__ = {x = 2} return x == nil and _G.__proto__.x', 2],
  [
    '__proto__ through rawset and next',
    'local t = {} rawset(t, "__proto__", 3) local k, v = next(t) return k .. v',
    '__proto__3',
  ],
  [
    'constructor as a field that is not there',
    'local t = {} return t.constructor == nil and ({a = 1}).constructor == nil',
    true,
  ],
  [
    'constructor as a global that is not there',
    'return constructor == nil and prototype == nil and toString == nil and hasOwnProperty == nil',
    true,
  ],
  [
    'an environment is no object',
    'return _G["valueOf"] == nil and _G["__defineGetter__"] == nil and _G["globalThis"] == nil',
    true,
  ],
  ['a table with then', 'local t = {["then"] = function() return 1 end} return t["then"]()', 1],
  [
    'a table with toJSON and valueOf',
    'local t = {toJSON = 1, valueOf = 2, toString = 3} local n = 0 for _, v in pairs(t) do n = n + v end return n',
    6,
  ],
  [
    'length is no field of lists',
    'local t = {1, 2, 3} return t.length == nil and t["length"] == nil and #t',
    3,
  ],
  ['"1" is not 1', 'local t = {} t["1"] = "text" t[1] = "number" return t["1"] .. t[1]', 'textnumber'],
  [
    'negative and far indexes',
    'local t = {1} t[-1] = 2 t[4294967295] = 3 t[4294967296] = 4 return t[-1] + t[4294967295] + t[4294967296] + #t',
    10,
    'compiled',
  ],
  ['-0 and 0 are one key', 'local t = {} t[0.0] = 1 t[-0.0] = 2 return t[0]', 2],
  ['NaN is no key', 'return (pcall(rawset, {}, 0/0, 1))', false],
  [
    'a string has only its methods',
    'return ("x").constructor == nil and ("x").length == nil and ("x").prototype == nil',
    true,
  ],
];

const metamethods: readonly Attempt[] = [
  [
    'the metatable of strings',
    'local ok = pcall(function() getmetatable("").__index = {} end) return ok == false and ("x"):upper()',
    'X',
    'compiled',
  ],
  [
    'its index itself',
    'local ok = pcall(function() getmetatable("").__index.upper = nil end) return ok == false and ("x"):upper()',
    'X',
    'compiled',
  ],
  ['a library', 'return (pcall(function() string.upper = print end))', false, 'compiled'],
  ['a library by rawset', 'return (pcall(rawset, string, "upper", print))', false, 'compiled'],
  ['a library by table.insert', 'return (pcall(table.insert, table, 1))', false, 'compiled'],
  [
    'a library by setmetatable',
    'pcall(setmetatable, math, {__index = {evil = 1}}) return math.evil == nil',
    true,
    'compiled',
  ],
  ['a library by table.move', 'return (pcall(table.move, {1}, 1, 1, 1, os))', false, 'compiled'],
  ['a library by table.sort', 'return pcall(table.sort, string) == true and string.upper("a")', 'A'],
  [
    'a field of a library to nil',
    'pcall(function() string.rep = nil end) return type(string.rep)',
    'function',
    'compiled',
  ],
  [
    'a metatable that hides itself',
    'local t = setmetatable({}, {__metatable = "locked"}) return getmetatable(t) == "locked" and (pcall(setmetatable, t, {}))',
    false,
  ],
  [
    '__index of itself',
    'local t = {} setmetatable(t, {__index = t}) return (pcall(function() return t.x end))',
    false,
  ],
  [
    '__gc never runs',
    'local hit = false do setmetatable({}, {__gc = function() hit = true end}) end return hit',
    false,
  ],
  [
    '__tostring that gives no text',
    'return (pcall(tostring, setmetatable({}, {__tostring = function() return {} end})))',
    false,
  ],
  [
    '__name as a kind',
    'return (tostring(setmetatable({}, {__name = "Promise"})):match("^[%a]+"))',
    'Promise',
  ],
  [
    '__eq of two kinds',
    'local m = {__eq = function() return true end} return setmetatable({}, m) == 1',
    false,
  ],
  [
    '__len that is no number',
    'return (pcall(table.unpack, setmetatable({}, {__len = function() return "x" end})))',
    false,
  ],
  [
    '__call chains',
    'local t = setmetatable({}, {__call = function(self, a) return a end}) return pcall(t, 5) and t(6)',
    6,
  ],
  [
    '__concat and __unm that give themselves',
    'local t t = setmetatable({}, {__concat = function() return t end, __unm = function() return t end}) return (t .. "x") == t and -t == t',
    true,
  ],
];

const errors: readonly Attempt[] = [
  ['errors keep no host object', 'local _, e = pcall(error, {code = 1}) return e.stack == nil and e.code', 1],
  [
    'an error of the engine is a text',
    'local _, e = pcall(function() return nil + 1 end) return type(e)',
    'string',
  ],
  [
    'no path of the host in it',
    'local _, e = pcall(function() local t = nil return t.x end) return e:find("/") == nil and e:find("node") == nil',
    true,
  ],
  [
    'no path in a traceback',
    'local _, tb = xpcall(function() error("x") end, function(m) return errors.call_stack and "ok" or m end) return tb',
    'ok',
  ],
  [
    'a stack overflow is a text of Lua',
    'local function f() return 1 + f() end local _, e = pcall(f) return e:find("stack overflow") ~= nil and e:find("RangeError") == nil and e:find("Maximum") == nil',
    true,
  ],
  [
    'errors in error handlers',
    'local ok, e = xpcall(error, function() error("again") end, "first") return ok == false and type(e) ~= "userdata"',
    true,
  ],
  [
    'an error whose text fails',
    'local ok = pcall(error, setmetatable({}, {__tostring = function() error("no") end})) return ok',
    false,
  ],
  ['nil as an error', 'local ok, e = pcall(error) return ok == false and e == nil', true],
  [
    'a coroutine as an error',
    'local co = coroutine.create(print) local _, e = pcall(error, co) return e == co',
    true,
  ],
  [
    'an error object of the platform is read only',
    'local e = errors.new("Internal", "x") return (pcall(function() e.kind = nil end))',
    false,
  ],
  [
    'an error object has no host fields',
    'local e = errors.new("Internal", "x") local ok, v = pcall(function() return e.constructor end) return ok == false or v == nil',
    true,
  ],
];

const ways: readonly Attempt[] = [
  [
    'what applications do not have',
    'local found = "" for _, name in ipairs{"load", "loadstring", "dofile", "loadfile", "debug", "package", "io", "collectgarbage", "newproxy", "getfenv", "setfenv"} do if _G[name] ~= nil then found = found .. name end end for _, name in ipairs{"execute", "getenv", "exit", "remove", "rename", "tmpname", "setlocale"} do if os[name] ~= nil then found = found .. name end end return found .. (pcall(string.dump or error, print) and "dump" or "")',
    '',
  ],
  [
    'require of what is not declared',
    'return (pcall(require, "fs")) or (pcall(require, "../x")) or (pcall(require, "node:fs")) or (pcall(require, "__proto__")) or (pcall(require, "constructor"))',
    false,
  ],
  ['require of no text', 'return (pcall(require, {})) or (pcall(require)) or (pcall(require, 1))', false],
  [
    'a channel with odd capacities',
    'return (pcall(channel.new, -1)) or (pcall(channel.new, 0/0)) or (pcall(channel.new, "x"))',
    false,
  ],
  [
    'methods of userdata with another self',
    'local c = channel.new(1) return (pcall(c.send, {}, 1)) or (pcall(c.receive, "x")) or (pcall(c.close, errors.new("Internal", "x")))',
    false,
  ],
  ['userdata as keys', 'local c = channel.new(1) local t = {[c] = 5} return t[c]', 5],
  [
    'userdata are no tables',
    'local c = channel.new(1) return (pcall(rawget, c, "x")) or (pcall(next, c)) or (pcall(rawset, c, 1, 2)) or (pcall(setmetatable, c, {}))',
    false,
  ],
  [
    'resuming the running coroutine',
    'local co co = coroutine.create(function() return coroutine.resume(co) end) local _, ok = coroutine.resume(co) return ok',
    false,
  ],
  ['yielding from the main coroutine', 'return (pcall(coroutine.yield))', false],
  [
    'wrapping what is no function',
    'return (pcall(coroutine.wrap, 1)) or (pcall(coroutine.create, {}))',
    false,
  ],
];

const determinism: readonly Attempt[] = [
  [
    'pairs in the order of insertion',
    'local t = {} for _, k in ipairs{"z", "a", "m", "10", "2"} do t[k] = 1 end t.a = nil t.a = 2 local s = "" for k in pairs(t) do s = s .. k .. "," end return s',
    'z,a,m,10,2,',
    'compiled',
  ],
  [
    'addresses are counters',
    'local a, b = tostring({}):match("0x(%x+)$"), tostring({}):match("0x(%x+)$") return tonumber(b, 16) - tonumber(a, 16)',
    1,
  ],
  ['%p and the like are refused', 'return (pcall(string.format, "%p", {}))', false],
  ['no clock of the machine', 'return os.clock() == os.clock()', true],
  ["the time is the host's", 'return os.time()', 1718461845],
  ["chance is the host's", 'local a = math.random(1, 1000) return a >= 1 and a <= 1000', true],
  [
    'no locale',
    'return ("%.1f"):format(1.5) .. tostring(1.5) .. (os.setlocale == nil and "" or "locale")',
    '1.51.5',
  ],
  ['# of a list with a hole that was cut', 'local t = {1, 2, 3, 4} t[4] = nil t[2] = nil return #t', 3],
];

describe.each(engines)('on $name', (engine) => {
  const families = { injection, keys, metamethods, errors, ways, determinism };
  for (const [family, attempts] of Object.entries(families))
    describe(family, () => {
      for (const [what, text, gives, only] of attempts)
        if (only === undefined || only === engine.name)
          it(what, () => {
            const { values } = openLua(text, { engine });
            expect(values).toEqual(Array.isArray(gives) ? gives : [gives]);
          });
    });
});

/** What lets go of nothing: budgets that somebody tries to outlive. */
const outliving: readonly (readonly [what: string, text: string])[] = [
  [
    'pcall in a coroutine in pcall',
    'pcall(coroutine.wrap(function() pcall(function() while true do end end) while true do end end)) while true do end',
  ],
  [
    'closing a coroutine that is over its budget',
    'local co = coroutine.create(function() while true do end end) pcall(coroutine.resume, co) coroutine.close(co) while true do end',
  ],
  [
    'an error handler that goes on',
    'xpcall(function() while true do end end, function() while true do end end) while true do end',
  ],
  [
    'a __close that goes on',
    'do local x <close> = setmetatable({}, {__close = function() while true do end end}) pcall(function() while true do end end) end while true do end',
  ],
  [
    'a comparator that goes on',
    'pcall(table.sort, {3, 2, 1}, function() while true do end end) while true do end',
  ],
  [
    'a replacement that goes on',
    'pcall(string.gsub, "x", "x", function() while true do end end) while true do end',
  ],
  [
    'an iterator that goes on',
    'for _ in pairs(setmetatable({}, {__pairs = function() return function() while true do end end end})) do end',
  ],
  [
    'a __tostring that goes on',
    'pcall(tostring, setmetatable({}, {__tostring = function() while true do end end})) while true do end',
  ],
  [
    'spawned coroutines that each go on',
    'for i = 1, 10 do coroutine.spawn(function() while true do pcall(function() while true do end end) end end) end channel.new():receive()',
  ],
  [
    'memory that is caught',
    'while true do pcall(function() local t = {} while true do t[#t + 1] = {} end end) end',
  ],
];

describe('a budget is not outlived by', () => {
  it.each(outliving)('%s', (_what, text) => {
    const budget = { instructions: 300_000, memory: 2_000_000 };
    const { error } = openLua(text, { program: { ...programOf(text), budget } });
    expect(error?.message).toMatch(/^budget exceeded/);
  });
});

it('what a program on fengari writes into a library stays in its instance', () => {
  const engine = engineNamed('fengari');
  expect(openLua('string.upper = nil return string.upper == nil', { engine }).values).toEqual([true]);
  expect(openLua('return ("x"):upper()', { engine }).values).toEqual(['X']);
});

it('a stop within table.sort runs no metamethod of its list, which could hide it', () => {
  const text = `
    local t = setmetatable({}, { __len = function() return 3 end, __index = function(_, k) return k end,
      __newindex = function() print("ran") error("swallowed") end })
    print(pcall(table.sort, t, function() return ("x"):rep(2e6) end))`;
  const session = openLua(text, {
    program: { ...programOf(text), budget: { instructions: 1e6, memory: 1e6 } },
  });
  expect([session.printed, session.error?.message]).toEqual([[], expect.stringMatching(/^budget exceeded/)]);
});
