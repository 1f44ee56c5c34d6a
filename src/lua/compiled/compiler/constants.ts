// Constant expressions: literals, and operators on numbers that cannot fail. Sealed.
// C1: folding uses the run-time operators themselves, so the result is theirs.
import { LuaFloat } from '../../../core/data.js';
import type { BinaryExpression, BinaryOperator, Expression } from '../../front/tree.js';
import * as arithmetic from '../arithmetic.js';
import { I64 } from '../int64.js';
import { isInteger, isNumber, doubleOf, float } from '../number.js';
import type { LuaNumber } from '../number.js';
import type { Result, Value } from '../protocol.js';
import { fromHostValue } from '../table.js';
import { literalOf, literalText } from './function-emitter.js';
import type { Operand } from './function-emitter.js';
import { FRACTION, NUMBER } from './static-types.js';
import type { UnitEmitter } from './unit-emitter.js';

const FOLDED: Partial<Record<BinaryOperator, (a: Value, b: Value) => Result>> = {
  '+': arithmetic.add,
  '-': arithmetic.subtract,
  '*': arithmetic.multiply,
  '/': arithmetic.divide,
  '//': arithmetic.floorDivide,
  '%': arithmetic.modulo,
  '^': arithmetic.power,
};
/** Of integers only: on other numbers these may fail. */
const FOLDED_BITS: Partial<Record<BinaryOperator, (a: Value, b: Value) => Result>> = {
  '&': arithmetic.bitAnd,
  '|': arithmetic.bitOr,
  '~': arithmetic.bitXor,
  '<<': arithmetic.shiftLeft,
  '>>': arithmetic.shiftRight,
};

/**
 * More operators on one another's left than this are worked off one by one: what looks at them together is recursive, and
 * looks again at each part.
 */
const MAX_DEPTH = 40;

export function isDeep(e: Expression): boolean {
  let left = e;
  for (let depth = 0; left.kind === 'binary'; left = left.left) if (++depth > MAX_DEPTH) return true;
  return false;
}

/** The number that an expression always is. */
export function constantNumber(expression: Expression): LuaNumber | undefined {
  switch (expression.kind) {
    case 'integer':
      return fromHostValue(expression.value) as LuaNumber;
    case 'float':
      return float(expression.value);
    case 'local':
    case 'upvalue': {
      const literal = literalOf(expression.variable);
      return literal?.kind === 'integer' ? constantNumber(literal) : undefined;
    }
    case 'unary': {
      const { operator } = expression;
      if (operator !== '-' && operator !== '~') return undefined;
      const operand = constantNumber(expression.operand);
      if (operand === undefined) return undefined;
      if (operator === '-') return arithmetic.negate(operand) as LuaNumber;
      return isInteger(operand) ? (arithmetic.bitNot(operand) as LuaNumber) : undefined;
    }
    case 'binary':
      return foldBinary(expression);
    default:
      return undefined;
  }
}

function foldBinary(e: BinaryExpression): LuaNumber | undefined {
  const { operator } = e;
  const isBit = operator in FOLDED_BITS;
  const fold = FOLDED[operator] ?? FOLDED_BITS[operator];
  if (fold === undefined) return undefined;
  // The right side first: it is the smaller one, and seldom a constant too.
  const b = constantNumber(e.right);
  const a = b === undefined || isDeep(e) ? undefined : constantNumber(e.left);
  if (a === undefined || b === undefined) return undefined;
  if (isBit && !(isInteger(a) && isInteger(b))) return undefined;
  if ((operator === '//' || operator === '%') && doubleOf(b) === 0) return undefined;
  const value = fold(a, b);
  // NaN has no literal.
  return isNumber(value) && doubleOf(value) === doubleOf(value) ? value : undefined;
}

/** A number as an operand. */
export function numberOperand(unit: UnitEmitter, value: LuaNumber): Operand {
  if (value instanceof I64)
    return { js: unit.constant(`integer(${value.hi},${value.lo})`), type: NUMBER, isCell: false };
  if (value instanceof LuaFloat) {
    const text = Object.is(value.n, -0) ? '-0' : String(value.n);
    return { js: unit.constant(`float(${text})`), type: NUMBER, isCell: false };
  }
  if (value !== Math.floor(value)) {
    return { js: value < 0 ? `(${value})` : String(value), type: FRACTION, isCell: false };
  }
  if (value - value !== 0) return { js: `(${value})`, type: NUMBER, isCell: false };
  const { js, type } = literalText({ kind: 'integer', value, line: 0, column: 0 });
  return { js, type, isCell: false };
}
