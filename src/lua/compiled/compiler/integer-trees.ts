// Expressions of several integer operators: one function of the unit computes them on 64 bits, and boxes only the result. Sealed.
// I1: a value is a pair of int32 halves; + - * wrap as Lua's do, shifts are logical.
// I2: the function gives undefined where an operand is no integer (a float, a string, a table) or a shift goes beyond 0..63: the
//     operators are then applied one by one, with their metamethods, errors and suspensions.
// I3: where all operands are int32 and no intermediate result can leave what plain arithmetic does exactly, that is tried first.
import type { Expression } from '../../front/tree.js';
import { highOf, I64, lowOf } from '../int64.js';
import type { Integer } from '../int64.js';
import { isInteger } from '../number.js';
import { constantNumber, isDeep } from './constants.js';
import { rawOperand } from './expressions.js';
import type { FunctionEmitter } from './function-emitter.js';
import { isIdle, leavesOf, plant, stepwise, UNARY_HELPERS } from './operator-trees.js';
import type { Leaf, Tree } from './operator-trees.js';
import { ANY, EXACT, isInt32, isNumeric, NUMBER } from './static-types.js';
import type { StaticType } from './static-types.js';

type BinaryOperator = '+' | '-' | '*' | '&' | '|' | '~' | '<<' | '>>';
const OPERATORS: ReadonlySet<string> = new Set<BinaryOperator>(['+', '-', '*', '&', '|', '~', '<<', '>>']);

/** An operator that may be part of a tree. */
function isOperation(e: Expression): boolean {
  if (constantNumber(e) !== undefined) return false;
  if (e.kind === 'unary') return e.operator in UNARY_HELPERS;
  return e.kind === 'binary' && OPERATORS.has(e.operator);
}

/** What a tree would be made of. */
interface Survey {
  readonly operators: number;
  /** Something shows that integers are meant, and wide ones perhaps: a bit operator, a constant beyond 2^53. */
  readonly isWide: boolean;
  /** An operand is sure to be no integer. */
  readonly isFloat: boolean;
}

function survey(f: FunctionEmitter, e: Expression): Survey {
  if (e.kind === 'unary' && isOperation(e)) return joined([survey(f, e.operand)], e.operator === '~');
  if (e.kind === 'binary' && isOperation(e)) {
    const left = isIdle(f, e.right, isOperation) ? survey(f, e.left) : apart(f, e.left);
    return joined([left, survey(f, e.right)], !'+-*'.includes(e.operator));
  }
  const constant = constantNumber(e);
  if (constant !== undefined)
    return { operators: 0, isWide: constant instanceof I64, isFloat: !isInteger(constant) };
  const isQuotient = e.kind === 'binary' && ['/', '^', '..'].includes(e.operator);
  return { operators: 0, isWide: false, isFloat: isQuotient || rawOperand(f, e) !== undefined };
}

const joined = (parts: readonly Survey[], isBit: boolean): Survey => ({
  operators: parts.reduce((sum, { operators }) => sum + operators, 1),
  isWide: isBit || parts.some(({ isWide }) => isWide),
  isFloat: parts.some(({ isFloat }) => isFloat),
});
/** Of what is computed before the rest. */
const apart = (f: FunctionEmitter, e: Expression): Survey => ({
  operators: 0,
  isWide: false,
  isFloat: rawOperand(f, e) !== undefined,
});

/** Trees of at least two operators that are better computed here than one by one. */
export function isIntegerTree(f: FunctionEmitter, e: Expression): boolean {
  if (!isOperation(e) || isDeep(e)) return false;
  const { operators, isWide, isFloat } = survey(f, e);
  return operators > 1 && isWide && !isFloat;
}

export function integerTree(f: FunctionEmitter, e: Expression, target: string, live: number): StaticType {
  const tree = plant(f, e, isOperation);
  const guard = `(x=${integerCall(f, tree)})!==undefined`;
  f.group(guard, `${target}=x;`, stepwise(f, tree, target), live);
  return leavesOf(tree).every(({ operand }) => isNumeric(operand.type)) ? NUMBER : ANY;
}

// ----------------------------------------------------------------------------------------------- the function

/** The call of the unit's function that computes a tree; undefined is its result where it cannot (I2). */
export function integerCall(f: FunctionEmitter, tree: Tree): string {
  const names = new Map<string, string>();
  const types = new Map<string, StaticType>();
  for (const leaf of leavesOf(tree)) {
    const { operand } = leaf;
    if (integerConstant(leaf) !== undefined || names.has(operand.js)) continue;
    const name = `a${names.size}`;
    names.set(operand.js, name);
    types.set(name, operand.type);
  }
  const parameters = [...types.keys()];
  const helper = f.unit.helper(
    `(${parameters.join(',')}){${plainPath(tree, names, types)}${new Halves(names, types).text(tree)}}`,
  );
  return `${helper}(${[...names.keys()].join(',')})`;
}

const integerConstant = ({ constant }: Leaf): Integer | undefined =>
  constant !== undefined && isInteger(constant) ? constant : undefined;

interface Bounded {
  readonly text: string;
  readonly low: number;
  readonly high: number;
}

/** `if(all are int32)return plain arithmetic;`, or nothing (I3). */
function plainPath(
  tree: Tree,
  names: ReadonlyMap<string, string>,
  types: ReadonlyMap<string, StaticType>,
): string {
  const plain = bounded(tree, names);
  if (plain === undefined) return '';
  const unknown = [...types].filter(([, type]) => !isInt32(type));
  const tests = [
    ...unknown.filter(([, type]) => type.is !== 'integer').map(([name]) => `typeof ${name}==='number'`),
    ...unknown.map(([name]) => `(${name}|0)===${name}`),
  ];
  const result = `return ${plain.text}${plain.text.includes('*') ? '+0' : ''};`; // a product may be -0
  return tests.length === 0 ? result : `if(${tests.join('&&')})${result}`;
}

const within32 = ({ low, high }: Bounded): boolean => low >= -0x80000000 && high <= 0x7fffffff;

/** Plain arithmetic on int32 operands, and bounds of its value; undefined where it may be inexact. */
function bounded(tree: Tree, names: ReadonlyMap<string, string>): Bounded | undefined {
  if (tree.is === 'leaf') {
    const { operand } = tree;
    const constant = integerConstant(tree);
    if (constant !== undefined)
      return typeof constant === 'number'
        ? { text: `(${constant})`, low: constant, high: constant }
        : undefined;
    const range = isInt32(operand.type) ? operand.type : { low: -0x80000000, high: 0x7fffffff };
    return { text: names.get(operand.js) ?? '', low: range.low, high: range.high };
  }
  if (tree.is === 'unary') {
    const a = bounded(tree.operand, names);
    if (a === undefined) return undefined;
    if (tree.operator === '-') return exact(`(0-${a.text})`, [-a.low, -a.high]);
    return within32(a) ? { text: `(~${a.text})`, low: ~a.high, high: ~a.low } : undefined;
  }
  const a = bounded(tree.left, names);
  const b = a === undefined ? undefined : bounded(tree.right, names);
  return a === undefined || b === undefined
    ? undefined
    : boundedBinary(tree.operator as BinaryOperator, a, b);
}

function boundedBinary(operator: BinaryOperator, a: Bounded, b: Bounded): Bounded | undefined {
  const text = `(${a.text}${operator === '~' ? '^' : operator}${b.text})`;
  switch (operator) {
    case '+':
      return exact(text, [a.low + b.low, a.high + b.high]);
    case '-':
      return exact(text, [a.low - b.high, a.high - b.low]);
    case '*':
      return exact(text, [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high]);
    case '&':
      if (!within32(a) || !within32(b)) return undefined;
      if (a.low >= 0 || b.low >= 0)
        return {
          text,
          low: 0,
          high: Math.min(...[a, b].filter(({ low }) => low >= 0).map(({ high }) => high)),
        };
      return { text, low: -0x80000000, high: 0x7fffffff };
    case '|':
    case '~':
      return within32(a) && within32(b) ? { text, low: -0x80000000, high: 0x7fffffff } : undefined;
    case '<<': {
      if (b.low !== b.high || b.low < 0 || b.low > 21) return undefined;
      const factor = 2 ** b.low;
      return exact(`(${a.text}*${factor})`, [a.low * factor, a.high * factor]);
    }
    case '>>':
      if (b.low !== b.high || b.low < 0 || b.low > 31 || a.low < 0 || !within32(a)) return undefined;
      return { text, low: a.low >> b.low, high: a.high >> b.low };
  }
}

function exact(text: string, corners: readonly number[]): Bounded | undefined {
  const low = Math.min(...corners) + 0;
  const high = Math.max(...corners) + 0;
  return low >= -EXACT && high <= EXACT ? { text, low, high } : undefined;
}

/** Texts of int32 values: names or literals, to be used several times. */
interface Pair {
  readonly hi: string;
  readonly lo: string;
}

/** Writes the arithmetic of halves. */
class Halves {
  readonly #names: ReadonlyMap<string, string>;
  readonly #types: ReadonlyMap<string, StaticType>;
  #code = '';
  #count = 0;

  constructor(names: ReadonlyMap<string, string>, types: ReadonlyMap<string, StaticType>) {
    this.#names = names;
    this.#types = types;
  }

  text(tree: Tree): string {
    for (const [name, type] of this.#types) this.#split(name, type);
    const { hi, lo } = this.#compute(tree);
    const locals = [...this.#types.keys()].flatMap((name) => [`${name}h`, `${name}l`]);
    for (let at = 0; at < this.#count; at++) locals.push(`v${at}`);
    const declared = locals.length === 0 ? '' : `let ${locals.join(',')};`;
    return `${declared}${this.#code}return ${hi}===${lo}>>31?${lo}:integer(${hi},${lo})`;
  }

  /** An operand into halves, or back with undefined. */
  #split(name: string, type: StaticType): void {
    const small = `${name}h=${name}l>>31`;
    if (isInt32(type)) {
      this.#code += `${name}l=${name};${small};`;
      return;
    }
    const wide = `${name}h=floor(${name}*${2 ** -32})|0`;
    if (type.is === 'integer') {
      this.#code += `${name}l=${name}|0;${wide};`;
      return;
    }
    this.#code +=
      `if(typeof ${name}==='number'){if((${name}l=${name}|0)===${name})${small};` +
      `else if(${name}===floor(${name})&&${name}-${name}===0)${wide};else return}` +
      `else if(${name} instanceof I){${name}h=${name}.hi;${name}l=${name}.lo}else return;`;
  }

  /** An int32 expression in a local. */
  #keep(text: string): string {
    if (/^-?\w+$/.test(text)) return text;
    const local = `v${this.#count++}`;
    this.#code += `${local}=${text};`;
    return local;
  }

  #compute(tree: Tree): Pair {
    switch (tree.is) {
      case 'leaf': {
        const { operand } = tree;
        const constant = integerConstant(tree);
        if (constant !== undefined) return { hi: String(highOf(constant)), lo: String(lowOf(constant)) };
        const name = this.#names.get(operand.js) ?? '';
        return { hi: `${name}h`, lo: `${name}l` };
      }
      case 'unary': {
        const { hi, lo } = this.#compute(tree.operand);
        if (tree.operator === '-') return this.#difference({ hi: '0', lo: '0' }, { hi, lo });
        return { hi: this.#keep(`~${hi}`), lo: this.#keep(`~${lo}`) };
      }
      case 'binary':
        return this.#binary(
          tree.operator as BinaryOperator,
          this.#compute(tree.left),
          this.#compute(tree.right),
        );
    }
  }

  #binary(operator: BinaryOperator, a: Pair, b: Pair): Pair {
    switch (operator) {
      case '+': {
        const lo = this.#keep(`${a.lo}+${b.lo}|0`);
        return { lo, hi: this.#keep(`${a.hi}+${b.hi}+(${lo}>>>0<${a.lo}>>>0?1:0)|0`) };
      }
      case '-':
        return this.#difference(a, b);
      case '*':
        return this.#product(a, b);
      case '&':
        return { hi: this.#keep(andText(a.hi, b.hi)), lo: this.#keep(andText(a.lo, b.lo)) };
      case '|':
      case '~': {
        const js = operator === '|' ? '|' : '^';
        return { hi: this.#keep(orText(a.hi, js, b.hi)), lo: this.#keep(orText(a.lo, js, b.lo)) };
      }
      case '<<':
      case '>>':
        return isLiteral(b) ? this.#constantShift(operator, a, b) : this.#shift(operator, a, b);
    }
  }

  #difference(a: Pair, b: Pair): Pair {
    const borrow = `(${a.lo}>>>0<${b.lo}>>>0?1:0)`;
    return { lo: this.#keep(`(${a.lo})-(${b.lo})|0`), hi: this.#keep(`(${a.hi})-(${b.hi})-${borrow}|0`) };
  }

  /** As multiply in int64.ts. */
  #product(a: Pair, b: Pair): Pair {
    const lo = this.#keep(`imul(${a.lo},${b.lo})`);
    const carry = `(((${a.lo}>>>0)*(${b.lo}>>>0)-(${lo}>>>0))*${2 ** -32}+0.5|0)`;
    const terms = [carry];
    if (a.hi !== '0') terms.push(`imul(${a.hi},${b.lo})`);
    if (b.hi !== '0') terms.push(`imul(${a.lo},${b.hi})`);
    return { lo, hi: this.#keep(`${terms.join('+')}|0`) };
  }

  #constantShift(operator: '<<' | '>>', a: Pair, { hi, lo }: Pair): Pair {
    const zero: Pair = { hi: '0', lo: '0' };
    const given = Number(lo);
    if (Number(hi) !== given >> 31) return zero;
    const isLeft = (operator === '<<') === given >= 0;
    const by = Math.abs(given);
    if (by === 0) return a;
    if (by >= 64) return zero;
    if (isLeft) {
      if (by === 32) return { hi: a.lo, lo: '0' };
      if (by > 32) return { hi: this.#keep(`${a.lo}<<${by - 32}`), lo: '0' };
      return { hi: this.#keep(`${a.hi}<<${by}|${a.lo}>>>${32 - by}`), lo: this.#keep(`${a.lo}<<${by}`) };
    }
    if (by === 32) return { hi: '0', lo: a.hi };
    if (by > 32) return { hi: '0', lo: this.#keep(`${a.hi}>>>${by - 32}`) };
    const hi32 = this.#keep(`${a.hi}>>>${by}|0`);
    return { hi: hi32, lo: this.#keep(`${a.lo}>>>${by}|${a.hi}<<${32 - by}`) };
  }

  /** By a count that is not known before: 0..63, or back with undefined (I2). JavaScript takes counts modulo 32. */
  #shift(operator: '<<' | '>>', a: Pair, { hi, lo }: Pair): Pair {
    this.#code += `if(${hi}!==0||${lo}<0||${lo}>63)return;`;
    const [high, low] = [`v${this.#count++}`, `v${this.#count++}`];
    this.#code +=
      operator === '<<'
        ? `if(${lo}>31){${high}=${a.lo}<<${lo};${low}=0}else{${high}=${a.hi}<<${lo}|${a.lo}>>>1>>>31-${lo};${low}=${a.lo}<<${lo}}`
        : `if(${lo}>31){${low}=${a.hi}>>>${lo}|0;${high}=0}else{${low}=${a.lo}>>>${lo}|${a.hi}<<1<<31-${lo};${high}=${a.hi}>>>${lo}|0}`;
    return { hi: high, lo: low };
  }
}

const isLiteral = ({ hi, lo }: Pair): boolean => /^-?\d+$/.test(hi) && /^-?\d+$/.test(lo);

function andText(a: string, b: string): string {
  if (a === '0' || b === '0') return '0';
  return a === '-1' ? b : b === '-1' ? a : `${a}&${b}`;
}

function orText(a: string, operator: '|' | '^', b: string): string {
  return a === '0' ? b : b === '0' ? a : `${a}${operator}${b}`;
}
