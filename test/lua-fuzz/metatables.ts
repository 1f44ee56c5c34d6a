// Objects with metamethods that tell when they are called, and objects with methods and inheritance.
import type { Scope } from './scope.js';
import type { Statements } from './statements.js';
import { around, line } from './tree.js';
import type { Statement } from './tree.js';

/** Metamethods by event: `W` gives the number of an object or of a number. */
const EVENTS: Readonly<Record<string, string>> = {
  __add: "function(x, y) print('add') return W(x) + W(y) end",
  __sub: "function(x, y) print('sub') return make(W(x) - W(y)) end",
  __mul: "function(x, y) print('mul') return W(x) * W(y), 'dropped' end",
  __div: "function(x, y) print('div') return nil end",
  __mod: 'function(x, y) return W(x) % 7 end',
  __pow: "function(x, y) return 'pow' end",
  __idiv: "function(x, y) print('idiv') return W(x) // 3 end",
  __unm: "function(x, y) print('unm', rawequal(x, y)) return make(-W(x)) end",
  __band: 'function(x, y) return W(x) & W(y) end',
  __bor: 'function(x, y) return W(x) | W(y) end',
  __bxor: 'function(x, y) return W(x) ~ W(y) end',
  __shl: 'function(x, y) return W(x) << 1 end',
  __shr: 'function(x, y) return W(x) >> 1 end',
  __bnot: 'function(x) return ~W(x) end',
  __concat: "function(x, y) return '<' .. tostring(W(x)) .. '|' .. tostring(W(y)) .. '>' end",
  __len: "function(x) print('len') return W(x) + 100 end",
  __eq: "function(x, y) print('eq') return W(x) == W(y) end",
  __lt: "function(x, y) print('lt') return W(x) < W(y) end",
  __le: "function(x, y) print('le') return W(x) <= W(y) end",
  __call: "function(self, ...) print('call', ...) return W(self), ... end",
  __index: "function(t, k) print('index', k) return k == 'deep' and t or #tostring(k) end",
  __newindex: "function(t, k, v) print('newindex', k) rawset(t, k, v) end",
  __tostring: "function(x) return 'object ' .. W(x) end",
  __name: "'MyType'",
  __pairs: 'function(t) return function(_, k) if not k then return 1, W(t) end end, t, nil end',
  __metatable: "'locked'",
};

const USES = [
  'x + y',
  'x + 1',
  '1 + x',
  'x - y',
  'x * 2',
  '2 * x',
  'x / y',
  'x % y',
  'x ^ y',
  'x // 2',
  '-x',
  'x & 1',
  '1 | x',
  'x ~ y',
  'x << 1',
  '1 >> x',
  '~x',
  'x .. y',
  "x .. 'a'",
  "'a' .. x",
  '1 .. x',
  "'a' .. 'b' .. x .. 'c'",
  'x .. y .. 1',
  '#x',
  'x == y',
  'x ~= y',
  'x == 1',
  'x == x',
  'x < y',
  'x <= y',
  'x > y',
  'x >= y',
  'x < 1',
  '1 <= x',
  'x(1, 2)',
  'x()',
  'x.field',
  'x[1]',
  'x.deep.deep.other',
  'rawget(x, "field")',
  'tostring(x)',
  'not x',
  'x and 1',
  '(x + y) == (y + x)',
  "getmetatable(x) == 'locked'",
  'pcall(setmetatable, x, {})',
  'rawequal(x, y)',
  'rawlen(x)',
  '"10" + x',
  'x + "a"',
  'x - 1.5',
  'select("#", x())',
  'x:method(1)',
  'string.format("%s", x)',
  'table.concat({1}, ",") .. x',
  'math.max(1, x)',
  '({x, y})[2] == y',
  'x.a.b',
  '1 < x',
  'x < "a"',
] as const;

const CHANGES = [
  'x.new = 5',
  'x[1] = 2',
  'x.deep.z = 1',
  'rawset(x, "raw", 1)',
  'x.n = x.n',
  'y.new, x.new = 1, 2',
  'x.f = function() return 9 end',
  'local c = 0 for k in pairs(x) do c = c + 1 end show(c)',
] as const;

export function metatableSection(write: Statements, scope: Scope): Statement[] {
  const { random, names, expressions } = write;
  const events = Object.entries(EVENTS).filter(() => random.chance(35));
  const meta = names.fresh('m');
  const body: Statement[] = [
    line(`local ${meta}, make = {}`),
    line(`local function W(x) return type(x) == 'table' and rawget(x, 'n') or x end`),
    line(`make = function(n) return setmetatable({n = n}, ${meta}) end`),
  ];
  for (const [event, method] of events) {
    const inTable = event === '__index' || event === '__newindex';
    const value =
      inTable && random.chance(40) ? random.pick(['{field = 11, deep = {}}', '{}', meta]) : method;
    body.push(line(`${meta}.${event} = ${value}`));
  }
  body.push(line(`local x, y = make(${expressions.int(scope, 1)}), make(${random.between(-5, 5)})`));
  for (let count = random.between(3, 8); count > 0; count--) {
    if (random.chance(20)) body.push(line(`show(pcall(function() ${random.pick(CHANGES)} end))`));
    else body.push(line(`show(pcall(function() return ${random.pick(USES)} end))`));
  }
  return [around('do', body)];
}

export function methodSection(write: Statements, scope: Scope): Statement[] {
  const { random, names } = write;
  const [base, derived, object] = [names.fresh('B'), names.fresh('D'), names.fresh('o')];
  const inner = scope.function({ returns: ['int'], pure: true });
  const parameter = write.name('int');
  inner.declare(parameter, 'int');
  const method = [
    ...write.block(inner, 2),
    line(`self.count = self.count + 1`),
    line(`return self.count * 2 + ${write.expressions.int(inner, 2)}`),
  ];
  return [
    line(`local ${base} = {} ${base}.__index = ${base}`),
    line(`local ${derived} = setmetatable({}, ${base}) ${derived}.__index = ${derived}`),
    around(`function ${base}:step(${parameter})`, method),
    line(`function ${base}.new(class, n) return setmetatable({count = n}, class) end`),
    line(`function ${derived}:${random.pick(['step', 'other'])}(...) return ${base}.step(self, ...) end`),
    line(`local ${object} = ${random.pick([base, derived])}:new(${random.between(0, 5)})`),
    line(`for i = 1, ${random.between(1, 3)} do show(pcall(${object}.step, ${object}, i)) end`),
    line(
      `show(${object}.count, rawget(${object}, 'step') == nil, pcall(function() return ${object}:${random.pick(['step', 'missing', 'other'])}(1) end))`,
    ),
  ];
}
