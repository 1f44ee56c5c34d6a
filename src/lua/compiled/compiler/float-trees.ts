// Expressions that are sure to be floats if their operands are numbers: plain arithmetic on doubles. Sealed.
// F1: sure is a quotient or a square, and any operator with an operand that is sure: a float constant, a variable that is
//     kept as a bare double (static-types.ts K3), or another such operator.
// F2: below, parts may be of integers still (`x + a * b`). Their value as a double is that of Lua unless they wrap, lose
//     digits on the way, or are a zero, which integers have without a sign: tests keep those away.
// F3: where the tests fail, or operands are no numbers, the operators are applied one by one.
import type { BinaryExpression, Expression } from '../../front/tree.js';
import {
  boundsOf,
  exactTests,
  has,
  integerTests,
  integerText,
  isDivisor,
  isHazardous,
} from './arithmetic-trees.js';
import { constantNumber, isDeep } from './constants.js';
import { rawOperand } from './expressions.js';
import type { FunctionEmitter } from './function-emitter.js';
import { generalCall, isIdle, leavesOf, plant, renamed, stepwise } from './operator-trees.js';
import type { Binary, IsOperation, Leaf, Tree } from './operator-trees.js';
import { ANY, isNumeric, isRawNumber, NUMBER } from './static-types.js';
import type { StaticType } from './static-types.js';

/** An operator that may be part of a tree. */
function isOperation(f: FunctionEmitter, e: Expression): boolean {
  if (constantNumber(e) !== undefined) return false;
  if (e.kind === 'unary') return e.operator === '-';
  if (e.kind !== 'binary') return false;
  switch (e.operator) {
    case '+':
    case '-':
    case '*':
    case '/':
      return true;
    case '%':
    case '//':
      return isDivisor(e.right) || isFloat(f, e);
    case '^':
      return isSquare(f, e);
    default:
      return false;
  }
}

/** Of something that can be written twice. */
function isSquare(f: FunctionEmitter, { left, right }: BinaryExpression): boolean {
  return constantNumber(right) === 2 && (left.kind === 'local' || rawOperand(f, left) !== undefined);
}

const operationsOf =
  (f: FunctionEmitter): IsOperation =>
  (e) =>
    isOperation(f, e);

/** Sure to be a float if it is a number (F1). */
function isFloat(f: FunctionEmitter, e: Expression): boolean {
  if (rawOperand(f, e) !== undefined) return true;
  if (constantNumber(e) !== undefined) return false;
  if (e.kind === 'unary') return e.operator === '-' && isFloat(f, e.operand);
  if (e.kind !== 'binary') return false;
  switch (e.operator) {
    case '/':
      return true;
    case '^':
      return isSquare(f, e);
    case '+':
    case '-':
    case '*':
    case '%':
    case '//':
      if (isFloat(f, e.right)) return true;
      // An operand before one that does something is computed apart (operator-trees.ts O1).
      return isIdle(f, e.right, operationsOf(f)) ? isFloat(f, e.left) : rawOperand(f, e.left) !== undefined;
    default:
      return false;
  }
}

/** Whether this file writes an expression. */
export const isFloatTree = (f: FunctionEmitter, e: Expression): boolean =>
  (e.kind === 'binary' || e.kind === 'unary') && !isDeep(e) && isOperation(f, e) && isFloat(f, e);

/** `isRaw`: the target is a variable that is kept as a double. Gives the type of the general value. */
export function floatTree(
  f: FunctionEmitter,
  e: Expression,
  target: string,
  live: number,
  isRaw: boolean,
): StaticType {
  const tree = plant(f, e, operationsOf(f), true);
  const leaves = leavesOf(tree);
  const doubles = f.isLong ? new Map<string, string>() : doublesOf(f, tree);
  const plan = new Plan(doubles.size === 0 ? tree : renamed(tree, doubles));
  const conditions = [...typeTests(leaves, doubles), ...plan.tests];
  const text = isRaw ? plan.text : `float(${plan.text})`;
  const isNumber = leaves.every(({ operand }) => isNumeric(operand.type));
  if (!plan.isPossible) conditions.splice(0, Infinity, 'false');
  const guard = conditions.join('&&');
  if (guard === '') f.line(`${target}=${text};`);
  else if (isNumber) {
    const general = isRaw ? `toSlot(${generalCall(f, tree)})` : generalCall(f, tree);
    f.line(`if(${guard})${target}=${text};else ${target}=${general};`, e.line);
  } else {
    const sites = stepwise(f, tree, target);
    const last = sites.pop();
    if (last === undefined) throw new TypeError('no operator in a tree');
    f.group(guard, `${target}=${text};`, [...sites, isRaw ? { ...last, through: 'toSlot' } : last], live);
  }
  return isNumber ? NUMBER : ANY;
}

/** Tests that leaves are numbers; those of `doubles` may be boxed ones, and are unboxed into the slots there. */
const typeTests = (leaves: readonly Leaf[], doubles: ReadonlyMap<string, string>): string[] =>
  leaves
    .filter(({ operand }) => !isRawNumber(operand.type))
    .map(({ operand: { js } }) => {
      const double = doubles.get(js);
      const isPlain = `typeof ${js}==='number'`;
      return double === undefined
        ? isPlain
        : `(${isPlain}?(${double}=${js},true):${js} instanceof D&&(${double}=${js}.n,true))`;
    });

/** Slots for the doubles of leaves that may be boxed floats. */
function doublesOf(f: FunctionEmitter, tree: Tree): Map<string, string> {
  const integral = new Set<string>();
  signless(tree, integral);
  const doubles = new Map<string, string>();
  for (const { operand } of leavesOf(tree))
    if (!isRawNumber(operand.type) && !integral.has(operand.js)) doubles.set(operand.js, f.slot());
  return doubles;
}

/** Leaves of what is computed as integers, which know no -0: of parts with `%` or `//` anywhere in them, and below a sign (F2). */
function signless(tree: Tree, found: Set<string>): void {
  for (const part of integerParts(tree))
    if (has(part, ['%', '//'])) addLeaves(part, found);
    else belowSigns(part, found);
}

function belowSigns(tree: Tree, found: Set<string>): void {
  if (tree.is === 'unary') addLeaves(tree, found);
  else if (tree.is === 'binary') {
    belowSigns(tree.left, found);
    belowSigns(tree.right, found);
  }
}

function addLeaves(tree: Tree, found: Set<string>): void {
  for (const { operand } of leavesOf(tree)) found.add(operand.js);
}

/** A double beyond this may stand for an integer that has wrapped. */
const UNWRAPPED = 2 ** 62;

/** How a tree of numbers is computed. */
class Plan {
  readonly text: string;
  /** Under which `text` is right (F2); they may set y, which `text` reads then. */
  readonly tests: string[] = [];
  /** Some part cannot be right. */
  isPossible = true;
  /** The only product of integers perhaps; it is tested as y. */
  readonly #product: Binary | undefined;

  constructor(tree: Tree) {
    const parts = integerParts(tree);
    const [product, ...others] = parts.filter((part) => has(part, ['*']));
    const takesY = parts.some((part) => has(part, ['%']));
    if (product !== undefined && others.length === 0 && !takesY && isOfLeaves(product))
      if (!isKnown(product)) this.#product = product;
    this.text = this.#text(tree, undefined);
  }

  /** `beside`: what it is added to or subtracted from. */
  #text(tree: Tree, beside: Beside | undefined): string {
    if (tree.is === 'leaf') return tree.operand.js;
    if (!isFloatNode(tree)) return this.#integerText(tree, beside);
    if (tree.is === 'unary') return `(-${this.#text(tree.operand, undefined)})`;
    const { operator } = tree;
    const isSum = operator === '+' || operator === '-';
    const harmless = operator === '+' ? '>' : '<';
    const left = this.#text(tree.left, isSum ? { tree: tree.right, harmless } : undefined);
    const right = this.#text(tree.right, isSum ? { tree: tree.left, harmless: '>' } : undefined);
    switch (tree.operator) {
      case '%':
        return `floatModulo(${left},${right})`;
      case '//':
        return `floor(${left}/${right})`;
      case '^':
        return `(${left}*${left})`;
      default:
        return `(${left}${tree.operator}${right})`;
    }
  }

  /** A part that may be of integers; above it all is of floats. */
  #integerText(tree: Tree, beside: Beside | undefined): string {
    const leaves = leavesOf(tree);
    if (tree === this.#product) {
      this.tests.push(`(y=${integerProduct(this.#product)})<${UNWRAPPED}`, `y>-${UNWRAPPED}`);
      this.tests.push(zeroTest(beside));
      return 'y';
    }
    if (isKnown(tree)) return `(${integerText(tree)})`;
    if (has(tree, ['%', '//'])) {
      if (boundsOf(tree) === undefined) this.isPossible = false;
      this.tests.push(...integerTests(leaves));
      return `(${integerText(tree)})`;
    }
    const text = plainText(tree);
    if (isHazardous(tree)) {
      const tests = exactTests(tree, leaves);
      if (tests === undefined) this.isPossible = false;
      else this.tests.push(...tests);
      if (mayBeNegativeZero(tree)) this.tests.push(`${text}!==0`);
    }
    return text;
  }
}

/** The other operand of a sum, and which of its zeros makes the sum the same for both zeros of this one: that above or below 0. */
interface Beside {
  readonly tree: Tree;
  readonly harmless: '>' | '<';
}

/** The sign that a product of integers would not have if it is 0 does not show. */
function zeroTest(beside: Beside | undefined): string {
  if (beside?.tree.is !== 'leaf' || !isFloatNode(beside.tree)) return 'y!==0';
  const { js } = beside.tree.operand;
  return `(y!==0||${js}!==0||1/${js}${beside.harmless}0)`;
}

/** Its value is a float: an operand that is kept as one, or an operator of one. */
function isFloatNode(tree: Tree): boolean {
  switch (tree.is) {
    case 'leaf':
      return ['float', 'floatish', 'fraction'].includes(tree.operand.type.is);
    case 'unary':
      return isFloatNode(tree.operand);
    case 'binary':
      return ['/', '^'].includes(tree.operator) || isFloatNode(tree.left) || isFloatNode(tree.right);
  }
}

/** The largest parts that may be of integers, but for operands. */
function integerParts(tree: Tree): readonly Tree[] {
  if (tree.is === 'leaf') return [];
  if (!isFloatNode(tree)) return [tree];
  return tree.is === 'unary'
    ? integerParts(tree.operand)
    : [...integerParts(tree.left), ...integerParts(tree.right)];
}

/** A zero of floats may have a sign in it, one of integers never has: in products, and where a result is negated. */
function mayBeNegativeZero(tree: Tree): boolean {
  if (tree.is === 'leaf') return false;
  if (tree.is === 'unary') return tree.operand.is !== 'leaf';
  return tree.operator === '*' || mayBeNegativeZero(tree.left) || mayBeNegativeZero(tree.right);
}

const isOfLeaves = (tree: Tree): tree is Binary =>
  tree.is === 'binary' && tree.left.is === 'leaf' && tree.right.is === 'leaf';

/** All its operands are known to be small integers, and so is what is made of them. */
const isKnown = (tree: Tree): boolean =>
  boundsOf(tree) !== undefined && integerTests(leavesOf(tree)).length === 0;

const integerProduct = ({ left, right }: Binary): string => `${plainText(left)}*${plainText(right)}`;

function plainText(tree: Tree): string {
  if (tree.is === 'leaf') return tree.operand.js;
  if (tree.is === 'unary') return `(0-${plainText(tree.operand)})`;
  return `(${plainText(tree.left)}${tree.operator}${plainText(tree.right)})`;
}
