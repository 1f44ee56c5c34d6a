// Programs in Lua 5.3 that follow from a seed, and whose output PUC's manual fixes.
import { bigFunction } from './functions.js';
import { Names, Scope } from './scope.js';
import { Random } from './random.js';
import { Statements } from './statements.js';
import { textOf } from './tree.js';
import type { Statement } from './tree.js';

/** One line, so that it shifts no line of a program. */
export const HELPERS = [
  'local function show(...) local out = {} for i = 1, select("#", ...) do local v = (select(i, ...))',
  'local t = type(v) if t == "table" or t == "function" or t == "thread" then out[i] = t elseif v ~= v then out[i] = "nan"',
  'elseif math.type(v) == "float" then out[i] = tostring(v) .. "/" .. string.format("%.17g", v) else out[i] = tostring(v) end end',
  'print(#out, table.concat(out, " ")) end',
  'local function S(v) if v ~= v then return "nan" end return tostring(v) end',
  'local function N(v) if v ~= v then return 0.5 end return v end',
  'local function I(v) return math.tointeger(v) or 7 end',
  'local function J(...) local out = {} for i = 1, select("#", ...) do out[i] = tostring((select(i, ...))) end return table.concat(out, ";") end',
  'local function Y(v) if coroutine.isyieldable() then return coroutine.yield(v) end return v end',
  'local function cut(s) if type(s) == "string" then return string.sub(s, 1, 60) end return s end',
].join(' ');

export interface GeneratedProgram {
  readonly seed: number;
  readonly statements: readonly Statement[];
}

export function generate(seed: number): GeneratedProgram {
  const random = new Random(seed);
  const write = new Statements({ random, names: new Names() });
  const scope = new Scope(undefined, { varargs: true, loop: false, returns: undefined, pure: false });
  const statements: Statement[] = [];
  for (let count = random.between(3, 8); count > 0; count--)
    if (random.chance(35)) statements.push(write.protect(scope));
    else if (random.chance(4)) statements.push(...bigFunction(write, scope));
    else statements.push(...write.block(scope, random.between(1, 2)));
  return { seed, statements };
}

/** The program as a chunk that returns its main function: the form that both judges run. */
export const chunkOf = (statements: readonly Statement[]): string =>
  `return function(...) ${HELPERS}\n${textOf(statements)}\nend`;
