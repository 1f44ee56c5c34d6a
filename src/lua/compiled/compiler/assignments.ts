// Assignments: places whose object and key are computed first, then the values, then the stores from the last to the first. Sealed.
import { unreachable } from '../../../core/errors.js';
import type {
  Assignable,
  AssignmentStatement,
  BinaryExpression,
  Expression,
  FunctionStatement,
  UnaryExpression,
  Variable,
} from '../../front/tree.js';
import { constantNumber } from './constants.js';
import { assign, assignRaw, closureText, mayBeInteger, tableTest, value } from './expressions.js';
import type { FunctionEmitter, Operand } from './function-emitter.js';
import { nameOf } from './names.js';
import { ANY, FUNCTION } from './static-types.js';
import type { StaticType } from './static-types.js';
import { isFieldKey, property } from './unit-emitter.js';
import { assignList } from './value-lists.js';

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

/** `a, b = ...` */
export function assignment(f: FunctionEmitter, s: AssignmentStatement): void {
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

/** `function a.b:c() ... end` */
export function functionStatement(f: FunctionEmitter, s: FunctionStatement): void {
  const mark = f.top;
  const target = targetOf(f, s.target);
  const slot = f.slot();
  f.line(`${slot}=${closureText(f, s.function)};`);
  store(f, target, slot, FUNCTION);
  f.release(mark);
}
