// Conditions: comparisons, `not`, `and` and `or` as JavaScript conditions. Sealed.
// C1: the text of a condition is to be used at once: it may name y, and nothing may be written between.
import type { BinaryExpression, ComparisonOperator, Expression } from '../../front/tree.js';
import { direct, truthy, value } from './expressions.js';
import type { FunctionEmitter, Operand } from './function-emitter.js';
import { isNumeric } from './static-types.js';
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
  const ready = direct(f, e);
  return ready === undefined ? undefined : truthy(ready);
}

function pureComparison(f: FunctionEmitter, e: BinaryExpression): string | undefined {
  const left = direct(f, e.left);
  const right = direct(f, e.right);
  return left === undefined || right === undefined ? undefined : simpleComparison(e, left, right);
}

/** Equal only when identical. */
const isPlain = ({ is }: StaticType): boolean =>
  is === 'nil' || is === 'boolean' || is === 'string' || is === 'function';

const isJsNumber = ({ is }: StaticType): boolean => is === 'integer' || is === 'fraction';

/** A comparison of two operands that calls nothing but raw equality. */
function simpleComparison(e: BinaryExpression, left: Operand, right: Operand): string | undefined {
  const operator = e.operator as ComparisonOperator;
  if (operator !== '==' && operator !== '~=')
    return isJsNumber(left.type) && isJsNumber(right.type) ? `(${left.js}${operator}${right.js})` : undefined;
  const js = operator === '==' ? '===' : '!==';
  if (isPlain(left.type) || isPlain(right.type) || (isJsNumber(left.type) && isJsNumber(right.type)))
    return `(${left.js}${js}${right.js})`;
  if (left.isCell || right.isCell) return undefined;
  if (isNumeric(left.type) || isNumeric(right.type)) {
    const objects = [left, right]
      .filter(({ type }) => !isJsNumber(type))
      .map(({ js: text }) => `typeof ${text}==='object'`);
    const equal = `(${left.js}===${right.js}||(${objects.join('||')})&&rawEquals(${left.js},${right.js}))`;
    return operator === '==' ? equal : `!${equal}`;
  }
  return undefined;
}

/** The text of a condition, after the code that it needs. */
export function condition(f: FunctionEmitter, e: Expression, live = f.top): string {
  const ready = pure(f, e);
  if (ready !== undefined) return ready;
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
  const text = truthy(value(f, e));
  f.release(mark);
  return text;
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
  const left = value(f, e.left);
  const right = value(f, e.right);
  const a: Operand = { js: f.use(left), type: left.type, isCell: false };
  const b: Operand = { js: f.use(right), type: right.type, isCell: false };
  f.release(mark);
  const simple = simpleComparison(e, a, b);
  if (simple !== undefined) return simple;
  const call = GENERAL[operator](a.js, b.js);
  if (operator === '==' || operator === '~=') {
    const fast = `if(${a.js}===${b.js})y=true;else if(typeof ${a.js}!=='object'&&typeof ${b.js}!=='object')y=false;else `;
    f.site({ line: e.line, fast, call, target: 'y', live });
    return operator === '==' ? 'y' : '!y';
  }
  const tests = [a, b].filter(({ type }) => !isJsNumber(type)).map(({ js }) => `typeof ${js}==='number'`);
  const fast = `if(${tests.join('&&')})y=${a.js}${operator}${b.js};else `;
  if (isNumeric(a.type) && isNumeric(b.type)) f.line(`${fast}y=${call};`);
  else f.site({ line: lastLine(e.right), fast, call, target: 'y', live });
  return 'y';
}

/** The line where an expression ends, as far as the tree tells: PUC gives it to comparisons. */
function lastLine(e: Expression): number {
  switch (e.kind) {
    case 'binary':
    case 'logical':
      return lastLine(e.right);
    case 'unary':
      return lastLine(e.operand);
    case 'index':
      return lastLine(e.key);
    case 'function':
      return e.endLine;
    case 'call':
    case 'method': {
      const last = e.arguments.at(-1);
      return last === undefined ? e.line : lastLine(last);
    }
    case 'table': {
      const last = e.items.at(-1);
      return last === undefined ? e.line : lastLine(last.value);
    }
    default:
      return e.line;
  }
}
