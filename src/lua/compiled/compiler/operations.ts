// Operators on values: an inline path for numbers and strings, a call of the general operator else. Sealed.
// O1: the target is written last, so it may be one of the operands' variables.
import { unreachable } from '../../../core/errors.js';
import type {
  ArithmeticOperator,
  BinaryExpression,
  BitOperator,
  Expression,
  UnaryExpression,
} from '../../front/tree.js';
import { arithmeticTree, isTree } from './arithmetic-trees.js';
import { tableTest, value } from './expressions.js';
import { floatTree, isFloatTree } from './float-trees.js';
import type { FunctionEmitter, Operand } from './function-emitter.js';
import { arithmeticGuard, bitGuard, complementGuard, negateGuard } from './guards.js';
import type { Guard } from './guards.js';
import { integerTree, isIntegerTree } from './integer-trees.js';
import { loadedName, nameOf } from './names.js';
import { HELPERS } from './operator-trees.js';
import { ANY, isNumeric, NUMBER, STRING } from './static-types.js';
import type { StaticType } from './static-types.js';

const isBit = (operator: string): operator is BitOperator => '&|~<<>>'.includes(operator);

export function binary(f: FunctionEmitter, e: BinaryExpression, target: string, live: number): StaticType {
  if (isFloatTree(f, e)) return floatTree(f, e, target, live, false);
  if (isIntegerTree(f, e)) return integerTree(f, e, target, live);
  if (isTree(f, e)) return arithmeticTree(f, e, target, live);
  const operator = e.operator as ArithmeticOperator | BitOperator;
  const left = value(f, e.left);
  const right = value(f, e.right);
  const a: Operand = { ...left, js: f.use(left) };
  const b: Operand = { ...right, js: f.use(right) };
  const guard = isBit(operator) ? bitGuard(operator, a, b) : arithmeticGuard(operator, a, b);
  const call = `${HELPERS[operator]}(${a.js},${b.js})`;
  return guarded(f, e, guard, call, [a, b], [nameOf(e.left), nameOf(e.right)], target, live);
}

export function unary(f: FunctionEmitter, e: UnaryExpression, target: string, live: number): StaticType {
  if (isFloatTree(f, e)) return floatTree(f, e, target, live, false);
  if (isIntegerTree(f, e)) return integerTree(f, e, target, live);
  const given = value(f, e.operand);
  const a: Operand = { ...given, js: f.use(given) };
  const names = [loadedName(e.operand)];
  switch (e.operator) {
    case '-':
      return guarded(f, e, negateGuard(a), `negate(${a.js})`, [a], names, target, live);
    case '~':
      return guarded(f, e, complementGuard(a), `bitNot(${a.js})`, [a], names, target, live);
    case '#': {
      const isTable = tableTest(a, a.js);
      const fast =
        isTable === undefined ? '' : `if(${isTable}${a.js}.meta===null)${target}=${a.js}.array.length;else `;
      f.site({ line: e.line, operands: names, fast, call: `length(${a.js})`, target, live });
      return ANY;
    }
    case 'not':
      throw new TypeError("'not' is a condition");
    default:
      return unreachable(e.operator);
  }
}

function guarded(
  f: FunctionEmitter,
  e: Expression,
  guard: Guard | undefined,
  call: string,
  operands: readonly Operand[],
  names: readonly string[],
  target: string,
  live: number,
): StaticType {
  if (guard !== undefined && guard.condition === undefined) {
    f.line(`${target}=${guard.value};`);
    return guard.type ?? NUMBER;
  }
  const fast = guard === undefined ? '' : `if(${guard.condition ?? ''})${target}=${guard.value};else `;
  if (operands.every(({ type }) => isNumeric(type))) {
    f.line(`${fast}${target}=${call};`, e.line, names);
    return guard?.type ?? NUMBER;
  }
  f.site({ line: e.line, operands: names, fast, call, target, live });
  return ANY;
}

/** A chain `a .. b .. c`, which Lua works off from the right once all operands are there. */
export function concatenation(
  f: FunctionEmitter,
  e: BinaryExpression,
  target: string,
  live: number,
): StaticType {
  const parts: Expression[] = [];
  let rest: Expression = e;
  let line = e.line; // of the last operator, as in PUC
  while (rest.kind === 'binary' && rest.operator === '..') {
    parts.push(rest.left);
    ({ line } = rest);
    rest = rest.right;
  }
  parts.push(rest);
  const values = parts.map((part) => {
    const given = value(f, part);
    return { ...given, js: f.use(given) };
  });
  const names = parts.map(nameOf);
  const texts = values.map(({ js, type }) => (type.is === 'integer' ? `(""+${js})` : js));
  const unknown = values.filter(({ type }) => type.is !== 'string' && type.is !== 'integer');
  const constants = values.map(constantText);
  if (constants.every((text) => text !== undefined)) {
    const joined = constants.join('');
    if (joined.length <= MAX_FOLDED) {
      f.line(`${target}=${JSON.stringify(joined)};`);
      return STRING;
    }
  }
  if (unknown.length === 0) {
    f.line(`${target}=joined(${texts.join('+')});`, line);
    return STRING;
  }
  const tests = unknown.map(({ js }) => `typeof ${js}==='string'`).join('&&');
  const fast = `if(${tests})${target}=joined(${texts.join('+')});else `;
  const plain = values.map(({ js }) => js).join(',');
  const call = texts.length === 2 ? `concat(${plain})` : `concatAll([${plain}])`;
  f.site({ line, operands: names, fast, call, target, live });
  return values.every(({ type }) => isNumeric(type) || type.is === 'string') ? STRING : ANY;
}

/** Longer constants than this are joined when they are needed. */
const MAX_FOLDED = 200;

/** What a constant string or integer is in a concatenation. */
function constantText({ js, type }: Operand): string | undefined {
  if (type.is === 'integer') return type.low === type.high ? String(type.low) : undefined;
  return js.startsWith('"') ? (JSON.parse(js) as string) : undefined;
}
