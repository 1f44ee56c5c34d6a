// Expressions of several operators, as trees whose operands are all computed before the first operator is applied. Sealed.
// O1: Lua computes so too, where nothing happens while an operand is computed that stands after an operator (it is idle).
// O2: an operand has two texts: `operand.js`, where a float constant or variable is a bare double (static-types.ts K3), and
//     `general`, the value as everybody else takes it.
// O3: `stepwise` applies the general operators one by one: what is right for any operands, with their errors and suspensions.
import type {
  ArithmeticOperator,
  BinaryExpression,
  BitOperator,
  Expression,
  UnaryExpression,
} from '../../front/tree.js';
import type { LuaNumber } from '../number.js';
import { constantNumber, numberOperand } from './constants.js';
import { direct, rawOperand, value } from './expressions.js';
import type { FunctionEmitter, Operand } from './function-emitter.js';
import { loadedName, nameOf } from './names.js';
import type { Site } from './writer.js';

export interface Leaf {
  readonly is: 'leaf';
  readonly operand: Operand;
  readonly general: string;
  readonly constant: LuaNumber | undefined;
}
export interface Unary {
  readonly is: 'unary';
  readonly operator: '-' | '~';
  readonly operand: Tree;
  readonly e: UnaryExpression;
}
export interface Binary {
  readonly is: 'binary';
  readonly operator: ArithmeticOperator | BitOperator;
  readonly left: Tree;
  readonly right: Tree;
  readonly e: BinaryExpression;
}
export type Tree = Leaf | Unary | Binary;

/** The runtime's general operators. */
export const HELPERS: Readonly<Record<ArithmeticOperator | BitOperator, string>> = {
  '+': 'add',
  '-': 'subtract',
  '*': 'multiply',
  '/': 'divide',
  '//': 'floorDivide',
  '%': 'modulo',
  '^': 'power',
  '&': 'bitAnd',
  '|': 'bitOr',
  '~': 'bitXor',
  '<<': 'shiftLeft',
  '>>': 'shiftRight',
};
export const UNARY_HELPERS = { '-': 'negate', '~': 'bitNot' } as const;

/** Whether an expression is an operator of the trees in question. */
export type IsOperation = (e: Expression) => boolean;

/** Nothing happens when it is computed. */
export function isIdle(f: FunctionEmitter, e: Expression, isOperation: IsOperation): boolean {
  if ((rawOperand(f, e) ?? direct(f, e)) !== undefined) return true;
  if (!isOperation(e)) return false;
  if (e.kind === 'unary') return isIdle(f, e.operand, isOperation);
  return e.kind === 'binary' && isIdle(f, e.left, isOperation) && isIdle(f, e.right, isOperation);
}

/** Computes the operands; `keepsRaw`: those that are kept as doubles stay so. */
export function plant(f: FunctionEmitter, e: Expression, isOperation: IsOperation, keepsRaw = false): Tree {
  return ready(f, rooted(f, e, isOperation, keepsRaw));
}

function rooted(f: FunctionEmitter, e: Expression, isOperation: IsOperation, keepsRaw: boolean): Tree {
  const branch = (part: Expression): Tree => rooted(f, part, isOperation, keepsRaw);
  if (isOperation(e)) {
    if (e.kind === 'unary') {
      const operator = e.operator as Unary['operator'];
      return { is: 'unary', operator, operand: branch(e.operand), e };
    }
    if (e.kind === 'binary') {
      const operator = e.operator as Binary['operator'];
      const left = isIdle(f, e.right, isOperation) ? branch(e.left) : leaf(f, e.left, keepsRaw);
      return { is: 'binary', operator, left, right: branch(e.right), e };
    }
  }
  return leaf(f, e, keepsRaw);
}

function leaf(f: FunctionEmitter, e: Expression, keepsRaw: boolean): Leaf {
  const constant = constantNumber(e);
  const raw = keepsRaw ? rawOperand(f, e) : undefined;
  // A variable that is always the same number may have a slot all the same.
  const operand = raw?.operand ?? (constant === undefined ? value(f, e) : numberOperand(f.unit, constant));
  return { is: 'leaf', operand, general: raw?.general ?? operand.js, constant };
}

/** Loads cells, now that nothing else is computed before the operators. */
function ready(f: FunctionEmitter, tree: Tree): Tree {
  switch (tree.is) {
    case 'leaf': {
      if (!tree.operand.isCell) return tree;
      const js = f.use(tree.operand);
      return { ...tree, operand: { ...tree.operand, js, isCell: false }, general: js };
    }
    case 'unary':
      return { ...tree, operand: ready(f, tree.operand) };
    case 'binary':
      return { ...tree, left: ready(f, tree.left), right: ready(f, tree.right) };
  }
}

/** One for each text. */
export function leavesOf(tree: Tree): readonly Leaf[] {
  const leaves = new Map<string, Leaf>();
  collect(tree, leaves);
  return [...leaves.values()];
}

function collect(tree: Tree, leaves: Map<string, Leaf>): void {
  if (tree.is === 'leaf') leaves.set(tree.operand.js, tree);
  else if (tree.is === 'unary') collect(tree.operand, leaves);
  else {
    collect(tree.left, leaves);
    collect(tree.right, leaves);
  }
}

/** A tree of other variables. */
export function renamed(tree: Tree, names: ReadonlyMap<string, string>): Tree {
  switch (tree.is) {
    case 'leaf': {
      const js = names.get(tree.operand.js);
      return js === undefined ? tree : { ...tree, operand: { ...tree.operand, js }, general: js };
    }
    case 'unary':
      return { ...tree, operand: renamed(tree.operand, names) };
    case 'binary':
      return { ...tree, left: renamed(tree.left, names), right: renamed(tree.right, names) };
  }
}

/** The sites of the operators, each with a slot of its own but the last, which writes `target`. */
export function stepwise(f: FunctionEmitter, tree: Tree, target: string): Omit<Site, 'live'>[] {
  const sites: Omit<Site, 'live'>[] = [];
  step(f, tree, target, sites);
  return sites;
}

/** Gives where the value is. */
function step(
  f: FunctionEmitter,
  tree: Tree,
  target: string | undefined,
  sites: Omit<Site, 'live'>[],
): string {
  if (tree.is === 'leaf') return tree.general;
  let call: string;
  let operands: readonly string[];
  if (tree.is === 'unary') {
    call = `${UNARY_HELPERS[tree.operator]}(${step(f, tree.operand, undefined, sites)})`;
    operands = [loadedName(tree.e.operand)];
  } else {
    const left = step(f, tree.left, undefined, sites);
    const right = step(f, tree.right, undefined, sites);
    call = `${HELPERS[tree.operator]}(${left},${right})`;
    operands = [nameOf(tree.e.left), nameOf(tree.e.right)];
  }
  const own = target ?? f.slot();
  sites.push({ call, target: own, line: tree.e.line, operands });
  return own;
}

/** A call of a function of the unit that applies the general operators to numbers: small where it stands, and seldom run. */
export function generalCall(f: FunctionEmitter, tree: Tree): string {
  const given = leavesOf(tree).filter(({ constant }) => constant === undefined);
  const names = new Map(given.map(({ operand }, at) => [operand.js, `a${at}`]));
  const helper = f.unit.helper(`(${[...names.values()].join(',')}){return ${nested(tree, names)}}`);
  return `${helper}(${given.map(({ general }) => general).join(',')})`;
}

/** Calls of the general operators inside one another: for operands that call no metamethods. */
function nested(tree: Tree, names: ReadonlyMap<string, string>): string {
  switch (tree.is) {
    case 'leaf':
      return names.get(tree.operand.js) ?? tree.general;
    case 'unary':
      return `${UNARY_HELPERS[tree.operator]}(${nested(tree.operand, names)})`;
    case 'binary':
      return `${HELPERS[tree.operator]}(${nested(tree.left, names)},${nested(tree.right, names)})`;
  }
}
