// A runtime error says the same in a workflow as in a function: place, operand, and the Lua stack.
import { describe, expect, it } from 'vitest';
import { fn, luaSuite, workflow } from '../support/lua-suite.js';

/** Each raises; through helpers of ours, library functions and callbacks of several depths. */
const RAISING = [
  'local t = nil; return t.x',
  'local t = {}; return t.a.b',
  'local t = nil; t.x = 1',
  'local t = nil; return t[1]',
  'local f = nil; f()',
  'local o = {}; o:method()',
  'return missing_global.x',
  'return upvalue.x',
  'return 1 + nil',
  'local a = {}; return a + 1',
  'local a = "x"; return a * 2',
  'return -{}',
  'return #5',
  'return "a" .. {}',
  'return {} < {}',
  'return 1 < "2"',
  'return 1 // 0',
  'return 1 % 0',
  'return 1.5 | 1',
  'return "x" & 1',
  'local t = {}; t[nil] = 1',
  'local t = {}; t[0/0] = 1',
  'for i = "a", 2 do end',
  'string.rep()',
  'string.rep("x", -1, {})',
  '("x"):rep({})',
  'math.floor("x")',
  'math.random(0, -1)',
  'setmetatable(1, {})',
  'table.concat({ {} })',
  'table.concat({ 1, {}, 3 })',
  'table.insert({}, 1, 2, 3)',
  'table.unpack({}, 1, 1e8)',
  'string.format("%d", "x")',
  'string.format("%d", 1.5)',
  'string.char(256)',
  '("x"):gsub("x", function() return {} end)',
  '("x"):gsub("x", function() return nil + 1 end)',
  'table.sort({ 1, 2, 3 }, function(a, b) return a.x < b.x end)',
  'table.sort({ 1, "x" })',
  'select(0)',
  'tonumber("z", 99)',
  'ipairs()',
  'next({}, "nokey")',
  'error("raised")',
  'error("raised", 2)',
  'error({ code = 1 })',
  'assert(false)',
  'assert(nil, "told")',
  'coroutine.resume(1)',
  'coroutine.wrap(function() error("inside") end)()',
  'coroutine.wrap(function() return nil + 1 end)()',
  'local c = channel.new(1); c:close(); c:send(1)',
  'local function deep(n) return 1 + deep(n + 1) end; deep(1)',
  'setmetatable({}, { __index = function(_, k) return k.x.y end }).a = 1; return setmetatable({}, { __index = function(_, k) return k.x.y end }).a',
  'return setmetatable({}, { __add = function(a, b) return a.x.y end }) + 1',
  'utf8.char(-1)',
  'utf8.codepoint("abc", 10)',
  'string.pack("i17", 1)',
  'local ok <const> = 1; return ok.x.y',
  'return (function(...) return ... + 1 end)({})',
  'xpcall(function() return nil + 1 end, function(m) error(m, 0) end); return nil + 1',
];

const SOURCE = `local upvalue
return function()
  local list = {
${RAISING.map((body) => `    function() ${body} end,`).join('\n')}
  }
  local told = {}
  for i, raises in ipairs(list) do
    local ok, err = pcall(raises)
    told[i] = ok and "no error" or tostring(err)
  end
  return told
end`;

describe('a runtime error in a workflow', () => {
  const { app, run } = luaSuite();

  it('has the text that it has in a function', async () => {
    const it = await app({
      'app:w': workflow(`local inner = (function() ${SOURCE} end)()
        return function() return { here = inner(), there = require("funcs").call("app:f") } end`),
      'app:f': fn(`local inner = (function() ${SOURCE} end)()
        return function() return inner() end`),
    });
    const [result] = (await run(it, 'app:w')) as unknown as [
      { readonly here: readonly string[]; readonly there: readonly string[] },
    ];
    const named = (texts: readonly string[]): Record<string, unknown> =>
      Object.fromEntries(
        RAISING.map((body, at) => [body, texts[at]?.replaceAll(/\bapp:[wf]\b|\b[wf]\.lua\b/g, 'it')]),
      );
    expect(named(result.here)).toEqual(named(result.there));
    // As PUC Lua has it: no place for values, for library code that calls itself, and for a level that is not Lua.
    expect(RAISING.filter((_, at) => !/:\d+: /.test(result.here[at] ?? ''))).toEqual([
      'table.sort({ 1, "x" })',
      'next({}, "nokey")',
      'error("raised", 2)',
      'error({ code = 1 })',
    ]);
  });

  it('fails the run with the Lua stack that led to it, also from deep below', async () => {
    const it = await app({
      'app:w': workflow(`
        local function inner(order)
          return order.total + 1
        end
        local function deep(n)
          if n == 0 then return (inner({})) end
          local result = deep(n - 1)
          return result
        end
        return function()
          local all = {}
          ("x"):gsub("x", function() all[1] = deep(20) end)
        end`),
    });
    const error = (await run(it, 'app:w').then(
      () => undefined,
      (thrown: unknown) => thrown,
    )) as { readonly message: string; readonly stack: string };
    expect(error.message).toMatch(/:3: attempt to perform arithmetic on a nil value \(field 'total'\)/);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).toMatch(/:3.*'inner'(.*'deep'){20}/s);
  });
});
