// Calls of string.format and of the pattern functions, with formats and patterns that are mostly well-formed.
import type { Random } from './random.js';
import type { Type } from './scope.js';

const CONVERSIONS: readonly (readonly [string, Type])[] = [
  ['%d', 'int'],
  ['%5d', 'int'],
  ['%-6d|', 'int'],
  ['%05d', 'int'],
  ['%+d', 'int'],
  ['% d', 'int'],
  ['%.3d', 'int'],
  ['%x', 'int'],
  ['%#X', 'int'],
  ['%o', 'int'],
  ['%i', 'int'],
  ['%8.4x', 'int'],
  ['%c', 'any'],
  ['%s', 'string'],
  ['%10s', 'string'],
  ['%-10s|', 'string'],
  ['%.3s', 'string'],
  ['%q', 'string'],
  ['%q', 'int'],
  ['%s', 'int'],
  ['%s', 'boolean'],
  ['%f', 'float'],
  ['%.3f', 'float'],
  ['%10.2f', 'float'],
  ['%e', 'float'],
  ['%.0e', 'float'],
  ['%g', 'float'],
  ['%.14g', 'float'],
  ['%.17g', 'float'],
  ['%#.5g', 'float'],
  ['%+.1f', 'float'],
  ['%G', 'float'],
  ['%a', 'float'],
  ['%d', 'float'],
  ['%g', 'int'],
  ['%.20f', 'float'],
  ['%5.1f', 'int'],
  ['%%', 'any'],
];

/** `string.format(...)`; floats come without the sign of NaN. */
export function formatCall(random: Random, value: (type: Type) => string): string {
  const values: string[] = [];
  let format = '';
  for (let count = random.between(1, 3); count > 0; count--) {
    const [conversion, type] = random.pick(CONVERSIONS);
    format += random.pick(['', ' ', '<', 'x=']) + conversion;
    if (conversion === '%%') continue;
    if (conversion === '%c') values.push(String(random.between(32, 126)));
    else values.push(type === 'float' ? `N(${value(type)})` : value(type));
  }
  if (random.below(60) === 0) values.pop();
  return `string.format('${format}'${values.map((one) => `, ${one}`).join('')})`;
}

const ATOMS = [
  'a',
  'b',
  'l',
  'o',
  ' ',
  '.',
  '%a',
  '%d',
  '%w',
  '%s',
  '%p',
  '%l',
  '%u',
  '%x',
  '%c',
  '%g',
  '%A',
  '%S',
  '%W',
  '[abc]',
  '[^a]',
  '[a-z]',
  '[%a_]',
  '[^%s]',
  '[%d%.]',
  '[]]',
  '[a-]',
  '%.',
  '%%',
  '%(',
  ',',
  '=',
  '1',
  '\\0',
] as const;

/** A pattern; `captures` bounds its captures. */
export function pattern(random: Random, captures = 2): string {
  let text = random.chance(15) ? '^' : '';
  let open = 0;
  let made = 0;
  for (let count = random.between(1, 4); count > 0; count--) {
    if (made < captures && random.chance(25)) {
      if (random.chance(20)) text += '()';
      else {
        text += '(';
        open += 1;
      }
      made += 1;
    }
    text += random.weighted<() => string>([
      [40, () => random.pick(ATOMS) + random.pick(['', '', '+', '*', '-', '?'])],
      [2, () => '%b()'],
      [2, () => `%f[${random.pick(['%w', 'a', '%s', '%z'])}]`],
      [1, () => (made > open ? `%${random.between(1, made - open)}` : 'x')],
    ])();
    if (open > 0 && random.chance(60)) {
      text += ')';
      open -= 1;
    }
  }
  text += ')'.repeat(open);
  if (random.chance(10)) text += '$';
  if (random.below(50) === 0) text += random.pick(['%', '[a', '(', ')', '%f', '%b', '[%', '%9']);
  return `'${text}'`;
}

/** A call that gives one string. */
export function patternCall(random: Random, text: () => string): string {
  return random.weighted<() => string>([
    [4, () => `tostring((string.match(${text()}, ${pattern(random)})))`],
    [2, () => `J(string.find(${text()}, ${pattern(random)}, ${random.between(-3, 4)}))`],
    [2, () => `J(string.match(${text()}, ${pattern(random, 3)}))`],
    [
      5,
      () =>
        `J(string.gsub(${text()}, ${pattern(random)}, ${replacement(random)}${random.chance(25) ? `, ${random.between(0, 3)}` : ''}))`,
    ],
    [1, () => `J((${text()}):gsub(${pattern(random, 0)}, {a = 'A', b = false, l = 1}))`],
    [1, () => `J((${text()}):gsub(${pattern(random)}, function(...) return (select('#', ...)) .. '' end))`],
    [1, () => `J((${text()}):gsub(${pattern(random, 1)}, string.upper))`],
  ])();
}

const replacement = (random: Random): string =>
  random.pick(["''", "'-'", "'%0'", "'<%0>'", "'%1'", "'%1%0'", "'%%'", "'x'", "'%2'", "'%d'", "'\\0'"]);
