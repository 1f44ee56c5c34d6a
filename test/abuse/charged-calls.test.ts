// Calls that take long by little, or that fail: each is charged for what it takes, so that a budget stops a loop of them after so
// many passes. What is counted here are passes, not seconds; the bounds are those at which the default budget is over within
// about a second.
import { describe, expect, it } from 'vitest';
import { cryptoSpec } from '../../src/modules/crypto/spec.js';
import { exprSpec } from '../../src/modules/expr/spec.js';
import { hashSpec } from '../../src/modules/hash/spec.js';
import { htmlSpec } from '../../src/modules/html/spec.js';
import { jsonSpec } from '../../src/modules/json/spec.js';
import { sqlSpec } from '../../src/modules/sql/spec.js';
import { textSpec } from '../../src/modules/text/spec.js';
import { timeSpec } from '../../src/modules/time/spec.js';
import { uuidSpec } from '../../src/modules/uuid/spec.js';
import { yamlSpec } from '../../src/modules/yaml/spec.js';
import { openLua, programOf } from '../support/instance.js';

const modules = [
  cryptoSpec,
  exprSpec,
  hashSpec,
  htmlSpec,
  jsonSpec,
  sqlSpec,
  textSpec,
  timeSpec,
  uuidSpec,
  yamlSpec,
];
/** A twenty-fifth of the default. */
const INSTRUCTIONS = 2_000_000;

/** How often the call is made until the budget is over. */
function passes(setup: string, call: string): number {
  const text = `local ${modules.map(({ name }) => name).join(', ')} = ${modules.map(({ name }) => `require("${name}")`).join(', ')} ${setup} while true do print() ${call} end`;
  const budget = { instructions: INSTRUCTIONS, memory: 64 * 1024 * 1024 };
  const session = openLua(text, { modules, program: { ...programOf(text, { modules }), budget } });
  expect(session.error?.message).toMatch(/^budget exceeded/);
  return session.printed.length;
}

const deep = 'local t = {} for i = 1, 200 do t = {t} end';
const megabyte = 'local s = ("x"):rep(1e6)';

const calls: readonly (readonly [what: string, setup: string, call: string, most: number])[] = [
  // What fails costs an error, whatever it is that failed.
  ['JSON that is none', '', 'json.decode("{")', 800],
  ['a number beyond all floats', '', 'json.decode("1e999999999")', 800],
  ['JSON that is nested too deep', 'local s = ("["):rep(200)', 'json.decode(s)', 800],
  ['a long JSON without its end', 'local s = "[" .. ("1,"):rep(50000)', 'json.decode(s)', 8],
  ['a function as JSON', '', 'json.encode(print)', 800],
  ['tables too deep for JSON', deep, 'json.encode(t)', 150],
  [
    'a list whose last value is no JSON',
    'local t = {} for i = 1, 20000 do t[i] = i end t.x = 1',
    'json.encode(t)',
    8,
  ],
  [
    'text that is no UTF-8 after all',
    'local t = {("\\xc3\\xa9"):rep(50000) .. "\\xff"}',
    'json.encode(t)',
    12,
  ],
  ['a long key before what is no JSON', 'local t = {[("k"):rep(1e5)] = print}', 'json.encode(t)', 40],
  ['data too deep to be checked', deep, 'json.validate({}, t)', 100],
  ['a schema that refers to itself', deep, 'json.validate({["$ref"] = "#"}, 1)', 1],
  ['a schema that is new each time', 'local n = 0', 'n = n + 1 json.validate({title = "t" .. n}, 1)', 220],
  ['YAML that is none', '', 'yaml.decode("a: [")', 350],
  ['a short YAML', '', 'yaml.decode("a")', 650],
  [
    'YAML of aliases of aliases',
    'local s = "a: &a [1,2,3,4,5,6,7,8,9]\\n" for i = 1, 8 do local c = string.char(97 + i) s = s .. c .. ": &" .. c .. " [" .. ("*" .. string.char(96 + i) .. ","):rep(9) .. "]\\n" end',
    'yaml.decode(s)',
    1,
  ],
  // What takes long however short its argument is.
  ['a keyed digest', '', 'hash.hmac_sha512("k", "d")', 1200],
  ['a UUID of a long name', megabyte, 'uuid.v5("00000000-0000-4000-8000-000000000000", s)', 2],
  ['a policy', '', 'html.sanitize.ugc_policy()', 60],
  ['a short HTML', 'local p = html.sanitize.new_policy()', 'p:sanitize("a")', 700],
  // What makes much.
  [
    'matches of a character each',
    `${megabyte} local r = text.regexp.compile("x")`,
    'r:find_all_string(s)',
    1,
  ],
  [
    'replacements of each',
    `${megabyte} local r = text.regexp.compile("x")`,
    'r:replace_all_string(s, "y")',
    1,
  ],
  [
    'chunks that overlap all but a character',
    'local s = ("ab "):rep(2000) local p = text.splitter.recursive({chunk_size = 1000, chunk_overlap = 999})',
    'p:split_text(s)',
    2,
  ],
  [
    'chunks of a text without a place to cut',
    'local s = ("x"):rep(20000) local p = text.splitter.recursive({chunk_size = 10, chunk_overlap = 9})',
    'p:split_text(s)',
    3,
  ],
  [
    'a patch of many changes',
    'local d, a, b = text.diff.new(), ("ab"):rep(2000), ("ba"):rep(2000)',
    'd:patch_make(a, b)',
    50,
  ],
  ['an expression with a long range', '', 'expr.eval("len(1..100000)")', 20],
  [
    'a pattern that becomes a large machine',
    'local n = 0',
    'n = n + 1 text.regexp.compile("(a{1,30}){1,30}" .. n)',
    40,
  ],
  [
    'a schema with such a pattern',
    'local n = 0',
    'n = n + 1 json.validate({pattern = "(a{1,30}){1,30}" .. n}, "a")',
    30,
  ],
  ['YAML of many small values', 'local s = "[" .. ("1,"):rep(1000) .. "1]"', 'yaml.decode(s)', 6],
  [
    'YAML that merges what merges',
    'local s = "k0: &a0 {x0: 1}\\n" for i = 1, 60 do s = s .. "k" .. i .. ": &a" .. i .. " {<<: *a" .. (i - 1) .. ", x" .. i .. ": 2}\\n" end',
    'yaml.decode(s)',
    2,
  ],
  ['lists that become one', '', 'expr.eval("len(flatten(map(1..500, 1..10)))")', 60],
  [
    'an expression over a large environment',
    'local t = {} for i = 1, 5000 do t["k" .. i] = i end',
    'expr.eval("1", t)',
    20,
  ],
  [
    'JSON that an expression reads',
    'local s = "[" .. ("1,"):rep(10000) .. "1]"',
    'expr.eval("len(fromJSON(s))", {s = s})',
    60,
  ],
  [
    'a patch that is looked for far away',
    'local d, a, b = text.diff.new(), ("abcdefgh"):rep(500), ("abcdxfgh"):rep(500) local p, o = d:patch_make(a, b), ("z"):rep(20000)',
    'd:patch_apply(p, o)',
    1,
  ],
  ['a short cipher', 'local k = ("k"):rep(32)', 'crypto.encrypt.aes("a", k)', 1400],
  [
    'a token of many claims',
    'local t = {} for i = 1, 2000 do t["k" .. i] = i end',
    'crypto.jwt.encode(t, "secret")',
    10,
  ],
  [
    'the year by the clocks of a place',
    'local t = time.unix(0, 0):in_location(time.load_location("America/New_York"))',
    't:year()',
    7000,
  ],
  ['a time as text', 'local t = time.unix(0, 0)', 'tostring(t)', 4500],
  ['a time by a long layout', 'local t, f = time.unix(0, 0), ("MST -0700 "):rep(2000)', 't:format(f)', 8],
  ['a query that grows', 'local q = sql.builder.select("a"):from("b")', 'q = q:where("a = ?", 1)', 1000],
  [
    'conditions that are joined',
    'local c = {} for i = 1, 500 do c[i] = sql.builder.eq({a = i}) end',
    'sql.builder.and_(c)',
    80,
  ],
  [
    'a query of many values',
    'local t = {} for i = 1, 5000 do t[i] = i end',
    'sql.builder.select("a"):from("b"):where({a = t}):to_sql()',
    8,
  ],
  // The standard library.
  ['%q of what is written as numbers', 'local s = ("\\0"):rep(1e5)', 'local r = ("%q"):format(s)', 2],
  ['a float of 99 digits', '', 'local r = ("%.99g"):format(1e-300)', 3500],
  ['the size of a long format', 'local f = ("i8"):rep(1e5)', 'string.packsize(f)', 2],
  ['alignments', 'local f = "!16" .. ("Xi16"):rep(1e4)', 'string.pack(f)', 8],
  ['a replacement of signs', 'local r = ("%%"):rep(1e5)', 'string.gsub("x", "x", r)', 4],
  ['a long number in base 36', 'local s = ("z"):rep(1e6)', 'tonumber(s, 36)', 1],
  ['floats that are joined', 'local t = {} for i = 1, 10000 do t[i] = i / 3 end', 'table.concat(t)', 3],
  [
    'texts that begin alike, sorted',
    'local t = {} for i = 1, 200 do t[i] = ("x"):rep(5000) .. i * 79 % 200 end',
    'table.sort(t)',
    5,
  ],
  ['the sine of a large angle', '', 'math.sin(1e300)', 4000],
  ['the remainder of floats far apart', 'local a, b = 1e308, 1e-308', 'local r = a % b', 10_000],
  ['the same by math.fmod', '', 'math.fmod(1e308, 1e-308)', 10_000],
  [
    'a select of many cases',
    'local cs = {default = true} for i = 1, 1000 do cs[i] = channel.new():case_receive() end',
    'channel.select(cs)',
    200,
  ],
  [
    'errors through coroutines',
    'local function f(n) if n == 0 then error("x") end coroutine.wrap(f)(n - 1) end',
    'pcall(f, 150)',
    50,
  ],
];

describe('a call is charged for what it takes', () => {
  it.each(calls)('%s', (_what, setup, call, most) => {
    expect(passes(setup, call)).toBeLessThanOrEqual(most);
  });
});
