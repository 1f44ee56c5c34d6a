// Expressions of several arithmetic operators, with one guard for all of them. Sealed.
// A1: operands are computed first, which Lua does too where none of them stands after an operator and does anything.
// A2: if all operands are int32 and no intermediate result can leave 2^53, the whole is plain JavaScript.
// A3: a result with a fraction is right if no integer operation on the way could have been inexact or could have wrapped: its
//     operands are then either int32 or have fractions themselves, or the operation is sure to be one of floats.
// A4: products that are no floats for sure are tried as 64-bit integers then (integer-trees.ts).
// A5: all else is done operator by operator.
import type { ArithmeticOperator, BinaryExpression, Expression } from '../../front/tree.js';
import { constantNumber } from './constants.js';
import { constantOf } from './guards.js';
import { integerCall } from './integer-trees.js';
import type { IntegerTree } from './integer-trees.js';
import { direct, value } from './expressions.js';
import type { FunctionEmitter, Operand } from './function-emitter.js';
import { nameOf } from './names.js';
import { ANY, EXACT, isInt32, isNumeric, NUMBER } from './static-types.js';
import type { StaticType } from './static-types.js';
import type { Site } from './writer.js';

interface Leaf {
  readonly operand: Operand;
}
interface Operation {
  readonly operator: ArithmeticOperator;
  readonly left: Tree;
  readonly right: Tree;
  readonly e: BinaryExpression;
}
type Tree = Leaf | Operation;

export const HELPERS: Readonly<Record<ArithmeticOperator, string>> = {
  '+': 'add',
  '-': 'subtract',
  '*': 'multiply',
  '/': 'divide',
  '//': 'floorDivide',
  '%': 'modulo',
  '^': 'power',
};

const isOperation = (tree: Tree): tree is Operation => 'operator' in tree;

/** An operator that may be part of a tree; `%` and `//` only with a positive constant on their right. */
function isArithmetic(e: Expression): e is BinaryExpression {
  if (e.kind !== 'binary' || constantNumber(e) !== undefined) return false;
  switch (e.operator) {
    case '+':
    case '-':
    case '*':
    case '/':
      return true;
    case '%':
    case '//': {
      const divisor = constantNumber(e.right);
      return typeof divisor === 'number' && Number.isInteger(divisor) && divisor > 0 && divisor < 0x80000000;
    }
    default:
      return false;
  }
}

/** Nothing happens when it is computed. */
function isIdle(f: FunctionEmitter, e: Expression): boolean {
  return direct(f, e) !== undefined || (isArithmetic(e) && isIdle(f, e.left) && isIdle(f, e.right));
}

/** Trees of at least two operators that this file writes. */
export function isTree(f: FunctionEmitter, e: BinaryExpression): boolean {
  if (!isArithmetic(e)) return false;
  return (isArithmetic(e.left) && isIdle(f, e.right)) || isArithmetic(e.right);
}

function plant(f: FunctionEmitter, e: Expression): Tree {
  if (!isArithmetic(e)) return { operand: value(f, e) };
  const left = isIdle(f, e.right) ? plant(f, e.left) : { operand: value(f, e.left) };
  return { operator: e.operator as ArithmeticOperator, left, right: plant(f, e.right), e };
}

/** Loads cells, now that nothing else is computed before the operators. */
function ready(f: FunctionEmitter, tree: Tree): Tree {
  if (isOperation(tree)) return { ...tree, left: ready(f, tree.left), right: ready(f, tree.right) };
  return { operand: { ...tree.operand, js: f.use(tree.operand), isCell: false } };
}

function leavesOf(tree: Tree, leaves = new Map<string, Operand>()): Map<string, Operand> {
  if (isOperation(tree)) {
    leavesOf(tree.left, leaves);
    leavesOf(tree.right, leaves);
  } else leaves.set(tree.operand.js, tree.operand);
  return leaves;
}

export function arithmeticTree(
  f: FunctionEmitter,
  e: BinaryExpression,
  target: string,
  live: number,
): StaticType {
  const tree = ready(f, plant(f, e));
  if (!isOperation(tree)) throw new TypeError('no operator in a tree');
  const leaves = [...leavesOf(tree).values()];
  const guard = withIntegers(f, tree, guardOf(tree, leaves));
  if (leaves.every(({ type }) => isNumeric(type))) {
    const fast = guard === undefined ? '' : `if(${guard})${target}=x;else `;
    f.line(`${fast}${target}=${generalCall(f, tree, leaves)};`, e.line);
    return NUMBER;
  }
  const sites: Omit<Site, 'live'>[] = [];
  stepwise(f, tree, target, sites);
  f.group(guard, `${target}=x;`, sites, live);
  return ANY;
}

/** The guard, with the attempt at wide integers where it fails; both set x. */
function withIntegers(f: FunctionEmitter, tree: Operation, guard: string | undefined): string | undefined {
  if (isFloat(tree) || !has(tree, ['*'])) return guard;
  const integers = asIntegers(tree);
  if (integers === undefined) return guard;
  const attempt = `(x=${integerCall(f, integers)})!==undefined`;
  return guard === undefined ? attempt : `(${guard})||${attempt}`;
}

/** undefined where an operator is not of integer-trees.ts. */
function asIntegers(tree: Tree): IntegerTree | undefined {
  if (!isOperation(tree)) return { is: 'leaf', operand: tree.operand, constant: constantOf(tree.operand) };
  const { operator, e } = tree;
  if (operator !== '+' && operator !== '-' && operator !== '*') return undefined;
  const left = asIntegers(tree.left);
  const right = asIntegers(tree.right);
  return left === undefined || right === undefined ? undefined : { is: 'binary', operator, left, right, e };
}

/** A call of a function of the unit that applies the general operators: small where it stands, and seldom run. */
function generalCall(f: FunctionEmitter, tree: Tree, leaves: readonly Operand[]): string {
  const given = leaves.map(({ js }) => js).filter((js) => /^[ru]\d+$/.test(js));
  const names = new Map(given.map((js, at) => [js, `a${at}`]));
  const helper = f.unit.helper(`(${[...names.values()].join(',')}){return ${nested(tree, names)}}`);
  return `${helper}(${given.join(',')})`;
}

/** Calls of the general operators inside one another: for operands that call no metamethods. */
function nested(tree: Tree, names: ReadonlyMap<string, string>): string {
  if (!isOperation(tree)) return names.get(tree.operand.js) ?? tree.operand.js;
  return `${HELPERS[tree.operator]}(${nested(tree.left, names)},${nested(tree.right, names)})`;
}

/** One call after the other, each into a slot. Gives where the value is. */
function stepwise(
  f: FunctionEmitter,
  tree: Tree,
  target: string | undefined,
  sites: Omit<Site, 'live'>[],
): string {
  if (!isOperation(tree)) return tree.operand.js;
  const left = stepwise(f, tree.left, undefined, sites);
  const right = stepwise(f, tree.right, undefined, sites);
  const own = target ?? f.slot();
  const operands = [nameOf(tree.e.left), nameOf(tree.e.right)];
  const call = `${HELPERS[tree.operator]}(${left},${right})`;
  sites.push({ call, target: own, line: tree.e.line, operands });
  return own;
}

// --------------------------------------------------------------------------------------------------- the guard

/** Bounds of a value if all operands are int32. */
interface Bounds {
  readonly low: number;
  readonly high: number;
}

const INT32: Bounds = { low: -0x80000000, high: 0x7fffffff };

/** The condition under which x is the value; it sets x. undefined: there is none worth trying. */
function guardOf(tree: Operation, leaves: readonly Operand[]): string | undefined {
  const typeTests = leaves
    .filter(({ type }) => type.is !== 'integer' && type.is !== 'fraction')
    .map(({ js }) => `typeof ${js}==='number'`);
  const text = textOf(tree);
  const integers = integerTests(tree, leaves);
  const fractions = fractionTests(tree, leaves);
  if (integers === undefined && fractions === undefined) return undefined;
  const asFraction =
    fractions === undefined ? undefined : [...fractions, `(x=${text})!==floor(x)`].join('&&');
  if (integers === undefined) return [...typeTests, asFraction].join('&&');
  const exact = integerText(tree);
  if (integers.length === 0) return [...typeTests, `(x=${exact},true)`].join('&&');
  const both = `(${integers.join('&&')}?(x=${exact},true):${asFraction ?? 'false'})`;
  return [...typeTests, both].join('&&');
}

/** Tests that all operands are int32; undefined where that is not enough, or not possible. */
function integerTests(tree: Operation, leaves: readonly Operand[]): string[] | undefined {
  if (leaves.some(({ type }) => type.is === 'fraction')) return undefined;
  if (boundsOf(tree) === undefined) return undefined;
  return leaves.filter(({ type }) => !isInt32(type)).map(({ js }) => `(${js}|0)===${js}`);
}

/** undefined where a value may be inexact. */
function boundsOf(tree: Tree): Bounds | undefined {
  if (!isOperation(tree)) return isInt32(tree.operand.type) ? tree.operand.type : INT32;
  if (tree.operator === '/' || tree.operator === '^') return undefined;
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
  }
}

const within = (low: number, high: number): Bounds | undefined =>
  low >= -EXACT && high <= EXACT ? { low: low + 0, high: high + 0 } : undefined;

/** Tests under which a result with a fraction is right (A3); undefined where it never is. */
function fractionTests(tree: Operation, leaves: readonly Operand[]): string[] | undefined {
  if (has(tree, ['%', '//'])) return undefined;
  if (!isHazardous(tree)) return [];
  return leaves
    .filter(({ type }) => type.is !== 'fraction' && !isInt32(type))
    .map(({ js }) => `((${js}|0)===${js}||${js}!==floor(${js}))`);
}

function has(tree: Tree, operators: readonly ArithmeticOperator[]): boolean {
  return (
    isOperation(tree) &&
    (operators.includes(tree.operator) || has(tree.left, operators) || has(tree.right, operators))
  );
}

/** Its value is a float, whatever its operands are. */
function isFloat(tree: Tree): boolean {
  if (!isOperation(tree)) return tree.operand.type.is === 'fraction';
  return tree.operator === '/' || isFloat(tree.left) || isFloat(tree.right);
}

/** Some operation may be one of integers that are too big: a product, or a sum that has another operation below it. */
function isHazardous(tree: Tree): boolean {
  if (!isOperation(tree)) return false;
  if (isHazardous(tree.left) || isHazardous(tree.right)) return true;
  if (isFloat(tree)) return false;
  return tree.operator === '*' || isOperation(tree.left) || isOperation(tree.right);
}

function textOf(tree: Tree): string {
  if (!isOperation(tree)) return tree.operand.js;
  return `(${textOf(tree.left)}${tree.operator}${textOf(tree.right)})`;
}

/** The value of integers; never -0. */
function integerText(tree: Operation): string {
  const text = integerPart(tree);
  return has(tree, ['*']) ? `${text}+0` : text;
}

/** `%` takes y for a moment. */
function integerPart(tree: Tree): string {
  if (!isOperation(tree)) return tree.operand.js;
  const left = integerPart(tree.left);
  const right = integerPart(tree.right);
  if (tree.operator === '//') return `floor(${left}/${right})`;
  // Without a branch, since the first negative rest would throw optimised code away.
  return tree.operator === '%'
    ? `((y=${left}%${right})+(y>>31&${right}))`
    : `(${left}${tree.operator}${right})`;
}
