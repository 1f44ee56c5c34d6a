// Inline paths of operators: conditions under which plain JavaScript arithmetic gives Lua's result. Sealed.
// G1: a sum that is no integer came from floats and is right. A sum that is one may be an integral float (boxed then) or beyond
//     2^53, so it counts only if both operands are int32; all else goes to the general operator.
// G2: x takes the value that is tried.
import type { ArithmeticOperator, BitOperator } from '../../front/tree.js';
import { EXACT, integerRange, isInt32 } from './static-types.js';
import type { StaticType } from './static-types.js';

export interface Typed {
  readonly js: string;
  readonly type: StaticType;
}

/** `condition` (may set x) and then `value`; undefined condition: always. */
export interface Guard {
  readonly condition: string | undefined;
  readonly value: string;
  /** Of `value`, when the condition is undefined. */
  readonly type?: StaticType;
}

const INT32 = 0x80000000;

function isJsNumber(type: StaticType): boolean {
  return type.is === 'integer' || type.is === 'fraction';
}

const typeTests = (...operands: Typed[]): string[] =>
  operands.filter(({ type }) => !isJsNumber(type)).map(({ js }) => `typeof ${js}==='number'`);

/** '' where the operand is known to be one. */
const int32Test = ({ js, type }: Typed): string[] =>
  type.is === 'integer' && isInt32(type) ? [] : [`(${js}|0)===${js}`];

/** Tests that a number is an integer and not infinite. */
const integerTest = ({ js, type }: Typed): string[] =>
  type.is === 'integer' ? [] : [`${js}===floor(${js})`, `${js}-${js}===0`];

const both = (tests: readonly string[]): string | undefined =>
  tests.length === 0 ? undefined : tests.join('&&');

/** Known to be an integer, small enough that a sum with an int32 is exact. */
const isSmall = ({ type }: Typed): boolean =>
  type.is === 'integer' && type.low >= INT32 - EXACT && type.high <= EXACT - INT32;

const isFraction = ({ type }: Typed): boolean => type.is === 'fraction';

/** The value of an integer type with one member. */
export function constantOf({ type }: Typed): number | undefined {
  return type.is === 'integer' && type.low === type.high ? type.low : undefined;
}

export function arithmeticGuard(operator: ArithmeticOperator, a: Typed, b: Typed): Guard | undefined {
  switch (operator) {
    case '+':
    case '-':
      return sumGuard(operator, a, b);
    case '*':
      return productGuard(a, b);
    case '/':
      return { condition: both([...typeTests(a, b), `(x=${a.js}/${b.js})!==floor(x)`]), value: 'x' };
    case '//':
    case '%':
      return divisionGuard(operator, a, b);
    case '^':
      return constantOf(b) === 2
        ? { condition: both([...typeTests(a), `(x=${a.js}*${a.js})!==floor(x)`]), value: 'x' }
        : undefined;
  }
}

function sumGuard(operator: '+' | '-', a: Typed, b: Typed): Guard {
  const text = `${a.js}${operator}${b.js}`;
  if (a.type.is === 'integer' && b.type.is === 'integer') {
    const type =
      operator === '+'
        ? integerRange(a.type.low + b.type.low, a.type.high + b.type.high)
        : integerRange(a.type.low - b.type.high, a.type.high - b.type.low);
    if (type.is === 'integer') return { condition: undefined, value: `(${text})`, type };
  }
  const inexact = `(x=${text})!==floor(x)`;
  if (isFraction(a) || isFraction(b)) return { condition: both([...typeTests(a, b), inexact]), value: 'x' };
  const tests =
    isSmall(a) && isSmall(b)
      ? int32Test(a)
      : [...(isSmall(a) ? [] : int32Test(a)), ...(isSmall(b) ? [] : int32Test(b))];
  const sum = tests.length === 0 ? inexact : `(${inexact}||${tests.join('&&')})`;
  return { condition: both([...typeTests(a, b), sum]), value: 'x' };
}

function productGuard(a: Typed, b: Typed): Guard {
  const text = `${a.js}*${b.js}`;
  if (a.type.is === 'integer' && b.type.is === 'integer') {
    const corners = [a.type.low, a.type.high].flatMap((left) => [
      left * (b.type.low || 0),
      left * (b.type.high || 0),
    ]);
    const type = integerRange(Math.min(...corners) + 0, Math.max(...corners) + 0);
    if (type.is === 'integer') {
      const isPositive = a.type.low > 0 && b.type.low > 0;
      return { condition: undefined, value: isPositive ? `(${text})` : `(${text}+0)`, type };
    }
  }
  const inexact = `(x=${text})!==floor(x)`;
  if (isFraction(a) || isFraction(b)) return { condition: both([...typeTests(a, b), inexact]), value: 'x' };
  const factor = constantOf(a) ?? constantOf(b);
  const range =
    factor !== undefined && Math.abs(factor) < 0x200000 ? [] : [`x<${EXACT + 1}`, `x>-${EXACT + 1}`];
  const exact = [...int32Test(a), ...int32Test(b), ...range].join('&&');
  return { condition: both([...typeTests(a, b), `(${inexact}||${exact})`]), value: 'x+0' };
}

function divisionGuard(operator: '//' | '%', a: Typed, b: Typed): Guard | undefined {
  if (isFraction(a) || isFraction(b)) return undefined;
  const divisor = constantOf(b);
  if (divisor !== undefined && divisor <= 0) return undefined;
  const positive = divisor === undefined ? [`${b.js}>0`] : [];
  const integers = [...typeTests(a, b), ...int32TestUnlessKnown(a), ...int32TestUnlessKnown(b), ...positive];
  if (operator === '//') {
    const value = `floor(${a.js}/${b.js})`;
    if (integers.length > 0) return { condition: both(integers), value };
    const type = integerRange(Math.floor(a.type.low / b.type.low), Math.floor(a.type.high / b.type.low));
    return { condition: undefined, value, type };
  }
  const rest = `${a.js}%${b.js}`;
  const isNatural = a.type.is === 'integer' && a.type.low >= 0;
  const value = isNatural ? rest : signedRest(rest, a, b);
  return integers.length === 0
    ? { condition: undefined, value: `(${value})`, type: integerRange(0, b.type.high - 1) }
    : { condition: both(integers), value };
}

/** The rest with the divisor's sign, which is positive; never -0. */
function signedRest(rest: string, a: Typed, b: Typed): string {
  // Without a branch, since the first negative rest would throw optimised code away, and `|0` because V8 divides doubles by a
  // call of C's fmod where a rest may be -0.
  if ([a, b].every(({ type }) => type.is !== 'integer' || isInt32(type)))
    return `(y=${rest}|0)+(y>>31&${b.js})`;
  return `((y=${rest})<0?y+${b.js}:y+0)`;
}

const int32TestUnlessKnown = (operand: Typed): string[] =>
  operand.type.is === 'integer' ? [] : int32Test(operand);

const UINT32 = 0xffffffff;

export function bitGuard(operator: BitOperator, a: Typed, b: Typed): Guard | undefined {
  if (isFraction(a) || isFraction(b)) return undefined;
  const right = constantOf(b);
  const left = constantOf(a);
  switch (operator) {
    case '&':
      if (right !== undefined && right >= 0 && right <= UINT32) return maskGuard(a, right);
      if (left !== undefined && left >= 0 && left <= UINT32) return maskGuard(b, left);
      return int32Guard(a, b, '&');
    case '|':
      return int32Guard(a, b, '|');
    case '~':
      return int32Guard(a, b, '^');
    case '<<':
      if (right !== undefined) {
        if (right < 0 || right > 21) return undefined;
        return { condition: both([...typeTests(a), ...int32Test(a)]), value: `${a.js}*${2 ** right}` };
      }
      return {
        condition: both([...typeTests(a, b), ...int32Test(a), ...int32Test(b), `${b.js}>=0`, `${b.js}<22`]),
        value: `${a.js}*(1<<${b.js})`,
      };
    case '>>':
      if (right === undefined || right < 0 || right > 52) return undefined;
      return {
        condition: both([...typeTests(a), `${a.js}>=0`, ...integerTest(a)]),
        value: `floor(${a.js}/${2 ** right})`,
      };
  }
}

function maskGuard(a: Typed, mask: number): Guard {
  const value = mask <= 0x7fffffff ? `${a.js}&${mask}` : `(${a.js}&${mask | 0})>>>0`;
  const condition = both([...typeTests(a), ...integerTest(a)]);
  const type = integerRange(0, mask);
  return condition === undefined ? { condition, value: `(${value})`, type } : { condition, value };
}

function int32Guard(a: Typed, b: Typed, operator: '&' | '|' | '^'): Guard {
  const value = `${a.js}${operator}${b.js}`;
  const condition = both([...typeTests(a, b), ...int32Test(a), ...int32Test(b)]);
  return condition === undefined
    ? { condition, value: `(${value})`, type: integerRange(-0x80000000, 0x7fffffff) }
    : { condition, value };
}

export function negateGuard(a: Typed): Guard {
  return {
    condition: both([...typeTests(a), `((${a.js}|0)===${a.js}||${a.js}!==floor(${a.js}))`]),
    value: `0-${a.js}`,
  };
}

export function complementGuard(a: Typed): Guard | undefined {
  if (isFraction(a)) return undefined;
  return { condition: both([...typeTests(a), ...int32Test(a)]), value: `~${a.js}` };
}
