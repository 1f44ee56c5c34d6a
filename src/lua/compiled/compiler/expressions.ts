// Expressions to JavaScript: values, results of calls, conditions, tables, closures. Sealed.
// X1: `value` gives an operand; variables of the function are read as late as PUC reads its registers.
// X2: `assign` puts a value into a slot, in one last step, so that the slot may be a variable that the expression reads.
// X3: call results are arrays where there is not exactly one; only `multiple` leaves them so.
// Long, since the kinds of expressions compute each other; operators, conditions and constructors have files of their own.
import { unreachable } from '../../../core/errors.js';
import type {
  CallExpression,
  Expression,
  FunctionBody,
  MethodExpression,
  MultiExpression,
  Variable,
} from '../../front/tree.js';
import { condition, isConditional } from './conditions.js';
import { constantNumber, numberOperand } from './constants.js';
import { doubleOf, isInteger } from '../number.js';
import { closureVariables, generalText, literalText } from './function-emitter.js';
import type { FunctionEmitter, Operand } from './function-emitter.js';
import { loadedName, nameOf } from './names.js';
import { floatTree, isFloatTree } from './float-trees.js';
import { binary, concatenation, unary } from './operations.js';
import { ANY, BOOLEAN, FLOAT, FUNCTION, generalType, isTruthyType, TABLE } from './static-types.js';
import type { StaticType } from './static-types.js';
import { tableConstructor } from './table-constructors.js';
import { isFieldKey, property } from './unit-emitter.js';

export const operand = (js: string, type: StaticType = ANY): Operand => ({ js, type, isCell: false });

/** The value of an expression, in a slot of its own where it is not readable as it stands. */
export function value(f: FunctionEmitter, e: Expression): Operand {
  return direct(f, e) ?? operandOf(f, e);
}

function operandOf(f: FunctionEmitter, e: Expression): Operand {
  const mark = f.top;
  const slot = f.slot();
  const type = compute(f, e, slot, mark);
  return operand(slot, type);
}

/** Puts the value of an expression into `slot`. */
export function assign(f: FunctionEmitter, e: Expression, slot: string): StaticType {
  const ready = direct(f, e);
  if (ready === undefined) return compute(f, e, slot, f.top);
  if (ready.js !== slot) f.line(`${slot}=${ready.js};`);
  return ready.type;
}

/** Puts the value of an expression into the slot of a variable that is kept raw. */
export function assignRaw(f: FunctionEmitter, e: Expression, slot: string): void {
  const raw = rawOperand(f, e);
  if (raw !== undefined) {
    if (raw.operand.js !== slot) f.line(`${slot}=${raw.operand.js};`);
  } else if (isFloatTree(f, e)) {
    const before = f.top;
    floatTree(f, e, slot, f.top, true);
    f.release(before);
  } else {
    assign(f, e, slot);
    f.line(`${slot}=toSlot(${slot});`);
  }
}

/** An operand that needs no code, or only that of reading an upvalue's cell. */
export function direct(f: FunctionEmitter, e: Expression): Operand | undefined {
  switch (e.kind) {
    case 'nil':
    case 'boolean':
    case 'string':
      return { ...literalText(e), isCell: false };
    case 'integer':
    case 'float': {
      const number = constantNumber(e);
      return number === undefined ? undefined : numberOperand(f.unit, number);
    }
    case 'unary':
    case 'binary': {
      const number = constantNumber(e);
      return number === undefined ? undefined : numberOperand(f.unit, number);
    }
    case 'local':
    case 'upvalue': {
      const { kind, js, type } = f.storageOf(e.variable);
      if (kind === 'float') return undefined;
      if (kind === 'cell') return { js: `${js}.v`, type: ANY, isCell: true };
      return kind === 'upcell' ? undefined : operand(js, type);
    }
    case 'environment':
      return { js: f.unit.environmentText, type: ANY, isCell: f.unit.chunk.assignsEnvironment };
    case 'cast':
    case 'nonNil':
    case 'paren':
      return direct(f, e.expression);
    default:
      return undefined;
  }
}

/** A float constant, or a variable that is kept as a double: as it stands, and as a general value. */
export function rawOperand(
  f: FunctionEmitter,
  e: Expression,
): { readonly operand: Operand; readonly general: string } | undefined {
  if (e.kind === 'cast' || e.kind === 'nonNil') return rawOperand(f, e.expression);
  if (e.kind === 'local') {
    const storage = f.storageOf(e.variable);
    if (storage.kind === 'float')
      return { operand: operand(storage.js, storage.type), general: generalText(storage) };
  }
  const number = constantNumber(e);
  if (number === undefined || isInteger(number)) return undefined;
  const general = numberOperand(f.unit, number);
  if (general.type.is === 'fraction') return { operand: general, general: general.js };
  return { operand: operand(floatText(doubleOf(number)), FLOAT), general: general.js };
}

const floatText = (value: number): string =>
  value < 0 || Object.is(value, -0) ? `(${Object.is(value, -0) ? '-0' : value})` : String(value);

/** Deeper than this, a chain such as `a.b.c.d` or `a + b + c + d` is worked off in a loop. */
const MAX_NESTING = 30;

/** Slots at and above `mark` are free but for the target. */
function compute(f: FunctionEmitter, e: Expression, target: string, mark: number): StaticType {
  const before = f.top;
  f.nesting++;
  const type = f.nesting > MAX_NESTING ? computeChain(f, e, target, mark) : computeInto(f, e, target, mark);
  f.nesting--;
  f.release(before);
  return type;
}

/** A chain of operations on the left, innermost first, without recursion. */
function computeChain(f: FunctionEmitter, e: Expression, target: string, live: number): StaticType {
  const chain: Expression[] = [];
  let inner = e;
  for (let left = leftOf(e); left !== undefined; left = leftOf(left)) {
    chain.push(inner);
    inner = left;
  }
  const slot = f.slot();
  const variable = { ...NAMELESS };
  const nameless: Expression = { kind: 'local', variable, line: e.line, column: e.column };
  let type = direct(f, inner) === undefined ? computeInto(f, inner, slot, live) : assign(f, inner, slot);
  for (const operation of chain.reverse()) {
    f.storage.set(variable, { kind: 'slot', js: slot, type });
    type = computeInto(f, withLeft(operation, nameless), slot, live + 1);
  }
  f.line(`${target}=${slot};`);
  return type;
}

const NAMELESS: Variable = {
  id: -1,
  name: '',
  role: 'local',
  owner: undefined as unknown as FunctionBody,
  captured: false,
  assigned: true,
  attribute: undefined,
  loopDepth: 0,
  initializer: undefined,
  type: undefined,
  line: 0,
  column: 0,
};

function leftOf(e: Expression): Expression | undefined {
  switch (e.kind) {
    case 'index':
    case 'method':
      return e.object;
    case 'call':
      return e.callee;
    case 'binary':
      return isConditional(e) || e.operator === '..' ? undefined : e.left;
    default:
      return undefined;
  }
}

function withLeft(e: Expression, left: Expression): Expression {
  switch (e.kind) {
    case 'index':
    case 'method':
      return { ...e, object: left };
    case 'call':
      return { ...e, callee: left };
    case 'binary':
      return { ...e, left };
    default:
      throw new TypeError(`'${e.kind}' has nothing on its left`);
  }
}

function computeInto(f: FunctionEmitter, e: Expression, target: string, live: number): StaticType {
  switch (e.kind) {
    case 'local':
    case 'upvalue': {
      const storage = f.storageOf(e.variable);
      const isRaw = storage.kind === 'float';
      f.line(`${target}=${isRaw ? generalText(storage) : `${storage.js}.v`};`);
      return isRaw ? generalType(storage.type) : ANY;
    }
    case 'global':
      readGlobal(f, e.name, target, e.line, live);
      return ANY;
    case 'index':
      return readIndex(f, e.object, e.key, target, e.line, live);
    case 'call':
    case 'method': {
      const { call, line, operands } = callText(f, e);
      f.site({ line, operands, call, target, single: true, live });
      return ANY;
    }
    case 'vararg':
      f.line(`${target}=va[0];`);
      return ANY;
    case 'paren':
    case 'cast':
    case 'nonNil':
      return computeInto(f, e.expression, target, live);
    case 'function':
      f.line(`${target}=${closureText(f, e)};`);
      return FUNCTION;
    case 'table':
      tableConstructor(f, e, target);
      return TABLE;
    case 'binary':
      if (isConditional(e)) {
        f.line(`${target}=${condition(f, e, live)};`);
        return BOOLEAN;
      }
      return e.operator === '..' ? concatenation(f, e, target, live) : binary(f, e, target, live);
    case 'unary':
      if (e.operator === 'not') {
        f.line(`${target}=${condition(f, e, live)};`);
        return BOOLEAN;
      }
      return unary(f, e, target, live);
    case 'logical':
      return logical(f, e.operator, e.left, e.right, target);
    case 'nil':
    case 'boolean':
    case 'integer':
    case 'float':
    case 'string':
    case 'environment':
      throw new TypeError(`'${e.kind}' is an operand as it stands`);
    default:
      return unreachable(e);
  }
}

/** `a and b`, `a or b`. The target is written before `b` is computed, so it is a slot of its own. */
function logical(
  f: FunctionEmitter,
  operator: 'and' | 'or',
  left: Expression,
  right: Expression,
  target: string,
): StaticType {
  const own = f.slot();
  const leftType = assign(f, left, own);
  const test = truthy({ js: own, type: leftType, isCell: false });
  let rightType = ANY;
  f.writer.ifElse(operator === 'and' ? test : `!${test}`, () => {
    rightType = assign(f, right, own);
  });
  f.line(`${target}=${own};`);
  return leftType.is === rightType.is && leftType.is !== 'integer' ? leftType : ANY;
}

/** A condition that is true unless the value is nil or false; in parentheses where it has operators. */
export function truthy({ js, type }: Operand): string {
  if (type.is === 'nil') return 'false';
  if (isTruthyType(type)) return 'true';
  return type.is === 'boolean' ? js : `(${js}!==undefined&&${js}!==false)`;
}

function readGlobal(f: FunctionEmitter, name: string, target: string, line: number, live: number): void {
  const { unit } = f;
  if (!unit.environmentIsTable) {
    const call = `${unit.getter(name)}(${unit.environmentText})`;
    f.site({ line, operands: ["upvalue '_ENV'"], call, target, live });
    return;
  }
  const fast = `if((x=G.fields${property(name)})!==undefined)${target}=x;else `;
  f.site({ line, fast, call: `${unit.getter(name)}(G)`, target, live });
}

/** What has to be tested before a value is read as a Table; undefined when it cannot be one. */
export function tableTest({ type }: Operand, js: string): string | undefined {
  if (type.is === 'table') return '';
  return type.is === 'any' ? `${js} instanceof T&&` : undefined;
}

export const mayBeInteger = ({ is }: StaticType): boolean =>
  is === 'any' || is === 'number' || is === 'integer';

/** `object.key` or `object[key]` */
export function readIndex(
  f: FunctionEmitter,
  object: Expression,
  key: Expression,
  target: string,
  line: number,
  live: number,
): StaticType {
  const left = value(f, object);
  const right = value(f, key);
  const o = f.use(left);
  const operands = [nameOf(object)];
  const isTable = tableTest(left, o);
  if (key.kind === 'string' && isFieldKey(key.value)) {
    const call = `${f.unit.getter(key.value)}(${o})`;
    const fast =
      isTable === undefined
        ? ''
        : `if(${isTable}(x=${o}.fields${property(key.value)})!==undefined)${target}=x;else `;
    f.site({ line, operands, fast, call, target, live });
    return ANY;
  }
  const k = f.use(right);
  const call = `index(${o},${k})`;
  if (isTable === undefined || !mayBeInteger(right.type)) {
    f.site({ line, operands, call, target, live });
    return ANY;
  }
  const isNumber = right.type.is === 'integer' ? '' : `typeof ${k}==='number'&&`;
  const isPositive = right.type.is === 'integer' && right.type.low > 0 ? '' : `${k}>0&&`;
  const at =
    right.type.is === 'integer' && right.type.low === right.type.high ? String(right.type.low - 1) : `${k}-1`;
  const fast =
    `if(${isTable}${isNumber}${isPositive}${k}<=(x=${o}.array).length&&(x=x[${at}])!==undefined)` +
    `${target}=x;else `;
  f.site({ line, operands, fast, call, target, live });
  return ANY;
}

// ------------------------------------------------------------------------------------------------------ calls

export interface CallText {
  readonly call: string;
  readonly line: number;
  readonly operands: readonly string[];
}

/** The text of a call whose callee and arguments have been computed into slots. */
export function callText(f: FunctionEmitter, e: CallExpression | MethodExpression): CallText {
  f.calls = true;
  if (e.kind === 'method') return methodText(f, e);
  const callee = value(f, e.callee);
  const js = f.use(callee);
  const given = argumentTexts(f, e.arguments);
  const target = callee.type.is === 'function' ? js : callableText(js);
  return { call: `${target}(${given})`, line: e.line, operands: [loadedName(e.callee)] };
}

const callableText = (js: string): string =>
  /^[\w.]+$/.test(js) && !/^\d/.test(js)
    ? `(typeof ${js}==='function'?${js}:callable(${js}))`
    : `callable(${js})`;

function methodText(f: FunctionEmitter, e: MethodExpression): CallText {
  const self = f.use(value(f, e.object));
  const method = f.slot();
  const call = isFieldKey(e.name)
    ? `${f.unit.getter(e.name)}(${self})`
    : `index(${self},${JSON.stringify(e.name)})`;
  f.site({ line: e.line, operands: [nameOf(e.object)], call, target: method, live: f.top - 1 });
  const given = argumentTexts(f, e.arguments);
  return {
    call: `${callableText(method)}(${given === '' ? self : `${self},${given}`})`,
    line: e.line,
    operands: [`method '${e.name}'`],
  };
}

/** Arguments as text; the last one may give several. */
export function argumentTexts(f: FunctionEmitter, expressions: readonly Expression[]): string {
  return listTexts(f, expressions, 'spread').join(',');
}

/** Values of a list as texts, with `...` before what is an array of several; `by` makes it of a result. */
export function listTexts(
  f: FunctionEmitter,
  expressions: readonly Expression[],
  by: 'all' | 'spread',
): string[] {
  return expressions.map((e, at) => {
    if (at === expressions.length - 1 && isMultiple(e)) return `...${by}(${multipleText(f, e)})`;
    return f.use(value(f, e));
  });
}

export function isMultiple(e: Expression | undefined): e is MultiExpression {
  return e?.kind === 'call' || e?.kind === 'method' || e?.kind === 'vararg';
}

/** All results of an expression, as `all` and `spread` take them. */
export function multipleText(f: FunctionEmitter, e: MultiExpression): string {
  return e.kind === 'vararg' ? 'va' : multiple(f, e);
}

/** A call's result as it is (P1 of protocol.ts), in a slot. */
export function multiple(f: FunctionEmitter, e: CallExpression | MethodExpression): string {
  const live = f.top;
  const slot = f.slot();
  const { call, line, operands } = callText(f, e);
  f.release(live + 1);
  f.site({ line, operands, call, target: slot, live });
  return slot;
}

// --------------------------------------------------------------------------------------------------- closures

export function closureText(f: FunctionEmitter, body: FunctionBody): string {
  const captured: string[] = [];
  if (body.usesEnvironment) captured.push('G');
  for (const variable of closureVariables(body)) captured.push(f.captureOf(variable));
  return `m${body.id}(${captured.join(',')})`;
}
