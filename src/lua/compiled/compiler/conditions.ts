// Conditions: comparisons, `not`, `and` and `or` as JavaScript conditions. Sealed.
// C1: the text of a condition is to be used at once: it may name y, and nothing may be written between.
import type { BinaryExpression, ComparisonOperator, Expression } from '../../front/tree.js';
import { LONG } from '../ropes.js';
import { direct, rawOperand, truthy, value } from './expressions.js';
import type { FunctionEmitter, Operand } from './function-emitter.js';
import { isNumeric, isRawNumber } from './static-types.js';
import type { StaticType } from './static-types.js';

const COMPARISONS: ReadonlySet<string> = new Set<ComparisonOperator>(['==', '~=', '<', '<=', '>', '>=']);

export const isConditional = (e: BinaryExpression): boolean => COMPARISONS.has(e.operator);

/** A condition without any code before it; undefined where code is needed. */
function pure(f: FunctionEmitter, e: Expression): string | undefined {
  switch (e.kind) {
    case 'logical': {
      const left = pure(f, e.left);
      const right = left === undefined ? undefined : pure(f, e.right);
      return right === undefined ? undefined : `(${left}${e.operator === 'and' ? '&&' : '||'}${right})`;
    }
    case 'unary': {
      if (e.operator !== 'not') break;
      const inner = pure(f, e.operand);
      return inner === undefined ? undefined : `!${inner}`;
    }
    case 'binary':
      if (isConditional(e)) return pureComparison(f, e);
      break;
    default:
  }
  const operand = direct(f, e);
  return operand === undefined ? undefined : truthy(operand);
}

/** An operand of a comparison, which may be raw, and its general value. */
interface Comparand {
  readonly operand: Operand;
  readonly general: string;
}

function ready(f: FunctionEmitter, e: Expression): Comparand | undefined {
  const raw = rawOperand(f, e);
  if (raw !== undefined) return raw;
  const operand = direct(f, e);
  return operand === undefined ? undefined : { operand, general: operand.js };
}

function pureComparison(f: FunctionEmitter, e: BinaryExpression): string | undefined {
  const left = ready(f, e.left);
  const right = ready(f, e.right);
  return left === undefined || right === undefined ? undefined : simpleComparison(e, left, right);
}

/** Equal only when identical, which is quickly seen: of long strings it is not. */
const isPlain = ({ js, type: { is } }: Operand): boolean =>
  is === 'nil' || is === 'boolean' || is === 'function' || (is === 'string' && js.startsWith('"'));

const mayBeString = ({ is }: StaticType): boolean => is === 'any' || is === 'string';

/** A comparison of two operands that calls nothing but raw equality. */
function simpleComparison(e: BinaryExpression, left: Comparand, right: Comparand): string | undefined {
  const operator = e.operator as ComparisonOperator;
  const [a, b] = [left.operand, right.operand];
  const areNumbers = isRawNumber(a.type) && isRawNumber(b.type);
  if (operator !== '==' && operator !== '~=') return areNumbers ? `(${a.js}${operator}${b.js})` : undefined;
  const js = operator === '==' ? '===' : '!==';
  if (areNumbers) return `(${a.js}${js}${b.js})`;
  if (isPlain(a) || isPlain(b)) return `(${left.general}${js}${right.general})`;
  if (a.isCell || b.isCell) return undefined;
  if (isNumeric(a.type) || isNumeric(b.type)) {
    const objects = [a, b]
      .filter(({ type }) => !isRawNumber(type))
      .map(({ js: text }) => `typeof ${text}==='object'`);
    const equal = `(${a.js}===${b.js}||(${objects.join('||')})&&rawEquals(${left.general},${right.general}))`;
    return operator === '==' ? equal : `!${equal}`;
  }
  return undefined;
}

/** The text of a condition, after the code that it needs. */
export function condition(f: FunctionEmitter, e: Expression, live = f.top): string {
  const text = pure(f, e);
  if (text !== undefined) return text;
  switch (e.kind) {
    case 'logical': {
      const left = condition(f, e.left, live);
      f.line(`y=${left};`);
      f.writer.ifElse(e.operator === 'and' ? 'y' : '!y', () => {
        const right = condition(f, e.right, live);
        if (right !== 'y') f.line(`y=${right};`);
      });
      return 'y';
    }
    case 'unary':
      if (e.operator === 'not') return `!${condition(f, e.operand, live)}`;
      break;
    case 'binary':
      if (isConditional(e)) return comparison(f, e, live);
      break;
    default:
  }
  const mark = f.top;
  const test = truthy(value(f, e));
  f.release(mark);
  return test;
}

function comparand(f: FunctionEmitter, e: Expression): Comparand {
  const raw = rawOperand(f, e);
  if (raw !== undefined) return raw;
  const operand = value(f, e);
  return { operand, general: operand.js };
}

/** With a cell's content in a slot. */
function loaded(f: FunctionEmitter, given: Comparand): Comparand {
  if (!given.operand.isCell) return given;
  const js = f.use(given.operand);
  return { operand: { js, type: given.operand.type, isCell: false }, general: js };
}

const GENERAL: Readonly<Record<ComparisonOperator, (a: string, b: string) => string>> = {
  '==': (a, b) => `equals(${a},${b})`,
  '~=': (a, b) => `equals(${a},${b})`,
  '<': (a, b) => `lessThan(${a},${b})`,
  '<=': (a, b) => `lessOrEqual(${a},${b})`,
  '>': (a, b) => `lessThan(${b},${a})`,
  '>=': (a, b) => `lessOrEqual(${b},${a})`,
};

function comparison(f: FunctionEmitter, e: BinaryExpression, live: number): string {
  const operator = e.operator as ComparisonOperator;
  const mark = f.top;
  const left = comparand(f, e.left);
  const right = comparand(f, e.right);
  const [first, second] = [loaded(f, left), loaded(f, right)];
  f.release(mark);
  const simple = simpleComparison(e, first, second);
  if (simple !== undefined) return simple;
  const [a, b] = [first.operand, second.operand];
  const call = GENERAL[operator](first.general, second.general);
  if (operator === '==' || operator === '~=') {
    const same =
      mayBeString(a.type) && mayBeString(b.type)
        ? `typeof ${a.js}==='string'&&${a.js}.length>=${LONG}?sameText(${a.js},${b.js}):${a.js}===${b.js}`
        : `${a.js}===${b.js}`;
    const fast = `if(${same})y=true;else if(typeof ${a.js}!=='object'&&typeof ${b.js}!=='object')y=false;else `;
    f.site({ line: e.endLine, fast, call, target: 'y', live });
    return operator === '==' ? 'y' : '!y';
  }
  const tests = [a, b].filter(({ type }) => !isRawNumber(type)).map(({ js }) => `typeof ${js}==='number'`);
  const fast = `if(${tests.join('&&')})y=${a.js}${operator}${b.js};else `;
  if (isNumeric(a.type) && isNumeric(b.type)) f.line(`${fast}y=${call};`);
  else f.site({ line: e.endLine, fast, call, target: 'y', live });
  return 'y';
}
