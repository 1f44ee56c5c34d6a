// A program may try what it likes: it reaches no JavaScript, no host, no other instance. A canary in the environment and on the
// global object must never appear, and nothing may be left on the prototypes that everything shares.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../lua-instance/engines.js';
import { openLua } from '../support/instance.js';

const CANARY = 'canary-5b1f0c';
const globals = globalThis as Record<string, unknown>;

beforeAll(() => {
  process.env['MOONTIDE_CANARY'] = CANARY;
  globals['moontideCanary'] = CANARY;
});
afterAll(() => {
  delete process.env['MOONTIDE_CANARY'];
  delete globals['moontideCanary'];
});

const NAMES = [
  'constructor',
  '__proto__',
  'prototype',
  'hasOwnProperty',
  'toString',
  'valueOf',
  'toJSON',
  'then',
  'caller',
  'callee',
  'arguments',
  'length',
  'name',
  'apply',
  'bind',
  '__defineGetter__',
  '__lookupGetter__',
  'Symbol.iterator',
  '@@iterator',
  'globalThis',
  'process',
  'require ',
];

/** Each is a body of main; what it returns is looked at for the canary. */
const attempts: readonly (readonly [what: string, text: string, onlyCompiled?: boolean])[] = [
  [
    'names of JavaScript on every kind of value',
    `local values = {{}, "text", 1, 1.5, true, print, coroutine.create(print), channel.new(), string, _G, errors.new("Internal", "x")}
     local found = {}
     for _, value in ipairs(values) do
       for _, name in ipairs{${NAMES.map((name) => JSON.stringify(name)).join(', ')}} do
         local ok, got = pcall(function() return value[name] end)
         if ok and got ~= nil and value ~= string and not (type(value) == "string") and type(value) ~= "userdata" then found[#found + 1] = name end
       end
     end
     return #found`,
  ],
  [
    'names that are built while it runs',
    `local t = {} local name = ("con"):rep(1) .. ("structor"):sub(1) local u = "\\u{63}onstructor" local g = ("CONstructor"):lower():gsub("x", "")
     return t[name] == nil and t[u] == nil and t[g] == nil and rawget(t, name) == nil`,
  ],
  [
    'writes to __proto__ and constructor',
    `local t = {} t["__proto__"] = {polluted = 1} t.constructor = {polluted = 2} t.prototype = 3
     local fresh = {} return fresh.polluted, fresh.constructor, fresh.prototype, t["__proto__"].polluted`,
  ],
  [
    'a table with then',
    `local t = {["then"] = function() error("called") end} return {t == t, type(t["then"])}`,
  ],
  ['a table with toJSON and valueOf', `return {toJSON = "a", valueOf = "b", toString = "c"}`],
  [
    'keys that look like indices',
    `local t = {} t["1"] = "a" t[1] = "b" t[-1] = "c" t[4294967295] = "d" t["4294967295"] = "e" return #t, t["1"], t[1], t[-1], t[4294967295], t["4294967295"]`,
  ],
  [
    'words of JavaScript as names',
    `local await, eval, let, yield, this, new, class, void, arguments, undefined, NaN = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
     function delete() return await + eval + let + yield + this + new + class + void + arguments + undefined + NaN end
     return delete()`,
  ],
  [
    'text that would end a string, a comment, a template',
    `local a = "\\u{2028}\\u{2029}*/ \${globalThis} \` </script>" -- */ \${moontideCanary} \`
     --[[ */ moontideCanary ]] return #a, ({["*/ \${x}"] = 1})["*/ \${x}"]`,
  ],
  [
    'errors of the machine',
    `local function f() return f() + 1 end local ok, e = pcall(f) return ok, type(e), e`,
  ],
  [
    'an error while an error is told',
    `return pcall(error, setmetatable({}, {__tostring = function() error("again") end}))`,
    true,
  ],
  [
    'the metatable of strings',
    `local m = getmetatable("") return pcall(function() m.__index = function() return 1 end end), (""):len()`,
    true,
  ],
  [
    'writes to libraries',
    `return pcall(function() string.len = print end), pcall(rawset, table, "x", 1), pcall(setmetatable, string, {})`,
    true,
  ],
  [
    'what apps do not have',
    `return load, loadstring, dofile, loadfile, debug, package, io, collectgarbage and 1`,
  ],
  [
    'a foreign module',
    `return pcall(require, "../secret"), pcall(require, "fs"), pcall(require, "node:fs"), pcall(require, "process")`,
  ],
  ['a dumped function', `return pcall(string.dump, function() end)`],
  [
    'a coroutine that closes itself',
    `local co co = coroutine.create(function() return pcall(coroutine.close, co) end) return coroutine.resume(co)`,
    true,
  ],
  ['the environment', `return os.getenv and os.getenv("MOONTIDE_CANARY")`],
];

const prototypes = [Object.prototype, Array.prototype, Function.prototype, String.prototype, Error.prototype];
const shape = (): string => JSON.stringify(prototypes.map((one) => Object.getOwnPropertyNames(one)));

describe.each(engines)('on $name', (engine) => {
  const applying = attempts.flatMap(([what, text, onlyCompiled]): [string, string][] =>
    engine.name === 'compiled' || onlyCompiled !== true ? [[what, text]] : [],
  );
  it.each(applying)('there is no way out by %s', (_what, text) => {
    const before = shape();
    const session = openLua(text, { engine });
    expect(session.outcome).toBeDefined();
    const told = JSON.stringify([session.outcome, session.printed], (_key, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    expect(told).not.toContain(CANARY);
    expect(told).not.toMatch(/node:|node_modules|[.]ts:\d|file:\/\/|at Object[.]/);
    expect(shape()).toBe(before);
  });

  it('names of JavaScript are nil on tables, functions, numbers and coroutines', () => {
    expect(openLua(attempts[0]?.[1] ?? '', { engine }).values).toEqual([0]);
  });
});
