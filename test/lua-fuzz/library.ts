// Calls of the standard library, well and badly, protected so that what they raise is shown.
import { floatLiteral, integerLiteral, numeralText, stringLiteral } from './literals.js';
import { pattern } from './patterns.js';
import type { Random } from './random.js';
import type { Scope } from './scope.js';
import type { Statements } from './statements.js';
import { line } from './tree.js';
import type { Statement } from './tree.js';

type Make = (random: Random) => string;

const int: Make = (random) => integerLiteral(random);
const small: Make = (random) => String(random.between(-4, 8));
const text: Make = (random) => stringLiteral(random);
const number: Make = (random) => (random.chance(50) ? integerLiteral(random) : floatLiteral(random));
const list: Make = (random) =>
  `{${Array.from({ length: random.between(0, 6) }, () => random.between(-9, 20)).join(', ')}}`;
const strings: Make = (random) =>
  `{${Array.from({ length: random.between(0, 4) }, () => random.pick(["'b'", "'a'", "'C'", "'10'", "'9'", "''", "'ab'"])).join(', ')}}`;
const byteOrder: Make = (random) => random.pick(['<', '>', '=', '', '!4', '<!2']);
/** Anything, to see what the function says. */
const odd: Make = (random) =>
  random.pick([
    'nil',
    '{}',
    'true',
    "'x'",
    '1.5',
    'print',
    '-1',
    "'3'",
    '2^53',
    '1e100',
    '',
    'math.mininteger',
  ]);

const CALLS: readonly (readonly [number, string, ...Make[]])[] = [
  [3, 'string.sub', text, small, small],
  [2, 'string.byte', text, small, small],
  [2, 'string.rep', text, small, text],
  [1, 'string.reverse', text],
  [1, 'string.len', text],
  [3, 'string.find', text, (r) => pattern(r), small],
  [3, 'string.match', text, (r) => pattern(r, 3)],
  [2, 'string.find', text, text, small, () => 'true'],
  [2, 'string.gsub', text, (r) => pattern(r), text],
  [2, 'string.char', (r) => String(r.between(0, 255)), (r) => String(r.between(-1, 300))],
  [1, 'string.upper', text],
  [
    2,
    'string.format',
    (r) =>
      r.pick([
        "'%d'",
        "'%s'",
        "'%q'",
        "'%5.2s'",
        "'%x'",
        "'%i'",
        "'%'",
        "'%y'",
        "'%10d|'",
        "'%-5d|'",
        "'%+.3d'",
        "'%.20s'",
        "'%100.3d'",
        "'%1000d'",
        "'%#o'",
      ]),
    number,
  ],
  [2, 'string.format', (r) => r.pick(["'%q'", "'%s'", "'%-12s|'", "'%.1s'", "'%s %s'"]), text],
  [2, 'math.floor', number],
  [2, 'math.ceil', number],
  [2, 'math.fmod', number, number],
  [2, 'math.tointeger', number],
  [2, 'math.type', number],
  [1, 'math.ult', int, int],
  [2, 'math.abs', number],
  [2, 'math.max', number, number, number],
  [1, 'math.min', number, number],
  [2, 'tostring', number],
  [4, 'tonumber', (r) => numeralText(r)],
  [3, 'tonumber', (r) => numeralText(r), (r) => r.pick(['2', '8', '10', '16', '36', '1', '37'])],
  [2, 'tonumber', number],
  [1, 'type', number],
  [2, 'table.concat', strings, (r) => r.pick(["','", "''", "'--'", 'nil', '1']), small, small],
  [2, 'table.unpack', list, small, small],
  [1, 'table.pack', number, text],
  [2, 'table.remove', list, small],
  [2, 'table.insert', list, small, int],
  [1, 'table.insert', list, int],
  [1, 'table.insert', list],
  [1, 'table.move', list, small, small, small],
  [2, 'select', small, number, text, () => 'nil'],
  [1, 'select', () => "'#'", number, () => 'nil'],
  [1, 'rawlen', list],
  [1, 'rawequal', number, number],
  [1, 'rawget', list, small],
  [2, 'utf8.char', (r) => r.pick(['65', '8364', '0x10FFFF', '0x7FFFFFFF', '-1', '0xD800', '128'])],
  [2, 'utf8.len', text, small, small],
  [2, 'utf8.codepoint', text, small, small],
  [2, 'utf8.offset', text, small, small],
  [1, 'next', list],
  [1, 'next', list, small],
  [1, 'setmetatable', list, list],
  [1, 'getmetatable', text],
  [1, 'ipairs', list],
  [
    2,
    'string.pack',
    (r) =>
      `'${byteOrder(r)}${r.pick(['b', 'B', 'h', 'H', 'i3', 'i4', 'I4', 'j', 'J', 'i8', 'i16', 'I2', 'i0', 'i17', 'l', 'T', 'i7'])}'`,
    int,
  ],
  [2, 'string.pack', (r) => `'${byteOrder(r)}${r.pick(['d', 'f', 'n', 'bd', 'xd', 'bXd'])}'`, number],
  [
    2,
    'string.pack',
    (r) => `'${byteOrder(r)}${r.pick(['z', 's1', 's2', 's4', 'c5', 'c20', 's', 'zz'])}'`,
    text,
  ],
  [
    2,
    'string.unpack',
    (r) =>
      `'${byteOrder(r)}${r.pick(['b', 'i2', 'I3', 'i4', 'j', 'B', 's1', 'z', 'c2', 'd', 'f', 'bb', 'i16', 'bXi4', 'y'])}'`,
    () => `'\\1\\2\\3\\255\\0\\128abc\\0defgh'`,
    (r) => r.pick(['1', '2', '-3', '40', '0']),
  ],
  [
    1,
    'string.packsize',
    (r) => `'${byteOrder(r)}${r.pick(['i4', 'bi4', 'd', 's', 'z', 'c10', 'bXj', 'i3i5', '!8bj'])}'`,
  ],
];

/** Longer programs with the library, each on one line; `show` has more than one result to show. */
const LINES: readonly Make[] = [
  (r) => `local t = ${strings(r)} table.sort(t, function(x, y) return x > y end) show(table.concat(t, '|'))`,
  (r) => `local t = ${list(r)} table.sort(t) show(table.concat(t, ' '), #t)`,
  (r) =>
    `local t = {} for a, b in string.gmatch(${text(r)}, ${pattern(r)}) do t[#t + 1] = tostring(a) .. '/' .. tostring(b) end show(table.concat(t, ' '))`,
  (r) =>
    `local t = {} for p, c in utf8.codes(${text(r)}) do t[#t + 1] = p .. ':' .. c end show(table.concat(t, ' '))`,
  (r) => `show(#string.rep(${text(r)}, ${r.between(0, 50)}), ('x'):rep(3, ','))`,
  (r) => `show(math.modf(${floatLiteral(r)}))`,
  (r) =>
    `show(string.format('%.12g %.12g %.12g', math.sin(${r.between(-9, 9)}), math.exp(${r.between(-9, 9)}), math.log(${r.between(1, 99)}, ${r.pick(['2', '10', '3', '2.5'])})))`,
  (r) => `show(string.format('%.12g', ${floatLiteral(r)} ^ ${r.pick(['2', '0.5', '-1', '3', '0', '1.5'])}))`,
  (r) => `show(pcall(string.unpack, '<j', string.pack('<j', ${int(r)})))`,
  (r) =>
    `show(string.unpack('${byteOrder(r)}i4z', string.pack('${byteOrder(r)}i4z', ${r.between(-99, 99)}, ${r.pick(["'ab'", "''"])})))`,
  (r) =>
    `show((string.pack('>d', ${floatLiteral(r)}):gsub('.', function(c) return string.format('%02x', c:byte()) end)))`,
  (r) => `show(table.unpack(table.move(${list(r)}, 1, ${r.between(0, 4)}, ${r.between(1, 4)}), 1, 6))`,
  (r) =>
    `local t = setmetatable({}, {__index = function(_, i) if i <= ${r.between(0, 4)} then return i * i end end}) show(#t, table.unpack(t, 1, 4))`,
  (r) =>
    `local t = setmetatable({}, {__len = function() return ${r.between(0, 3)} end}) show(#t, pcall(table.insert, t, 'v'), t[${r.between(1, 4)}])`,
  (r) =>
    `local p = setmetatable({}, {__index = ${list(r)}, __newindex = function(t, k, v) print('set', k, v) end}) pcall(table.insert, p, 5) show(p[1], rawlen(p))`,
  (r) =>
    `for i, v in ipairs(setmetatable({}, {__index = function(_, i) if i < ${r.between(1, 4)} then return i end end})) do show(i, v) end`,
  (r) =>
    `local t = {[1.0] = 'a', [2^53] = 'b', ['1'] = 'c'} show(t[1], t[${r.pick(['2^53', '1.0', "'1'", '9007199254740992', "'1.0'"])}])`,
  (r) => `show(${int(r)} == ${floatLiteral(r)}, ${int(r)} < ${floatLiteral(r)}, math.type(${number(r)}))`,
  (r) =>
    `show(tostring(${number(r)}), ${r.pick(['1e15', '1e14', '123456789012345.0', '0.1', '1e100', '2^63', '-2^63', '1e-5', '100000000000000.0'])} .. '')`,
  (r) =>
    `local s = 0 for i = ${r.between(-3, 3)}, ${r.between(-3, 9)}, ${r.pick(['1', '2', '-1', '3'])} do s = s * 3 + i end show(s)`,
  (r) => `show(select(${small(r)}, pcall(error, ${r.pick(["'m'", 'nil', '1', "'m', 2"])})))`,
  (r) => `show(pcall(next, {}, ${r.pick(['1', "'x'", 'nil'])}))`,
  (r) => `local t = ${list(r)} local n = 0 for k in pairs(t) do t[k] = nil n = n + 1 end show(n, next(t))`,
  () =>
    `show(load == nil or true, _VERSION, math.pi, math.maxinteger, math.huge, -math.huge)`.replace(
      'load == nil or true, ',
      '',
    ),
];

export function libraryStatement(write: Statements, scope: Scope): Statement[] {
  const { random } = write;
  if (random.chance(35)) return [line(`do ${random.pick(LINES)(random)} end`)];
  const [name, ...makes] = random.weighted(CALLS.map(([weight, ...call]) => [weight, call] as const));
  const values = makes
    .map((make) => (random.below(25) === 0 ? odd(random) : make(random)))
    .filter((value) => value !== '');
  if (random.below(40) === 0) values.pop();
  if (random.below(12) === 0 && values.length > 0 && name !== 'select')
    values[0] = write.expressions.any(scope, 1);
  return [
    line(
      random.chance(60)
        ? `show(pcall(${[name, ...values].join(', ')}))`
        : `show(pcall(function() return ${name}(${values.join(', ')}) end))`,
    ),
  ];
}
