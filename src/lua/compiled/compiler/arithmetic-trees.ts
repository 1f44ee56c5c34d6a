// Expressions of several arithmetic operators, with one guard for all of them. Sealed.
// A1: if all operands are int32 and no intermediate result can leave 2^53, the whole is plain JavaScript.
// A2: a result with a fraction is right if no integer operation on the way could have been inexact or could have wrapped: its
//     operands are then either int32 or have fractions themselves.
// A3: products are tried as 64-bit integers then (integer-trees.ts); all else is done operator by operator.
// A4: in a long function each tree is a call. V8 takes a second to optimize such a function; until then its own code runs several
//     times slower than what it calls.
// A5: what is sure to be a float is done by float-trees.ts, which is asked first.
import type { BinaryExpression, Expression } from '../../front/tree.js';
import { constantNumber, isDeep } from './constants.js';
import type { FunctionEmitter } from './function-emitter.js';
import { integerCall } from './integer-trees.js';
import { generalCall, isIdle, leavesOf, plant, renamed, stepwise } from './operator-trees.js';
import type { Leaf, Tree } from './operator-trees.js';
import { ANY, EXACT, isInt32, isNumeric, NUMBER } from './static-types.js';
import type { StaticType } from './static-types.js';

/** An operator that may be part of a tree; `%` and `//` only with a positive constant on their right. */
function isArithmetic(e: Expression): e is BinaryExpression {
  if (e.kind !== 'binary' || constantNumber(e) !== undefined) return false;
  switch (e.operator) {
    case '+':
    case '-':
    case '*':
      return true;
    case '%':
    case '//':
      return isDivisor(e.right);
    default:
      return false;
  }
}

/** A positive constant of 31 bits. */
export function isDivisor(e: Expression): boolean {
  const divisor = constantNumber(e);
  return typeof divisor === 'number' && Number.isInteger(divisor) && divisor > 0 && divisor < 0x80000000;
}

/** Trees of at least two operators that this file writes. */
export function isTree(f: FunctionEmitter, e: BinaryExpression): boolean {
  if (!isArithmetic(e) || isDeep(e)) return false;
  return (isArithmetic(e.left) && isIdle(f, e.right, isArithmetic)) || isArithmetic(e.right);
}

export function arithmeticTree(
  f: FunctionEmitter,
  e: BinaryExpression,
  target: string,
  live: number,
): StaticType {
  const tree = plant(f, e, isArithmetic);
  const leaves = leavesOf(tree);
  if (f.isLong) return compactTree(f, tree, target, live);
  const guard = withIntegers(f, tree, guardOf(tree, leaves));
  if (leaves.every(({ operand }) => isNumeric(operand.type))) {
    const fast = guard === undefined ? '' : `if(${guard})${target}=x;else `;
    f.line(`${fast}${target}=${generalCall(f, tree)};`, e.line);
    return NUMBER;
  }
  f.group(guard, `${target}=x;`, stepwise(f, tree, target), live);
  return ANY;
}

/** The same by a function of the unit. */
function compactTree(f: FunctionEmitter, tree: Tree, target: string, live: number): StaticType {
  const given = leavesOf(tree).filter(({ constant }) => constant === undefined);
  const names = new Map(given.map(({ operand }, at) => [operand.js, `a${at}`]));
  const inside = renamed(tree, names);
  const isNumber = given.every(({ operand }) => isNumeric(operand.type));
  const guard = withIntegers(f, inside, guardOf(inside, leavesOf(inside)));
  const general = isNumber ? `return ${generalCall(f, inside)}` : '';
  const helper = f.unit.helper(
    `(${[...names.values()].join(',')}){let x,y;if(${guard ?? 'false'})return x;${general}}`,
  );
  const call = `${helper}(${[...names.keys()].join(',')})`;
  if (isNumber) {
    f.line(`${target}=${call};`);
    return NUMBER;
  }
  f.group(`(x=${call})!==undefined`, `${target}=x;`, stepwise(f, tree, target), live);
  return ANY;
}

/** The guard, with the attempt at wide integers where it fails; both set x. */
function withIntegers(f: FunctionEmitter, tree: Tree, guard: string | undefined): string | undefined {
  if (!has(tree, ['*']) || has(tree, ['%', '//'])) return guard;
  const attempt = `(x=${integerCall(f, tree)})!==undefined`;
  return guard === undefined ? attempt : `(${guard})||${attempt}`;
}

// --------------------------------------------------------------------------------------------------- the guard

/** Bounds of a value if all operands are int32. */
interface Bounds {
  readonly low: number;
  readonly high: number;
}

const INT32: Bounds = { low: -0x80000000, high: 0x7fffffff };

/** The condition under which x is the value; it sets x. undefined: there is none worth trying. */
function guardOf(tree: Tree, leaves: readonly Leaf[]): string | undefined {
  const typeTests = leaves
    .filter(({ operand }) => operand.type.is !== 'integer')
    .map(({ operand }) => `typeof ${operand.js}==='number'`);
  const integers = boundsOf(tree) === undefined ? undefined : integerTests(leaves);
  const fractions = fractionTests(tree, leaves);
  if (integers === undefined && fractions === undefined) return undefined;
  const asFraction =
    fractions === undefined ? undefined : [...fractions, `(x=${rawText(tree)})!==floor(x)`].join('&&');
  if (integers === undefined) return [...typeTests, asFraction].join('&&');
  const exact = integerText(tree);
  if (integers.length === 0) return [...typeTests, `(x=${exact},true)`].join('&&');
  const both = `(${integers.join('&&')}?(x=${exact},true):${asFraction ?? 'false'})`;
  return [...typeTests, both].join('&&');
}

/** Tests that all operands are int32. */
export const integerTests = (leaves: readonly Leaf[]): string[] =>
  leaves.filter(({ operand }) => !isInt32(operand.type)).map(({ operand: { js } }) => `(${js}|0)===${js}`);

/** undefined where a value may be inexact. */
export function boundsOf(tree: Tree): Bounds | undefined {
  if (tree.is === 'leaf') return isInt32(tree.operand.type) ? tree.operand.type : INT32;
  if (tree.is === 'unary') {
    const operand = tree.operator === '-' ? boundsOf(tree.operand) : undefined;
    return operand === undefined ? undefined : within(-operand.high, -operand.low);
  }
  const left = boundsOf(tree.left);
  const right = boundsOf(tree.right);
  if (left === undefined || right === undefined) return undefined;
  const divisor = right.high;
  switch (tree.operator) {
    case '+':
      return within(left.low + right.low, left.high + right.high);
    case '-':
      return within(left.low - right.high, left.high - right.low);
    case '*': {
      const corners = [left.low, left.high].flatMap((a) => [a * right.low, a * right.high]);
      return within(Math.min(...corners), Math.max(...corners));
    }
    case '//':
      return within(Math.floor(left.low / divisor), Math.floor(left.high / divisor));
    case '%':
      return { low: 0, high: divisor - 1 };
    default:
      return undefined;
  }
}

const within = (low: number, high: number): Bounds | undefined =>
  low >= -EXACT && high <= EXACT ? { low: low + 0, high: high + 0 } : undefined;

/** Tests under which a result with a fraction is right (A2); undefined where it never is. */
function fractionTests(tree: Tree, leaves: readonly Leaf[]): string[] | undefined {
  if (has(tree, ['%', '//'])) return undefined;
  return isHazardous(tree) ? exactTests(tree, leaves) : [];
}

/** Tests under which no operation of integers in the tree is inexact or wraps: each operand has a fraction or is an int32. */
export function exactTests(tree: Tree, leaves: readonly Leaf[]): string[] | undefined {
  const areBounded = boundsOf(tree) !== undefined;
  if (!areBounded && leaves.some(({ operand }) => operand.type.is === 'integer')) return undefined;
  return leaves
    .filter(({ operand }) => !isInt32(operand.type))
    .map(({ operand: { js } }) =>
      areBounded ? `((${js}|0)===${js}||${js}!==floor(${js}))` : `${js}!==floor(${js})`,
    );
}

export function has(tree: Tree, operators: readonly string[]): boolean {
  if (tree.is === 'leaf') return false;
  if (tree.is === 'unary') return has(tree.operand, operators);
  return operators.includes(tree.operator) || has(tree.left, operators) || has(tree.right, operators);
}

/** Some operation may be one of integers that are too big: a product, or a sum that has another operation below it. */
export function isHazardous(tree: Tree): boolean {
  if (tree.is === 'leaf') return false;
  if (tree.is === 'unary') return tree.operand.is !== 'leaf';
  return tree.operator === '*' || tree.left.is !== 'leaf' || tree.right.is !== 'leaf';
}

function rawText(tree: Tree): string {
  if (tree.is === 'leaf') return tree.operand.js;
  if (tree.is === 'unary') return `(0-${rawText(tree.operand)})`;
  return `(${rawText(tree.left)}${tree.operator}${rawText(tree.right)})`;
}

/** The value of integers; never -0. */
export function integerText(tree: Tree): string {
  const text = integerPart(tree);
  return has(tree, ['*']) ? `${text}+0` : text;
}

/** `%` takes y for a moment. */
function integerPart(tree: Tree): string {
  if (tree.is === 'leaf') return tree.operand.js;
  if (tree.is === 'unary') return `(0-${integerPart(tree.operand)})`;
  const left = integerPart(tree.left);
  const right = integerPart(tree.right);
  if (tree.operator === '//') return `floor(${left}/${right})`;
  // As in guards.ts.
  return tree.operator === '%'
    ? `((y=${left}%${right}|0)+(y>>31&${right}))`
    : `(${left}${tree.operator}${right})`;
}
