// Evaluates the tree of an expression over an environment. Sealed.
// E1: nothing but the environment can be reached: there are no calls but those of functions.ts, and no fields but those of data.
// E2: each step is charged, and what is made is bounded, so that no expression runs or grows without an end.
import type { LuaFloat } from '../../core/data.js';
import type { Data, DataObject } from '../../core/data.js';
import { float, integer, isInteger, isMap, isNumber, toNumber, weightOf } from '../../core/data-values.js';
import { compilePattern, PatternError } from '../../core/regular-expressions.js';
import { add, FUNCTIONS } from './functions.js';
import type { Ask } from './functions.js';
import type { BinaryOperator, Node } from './tree.js';
import {
  compare,
  equal,
  ExpressionError,
  list,
  mapOf,
  noFunction,
  text,
  truth,
  typeOf,
  whole,
} from './values.js';

/** Most elements and bytes that one evaluation makes. */
const MOST_MADE = 4_000_000;

/** Thrown within `a?.b.c` where `a` is nil, caught by the chain. */
class NothingThere extends Error {
  override readonly name = 'NothingThere';
}

interface Scope {
  readonly variables: ReadonlyMap<string, Data>;
  readonly item: Data;
  readonly index: number;
  readonly acc: Data;
}

const OUTSIDE: Scope = { variables: new Map(), item: null, index: 0, acc: null };

/** `step` is called for each node and element. Throws an ExpressionError. */
export function evaluate(node: Node, environment: DataObject, step: (count: number) => void): Data {
  return new Evaluation(environment, step).of(node, OUTSIDE);
}

class Evaluation {
  readonly #environment: DataObject;
  readonly #step: (count: number) => void;
  #made = 0;

  constructor(environment: DataObject, step: (count: number) => void) {
    this.#environment = environment;
    this.#step = step;
  }

  readonly #grow = (size: number): void => {
    this.#made += size;
    if (this.#made > MOST_MADE)
      throw new ExpressionError(`more than ${MOST_MADE} elements and bytes were made`);
    this.#step(size >> 2);
  };

  of(node: Node, scope: Scope): Data {
    this.#step(5);
    switch (node.is) {
      case 'constant':
        return node.value;
      case 'name':
        return this.#name(node.name, scope);
      case 'pointer':
        return scope[node.of];
      case 'array':
        this.#grow(node.items.length);
        return node.items.map((item) => this.of(item, scope));
      case 'map':
        this.#grow(node.entries.length);
        return mapOf(
          node.entries.map(
            ([key, value]) => [text(this.of(key, scope), 'a key'), this.of(value, scope)] as const,
          ),
        );
      case 'not':
        return !truth(this.of(node.operand, scope), 'not');
      case 'minus':
        return this.#minus(this.of(node.operand, scope));
      case 'plus':
        return numeric(this.of(node.operand, scope), '+');
      case 'binary':
        return this.#binary(node.operator, node.left, node.right, scope);
      case 'condition':
        return this.#condition(node, scope);
      case 'member':
        return this.#member(this.of(node.object, scope), node, scope);
      case 'slice':
        return this.#slice(node, scope);
      case 'chain':
        return this.#chain(node.of, scope);
      case 'let':
        return this.of(node.body, {
          ...scope,
          variables: new Map([...scope.variables, [node.name, this.of(node.value, scope)]]),
        });
      case 'sequence':
        this.of(node.first, scope);
        return this.of(node.then, scope);
      case 'call':
        return this.#call(node.name, node.args, scope);
    }
  }

  #name(name: string, { variables }: Scope): Data {
    const known = variables.get(name);
    if (known !== undefined) return known;
    if (name === '$env') return this.#environment;
    return Object.hasOwn(this.#environment, name) ? (this.#environment[name] ?? null) : null;
  }

  #minus(value: Data): Data {
    const number = numeric(value, '-');
    return isInteger(number) ? integer(-BigInt(number)) : float(-toNumber(number));
  }

  /** `a ?: b` is `a` where it is true or there: it gives the value itself. */
  #condition({ condition, then, otherwise }: Extract<Node, { is: 'condition' }>, scope: Scope): Data {
    const value = this.of(condition, scope);
    if (condition !== then) return this.of(truth(value, 'a condition') ? then : otherwise, scope);
    return value === null || value === false ? this.of(otherwise, scope) : value;
  }

  #chain(node: Node, scope: Scope): Data {
    try {
      return this.of(node, scope);
    } catch (error) {
      if (error instanceof NothingThere) return null;
      throw error;
    }
  }

  #member(object: Data, { key, optional }: Extract<Node, { is: 'member' }>, scope: Scope): Data {
    if (object === null && optional) throw new NothingThere();
    const at = this.of(key, scope);
    if (isMap(object)) {
      if (typeof at !== 'string')
        throw new ExpressionError(`the key of a map is a string, got ${typeOf(at)}`);
      return Object.hasOwn(object, at) ? (object[at] ?? null) : null;
    }
    if (Array.isArray(object) || typeof object === 'string') {
      if (typeof at === 'string' && Array.isArray(object) && object.length === 0) return null; // an empty table
      if (typeof object === 'string') this.#step(object.length);
      const items = typeof object === 'string' ? [...object] : object;
      const index = whole(at, 'an index');
      const found = items.at(index);
      if (found === undefined && (index >= items.length || index < -items.length))
        throw new ExpressionError(`index ${index} is out of range of ${items.length} elements`);
      return found ?? null;
    }
    throw new ExpressionError(
      `cannot take ${typeof at === 'string' ? at.slice(0, 60) : typeOf(at)} from ${typeOf(object)}`,
    );
  }

  #slice({ object, from, to }: Extract<Node, { is: 'slice' }>, scope: Scope): Data {
    const value = this.of(object, scope);
    const start = from === undefined ? 0 : whole(this.of(from, scope), 'a slice');
    const end = to === undefined ? undefined : whole(this.of(to, scope), 'a slice');
    if (typeof value === 'string') {
      this.#step(value.length);
      return [...value].slice(start, end).join('');
    }
    const items = list(value, 'a slice');
    this.#grow(items.length);
    return items.slice(start, end);
  }

  #binary(operator: BinaryOperator, left: Node, right: Node, scope: Scope): Data {
    if (operator === 'and' || operator === 'or') {
      const value = truth(this.of(left, scope), operator);
      return value === (operator === 'or') ? value : truth(this.of(right, scope), operator);
    }
    if (operator === '??') return this.#chain(left, scope) ?? this.of(right, scope);
    return this.#apply(operator, this.of(left, scope), this.of(right, scope));
  }

  #apply(operator: Exclude<BinaryOperator, 'and' | 'or' | '??'>, a: Data, b: Data): Data {
    switch (operator) {
      case '==':
        return this.#equal(a, b);
      case '!=':
        return !this.#equal(a, b);
      case '<':
        return compare(a, b) < 0;
      case '>':
        return compare(a, b) > 0;
      case '<=':
        return compare(a, b) <= 0;
      case '>=':
        return compare(a, b) >= 0;
      case 'in':
        return this.#in(a, b);
      case 'contains':
        return this.#contains(text(a, operator), text(b, operator));
      case 'startsWith':
        return text(a, operator).startsWith(text(b, operator));
      case 'endsWith':
        return text(a, operator).endsWith(text(b, operator));
      case 'matches':
        return this.#matches(text(a, operator), text(b, operator));
      case '..':
        return this.#range(whole(a, '..'), whole(b, '..'));
      default:
        return this.#calculate(operator, a, b);
    }
  }

  #equal(a: Data, b: Data): boolean {
    if (typeof a === 'object' && typeof b === 'object') this.#step(Math.min(weightOf(a), weightOf(b)));
    else
      this.#step(
        typeof a === 'string' && typeof b === 'string' ? (Math.min(a.length, b.length) >> 4) + 1 : 1,
      );
    return equal(a, b);
  }

  #contains(within: string, part: string): boolean {
    const at = within.indexOf(part);
    // As string.find counts where it looks for plain text.
    this.#step((at < 0 ? within.length : at) * Math.max(1, Math.min(part.length >> 6, 64)));
    return at >= 0;
  }

  #in(value: Data, within: Data): boolean {
    if (within === null) return false;
    if (Array.isArray(within)) {
      return within.some((item) => this.#equal(item, value));
    }
    if (isMap(within)) return typeof value === 'string' && Object.hasOwn(within, value);
    throw new ExpressionError(`in takes an array or a map, got ${typeOf(within)}`);
  }

  #matches(value: string, pattern: string): boolean {
    this.#step(value.length * 5 + pattern.length * 50);
    try {
      return compilePattern(pattern).test(value);
    } catch (error) {
      if (error instanceof PatternError) throw new ExpressionError(error.message, { cause: error });
      throw error;
    }
  }

  #range(from: number, to: number): Data[] {
    const count = Math.max(0, to - from + 1);
    this.#grow(count);
    this.#step(count);
    const numbers: Data[] = [];
    for (let number = from; number <= to; number++) numbers.push(number);
    return numbers;
  }

  #calculate(operator: '+' | '-' | '*' | '/' | '%' | '**', a: Data, b: Data): Data {
    if (operator === '+' && typeof a === 'string' && typeof b === 'string') {
      this.#grow(a.length + b.length);
      return a + b;
    }
    if (!isNumber(a) || !isNumber(b))
      throw new ExpressionError(`cannot calculate ${typeOf(a)} ${operator} ${typeOf(b)}`);
    const integers = isInteger(a) && isInteger(b);
    switch (operator) {
      case '+':
        return add(a, b);
      case '-':
        return integers ? integer(BigInt(a) - BigInt(b)) : float(toNumber(a) - toNumber(b));
      case '*':
        return integers ? integer(BigInt(a) * BigInt(b)) : float(toNumber(a) * toNumber(b));
      case '/':
        return float(toNumber(a) / toNumber(b));
      case '**':
        return float(toNumber(a) ** toNumber(b));
      case '%':
        if (!integers) throw new ExpressionError(`cannot calculate ${typeOf(a)} % ${typeOf(b)}`);
        if (BigInt(b) === 0n) throw new ExpressionError('division by zero');
        return integer(BigInt(a) % BigInt(b));
    }
  }

  #call(name: string, args: readonly Node[], scope: Scope): Data {
    const known = FUNCTIONS.get(name);
    if (known === undefined) throw new ExpressionError(noFunction(name));
    const predicate = known.predicate === undefined ? undefined : args[known.predicate];
    const values = args.filter((arg) => arg !== predicate).map((arg) => this.of(arg, scope));
    const [first = null] = values;
    this.#grow(Array.isArray(first) || typeof first === 'string' ? first.length : 1);
    if (name === 'toJSON') this.#step(weightOf(first));
    const ask: Ask = (item, index, acc = null) =>
      predicate === undefined ? item : this.of(predicate, { ...scope, item, index, acc });
    return known.run(values, ask, this.#grow);
  }
}

function numeric(value: Data, operator: string): number | bigint | LuaFloat {
  if (isNumber(value)) return value;
  throw new ExpressionError(`cannot calculate ${operator}${typeOf(value)}`);
}
