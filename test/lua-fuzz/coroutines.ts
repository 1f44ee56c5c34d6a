// Coroutines: yields from loops, calls, protected calls, metamethods and iterators, with errors on the way.
import type { Scope } from './scope.js';
import type { Statements } from './statements.js';
import { around, line } from './tree.js';
import type { Statement } from './tree.js';

/** Expressions that yield inside a coroutine. */
const YIELDS = [
  'coroutine.yield(A)',
  '(coroutine.yield(A, 2))',
  'select("#", coroutine.yield())',
  'pcall(coroutine.yield, A)',
  'h(coroutine.yield(A))',
  'h(A)',
  '(pcall(function() local z = coroutine.yield(A) error(z) end))',
  'select(2, pcall(function() coroutine.yield(A) error("in", 0) end))',
  '(xpcall(function() return h(A) + nil end, function(m) return "x" end))',
  'M + A',
  'A + M',
  'M .. "s"',
  'M.anything',
  'M < M',
  'M <= M',
  'M == N',
  '#M',
  '-M',
  'M(A)',
  '(function(...) return select("#", ...) end)(coroutine.yield(A), coroutine.yield(2))',
  'table.pack(coroutine.yield(A, nil)).n',
  'h(h(h(A)))',
  '#tostring(coroutine.running()) > 0',
  'coroutine.isyieldable()',
  'select(2, coroutine.running())',
  'tostring((coroutine.wrap(function(...) h(1) return ... end)(A)))',
  'pcall(table.sort, {3, 2, 1}, function(p, q) coroutine.yield(A) return p < q end)',
  'pcall(string.gsub, "ab", ".", function() coroutine.yield(A) end)',
  '(A and coroutine.yield(A) or coroutine.yield(0))',
  'coroutine.status(coroutine.running())',
  'W(A)',
  '{coroutine.yield(A), coroutine.yield(2)}',
  'M & 1',
  '~M',
] as const;

const HELPERS = [
  'local function h(n) local r = coroutine.yield(n) return r or n end',
  'local function W(n) for i = 1, 2 do h(i) end return n end',
  "local M, N = setmetatable({}, {__add = function(p, q) return h(1) end, __concat = function() return h('c') end, __index = function(_, k) return h(k) end,",
  '  __lt = function() return h(true) end, __le = function() return h(false) end, __eq = function() return h(1) end, __len = function() return h(3) end,',
  '  __unm = function() return h(4) end, __call = function(_, n) return h(n) end, __band = function() return h(6) end, __bnot = function() return h(7) end})',
  'N = setmetatable({}, getmetatable(M))',
] as const;

export function coroutineSection(write: Statements, scope: Scope): Statement[] {
  const { random, names } = write;
  const co = names.fresh('co');
  const inner = scope.function({ varargs: true, returns: ['any'], pure: true });
  const parameter = write.name('any');
  const body: Statement[] = [];
  const use = (): Statement => {
    const value = random
      .pick(YIELDS)
      .replace(/\bA\b/g, write.expressions.int(inner.block(1, { varargs: false }), 1));
    return line(
      random.weighted([
        [5, `show('in', ${value})`],
        [2, `local v = ${value} show(v)`],
        [1, `if ${value} then show('yes') end`],
        [1, `local t = {${value}, x = ${value}} show(#t, t.x ~= nil)`],
        [1, `for i = 1, 2 do show(${value}) end`],
        [1, `return ${value}`],
      ]),
    );
  };
  for (let count = random.between(2, 5); count > 0; count--) {
    const kind = random.below(10);
    const name = write.name('int');
    if (kind < 4) body.push(around('do', [use()]));
    else if (kind === 4)
      body.push(around(`for ${name} = 1, ${random.between(1, 3)} do`, [around('do', [use()])]));
    else if (kind === 5)
      body.push(
        line(
          `for ${name} in function(_, n) n = (n or 0) + 1 coroutine.yield(n) if n < 3 then return n end end do show(${name}) end`,
        ),
      );
    else if (kind === 6)
      body.push(
        around(
          `show(pcall(function(...)`,
          [
            around('do', [use()]),
            ...(random.chance(40) ? [line(`error(${random.pick(["'e'", "'e', 0", '{}', '7'])})`)] : []),
          ],
          'end, ...))',
        ),
      );
    else if (kind === 7) body.push(...write.block(inner, 1));
    else if (kind === 8) body.push(around('if select("#", ...) > 0 then', [around('do', [use()])]));
    else body.push(around(`local function ${name}(...)`, [use()]), line(`show(${name}(1, 2))`));
  }
  if (random.chance(15))
    body.push(line(random.pick(["error('at end')", 'error({})', 'local z = nil + 1', 'missing()'])));
  else if (random.chance(60))
    body.push(line(`return ${random.pick(['1', "'done', 2", '...', 'nil', 'h(1), h(2)', 'h(5)'])}`));
  const wrapped = random.chance(40);
  const open = `local ${co} = coroutine.${wrapped ? 'wrap' : 'create'}(function(${parameter}, ...)`;
  const resumes = random.between(2, 9);
  const values = random.pick(['', ', i', ', i, nil', ", 'r', i", ', nil', ', i > 1']);
  const call = wrapped ? `pcall(${co}${values})` : `coroutine.resume(${co}${values})`;
  return [
    around('do', [
      ...HELPERS.map(line),
      around(open, body, 'end)'),
      line(
        `for i = 1, ${resumes} do show('out', ${call}) ${wrapped ? '' : `show(coroutine.status(${co}))`} end`,
      ),
      ...(random.chance(20) ? [line(`show(pcall(coroutine.resume, ${random.pick(['nil', '1', co])}))`)] : []),
      ...(random.chance(15)
        ? [line(`show(pcall(coroutine.yield, 1))`), line('show(coroutine.isyieldable())')]
        : []),
    ]),
  ];
}
