// Literals of the generated programs, with a taste for edges.
import type { Random } from './random.js';

const EDGE_INTEGERS = [
  '0',
  '1',
  '2',
  '-1',
  '-2',
  '7',
  '10',
  '255',
  '256',
  '65535',
  '2147483647',
  '2147483648',
  '-2147483648',
  '-2147483649',
  '4294967295',
  '4294967296',
  '9007199254740991',
  '9007199254740992',
  '9007199254740993',
  '-9007199254740991',
  '-9007199254740992',
  '-9007199254740993',
  '4503599627370496',
  '9223372036854775807',
  'math.maxinteger',
  'math.mininteger',
  '-9223372036854775807',
  '0x7fffffffffffffff',
  '0xffffffffffffffff',
  '0x8000000000000000',
  '0x10',
  '0xff',
  '1000000007',
  '1099511628211',
  '6364136223846793005',
  '(1 << 62)',
  '(1 << 53)',
] as const;

const EDGE_FLOATS = [
  '0.0',
  '-0.0',
  '0.5',
  '1.5',
  '-2.5',
  '0.1',
  '3.0',
  '-1.0',
  '1e15',
  '1e16',
  '1e100',
  '-1e300',
  '5e-324',
  '2.2250738585072014e-308',
  '9007199254740992.0',
  '9007199254740994.0',
  '9223372036854775807.0',
  '-9223372036854775808.0',
  '4294967296.0',
  '2147483648.5',
  '123456789012.25',
  '0x1p-2',
  '0x.8p1',
  '1/0',
  '-1/0',
  'math.huge',
  'math.pi',
  '3.14159',
  '100.0',
  '1e-7',
  '123.456e2',
  '0.3',
  '1e308',
] as const;

const STRINGS = [
  "''",
  "'a'",
  "'abc'",
  "'hello world'",
  "'10'",
  "'0x1F'",
  "' 7 '",
  "'3.5'",
  "'-1'",
  "'a,b,,c'",
  "'%d'",
  "'x=1, y=2'",
  "'A1b2C3'",
  "'\\0a\\0'",
  "'\\xff\\xfe'",
  "'\\u{48}\\u{20AC}'",
  "'tab\\tnew\\nline'",
  "'[[x]]'",
  "'äö'",
  "'1e2'",
  "'(a(b)c)'",
  "'aaaaaaaaaaaaaaaa'",
  "'THE (quick) fox'",
  "'.'",
  "'  trim  '",
  "'0'",
  '[[long\nstring]]',
  "'nil'",
] as const;

export function integerLiteral(random: Random): string {
  if (random.chance(70)) return String(random.between(-9, 30));
  return random.chance(75) ? random.pick(EDGE_INTEGERS) : String(random.bits() - 2147483648);
}

/** Small and not zero: for divisors. */
export function divisorLiteral(random: Random): string {
  return random.pick(['1', '2', '3', '7', '10', '-1', '-3', '16', '-10', '1000000007', '0x100000000']);
}

export const smallLiteral = (random: Random): string => String(random.between(0, 6));

export function floatLiteral(random: Random): string {
  if (random.chance(40))
    return `${random.between(-40, 40)}.${random.pick(['0', '5', '25', '125', '1', '75'])}`;
  return random.pick(EDGE_FLOATS);
}

export const stringLiteral = (random: Random): string => random.pick(STRINGS);

const NUMERALS = [
  '10',
  '0x10',
  '  12  ',
  '1e1',
  '0x1p4',
  '.5',
  '5.',
  '0x.1',
  '',
  ' ',
  '1e',
  '0x',
  '1 2',
  'inf',
  'nan',
  '1_0',
  '+7',
  '-0',
  '- 1',
  '--1',
  '1e+2',
  '0x1P-1',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775808',
  '-9223372036854775809',
  '0xffffffffffffffffff',
  '1e400',
  '12abc',
  'abc',
  '1.5.2',
  '0b1',
  '\\t8\\n',
  '1\\0',
  '00012',
  '1E2',
  '0xA.8',
  '1e-400',
  '0x1p-1080',
  '7fffffffffffffff',
  'zz',
  '-ZZ',
  '777',
  '1111',
] as const;

/** Text that is a number. */
export const validNumeral = (random: Random): string =>
  random.pick([
    "'10'",
    "'0x10'",
    "' 12 '",
    "'1e1'",
    "'-7'",
    "'3.5'",
    "'0x1p4'",
    "'9223372036854775807'",
    "'1e15'",
    "'-0'",
  ]);

/** Text that may or may not be a number. */
export const numeralText = (random: Random): string => `'${random.pick(NUMERALS)}'`;
