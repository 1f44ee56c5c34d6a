// Programs that let functions of modules work for ever, or make without end, by little input: what grows out of proportion in a
// module is charged there, so that the budget stops them inside one call, and a loop around calls gives up its turn.
import { describe, expect, it } from 'vitest';
import { exprSpec } from '../../src/modules/expr/spec.js';
import { jsonSpec } from '../../src/modules/json/spec.js';
import { yamlSpec } from '../../src/modules/yaml/spec.js';
import { openLua, programOf } from '../support/instance.js';

const modules = [exprSpec, jsonSpec, yamlSpec];
const LIMITS = { instructions: 2_000_000, memory: 16_000_000 };

/** `main` with the modules as locals. */
function run(text: string, budget = LIMITS) {
  const body = `local expr, json, yaml = require("expr"), require("json"), require("yaml") ${text}`;
  return openLua(body, { modules, program: { ...programOf(body, { modules }), budget } });
}

const doubled = (from: string): string => `local t = ${from} for i = 1, 60 do t = {t, t} end`;
const numbers = 'local t = {} for i = 1, 20000 do t[i] = i end';
const long = 'local s = ("x"):rep(1e6)';

const calls: readonly (readonly [what: string, text: string])[] = [
  ['one table many times as JSON', `${doubled('{1}')} json.encode(t)`],
  ['one table many times as a payload', `${doubled('{1}')} payload.new(t)`],
  ['one table many times as YAML', `${doubled('{1}')} yaml.encode(t)`],
  ['an expression over a long text', `${long} expr.eval("sum(map(1..1000, len(s[#])))", {s = s})`],
  ['an expression that cuts a long text', `${long} expr.eval("count(1..1000, len(s[1:2]) > 0)", {s = s})`],
  ['an expression that compares lists', `${numbers} expr.eval("count(1..1000, a == b)", {a = t, b = t})`],
  ['an expression that looks for a text', `${long} expr.eval("count(1..1000, s contains 'y')", {s = s})`],
  ['a list that crosses again and again', `${numbers} while true do payload.new(t) end`],
  ['a list that never crosses', `${numbers} t[#t + 1] = print while true do pcall(payload.new, t) end`],
  [
    'a payload in another format',
    `${numbers} local p = payload.new(t) while true do p:transcode("json/plain") end`,
  ],
  ['a long text that is only handed over', `${long} while true do errors.is(s, s) end`],
];

describe('a module', () => {
  it.each(calls)('is stopped by the budget: %s', (_what, text) => {
    expect(run(text).error?.message).toMatch(
      /^budget exceeded(?: at main[.]lua:1)?: more than \d+ (?:instructions|bytes)/,
    );
  });
});
