// Statements to JavaScript. Sealed.
import { unreachable } from '../../../core/errors.js';
import type {
  Assignable,
  AssignmentStatement,
  BinaryExpression,
  Block,
  Expression,
  FunctionStatement,
  IfStatement,
  LocalStatement,
  ReturnStatement,
  Statement,
  UnaryExpression,
  Variable,
} from '../../front/tree.js';
import { TAIL_CALL } from '../positions.js';
import { condition } from './conditions.js';
import { constantNumber } from './constants.js';
import {
  assign,
  assignRaw,
  callText,
  closureText,
  direct,
  isMultiple,
  listTexts,
  mayBeInteger,
  multiple,
  tableTest,
  value,
} from './expressions.js';
import { blockStatements } from './blocks.js';
import { literalOf } from './function-emitter.js';
import type { FunctionEmitter, Jump, Operand } from './function-emitter.js';
import { genericFor, numericFor } from './loops.js';
import { nameOf } from './names.js';
import { ANY, FUNCTION, NIL } from './static-types.js';
import type { StaticType } from './static-types.js';
import { isFieldKey, property } from './unit-emitter.js';

/** Writes the whole body of a function. */
export function writeFunction(f: FunctionEmitter): void {
  const { body } = f;
  const slots = body.parameters.map(() => f.slot());
  body.parameters.forEach((parameter, at) => f.declare(parameter, slots[at] as string));
  block(f, body.body);
  if (body.body.statements.at(-1)?.kind !== 'return') f.leave('return EMPTY');
}

export function block(f: FunctionEmitter, b: Block): void {
  const mark = f.top;
  blockStatements(f, b);
  f.release(mark);
}

export function statement(f: FunctionEmitter, s: Statement): void {
  const { marksLines, isObserved } = f.unit.options;
  if (marksLines === true) f.writer.markLine(s.line);
  if (isObserved === true) f.line(`if(O.hook!==null)O.at(${s.line});`, s.line);
  switch (s.kind) {
    case 'localStatement':
    case 'assignment':
    case 'functionStatement':
    case 'callStatement':
    case 'return':
      return f.writer.shared(f.top, () => simpleStatement(f, s));
    default:
      return compoundStatement(f, s);
  }
}

function simpleStatement(f: FunctionEmitter, s: SimpleStatement): void {
  switch (s.kind) {
    case 'localStatement':
      return localStatement(f, s);
    case 'assignment':
      return assignment(f, s);
    case 'functionStatement':
      return functionStatement(f, s);
    case 'callStatement': {
      const mark = f.top;
      const { call, line, operands } = callText(f, s.call);
      f.release(mark);
      f.site({ line, operands, call });
      return;
    }
    case 'return':
      return returnStatement(f, s);
    default:
      return unreachable(s);
  }
}

type SimpleStatement = Extract<
  Statement,
  { kind: 'localStatement' | 'assignment' | 'functionStatement' | 'callStatement' | 'return' }
>;

/** The text of a condition whose sites leave by one exit. */
function test(f: FunctionEmitter, e: Expression): string {
  let text = '';
  f.writer.shared(f.top, () => {
    text = condition(f, e);
  });
  return text;
}

function compoundStatement(f: FunctionEmitter, s: Exclude<Statement, SimpleStatement>): void {
  switch (s.kind) {
    case 'localFunction': {
      const slot = f.slot();
      f.observe(s.variable, slot);
      if (s.variable.captured && s.variable.assigned) {
        f.line(`${slot}={v:undefined};`);
        f.storage.set(s.variable, { kind: 'cell', js: slot, type: ANY });
        f.line(`${slot}.v=${closureText(f, s.function)};`);
      } else {
        f.storage.set(s.variable, { kind: 'slot', js: slot, type: s.variable.assigned ? ANY : FUNCTION });
        f.line(`${slot}=${closureText(f, s.function)};`);
      }
      return;
    }
    case 'do':
      return block(f, s.body);
    case 'while':
      return loop(f, s.line, (label) => {
        const text = test(f, s.condition);
        if (text !== 'true') f.line(`if(!${text})break ${label};`);
        block(f, s.body);
      });
    case 'repeat':
      return loop(f, s.line, (label) => {
        const mark = f.top;
        const regions = f.regions.length;
        blockStatements(f, s.body, () => {
          if (s.body.statements.at(-1)?.kind === 'return') return;
          f.writer.ifElse(test(f, s.condition), () => f.jump({ js: `break ${label}`, regions }));
        });
        f.release(mark);
      });
    case 'if':
      return ifStatement(f, s, 0);
    case 'numericFor':
      return numericFor(f, s);
    case 'genericFor':
      return genericFor(f, s);
    case 'break':
      return jump(f, f.loops.at(-1));
    case 'goto':
      return jump(f, f.jumps.get(s.label.id));
    case 'label':
    case 'typeAlias':
      return;
    default:
      return unreachable(s);
  }
}

function loop(f: FunctionEmitter, line: number, write: (label: string) => void): void {
  const label = f.label();
  f.loops.push({ js: `break ${label}`, regions: f.regions.length });
  f.writer.loop(label, '', '', () => f.pass(line, () => write(label)));
  f.loops.pop();
}

function jump(f: FunctionEmitter, to: Jump | undefined): void {
  if (to === undefined) throw new TypeError('a jump leads nowhere');
  f.jump(to);
}

function ifStatement(f: FunctionEmitter, s: IfStatement, at: number): void {
  const clause = s.clauses[at];
  if (clause === undefined) return;
  const isLast = at === s.clauses.length - 1;
  const rest = isLast ? s.otherwise : undefined;
  const otherwise = isLast
    ? rest === undefined
      ? undefined
      : (): void => block(f, rest)
    : (): void => ifStatement(f, s, at + 1);
  f.writer.ifElse(test(f, clause.condition), () => block(f, clause.body), otherwise);
}

// -------------------------------------------------------------------------------------------------- variables

function localStatement(f: FunctionEmitter, s: LocalStatement): void {
  const { variables, values } = s;
  const [only] = variables;
  if (variables.length === 1 && values.length === 1 && only !== undefined) {
    const [given] = values as readonly [Expression];
    if (literalOf(only) !== undefined) {
      const ready = direct(f, given);
      if (ready !== undefined) {
        f.storage.set(only, { kind: 'literal', js: ready.js, type: ready.type });
        if (f.unit.options.marksLines === true) f.line('x=0;'); // something to stop at
        return;
      }
    }
    const slot = f.slot();
    if (f.rawTypeOf(only) === undefined) f.declare(only, slot, assign(f, given, slot));
    else {
      assignRaw(f, given, slot);
      f.declare(only, slot, ANY, true);
    }
    return;
  }
  const slots = variables.map(() => f.slot());
  const types = assignList(f, values, slots);
  variables.forEach((variable, at) => f.declare(variable, slots[at] as string, types[at]));
}

/** Evaluates a list of expressions into as many fresh slots as there are, from the first on. */
export function assignList(
  f: FunctionEmitter,
  values: readonly Expression[],
  slots: readonly string[],
): StaticType[] {
  const types: StaticType[] = [];
  values.forEach((e, at) => {
    const slot = slots[at];
    const isLast = at === values.length - 1;
    if (isLast && isMultiple(e) && slots.length > values.length) {
      spread(f, e, slots.slice(at));
      for (let rest = at; rest < slots.length; rest++) types.push(ANY);
    } else if (slot === undefined) {
      const mark = f.top;
      evaluate(f, e);
      f.release(mark);
    } else types.push(assign(f, e, slot));
  });
  if (types.length < slots.length) {
    f.line(`${slots.slice(types.length).join('=')}=undefined;`);
    while (types.length < slots.length) types.push(NIL);
  }
  return types;
}

/** Evaluates for its effects only. */
function evaluate(f: FunctionEmitter, e: Expression): void {
  if (direct(f, e) === undefined) value(f, e);
}

/** Several results of one expression into several slots. */
function spread(
  f: FunctionEmitter,
  e: Extract<Expression, { kind: 'vararg' | 'call' | 'method' }>,
  slots: readonly string[],
): void {
  const [head = '', ...rest] = slots;
  if (e.kind === 'vararg') {
    slots.forEach((slot, at) => f.line(`${slot}=va[${at}];`));
    return;
  }
  const mark = f.top;
  const { call, line, operands } = callText(f, e);
  f.release(mark);
  // The slots are the topmost ones; none of them holds anything yet.
  f.site({ line, operands, call, target: head, live: mark - slots.length });
  spreadResult(f, head, rest);
}

/** The result in `head`, as a call gives it, into `head` and `rest`. */
export function spreadResult(f: FunctionEmitter, head: string, rest: readonly string[]): void {
  const several = rest.map((slot, at) => `${slot}=${head}[${at + 1}];`).join('');
  const none = rest.length === 0 ? '' : `else ${rest.join('=')}=undefined;`;
  f.line(`if(A(${head})){${several}${head}=${head}[0]}${none}`);
}

// ------------------------------------------------------------------------------------------------- assignment

/** A target whose object and key have been computed. */
type Target =
  | { readonly is: 'variable'; readonly variable: Variable }
  | { readonly is: 'environment' }
  | { readonly is: 'global'; readonly name: string; readonly line: number }
  | {
      readonly is: 'field';
      readonly object: string;
      readonly type: StaticType;
      readonly name: string;
      readonly line: number;
      readonly operand: string;
    }
  | {
      readonly is: 'element';
      readonly object: string;
      readonly type: StaticType;
      readonly key: Operand;
      /** The key is one more than the length: no such element is there to be written over. */
      readonly isNext: boolean;
      readonly line: number;
      readonly operand: string;
    };

function targetOf(f: FunctionEmitter, e: Assignable): Target {
  switch (e.kind) {
    case 'local':
    case 'upvalue':
      return { is: 'variable', variable: e.variable };
    case 'environment':
      return { is: 'environment' };
    case 'global':
      return { is: 'global', name: e.name, line: e.line };
    case 'index': {
      const left = value(f, e.object);
      const object = f.use(left);
      const operand = nameOf(e.object);
      if (e.key.kind === 'string' && isFieldKey(e.key.value))
        return { is: 'field', object, type: left.type, name: e.key.value, line: e.line, operand };
      const next = isNextOf(e.object, e.key) ? nextPosition(f, left.type, object, e.key) : undefined;
      if (next !== undefined)
        return { is: 'element', object, type: left.type, key: next, isNext: true, line: e.line, operand };
      const right = value(f, e.key);
      const key = { ...right, js: f.use(right), isCell: false };
      return { is: 'element', object, type: left.type, key, isNext: false, line: e.line, operand };
    }
    default:
      return unreachable(e);
  }
}

type NextPosition = BinaryExpression & { readonly left: UnaryExpression };

/** `#t + 1` of the same variable `t`. */
function isNextOf(object: Expression, key: Expression): key is NextPosition {
  if (key.kind !== 'binary' || key.operator !== '+' || constantNumber(key.right) !== 1) return false;
  const { left } = key;
  if (left.kind !== 'unary' || left.operator !== '#') return false;
  const list = left.operand;
  if (object.kind !== 'local' && object.kind !== 'upvalue') return false;
  return (list.kind === 'local' || list.kind === 'upvalue') && list.variable === object.variable;
}

/** The key of `t[#t + 1]`, in a slot; undefined where `t` cannot be a table. */
function nextPosition(
  f: FunctionEmitter,
  type: StaticType,
  object: string,
  key: NextPosition,
): Operand | undefined {
  const isTable = tableTest({ js: object, type, isCell: false }, object);
  if (isTable === undefined) return undefined;
  const live = f.top;
  const slot = f.slot();
  f.group(
    `${isTable}${object}.meta===null`,
    `${slot}=${object}.array.length+1;`,
    [
      { call: `length(${object})`, target: slot, line: key.left.line, operands: [nameOf(key.left.operand)] },
      { call: `add(${slot},1)`, target: slot, line: key.line, operands: ['', ''] },
    ],
    live,
  );
  return { js: slot, type: ANY, isCell: false };
}

const isPresent = ({ is }: StaticType): boolean => is !== 'any' && is !== 'nil';

/** Stores an operand that is not a cell. */
function store(f: FunctionEmitter, target: Target, js: string, type: StaticType): void {
  switch (target.is) {
    case 'variable': {
      const storage = f.storageOf(target.variable);
      if (storage.kind === 'float') {
        f.line(`${storage.js}=toSlot(${js});`);
        return;
      }
      const place = storage.kind === 'cell' || storage.kind === 'upcell' ? `${storage.js}.v` : storage.js;
      if (place !== js) f.line(`${place}=${js};`);
      return;
    }
    case 'environment':
      return f.line(`G.v=${js};`);
    case 'global': {
      const { unit } = f;
      const { line, name } = target;
      const call = `${unit.setter(name)}(${unit.environmentText},${js})`;
      if (!unit.environmentIsTable) return f.site({ line, operands: ["upvalue '_ENV'"], call });
      const field = `G.fields${property(name)}`;
      const present = isPresent(type) ? '' : `&&${js}!==undefined`;
      return f.site({ line, fast: `if(${field}!==undefined${present})${field}=${js};else `, call });
    }
    case 'field': {
      const { object, line, name, operand } = target;
      const call = `${f.unit.setter(name)}(${object},${js})`;
      const field = `${object}.fields${property(name)}`;
      const isTable = tableTest({ js: object, type: target.type, isCell: false }, object);
      const present = isPresent(type) ? '' : `&&${js}!==undefined`;
      const fast =
        isTable === undefined || name.startsWith('__')
          ? ''
          : `if(${isTable}${field}!==undefined${present})${field}=${js};else `;
      return f.site({ line, operands: [operand], fast, call });
    }
    case 'element':
      return storeElement(f, target, js, type);
    default:
      return unreachable(target);
  }
}

function storeElement(
  f: FunctionEmitter,
  { object, type, key, isNext, line, operand }: Extract<Target, { is: 'element' }>,
  js: string,
  valueType: StaticType,
): void {
  const call = `setIndex(${object},${key.js},${js})`;
  const { is, low } = key.type;
  const test = tableTest({ js: object, type, isCell: false }, object);
  if (isNext || !mayBeInteger(key.type) || test === undefined) {
    f.site({ line, operands: [operand], call });
    return;
  }
  const tests = [
    ...(type.is === 'table' ? [] : [`${object} instanceof T`]),
    ...(is === 'integer' ? [] : [`typeof ${key.js}==='number'`]),
    ...(is === 'integer' && low > 0 ? [] : [`${key.js}>0`]),
    `${key.js}<=(x=${object}.array).length`,
    ...(isPresent(valueType) ? [] : [`${js}!==undefined`]),
    `x[${key.js}-1]!==undefined`,
  ];
  const fast = `if(${tests.join('&&')})x[${key.js}-1]=${js};else `;
  f.site({ line, operands: [operand], fast, call });
}

function assignment(f: FunctionEmitter, s: AssignmentStatement): void {
  const [target] = s.targets;
  const [given] = s.values;
  const mark = f.top;
  if (s.targets.length === 1 && s.values.length === 1 && target !== undefined && given !== undefined)
    single(f, target, given);
  else several(f, s);
  f.release(mark);
}

function single(f: FunctionEmitter, e: Assignable, given: Expression): void {
  const target = targetOf(f, e);
  if (target.is === 'variable') {
    const storage = f.storageOf(target.variable);
    if (storage.kind === 'slot') {
      assign(f, given, storage.js);
      return;
    }
    if (storage.kind === 'float') {
      assignRaw(f, given, storage.js);
      return;
    }
  }
  const operand = value(f, given);
  store(f, target, f.use(operand), operand.type);
}

function several(f: FunctionEmitter, { targets, values }: AssignmentStatement): void {
  const assigned = new Set(targets.flatMap((e) => (e.kind === 'local' ? [e.variable] : [])));
  const places = targets.map((e) => targetOf(f, protect(f, e, assigned)));
  const slots = targets.map(() => f.slot());
  const types = assignList(f, values, slots);
  for (let at = places.length - 1; at >= 0; at--)
    store(f, places[at] as Target, slots[at] as string, types[at] ?? ANY);
}

/** In `i, t[i] = i + 1, v` the key is the old i: variables that the statement assigns are copied where they are read as places. */
function protect(f: FunctionEmitter, e: Assignable, assigned: ReadonlySet<Variable>): Assignable {
  if (e.kind !== 'index') return e;
  const copy = (part: Expression): Expression => {
    if (part.kind !== 'local' || !assigned.has(part.variable)) return part;
    const storage = f.storageOf(part.variable);
    const slot = f.slot();
    f.line(`${slot}=${storage.kind === 'cell' ? `${storage.js}.v` : storage.js};`);
    const variable: Variable = { ...part.variable, captured: false };
    f.storage.set(
      variable,
      storage.kind === 'float' ? { ...storage, js: slot } : { kind: 'slot', js: slot, type: ANY },
    );
    return { ...part, variable };
  };
  return { ...e, object: copy(e.object), key: copy(e.key) };
}

function functionStatement(f: FunctionEmitter, s: FunctionStatement): void {
  const mark = f.top;
  const target = targetOf(f, s.target);
  const slot = f.slot();
  f.line(`${slot}=${closureText(f, s.function)};`);
  store(f, target, slot, FUNCTION);
  f.release(mark);
}

// ----------------------------------------------------------------------------------------------------- return

function returnStatement(f: FunctionEmitter, { values }: ReturnStatement): void {
  const mark = f.top;
  const [only] = values;
  if (only === undefined) f.giveResult('EMPTY');
  else if (values.length === 1) returnOne(f, only);
  else {
    const texts = listTexts(f, values, 'all');
    const list = `[${texts.join(',')}]`;
    f.giveResult(isMultiple(values.at(-1)) ? `results(${list})` : list);
  }
  f.release(mark);
}

function returnOne(f: FunctionEmitter, e: Expression): void {
  if (e.kind === 'vararg') {
    f.giveResult('results(va)');
    return;
  }
  if (e.kind === 'call' || e.kind === 'method') {
    if (f.regions.length > 0) {
      f.giveResult(multiple(f, e)); // no tail call: the variables are closed after it
      return;
    }
    const { call, line, operands } = callText(f, e);
    f.site({ line, operands: [...operands, TAIL_CALL], call, target: 'x', onlyHost: true, live: f.top });
    f.giveResult('x');
    return;
  }
  f.giveResult(value(f, e).js);
}
